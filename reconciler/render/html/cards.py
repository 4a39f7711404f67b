"""One project as a page shows it: its values side by side or as prose, and its ontology as a tree. Escaped and cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from itertools import chain
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.model.plan import Kind
from reconciler.model.values import ABSENT
from reconciler.render.alignment import common_edges
from reconciler.render.html.prose import marked, prose
from reconciler.render.html.rendered import INSTRUCTION, Viewer
from reconciler.render.lines import MOST_CREATED
from reconciler.render.signs import Sign
from reconciler.render.spelling import CHANGED_UNSEEN, LINE, both_sides, is_text, whole
from reconciler.render.textdiff import DiffLine, is_long, lines_of
from reconciler.render.view.parts import Choice, ProjectView, Row, Section
from reconciler.render.worddiff import Effort, Fate, Piece

_UNFOLDED: Final = 8
_DEEPEST: Final = 16
"""A phone has room for this many levels of indentation. Deeper choices show their level instead."""


@dataclass(frozen=True, slots=True)
class Value:
    """A row. `before` and `after` are empty if there is nothing on that side, or if `lines` show both.

    `said` replaces the values. For a text that is added or removed, `total` is its number of lines, and `folded`
    are the lines that would push everything else out of sight. `views` is the instruction's number on the page, if
    both texts are shown as labelers see them.
    """

    row: Row
    before: tuple[Piece, ...] = ()
    after: tuple[Piece, ...] = ()
    lines: tuple[DiffLine, ...] = ()
    said: str = ""
    total: str = ""
    folded: tuple[DiffLine, ...] = ()
    views: int | None = None

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


def card(project: ProjectView, number: int, effort: Effort, viewer: Viewer, *, most: int) -> Card:
    """The project's card. It is brief if more than `most` characters change."""
    if sum(map(_size, project.sections)) > most:
        return Card(project, f"project-{number}", is_brief=True)
    parts = tuple(_part(section, effort, viewer) for section in project.sections)
    return Card(project, f"project-{number}", parts, any(part.removes for part in parts))


def _size(section: Section) -> int:
    """About how many characters change, found without comparing texts line by line."""
    rows = chain(section.rows, section.order, *(choice.details for choice in section.choices))
    return sum(len(choice.name) for choice in section.choices) + sum(map(_row_size, rows))


def _row_size(row: Row) -> int:
    if is_text(row.before) and is_text(row.after):
        return len(row.before) + len(row.after) - 2 * sum(common_edges(row.before, row.after))
    size = len(row.name)
    waiting: list[object] = [row.before, row.after]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += (*value, *value.values())
        elif isinstance(value, list | tuple):
            waiting += value
        size += len(value) if isinstance(value, str) else 2
    return size


def _part(section: Section, effort: Effort, viewer: Viewer) -> Part:
    values = _values(section.rows, effort)
    if section.title == "params":
        values = tuple(replace(value, views=_views(value.row, viewer)) for value in values)
    call = section.total_words if section.created else ", ".join(filter(None, (section.call, section.note)))
    return Part(
        section,
        call.replace("->", "→") if section.title else "",
        values=values,
        order=_values(section.order, effort),
        branches=_branches(section.choices, effort),
        folded=section.created and len(section.choices) > MOST_CREATED,
    )


def _views(row: Row, viewer: Viewer) -> int | None:
    before, after = ("" if value is ABSENT else value for value in (row.before, row.after))
    return viewer.add(before, after) if row.name == INSTRUCTION and is_text(before) and is_text(after) else None


def _branches(choices: Sequence[Choice], effort: Effort) -> Sequence[Branch]:
    """Choices in reading order as a tree. Each is at most one level below the one before it."""
    top: list[Branch] = []
    above: list[Branch] = []
    for choice in choices:
        del above[min(choice.depth, _DEEPEST) :]
        gone = choice.sign is Sign.REMOVE or choice.renamed_from is not None
        removes = gone or any(detail.sign is Sign.REMOVE for detail in choice.details)
        branch = Branch(choice, _values(choice.details, effort), removes)
        (above[-1].below if above else top).append(branch)
        above.append(branch)
        if removes:
            for parent in above:
                parent.removes = True
    return top


def _values(rows: Sequence[Row], effort: Effort) -> tuple[Value, ...]:
    return tuple(value_of(row, effort) for row in rows)


def value_of(row: Row, effort: Effort) -> Value:
    """Both sides of one change. They look different if the values do; masked values are never compared."""
    kind, before, after = row.kind, row.before, row.after
    if row.said:
        return Value(row, said=row.said)
    if kind in (Kind.ADD, Kind.REMOVE, Kind.MOVE, None):
        return _one_side(row)
    if is_text(before) and is_text(after) and (_is_prose(before) or _is_prose(after)):
        return Value(row, lines=prose(before, after, effort))
    both = both_sides(kind, before, after)
    if both is None:
        return Value(row, said=CHANGED_UNSEEN)
    return Value(row, *marked(*both, effort))


def _one_side(row: Row) -> Value:
    removed = row.kind is Kind.REMOVE
    value = row.before if removed else row.after
    if is_text(value) and _is_prose(value):
        lines, total = lines_of(value)
        if removed:
            lines = [line if line.remark else replace(line, sign=Sign.REMOVE) for line in lines]
        head = len(lines) if len(lines) <= 2 * _UNFOLDED else _UNFOLDED
        return Value(row, lines=tuple(lines[:head]), folded=tuple(lines[head:]), total=count(total, "line"))
    pieces = (Piece(Fate.KEPT, whole(value)),)
    return Value(row, before=pieces) if removed else Value(row, after=pieces)


def _is_prose(text: str) -> bool:
    return is_long(text) or len(text) > LINE
