"""Rows and choices as lines of text: a value, two values with an arrow, a text line by line, a new order.

With `split`, lines are for a `diff` fence, which GitHub colors by their first character: a changed value becomes a
removed line and an added line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeGuard

from reconciler.model.plan import Kind
from reconciler.model.values import Masked
from reconciler.render.escape import plain
from reconciler.render.layout import INK, Ink, Line, width
from reconciler.render.phrases import count
from reconciler.render.signs import Sign
from reconciler.render.spelling import (
    CHANGED_UNSEEN,
    LINE,
    arrow,
    both_sides,
    choice_text,
    compact,
    moved_words,
    name_text,
)
from reconciler.render.textdiff import DiffLine, diff, head_of, is_long
from reconciler.render.view.parts import Choice, Row, Section

MOST_CREATED: Final = 24
MOST_CHOICES: Final = 200
_MOST_SPLIT: Final = 100
_HEAD: Final = 8
_SPLIT_HEAD: Final = 12
_ALIGNED_UP_TO: Final = 20
_SENTENCE: Final = re.compile(r"(?<=[.!?;:]) (?=\S)|(?<=>)(?=<)")


def block(rows: Sequence[Row], *, depth: int, least: int = 0, split: bool = False) -> Iterator[Line]:
    """One row after another. Equal signs after short names are aligned, at least `least` columns from their start."""
    spelled = [name_text(row.name) for row in rows]
    pad = 0 if split else max((width(name) for name in spelled if width(name) <= _ALIGNED_UP_TO), default=0)
    pad = max(pad, least)
    for row, name in zip(rows, spelled, strict=True):
        yield from row_lines(row, name + " " * (pad - width(name)), depth=depth, split=split)


def section_lines(section: Section, *, depth: int, least: int = 0, split: bool = False) -> Iterator[Line]:
    """The rows and choices of a section, and how many more there are."""
    yield from block(section.rows, depth=depth, least=least, split=split)
    if section.left_out:
        yield Line(section.left_out_words, None, depth)
    yield from tree_lines(section, depth=depth, split=split)
    if section.hidden:
        yield Line(f"# ({section.hidden_words})", None, depth, ink=Ink.DIM)


def seen_lines(section: Section) -> Iterator[Line]:
    """What happened on Scale, row by row, with the row's sign and note on its first line."""
    for row in section.rows:
        if row.said:
            yield Line(f"{name_text(row.name)} {row.said}", row.sign, 0, row.note)
            continue
        first, *rest = row_lines(replace(row, location=None, note=""), name_text(row.name), depth=0)
        yield replace(first, sign=row.sign, remark=row.note)
        yield from rest
    if section.left_out:
        yield Line(section.left_out_words)


def row_lines(row: Row, name: str, *, depth: int, split: bool = False) -> Iterator[Line]:
    """One changed value. `name` is escaped already."""
    remark = _remark(row.note, row.location)
    if row.kind in (Kind.ADD, Kind.REMOVE):
        yield from _one_side(row, name, depth, remark, split)
    elif row.kind is Kind.REORDER:
        yield Line(f"{name.rstrip()}: order {arrow(row.kind, row.before, row.after)}", row.sign, depth, remark)
    elif split:
        yield from _split(row, name, depth, remark)
    elif is_text(row.before) and is_text(row.after) and (is_long(row.before) or is_long(row.after)):
        yield Line(f"{name} = <<-EOT", row.sign, depth, remark)
        yield from (_diff_line(line, depth + 1) for line in diff(row.before, row.after))
        yield Line("EOT", None, depth)
    else:
        yield Line(f"{name} = {arrow(row.kind, row.before, row.after)}", row.sign, depth, remark)


def tree_lines(section: Section, *, depth: int, split: bool = False) -> Iterator[Line]:
    """The choices that change, and the choices above them. In text, a new project shows only its first choices."""
    for detail in section.order:
        yield from _detail_lines(detail, depth, split)
    most = _MOST_SPLIT if split else MOST_CREATED if section.created else MOST_CHOICES
    shown, left_out = shown_choices(section.choices, most=most)
    for choice in shown:
        yield from _choice_lines(choice, depth + choice.depth, split)
    if left_out:
        yield Line(left_out, None, depth)


def shown_choices(every: Sequence[Choice], *, most: int) -> tuple[Sequence[Choice], str]:
    """About the first `most` choices, and how many more there are, in words."""
    shown = every if len(every) <= most + 1 else every[:most]
    left_out = every[len(shown) :]
    if not left_out:
        return shown, ""
    removed = sum(choice.sign is Sign.REMOVE for choice in left_out)
    words = f", {removed:,} of them removed" if removed else ""
    return shown, f"… {len(left_out):,} more{words}"


