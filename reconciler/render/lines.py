"""Rows and choices as lines of text: a value, two values with an arrow, a text line by line, a new order.

With `split`, lines are for a `diff` fence, which GitHub colors by their first character: a changed value becomes a
removed line and an added line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.model.plan import Kind
from reconciler.model.values import Absent, Json
from reconciler.render.escape import plain
from reconciler.render.layout import INK, Ink, Line, width
from reconciler.render.signs import Sign
from reconciler.render.spelling import (
    CHANGED_UNSEEN,
    LINE,
    arrow,
    both_sides,
    choice_text,
    compact,
    is_text,
    moved_words,
    renamed_text,
    whole,
)
from reconciler.render.textdiff import DiffLine, diff, is_long, lines_of
from reconciler.render.view.parts import Choice, Row, Section

MOST_CREATED: Final = 24
_HEAD: Final = 8
"""How many choices of a new project, and how many lines of a text in it, are shown if the section is brief."""

_ALIGNED_UP_TO: Final = 20
_SENTENCE: Final = re.compile(r"(?<=[.!?;:]) (?=\S)|(?<=>)(?=<)")


@dataclass(frozen=True, slots=True)
class _How:
    """How rows are laid out. If `brief`, only the head of what is long; if `full`, unchanged lines of texts, too."""

    split: bool = False
    brief: bool = False
    full: bool = False

    def spell(self, value: Json | Absent) -> str:
        return compact(value) if self.brief else whole(value)


def _block(rows: Sequence[Row], how: _How, *, depth: int, least: int = 0) -> Iterator[Line]:
    """One row after another. Equal signs after short names are aligned, at least `least` columns from their start."""
    spelled = [plain(row.name) for row in rows]
    pad = 0 if how.split else max((width(name) for name in spelled if width(name) <= _ALIGNED_UP_TO), default=0)
    pad = max(pad, least)
    for row, name in zip(rows, spelled, strict=True):
        yield from _row_lines(row, name + " " * (pad - width(name)), how, depth=depth)


def section_lines(section: Section, *, depth: int, least: int = 0, split: bool = False) -> Iterator[Line]:
    """The rows and choices of a section. Only in text (not `split`), a section may be brief."""
    how = _How(split, section.brief and not split, section.full)
    yield from _block(section.rows, how, depth=depth, least=least)
    yield from _tree_lines(section, how, depth=depth)
    if section.hidden:
        yield Line(f"# ({section.hidden_words})", None, depth, ink=Ink.DIM)


def is_shortened(section: Section) -> bool:
    """Whether the text of a section lacks some of it."""
    return section.brief and (
        len(section.choices) > MOST_CREATED + 1
        or any(_is_shortened(row.after) for row in section.rows)
        or any(_is_shortened(detail.after) for choice in section.choices for detail in choice.details)
    )


def _is_shortened(value: Json | Absent) -> bool:
    if is_text(value) and is_long(value):
        return value.count("\n") + (not value.endswith("\n")) > _HEAD + 1
    return compact(value) != whole(value)


def seen_lines(section: Section) -> Iterator[Line]:
    """What happened on Scale, row by row, with the row's sign and note on its first line."""
    for row in section.rows:
        if row.said:
            yield Line(f"{plain(row.name)} {row.said}", row.sign, 0, row.note)
            continue
        how = _How(full=section.full)
        first, *rest = _row_lines(replace(row, location=None, note=""), plain(row.name), how, depth=0)
        yield replace(first, sign=row.sign, remark=row.note)
        yield from rest


def _row_lines(row: Row, name: str, how: _How, *, depth: int) -> Iterator[Line]:
    """One changed value. `name` is escaped already."""
    remark = _remark(row.note, row.location)
    if row.kind in (Kind.ADD, Kind.REMOVE, Kind.MOVE, None):
        yield from _one_side(row, name, how, depth, remark)
    elif row.kind is Kind.REORDER:
        yield Line(f"{name.rstrip()}: order {arrow(row.kind, row.before, row.after)}", row.sign, depth, remark)
    elif how.split:
        yield from _split(row, name, how, depth, remark)
    elif is_text(row.before) and is_text(row.after) and (is_long(row.before) or is_long(row.after)):
        yield Line(f"{name} = <<-EOT", row.sign, depth, remark)
        yield from (_diff_line(line, depth + 1) for line in diff(row.before, row.after, whole=how.full))
        yield Line("EOT", None, depth)
    else:
        yield Line(f"{name} = {arrow(row.kind, row.before, row.after)}", row.sign, depth, remark)


def _tree_lines(section: Section, how: _How, *, depth: int) -> Iterator[Line]:
    """The choices that change, and the choices above them. If brief, only the first choices of a new project."""
    for detail in section.order:
        yield from _detail_lines(detail, how, depth)
    every = section.choices
    shown = every[:MOST_CREATED] if how.brief and len(every) > MOST_CREATED + 1 else every
    for choice in shown:
        yield from _choice_lines(choice, how, depth)
    if len(shown) < len(every):
        yield Line(f"… {len(every) - len(shown):,} more", None, depth)


