"""Compares two lines word by word, for insertions and deletions inside a line. Nothing is escaped here.

The work is limited by an `Effort` for a whole page. When it is used up, lines are no longer compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from reconciler.render.alignment import align, gaps, numbered
from reconciler.render.spelling import common_edges

_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]+")
_LONGEST: Final = 200_000
_MOST_EDITS: Final = 400
_MOST_STEPS: Final = 1_000_000
_REACH: Final = 60
"""A line that takes too many edits is aligned in stretches of this many, each from where the last one ended."""

_LEAST_KEPT: Final = 0.3


class Fate(Enum):
    """What happens to a piece of a line. The values are names of HTML elements."""

    KEPT = ""
    DELETED = "del"
    INSERTED = "ins"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a line. The old line is all kept and deleted pieces; the new line is all kept and inserted pieces."""

    fate: Fate
    text: str


@dataclass(slots=True)
class Effort:
    """How much work is left for comparing words, in search steps of the worst case."""

    left: int = 2_000_000

    def take(self, words: int) -> bool:
        """Whether this many words may be compared. If so, the work is deducted."""
        cost = words + min(words, _MOST_EDITS) ** 2 // 8 + (words * _REACH // 8 if words > _MOST_EDITS else 0)
        if cost > self.left:
            return False
        self.left -= cost
        return True


def compare_words(before: str, after: str, effort: Effort) -> list[Piece] | None:
    """The pieces of both lines in reading order, or None if finding them would cost too much."""
    start, end = _edges(before, after)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > _LONGEST:
        return None
    left, right = _tokens(old), _tokens(new)
    if not effort.take(len(left) + len(right)):
        return None
    return list(_pieces(left, right, before[:start], before[len(before) - end :]))


def is_close(pieces: Sequence[Piece]) -> bool:
    """Whether enough is kept to read the two lines as one."""
    kept = _ink(pieces, Fate.KEPT)
    return kept > 0 and kept >= _LEAST_KEPT * (kept + max(_ink(pieces, Fate.DELETED), _ink(pieces, Fate.INSERTED)))


def _ink(pieces: Sequence[Piece], fate: Fate) -> int:
    return sum(len(piece.text.strip()) for piece in pieces if piece.fate is fate)


def _edges(before: str, after: str) -> tuple[int, int]:
    """How many characters both lines share at their start and at their end, in whole words."""
    first, last = common_edges(before, after)
    if first == len(before) == len(after):
        return first, 0
    start = before.rfind(" ", 0, first) + 1
    at = before.find(" ", len(before) - last)
    return start, 0 if at < 0 else len(before) - at


def _tokens(line: str) -> list[str]:
    """Words, spaces, and punctuation. A combining mark stays with its character."""
    tokens: list[str] = []
    for token in _TOKEN.findall(line):
        if tokens and not token.isascii() and unicodedata.category(token[0]).startswith("M"):
            tokens[-1] += token
        else:
            tokens.append(token)
    return tokens


def _pieces(old: list[str], new: list[str], start: str, end: str) -> Iterator[Piece]:
    """One deletion and one insertion, in this order, between two kept pieces.

    Spaces between two changes count as part of the change, so that a phrase is replaced as a whole.
    """
    runs = [("", "", start)]
    for words in gaps(old, new, _kept(old, new)):
        deleted, inserted, kept = map("".join, words)
        before_deleted, before_inserted, between = runs[-1]
        if not deleted and not inserted:
            runs[-1] = (before_deleted, before_inserted, between + kept)
        elif between.isspace() and (before_deleted or before_inserted):
            runs[-1] = (before_deleted + between + deleted, before_inserted + between + inserted, kept)
        else:
            runs.append((deleted, inserted, kept))
    runs[-1] = (*runs[-1][:2], runs[-1][2] + end)
    for run in runs:
        fates = (Fate.DELETED, Fate.INSERTED, Fate.KEPT)
        yield from (Piece(fate, text) for fate, text in zip(fates, run, strict=True) if text)


def _kept(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """The positions of the words that are kept: the best alignment of the line, or of one stretch after another."""
    shared = set(old).intersection(new)
    olds = [position for position, word in enumerate(old) if word in shared]
    news = [position for position, word in enumerate(new) if word in shared]
    pairs = _aligned(*numbered([old[position] for position in olds], [new[position] for position in news]))
    return [(olds[first], news[second]) for first, second in pairs]


def _aligned(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    found = align(left, right, most_edits=_MOST_EDITS, most_steps=_MOST_STEPS)
    if found.complete:
        return found.pairs
    pairs: list[tuple[int, int]] = []
    x = y = 0
    while True:
        found = align(left[x:], right[y:], most_edits=_REACH, most_steps=_MOST_STEPS)
        pairs += [(x + first, y + second) for first, second in found.pairs]
        x, y = x + found.left, y + found.right
        if found.complete or x == len(left) or y == len(right):
            return pairs
