"""Replaces `{$file: PATH}`, `{$ref: PATH}`, `{$literal: VALUE}`, and `{$unset: true}` with their values.

A directive is the only key of its mapping, anywhere in a project except below keys that start with x-. The value of
`$literal` is not searched. The document itself is never changed: what contains a directive is copied.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.diagnostics import Severity, nearest, quoted
from reconciler.manifest.codes import Code
from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES
from reconciler.manifest.located import LITERAL
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.references import (
    REF,
    TOO_MANY_LEVELS,
    TOO_MANY_NODES,
    AbandonedError,
    References,
    Resolved,
    Target,
)
from reconciler.manifest.schema import PROJECT
from reconciler.manifest.textfiles import Text, TextFiles, TextRefusal
from reconciler.manifest.yamlfiles import YamlFile
from reconciler.model.project import Origin
from reconciler.model.values import Json

FILE: Final = "$file"
UNSET_KEY: Final = "$unset"


@dataclass(frozen=True, slots=True)
class Directive:
    """A key that stands for something else, and the JSON Schema of its value."""

    name: str
    schema: Mapping[str, Any]


DIRECTIVES: Final = (
    Directive(
        FILE,
        {
            "type": "string",
            "minLength": 1,
            "description": "A text file, relative to this file. Its content is the value.",
        },
    ),
    Directive(
        REF,
        {
            "type": "string",
            "minLength": 1,
            "description": "A YAML file, relative to this file, and after # a JSON pointer into it.",
            "examples": ["../shared/animals.yaml#/animals"],
        },
    ),
    Directive(LITERAL, {"description": "The value itself, not searched: for data that looks like a directive."}),
    Directive(UNSET_KEY, {"const": True, "description": "Drops what a _defaults.yaml above supplies."}),
)
_NAMES: Final = tuple(directive.name for directive in DIRECTIVES)

UNSET: Final[Any] = object()
"""Replaces `{$unset: true}` until the layers are laid over one another."""

FIELDS: Final = tuple(key.name for key in PROJECT.keys if key.inherited)
"""Keys whose whole values can be inherited."""

HOLDERS: Final = ("params", "reconcile")
"""Keys whose values are inherited key by key."""


def is_slot(path: RawPath) -> bool:
    """Whether the path is that of a whole value that can be inherited: one of FIELDS, or a key of one of HOLDERS."""
    return (len(path) == 1 and path[0] in FIELDS) or (len(path) == 2 and path[0] in HOLDERS)


class Directives:
    """Resolves the directives in documents, and in what they refer to."""

    def __init__(self, text_files: TextFiles, references: References) -> None:
        self._text_files = text_files
        self._references = references

    def resolve(self, document: dict[str, Json], file: str) -> Resolved:
        """The document of `file` (absolute) without its directives. `$unset` is allowed in it."""
        walk = _Walk(self._text_files, self._references, file, depth=0, chain=())
        return walk.document(document)


class _Walk:
    """Walks through one value of one file."""

    def __init__(
        self, text_files: TextFiles, references: References, file: str, *, depth: int, chain: tuple[Target, ...]
    ) -> None:
        self._text_files = text_files
        self._references = references
        self._folder = os.path.dirname(file)
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
        directive = next((key for key in mapping if key in _NAMES), None)
        if directive is None:
            for key in mapping:
                self._warn_of_near(key, mapping, path)
            return {key: self._walk(inner, (*path, key)) for key, inner in mapping.items()}
        if len(mapping) > 1:
            return self._reported(
                path,
                Problem(
                    Code.DIRECTIVE_NOT_ALONE,
                    f"{directive} must be the only key of its mapping",
                    At((*path, directive), key=True),
                    "If the value only looks like a directive, write {$literal: …} around it.",
                ),
            )
        inner = mapping[directive]
        if directive == LITERAL:
            return inner
        if directive == UNSET_KEY:
            return self._unset(inner, path)
        if not isinstance(inner, str):
            wanted = f"{directive} must be the path of a file"
            problem = Problem(Code.WRONG_TYPE, wanted, At((*path, directive)), label="quote it")
            if inner is None or isinstance(inner, dict | list):
                problem = Problem(Code.WRONG_TYPE, wanted, At((*path, directive), key=inner is None))
            return self._reported(path, problem)
        return self._file(inner, path) if directive == FILE else self._ref(inner, path)

    def _file(self, named: str, path: RawPath) -> Json:
        found = self._text_files.read(self._folder, named)
        if isinstance(found, Text):
            self._resolved.origins[path] = Origin(found.file, 1, text=True)
            return found.text
        return self._refused(path, FILE, found)

    def _ref(self, named: str, path: RawPath) -> Json:
        depth = self._depth + len(path)
        try:
            if depth > MAX_DEPTH:
                raise AbandonedError(TOO_MANY_LEVELS)
            found = self._references.look_up(self._folder, named, self._resolve, depth=depth, chain=self._chain)
            if isinstance(found, TextRefusal):
                return self._refused(path, REF, found)
            if isinstance(found, YamlFile):
                self._resolved.reported.append((path, found.reported))
                self._resolved.stand_ins.add(path)
                return None
            self._resolved.nodes += found.nodes
            if self._resolved.nodes > MAX_NODES:
                raise AbandonedError(TOO_MANY_NODES)
        except AbandonedError as abandoned:
            if self._chain:
                raise
            return self._refused(path, REF, abandoned.refusal)
        inner = found.resolved
        self._resolved.origins[path] = found.origin
        self._resolved.problems += [
            replace(problem, where=At((*path, *problem.where.path), problem.where.key))
            for problem in self._references.repeated(inner.problems)
            if isinstance(problem.where, At)
        ]
        self._resolved.stand_ins |= {(*path, *below) for below in inner.stand_ins}
        self._resolved.reported += [((*path, *below), reported) for below, reported in inner.reported]
        if found.reported:
            self._resolved.reported.append((path, found.reported))
        return inner.value

    def _resolve(self, value: Json, origin: Origin, *, depth: int, chain: tuple[Target, ...]) -> Resolved:
        return _Walk(self._text_files, self._references, origin.file, depth=depth, chain=chain).value(value)

    def _unset(self, inner: Json, path: RawPath) -> Any:
        if inner is not True:
            return self._reported(
                path,
                Problem(Code.BAD_VALUE, "$unset must be true", At((*path, UNSET_KEY)), label="write {$unset: true}"),
            )
        if self._is_document and is_slot(path):
            self._resolved.unsets = True
            return UNSET
        return self._reported(
            path,
            Problem(
                Code.MISPLACED_UNSET,
                "there is nothing to unset here",
                At((*path, UNSET_KEY), key=True),
                "{$unset: true} drops what a _defaults.yaml supplies: a parameter, a key of reconcile, type, or a "
                "create-only key. Parameters are inherited whole, so it cannot be used deeper.",
            ),
        )

    def _refused(self, path: RawPath, directive: str, refusal: TextRefusal) -> None:
        where = At((*path, directive))
        self._reported(path, Problem(refusal.code, refusal.summary, where, refusal.detail, refusal.label))

    def _reported(self, path: RawPath, problem: Problem) -> None:
        self._resolved.problems.append(problem)
        self._resolved.stand_ins.add(path)

    def _warn_of_near(self, key: str, mapping: dict[str, Json], path: RawPath) -> None:
        """Warn about an only key that is almost a directive: it would be sent as data."""
        near = nearest(key, _NAMES) if len(mapping) == 1 and key.startswith("$") else None
        if near is not None:
            self._resolved.problems.append(
                Problem(
                    Code.NEAR_DIRECTIVE,
                    f"{quoted(key)} is not a directive and is sent unchanged",
                    At((*path, key), key=True),
                    "If that is intended, write {$literal: …} around it.",
                    f'did you mean "{near}"?',
                    severity=Severity.WARNING,
                )
            )
