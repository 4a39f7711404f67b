"""One changed value as lines of text: a value, an arrow between two, a text line by line, a new order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.fieldpath import FieldPath
from reconciler.model.plan import Kind
from reconciler.model.project import Source
from reconciler.model.values import MASKED, Absent, Json, Masked
from reconciler.render.counting import count
from reconciler.render.escape import label, look_alike, plain
from reconciler.render.layout import Line, width
from reconciler.render.paint import Ink
from reconciler.render.places import place, shown_file
from reconciler.render.signs import INK, OF_KIND, Sign
from reconciler.render.textdiff import DiffLine, Role, diff, head_of, is_long
from reconciler.render.tree import ChoiceRow, Detail, Tree
from reconciler.render.values import LINE, compact, contrast
from reconciler.render.view import Row

_HEAD: Final = 8
_ALIGNED_UP_TO: Final = 20
_LONGEST_NAME: Final = 200
_MOST_IN_ORDER: Final = 6
MOST_CREATED: Final = 24
MOST_CHOICES: Final = 200
CHANGED_UNSEEN: Final = "(sensitive value, changed)"


def path_text(path: FieldPath) -> str:
    """A path as a label: exact, harmless, and no longer than a line."""
    return name_text(Row(Kind.ADD, path).name)


def name_text(name: str) -> str:
    """A name as a label, with its middle left out where it is longer than a line."""
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME // 2]}…{name[-_LONGEST_NAME // 4 :]} ({len(name):,} characters)"
    return plain(name)


def block(rows: Sequence[Row], *, depth: int, base: str, least: int = 0) -> Iterator[Line]:
    """Rows below one another, the signs of equality of the short names aligned, `least` columns behind their start."""
    names = [path_text(row.path) for row in rows]
    pad = max((width(name) for name in names if width(name) <= _ALIGNED_UP_TO), default=0)
    pad = max(pad, least)
    for row, name in zip(rows, names, strict=True):
        padded = name + " " * (pad - width(name))
        yield from value_lines(
            row.kind, padded, row.before, row.after, depth=depth, source=row.source, base=base, note=row.note
        )


def value_lines(
    kind: Kind,
    name: str,
    before: Json | Absent,
    after: Json | Absent,
    *,
    depth: int,
    base: str,
    source: Source | None = None,
    note: str = "",
) -> Iterator[Line]:
    """One changed value. `name` is escaped already."""
    sign = OF_KIND[kind]
    remarks = [*([note] if note else []), *([place(source, base)] if source else [])]
    where = f"# {', '.join(remarks)}" if remarks else ""
    if kind in (Kind.ADD, Kind.REMOVE):
        value = after if kind is Kind.ADD else before
        if isinstance(value, str) and is_long(value):
            yield from _text_lines(sign, name, value, depth=depth, source=source, base=base)
        else:
            yield Line(f"{name} = {compact(value)}", sign, depth, where)
    elif kind is Kind.CHANGE and isinstance(before, str) and isinstance(after, str) and _by_lines(before, after):
        yield Line(f"{name} = <<-EOT", sign, depth, where)
        yield from (_diff_line(line, depth + 1) for line in diff(before, after))
        yield Line("EOT", None, depth)
    elif kind is Kind.REORDER:
        yield Line(f"{name.rstrip()}: order {arrow(before, after, kind=kind)}", sign, depth, where)
    else:
        yield Line(f"{name} = {arrow(before, after)}", sign, depth, where)


def arrow(before: Json | Absent, after: Json | Absent, *, kind: Kind = Kind.CHANGE) -> str:
    """`10 -> 12`; where both sides are hidden, that something changed."""
    both = both_sides(kind, before, after)
    return CHANGED_UNSEEN if both is None else " -> ".join(both)


def both_sides(kind: Kind, before: Json | Absent, after: Json | Absent, *, room: int = LINE) -> tuple[str, str] | None:
    """The two sides of an arrow, None where both are hidden. Of a new order, what stands otherwise than before."""
    if isinstance(before, Masked) and isinstance(after, Masked):
        return None
    if kind is Kind.REORDER and isinstance(before, list | tuple) and isinstance(after, list | tuple):
        return _order(before, after, room)
    return contrast(before, after, room=room)


def _by_lines(before: str, after: str) -> bool:
    return not isinstance(before, Masked) and not isinstance(after, Masked) and (is_long(before) or is_long(after))


def _text_lines(sign: Sign, name: str, text: str, *, depth: int, base: str, source: Source | None) -> Iterator[Line]:
    lines, total = head_of(text, most=_HEAD)
    ink = INK[sign] if sign is Sign.REMOVE else None
    yield Line(f"{name} = <<-EOT", sign, depth)
    for line in lines:
        yield Line(line.text, None, depth + 1, ink=Ink.DIM if line.role is Role.REMARK else ink)
    file = f", {shown_file(source.file, base)}" if source else ""
    yield Line("EOT", None, depth, f"# {count(total, 'line')}{file}", ink=ink)


def _diff_line(line: DiffLine, depth: int) -> Line:
    if line.sign:
        return Line(line.text, line.sign, depth, ink=INK[line.sign])
    return Line(line.text, None, depth, ink=Ink.DIM if line.role is Role.REMARK else None)


def _order(before: Sequence[Json], after: Sequence[Json], room: int) -> tuple[str, str]:
    """What keeps its place at the start and the end is left out."""
    shortest = min(len(before), len(after))
    head = 0
    while head < shortest and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < shortest - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    left, right = (_items(side, head, len(side) - tail) for side in (before, after))
    return contrast(list(before), list(after), room=room) if left == right or look_alike(left, right) else (left, right)


def _items(items: Sequence[Json], first: int, last: int) -> str:
    shown = [compact(item, room=LINE // 3) for item in items[first : min(last, first + _MOST_IN_ORDER)]]
    left_out = last - first - len(shown)
    before = ["…"] if first else []
    after = [f"… {left_out:,} more"] if left_out else ["…"] if last < len(items) else []
    return ", ".join([*before, *shown, *after])


def tree_lines(tree: Tree, *, depth: int, base: str, created: bool) -> Iterator[Line]:
    """The choices that change, with those above them. Of a new project's choices only the first are shown."""
    for detail in tree.order:
        yield from _detail_lines(detail, depth=depth, base=base)
    shown, left_out = shown_choices(tree, most=MOST_CREATED if created else MOST_CHOICES)
    for row in shown:
        yield from _choice_lines(row, depth=depth + row.depth, base=base)
    if left_out:
        yield Line(left_out, None, depth)


