"""Turns a document into the desired project that it declares, or into diagnostics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from reconciler.diagnostics import Diagnostic, first_line, quoted
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import Directives, Resolved
from reconciler.manifest.layerfiles import Inherited, Limits
from reconciler.manifest.layering import Layers
from reconciler.manifest.located import Document, display, in_reading_order
from reconciler.manifest.origins import Origin, diagnosed
from reconciler.manifest.renames import rename_faults
from reconciler.manifest.verdict import Checked, check
from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.project import CREATE_ONLY, DesiredProject, Mask, ParamsMode, Source
from reconciler.model.values import Json

if TYPE_CHECKING:
    from reconciler.manifest.checks.rules import Checks


@dataclass(frozen=True, slots=True)
class Entry:
    """One YAML document. `line` is the first of its mapping, and `name` is set as far as it could be read.

    `project` is None if the document, or a file that it uses, has an error. `diagnostics` are the errors and
    warnings of both, in reading order; those of other files have the location where this document uses them.
    An error that ends a whole file (syntax, encoding) is a separate entry without name, project, and `origin`. So is an
    error in a file that is not a manifest; for it, `is_manifest` is False.
    """

    file: str
    line: int
    name: str | None
    project: DesiredProject | None
    diagnostics: tuple[Diagnostic, ...]
    is_manifest: bool = True
    origin: Origin | None = field(default=None, compare=False, repr=False)


class Understanding:
    """Turns documents into entries. `checks` run on each project."""

    def __init__(self, directives: Directives, checks: Checks | None) -> None:
        self._directives = directives
        self._checks = checks
        self._ontologies: Checked = {}
        self._read: dict[tuple[int, str | None], tuple[list[Json], Ontology]] = {}

    def understand(
        self, document: Document, inherited: Inherited, overlay: Resolved | None, reported: Sequence[Diagnostic]
    ) -> Entry:
        """Turn a document into a project. `reported` has the diagnostics of its defaults and its overlay."""
        resolved = self._directives.resolve(document)
        value, root = resolved.value, resolved.origin
        faults: list[Fault] = []
        has_layers = inherited.layers.slots or inherited.layers.ignore or overlay is not None
        if isinstance(value, dict) and (has_layers or resolved.unsets):
            value, root, faults = _composed(value, root, inherited.layers, overlay)
        is_shared = "ontology" in root.parts
        values, wrong = check(value, resolved.stand_ins, checked=self._ontologies if is_shared else None)
        faults += wrong
        if inherited.is_broken:
            faults = [fault for fault in faults if not _may_be_inherited(fault)]
        faults += resolved.faults
        name = value.get("name") if isinstance(value, dict) else None
        if isinstance(name, str):
            faults += [fault for limits in inherited.limits for fault in self._check_name(name, limits)]
        else:
            name = None
        own, found = document.problems, self._directives.diagnosed(faults, resolved, root)
        project = None
        if values is not None and not _has_error(found):
            project = self._project(values, document, value, root)
            if project.renames:
                found += [diagnosed(fault, root) for fault in rename_faults(project, root)]
            if self._checks is not None and not _has_error(own):
                found += [diagnosed(fault, root) for fault in _not_reported(self._checks.run(project), faults)]
        diagnostics: tuple[Diagnostic, ...] = ()
        if own or found or reported:
            of_layers = self._directives.repetition.used(reported, first_line(root.file, root.line))
            diagnostics = in_reading_order([*own, *_unexplained(found, own), *of_layers])
            project = None if _has_error(diagnostics) else project
        return Entry(root.file, root.line, name, project, diagnostics, origin=root)

    def _project(
        self, values: Mapping[str, Any], document: Document, value: Mapping[str, Json], root: Origin
    ) -> DesiredProject:
        choices = values.get("ontology")
        reconcile = values.get("reconcile") or {}
        return DesiredProject(
            name=values["name"],
            type=values["type"],
            source=Source(root.file, document.line),
            create_only={key: values[key] for key in CREATE_ONLY if key in values},
            params=values.get("params"),
            ontology=self._ontology(choices, values["ontology_name"]) if choices is not None else None,
            mask=_mask(reconcile) if reconcile else _WHOLE,
            protect=reconcile.get("protect", False),
            renames=reconcile.get("renames", {}),
            document=value,
            origin=root,
        )

    def _ontology(self, choices: list[Json], name: str | None) -> Ontology:
        """The ontology for choices without errors. A list that projects share is read once and keeps its identity."""
        known = self._read.get((id(choices), name))
        if known is None:
            ontology = read_ontology(choices, name)
            assert isinstance(ontology, Ontology)
            known = self._read[id(choices), name] = (choices, ontology)
        return known[1]

    def _check_name(self, name: str, limits: Limits) -> list[Fault]:
        if any(fnmatchcase(name, pattern) for pattern in limits.patterns):
            return []
        taken = " or ".join(quoted(pattern) for pattern in limits.patterns)
        return [
            Fault(
                ("name",),
                f"{display(limits.file, self._directives.files.root)} does not allow the name {quoted(name)}",
                "The patterns under names in that file keep teams' projects apart. Rename the project, or move its "
                "manifest.",
                f"the name must match {taken}",
                code=Code.NAME_NOT_ALLOWED,
            )
        ]


_WHOLE: Final = Mask()


def _mask(reconcile: Mapping[str, Any]) -> Mask:
    return Mask(ParamsMode(reconcile.get("params", "exact")), reconcile.get("ignore", ()))


def _has_error(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(diagnostic.is_error for diagnostic in diagnostics)


def _unexplained(diagnostics: Sequence[Diagnostic], own: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The diagnostics without those that report a missing or wrong value only because the YAML itself is wrong."""
    wrong = {_position(diagnostic) for diagnostic in own}
    return [
        diagnostic
        for diagnostic in diagnostics
        if diagnostic.code not in _OF_NOTHING or wrong.isdisjoint(_opening(diagnostic))
    ]


