"""Replaces `{$file: PATH}`, `{$ref: PATH}`, `{$literal: VALUE}`, and `{$unset: true}` with their values.

A directive is the only key of its mapping, anywhere in a project except below the user's own keys. The value of
`$literal` is not searched. The document itself is never changed: every value that contains a directive is copied. A
value that is referred to is resolved once per load, and all manifests that refer to it share it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Severity, nearest, quoted
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault, RefusedError
from reconciler.keys.kinds import is_own
from reconciler.manifest.codes import Code
from reconciler.manifest.layering import UNSET, is_slot
from reconciler.manifest.located import LITERAL, Document, LocatedFile, RawPath
from reconciler.manifest.origins import Origin, Repetition, diagnosed
from reconciler.manifest.pointers import REF, follow, split
from reconciler.manifest.references import AbandonedError, Sizes, Target, check_depth, check_size, extended
from reconciler.manifest.sharedfiles import SharedFiles
from reconciler.model.values import Json

FILE: Final = "$file"
UNSET_KEY: Final = "$unset"

DIRECTIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    FILE: {
        "type": "string",
        "minLength": 1,
        "description": "The path of a text file, relative to this file. The value is the content of the file.",
    },
    REF: {
        "type": "string",
        "minLength": 1,
        "description": "The path of a YAML file, relative to this file. To use only a part, add # and a JSON pointer.",
        "examples": ["../shared/animals.yaml#/animals"],
    },
    LITERAL: {"description": "The value, unchanged. Use this for data that looks like a directive."},
    UNSET_KEY: {
        "const": True,
        "description": "Drops the value that a _defaults.yaml supplies, or, in an overlay, the manifest's value.",
    },
}
"""The directives: keys that are replaced, each with the JSON Schema of its value."""


def is_directive(value: Json) -> bool:
    """Whether a value, as it is written, stands for another one."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in DIRECTIVES


@dataclass(slots=True)
class Resolved:
    """A value whose directives were replaced, and its origin. Paths are relative to it.

    It can be used if neither `faults` nor `reported` has an error. `stand_ins` are paths that hold null because
    of a reported mistake; nothing more is reported about them. `reported` has the mistakes in files that are referred
    to, by the path of the reference. `unsets` is whether the value contains `{$unset: true}`.
    `nodes` counts the values that references added. For a value that is itself referred to, `nodes` and `height` count
    the whole value, with shared branches in full.
    """

    value: Json
    origin: Origin
    faults: list[Fault] = field(default_factory=list)
    stand_ins: set[RawPath] = field(default_factory=set)
    reported: list[tuple[RawPath, tuple[Diagnostic, ...]]] = field(default_factory=list)
    unsets: bool = False
    nodes: int = 0
    height: int = 0


