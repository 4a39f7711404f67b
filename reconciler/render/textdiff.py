"""Two texts of several lines, compared line by line; only LF ends a line.

The result is escaped, and bounded in lines and in their length. So is the work: for texts too different to be aligned,
it says how many lines are replaced by how many. Whitespace that matters is made visible: trailing spaces, CR, a final
newline that is added or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reconciler.render.alignment import align, numbered
from reconciler.render.escape import exact, look_alike, plain
from reconciler.render.phrases import count
from reconciler.render.signs import Sign
from reconciler.render.spelling import common_edges, shared_start

MOST_LINES: Final = 60
LONGEST_LINE: Final = 400
_CONTEXT: Final = 1
_MOST_EDITS: Final = 400
_MOST_STEPS: Final = 1_000_000
_MOST_TO_ALIGN: Final = 200_000
_HEAD_OF_REPLACED: Final = 10


class Role(Enum):
    """What a line of the result is: part of the text, or a remark about it."""

    TEXT = "text"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`text` is escaped already. `sign` is None for what did not change and for remarks."""

    text: str
    sign: Sign | None = None
    role: Role = Role.TEXT


def is_long(text: str) -> bool:
    """Whether a text is shown line by line: it has a line end before its last character."""
    return "\n" in text[:-1]


def head_of(text: str, *, most: int) -> tuple[list[DiffLine], int]:
    """The first lines of a text and how many lines it has in all."""
    ended = text.endswith("\n")
    total = text.count("\n") + (not ended)
    lines = text.split("\n", most + 1)[: min(total, most + 1)]
    shown = lines if total <= most + 1 else lines[:most]
    spell = Spelling(shown)
    result = [DiffLine(shortened(spell, line, (0, 0))) for line in shown]
    if len(shown) < total:
        result.append(DiffLine("…"))
    elif ended:
        result.append(DiffLine("# (ends with a newline)", role=Role.REMARK))
    return result, total


