"""Replaces `{$file: PATH}`, `{$ref: PATH}`, `{$literal: VALUE}`, and `{$unset: true}` with their values.

A directive is the only key of its mapping, anywhere in a project except below keys that start with x-. The value of
`$literal` is not searched. The document itself is never changed: every value that contains a directive is copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Severity, nearest, quoted
from reconciler.keys.faults import Fault, RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES
from reconciler.manifest.located import Document, RawPath
from reconciler.manifest.origins import LITERAL, Origin, Repetition, diagnosed
from reconciler.manifest.references import (
    REF,
    TOO_MANY_LEVELS,
    TOO_MANY_NODES,
    AbandonedError,
    References,
    Referred,
    Resolved,
    Target,
)
from reconciler.manifest.schema import PROJECT
from reconciler.manifest.sharedfiles import SharedFiles
from reconciler.model.values import Json

FILE: Final = "$file"
UNSET_KEY: Final = "$unset"


DIRECTIVES: Final[Mapping[str, Mapping[str, Any]]] = {
    FILE: {
        "type": "string",
        "minLength": 1,
        "description": "A text file, relative to this file. Its content is the value.",
    },
    REF: {
        "type": "string",
        "minLength": 1,
        "description": "A YAML file, relative to this file. A JSON pointer into it may follow after #.",
        "examples": ["../shared/animals.yaml#/animals"],
    },
    LITERAL: {"description": "The value as it is. For data that looks like a directive."},
    UNSET_KEY: {"const": True, "description": "Drops what a _defaults.yaml above supplies."},
}
"""Keys that stand for something else, each with the JSON Schema of its value."""

UNSET: Final[Any] = object()
"""Replaces `{$unset: true}` until the layers are laid over one another."""

FIELDS: Final = tuple(key.name for key in PROJECT.keys if key.inherited)
"""Keys whose whole values can be inherited."""

HOLDERS: Final = ("params", "reconcile")
"""Keys whose values are inherited key by key."""


def is_slot(path: RawPath) -> bool:
    """Whether the value at a path can be inherited as a whole: one of FIELDS, or a key of one of HOLDERS."""
    return (len(path) == 1 and path[0] in FIELDS) or (len(path) == 2 and path[0] in HOLDERS)


class Directives:
    """Resolves the directives in documents, and in what they refer to."""

    def __init__(self, files: SharedFiles) -> None:
        self.files = files
        self.references = References(files, self._resolve)
        self.repetition = Repetition()

    def resolve(self, document: Document) -> Resolved:
        """The value of a document without its directives. `$unset` is allowed in it."""
        if not document.directives or not isinstance(document.value, dict):
            return Resolved(document.value)
        return _Walk(self, Origin.of(document), depth=0, chain=()).document(document.value)

    def _resolve(self, value: Json, origin: Origin, *, depth: int, chain: tuple[Target, ...]) -> Resolved:
        return _Walk(self, origin, depth=depth, chain=chain).value(value)

    def diagnosed(self, faults: Iterable[Fault], resolved: Resolved, root: Origin) -> list[Diagnostic]:
        """The messages about a document that has the origin `root`, and about the files that it refers to."""
        found = [diagnosed(fault, root) for fault in faults]
        for path, reported in resolved.reported:
            found += self.repetition.used(reported, root.user(path))
        return found


class _Walk:
    """Walks through the value that has an origin."""

    def __init__(self, directives: Directives, origin: Origin, *, depth: int, chain: tuple[Target, ...]) -> None:
        self._directives = directives
        self._origin = origin
        self._folder = os.path.dirname(origin.file)
        self._depth = depth
        self._chain = chain
        self._is_document = False
        self._resolved = Resolved(None)

    def document(self, document: dict[str, Json]) -> Resolved:
        self._is_document = True
        self._resolved.value = {
            key: value if key.startswith("x-") else self._walk(value, (key,)) for key, value in document.items()
        }
        return self._resolved

    def value(self, value: Json) -> Resolved:
        self._resolved.value = self._walk(value, ())
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
                    Code.DIRECTIVE_NOT_ALONE,
                    f"{directive} must be the only key of its mapping",
                    (*path, directive),
                    "If the value only looks like a directive, write {$literal: …} around it.",
                    at_key=True,
                ),
            )
        inner = mapping[directive]
        if directive == LITERAL:
            return inner
        if directive == UNSET_KEY:
            return self._unset(inner, path)
        if not isinstance(inner, str):
            label = "" if inner is None or isinstance(inner, dict | list) else "quote it"
            summary = f"{directive} must be the path of a file"
            fault = Fault(Code.WRONG_TYPE, summary, (*path, directive), label=label, at_key=inner is None)
            return self._report(path, fault)
        return self._file(inner, path) if directive == FILE else self._ref(inner, path)

    def _file(self, named: str, path: RawPath) -> Json:
        try:
            file, text = self._directives.files.text(self._folder, named)
        except RefusedError as refused:
            return self._refused(path, FILE, refused)
        self._resolved.origins[path] = replace(self._origin.at(path), text=file)
        return text

    def _ref(self, named: str, path: RawPath) -> Json:
        try:
            found = self._referred(named, self._depth + len(path))
        except RefusedError as refused:
            if self._chain and isinstance(refused, AbandonedError):
                raise
            return self._refused(path, REF, refused)
        inner, resolved = found.resolved, self._resolved
        if found.origin is not None:
            resolved.origins[path] = replace(found.origin, reference=self._origin.at(path))
        resolved.faults += [
            replace(fault, path=(*path, *fault.path)) for fault in self._directives.repetition.limited(inner.faults)
        ]
        resolved.stand_ins |= {(*path, *below) for below in inner.stand_ins}
        resolved.reported += [((*path, *below), reported) for below, reported in inner.reported]
        if found.reported:
            resolved.reported.append((path, found.reported))
        return inner.value

    def _referred(self, named: str, depth: int) -> Referred:
        if depth > MAX_DEPTH:
            raise AbandonedError(Code.TOO_DEEP, TOO_MANY_LEVELS)
        found = self._directives.references.look_up(self._folder, named, depth=depth, chain=self._chain)
        self._resolved.nodes += found.nodes
        if self._resolved.nodes > MAX_NODES:
            raise AbandonedError(Code.TOO_LARGE, TOO_MANY_NODES)
        return found

    def _unset(self, inner: Json, path: RawPath) -> Any:
        where = (*path, UNSET_KEY)
        if inner is not True:
            return self._report(path, Fault(Code.BAD_VALUE, "$unset must be true", where, label="write {$unset: true}"))
        if self._is_document and is_slot(path):
            self._resolved.unsets = True
            return UNSET
        detail = (
            "{$unset: true} drops what a _defaults.yaml supplies: a parameter, a key of reconcile, type, or a "
            "create-only key. A parameter is inherited as a whole, so $unset cannot be used inside one."
        )
        return self._report(
            path, Fault(Code.MISPLACED_UNSET, "there is nothing to unset here", where, detail, at_key=True)
        )

    def _refused(self, path: RawPath, directive: str, refused: RefusedError) -> None:
        self._report(path, Fault(refused.code, refused.summary, (*path, directive), refused.detail, refused.label))

    def _report(self, path: RawPath, fault: Fault) -> None:
        self._resolved.faults.append(fault)
        self._resolved.stand_ins.add(path)

    def _warn_of_near(self, key: str, mapping: dict[str, Json], path: RawPath) -> None:
        """Warn about an only key that is almost a directive: it would be sent as data."""
        near = nearest(key, DIRECTIVES) if len(mapping) == 1 and key.startswith("$") else None
        if near is not None:
            self._resolved.faults.append(
                Fault(
                    Code.NEAR_DIRECTIVE,
                    f"{quoted(key)} is not a directive and is sent unchanged",
                    (*path, key),
                    "If that is intended, write {$literal: …} around it.",
                    f'did you mean "{near}"?',
                    at_key=True,
                    severity=Severity.WARNING,
                )
            )
