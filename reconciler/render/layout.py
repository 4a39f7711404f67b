"""Lines with a sign, a body and a remark at the side: indented, aligned and drawn. Nothing is folded or cut here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.render.paint import Ink, Paint
from reconciler.render.signs import INK, Sign

_FIRST_COLUMN: Final = 50
_LAST_COLUMN: Final = 74
"""Between these columns all remarks of a block stand below one another; longer lines have theirs right behind."""

_GAP: Final = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `body` and `remark` are escaped already. `depth` counts steps of four blanks, -1 is half a step out.

    `ink` draws the body; without it, the lines of what is removed are drawn whole, all others have only the sign drawn.
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
        """The blanks before the sign, or before the body where there is none."""
        if not self.sign:
            return " " * max(4 * self.depth + 4, 2) if self.body else ""
        return " " * (4 * self.depth + 2)


def lay_out(lines: Iterable[Line], *, colour: bool) -> Iterator[str]:
    """The lines of one block as text, their remarks below one another."""
    paint = Paint(colour)
    every = list(lines)
    widths = [width(line.left) for line in every if line.remark]
    column = max((wide + _GAP for wide in widths if wide + _GAP <= _LAST_COLUMN), default=0)
    column = max(column, _FIRST_COLUMN)
    for line in every:
        drawn = _draw(line, paint)
        if line.remark:
            gap = max(_GAP, column - width(line.left))
            drawn += " " * gap + paint(line.remark, Ink.DIM)
        yield drawn


def _draw(line: Line, paint: Paint) -> str:
    if line.sign is None:
        return f"{line.margin}{paint(line.body, line.ink)}".rstrip()
    sign_ink = INK[line.sign]
    body_ink = line.ink or (sign_ink if line.sign is Sign.REMOVE else None)
    body = f" {paint(line.body, body_ink)}" if line.body else ""
    return f"{line.margin}{paint(line.sign, sign_ink)}{body}"


def width(text: str) -> int:
    """How many cells of a terminal `text` takes: two for a wide character of East Asia, none for a mark above one."""
    if text.isascii():
        return len(text)
    return sum(map(cells, text))


def cells(character: str) -> int:
    """The same for one character."""
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
