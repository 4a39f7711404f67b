"""Rows as CSV, for scripts and spreadsheets. No cell acts: neither as a formula, nor in a terminal."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.model.characters import NO_GLYPH, clusters

_FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""A cell that begins with one of these is a formula in a spreadsheet. The last four are the full-width ones."""

_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def table(columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]) -> str:
    """The rows below the names of the columns. What is None is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    """The text with invisible and control characters escaped, and an apostrophe before what would be a formula."""
    shown = "".join(json.dumps(cluster)[1:-1] if _acts(cluster) else cluster for cluster in clusters(cell))
    return f"'{shown}" if shown[:1] in _FORMULA else shown


def _acts(cluster: str) -> bool:
    return len(cluster) == 1 and (unicodedata.category(cluster) in _ACTING or NO_GLYPH.match(cluster) is not None)
