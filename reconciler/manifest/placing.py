"""Where things stand: what the second pass notes, and the source lines that locations are cut from."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, Final, TypeAlias

from yaml.events import CollectionStartEvent

from reconciler.diagnostics import Location
from reconciler.manifest.problems import At, RawPath, Stretch, Where
from reconciler.model.values import Json

LITERAL: Final = "$literal"

AnyEvent: TypeAlias = Any
"""One of PyYAML's events, which all have marks; which one is told by its class."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


class SourceText:
    """The text of one file, without byte order mark.

    `joined` holds where, in the text that was parsed, an escaped surrogate pair of 12 characters stands as one escape
    of 10. A text that is not `showable` gives locations without their line.
    """

    def __init__(
        self, file: str, text: str, *, parsed: str | None = None, joined: tuple[int, ...] = (), showable: bool = True
    ) -> None:
        self.file = file
        self.text = text
        self.parsed = text if parsed is None else parsed
        self._joined = joined
        self._showable = showable
        self._lines: dict[int, str] = {}
        ends = list(_LINE_END.finditer(text))
        self._starts = [0, *(end.end() for end in ends)]
        self._ends = [*(end.start() for end in ends), len(text)]

    def location(self, stretch: Stretch) -> Location:
        """The part of a stretch that lies on its first line; at least one column wide."""
        start = min(self._original(stretch.start), len(self.text))
        line = bisect_right(self._starts, start) - 1
        line_start, line_end = self._starts[line], self._ends[line]
        column = start - line_start + 1
        shown = self.text[start : min(self._original(stretch.end), line_end)].rstrip()
        text = self._line(line) if self._showable else None
        return Location(self.file, line + 1, column, column + max(1, len(shown)), text)

    def _line(self, number: int) -> str:
        """A line, counted from 0. All locations on it share one text."""
        line = self._lines.get(number)
        if line is None:
            line = self._lines[number] = self.text[self._starts[number] : self._ends[number]]
        return line

    def written(self, start: int, end: int) -> str:
        """The characters of the file that a stretch of the parsed text stands for."""
        return self.text[self._original(start) : self._original(end)]

    def _original(self, index: int) -> int:
        return index + 2 * bisect_right(self._joined, index - 1) if self._joined else index


class Places:
    """Where the keys, values and items of composed collections stand, by the collections' identity.

    Valid as long as the collections live.
    """

    def __init__(self) -> None:
        self._entries: dict[int, dict[str | int, tuple[Stretch, Stretch]]] = {}
        self._ends: dict[int, int] = {}

    def open(self, collection: Json) -> None:
        self._entries[id(collection)] = {}

    def close(self, collection: Json, end: AnyEvent) -> None:
        self._ends[id(collection)] = end.end_mark.index

    def note_entry(self, mapping: dict[str, Json], key: str, key_event: AnyEvent, event: AnyEvent, value: Json) -> None:
        self._entries[id(mapping)][key] = (self.stretch(key_event), self.stretch(event, value))

    def note_item(self, sequence: list[Json], event: AnyEvent, value: Json) -> None:
        """To be called before the item is appended."""
        stretch = self.stretch(event, value)
        self._entries[id(sequence)][len(sequence)] = (stretch, stretch)

    def copy_entry(self, source: dict[str, Json], mapping: dict[str, Json], key: str) -> None:
        """A merged entry stands where it was written."""
        self._entries[id(mapping)][key] = self._entries[id(source)][key]

    def stretch(self, event: AnyEvent, value: Json = None) -> Stretch:
        """What an event takes up; of a collection, from its start to its end."""
        end = event.end_mark.index
        if isinstance(event, CollectionStartEvent):
            end = self._ends.get(id(value), end)
        return Stretch(event.start_mark.index, end)

    def key_stretch(self, mapping: dict[str, Json], key: str) -> Stretch:
        return self._entries[id(mapping)][key][0]

    def value_stretch(self, collection: Json, part: str | int) -> Stretch:
        return self._entries[id(collection)][part][1]

    def find(self, value: Json, root: Stretch, where: Where) -> Stretch:
        """The stretch of a place in the document whose root is `value`; see `At` for paths that lead nowhere.

        A path may leave out `$literal`, which stands around a value without being a part of it.
        """
        if isinstance(where, Stretch):
            return where
        stretch = root
        path: RawPath = where.path
        for position, part in enumerate(path):
            if isinstance(value, dict) and part != LITERAL and len(value) == 1 and LITERAL in value:
                value = value[LITERAL]
            entries = self._entries.get(id(value)) if isinstance(value, dict | list) else None
            if entries is None or part not in entries:
                return stretch
            key_stretch, value_stretch = entries[part]
            stretch = key_stretch if where.key and position == len(path) - 1 else value_stretch
            value = value[part]
        return stretch


def at(*path: str | int) -> At:
    """The value at a path."""
    return At(path)


def at_key(*path: str | int) -> At:
    """The key at a path."""
    return At(path, key=True)
