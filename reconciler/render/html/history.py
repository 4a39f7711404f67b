"""A history as a page for the people who label: one file that loads and runs nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.render.escape import plain
from reconciler.render.html.page import environment, inline
from reconciler.render.html.prose import text_lines
from reconciler.render.textdiff import DiffLine
from reconciler.render.view.announcement import Announcement, Entry, announced
from reconciler.render.view.history import HistoryView
from reconciler.render.view.parts import Name, Sentence
from reconciler.render.worddiff import Effort

MOST_BYTES: Final = 4_000_000
"""How much space all entries may take together. Further entries, which are older, are counted."""


Pieces = tuple[tuple[str, bool], ...]
"""Texts, and whether each is a name or a value."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """An entry, the lines of its instruction, its choices with their depth, and its settings."""

    entry: Entry
    lines: Sequence[DiffLine]
    choices: Sequence[tuple[int, Pieces]]
    settings: Sequence[Pieces]


def lay_out_history(history: HistoryView) -> str:
    """The file. No line begins with `::` or contains `##[`: see `forge.github.commands.shield`."""
    view = announced(history)
    template = environment().get_template("history.html")
    macro = template.make_module({"view": view, "entries": [], "style": inline("history.css"), "left_out": ""}).entry  # type: ignore[attr-defined]
    entries: list[str] = []
    room = MOST_BYTES
    for drawn in _drawn(view):
        made = macro(drawn)
        room -= len(made.encode())
        if room < 0 and entries:
            break
        entries.append(made)
    rest = len(view.entries) - len(entries)
    left_out = f"{count(rest, 'more version')} did not fit on this page." if rest else ""
    text: str = template.render(view=view, entries=entries, style=inline("history.css"), left_out=left_out)
    return text.lstrip().replace("##[", "#&#35;[")


def _drawn(view: Announcement) -> Iterator[Drawn]:
    effort = Effort()
    for entry in view.entries:
        yield Drawn(
            entry,
            text_lines(entry.before, entry.after, effort),
            [(line.depth, _pieces(line.words)) for line in entry.choices],
            [*map(_pieces, entry.settings)],
        )


def _pieces(sentence: Sentence) -> Pieces:
    return tuple((plain(piece), isinstance(piece, Name)) for piece in sentence)