class Directives:
    """Resolves the directives in documents, and in the values that they refer to."""

    def __init__(self, files: SharedFiles) -> None:
        self.files = files
        self.repetition = Repetition()
        self._opened: dict[tuple[str, str], LocatedFile] = {}
        self._referred: dict[Target, Resolved] = {}
        self._sizes = Sizes()

    def resolve(self, document: Document) -> Resolved:
        """The value of a document without its directives. `$unset` is allowed in it."""
        origin = Origin.of(document)
        if not document.directives or not isinstance(document.value, dict):
            return Resolved(document.value, origin)
        return _Walk(self, origin, depth=0, chain=()).document(document.value)

    def diagnosed(self, faults: Iterable[Fault], resolved: Resolved, root: Origin) -> list[Diagnostic]:
        """The messages about a document that has the origin `root`, and about the files that it refers to."""
        found = [diagnosed(fault, root) for fault in faults]
        for path, reported in resolved.reported:
            found += self.repetition.used(reported, root.user(path))
        return found

    def open(self, folder: str, path: str) -> LocatedFile:
        """Opens the file at `path`, relative to the absolute `folder`. It has exactly one document, or a `failure`.

        Raises:
            RefusedError: it may not be used.
        """
        opened = self._opened.get((folder, path))
        if opened is None:
            try:
                opened = self.files.yaml(*self.files.fetch(folder, path))
            except RefusedError as refused:
                if "#" in path and refused.code == Code.FILE_NOT_FOUND:
                    refused.label = "a pointer must begin with #/"
                raise
            if not opened.failure and len(opened.documents) != 1:
                summary = f"{quoted(path)} has {len(opened.documents) or 'no'} YAML documents"
                raise RefusedError(
                    Code.NOT_ONE_DOCUMENT, summary, "A file that $ref reads must contain exactly one document."
                )
            self._opened[folder, path] = opened
        return opened

    def look_up(self, file: LocatedFile, path: str, pointer: str, *, depth: int, chain: tuple[Target, ...]) -> Resolved:
        """The value that a pointer finds in a file, for use `depth` levels deep and at the end of `chain`.

        Of a file, only this value is checked: the rest may contain what a manifest must not.

        Raises:
            RefusedError: there is no such value, the references form a cycle, or the value is nested too deeply.
        """
        target = (file.source.file, pointer)
        referred = self._referred.get(target)
        if referred is None:
            chain = extended(chain, target, self.files.root)
            (document,) = file.documents
            value, at, literal = follow(document.value, pointer, path)
            whole = Origin.of(document)
            origin = whole.at(at)
            keys = [whole.at(at[: index + 1]).part.key for index, part in enumerate(at) if isinstance(part, str)]
            reported = document.reported_in([*keys, origin.part.value]) if pointer else file.reported
            if any(each.is_error for each in reported):
                referred = Resolved(None, origin, stand_ins={()})
            elif literal:
                referred = Resolved(value, origin)
            else:
                referred = _Walk(self, origin, depth=depth, chain=chain).value(value)
            origin = referred.origin
            referred.origin = replace(origin, through=frozenset(origin.files()))
            referred.nodes, referred.height = self._sizes.keep(referred.value)
            if reported:
                referred.reported.append(((), reported))
            self._referred[target] = referred
        check_depth(depth + referred.height)
        return referred


