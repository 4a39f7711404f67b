"""One line of source with carets below the place in question.

Carets stand right below what they mean: tabs, wide and escaped characters are counted by the cells that they take. Of
a line too long to read (minified files) only what surrounds the place is shown.
"""

from __future__ import annotations

from typing import Final

from reconciler.diagnostics import Location
from reconciler.render.escape import plain
from reconciler.render.layout import width

_BEFORE: Final = 60
_AFTER: Final = 100
_TAB: Final = 4


def snippet(text: str, location: Location) -> tuple[str, int, int]:
    """The line as shown, how many cells stand before the carets, and how many carets there are."""
    first = min(max(location.column - 1, 0), len(text))
    last = min(max(location.end_column - 1, first), len(text))
    start = max(0, first - _BEFORE) if len(text) > _BEFORE + _AFTER else 0
    end = min(len(text), start + _BEFORE + _AFTER)
    lead = "…" if start else ""
    before, at = _shown(text[start:first], width(lead))
    marked, behind = _shown(text[first : min(last, end)], at)
    rest, _ = _shown(text[min(last, end) : end], behind)
    shown = lead + before + marked + rest + ("…" if end < len(text) else "")
    return shown.rstrip(), at, max(1, behind - at)


def _shown(text: str, at: int) -> tuple[str, int]:
    """`text` as it stands from the cell `at` on, and the cell behind it."""
    pieces: list[str] = []
    for character in text:
        piece = " " * (_TAB - at % _TAB) if character == "\t" else plain(f"x{character}")[1:]
        pieces.append(piece)
        at += width(piece)
    return "".join(pieces), at