def _remark(*parts: object) -> str:
    words = ", ".join(plain(str(part)) for part in parts if part)
    return f"# {words}" if words else ""


def is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not isinstance(value, Masked)


def _one_side(row: Row, name: str, depth: int, remark: str, split: bool) -> Iterator[Line]:
    """A value that is added or removed. If a text has several lines, the first ones are shown."""
    value = row.after if row.kind is Kind.ADD else row.before
    if not is_text(value) or not is_long(value):
        yield Line(f"{name} = {compact(value)}", row.sign, depth, remark)
        return
    lines, total = head_of(value, most=_SPLIT_HEAD if split else _HEAD)
    if split:
        yield Line(f"{name} = ({count(total, 'line')})", row.sign, depth, remark)
        yield from (Line(line.text, row.sign, depth + 1) for line in lines)
        return
    ink = INK[Sign.REMOVE] if row.kind is Kind.REMOVE else None
    yield Line(f"{name} = <<-EOT", row.sign, depth)
    for line in lines:
        yield Line(line.text, None, depth + 1, ink=Ink.DIM if line.remark else ink)
    file = row.location.file if row.location else ""
    yield Line("EOT", None, depth, _remark(count(total, "line"), file), ink=ink)


def _split(row: Row, name: str, depth: int, remark: str) -> Iterator[Line]:
    both = both_sides(row.kind, row.before, row.after)
    if both is None:
        yield Line(f"{name} = {CHANGED_UNSEEN}", Sign.CHANGE, depth, remark)
        return
    if (lines := _prose(row)) is not None:
        yield Line(name, None, depth, remark)
        yield from (_diff_line(line, depth + 1) for line in lines)
        return
    yield Line(f"{name} = {both[0]}", Sign.REMOVE, depth)
    yield Line(f"{name} = {both[1]}", Sign.ADD, depth, remark)


def _prose(row: Row) -> list[DiffLine] | None:
    """Two texts line by line. A long text in one line is broken after each sentence. None for other values."""
    before, after = row.before, row.after
    if not (is_text(before) and is_text(after)):
        return None
    if is_long(before) or is_long(after):
        return diff(before, after)
    if max(len(before), len(after)) <= LINE or "\n" in before + after:
        return None
    lines = diff(_SENTENCE.sub("\n", before), _SENTENCE.sub("\n", after))
    return lines if any(line.sign for line in lines) else None


def _diff_line(line: DiffLine, depth: int) -> Line:
    if line.sign:
        return Line(line.text, line.sign, depth, ink=INK[line.sign])
    return Line(line.text, None, depth, ink=Ink.DIM if line.remark else None)


def _choice_lines(choice: Choice, depth: int, split: bool) -> Iterator[Line]:
    name = choice_text(choice.name, loose=choice.loose)
    moved = moved_words(choice.moved_from) if choice.moved_from is not None else ""
    remark = _remark(moved, choice.location)
    sign = None if split and choice.sign is Sign.CHANGE else choice.sign
    if choice.sign is Sign.ADD:
        words = ", ".join(f"{plain(detail.name)} {compact(detail.after, room=60)}" for detail in choice.details)
        yield Line(f"{name}: {words.strip()}" if words else name, sign, depth, remark)
        return
    inline = not split and len(choice.details) == 1 and not _needs_lines(choice.details[0])
    yield Line(f"{name}: {_in_line(choice.details[0])}" if inline else name, sign, depth, remark)
    for detail in () if inline else choice.details:
        yield from _detail_lines(detail, depth + 1, split)


def _needs_lines(detail: Row) -> bool:
    texts = [side for side in (detail.before, detail.after) if isinstance(side, str)]
    return detail.kind is Kind.REORDER or any(map(is_long, texts))


def _in_line(detail: Row) -> str:
    name = plain(detail.name)
    if detail.kind in (Kind.ADD, Kind.REMOVE):
        words = f"{detail.sign} {name} {compact(detail.after if detail.kind is Kind.ADD else detail.before)}"
    else:
        words = f"{name} {arrow(detail.kind, detail.before, detail.after)}"
    return words.strip()


def _detail_lines(detail: Row, depth: int, split: bool) -> Iterator[Line]:
    if detail.kind is Kind.REORDER:
        yield Line(f"order: {arrow(detail.kind, detail.before, detail.after)}", detail.sign, depth)
    else:
        yield from row_lines(detail, plain(detail.name) or "value", depth=depth, split=split)
