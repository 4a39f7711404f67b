"""CSV that a script, a spreadsheet, and a terminal can read."""

from __future__ import annotations

import csv
import io

import pytest

from reconciler.documents.tables import table


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("Cat", "Cat"),
        ('a, "b"', 'a, "b"'),
        ("Große Katze 猫", "Große Katze 猫"),
        ("👩‍🌾", "👩‍🌾"),
        ("a\u00a0b", "a\u00a0b"),
        ('=HYPERLINK("http://x")', '\'=HYPERLINK("http://x")'),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("\t=1", "\\t=1"),
        ("\r=1", "\\r=1"),
        ("a\nb", "a\\nb"),
        ("\x1b[2J", "\\u001b[2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb", "a\\u200bb"),
        ("a-b=c", "a-b=c"),
        ("", ""),
    ],
)
def test_no_cell_acts(cell: str, read: str) -> None:
    text = table(("name", "number", "none"), [[cell, 7, None]])
    assert list(csv.reader(io.StringIO(text))) == [["name", "number", "none"], [read, "7", ""]]
