"""Compares two texts line by line. Only LF ends a line.

The result is escaped, and its lines are limited in number and length. The work is limited too: if two texts are too
different to be aligned, the result says how many lines replace how many. Whitespace that matters is made visible:
trailing spaces, CR, a final newline that is added or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.render.alignment import align, gaps, numbered
from reconciler.render.escape import exact, look_alike, plain
from reconciler.render.phrases import count
from reconciler.render.signs import Sign
from reconciler.render.spelling import common_edges, shared_start
from reconciler.render.worddiff import Piece

MOST_LINES: Final = 60
LONGEST_LINE: Final = 400
_CONTEXT: Final = 1
_MOST_EDITS: Final = 400
_MOST_STEPS: Final = 1_000_000
_MOST_TO_ALIGN: Final = 200_000
_HEAD_OF_REPLACED: Final = 10


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a text, or a remark about it. `sign` is None for an unchanged line and for a remark.

    If `pieces` is set, it shows the changes within the line and replaces `text`.
    """

    text: str
    sign: Sign | None = None
    remark: bool = False
    pieces: tuple[Piece, ...] = ()


def is_long(text: str) -> bool:
    """Whether a text is shown line by line: it has a newline before its last character."""
    return "\n" in text[:-1]


def head_of(text: str, *, most: int) -> tuple[list[DiffLine], int]:
    """The first lines of a text, and how many lines it has in total."""
    ended = text.endswith("\n")
    total = text.count("\n") + (not ended)
    lines = text.split("\n", most + 1)[: min(total, most + 1)]
    shown = lines if total <= most + 1 else lines[:most]
    spell = Spelling(shown)
    result = [DiffLine(shortened(spell, line)) for line in shown]
    if len(shown) < total:
        result.append(DiffLine("…"))
    elif ended:
        result.append(DiffLine("# (ends with a newline)", remark=True))
    return result, total


def diff(before: str, after: str, *, most: int = MOST_LINES) -> list[DiffLine]:
    """The changed lines, with one unchanged line before and after. The hidden lines are counted."""
    rows = compare(before, after, most=most)
    spell = Spelling(row.text for row in rows if not row.remark)
    shown: list[DiffLine] = []
    for removed, added, behind in hunks(rows):
        pairs = [spelled_pair(old, new, spell) for old, new in zip(removed, added, strict=False)]
        olds = [*(old for old, _ in pairs), *(shortened(spell, line) for line in removed[len(pairs) :])]
        news = [*(new for _, new in pairs), *(shortened(spell, line) for line in added[len(pairs) :])]
        shown += [DiffLine(line, Sign.REMOVE) for line in olds]
        shown += [DiffLine(line, Sign.ADD) for line in news]
        shown += [spelled(row, spell) for row in behind]
    return shown


def compare(before: str, after: str, *, most: int) -> list[DiffLine]:
    """About `most` lines of two texts, and then remarks. Nothing is escaped or shortened yet.

    The remarks say what is left out, and whether a final newline is added or removed.
    """
    old_ended, new_ended = before.endswith("\n"), after.endswith("\n")
    rows = _rows(before if old_ended else f"{before}\n", after if new_ended else f"{after}\n")
    shown = rows if len(rows) <= most + 2 else rows[:most]
    removed, added = (sum(row.sign is sign for row in rows[len(shown) :]) for sign in (Sign.REMOVE, Sign.ADD))
    remarks: list[str] = []
    if removed or added:
        left_out = count(removed + added, "more changed line")
        remarks.append(f"{left_out} not shown: {removed:,} removed, {added:,} added")
    if old_ended != new_ended:
        remarks.append("no final newline before, one after" if new_ended else "a final newline before, none after")
    return [*shown, *map(_remark, remarks)]


def hunks(rows: Iterable[DiffLine]) -> Iterator[tuple[list[str], list[str], list[DiffLine]]]:
    """Removed lines, the lines that replace them, and the unchanged line or remark after them, if there is one."""
    removed: list[str] = []
    added: list[str] = []
    for row in rows:
        if row.sign is None:
            yield removed, added, [row]
            removed, added = [], []
        else:
            (removed if row.sign is Sign.REMOVE else added).append(row.text)
    yield removed, added, []


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
        """A piece of a line that is followed by another piece."""
        return plain(piece.replace("\\", "\\\\") if self._double else piece)


def _trails(line: str) -> bool:
    return line.endswith(" ")


def spelled(row: DiffLine, spell: Spelling) -> DiffLine:
    """An unchanged line as it is shown. A remark is not foreign text, so it stays as it is."""
    return row if row.remark else DiffLine(shortened(spell, row.text))


