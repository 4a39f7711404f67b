"""Compares two texts line by line. Only LF ends a line.

The result is escaped, and has every line that changes. Unchanged lines far from a change are hidden and counted, and so
is the unchanged part of a long line. Whitespace that matters is made visible: trailing spaces, CR, a final newline that
is added or removed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.model.characters import decomposed, drawing, look_alike, normalized
from reconciler.render.alignment import common, gaps, shared_start
from reconciler.render.escape import in_ascii, plain
from reconciler.render.signs import Sign
from reconciler.render.worddiff import Effort, Fate, Piece, changes, excerpt

LONGEST_LINE: Final = 400
"""A line of at most this many characters is never cut."""

_CONTEXT: Final = 1
_MOST_LINES: Final = 200_000
"""If a text has more lines than this between its first and last change, only half of this are shown of each side."""


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


def lines_of(text: str, *, most: int | None = None) -> tuple[list[DiffLine], int]:
    """The lines of a text, or the first of them, and how many lines it has in total."""
    ended = text.endswith("\n")
    total = text.count("\n") + (not ended)
    most = _MOST_LINES if most is None else most
    room = total if total <= most + 1 else most
    shown = text.split("\n", room)[:room]
    spell = Spelling(shown)
    result = [DiffLine(spell(line)) for line in shown]
    if room < total:
        result.append(DiffLine("…"))
    elif ended:
        result.append(DiffLine("# (ends with a newline)", remark=True))
    return result, total


def diff(before: str, after: str, *, whole: bool = False) -> list[DiffLine]:
    """The changed lines: the removed ones, then those that replace them. With `whole`, also every unchanged line."""
    effort = Effort()
    rows = compare(before, after, whole=whole)
    spell = Spelling(row.text for row in rows if not row.remark)
    shown: list[DiffLine] = []
    for removed, added, behind in hunks(rows):
        pairs = [sides(old, new, spell, effort) for old, new in zip(removed, added, strict=False)]
        olds = [*(old for old, _ in pairs), *map(spell, removed[len(pairs) :])]
        news = [*(new for _, new in pairs), *map(spell, added[len(pairs) :])]
        shown += [DiffLine(line, Sign.REMOVE) for line in olds]
        shown += [DiffLine(line, Sign.ADD) for line in news]
        shown += [spelled(row, spell, whole=whole) for row in behind]
    return shown


def compare(before: str, after: str, *, whole: bool = False) -> list[DiffLine]:
    """Every changed line with the unchanged lines next to it, and then a remark on the final newline, if it changes.

    Nothing is escaped or shortened yet. With `whole`, no unchanged line is hidden.
    """
    old_ended, new_ended = before.endswith("\n"), after.endswith("\n")
    rows = _rows(before if old_ended else f"{before}\n", after if new_ended else f"{after}\n", whole)
    if old_ended != new_ended:
        rows.append(_remark("final newline added" if new_ended else "final newline removed"))
    return rows


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

    A backslash is doubled only if the lines have both real backslashes and escapes. Decomposed letters are escaped only
    if the lines have some of them in composed form, too: many texts have only one of the two forms. Of lines that look
    alike, everything except ASCII is escaped.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        lines = list(lines)
        self._blank = "\\u0020" if any("·" in line for line in lines) else "·"
        self._plain = partial(plain, decomposed=not _has_both_forms(lines))
        self._alike = _alike(lines, self._plain)
        escapes = bool(self._alike) or any(self._plain(line) != line for line in lines)
        escapes = escapes or (self._blank != "·" and any(map(_trails, lines)))
        self._double = escapes and any("\\" in line for line in lines)

    def __call__(self, line: str) -> str:
        body = line.rstrip(" ")
        spelled = in_ascii(self.within(body)) if line in self._alike else self.within(body)
        return spelled + self._blank * (len(line) - len(body))

    def within(self, piece: str) -> str:
        """A piece of a line that is followed by another piece."""
        return self._plain(piece.replace("\\", "\\\\") if self._double else piece)


def _has_both_forms(lines: Iterable[str]) -> bool:
    """Whether a letter is in the lines both as Unicode composes it and in another form."""
    others = {letter for line in lines for letter in decomposed(line)}
    if not others:
        return False
    characters = set[str]().union(*lines)
    return any(len(letter) > 1 or letter in characters for letter in (normalized("NFC", other) for other in others))


def _alike(lines: Sequence[str], spell: Callable[[str], str]) -> set[str]:
    """The lines that still look like others, although they differ."""
    if all(map(str.isascii, lines)):
        return set()
    drawn: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        drawn[drawing(spell(line))].add(line)
    return {line for alike in drawn.values() if len(alike) > 1 for line in alike}


def _trails(line: str) -> bool:
    return line.endswith(" ")


def spelled(row: DiffLine, spell: Spelling, *, whole: bool = False) -> DiffLine:
    """An unchanged line as it is shown. A remark is not foreign text, so it stays as it is."""
    if row.remark:
        return row
    long = len(row.text) > LONGEST_LINE and not whole
    return DiffLine(f"{spell(row.text[:LONGEST_LINE])}… ({len(row.text):,} characters)" if long else spell(row.text))


def sides(old: str, new: str, spell: Spelling, effort: Effort) -> tuple[str, str]:
    """A line and the line that replaces it. They look different, and of a long line, every edited place is shown."""
    if max(len(old), len(new)) <= LONGEST_LINE:
        left, right = spell(old), spell(new)
    else:
        pieces = excerpt(changes(old, new, effort))
        left, right = (_side(pieces, other, line, spell) for other, line in ((Fate.INSERTED, old), (Fate.DELETED, new)))
    return (in_ascii(left), in_ascii(right)) if look_alike(left, right) else (left, right)


def _side(pieces: Iterable[Piece], other: Fate, line: str, spell: Spelling) -> str:
    text = "".join(piece.text for piece in pieces if piece.fate is not other)
    return spell(line) if text == line else f"{spell(text)} ({len(line):,} characters)"


def _remark(words: str) -> DiffLine:
    return DiffLine(f"# ({words})", remark=True)


def _rows(before: str, after: str, whole: bool) -> list[DiffLine]:
    """The rows to show for two texts whose lines all end with LF. A shared head or tail is not split into lines."""
    if whole:
        return _align(_lines(before), _lines(after))
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
    if max(len(old), len(new)) > _MOST_LINES:
        most = _MOST_LINES // 2
        rows = [
            *(DiffLine(line, Sign.REMOVE) for line in old[:most]),
            *(DiffLine(line, Sign.ADD) for line in new[:most]),
        ]
        left_out = (f"{max(0, len(side) - most):,}" for side in (old, new))
        return [*rows, _remark("{} more removed and {} more added lines: see --format json".format(*left_out))]
    kept = common(old, new)
    rows = []
    for removed, added, stays in gaps(old, new, kept):
        rows += [DiffLine(line, Sign.REMOVE) for line in removed]
        rows += [DiffLine(line, Sign.ADD) for line in added]
        rows += map(DiffLine, stays)
    return rows
