"""One changed value as a page shows it: two sides next to each other, or a text as prose. Escaped and cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeGuard

from reconciler.model.plan import Kind
from reconciler.model.values import Absent, Json, Masked
from reconciler.render.html.prose import ProseLine, marked, prose, text_lines
from reconciler.render.phrases import count
from reconciler.render.signs import OF_KIND
from reconciler.render.spelling import CHANGED_UNSEEN, LINE, both_sides, compact
from reconciler.render.textdiff import is_long
from reconciler.render.view.parts import Row
from reconciler.render.worddiff import Effort, Fate, Piece

_ROOM: Final = 2 * LINE
_MOST_LINES: Final = 60
_UNFOLDED: Final = 8


@dataclass(frozen=True, slots=True)
class Sides:
    """`before` and `after` are empty if there is nothing on that side, or if `lines` show both.

    `said` replaces the values. `total` says how long a text is that is added or removed; `folded` are those of its
    lines that would push everything else out of sight.
    """

    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()
    lines: tuple[ProseLine, ...] = ()
    said: str = ""
    total: str = ""
    folded: tuple[ProseLine, ...] = ()


@dataclass(slots=True)
class Room:
    """How many lines of prose one project may still show, and the page's effort."""

    effort: Effort
    lines: int = 600


def sides(row: Row, room: Room) -> Sides:
    """Both sides of one change. They look different if the values do; masked values are never compared."""
    kind, before, after = row.kind, row.before, row.after
    if row.said:
        return Sides(said=row.said)
    if kind in (Kind.ADD, Kind.REMOVE):
        return _one_side(kind, after if kind is Kind.ADD else before, room)
    texts = kind is Kind.CHANGE and room.lines > 0
    if texts and _is_text(before) and _is_text(after) and (_is_prose(before) or _is_prose(after)):
        lines = prose(before, after, room.effort)
        room.lines -= len(lines)
        return Sides(lines=lines)
    both = both_sides(kind, before, after, room=_ROOM)
    if both is None:
        return Sides(said=CHANGED_UNSEEN)
    left, right = marked(*both, room.effort)
    return Sides(before=left, after=right)


def _one_side(kind: Kind, value: Json | Absent, room: Room) -> Sides:
    if _is_text(value) and _is_prose(value) and room.lines > 0:
        lines, total = text_lines(value, OF_KIND[kind], most=_MOST_LINES)
        room.lines -= len(lines)
        head = len(lines) if len(lines) <= 2 * _UNFOLDED else _UNFOLDED
        return Sides(lines=lines[:head], folded=lines[head:], total=count(total, "line"))
    if kind is Kind.ADD:
        return Sides(after=(Piece(Fate.KEPT, compact(value, room=_ROOM)),))
    return Sides(before=(Piece(Fate.KEPT, compact(value, room=_ROOM)),))


def _is_text(value: Json | Absent) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Masked)


def _is_prose(text: str) -> bool:
    return is_long(text) or len(text) > LINE
