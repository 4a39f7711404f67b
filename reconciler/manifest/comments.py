"""Finds values that are lost in comments: `color: #ff0000` is null, and `Car #1` is `Car`.

Keys that are the user's own are not searched.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.diagnostics import warning
from reconciler.keys.kinds import is_own
from reconciler.manifest.codes import Code
from reconciler.manifest.located import Document, LocatedFile, Part, Stretch
from reconciler.model.values import Json

_BEHIND_NOTHING: Final = re.compile(r"[ \t]+(#[^\r\n]*)")
_BEHIND_KEY: Final = re.compile(r"[ \t]*:[ \t]+(#[^\r\n]*)")
_BEHIND_TEXT: Final = re.compile(r"[ \t]+(#[^\s#][^\r\n]*)")
_NOT_PLAIN: Final = ('"', "'", "|", ">", "*", "&", "!")


def note_comments(file: LocatedFile, *, everywhere: bool = False) -> None:
    """Add a warning for each lost value to the problems of its document. It is not an error: null is a valid parameter.

    In a project, only parameters may be null. `everywhere` is for files that are not projects.
    """
    if not file.hides_values:
        return
    for document in file.documents:
        value = document.value
        if everywhere:
            _look(document, value, document.whole.block, set(), in_params=True)
        elif isinstance(value, dict):
            visited: set[int] = set()
            for key, inner, part in document.parts(value, document.whole.block):
                if not is_own(str(key)):
                    in_params = key == "params" and isinstance(inner, dict | list)
                    _look_at(document, key, inner, part, visited, in_params=in_params)


def _look(document: Document, value: Json, block: int, visited: set[int], *, in_params: bool) -> None:
    if id(value) not in visited:
        visited.add(id(value))
        for key, inner, part in document.parts(value, block):
            _look_at(document, key, inner, part, visited, in_params=in_params)


def _look_at(
    document: Document, key: str | int, value: Json, part: Part, visited: set[int], *, in_params: bool
) -> None:
    if isinstance(value, dict | list):
        _look(document, value, part.block, visited, in_params=in_params)
        return
    text, stretch = document.source.parsed, part.value
    if stretch.start == stretch.end:
        # The parsers disagree on where an empty value is, but not on where its key ends.
        behind, end = (_BEHIND_KEY, part.key.end) if isinstance(key, str) else (_BEHIND_NOTHING, stretch.end)
        if in_params and (match := behind.match(text, end)):
            _warn(document, match, "this is a comment, so the value is null", "write null")
    elif (
        isinstance(value, str)
        and not text.startswith(_NOT_PLAIN, stretch.start)
        and (match := _BEHIND_TEXT.match(text, stretch.end))
    ):
        _warn(document, match, "this is a comment, not part of the value", "put a space after the #")


def _warn(document: Document, match: re.Match[str], summary: str, otherwise: str) -> None:
    detail = (
        "A # after a space starts a comment. To include the # in the value, quote the value. If you want a comment, "
        f"{otherwise}, or put the comment on its own line."
    )
    location = document.source.location(Stretch(match.start(1), match.end(1)))
    document.problems.append(
        warning(Code.COMMENT_VALUE, summary, detail=detail, location=location, label="quote the value")
    )
