"""The ontology's tree as nested lists: rows in reading order, each with what it opens and what ends behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.model.plan import Kind
from reconciler.model.project import Source
from reconciler.render.escape import plain
from reconciler.render.html.places import Where
from reconciler.render.html.sides import Room, Sides, sides
from reconciler.render.rows import choice_name, moved_words
from reconciler.render.signs import Sign
from reconciler.render.tree import ChoiceRow, Detail

_DEEPEST: Final = 60
"""A browser's parser stops nesting at some hundred elements; what lies deeper says its level."""


@dataclass(frozen=True, slots=True)
class Change:
    """An attribute of a choice, or the order below it."""

    sign: Sign
    name: str
    sides: Sides


@dataclass(frozen=True, slots=True)
class Branch:
    """A choice. `opens` a list of choices below it; `closes` so many lists behind it, `to_top` all of them.

    `removes` is true where it goes itself, loses something, or stands above a choice that does.
    """

    sign: Sign
    name: str
    level: int
    changes: tuple[Change, ...]
    moved: str
    where: Where | None
    opens: bool
    closes: int
    to_top: bool
    removes: bool

    @property
    def too_deep(self) -> bool:
        return self.level > _DEEPEST


def branches(rows: Sequence[ChoiceRow], room: Room, place_of: Callable[[Source], Where]) -> Iterator[Branch]:
    """The rows of a tree, each no more than one level below the one before it."""
    removes = _removing(rows)
    for position, row in enumerate(rows):
        depth = min(row.depth, _DEEPEST)
        following = min(rows[position + 1].depth, _DEEPEST) if position + 1 < len(rows) else 0
        yield Branch(
            sign=row.sign,
            name=choice_name(row),
            level=row.depth + 1,
            changes=tuple(change_of(detail, room) for detail in row.details),
            moved="" if row.moved_from is None else moved_words(row.moved_from),
            where=place_of(row.source) if row.source and row.sign is not Sign.REMOVE else None,
            opens=following > depth,
            closes=max(0, depth - following),
            to_top=following == 0,
            removes=removes[position],
        )


def change_of(detail: Detail, room: Room) -> Change:
    """A change within a choice."""
    name = "order" if detail.kind is Kind.REORDER else plain(detail.name)
    return Change(detail.sign, name, sides(detail.kind, detail.before, detail.after, room))


def _removing(rows: Sequence[ChoiceRow]) -> list[bool]:
    found = [row.sign is Sign.REMOVE or any(detail.sign is Sign.REMOVE for detail in row.details) for row in rows]
    below: list[int] = []
    for position, row in enumerate(rows):
        while below and rows[below[-1]].depth >= row.depth:
            below.pop()
        below.append(position)
        if found[position]:
            for above in below:
                found[above] = True
    return found
