"""Foreign text as Markdown that shows it letter by letter and lets none of it act."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from typing import Final

from reconciler.model.project import Source
from reconciler.render.escape import plain
from reconciler.render.places import place, shown_file

Links = Callable[[Source], str | None]
"""The https address of a line in git, None where it has none."""

_BACKTICKS: Final = re.compile("`+")
_WORD: Final = re.compile(r"""[("']?(?:[A-Za-z]+(?:['’-][A-Za-z]+)*|[0-9]+(?:[,.][0-9]+)*)[)"']?[.,;:?!]?""", re.ASCII)
_ITEM: Final = re.compile(r"[0-9]+[.)]", re.ASCII)
_COMMIT: Final = re.compile(r"\W*[0-9a-f]{7,}\W*", re.ASCII | re.IGNORECASE)


def code(text: str) -> str:
    """A code span. `text` is spelled without controls and line ends first."""
    text = plain(text)
    ticks = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    edge = " " if not text or text[0] in "` " or text[-1] in "` " else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def cell(text: str) -> str:
    """A code span in a table. A pipe is escaped there, in code too; a backslash before one would undo that."""
    return code(text.replace("\\|", "\\u005c|")).replace("|", "\\|")


def markup(text: str) -> str:
    """Text within HTML tags of ours, such as `<code>`."""
    return html.escape(plain(text))


def prose(text: str) -> str:
    """A sentence of ours that may quote foreign words: everything but plain words and numbers stands in code spans."""
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


def located(source: Source, base: str, links: Links | None) -> str:
    """A manifest's file, linked to its line where there is an address; else `FILE:LINE`."""
    address = links(source) if links else None
    if address is None:
        return cell(place(source, base))
    return f"[{cell(shown_file(source.file, base).rsplit('/', 1)[-1])}]({address})"
