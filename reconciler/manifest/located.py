"""Values with locations: where in a file each key, value, and item is written.

Offsets count characters of the text that was parsed. Lines and columns are computed only when they are needed.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final, TypeAlias

from reconciler.diagnostics import Diagnostic, Location
from reconciler.frozen import dataclass
from reconciler.keys.faults import Path
from reconciler.manifest.codes import Code
from reconciler.model.values import Json

RawPath: TypeAlias = Path
"""Keys and indexes from the root of a document, as written or composed, to a value."""

LITERAL: Final = "$literal"

AnyEvent: TypeAlias = Any
"""An event in one of PyYAML's classes. All of them have marks."""

_FEW: Final = 8
LINE_END: Final = re.compile(r"\r\n|\r|\n")


def display(file: str, root: str) -> str:
    """A path as messages show it: relative to the root if the file is below it."""
    return file[len(root) + 1 :] if file.startswith(f"{root}/") else file


def shown_at(location: Location, root: str) -> str:
    """A location as labels show it."""
    return f"{display(location.file, root)}:{location.line}:{location.column}"


def first_at(location: Location, root: str) -> str:
    """A label that shows the location of the first occurrence."""
    return f"first at {shown_at(location, root)}"


def in_reading_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The diagnostics of one document, before those of the files that it uses. A mistake that an alias repeats is
    reported once."""
    found: dict[tuple[str, int, int, str, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        location = diagnostic.location
        assert location is not None
        found.setdefault(
            (location.file, location.line, location.column, diagnostic.code, diagnostic.summary), diagnostic
        )
    ordered = sorted(found.items(), key=lambda item: (bool(item[1].used_by), *item[0][:3]))
    return tuple(diagnostic for _, diagnostic in ordered)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of characters in the parsed text, from `start` up to `end`."""

    start: int
    end: int


class SourceText:
    """The text of one file, without its byte order mark. Messages show its path relative to `root`.

    `joined` has the offsets in the parsed text where an escaped surrogate pair of 12 characters became one escape of
    10. A text that is not `showable` gives locations without their line.
    """

    __slots__ = ("_counted", "_joined", "_lines", "_showable", "_starts", "file", "parsed", "root", "text")

    def __init__(
        self,
        file: str,
        text: str,
        *,
        root: str = "",
        parsed: str | None = None,
        joined: tuple[int, ...] = (),
        showable: bool = True,
    ) -> None:
        self.file = file
        self.root = root
        self.text = text
        self.parsed = text if parsed is None else parsed
        self._joined = joined
        self._showable = showable
        self._lines: dict[int, str] = {}
        self._starts: array[int] | None = None
        self._counted = 0

    def location(self, stretch: Stretch) -> Location:
        """The location of the part of a stretch on its first line. It is at least one column wide."""
        start = min(self._original(stretch.start), len(self.text))
        number, line_start = self._line_at(start)
        line = self._line(number, line_start)
        column = start - line_start + 1
        shown = line[start - line_start : self._original(stretch.end) - line_start].rstrip()
        return Location(self.file, number + 1, column, column + max(1, len(shown)), line if self._showable else None)

    def line(self, stretch: Stretch) -> int:
        """The number of the line on which a stretch starts, counted from 1."""
        return self._line_at(min(self._original(stretch.start), len(self.text)))[0] + 1

    def _line_at(self, offset: int) -> tuple[int, int]:
        """The line at an offset, counted from 0, and the offset of its start.

        Most files have only a few locations. For these, counting takes less than finding the starts of all lines.
        """
        if self._starts is None:
            self._counted += 1
            if self._counted <= _FEW and "\r" not in self.text:
                return self.text.count("\n", 0, offset), self.text.rfind("\n", 0, offset) + 1
            self._starts = array("I", [0, *(end.end() for end in LINE_END.finditer(self.text))])
        number = bisect_right(self._starts, offset) - 1
        return number, self._starts[number]

    def _line(self, number: int, start: int) -> str:
        """The text of a line, counted from 0. All locations on the line share one string."""
        line = self._lines.get(number)
        if line is None:
            end = LINE_END.search(self.text, start)
            line = self._lines[number] = self.text[start : end.start() if end is not None else None]
        return line

    def written(self, start: int, end: int) -> str:
        """The characters of the file that a stretch of the parsed text represents."""
        return self.text[self._original(start) : self._original(end)]

    def _original(self, offset: int) -> int:
        return offset + 2 * bisect_right(self._joined, offset - 1) if self._joined else offset