def _remark(*parts: object) -> str:
    words = ", ".join(plain(str(part)) for part in parts if part)
    return f"# {words}" if words else ""


def _one_side(row: Row, name: str, how: _How, depth: int, remark: str) -> Iterator[Line]:
    """A value that is added, removed, or unchanged."""
    value = row.before if row.kind is Kind.REMOVE else row.after
    if not is_text(value) or not is_long(value):
        yield Line(f"{name} = {how.spell(value)}", row.sign, depth, remark)
        return
    lines, total = lines_of(value, most=_HEAD if how.brief else None)
    if how.split:
        yield Line(f"{name} = ({count(total, 'line')})", row.sign, depth, remark)
        yield from (Line(line.text, row.sign, depth + 1) for line in lines)
        return
    ink = INK[Sign.REMOVE] if row.kind is Kind.REMOVE else None
    yield Line(f"{name} = <<-EOT", row.sign, depth)
    for line in lines:
        yield Line(line.text, None, depth + 1, ink=Ink.DIM if line.remark else ink)
    file = row.location.file if row.location else ""
    yield Line("EOT", None, depth, _remark(count(total, "line"), file), ink=ink)


def _split(row: Row, name: str, how: _How, depth: int, remark: str) -> Iterator[Line]:
    both = both_sides(row.kind, row.before, row.after)
    if both is None:
        yield Line(f"{name} = {CHANGED_UNSEEN}", Sign.CHANGE, depth, remark)
        return
    if (lines := _prose(row, how)) is not None:
        yield Line(name, None, depth, remark)
        yield from (_diff_line(line, depth + 1) for line in lines)
        return
    yield Line(f"{name} = {both[0]}", Sign.REMOVE, depth)
    yield Line(f"{name} = {both[1]}", Sign.ADD, depth, remark)


def _prose(row: Row, how: _How) -> list[DiffLine] | None:
    """Two texts line by line. A long text in one line is broken after each sentence. None for other values."""
    before, after = row.before, row.after
    if not (is_text(before) and is_text(after)):
        return None
    if is_long(before) or is_long(after):
        return diff(before, after, whole=how.full)
    if max(len(before), len(after)) <= LINE or "\n" in before + after:
        return None
    lines = diff(_SENTENCE.sub("\n", before), _SENTENCE.sub("\n", after))
    return lines if any(line.sign for line in lines) else None


def _diff_line(line: DiffLine, depth: int) -> Line:
    if line.sign:
        return Line(line.text, line.sign, depth, ink=INK[line.sign])
    return Line(line.text, None, depth, ink=Ink.DIM if line.remark else None)


def _choice_lines(choice: Choice, how: _How, depth: int) -> Iterator[Line]:
    name = choice_text(choice.name, loose=choice.loose)
    if choice.renamed_from is not None:
        name = renamed_text(choice.renamed_from, choice.name, declared=choice.declared)
    moved = moved_words(choice.moved_from) if choice.moved_from is not None else ""
    if choice.renamed_to is not None:
        moved = f"renamed to {choice_text(choice.renamed_to, loose=False)}"
    remark = _remark(moved, choice.location)
    heading = how.split and choice.sign is Sign.CHANGE and choice.renamed_from is None
    sign = None if heading else choice.sign
    if choice.sign in (Sign.ADD, None) or (choice.sign is Sign.REMOVE and not choice.loose):
        values = (
            (detail.name, detail.before if choice.sign is Sign.REMOVE else detail.after) for detail in choice.details
        )
        words = ", ".join(f"{plain(key)} {how.spell(value)}" for key, value in values) if choice.details else ""
        yield Line(f"{name}: {words.strip()}" if words else name, sign, depth, remark, level=choice.depth)
        return
    inline = not how.split and len(choice.details) == 1 and not _needs_lines(choice.details[0])
    yield Line(f"{name}: {_in_line(choice.details[0])}" if inline else name, sign, depth, remark, level=choice.depth)
    for detail in () if inline else choice.details:
        yield from (replace(line, level=choice.depth) for line in _detail_lines(detail, how, depth + 1))


def _needs_lines(detail: Row) -> bool:
    texts = [side for side in (detail.before, detail.after) if isinstance(side, str)]
    return detail.kind is Kind.REORDER or any(map(is_long, texts))


def _in_line(detail: Row) -> str:
    name = plain(detail.name)
    if detail.kind in (Kind.ADD, Kind.REMOVE):
        words = f"{detail.sign} {name} {whole(detail.after if detail.kind is Kind.ADD else detail.before)}"
    else:
        words = f"{name} {arrow(detail.kind, detail.before, detail.after)}"
    return words.strip()


def _detail_lines(detail: Row, how: _How, depth: int) -> Iterator[Line]:
    if detail.kind is Kind.REORDER:
        yield Line(f"order: {arrow(detail.kind, detail.before, detail.after)}", detail.sign, depth)
    else:
        yield from _row_lines(detail, plain(detail.name) or "value", how, depth=depth)
