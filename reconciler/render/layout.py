"""Lines with a sign, a body, and a remark at the side: indented, aligned, painted, and folded at a terminal's width.

A line is folded between words. What continues it is indented by an odd number of columns. Signs and bodies are in even
ones, so a continuation never looks like a line of its own.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.characters import clusters
from reconciler.render.signs import Sign

_FIRST_COLUMN: Final = 50
_LAST_COLUMN: Final = 74
"""The remarks of a block are aligned between these columns. After a longer line, the remark follows immediately."""

_GAP: Final = 3

_STEPS: Final = (4, 2)
"""The columns of one step of indentation. At a narrow terminal, deep lines take smaller steps."""

_HANG: Final = 5
"""How much further a continuation is indented than the body that it continues."""

_ROOM: Final = 24
"""A line has at least this many columns, if that is possible by indenting less."""

_LEAST_ROOM: Final = 16
"""A choice has at least this many columns: deeper levels of a tree are not indented further, but numbered."""

_SGR: Final = re.compile("\x1b\\[[0-9;]*m")
_WORD: Final = re.compile(" *[^ ]+(?: UTC[^ ]*)?")
_PART: Final = re.compile(r"[^.]*\.(?=[^.\x1b])|.+")
"""The parts of the path of a value, if it is too long for the rest of a row."""

_ARGUMENT: Final = re.compile(""" *(?:--[a-z-]+ (?!-))?(?:'[^']*'|"[^"]*"|[^ ])+""")
_CHARACTER: Final = re.compile(f"{_SGR.pattern}|.")
_SIGNS: Final = frozenset(sign.value for sign in Sign)
_COMMANDS: Final = ("reconciler ", "git ", "cd ")
_ITEM: Final = re.compile(r" +(?:\d\. |[-+] )?")


class Ink(Enum):
    """The codes of ECMA-48. A color only repeats what a sign or a word already says.

    Yellow is only for signs: on a light background, many terminals show it with a contrast of less than 2.
    """

    GREEN = "32"
    RED = "31"
    YELLOW = "33"
    CYAN = "36"
    MAGENTA = "35"
    BOLD = "1"
    DIM = "2"
    BOLD_RED = "1;31"
    BOLD_MAGENTA = "1;35"
    BOLD_GREEN = "1;32"
    BOLD_CYAN = "1;36"


INK: Final = {
    Sign.ADD: Ink.GREEN,
    Sign.CHANGE: Ink.YELLOW,
    Sign.REMOVE: Ink.RED,
    Sign.MOVE: Ink.CYAN,
    Sign.FORGET: Ink.MAGENTA,
    Sign.DRIFTED: Ink.MAGENTA,
    Sign.HELD: Ink.MAGENTA,
    Sign.BLOCKED: Ink.RED,
}


