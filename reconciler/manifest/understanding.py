"""From one composed document to a desired project, or to what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.manifest.checks import Checks
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import Directives
from reconciler.manifest.layerfiles import NOTHING, Inherited, Layer, Limits
from reconciler.manifest.layering import Layers, idle_unset
from reconciler.manifest.locating import Locator, display
from reconciler.manifest.ontology import Checked
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.references import Resolved
from reconciler.manifest.verdict import check
from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.project import CREATE_ONLY, DesiredProject, Mask, Origin, ParamsMode, Source
from reconciler.model.values import Json


@dataclass(slots=True)
class Understood:
    """`project` is there where nothing is an error; `name` as far as it can be read.

    `root` is the origin of the composed document. The places of `problems` and `reported` are paths in it. `reported`
    lists what is wrong with referenced files, by the place of the reference.
    """

    root: Origin
    name: str | None = None
    project: DesiredProject | None = None
    problems: list[Problem] = field(default_factory=list)
    reported: list[tuple[RawPath, tuple[Diagnostic, ...]]] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.problems and not self.reported


class Understanding:
    """Understands documents. `checks` are made of each project, which gets the `locator`."""

    def __init__(self, directives: Directives, checks: Checks | None, locator: Locator) -> None:
        self._directives = directives
        self._checks = checks
        self._locator = locator
        self._ontologies: Checked = {}
        self._read: dict[tuple[int, str | None], tuple[list[Json], Ontology]] = {}

    def understand(
        self,
        value: Json,
        source: Source,
        *,
        has_directives: bool = True,
        inherited: Inherited = NOTHING,
        overlay: Layer | None = None,
        checked: bool = True,
    ) -> Understood:
        """Make a project of a document. `has_directives` may be False where no key in it starts with `$`.

        Without `checked`, the checks that know the field are left out.
        """
        root = Origin(source.file, source.line)
        if not isinstance(value, dict):
            return Understood(root, problems=check(value)[1])
        resolved = self._directives.resolve(value, source.file) if has_directives else Resolved(value)
        document: dict[str, Any] = resolved.value
        root = Origin(source.file, source.line, (), resolved.origins)
        problems: list[Problem] = []
        if inherited.layers.slots or inherited.layers.ignore or overlay is not None or resolved.unsets:
            document, root, problems = _composed(document, root, inherited.layers, overlay)
        is_shared = any(path[0] == "ontology" and len(path) < 3 for path in root.inner)
        values, found = check(document, resolved.stand_ins, checked=self._ontologies if is_shared else None)
        problems += found
        if inherited.is_broken:
            problems = [problem for problem in problems if not _may_be_inherited(problem)]
        problems += resolved.problems
        name = document.get("name")
        if isinstance(name, str) and inherited.limits:
            problems += [problem for limits in inherited.limits for problem in self._check_name(name, limits)]
        understood = Understood(root, name if isinstance(name, str) else None, None, problems, resolved.reported)
        errors = any(problem.severity is Severity.ERROR for problem in problems) or any(
            diagnostic.is_error for _, reported in resolved.reported for diagnostic in reported
        )
        if values is not None and not errors:
            choices = values.get("ontology")
            ontology = self._ontology(choices, values["ontology_name"]) if choices is not None else None
            understood.project = _project(values, source, ontology, document, root, self._locator)
            if self._checks is not None and checked:
                problems += _not_reported(self._checks.run(understood.project), problems)
        return understood

    def _ontology(self, choices: list[Json], name: str | None) -> Ontology:
        """The ontology of choices without errors. A list that projects share is read once, and its identity kept."""
        known = self._read.get((id(choices), name))
        if known is None:
            ontology = read_ontology(choices, name)
            assert isinstance(ontology, Ontology)
            known = self._read[id(choices), name] = (choices, ontology)
        return known[1]

    def _check_name(self, name: str, limits: Limits) -> list[Problem]:
        if any(fnmatchcase(name, pattern) for pattern in limits.patterns):
            return []
        taken = ", ".join(f'"{pattern}"' for pattern in limits.patterns)
        return [
            Problem(
                Code.NAME_NOT_ALLOWED,
                f'the name "{name}" does not belong below {display(limits.origin.file, self._locator.root)}',
                At(("name",)),
                "Its names keep apart what belongs to whom. Give the project such a name, or move its manifest.",
                f"a name here matches {taken}",
            )
        ]


def _not_reported(found: list[Problem], reported: list[Problem]) -> list[Problem]:
    """The problems at places where nothing was reported, nor in anything they contain or are part of."""
    paths = {problem.where.path for problem in reported if isinstance(problem.where, At)}
    holders = {path[:length] for path in paths for length in range(len(path))}
    return [
        problem
        for problem in found
        if isinstance(problem.where, At)
        and problem.where.path not in holders
        and paths.isdisjoint(problem.where.path[:length] for length in range(len(problem.where.path) + 1))
    ]


def _composed(
    document: dict[str, Any], root: Origin, inherited: Layers, overlay: Layer | None
) -> tuple[dict[str, Any], Origin, list[Problem]]:
    """The document with what it inherits under it and the overlay over it."""
    layers, idle = inherited.lay(document, root)
    problems = [idle_unset(path) for path in idle]
    ontology: Origin | None = None
    if overlay is not None:
        layers, _ = layers.lay(overlay.values, overlay.origin)
        if "ontology" in overlay.values and document.get("ontology") is not None:
            document = {**document, "ontology": overlay.values["ontology"]}
            ontology = Origin(
                overlay.origin.file,
                overlay.origin.line,
                ("ontology",),
                {path[1:]: inner for path, inner in overlay.origin.inner.items() if path[0] == "ontology"},
                keyed=True,
            )
    filled, origins = layers.fill(document, root)
    if ontology is not None:
        origins = {path: origin for path, origin in origins.items() if path[0] != "ontology"}
        origins["ontology",] = ontology
    return filled, Origin(root.file, root.line, (), origins), problems


def _may_be_inherited(problem: Problem) -> bool:
    """Whether a problem may be there only because the defaults could not be used."""
    if problem.code is Code.UNSET_NOTHING:
        return True
    return (
        problem.code is Code.MISSING_KEY and isinstance(problem.where, At) and problem.where.path[:1] != ("ontology",)
    )


def _project(
    values: Mapping[str, Any],
    source: Source,
    ontology: Ontology | None,
    document: Mapping[str, Json],
    root: Origin,
    locator: Locator,
) -> DesiredProject:
    reconcile = values.get("reconcile", {})
    return DesiredProject(
        name=values["name"],
        type=values["type"],
        source=source,
        create_only={key: values[key] for key in CREATE_ONLY if key in values},
        params=values.get("params"),
        ontology=ontology,
        mask=Mask(ParamsMode(reconcile.get("params", "exact")), reconcile.get("ignore", ())),
        protect=reconcile.get("protect", False),
        document=document,
        origins=root.inner,
        locator=locator,
    )
