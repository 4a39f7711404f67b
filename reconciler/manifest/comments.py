"""Finds values that are lost after a hash sign: `color: #ff0000` is null with a comment, and `Car #1` is `Car`.

Keys that start with x- are not searched.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.diagnostics import Diagnostic, warning
from reconciler.manifest.codes import Code
from reconciler.manifest.located import Document, LocatedFile, Part, Stretch
from reconciler.model.values import Json

_BEHIND_NOTHING: Final = re.compile(r"[ \t]+(#[^\r\n]*)")
_BEHIND_KEY: Final = re.compile(r"[ \t]*:[ \t]+(#[^\r\n]*)")
_BEHIND_TEXT: Final = re.compile(r"[ \t]+(#[^\s#][^\r\n]*)")
_NOT_PLAIN: Final = ('"', "'", "|", ">", "*", "&", "!")


def comment_problems(file: LocatedFile, document: Document, *, everywhere: bool = False) -> list[Diagnostic]:
    """A warning for each. None is an error, because null is a valid parameter.

    In a project, only parameters may be null. `everywhere` is for files that are not projects.
    """
    if not file.hides_values:
        return []
    if not isinstance(document.value, dict) and not (everywhere and isinstance(document.value, list)):
        return []
    look = _Look(document)
    for key, value, part in document.parts(document.value, document.whole.block):
        if everywhere:
            look.at(key, value, part, in_params=True)
        elif not str(key).startswith("x-"):
            look.at(key, value, part, in_params=key == "params" and isinstance(value, dict | list))
    return look.problems


class _Look:
    def __init__(self, document: Document) -> None:
        self.problems: list[Diagnostic] = []
        self._text = document.source.parsed
        self._document = document
        self._visited: set[int] = set()

    def at(self, key: str | int, value: Json, part: Part, *, in_params: bool) -> None:
        if isinstance(value, dict | list):
            if id(value) in self._visited:
                return
            self._visited.add(id(value))
            for inner_key, inner, inner_part in self._document.parts(value, part.block):
                self.at(inner_key, inner, inner_part, in_params=in_params)
            return
        stretch = part.value
        if stretch.start == stretch.end:
            # The parsers disagree on where an empty value is, but not on where its key ends.
            match = (
                _BEHIND_KEY.match(self._text, part.key.end)
                if isinstance(key, str)
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
        detail = (
            "A # after a space starts a comment. To have it in the value, quote the value. If a comment is intended, "
            f"{otherwise}, or put the comment on its own line."
        )
        location = self._document.source.location(Stretch(match.start(1), match.end(1)))
        self.problems.append(warning(Code.COMMENT_VALUE, summary, detail=detail, location=location, label="quote it"))