@dataclass(frozen=True, slots=True)
class Paint:
    """Paints text if `colour` is true, and returns it unchanged otherwise.

    `columns` is the width of the terminal. Without one, nothing is folded.
    """

    colour: bool
    columns: int | None = None

    def __call__(self, text: str, ink: Ink | None) -> str:
        if not (self.colour and ink and text):
            return text
        return f"\x1b[{ink.value}m{text}\x1b[0m"

    def fold(self, line: str, hang: int = _HANG, *, command: bool = False) -> Iterator[str]:
        """A painted line as rows that fit; the second and each further row is indented by `hang` columns.

        A command can still be pasted: each of its rows but the last ends with a backslash.
        """
        if self.columns is None or _seen(line) <= self.columns:
            yield line
            return
        room = self.columns - (2 if command else 0)
        row = ""
        for piece in _pieces(line, room, hang, command=command):
            if row and _seen(row) + _seen(piece) > room:
                yield f"{row} \\" if command else row
                word = piece.lstrip(" ")
                row = " " * _margin(hang, room - _seen(word)) + word
            else:
                row += piece
        yield row


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `body` and `remark` are escaped already. `depth` counts steps of indentation; -1 is half a step out.
    `level` counts those that a choice has on top, 0 for the first level of a tree.

    `ink` paints the body. Without it, the body is painted only if the sign is a removal. The body of a `command` is one
    to paste.
    """

    body: str = ""
    sign: Sign | None = None
    depth: int = 0
    remark: str = ""
    ink: Ink | None = None
    command: bool = False
    level: int = 0

    def indent(self, steps: _Steps) -> int:
        """The columns before the sign, or before the body if there is no sign."""
        columns = steps.columns * (self.depth + min(self.level, steps.levels))
        if self.sign:
            return columns + 2
        return max(columns + 4, 2) if self.body else 0

    def start(self, steps: _Steps) -> int:
        """The columns before the body."""
        return self.indent(steps) + (2 if self.sign else 0)


@dataclass(frozen=True, slots=True)
class _Steps:
    """The columns of a step of indentation, and how many levels of a tree are indented."""

    columns: int
    levels: int = sys.maxsize


def lay_out(lines: Iterable[Line], paint: Paint) -> Iterator[str]:
    """The lines of one block as text, their remarks aligned."""
    every = list(lines)
    steps = _steps(every, paint.columns)
    folded, above = [], 0
    for line in every:
        folded.append(_folded(line, steps, paint, above))
        above = line.level
    wide = [_seen(rows[-1]) + _GAP for line, rows in zip(every, folded, strict=True) if line.remark]
    column = max((one for one in wide if one <= _LAST_COLUMN), default=0)
    column = max(column, _FIRST_COLUMN)
    for line, rows in zip(every, folded, strict=True):
        if line.remark:
            *before, last = rows
            yield from before
            yield from _remarked(line, last, column, steps, paint)
        else:
            yield from rows


def _remarked(line: Line, row: str, column: int, steps: _Steps, paint: Paint) -> Iterator[str]:
    """The last row of a line, with the remark at its side, or below it if there is no room at its side."""
    end = _seen(row)
    remark = paint(line.remark, Ink.DIM)
    last = column if paint.columns is None else min(column, paint.columns - width(line.remark))
    if end + _GAP <= last or paint.columns is None:
        yield row + " " * max(_GAP, last - end) + remark
    else:
        yield row
        hang = _hang(line.start(steps), paint.columns)
        longest = max(map(width, line.remark.split(" ")))
        yield from paint.fold(" " * _margin(hang, paint.columns - longest) + remark, hang)


def _folded(line: Line, steps: _Steps, paint: Paint, above: int) -> list[str]:
    """A painted line as rows that fit. `above` is the level of the line above."""
    if paint.columns is None:
        return [_painted(line, " " * line.indent(steps), paint)]
    margin = " " * line.indent(steps)
    if line.level > steps.levels and line.level != above:
        number = f"{line.level + 1}: "
        margin = f"{margin[: -len(number)]}{paint(number, Ink.DIM)}"
    own = len(line.body) - len(line.body.lstrip(" "))
    hang = _hang(line.start(steps), paint.columns, own)
    return [*paint.fold(_painted(line, margin, paint), hang, command=line.command)]


def _painted(line: Line, margin: str, paint: Paint) -> str:
    """A line with its sign and its indentation."""
    if line.sign is None:
        return f"{margin}{paint(line.body, line.ink)}".rstrip()
    sign_ink = INK[line.sign]
    body_ink = line.ink or (sign_ink if line.sign is Sign.REMOVE else None)
    body = f" {paint(line.body, body_ink)}" if line.body else ""
    return f"{margin}{paint(line.sign, sign_ink)}{body}"


def _margin(hang: int, room: int) -> int:
    """The columns before a word. `room` is what the word leaves of a row: one that is too long for the rest of a row
    starts further left, if that keeps it whole."""
    return hang if room < 0 else min(hang, max(0, room - 1 + room % 2))


def _hang(start: int, columns: int, own: int = 0) -> int:
    """The indentation of what continues a body from `start` on. The body may have spaces of its own in front."""
    even = own - own % 2
    return next((hang for hang in (start + even + _HANG, start + _HANG) if hang + _ROOM <= columns), start + 1)


def _steps(lines: Sequence[Line], columns: int | None) -> _Steps:
    """The smaller step of indentation, if a line needs it to have enough room for its first word, and then the levels
    of a tree for which there is room."""
    large, small = map(_Steps, _STEPS)
    if columns is None:
        return large
    rooms = ((line, columns - max(_ROOM, *map(width, _divided(line.body.split(" ", 1)[0])))) for line in lines)
    if not any(room < line.start(large) and (line.level or line.start(small) <= room) for line, room in rooms):
        return large
    first = max((line.start(small) - small.columns * line.level for line in lines if line.level), default=0)
    return _Steps(small.columns, max(0, columns - _LEAST_ROOM - first) // small.columns)


def _pieces(line: str, room: int, hang: int, *, command: bool) -> Iterator[str]:
    """The words, each with the spaces before it, and a sign with the word after it. A command's argument is one word.

    A word that is too wide for a row is divided between East Asian characters. So is the path of a value after its
    dots, so that its sign is not alone in a row.
    """
    if command:
        yield from _ARGUMENT.findall(line)
        return
    words: list[str] = []
    for word in _WORD.findall(line):
        if len(words) > 1 and word.strip() in _SIGNS:
            words[-1] += word  # what continues a line does not begin with a sign
        else:
            words += [word] if word.isascii() or _seen(word) <= room - hang else _divided(word)
    if len(words) > 1 and len(_SGR.sub("", words[0]).strip()) == 1:
        first = words[0] + words[1]
        if _seen(first) <= room or _seen(words[1]) > room:
            words[:2] = [first]
        elif "/" not in first and _SGR.sub("", words[0]).strip() in _SIGNS and len(parts := _PART.findall(first)) > 1:
            words[:2] = parts
    yield from words


def _divided(word: str) -> Iterator[str]:
    """The parts between which East Asian text can be folded: before and after a wide character, unless it closes."""
    part = last = ""
    for piece in _CHARACTER.findall(word):
        if len(piece) == 1 and part.strip() and (_cells(piece) == 2 or _cells(last) == 2) and _may_start(piece, last):
            yield part
            part = ""
        part += piece
        last = piece[-1]
    yield part


def _may_start(character: str, last: str) -> bool:
    """Whether `character` may be the first of a row, and `last` the last of the row before it."""
    kinds = unicodedata.category(character), unicodedata.category(last)
    return kinds[0] not in ("Mn", "Me", "Cf", "Pe", "Pf", "Po") and kinds[1] not in ("Cf", "Ps", "Pi")


def commands(text: str) -> Iterator[tuple[str, bool]]:
    """The lines of a message, and whether each is a command to paste: it follows a colon."""
    before = ""
    for line in text.split("\n") if text else ():
        yield line, before.endswith(":") and line.lstrip().startswith(_COMMANDS)
        before = line


def folded(text: str, columns: int | None) -> str:
    """A text of our own, without signs. What continues an item of a list is below its first word."""
    paint = Paint(False, columns)
    rows: list[str] = []
    for line, command in commands(text):
        item = _ITEM.match(line)
        hang = item.end() if item else 0
        rows += paint.fold(line, hang + (4 if command else 0), command=command)
    return "\n".join(rows)


def _seen(painted: str) -> int:
    return width(_SGR.sub("", painted) if "\x1b" in painted else painted)


def width(text: str) -> int:
    """How many cells of a terminal `text` takes: two for an emoji or a wide character, none for a combining mark."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, clusters(text)))


def _cells(cluster: str) -> int:
    if len(cluster) > 1:
        return 1 if cluster.endswith("\ufe0e") else 2
    if unicodedata.category(cluster) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(cluster) in ("W", "F") else 1
