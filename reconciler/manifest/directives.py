"""`{$file: PATH}` and `{$literal: VALUE}` put in their places.

A directive stands alone in its mapping, anywhere below the keys of a project but those that are the user's own (x-).
Inside `$literal` nothing is looked into. The document itself is never changed: what holds a directive is copied.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from reconciler.diagnostics import Severity
from reconciler.manifest.codes import Code
from reconciler.manifest.placing import LITERAL
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.textfiles import Text, TextFiles
from reconciler.model.values import Json

FILE: Final = "$file"
NOT_YET: Final = ("$ref", "$unset")
"""Directives that manifests are to have, and that must not pass for data until they do."""
DIRECTIVES: Final = (FILE, LITERAL, *NOT_YET)


@dataclass(slots=True)
class Resolved:
    """`value` may be used where `problems` holds no error. `texts` are files by the place in `value` they fill.

    `stands_ins` are places that hold null for something that was reported: nothing more is to be said about them.
    """

    value: Json
    problems: list[Problem] = field(default_factory=list)
    texts: dict[RawPath, str] = field(default_factory=dict)
    stand_ins: set[RawPath] = field(default_factory=set)


class Directives:
    """Resolves the directives of one document of `file` (absolute)."""

    def __init__(self, file: str, text_files: TextFiles) -> None:
        self._folder = os.path.dirname(file)
        self._text_files = text_files

    def resolve(self, document: dict[str, Json]) -> Resolved:
        self._resolved = Resolved(document)
        self._resolved.value = {
            key: value if key.startswith("x-") else self._walk(value, (key,)) for key, value in document.items()
        }
        return self._resolved

    def _walk(self, value: Json, path: RawPath) -> Json:
        if isinstance(value, dict):
            if any(key.startswith("$") for key in value):
                return self._dollar(value, path)
            changed = {key: self._walk(inner, (*path, key)) for key, inner in value.items()}
            return changed if any(changed[key] is not value[key] for key in value) else value
        if isinstance(value, list):
            items = [self._walk(inner, (*path, index)) for index, inner in enumerate(value)]
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        return value

    def _dollar(self, mapping: dict[str, Json], path: RawPath) -> Json:
        directive = next((key for key in mapping if key in DIRECTIVES), None)
        if directive is None:
            for key in mapping:
                self._note_near(key, mapping, path)
            return {key: self._walk(inner, (*path, key)) for key, inner in mapping.items()}
        if len(mapping) > 1:
            return self._reported(
                path,
                Problem(
                    Code.DIRECTIVE_NOT_ALONE,
                    f"{directive} stands beside other keys",
                    At((*path, directive), key=True),
                    "A directive stands alone in its mapping. A value that only looks like one is written "
                    "{$literal: …}.",
                ),
            )
        inner = mapping[directive]
        if directive == LITERAL:
            return inner
        if directive in NOT_YET:
            return self._reported(
                path,
                Problem(
                    Code.UNSUPPORTED_DIRECTIVE,
                    f"this version of reconciler does not know {directive}",
                    At((*path, directive), key=True),
                    f"A value that only looks like one is written {{$literal: {{{directive}: …}}}}.",
                ),
            )
        return self._file(inner, path)

    def _file(self, named: Json, path: RawPath) -> Json:
        place = At((*path, FILE))
        if not isinstance(named, str):
            problem = Problem(Code.WRONG_TYPE, "$file takes the path of a file", place, label="quote it")
            if named is None or isinstance(named, dict | list):
                problem = Problem(Code.WRONG_TYPE, "$file takes the path of a file", At(place.path, key=named is None))
            return self._reported(path, problem)
        found = self._text_files.read(self._folder, named)
        if isinstance(found, Text):
            self._resolved.texts[path] = found.file
            return found.text
        return self._reported(path, Problem(found.code, found.summary, place, found.detail, found.label))

    def _reported(self, path: RawPath, problem: Problem) -> None:
        self._resolved.problems.append(problem)
        self._resolved.stand_ins.add(path)

    def _note_near(self, key: str, mapping: dict[str, Json], path: RawPath) -> None:
        """A lone key that is nearly a directive would be sent as data."""
        close = get_close_matches(key, DIRECTIVES, n=1) if len(mapping) == 1 and key.startswith("$") else []
        if close:
            self._resolved.problems.append(
                Problem(
                    Code.NEAR_DIRECTIVE,
                    f'"{key}" is no directive and is sent as it stands',
                    At((*path, key), key=True),
                    "Where that is meant, write {$literal: …} around it.",
                    f'did you mean "{close[0]}"?',
                    severity=Severity.WARNING,
                )
            )
