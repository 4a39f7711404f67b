"""Values with locations: what reading a file keeps of where each key, value and item is written.

Offsets count characters of the text that was parsed. Lines and columns are worked out when a location is asked for.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import Location
from reconciler.manifest.problems import NOWHERE, Problem, Stretch, Where
from reconciler.model.values import Json

LITERAL: Final = "$literal"

AnyEvent: TypeAlias = Any
"""One of PyYAML's events, which all have marks; its class says which one."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class SourceText:
    """The text of one file, without its byte order mark.

    `joined` has the offsets in the parsed text where an escaped surrogate pair of 12 characters became one escape of
    10. A text that is not `showable` gives locations without their line.
    """

    __slots__ = ("_joined", "_lines", "_showable", "_starts", "file", "parsed", "text")

    def __init__(
        self, file: str, text: str, *, parsed: str | None = None, joined: tuple[int, ...] = (), showable: bool = True
    ) -> None:
        self.file = file
        self.text = text
        self.parsed = text if parsed is None else parsed
        self._joined = joined
        self._showable = showable
        self._lines: dict[int, str] = {}
        self._starts: array[int] | None = None

    def location(self, stretch: Stretch) -> Location:
        """The part of a stretch that lies on its first line; at least one column wide."""
        if self._starts is None:
            self._starts = array("I", [0, *(end.end() for end in _LINE_END.finditer(self.text))])
        start = min(self._original(stretch.start), len(self.text))
        number = bisect_right(self._starts, start) - 1
        line_start, line = self._starts[number], self._line(number)
        column = start - line_start + 1
        shown = line[start - line_start : self._original(stretch.end) - line_start].rstrip()
        return Location(self.file, number + 1, column, column + max(1, len(shown)), line if self._showable else None)

    def _line(self, number: int) -> str:
        """A line, counted from 0. All locations on it share one text."""
        line = self._lines.get(number)
        if line is None:
            assert self._starts is not None
            end = self._starts[number + 1] if number + 1 < len(self._starts) else None
            line = self._lines[number] = self.text[self._starts[number] : end].removesuffix("\n").removesuffix("\r")
        return line

    def written(self, start: int, end: int) -> str:
        """The characters of the file that a stretch of the parsed text represents."""
        return self.text[self._original(start) : self._original(end)]

    def _original(self, offset: int) -> int:
        return offset + 2 * bisect_right(self._joined, offset - 1) if self._joined else offset


class Entries:
    """Where the entries of a file's mappings and lists are, in blocks of offsets: one block for each of them.

    An entry of a mapping is five numbers: start and end of its key, start and end of its value, and the value's own
    block. An item of a list is the last three. Aliases share the block of their anchor.
    """

    __slots__ = ("numbers",)

    def __init__(self) -> None:
        self.numbers: list[int] | array[int] = []

    def add(self, numbers: list[int]) -> int:
        """Add a block; returns its number."""
        block = len(self.numbers)
        self.numbers.extend(numbers)
        return block

    def pack(self) -> None:
        """Take little memory from now on; nothing more is added."""
        self.numbers = array("I", self.numbers)

    def entry(self, block: int, index: int) -> Sequence[int]:
        return self.numbers[block + 5 * index : block + 5 * index + 5]

    def item(self, block: int, index: int) -> Sequence[int]:
        return self.numbers[block + 3 * index : block + 3 * index + 3]


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of a mapping or an item of a list, whose `key` is its value. `block` has what its value consists of."""

    key: Stretch
    value: Stretch
    block: int


@dataclass(slots=True)
class Document:
    """One YAML document. `line` (from 1) and `stretch` are those of its root, and `block` has the root's entries.

    `directives` is true if a key that starts with `$` appears anywhere in it.
    """

    value: Json
    line: int
    directives: bool = False
    problems: list[Problem] = field(default_factory=list)
    stretch: Stretch = NOWHERE
    entries: Entries = field(default_factory=Entries, repr=False)
    block: int = 0
    _orders: dict[int, dict[str, int]] = field(default_factory=dict, init=False, repr=False)

    def find(self, where: Where) -> Stretch:
        """The stretch of a place in the document; see `At` for paths that lead nowhere.

        A path may leave out `$literal`, which is written around a value without being a part of it.
        """
        if isinstance(where, Stretch):
            return where
        value, block, stretch = self.value, self.block, self.stretch
        numbers = self.entries.numbers
        path = where.path
        for position, part in enumerate(path):
            if isinstance(value, dict) and part != LITERAL and len(value) == 1 and LITERAL in value:
                value, block = value[LITERAL], numbers[block + 4]
            if isinstance(value, dict) and part in value:
                entry = block + 5 * self._order(value, block)[str(part)] + 2
                if where.key and position == len(path) - 1:
                    return Stretch(numbers[entry - 2], numbers[entry - 1])
                value = value[str(part)]
            elif isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
                entry = block + 3 * part
                value = value[part]
            else:
                return stretch
            stretch, block = Stretch(numbers[entry], numbers[entry + 1]), numbers[entry + 2]
        return stretch

    def _order(self, mapping: dict[str, Json], block: int) -> dict[str, int]:
        """The position of each key."""
        order = self._orders.get(block)
        if order is None:
            order = self._orders[block] = {key: index for index, key in enumerate(mapping)}
        return order

    def parts(self, value: Json, block: int) -> Iterator[tuple[str | int, Json, Part]]:
        """Every entry or item of a value, in order."""
        if isinstance(value, dict):
            for index, (key, inner) in enumerate(value.items()):
                key_start, key_end, start, end, inside = self.entries.entry(block, index)
                yield key, inner, Part(Stretch(key_start, key_end), Stretch(start, end), inside)
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                start, end, inside = self.entries.item(block, index)
                yield index, inner, Part(Stretch(start, end), Stretch(start, end), inside)


@dataclass(slots=True)
class LocatedFile:
    """A file that was read. `failure` is what ended it: its syntax, a limit.

    If `broken_lines` is set, the values cannot be trusted, and nothing should be said about them. `hides_values` is set
    if comments may be written where values were meant.
    """

    source: SourceText
    documents: list[Document] = field(default_factory=list)
    failure: list[Problem] = field(default_factory=list)
    broken_lines: bool = False
    hides_values: bool = False
    _lines: dict[int, Document] = field(default_factory=dict, init=False, repr=False)

    def document_at(self, line: int) -> Document | None:
        """The document that begins on a line."""
        if not self._lines:
            self._lines = {document.line: document for document in reversed(self.documents)}
        return self._lines.get(line)

    def location(self, document: Document, where: Where) -> Location:
        return self.source.location(document.find(where))
