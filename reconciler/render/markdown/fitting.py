"""A document that stays below a limit: cut between projects, with the riskiest kept, and never within a fence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.render.markdown.code import fence, markup
from reconciler.render.phrases import count

LIMIT: Final = 60_000
"""Characters that always fit in a comment (github.md, section 5 [P])."""

_LARGEST: Final = 12_000
"""Characters of one project's lines. If there are more, they are cut between two lines."""

_NOTES: Final = 400
"""Characters kept for the notes on what is left out."""

_SHARE: Final = 0.4
"""How much of the space after the head the table of projects may take."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One project: its row of the table, and a function for its details (may be empty). The lowest `rank` is first."""

    row: str
    details: Callable[[], str]
    rank: int = 0


def details(summary: str, above: Sequence[str], lines: Sequence[str], more: str, *, language: str = "diff") -> str:
    """A `<details>` block. `above` are paragraphs of Markdown; `lines` go into a fence.

    `more` is the command that shows the lines that are left out.
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

    If all of it fits, it keeps the order of `pieces`; otherwise the riskiest come first, and what is left out is
    counted. The caller bounds `head` and `tail`. No more details are made after the first that do not fit.
    """
    room = limit - sum(len(paragraph) + 2 for paragraph in (*head, columns, *tail)) - _NOTES
    ranked = sorted(range(len(pieces)), key=lambda number: pieces[number].rank)
    rows = dict(zip(ranked, _within((pieces[number].row for number in ranked), int(room * _SHARE)), strict=False))
    room -= sum(len(row) + 1 for row in rows.values())
    blocks = dict(zip(ranked, _within((pieces[number].details() for number in ranked), room), strict=False))
    notes = []
    if len(rows) < len(pieces):
        notes.append(f"… and {count(len(pieces) - len(rows), 'more project')}. These are the riskiest.")
    if len(blocks) < len(pieces):
        left_out = count(len(pieces) - len(blocks), "project")
        notes.append(f"The changes of {left_out} are left out here. The job's log, or the plan, has them all.")
    order = ranked if notes else range(len(pieces))
    table = ["\n".join([columns, *(rows[number] for number in order if number in rows)])] if rows else []
    shown = (blocks[number] for number in order if number in blocks)
    return "\n\n".join([*head, *table, *notes, *filter(None, shown), *tail]) + "\n"


def _within(texts: Iterable[str], room: int) -> list[str]:
    """The first of them that fit in `room` characters, with two between each."""
    shown: list[str] = []
    for text in texts:
        room -= len(text) + 2
        if room < 0:
            break
        shown.append(text)
    return shown
