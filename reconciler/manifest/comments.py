"""Finds values that are lost after a hash sign: `color: #ff0000` is null with a comment, and `Car #1` is `Car`.

Keys that start with x- are not searched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from reconciler.diagnostics import Severity
from reconciler.manifest.codes import Code
from reconciler.manifest.compose import Document
from reconciler.manifest.problems import Problem, Stretch
from reconciler.manifest.reading import Located
from reconciler.model.values import Json

_BEHIND_NOTHING: Final = re.compile(r"[ \t]+(#[^\r\n]*)")
_BEHIND_KEY: Final = re.compile(r"[ \t]*:[ \t]+(#[^\r\n]*)")
_BEHIND_TEXT: Final = re.compile(r"[ \t]+(#[^\s#][^\r\n]*)")
_NOT_PLAIN: Final = ('"', "'", "|", ">", "*", "&", "!")


def comment_problems(document: Document, located: Located, *, everywhere: bool = False) -> list[Problem]:
    """A warning for each. None is an error, because null is a valid parameter.

    In a project, only parameters may be null. `everywhere` is for files that are not projects.
    """
    if not isinstance(document.value, dict) and not (everywhere and isinstance(document.value, list)):
        return []
    look = _Look(located)
    if everywhere:
        root = document.value
        parts: Iterable[tuple[str | int, Json]] = root.items() if isinstance(root, dict) else enumerate(root)
        for part, value in parts:
            look.into(root, part, value, in_params=True)
        return look.problems
    assert isinstance(document.value, dict)
    for key, value in document.value.items():
        if not key.startswith("x-"):
            in_params = key == "params" and isinstance(value, dict | list)
            look.into(document.value, key, value, in_params=in_params)
    return look.problems


class _Look:
    def __init__(self, located: Located) -> None:
        self.problems: list[Problem] = []
        self._text = located.source.parsed
        self._places = located.places
        self._visited: set[int] = set()

    def into(self, parent: Json, part: str | int, value: Json, *, in_params: bool) -> None:
        if isinstance(value, dict | list):
            if id(value) in self._visited:
                return
            self._visited.add(id(value))
            for inner_part, inner in value.items() if isinstance(value, dict) else enumerate(value):
                self.into(value, inner_part, inner, in_params=in_params)
            return
        stretch = self._places.value_stretch(parent, part)
        if stretch.start == stretch.end:
            # The parsers disagree on where an empty value is, but not on where its key ends.
            match = (
                _BEHIND_KEY.match(self._text, self._places.key_stretch(parent, part).end)
                if isinstance(part, str)
                else _BEHIND_NOTHING.match(self._text, stretch.end)
            )
            if in_params and match is not None:
                self._add(match, "this is a comment, so the value is null", "write null")
        elif (
            isinstance(value, str)
            and not self._text.startswith(_NOT_PLAIN, stretch.start)
            and (match := _BEHIND_TEXT.match(self._text, stretch.end))
        ):
            self._add(match, "this is a comment, not part of the value", "put a space after the #")

    def _add(self, match: re.Match[str], summary: str, otherwise: str) -> None:
        self.problems.append(
            Problem(
                Code.COMMENT_VALUE,
                summary,
                Stretch(match.start(1), match.end(1)),
                "A # after a space starts a comment. To have it in the value, quote the value. If a comment is "
                f"intended, {otherwise}, or put the comment on its own line.",
                "quote it",
                severity=Severity.WARNING,
            )
        )