_OF_NOTHING: Final = (Code.NULL_PART, Code.WRONG_TYPE, Code.EMPTY_ONTOLOGY)


def _opening(diagnostic: Diagnostic) -> Iterator[tuple[str, int, int]]:
    """The position of a diagnostic and, if a bracket opens there, the one after it."""
    file, line, column = _position(diagnostic)
    yield file, line, column
    if diagnostic.location is not None and (diagnostic.location.text or "")[column - 1 : column] in ("{", "["):
        yield file, line, column + 1


def _position(diagnostic: Diagnostic) -> tuple[str, int, int]:
    assert diagnostic.location is not None
    return diagnostic.location.file, diagnostic.location.line, diagnostic.location.column


def _not_reported(found: list[Fault], reported: list[Fault]) -> list[Fault]:
    """The faults of values that have no reported fault, and neither contain nor are part of a value that has one."""
    paths = {fault.path for fault in reported}
    holders = {path[:length] for path in paths for length in range(len(path))}
    return [
        fault
        for fault in found
        if fault.path not in holders and paths.isdisjoint(fault.path[:length] for length in range(len(fault.path) + 1))
    ]


def _composed(
    document: dict[str, Any], root: Origin, inherited: Layers, overlay: Resolved | None
) -> tuple[dict[str, Any], Origin, list[Fault]]:
    """The document combined with its inherited values and its overlay."""
    layers, idle = inherited.lay(document, root, own=True)
    parts: dict[str | int, Origin] = {}
    if overlay is not None:
        layers, _ = layers.lay(overlay.value, overlay.origin)
        if "ontology" in overlay.value and document.get("ontology") is not None:
            document = {**document, "ontology": overlay.value["ontology"]}
            parts = {"ontology": overlay.origin.entry("ontology")}
    filled, origin = layers.fill(document, root)
    return filled, origin.with_parts(parts), idle


def _may_be_inherited(fault: Fault) -> bool:
    """Whether a fault may exist only because the defaults could not be used."""
    return fault.code == Code.UNSET_NOTHING or (fault.code == Code.MISSING_KEY and fault.path[:1] != ("ontology",))
