"""A changed text as prose: its lines, with insertions and deletions inside them. It is escaped and shortened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.render.escape import exact, look_alike
from reconciler.render.signs import Sign
from reconciler.render.spelling import common_edges
from reconciler.render.textdiff import (
    LONGEST_LINE,
    MOST_LINES,
    DiffLine,
    Spelling,
    compare,
    hunks,
    shortened,
    spelled,
    spelled_pair,
)
from reconciler.render.worddiff import Effort, Fate, Piece, compare_words, is_close

_MOST_PIECES: Final = 121
_LONGEST_KEPT: Final = 240
_EDGE_KEPT: Final = 80
_LONGEST_PAIRED: Final = 2_000
_LEAST_ALIKE: Final = 0.3
_WORD: Final = re.compile(r"\w+")


def prose(before: str, after: str, effort: Effort) -> tuple[DiffLine, ...]:
    """What changed from one text to the other, line by line, and word by word if the effort allows it."""
    rows = compare(before, after, most=MOST_LINES)
    spell = Spelling(row.text for row in rows if not row.remark)
    lines: list[DiffLine] = []
    for removed, added, behind in hunks(rows):
        lines += _replaced(removed, added, spell, effort)
        lines += [spelled(row, spell) for row in behind]
    return tuple(lines)


def marked(left: str, right: str, effort: Effort) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two short escaped spellings. If they share words, the words that differ are marked on each side."""
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


def _replaced(olds: Sequence[str], news: Sequence[str], spell: Spelling, effort: Effort) -> Iterator[DiffLine]:
    """Removed lines and the lines that replace them. Two lines that are close to each other become one."""
    done = 0
    bags = [_words(new) for new in news]
    for old in olds:
        partner = _partner(old, bags, done)
        pieces = None if partner is None else compare_words(old, news[partner], effort)
        if partner is None or (pieces is not None and not is_close(pieces)):
            yield DiffLine(shortened(spell, old), Sign.REMOVE)
            continue
        yield from _added(news[done:partner], spell)
        done = partner + 1
        if pieces is None:
            left, right = spelled_pair(old, news[partner], spell)
            yield from (DiffLine(left, Sign.REMOVE), DiffLine(right, Sign.ADD))
        else:
            yield DiffLine("", Sign.CHANGE, pieces=tuple(_spelled(pieces, spell)))
    yield from _added(news[done:], spell)


def _added(lines: Sequence[str], spell: Spelling) -> Iterator[DiffLine]:
    yield from (DiffLine(shortened(spell, line), Sign.ADD) for line in lines)


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
    """The pieces of one line, escaped. Their number and length are limited to what a person can read."""
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
    """A kept piece. If it is long, only the text next to the changes before and after it."""
    if len(text) <= _LONGEST_KEPT:
        return text
    head = text[:_EDGE_KEPT] if begins else ""
    tail = text[-_EDGE_KEPT:] if ends else ""
    return f"{head}… ({len(text) - len(head) - len(tail):,} characters) …{tail}"
