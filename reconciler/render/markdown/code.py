"""Foreign text as Markdown that shows it literally, so that none of it acts as markup."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

from reconciler.model.project import Source
from reconciler.render.escape import plain

_LONGEST: Final = 600
"""The most characters of one message."""

_BACKTICKS: Final = re.compile("`+")
_WORD: Final = re.compile(r"""[("']?(?:[A-Za-z]+(?:['’-][A-Za-z]+)*|[0-9]+(?:[,.][0-9]+)*)[)"']?[.,;:?!]?""", re.ASCII)
_ITEM: Final = re.compile(r"[0-9]+[.)]", re.ASCII)
_COMMIT: Final = re.compile(r"\W*[0-9a-f]{7,}\W*", re.ASCII | re.IGNORECASE)


def code(text: str) -> str:
    """A code span, without control characters and line ends."""
    text = plain(text)
    ticks = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    edge = " " if not text or text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def cell(text: str) -> str:
    """A code span in a table. In a table, a pipe is escaped even in code, and a backslash before it would undo that."""
    return code(text.replace("\\|", "\\u005c|")).replace("|", "\\|")


def markup(text: str) -> str:
    """Text within HTML tags of ours, such as `<code>`."""
    return html.escape(plain(text))


def prose(text: str) -> str:
    """A sentence that may quote foreign text: everything except plain words and numbers is in code spans."""
    pieces: list[str] = []
    odd: list[str] = []
    for word in plain(text).split(" "):
        of_a_list = not pieces and _ITEM.fullmatch(word)
        if _WORD.fullmatch(word) and not _COMMIT.fullmatch(word) and not of_a_list:
            if odd:
                pieces.append(code(" ".join(odd)))
                odd = []
            pieces.append(word)
        elif word:
            odd.append(word)
    if odd:
        pieces.append(code(" ".join(odd)))
    return " ".join(pieces)


def fence(lines: Sequence[str], language: str = "diff") -> list[str]:
    """Lines without control characters in a fenced block."""
    longest = max((len(run) for line in lines for run in _BACKTICKS.findall(line)), default=0)
    ticks = "`" * max(3, longest + 1)
    return [f"{ticks}{language}", *lines, ticks]


def said(text: str) -> str:
    """A message in one line. If it is long, its end is left out."""
    text = " ".join(word for word in re.split("[ \n]+", text[: 2 * _LONGEST]) if word)
    return prose(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


def located(location: Source, address: str | None) -> str:
    """A manifest's file with a link to its line, or `FILE:LINE` if there is no address."""
    if address is None:
        return cell(str(location))
    return f"[{cell(location.file.rsplit('/', 1)[-1])}]({address})"
