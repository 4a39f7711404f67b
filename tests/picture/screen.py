"""A terminal's screen: rows of text with colors, from what is written to the terminal."""

from __future__ import annotations

import re
from typing import Final

_TOKEN: Final = re.compile("\x1b\\[[?0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+")
_COLOUR: Final = re.compile("\x1b\\[[0-9;]*m")
_UNSEEN: Final = ("\x1b[?25l", "\x1b[?25h")
"""They hide the cursor and show it again."""


class Screen:
    """The last rows that fit. It knows the controls that reconciler and rich send to a terminal; others are an error.

    A row is replaced as a whole, and no row is longer than the terminal is wide.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self._columns = columns
        self._height = rows
        self._rows = [""]
        self._at = 0

    def rows(self) -> tuple[str, ...]:
        """The rows that are seen, with their colors."""
        return tuple(self._rows[-self._height :])

    def feed(self, text: str) -> None:
        """Write to the terminal. Raises ValueError for an unknown control, and for a row that is too long."""
        end = 0
        for token in _TOKEN.finditer(text):
            if token.start() != end:
                break
            end = token.end()
            self._take(token[0])
        if end != len(text):
            raise ValueError(f"not a control that is known: {text[end : end + 20]!r}")

    def _take(self, token: str) -> None:
        if token == "\n":
            self._at += 1
            if self._at == len(self._rows):
                self._rows.append("")
        elif token in ("\x1b[K", "\x1b[2K"):
            self._rows[self._at] = ""
        elif token == "\x1b[1A":
            self._at -= 1
        elif _COLOUR.fullmatch(token) or token.isprintable():
            self._rows[self._at] += token
            if len(plain(self._rows[self._at])) > self._columns:
                raise ValueError(f"a row is too long: {plain(self._rows[self._at])!r}")
        elif token != "\r" and token not in _UNSEEN:
            raise ValueError(f"not a control that is known: {token!r}")


def plain(row: str) -> str:
    """A row without its colors."""
    return _COLOUR.sub("", row)
