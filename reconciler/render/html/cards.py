"""One project as a page shows it: its values side by side, and its ontology as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.model.plan import Kind
from reconciler.model.project import Source
from reconciler.render.html.sides import Room, Sides, sides
from reconciler.render.lines import MOST_CHOICES, MOST_CREATED, shown_choices
from reconciler.render.signs import Sign
from reconciler.render.spelling import choice_text, moved_words
from reconciler.render.view.parts import Choice, ProjectView, Row, Section

_DEEPEST: Final = 60
"""A browser's parser stops nesting at some hundred elements; a deeper choice shows its level."""


@dataclass(frozen=True, slots=True)
class Value:
    """A row, both sides escaped."""

    row: Row
    sides: Sides

    @property
    def name(self) -> str:
        return "order" if self.row.kind is Kind.REORDER else self.row.name

    @property
    def removes(self) -> bool:
        return self.row.kind is Kind.REMOVE


@dataclass(frozen=True, slots=True)
class Branch:
    """A choice. `opens` a list of choices below it; `closes` so many lists behind it, `to_top` all of them.

    `removes` is true if it is removed, loses something, or is above a choice that does.
    """

    sign: Sign
    name: str
    level: int
    changes: tuple[Value, ...]
    moved: str
    location: Source | None
    opens: bool
    closes: int
    to_top: bool
    removes: bool

    @property
    def too_deep(self) -> bool:
        return self.level > _DEEPEST


@dataclass(frozen=True, slots=True)
class Part:
    """A section. `folded` if its tree would push everything else out of sight."""

    section: Section
    call: str
    values: tuple[Value, ...]
    order: tuple[Value, ...]
    branches: tuple[Branch, ...]
    left_out: tuple[str, ...]
    folded: bool

    @property
    def column(self) -> str:
        return {"params": "Parameter", "ontology": "Attribute"}.get(self.section.title, "Field")

    @property
    def removes(self) -> bool:
        return any(value.removes for value in self.values) or any(branch.removes for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Card:
    """All of one project. A `brief` one has no values, for a page that is full."""

    project: ProjectView
    anchor: str
    parts: tuple[Part, ...] = ()
    removes: bool = False
    is_brief: bool = False

    def brief(self) -> Card:
        return replace(self, parts=(), is_brief=True)


def card(project: ProjectView, number: int, room: Room) -> Card:
    parts = tuple(_part(section, room) for section in project.sections)
    return Card(project, f"project-{number}", parts, any(part.removes for part in parts))


def _part(section: Section, room: Room) -> Part:
    shown, left_out = shown_choices(section.choices, most=MOST_CHOICES)
    call = section.total_words if section.created else ", ".join(filter(None, (section.call, section.note)))
    return Part(
        section,
        call.replace("->", "→") if section.title else "",
        values=_values(section.rows, room),
        order=_values(section.order, room),
        branches=tuple(_branches(shown, room)),
        left_out=tuple(filter(None, (section.left_out_words, left_out))),
        folded=section.created and len(shown) > MOST_CREATED,
    )


def _values(rows: Sequence[Row], room: Room) -> tuple[Value, ...]:
    return tuple(Value(row, sides(row, room)) for row in rows)


def _branches(choices: Sequence[Choice], room: Room) -> Iterator[Branch]:
    """Choices in reading order, each no more than one level below the one before it."""
    removes = _removing(choices)
    for position, choice in enumerate(choices):
        depth = min(choice.depth, _DEEPEST)
        following = min(choices[position + 1].depth, _DEEPEST) if position + 1 < len(choices) else 0
        yield Branch(
            sign=choice.sign,
            name=choice_text(choice.name, loose=choice.loose),
            level=choice.depth + 1,
            changes=_values(choice.details, room),
            moved="" if choice.moved_from is None else moved_words(choice.moved_from),
            location=choice.location,
            opens=following > depth,
            closes=max(0, depth - following),
            to_top=following == 0,
            removes=removes[position],
        )


def _removing(choices: Sequence[Choice]) -> list[bool]:
    found = [
        choice.sign is Sign.REMOVE or any(detail.sign is Sign.REMOVE for detail in choice.details) for choice in choices
    ]
    below: list[int] = []
    for position, choice in enumerate(choices):
        while below and choices[below[-1]].depth >= choice.depth:
            below.pop()
        below.append(position)
        if found[position]:
            for above in below:
                found[above] = True
    return found
