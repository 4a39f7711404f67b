"""A changed text as prose: its lines, with insertions and deletions inside them. It is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.model.characters import look_alike
from reconciler.render.escape import in_ascii
from reconciler.render.signs import Sign
from reconciler.render.textdiff import LONGEST_LINE, DiffLine, Spelling, compare, hunks, lines_of, sides, spelled
from reconciler.render.worddiff import Effort, Fate, Piece, compare_words, excerpt, is_close

_LONGEST_PAIRED: Final = 2_000
_LEAST_ALIKE: Final = 0.3
_MOST_PARTNERS: Final = 100
"""Of the new lines in a row, only this many are tried as the partner of an old one."""

_WORD: Final = re.compile(r"\w+")


def prose(before: str, after: str, effort: Effort) -> tuple[DiffLine, ...]:
    """What changed from one text to the other, line by line, and word by word if the effort allows it."""
    rows = compare(before, after)
    spell = Spelling(row.text for row in rows if not row.remark)
    lines: list[DiffLine] = []
    for removed, added, behind in hunks(rows):
        lines += _replaced(removed, added, spell, effort)
        lines += [spelled(row, spell) for row in behind]
    return tuple(lines)


def text_lines(before: str | None, after: str | None, effort: Effort) -> Sequence[DiffLine]:
    """A text that changes, as `prose` returns it, or if one side is empty, all lines of the other one."""
    if before and after:
        return prose(before, after, effort)
    sign = Sign.REMOVE if before else None
    lines = lines_of(before or after or "")[0] if before or after else []
    return [DiffLine(line.text, sign) for line in lines if not line.remark]


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
            yield DiffLine(spell(old), Sign.REMOVE)
            continue
        yield from _added(news[done:partner], spell)
        done = partner + 1
        if pieces is None:
            left, right = sides(old, news[partner], spell, effort)
            yield from (DiffLine(left, Sign.REMOVE), DiffLine(right, Sign.ADD))
        else:
            yield DiffLine("", Sign.CHANGE, pieces=tuple(_spelled(pieces, spell)))
    yield from _added(news[done:], spell)


def _added(lines: Sequence[str], spell: Spelling) -> Iterator[DiffLine]:
    yield from (DiffLine(spell(line), Sign.ADD) for line in lines)


def _partner(old: str, bags: Sequence[set[str]], start: int) -> int | None:
    """Which of the new lines from `start` on is closest to the old one, by the words in it."""
    if len(bags) == 1 and start == 0:
        return 0
    words = _words(old)
    best, at = _LEAST_ALIKE, None
    for position in range(start, min(start + _MOST_PARTNERS, len(bags))):
        alike = len(words & bags[position]) / max(1, len(words | bags[position]))
        if alike > best:
            best, at = alike, position
    return at


def _words(line: str) -> set[str]:
    return set(_WORD.findall(line[:_LONGEST_PAIRED]))


def _spelled(pieces: Sequence[Piece], spell: Spelling) -> Iterator[Piece]:
    """The pieces of one line, escaped. Of a long line, what lies between the changes is cut."""
    if sum(len(piece.text) for piece in pieces) > LONGEST_LINE:
        pieces = excerpt(pieces)
    for position, piece in enumerate(pieces):
        later = {behind.fate for behind in pieces[position + 1 : position + 3]}
        ends = not later if piece.fate is Fate.KEPT else later.isdisjoint((piece.fate, Fate.KEPT))
        how = spell if ends else spell.within
        text = how(piece.text)
        alike = piece.fate is not Fate.KEPT and look_alike(text, how(_counterpart(pieces, position)))
        yield Piece(piece.fate, in_ascii(text) if alike else text)


def _counterpart(pieces: Sequence[Piece], position: int) -> str:
    """What replaces a deleted piece, or what an inserted one replaces."""
    at = position + (1 if pieces[position].fate is Fate.DELETED else -1)
    return "" if not 0 <= at < len(pieces) or pieces[at].fate is Fate.KEPT else pieces[at].text
