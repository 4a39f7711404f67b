"""What a parser reports about a text that is not YAML, and what a message explains instead."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from reconciler.frozen import dataclass

PAIR: Final = re.compile(r"\s*(?:- +)*[^:#\s][^:#]*:\s+(?:[&!]\S* +)*(?=\S)")
CLOSERS: Final = {"[": "]", "{": "}"}
WHOLE: Final = {'"': "a quoted string", "'": "a quoted string", "[": "a list", "{": "a mapping", "*": "an alias"}
"""What a value is that begins with a character and ends before the end of its line."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """`index` is where the parser noticed the mistake. `began` is the start of the construct that has no proper end.
    Lines count from 0."""

    text: str
    message: str
    index: int
    began: int | None
    starts: tuple[int, ...]

    def line(self, index: int) -> int:
        return bisect_right(self.starts, index) - 1

    def line_text(self, line: int) -> str:
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def line_end(self, index: int) -> int:
        line = self.line(index)
        return self.starts[line] + len(self.line_text(line))

    def indent(self, line: int) -> int:
        text = self.line_text(line)
        return len(text) - len(text.lstrip(" "))

    def line_above(self, line: int) -> int | None:
        """The nearest line above that is neither empty nor a comment."""
        for above in range(line - 1, -1, -1):
            if self.line_text(above).strip() and not self.line_text(above).lstrip().startswith("#"):
                return above
        return None

    def line_below(self, line: int) -> int | None:
        """The nearest line below that is neither empty nor a comment."""
        for below in range(line + 1, len(self.starts)):
            if self.line_text(below).strip() and not self.line_text(below).lstrip().startswith("#"):
                return below
        return None

    def outer(self, line: int) -> list[int]:
        """The lines above, from the nearest, that are each indented less than all lines between them and `line`."""
        found: list[int] = []
        above = self.line_above(line)
        while above is not None:
            if not found or self.indent(above) < self.indent(found[-1]):
                found.append(above)
            above = self.line_above(above)
        return found

    def is_first_value(self, line: int) -> bool:
        """Whether a line can only begin a value: the line above that is indented less ends with a colon, or is none."""
        parent = next((each for each in self.outer(line) if self.indent(each) < self.indent(line)), None)
        return parent is None or self.line_text(parent).rstrip().endswith(":")

    @property
    def character(self) -> str:
        return self.text[self.index : self.index + 1]


@dataclass(frozen=True, slots=True)
class Explained:
    """A mistake from `start` up to `end`, or of one character."""

    start: int
    summary: str
    label: str = ""
    detail: str = ""
    end: int = 0
