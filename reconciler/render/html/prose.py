"""A changed text as prose: its lines, with insertions and deletions inside them. Everything here is escaped and cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.render.escape import exact, look_alike
from reconciler.render.signs import Sign
from reconciler.render.spelling import common_edges
from reconciler.render.textdiff import LONGEST_LINE, MOST_LINES, DiffLine, Role, Spelling, compare, head_of, shortened
from reconciler.render.worddiff import Effort, Fate, Piece, compare_words, is_close

_MOST_PIECES: Final = 121
_LONGEST_KEPT: Final = 240
_EDGE_KEPT: Final = 80
_LONGEST_PAIRED: Final = 2_000
_LEAST_ALIKE: Final = 0.3
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class ProseLine:
    """`pieces` are escaped. `sign` is None for what did not change and for remarks."""

    pieces: tuple[Piece, ...]
    sign: Sign | None = None
    remark: bool = False


def prose(before: str, after: str, effort: Effort) -> tuple[ProseLine, ...]:
    """What changed from one text to the other, line by line, and word by word where the effort allows."""
    found = compare(before, after, most=MOST_LINES)
    spell = Spelling([row.line for row in found.rows if row.role is Role.TEXT])
    lines: list[ProseLine] = []
    olds: list[str] = []
    news: list[str] = []
    for row in found.rows:
        if row.sign is Sign.REMOVE:
            olds.append(row.line)
        elif row.sign is Sign.ADD:
            news.append(row.line)
        else:
            lines += _replaced(olds, news, spell, effort)
            olds, news = [], []
            text = row.line if row.role is Role.REMARK else shortened(spell, row.line, (0, 0))
            lines.append(_whole(text, None, Fate.KEPT, remark=row.role is Role.REMARK))
    lines += _replaced(olds, news, spell, effort)
    return (*lines, *(_whole(words, None, Fate.KEPT, remark=True) for words in found.remarks))


def text_lines(text: str, sign: Sign, *, most: int) -> tuple[tuple[ProseLine, ...], int]:
    """The first lines of a text that is added or removed, and how many lines it has in all."""
    goes = sign is Sign.REMOVE
    lines, total = head_of(text, most=most)
    return tuple(_line_of(line, goes=goes) for line in lines), total


def _line_of(line: DiffLine, *, goes: bool) -> ProseLine:
    if line.role is Role.REMARK or not goes:
        return _whole(line.text, None, Fate.KEPT, remark=line.role is Role.REMARK)
    return _whole(line.text, Sign.REMOVE, Fate.DELETED)


def marked(left: str, right: str, effort: Effort) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two short escaped spellings; if they share words, the words that differ are marked on each side."""
    pieces = compare_words(left, right, effort)
    if (
        pieces is None
        or not is_close(pieces)
        or not any(_WORD.search(piece.text) for piece in pieces if piece.fate.value)
    ):
        return (Piece(Fate.KEPT, left),), (Piece(Fate.KEPT, right),)
    return (
        tuple(piece for piece in pieces if piece.fate is not Fate.INSERTED),
        tuple(piece for piece in pieces if piece.fate is not Fate.DELETED),
    )


def _whole(text: str, sign: Sign | None, fate: Fate, *, remark: bool = False) -> ProseLine:
    return ProseLine((Piece(fate, text),), sign, remark)


def _replaced(olds: Sequence[str], news: Sequence[str], spell: Spelling, effort: Effort) -> Iterator[ProseLine]:
    """Removed lines and the lines that replace them: two that are close to each other become one line."""
    done = 0
    bags = [_words(new) for new in news]
    for old in olds:
        partner = _partner(old, bags, done)
        pieces = None if partner is None else compare_words(old, news[partner], effort)
        if partner is None or (pieces is not None and not is_close(pieces)):
            yield _whole(shortened(spell, old, (0, 0)), Sign.REMOVE, Fate.DELETED)
            continue
        yield from _added(news[done:partner], spell)
        done = partner + 1
        if pieces is None:
            yield from _apart(old, news[partner], spell)
        else:
            yield ProseLine(tuple(_spelled(pieces, spell)), Sign.CHANGE)
    yield from _added(news[done:], spell)


def _added(lines: Sequence[str], spell: Spelling) -> Iterator[ProseLine]:
    for line in lines:
        yield _whole(shortened(spell, line, (0, 0)), Sign.ADD, Fate.INSERTED)


def _apart(old: str, new: str, spell: Spelling) -> Iterator[ProseLine]:
    """Two lines too costly to compare: each from where they begin to differ."""
    edges = common_edges(old, new)
    left, right = shortened(spell, old, edges), shortened(spell, new, edges)
    yield _whole(left, Sign.REMOVE, Fate.DELETED)
    yield _whole(right, Sign.ADD, Fate.INSERTED)


def _partner(old: str, bags: Sequence[set[str]], start: int) -> int | None:
    """Which of the new lines from `start` on is closest to the old one, by the words in it."""
    if len(bags) == 1 and start == 0:
        return 0
    words = _words(old)
    best, at = _LEAST_ALIKE, None
    for position in range(start, len(bags)):
        alike = len(words & bags[position]) / max(1, len(words | bags[position]))
        if alike > best:
            best, at = alike, position
    return at


def _words(line: str) -> set[str]:
    return set(_WORD.findall(line[:_LONGEST_PAIRED]))


def _spelled(pieces: Sequence[Piece], spell: Spelling) -> Iterator[Piece]:
    """The pieces of one line escaped, no more and no longer than a person reads."""
    shown = pieces if len(pieces) <= _MOST_PIECES + 1 else pieces[:_MOST_PIECES]
    if sum(len(piece.text) for piece in shown) > LONGEST_LINE:
        spell = Spelling([piece.text for piece in shown])
    for position, piece in enumerate(shown):
        later = {behind.fate for behind in pieces[position + 1 : position + 3]}
        ends = not later if piece.fate is Fate.KEPT else later.isdisjoint((piece.fate, Fate.KEPT))
        how = spell if ends else spell.within
        if piece.fate is Fate.KEPT:
            yield Piece(piece.fate, how(_cut(piece.text, position > 0, position < len(pieces) - 1)))
            continue
        other = _counterpart(pieces, position)
        edges = common_edges(piece.text, other)
        spelled, there = shortened(how, piece.text, edges), shortened(how, other, edges)
        yield Piece(piece.fate, exact(piece.text[:LONGEST_LINE])[1:-1] if look_alike(spelled, there) else spelled)
    if len(shown) < len(pieces):
        yield Piece(Fate.KEPT, f"… ({len(pieces) - len(shown):,} more pieces of this line)")


def _counterpart(pieces: Sequence[Piece], position: int) -> str:
    """What replaces a deleted piece, or what an inserted one replaces."""
    at = position + (1 if pieces[position].fate is Fate.DELETED else -1)
    return "" if not 0 <= at < len(pieces) or pieces[at].fate is Fate.KEPT else pieces[at].text


def _cut(text: str, begins: bool, ends: bool) -> str:
    """A kept piece: if it is long, only what is next to the changes before and after it."""
    if len(text) <= _LONGEST_KEPT:
        return text
    head = text[:_EDGE_KEPT] if begins else ""
    tail = text[-_EDGE_KEPT:] if ends else ""
    return f"{head}… ({len(text) - len(head) - len(tail):,} characters) …{tail}"
