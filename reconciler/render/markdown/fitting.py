"""A document that stays below a limit: cut between projects, the riskiest kept, and never within a fence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.render.markdown.code import fence, markup
from reconciler.render.phrases import count

LIMIT: Final = 60_000
"""Characters that a comment always takes (github.md, section 5 [P])."""

_LARGEST: Final = 12_000
"""Characters of one project's lines. A project that has more is cut between two of them."""

_NOTES: Final = 400
"""Characters kept for what is said of what is left out."""

_SHARE: Final = 0.4
"""How much of the room behind the head the table of projects may take."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One project: its row of the table, and what makes its details (may be empty). The lowest `rank` comes first."""

    row: str
    details: Callable[[], str]
    rank: int = 0


def details(summary: str, above: Sequence[str], lines: Sequence[str], more: str, *, language: str = "diff") -> str:
    """A `<details>` block. `above` is Markdown, a paragraph each; `lines` stand in a fence.

    `more` is the command that shows what is left out of them.
    """
    shown = _within(lines, _LARGEST)
    body = [f"<details><summary><code>{markup(summary)}</code></summary>", ""]
    for paragraph in above:
        body += [paragraph, ""]
    if shown:
        left_out = len(lines) - len(shown)
        rest = [f"  … {count(left_out, 'more line')}: {more}"] if left_out else []
        body += [*fence([*shown, *rest], language), ""]
    return "\n".join([*body, "</details>"])


def fit(*, head: Sequence[str], columns: str, pieces: Sequence[Piece], tail: Sequence[str], limit: int) -> str:
    """Paragraphs, a table, the details of its rows, and more paragraphs, below `limit` characters.

    Where all of it fits, it stands in the order of `pieces`; otherwise the riskiest come first, and what is left out is
    counted. `head` and `tail` are bounded by whoever made them. No details are made once some did not fit.
    """
    room = limit - sum(len(paragraph) + 2 for paragraph in (*head, columns, *tail)) - _NOTES
    ranked = sorted(pieces, key=lambda piece: piece.rank)
    rows = _within((piece.row for piece in ranked), int(room * _SHARE))
    room -= sum(len(row) + 1 for row in rows)
    blocks = _within((piece.details() for piece in ranked), room)
    notes = []
    if len(rows) < len(pieces):
        notes.append(f"… and {count(len(pieces) - len(rows), 'more project')}. These are the riskiest.")
    if len(blocks) < len(pieces):
        left_out = count(len(pieces) - len(blocks), "project")
        notes.append(f"The changes of {left_out} are left out here. The job's log, or the plan, has them all.")
    if not notes:
        order = sorted(range(len(pieces)), key=lambda number: pieces[number].rank)
        places = {number: place for place, number in enumerate(order)}
        rows = [rows[places[number]] for number in range(len(pieces))]
        blocks = [blocks[places[number]] for number in range(len(pieces))]
    table = ["\n".join([columns, *rows])] if rows else []
    return "\n\n".join([*head, *table, *notes, *filter(None, blocks), *tail]) + "\n"


def _within(texts: Iterable[str], room: int) -> list[str]:
    """The first of them that take no more than `room` characters, with two for what stands between."""
    shown: list[str] = []
    for text in texts:
        room -= len(text) + 2
        if room < 0:
            break
        shown.append(text)
    return shown
