"""Foreign text as Markdown that shows it literally, so that none of it acts as markup."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from reconciler.model.project import Source
from reconciler.render.escape import plain, quoted

_LONGEST: Final = 600
"""The most characters of one message, without what is to be copied."""

_MOST: Final = 4_000

_BACKTICKS: Final = re.compile("`+")
_WORD: Final = re.compile(r"""[("']?(?:[A-Za-z]+(?:['’-][A-Za-z]+)*|[0-9]+(?:[,.][0-9]+)*)[)"']?[.,;:?!]?""", re.ASCII)
_TOKEN: Final = re.compile(r'[("]?"(?:[^"\\]|\\.)*"[^\s"]*|[^ ]+')
"""A word, or everything between two double quotes."""

_ITEM: Final = re.compile(r"[0-9]+[.)]", re.ASCII)
_COMMIT: Final = re.compile(r"\W*[0-9a-f]{7,}\W*", re.ASCII | re.IGNORECASE)


def code(text: str) -> str:
    """A code span, without control characters and line ends."""
    text = plain(text)
    ticks = "`" * (max(map(len, _BACKTICKS.findall(text)), default=0) + 1)
    edge = " " if not text or (text.strip(" ") and (text[0] in "` " or text[-1] in "` ")) else ""
    return f"{ticks}{edge}{text}{edge}{ticks}"


def name_text(name: str) -> str:
    """The name of a project or a choice as code: quoted if some of it could not be seen, such as a space at its end."""
    return name if name and plain(name) == name.strip() and "  " not in name else quoted(name)


def name_code(name: str) -> str:
    return code(name_text(name))


def name_cell(name: str) -> str:
    """The same in a table."""
    return cell(name_text(name))


def cell(text: str) -> str:
    """A code span in a table. In a table, a pipe is escaped even in code, and a backslash before it would undo that."""
    return code(text.replace("\\|", "\\u005c|")).replace("|", "\\|")


def markup(text: str) -> str:
    """Text within our own HTML tags, such as `<code>`."""
    return html.escape(plain(text))


def prose(text: str) -> str:
    """A sentence that may quote foreign text: everything except plain words and numbers is in code spans."""
    pieces: list[str] = []
    odd: list[str] = []
    for word in _TOKEN.findall(plain(text)):
        of_a_list = not pieces and _ITEM.fullmatch(word)
        if _WORD.fullmatch(word) and not _COMMIT.fullmatch(word) and not of_a_list:
            if odd:
                pieces.append(code(" ".join(odd)))
                odd = []
            pieces.append(word)
        else:
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
    """A message in one line. If it is long, its end is left out. An indented line is to be copied: one code span."""
    pieces: list[str] = []
    room = _LONGEST
    lines = text[:_MOST].split("\n")
    for copied, run in groupby(lines, key=lambda line: line.startswith("    ")):
        if copied:
            pieces += [code(line.strip()) for line in run]
            continue
        words = " ".join(word for word in re.split("[ \n]+", "\n".join(run)) if word)
        if words and room > 0:
            pieces.append(prose(words if len(words) <= room else f"{words[:room]}…"))
            room -= len(words)
    return " ".join(pieces)


def located(location: Source, address: str | None) -> str:
    """A manifest's file with a link to its line, or `FILE:LINE` if there is no address."""
    if address is None:
        return cell(str(location))
    return f"[{cell(location.file.rsplit('/', 1)[-1])}]({address})"