class _Walk:
    """Walks through the value of an origin, and replaces its directives."""

    def __init__(self, directives: Directives, origin: Origin, *, depth: int, chain: tuple[Target, ...]) -> None:
        self._directives = directives
        self._origin = origin
        self._folder = os.path.dirname(origin.file)
        self._depth = depth
        self._chain = chain
        self._is_document = False
        self._resolved = Resolved(None, origin)
        self._origins: dict[RawPath, Origin] = {}

    def document(self, document: dict[str, Json]) -> Resolved:
        self._is_document = True
        self._resolved.value = {
            key: value if is_own(key) else self._walk(value, (key,)) for key, value in document.items()
        }
        self._resolved.origin = self._origin.with_origins(self._origins)
        return self._resolved

    def value(self, value: Json) -> Resolved:
        self._resolved.value = self._walk(value, ())
        self._resolved.origin = self._origin.with_origins(self._origins)
        return self._resolved

    def _walk(self, value: Json, path: RawPath) -> Json:
        if isinstance(value, dict):
            for key in value:
                if key[:1] == "$":
                    return self._dollar(value, path)
            parts: Iterable[tuple[str | int, Json]] = value.items()
        elif isinstance(value, list):
            parts = enumerate(value)
        else:
            return value
        copied = value
        for part, inner in parts:
            if isinstance(inner, dict | list):
                new = self._walk(inner, (*path, part))
                if new is not inner:
                    if copied is value:
                        copied = value.copy()
                    copied[part] = new
        return copied

    def _dollar(self, mapping: dict[str, Json], path: RawPath) -> Json:
        directive = next((key for key in mapping if key in DIRECTIVES), None)
        if directive is None:
            for key in mapping:
                self._warn_of_near(key, mapping, path)
            return {key: self._walk(inner, (*path, key)) for key, inner in mapping.items()}
        if len(mapping) > 1:
            return self._report(
                path,
                Fault(
                    (*path, directive),
                    f"{directive} must be the only key of its mapping",
                    "If this mapping is data, not a directive, wrap it in {$literal: …}.",
                    code=Code.DIRECTIVE_NOT_ALONE,
                    at_key=True,
                ),
            )
        inner = mapping[directive]
        if directive == LITERAL:
            return inner
        if directive == UNSET_KEY:
            return self._unset(inner, path)
        if not isinstance(inner, str):
            label = "" if inner is None or isinstance(inner, dict | list) else "quote the path"
            summary = f"{directive} must be the path of a file"
            fault = Fault((*path, directive), summary, code=Code.WRONG_TYPE, label=label, at_key=inner is None)
            return self._report(path, fault)
        return self._file(inner, path) if directive == FILE else self._ref(inner, path)

    def _file(self, named: str, path: RawPath) -> Json:
        try:
            file, text = self._directives.files.text(self._folder, named)
        except RefusedError as refused:
            return self._refused(path, FILE, refused)
        self._origins[path] = replace(self._origin.at(path), text=file)
        return text

    def _ref(self, named: str, path: RawPath) -> Json:
        try:
            found = self._referred(named, path)
        except RefusedError as refused:
            if self._chain and isinstance(refused, AbandonedError):
                raise
            return self._refused(path, REF, refused)
        if found is None:
            return None
        self._origins[path] = replace(found.origin, reference=self._origin.at(path))
        self._resolved.faults += [
            replace(fault, path=(*path, *fault.path)) for fault in self._directives.repetition.limited(found.faults)
        ]
        self._resolved.stand_ins |= {(*path, *below) for below in found.stand_ins}
        self._resolved.reported += [((*path, *below), reported) for below, reported in found.reported]
        return found.value

    def _referred(self, named: str, path: RawPath) -> Resolved | None:
        """The value that a reference names; None if its file cannot be read to the end."""
        depth = self._depth + len(path)
        check_depth(depth)
        file_path, pointer = split(named)
        opened = self._directives.open(self._folder, file_path)
        if opened.failure:
            self._resolved.reported.append((path, opened.reported))
            self._resolved.stand_ins.add(path)
            return None
        found = self._directives.look_up(opened, file_path, pointer, depth=depth, chain=self._chain)
        self._resolved.nodes += found.nodes
        check_size(self._resolved.nodes)
        return found

    def _unset(self, inner: Json, path: RawPath) -> Any:
        where = (*path, UNSET_KEY)
        if inner is not True:
            fault = Fault(where, "$unset must be true", code=Code.BAD_VALUE, label="write {$unset: true}")
            return self._report(path, fault)
        if self._is_document and is_slot(path):
            self._resolved.unsets = True
            return UNSET
        detail = (
            "{$unset: true} drops an inherited value: a parameter, a key of reconcile, type, or a "
            "create-only key. A parameter is inherited as a whole, so $unset cannot be used inside one."
        )
        fault = Fault(where, "$unset cannot be used here", detail, code=Code.MISPLACED_UNSET, at_key=True)
        return self._report(path, fault)

    def _refused(self, path: RawPath, directive: str, refused: RefusedError) -> None:
        self._report(path, Fault((*path, directive), refused.summary, refused.detail, refused.label, code=refused.code))

    def _report(self, path: RawPath, fault: Fault) -> None:
        self._resolved.faults.append(fault)
        self._resolved.stand_ins.add(path)

    def _warn_of_near(self, key: str, mapping: dict[str, Json], path: RawPath) -> None:
        """Warn about an only key that resembles a directive, because it would be sent as data."""
        near = nearest(key, DIRECTIVES) if len(mapping) == 1 and key.startswith("$") else None
        if near is not None:
            self._resolved.faults.append(
                Fault(
                    (*path, key),
                    f"{quoted(key)} is not a directive, so this mapping is data",
                    "If this mapping is data, wrap it in {$literal: …}.",
                    f"did you mean {quoted(near)}?",
                    code=Code.NEAR_DIRECTIVE,
                    at_key=True,
                    severity=Severity.WARNING,
                )
            )