class Entries:
    """The offsets of the entries of a file's mappings and lists, in one block for each mapping or list.

    An entry of a mapping is five numbers: start and end of its key, start and end of its value, and the value's own
    block. An item of a list has only the last three. Aliases share the block of their anchor.
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
        """Pack the offsets to save memory. Nothing can be added afterward."""
        try:
            self.numbers = array("H", self.numbers)  # half the memory
        except OverflowError:
            self.numbers = array("I", self.numbers)

    def entry(self, block: int, index: int) -> Sequence[int]:
        return self.numbers[block + 5 * index : block + 5 * index + 5]

    def item(self, block: int, index: int) -> Sequence[int]:
        return self.numbers[block + 3 * index : block + 3 * index + 3]


@dataclass(frozen=True, slots=True)
class Part:
    """An entry of a mapping, or an item of a list, whose `key` is its value. `numbers` are its numbers in a block."""

    numbers: Sequence[int]

    @property
    def key(self) -> Stretch:
        return Stretch(self.numbers[0], self.numbers[1])

    @property
    def value(self) -> Stretch:
        return Stretch(self.numbers[-3], self.numbers[-2])

    @property
    def block(self) -> int:
        """The block that locates the content of the value."""
        return self.numbers[-1]


@dataclass(slots=True)
class Document:
    """One YAML document. `line` is the first line of its value, and `whole` is its range in the text.

    `directives` is whether any key in it starts with `$`. `aliases` has where the anchored value of each alias is, by
    the alias's offset.
    """

    value: Json
    source: SourceText
    line: int
    directives: bool
    problems: list[Diagnostic]
    whole: Part
    entries: Entries = field(repr=False)
    aliases: Mapping[int, Stretch] = field(default_factory=dict, repr=False)
    _orders: dict[int, dict[str, int]] = field(default_factory=dict, init=False, repr=False)

    def part(self, value: Json, block: int, key: str | int) -> Part | None:
        """The entry or item `key` of the value with that block; None if there is none."""
        if isinstance(value, dict) and key in value:
            order = self._orders.get(block)
            if order is None:
                order = self._orders[block] = {each: index for index, each in enumerate(value)}
            return Part(self.entries.entry(block, order[str(key)]))
        if isinstance(value, list) and isinstance(key, int) and 0 <= key < len(value):
            return Part(self.entries.item(block, key))
        return None

    def parts(self, value: Json, block: int) -> Iterator[tuple[str | int, Json, Part]]:
        """Every entry or item of a value, in order."""
        if isinstance(value, dict):
            for index, (key, inner) in enumerate(value.items()):
                yield key, inner, Part(self.entries.entry(block, index))
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                yield index, inner, Part(self.entries.item(block, index))

    def reported_in(self, stretches: Iterable[Stretch]) -> tuple[Diagnostic, ...]:
        """The diagnostics of parts of the document, of the anchored values that they repeat, and those that put every
        value in doubt."""
        if not self.problems:
            return ()
        offsets = [*self.aliases]  # in the order of the text
        needed = dict.fromkeys(stretches)
        unread = [*needed]
        while unread:
            each = unread.pop()
            for offset in offsets[bisect_left(offsets, each.start) : bisect_left(offsets, each.end)]:
                if (anchored := self.aliases[offset]) not in needed:
                    needed[anchored] = None
                    unread.append(anchored)
        spans = _joined([(each.start, max(each.end, each.start + 1)) for each in needed])
        starts, ends = ([*map(self._position, offsets)] for offsets in zip(*spans, strict=True))
        found = [
            each
            for each in self.problems
            if each.code in _EVERYWHERE or (each.location is not None and _is_within(each.location, starts, ends))
        ]
        return in_reading_order(found)

    def _position(self, offset: int) -> tuple[int, int]:
        location = self.source.location(Stretch(offset, offset + 1))
        return location.line, location.column


_EVERYWHERE: Final = {Code.YAML_VERSION, Code.DUPLICATE_KEY, Code.UNKNOWN_ALIAS}
"""Mistakes after which no value of a file means the same to all parsers."""


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order, with one instead of those that overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def _is_within(location: Location, starts: Sequence[tuple[int, int]], ends: Sequence[tuple[int, int]]) -> bool:
    at = location.line, location.column
    index = bisect_right(starts, at) - 1
    return index >= 0 and at < ends[index]


@dataclass(slots=True)
class LocatedFile:
    """A file that was read. `failure` is the error that ended it: syntax, a limit, or lines that parsers read
    differently.

    `hides_values` is set if some comments may be meant as values.
    """

    source: SourceText
    documents: list[Document] = field(default_factory=list)
    failure: list[Diagnostic] = field(default_factory=list)
    hides_values: bool = False

    @property
    def reported(self) -> tuple[Diagnostic, ...]:
        """All diagnostics of the file's YAML."""
        of_documents = (each for document in self.documents for each in in_reading_order(document.problems))
        return (*of_documents, *in_reading_order(self.failure))

    @property
    def broken(self) -> bool:
        """Whether the values cannot be relied on."""
        return any(diagnostic.is_error for diagnostic in self.reported)
