"""The lines of a text: where each starts and ends, and which lines have only whitespace."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Final

from yaml.events import ScalarEvent

from reconciler.manifest.located import LINE_END, AnyEvent

_BEHIND_ANCHOR: Final = re.compile(r"(?:[ \t\r\n]+(?:#[^\r\n]*)?)*")


class Lines:
    """The lines of `text`, counted from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0]
        self.ends = []
        for end in LINE_END.finditer(text):
            self.starts.append(end.end())
            self.ends.append(end.start())
        self.ends.append(len(text))
        self._blanks = self._counted()

    def number(self, index: int) -> int:
        return bisect_right(self.starts, index) - 1

    def column(self, index: int) -> int:
        return index - self.starts[self.number(index)]

    def end(self, index: int) -> int:
        """The end of the line that `index` is on."""
        return self.ends[self.number(index)]

    def blanks_above(self, index: int) -> int:
        """The number of blank lines right above the line that `index` is on."""
        return self._blanks.get(self.number(index), 0) if self._blanks else 0

    def _counted(self) -> dict[int, int]:
        """The number of blank lines right above each line that has any."""
        blank_lines: dict[int, int] = {}
        for number, (start, end) in enumerate(zip(self.starts, self.ends, strict=True), 1):
            if start == end or self.text[start:end].isspace():
                blank_lines[number] = blank_lines.get(number - 1, 0) + 1
        return blank_lines

    def body(self, event: AnyEvent) -> int:
        """The start of a value after its anchor. The event starts at the anchor."""
        start: int = event.start_mark.index
        if event.anchor is None:
            return start
        match = _BEHIND_ANCHOR.match(self.text, start + 1 + len(event.anchor))
        assert match is not None
        end: int = event.end_mark.index
        return min(match.end(), end) if isinstance(event, ScalarEvent) else match.end()
