"""Lines with a sign, a body, and a remark at the side: indented, aligned, and painted. Nothing is wrapped or cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reconciler.model.characters import clusters
from reconciler.render.signs import Sign

_FIRST_COLUMN: Final = 50
_LAST_COLUMN: Final = 74
"""The remarks of a block are aligned between these columns. After a longer line, the remark follows immediately."""

_GAP: Final = 3


class Ink(Enum):
    """The codes of ECMA-48. A color only repeats what a sign or a word already says."""

    GREEN = "32"
    RED = "31"
    YELLOW = "33"
    CYAN = "36"
    MAGENTA = "35"
    BOLD = "1"
    DIM = "2"
    BOLD_RED = "1;31"
    BOLD_YELLOW = "1;33"
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
    """Paints text if `colour` is true, and returns it unchanged otherwise."""

    colour: bool

    def __call__(self, text: str, ink: Ink | None) -> str:
        if not (self.colour and ink and text):
            return text
        return f"\x1b[{ink.value}m{text}\x1b[0m"


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `body` and `remark` are escaped already. `depth` counts steps of four spaces; -1 is half a step out.

    `ink` paints the body. Without it, the body is painted only if the sign is a removal.
    """

    body: str = ""
    sign: Sign | None = None
    depth: int = 0
    remark: str = ""
    ink: Ink | None = None

    @property
    def left(self) -> str:
        """Sign and body, indented."""
        return f"{self.margin}{self.sign} {self.body}".rstrip() if self.sign else f"{self.margin}{self.body}"

    @property
    def margin(self) -> str:
        """The spaces before the sign, or before the body if there is no sign."""
        if not self.sign:
            return " " * max(4 * self.depth + 4, 2) if self.body else ""
        return " " * (4 * self.depth + 2)


def lay_out(lines: Iterable[Line], paint: Paint) -> Iterator[str]:
    """The lines of one block as text, their remarks aligned."""
    every = list(lines)
    widths = [width(line.left) for line in every if line.remark]
    column = max((wide + _GAP for wide in widths if wide + _GAP <= _LAST_COLUMN), default=0)
    column = max(column, _FIRST_COLUMN)
    for line in every:
        painted = _paint(line, paint)
        if line.remark:
            gap = max(_GAP, column - width(line.left))
            painted += " " * gap + paint(line.remark, Ink.DIM)
        yield painted


def _paint(line: Line, paint: Paint) -> str:
    if line.sign is None:
        return f"{line.margin}{paint(line.body, line.ink)}".rstrip()
    sign_ink = INK[line.sign]
    body_ink = line.ink or (sign_ink if line.sign is Sign.REMOVE else None)
    body = f" {paint(line.body, body_ink)}" if line.body else ""
    return f"{line.margin}{paint(line.sign, sign_ink)}{body}"


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
