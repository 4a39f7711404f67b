"""One project as a page shows it: its values side by side or as prose, and its ontology as a tree. Escaped and cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.model.plan import Kind
from reconciler.render.html.prose import marked, prose
from reconciler.render.lines import MOST_CHOICES, MOST_CREATED, is_text, shown_choices
from reconciler.render.phrases import count
from reconciler.render.signs import Sign
from reconciler.render.spelling import CHANGED_UNSEEN, LINE, both_sides, compact
from reconciler.render.textdiff import DiffLine, head_of, is_long
from reconciler.render.view.parts import Choice, ProjectView, Row, Section
from reconciler.render.worddiff import Effort, Fate, Piece

_ROOM: Final = 2 * LINE
_MOST_LINES: Final = 60
_UNFOLDED: Final = 8
_DEEPEST: Final = 60
"""A browser's parser stops nesting after a few hundred elements. Deeper choices show their level instead."""


@dataclass(slots=True)
class Room:
    """How many more lines of prose a project may show, and the effort that is left for the page."""

    effort: Effort
    lines: int = 600


@dataclass(frozen=True, slots=True)
class Value:
    """A row. `before` and `after` are empty if there is nothing on that side, or if `lines` show both.

    `said` replaces the values. For a text that is added or removed, `total` is its number of lines, and `folded`
    are the lines that would push everything else out of sight.
    """

    row: Row
    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()
    lines: tuple[DiffLine, ...] = ()
    said: str = ""
    total: str = ""
    folded: tuple[DiffLine, ...] = ()

    @property
    def removes(self) -> bool:
        return self.row.kind is Kind.REMOVE


@dataclass(slots=True)
class Branch:
    """A choice and the choices below it. `removes`: something is removed here or below."""

    choice: Choice
    changes: tuple[Value, ...]
    removes: bool
    below: list[Branch] = field(default_factory=list)

    @property
    def too_deep(self) -> bool:
        return self.choice.depth >= _DEEPEST


@dataclass(frozen=True, slots=True)
class Part:
    """A section. `folded` if its tree would push everything else out of sight."""

    section: Section
    call: str
    values: tuple[Value, ...]
    order: tuple[Value, ...]
    branches: Sequence[Branch]
    left_out: tuple[str, ...]
    folded: bool

    @property
    def removes(self) -> bool:
        return any(value.removes for value in self.values) or any(branch.removes for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Card:
    """All of one project. A brief card has no values; it is for a page that is full."""

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
        branches=_branches(shown, room),
        left_out=tuple(filter(None, (section.left_out_words, left_out))),
        folded=section.created and len(shown) > MOST_CREATED,
    )


def _branches(choices: Sequence[Choice], room: Room) -> Sequence[Branch]:
    """Choices in reading order as a tree. Each is at most one level below the one before it."""
    top: list[Branch] = []
    above: list[Branch] = []
    for choice in choices:
        del above[min(choice.depth, _DEEPEST) :]
        removes = choice.sign is Sign.REMOVE or any(detail.sign is Sign.REMOVE for detail in choice.details)
        branch = Branch(choice, _values(choice.details, room), removes)
        (above[-1].below if above else top).append(branch)
        above.append(branch)
        if removes:
            for parent in above:
                parent.removes = True
    return top


def _values(rows: Sequence[Row], room: Room) -> tuple[Value, ...]:
    return tuple(value_of(row, room) for row in rows)


def value_of(row: Row, room: Room) -> Value:
    """Both sides of one change. They look different if the values do; masked values are never compared."""
    kind, before, after = row.kind, row.before, row.after
    if row.said:
        return Value(row, said=row.said)
    if kind in (Kind.ADD, Kind.REMOVE):
        return _one_side(row, room)
    texts = kind is Kind.CHANGE and room.lines > 0
    if texts and is_text(before) and is_text(after) and (_is_prose(before) or _is_prose(after)):
        lines = prose(before, after, room.effort)
        room.lines -= len(lines)
        return Value(row, lines=lines)
    both = both_sides(kind, before, after, room=_ROOM)
    if both is None:
        return Value(row, said=CHANGED_UNSEEN)
    return Value(row, *marked(*both, room.effort))


def _one_side(row: Row, room: Room) -> Value:
    removed = row.kind is Kind.REMOVE
    value = row.before if removed else row.after
    if is_text(value) and _is_prose(value) and room.lines > 0:
        lines, total = head_of(value, most=_MOST_LINES)
        if removed:
            lines = [line if line.remark else replace(line, sign=Sign.REMOVE) for line in lines]
        room.lines -= len(lines)
        head = len(lines) if len(lines) <= 2 * _UNFOLDED else _UNFOLDED
        return Value(row, lines=tuple(lines[:head]), folded=tuple(lines[head:]), total=count(total, "line"))
    pieces = (Piece(Fate.KEPT, compact(value, room=_ROOM)),)
    return Value(row, before=pieces) if removed else Value(row, after=pieces)


def _is_prose(text: str) -> bool:
    return is_long(text) or len(text) > LINE
