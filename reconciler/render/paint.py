"""Colours on or off. A colour only repeats what a sign or a word already says; without it nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Ink(Enum):
    """The codes of ECMA-48 for one way of drawing."""

    GREEN = "32"
    RED = "31"
    YELLOW = "33"
    CYAN = "36"
    MAGENTA = "35"
    BOLD = "1"
    DIM = "2"
    BOLD_RED = "1;31"
    BOLD_YELLOW = "1;33"
    BOLD_GREEN = "1;32"
    BOLD_CYAN = "1;36"


@dataclass(frozen=True, slots=True)
class Paint:
    """Draws in colour where `colour` is true, and hands the text back untouched where it is not."""

    colour: bool

    def __call__(self, text: str, ink: Ink | None) -> str:
        if not (self.colour and ink and text):
            return text
        return f"\x1b[{ink.value}m{text}\x1b[0m"
