"""Compares two lines word by word, for insertions and deletions inside a line. Nothing is escaped here.

The work is limited by an `Effort` for a whole page. When it is used up, lines are no longer compared.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import Final

from reconciler.frozen import dataclass
from reconciler.render.alignment import MOST_EDITS, REACH, common, common_edges, gaps

_TOKEN: Final = re.compile(r"\s+|\w+|[^\w\s]+")
_LONGEST: Final = 200_000
_LONGEST_WORD: Final = 80
_LONGEST_KEPT: Final = 240
_EDGE_KEPT: Final = 80
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
        cost = words + min(words, MOST_EDITS) ** 2 // 8 + (words * REACH // 8 if words > MOST_EDITS else 0)
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


def changes(before: str, after: str, effort: Effort) -> list[Piece]:
    """The same, or if finding the words would cost too much, everything between what both share at their edges."""
    pieces = compare_words(before, after, effort)
    return list(_joined(_by_edges(before, after))) if pieces is None else pieces


def _by_edges(before: str, after: str) -> Iterator[Piece]:
    start, end = common_edges(before, after)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    yield from (Piece(Fate.KEPT, before[:start]), Piece(Fate.DELETED, old), Piece(Fate.INSERTED, new))
    yield Piece(Fate.KEPT, before[len(before) - end :])


def excerpt(pieces: Sequence[Piece]) -> list[Piece]:
    """Pieces of a long line: all of what changes, and of what is kept, only what is next to a change if it is long."""
    return [
        Piece(Fate.KEPT, _cut(piece.text, begins=position > 0, ends=position < len(pieces) - 1))
        if piece.fate is Fate.KEPT and len(piece.text) > _LONGEST_KEPT
        else piece
        for position, piece in enumerate(pieces)
    ]


def _cut(text: str, *, begins: bool, ends: bool) -> str:
    head = text[:_EDGE_KEPT] if begins else ""
    tail = text[-_EDGE_KEPT:] if ends else ""
    return f"{head}… ({len(text) - len(head) - len(tail):,} characters) …{tail}"


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
    for words in gaps(old, new, common(old, new)):
        deleted, inserted, kept = map("".join, words)
        before_deleted, before_inserted, between = runs[-1]
        if not deleted and not inserted:
            runs[-1] = (before_deleted, before_inserted, between + kept)
        elif between.isspace() and (before_deleted or before_inserted):
            runs[-1] = (before_deleted + between + deleted, before_inserted + between + inserted, kept)
        else:
            runs.append((deleted, inserted, kept))
    runs[-1] = (*runs[-1][:2], runs[-1][2] + end)
    yield from _joined(piece for run in runs for piece in _within(*run))


def _within(deleted: str, inserted: str, kept: str) -> Iterator[Piece]:
    """A change and what is kept after it. Of very long words, only the letters that differ are changed."""
    if min(len(deleted), len(inserted)) > _LONGEST_WORD:
        yield from _by_edges(deleted, inserted)
    else:
        yield from (Piece(Fate.DELETED, deleted), Piece(Fate.INSERTED, inserted))
    yield Piece(Fate.KEPT, kept)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Without empty pieces, and with neighbors of the same fate as one piece."""
    for fate, run in groupby((piece for piece in pieces if piece.text), key=lambda piece: piece.fate):
        yield Piece(fate, "".join(piece.text for piece in run))