def spelled_pair(old: str, new: str, spell: Spelling) -> tuple[str, str]:
    """A line and the line that replaces it, shortened together so that they look different."""
    edges = common_edges(old, new)
    left, right = shortened(spell, old, edges), shortened(spell, new, edges)
    return (exact(old[:LONGEST_LINE]), exact(new[:LONGEST_LINE])) if look_alike(left, right) else (left, right)


def shortened(spell: Callable[[str], str], line: str, edges: tuple[int, int] = (0, 0)) -> str:
    """A line, or if it is longer than LONGEST_LINE characters, the part in which it differs, and its length."""
    if len(line) <= LONGEST_LINE:
        return spell(line)
    first = max(0, min(edges[0] - LONGEST_LINE // 4, len(line) - LONGEST_LINE))
    last = first + LONGEST_LINE
    piece = ("…" if first else "") + line[first:last] + ("…" if last < len(line) else "")
    return f"{spell(piece)} ({len(line):,} characters)"


def _remark(words: str) -> DiffLine:
    return DiffLine(f"# ({words})", remark=True)


def _rows(before: str, after: str) -> list[DiffLine]:
    """The rows to show for two texts whose lines all end with LF. A shared head or tail is not split into lines."""
    shared = shared_start(before, after)
    start = before.rfind("\n", 0, shared) + 1
    old, new = before[start:], after[start:]
    shared = shared_start(old[::-1], new[::-1])
    first_end = old.find("\n", len(old) - shared) if shared else -1
    tail = len(old) - first_end - 1 if shared else 0
    middle = _align(_lines(old[: len(old) - tail]), _lines(new[: len(new) - tail]))
    kept = 0
    while kept < len(middle) and _stays(middle[-1 - kept]):
        kept += 1
    behind = "".join(f"{row.text}\n" for row in middle[len(middle) - kept :]) + old[len(old) - tail :]
    middle = middle[: len(middle) - kept]
    return [
        *_unchanged(before[:start], from_end=True, context=_CONTEXT if middle else 0),
        *_collapse(middle),
        *_unchanged(behind, from_end=False, context=_CONTEXT if middle else 0),
    ]


def _lines(text: str) -> list[str]:
    """The lines of a text in which every line ends with LF."""
    return text.split("\n")[:-1]


def _unchanged(text: str, *, from_end: bool, context: int) -> Iterator[DiffLine]:
    """What comes before or after all changes: the line next to them, and how many more lines are hidden."""
    number = text.count("\n")
    if number <= context + 1:
        yield from map(DiffLine, _lines(text))
        return
    hidden = _hidden(number - context)
    if from_end:
        yield hidden
        yield from map(DiffLine, text.rsplit("\n", context + 1)[1:-1])
    else:
        yield from map(DiffLine, text.split("\n", context)[:context])
        yield hidden


def _collapse(rows: list[DiffLine]) -> Iterator[DiffLine]:
    """The rows; the first and the last one are changes. Unchanged rows far from a change are hidden and counted."""
    position = 0
    while position < len(rows):
        end = position
        while _stays(rows[end]):
            end += 1
        hidden = end - position - 2 * _CONTEXT
        if hidden < 2:
            yield from rows[position:end]
        else:
            yield from rows[position : position + _CONTEXT]
            yield _hidden(hidden)
            yield from rows[end - _CONTEXT : end]
        yield rows[end]
        position = end + 1


def _stays(row: DiffLine) -> bool:
    return row.sign is None and not row.remark


def _hidden(number: int) -> DiffLine:
    return _remark(f"{count(number, 'unchanged line')} hidden")


def _align(old: list[str], new: list[str]) -> list[DiffLine]:
    """Every line in order: unchanged, removed, or added."""
    kept = _common(old, new)
    rows: list[DiffLine] = []
    if kept is None:
        rows.append(_remark(f"{count(len(old), 'line')} replaced by {count(len(new), 'line')}, the first of each:"))
        old, new, kept = old[:_HEAD_OF_REPLACED], new[:_HEAD_OF_REPLACED], []
    for removed, added, stays in gaps(old, new, kept):
        rows += [DiffLine(line, Sign.REMOVE) for line in removed]
        rows += [DiffLine(line, Sign.ADD) for line in added]
        rows += map(DiffLine, stays)
    return rows


def _common(old: list[str], new: list[str]) -> list[tuple[int, int]] | None:
    """The longest common subsequence as pairs of positions, or None if finding it would cost too much."""
    if max(len(old), len(new)) > _MOST_TO_ALIGN or abs(len(old) - len(new)) > _MOST_EDITS:
        return None
    found = align(*numbered(old, new), most_edits=_MOST_EDITS, most_steps=_MOST_STEPS)
    return found.pairs if found.complete else None
