"""A document that stays below a limit: it is cut between projects, never within a fence, and keeps the riskiest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from reconciler.render.markdown.code import fence, markup
from reconciler.render.phrases import count

LIMIT: Final = 60_000
"""How many characters always fit in a comment (github.md, section 5 [P])."""

_LARGEST: Final = 12_000
"""The most characters for one project's lines. The rest is cut off between two lines."""

_NOTES: Final = 400
"""How many characters are reserved for the notes on what is left out."""

_SHARE: Final = 0.4
"""The share of the space after the head that the table of projects may take."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One project: its row of the table, and a function that returns its details, which may be empty.

    The riskiest project has the lowest `rank`.
    """

    row: str
    details: Callable[[], str]
    rank: int = 0


def details(summary: str, above: Sequence[str], lines: Sequence[str], more: str, *, language: str = "diff") -> str:
    """A `<details>` block. `above` are paragraphs of Markdown; `lines` go into a fence.

    `more` says where the lines that are left out are shown.
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

    If everything fits, the order of `pieces` is kept. Otherwise the riskiest come first, and the rest is counted. The
    caller limits `head` and `tail`. Details are made only until the first that do not fit.
    """
    room = limit - sum(len(paragraph) + 2 for paragraph in (*head, columns, *tail)) - _NOTES
    ranked = sorted(range(len(pieces)), key=lambda number: pieces[number].rank)
    rows = dict(zip(ranked, _within((pieces[number].row for number in ranked), int(room * _SHARE)), strict=False))
    room -= sum(len(row) + 1 for row in rows.values())
    blocks = dict(zip(ranked, _within((pieces[number].details() for number in ranked), room), strict=False))
    notes = []
    if len(rows) < len(pieces):
        notes.append(f"… and {count(len(pieces) - len(rows), 'more project')}. The riskiest are shown.")
    if len(blocks) < len(pieces):
        left_out = count(len(pieces) - len(blocks), "project")
        notes.append(f"The changes to {left_out} are not shown here. The job's log and the plan show all of them.")
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