def shown_choices(tree: Tree, *, most: int) -> tuple[Sequence[ChoiceRow], str]:
    """The first `most` choices or so, and what is to be said of the others; empty without others."""
    every = (*tree.rows, *tree.loose)
    shown = every if len(every) <= most + 1 else every[:most]
    left_out = every[len(shown) :]
    if not left_out:
        return shown, ""
    removed = sum(row.sign is Sign.REMOVE for row in left_out)
    words = f", {removed:,} of them removed" if removed else ""
    return shown, f"… {len(left_out):,} more{words}"


def _choice_lines(row: ChoiceRow, *, depth: int, base: str) -> Iterator[Line]:
    name = choice_name(row)
    remarks = [moved_words(row.moved_from)] if row.moved_from is not None else []
    if row.source and row.sign is not Sign.REMOVE:
        remarks.append(place(row.source, base))
    remark = f"# {', '.join(remarks)}" if remarks else ""
    if row.sign is Sign.ADD:
        words = ", ".join(f"{detail.name} {compact(detail.after, room=60)}" for detail in row.details)
        yield Line(f"{name}: {words.strip()}" if words else name, row.sign, depth, remark)
        return
    inline = len(row.details) == 1 and not _stands_below(row.details[0])
    words = f": {_in_line(row.details[0])}" if inline else ""
    yield Line(name + words, row.sign, depth, remark)
    for detail in () if inline else row.details:
        yield from _detail_lines(detail, depth=depth + 1, base=base)


def choice_name(row: ChoiceRow) -> str:
    """Its name, or where it belongs to no tree its path, escaped."""
    if isinstance(row.name, Masked):
        return str(row.name)
    return name_text(row.name) if row.loose else choice_text(row.name)


def _stands_below(detail: Detail) -> bool:
    texts = [side for side in (detail.before, detail.after) if isinstance(side, str)]
    return detail.kind is Kind.REORDER or any(map(is_long, texts))


def _in_line(detail: Detail) -> str:
    name = plain(detail.name)
    if detail.kind is Kind.ADD:
        words = f"+ {name} {compact(detail.after)}"
    elif detail.kind is Kind.REMOVE:
        words = f"- {name} {compact(detail.before)}"
    else:
        words = f"{name} {arrow(detail.before, detail.after)}"
    return words.strip()


def _detail_lines(detail: Detail, *, depth: int, base: str) -> Iterator[Line]:
    if detail.kind is Kind.REORDER:
        yield Line(f"order: {arrow(detail.before, detail.after, kind=detail.kind)}", detail.sign, depth)
    else:
        name = plain(detail.name)
        yield from value_lines(detail.kind, name, detail.before, detail.after, depth=depth, base=base)


def moved_words(parent: str) -> str:
    """Where a choice came from, escaped."""
    if parent == MASKED:
        return f"moved here from {MASKED}"
    return f"moved here from {name_text(parent) if parent else 'the top level'}"


def choice_text(name: str) -> str:
    """A choice's name as it stands in a tree."""
    return label(name) if len(name) <= _LONGEST_NAME else compact(name)