def diff(before: str, after: str, *, most: int = MOST_LINES) -> list[DiffLine]:
    """The changed lines with a line around them, what is hidden counted."""
    found = compare(before, after, most=most)
    spell = Spelling([row.line for row in found.rows if row.role is Role.TEXT])
    return [*_spelled(found.rows, spell), *(DiffLine(words, role=Role.REMARK) for words in found.remarks)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is, of any length, or a remark instead of it."""

    line: str
    sign: Sign | None = None
    role: Role = Role.TEXT


@dataclass(frozen=True, slots=True)
class Comparison:
    """The rows to show, and remarks after them: what is left out, a final newline that is added or removed."""

    rows: list[Row]
    remarks: list[str]


def compare(before: str, after: str, *, most: int) -> Comparison:
    """Two texts line by line, about `most` lines of them; nothing is escaped or shortened yet."""
    old_ended, new_ended = before.endswith("\n"), after.endswith("\n")
    rows = _rows(before if old_ended else f"{before}\n", after if new_ended else f"{after}\n")
    changed = [row for row in rows if row.sign]
    shown = _cut(rows, most)
    remarks: list[str] = []
    left_out = len(changed) - sum(row.sign is not None for row in shown)
    if left_out:
        kept = [row for row in shown if row.sign]
        gone = sum(row.sign is Sign.REMOVE for row in changed) - sum(row.sign is Sign.REMOVE for row in kept)
        words = f"# ({count(left_out, 'more changed line')} not shown: {gone:,} removed, {left_out - gone:,} added)"
        remarks.append(words)
    if old_ended != new_ended:
        words = "no final newline before, one after" if new_ended else "a final newline before, none after"
        remarks.append(f"# ({words})")
    return Comparison(shown, remarks)


class Spelling:
    """How the lines of one comparison are spelled, so that different lines never look the same.

    A backslash is doubled only if the lines have both real backslashes and escapes.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        lines = [line[:LONGEST_LINE] + line[-LONGEST_LINE:] for line in lines]
        self._blank = "\\u0020" if any("·" in line for line in lines) else "·"
        escapes = any(plain(line) != line for line in lines) or (self._blank != "·" and any(map(_trails, lines)))
        self._double = escapes and any("\\" in line for line in lines)

    def __call__(self, line: str) -> str:
        body = line.rstrip(" ")
        trailing = self._blank * min(len(line) - len(body), LONGEST_LINE)
        return self.within(body) + trailing

    def within(self, piece: str) -> str:
        """A piece of a line that another one follows."""
        return plain(piece.replace("\\", "\\\\") if self._double else piece)


def _trails(line: str) -> bool:
    return line.endswith(" ")


def _spelled(rows: list[Row], spell: Spelling) -> Iterator[DiffLine]:
    """A replaced line and the line that replaces it are shortened together."""
    position = 0
    while position < len(rows):
        removed = _run(rows, position, Sign.REMOVE)
        added = _run(rows, position + len(removed), Sign.ADD)
        if not removed and not added:
            row = rows[position]
            text = row.line if row.role is Role.REMARK else shortened(spell, row.line, (0, 0))
            yield DiffLine(text, None, row.role)
            position += 1
            continue
        yield from _replacement(removed, added, spell)
        position += len(removed) + len(added)


def _run(rows: list[Row], start: int, sign: Sign) -> list[str]:
    end = start
    while end < len(rows) and rows[end].sign is sign:
        end += 1
    return [row.line for row in rows[start:end]]


def _replacement(removed: list[str], added: list[str], spell: Spelling) -> Iterator[DiffLine]:
    olds: list[str] = []
    news: list[str] = []
    for position in range(max(len(removed), len(added))):
        old = removed[position] if position < len(removed) else None
        new = added[position] if position < len(added) else None
        if old is None or new is None:
            side, line = (news, new) if old is None else (olds, old)
            side.append(shortened(spell, line or "", (0, 0)))
            continue
        edges = common_edges(old, new)
        left, right = shortened(spell, old, edges), shortened(spell, new, edges)
        if look_alike(left, right):
            left, right = exact(old[:LONGEST_LINE]), exact(new[:LONGEST_LINE])
        olds.append(left)
        news.append(right)
    yield from (DiffLine(line, Sign.REMOVE) for line in olds)
    yield from (DiffLine(line, Sign.ADD) for line in news)


def shortened(spell: Callable[[str], str], line: str, edges: tuple[int, int]) -> str:
    """A line of about LONGEST_LINE characters at most: the part where it differs, and its length."""
    if len(line) <= LONGEST_LINE:
        return spell(line)
    first = max(0, min(edges[0] - LONGEST_LINE // 4, len(line) - LONGEST_LINE))
    last = first + LONGEST_LINE
    piece = ("…" if first else "") + line[first:last] + ("…" if last < len(line) else "")
    return f"{spell(piece)} ({len(line):,} characters)"


def _cut(rows: list[Row], most: int) -> list[Row]:
    return rows if len(rows) <= most + 2 else rows[:most]


def _rows(before: str, after: str) -> list[Row]:
    """Both texts as the rows to show. Every line ends with LF; what both begin and end with is not split into lines."""
    shared = shared_start(before, after)
    start = before.rfind("\n", 0, shared) + 1
    old, new = before[start:], after[start:]
    shared = shared_start(old[::-1], new[::-1])
    first_end = old.find("\n", len(old) - shared) if shared else -1
    tail = len(old) - first_end - 1 if shared else 0
    middle = _align(_lines(old[: len(old) - tail]), _lines(new[: len(new) - tail]))
    kept = 0
    while kept < len(middle) and middle[-1 - kept].sign is None and middle[-1 - kept].role is Role.TEXT:
        kept += 1
    behind = "".join(f"{row.line}\n" for row in middle[len(middle) - kept :]) + old[len(old) - tail :]
    middle = middle[: len(middle) - kept]
    return [
        *_unchanged(before[:start], from_end=True, context=_CONTEXT if middle else 0),
        *_collapse(middle),
        *_unchanged(behind, from_end=False, context=_CONTEXT if middle else 0),
    ]


def _lines(text: str) -> list[str]:
    """The lines of a text of which every line is ended."""
    return text.split("\n")[:-1]


def _unchanged(text: str, *, from_end: bool, context: int) -> Iterator[Row]:
    """What is before or after all changes: a line next to them, and how many are hidden."""
    number = text.count("\n")
    if number <= context + 1:
        yield from map(Row, _lines(text))
        return
    hidden = Row(f"# ({count(number - context, 'unchanged line')} hidden)", role=Role.REMARK)
    if from_end:
        yield hidden
        yield from map(Row, text.rsplit("\n", context + 1)[1:-1])
    else:
        yield from map(Row, text.split("\n", context)[:context])
        yield hidden


def _collapse(rows: list[Row]) -> Iterator[Row]:
    """The rows; unchanged ones far from any change are hidden and counted. The first and the last row are changes."""
    position = 0
    while position < len(rows):
        end = position
        while rows[end].sign is None and rows[end].role is Role.TEXT:
            end += 1
        hidden = end - position - 2 * _CONTEXT
        if hidden < 2:
            yield from rows[position:end]
        else:
            yield from rows[position : position + _CONTEXT]
            yield Row(f"# ({count(hidden, 'unchanged line')} hidden)", role=Role.REMARK)
            yield from rows[end - _CONTEXT : end]
        yield rows[end]
        position = end + 1


def _align(old: list[str], new: list[str]) -> list[Row]:
    """Every line in order, each unchanged, removed or added."""
    kept = _common(old, new)
    if kept is None:
        return _replaced(old, new)
    rows: list[Row] = []
    left = right = 0
    for old_position, new_position in [*kept, (len(old), len(new))]:
        rows += [Row(line, Sign.REMOVE) for line in old[left:old_position]]
        rows += [Row(line, Sign.ADD) for line in new[right:new_position]]
        if old_position < len(old):
            rows.append(Row(old[old_position]))
        left, right = old_position + 1, new_position + 1
    return rows


def _replaced(old: list[str], new: list[str]) -> list[Row]:
    words = f"# ({count(len(old), 'line')} replaced by {count(len(new), 'line')}, the first of each:)"
    rows = [Row(words, role=Role.REMARK)]
    rows += [Row(line, Sign.REMOVE) for line in old[:_HEAD_OF_REPLACED]]
    rows += [Row(line, Sign.ADD) for line in new[:_HEAD_OF_REPLACED]]
    return rows


def _common(old: list[str], new: list[str]) -> list[tuple[int, int]] | None:
    """The longest common subsequence as pairs of positions, or None if finding it would cost too much."""
    if max(len(old), len(new)) > _MOST_TO_ALIGN or abs(len(old) - len(new)) > _MOST_EDITS:
        return None
    found = align(*numbered(old, new), most_edits=_MOST_EDITS, most_steps=_MOST_STEPS)
    return found.pairs if found.complete else None
