"""A document that stays below a limit. What changes is cut only there: on both sides alike, removals first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.render.markdown.code import fence, markup
from reconciler.render.signs import Sign

LIMIT: Final = 60_000
"""How many characters always fit in a comment."""

_NOTES: Final = 800
"""How many characters are reserved for the notes on what is left out."""

_SHARE: Final = 0.4
"""The share of the space after the head that the table of projects may take."""

_LEAST: Final = 2_000
"""The fewest characters to which the details of a project are cut, unless there is no room at all."""


@dataclass(frozen=True, slots=True)
class Details:
    """A `<details>` block. `above` are paragraphs of Markdown; `lines` go into a fence, each with its sign if any.

    `more` says where everything is shown.
    """

    summary: str
    above: Sequence[str]
    lines: Sequence[tuple[Sign | None, str]]
    more: str
    language: str = "diff"

    def whole(self) -> str:
        return self._block([line for _, line in self.lines], [])

    def within(self, room: int) -> str:
        """The block in about `room` characters, if that is enough for what is above the fence."""
        left = room - len(self._block([], [])) - len(self.more) - _NOTES // 4
        longest = max(left // 4, 1)
        signs = [sign for sign, _ in self.lines]
        lines = [line if len(line) <= longest else f"{line[: longest - 1]}…" for _, line in self.lines]
        kept = set(_first_to_show(lines, signs, left))
        shown: list[str] = []
        for position, line in enumerate(lines):
            if position in kept:
                shown.append(line)
            elif shown[-1:] != ["  …"]:
                shown.append("  …")
        hidden = [sign for position, sign in enumerate(signs) if position not in kept]
        sides = ((Sign.REMOVE, "removed"), (Sign.ADD, "added"))
        numbers = ", ".join(f"{number:,} {word}" for sign, word in sides if (number := hidden.count(sign)))
        left_out = count(len(hidden), "more line") if hidden else "the rest of the long lines"
        rest = f"… {left_out}{f' ({numbers})' if numbers else ''}: {self.more}"
        return self._block(shown, [rest])

    def _block(self, lines: Sequence[str], notes: Sequence[str]) -> str:
        body = [f"<details><summary><code>{markup(self.summary)}</code></summary>", ""]
        for paragraph in self.above:
            body += [paragraph, ""]
        if lines:
            body += [*fence(lines, self.language), ""]
        for note in notes:
            body += [note, ""]
        return "\n".join([*body, "</details>"])


def _first_to_show(lines: Sequence[str], signs: Sequence[Sign | None], room: int) -> Iterator[int]:
    """The positions of the lines that fit: as many removed as added ones, each with the headings above it."""
    ranked: list[tuple[int, bool, int]] = []
    before = Counter(signs)
    rank = len(lines), True
    for position in reversed(range(len(lines))):
        sign = signs[position]
        if sign is not None:
            before[sign] -= 1
            rank = before[sign], sign is not Sign.REMOVE
        ranked.append((*rank, position))
    for _, _, position in sorted(ranked):
        room -= len(lines[position]) + 1
        if room < 0:
            return
        yield position


@dataclass(frozen=True, slots=True)
class Piece:
    """One project: its row of the table, and a function that returns its details, if it has any.

    The riskiest project has the lowest `rank`.
    """

    row: str
    details: Callable[[], Details | None]
    rank: int = 0


def fit(
    *, head: Sequence[str], columns: str, pieces: Sequence[Piece], tail: Sequence[str], limit: int, everything: str
) -> str:
    """Paragraphs, a table, the details of its rows, and more paragraphs, below `limit` characters.

    If everything fits, the order of `pieces` is kept. Otherwise the riskiest come first, the longest are cut, and the
    rest is counted; `everything` says where all of it is shown. The caller limits `head` and `tail`. Details are made
    only for as many projects as may fit.
    """
    room = limit - sum(len(paragraph) + 2 for paragraph in (*head, columns, *tail)) - _NOTES
    ranked = sorted(range(len(pieces)), key=lambda number: pieces[number].rank)
    rows = dict(zip(ranked, _within((pieces[number].row for number in ranked), int(room * _SHARE)), strict=False))
    room -= sum(len(row) + 1 for row in rows.values())
    blocks = dict(zip(ranked, _cut((pieces[number].details() for number in ranked), room), strict=False))
    notes = []
    if len(rows) < len(pieces):
        notes.append(f"… and {count(len(pieces) - len(rows), 'more project')}. The riskiest are shown.")
    if len(blocks) < len(pieces):
        left_out = count(len(pieces) - len(blocks), "project")
        notes.append(f"The changes to {left_out} are not shown here. {everything}")
    order = ranked if notes else range(len(pieces))
    table = ["\n".join([columns, *(rows[number] for number in order if number in rows)])] if rows else []
    shown = (blocks[number] for number in order if number in blocks)
    return "\n\n".join([*head, *table, *notes, *filter(None, shown), *tail]) + "\n"


def _within(texts: Iterable[str], room: int) -> list[str]:
    """The first texts that fit in `room` characters, with two characters between each."""
    shown: list[str] = []
    for text in texts:
        room -= len(text) + 2
        if room < 0:
            break
        shown.append(text)
    return shown


def _cut(every: Iterable[Details | None], room: int) -> list[str]:
    """The first blocks that fit if the longest are cut to the same length."""
    blocks: list[tuple[Details | None, str]] = []
    least = 0
    for details in every:
        text = details.whole() if details else ""
        least += min(len(text), _LEAST) + 2
        if least > room:
            break
        blocks.append((details, text))
    room -= 2 * len(blocks)
    length = room
    for left, size in zip(range(len(blocks), 0, -1), sorted(len(text) for _, text in blocks), strict=True):
        length = room // left
        if size > length:
            break
        room -= size
    return [details.within(length) if details and len(text) > length else text for details, text in blocks]
