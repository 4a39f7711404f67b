"""Gives the documents of a file new values by splicing: only the lines of what differs change.

New lines follow the style of the file. A comment belongs to the entry below it, or to the one on its line, and goes
with it. The result is proven: it is read again, and must have exactly the new values.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from yaml.events import ScalarEvent

from reconciler.manifest.editing.alignment import aligned
from reconciler.manifest.editing.spans import Entry, Span, spans
from reconciler.manifest.editing.style import Style, in_brackets, key_in, style_of
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.model.values import Json, canonical_json, equal

_LINE: Final = re.compile(r"[ \t]*(?P<comment>#)?[^\r\n]*")
_END: Final = re.compile(r"\r?\n|\Z")
_COMMENT: Final = re.compile(r"(?:^|[ \t])#[^\r\n]*", re.MULTILINE)


class NotEditableError(Exception):
    """The values cannot be reached by splicing. The message says why."""


def edited(data: bytes, wanted: Sequence[Json], *, parser: Parser | None = None) -> bytes:
    """The bytes of a file whose documents have the `wanted` values, in the order of its documents.

    Raises:
        NotEditableError: with the reason.
    """
    parser = parser or best_parser()
    found = read("", data, Words(), parser)
    if found.broken or len(found.documents) != len(wanted):
        raise NotEditableError("it has errors")
    text = found.source.text
    if found.source.parsed != text:
        raise NotEditableError("it has an escaped pair of surrogates, or an unusual line separator")
    pieces, reached = [], 0
    for document, root, new in zip(found.documents, spans(text, parser), wanted, strict=True):
        if not equal(document.value, new):
            splicer = _Splicer(text, style_of(text, root))
            start, replaced, end = splicer.root(root, document.value, new)
            pieces += [text[reached:start], replaced]
            reached = end
    result = "".join([*pieces, text[reached:]])
    new_data = (BOM_UTF8 if data.startswith(BOM_UTF8) else b"") + result.encode()
    again = read("", new_data, Words(), parser)
    if again.broken or not equal([each.value for each in again.documents], list(wanted)):
        raise NotEditableError("other places use the value's anchor, or its form is not supported")
    return new_data


@dataclass(frozen=True, slots=True)
class _Splicer:
    text: str
    style: Style
    _items: dict[str, str] = field(default_factory=dict)
    """The lines of each list item, with its comments and without indentation, by its value: a moved item keeps them."""

    def root(self, root: Span, old: Json, new: Json) -> tuple[int, str, int]:
        """The start and the end of what is replaced, and between them the text that replaces it."""
        if not _is_alike(root, old, new):
            return root.start, self.style.root(new), root.end
        if root.flow:
            return root.start, self._in_brackets(root, old, new), root.end
        self._note(root, old)
        start = self._start(root, 0)
        return start, self._block(root, old, new, start), self._line_end(root.end)

    # A block: the text from the comments above its first entry to the end of its last line.

    def _block(self, span: Span, old: Json, new: Json, start: int) -> str:
        column = self._column(self._dash(span, 0))
        starts = self._starts(span, start)
        ends = [*starts[1:], self._line_end(span.end)]
        pieces: list[tuple[str, str]] = []
        for kept, name, value in self._order(span, old, new):
            if kept is None:
                pieces.append((self._fresh(name, value, column), ""))
                continue
            entry, dash = span.entries[kept], self._dash(span, kept)
            below = old[kept] if isinstance(old, list) else old.get(entry.name)
            replaced = self._entry(entry, dash, below, value, column)
            chunk = self.text[starts[kept] : dash] + replaced + self.text[self._line_end(entry.value.end) : ends[kept]]
            bare = chunk.rstrip(" \t\r\n") if kept < len(starts) - 1 else chunk
            pieces.append((bare, chunk[len(bare) :]))
        lines = []
        for index, (body, gap) in enumerate(pieces):
            lines.append(body)
            if index < len(pieces) - 1:
                lines.append(self.style.ending * max(gap.count("\n"), 1) + " " * column)
        return "".join(lines)

    def _starts(self, span: Span, start: int) -> list[int]:
        """Where each entry starts, with the comments above it."""
        return [start, *(self._start(span, index) for index in range(1, len(span.entries)))]

    def _entry(self, entry: Entry, dash: int, old: Json, new: Json, column: int) -> str:
        """The text of an entry, from its key or dash to the end of its last line."""
        value, end = entry.value, self._line_end(entry.value.end)
        if (entry.name is None and entry.key is not None) or equal(old, new):
            return self.text[dash:end]
        after = dash + 1 if entry.key is None else entry.key.end
        if _is_alike(value, old, new):
            if value.flow:
                return self.text[dash : value.start] + self._in_brackets(value, old, new) + self.text[value.end : end]
            start = self._start(value, 0, floor=after)
            return self.text[dash:start] + self._block(value, old, new, start)
        head = "-" if entry.key is None else f"{self.text[entry.key.start : after]}:"
        if value.anchor is not None and not value.is_alias:
            head += f" &{value.anchor}"
        lines = self.style.entry(head, new, column, key=entry.name or "", quotes=value.style)
        header = self.text[value.start : value.end].split("\n", 1)[0] if value.style in ("|", ">") else ""
        above = f"{self.text[after : value.start]}{header}"
        comments = [each[0].strip() for each in _COMMENT.finditer(above)]
        last = self.text[value.end : end] if value.flow or (not value.entries and value.style not in ("|", ">")) else ""
        if comments:
            lines[0] += f"  {' '.join(comments)}"
        elif last.strip():
            lines[0] += last
        return self.style.ending.join(lines)

    def _fresh(self, name: str | None, value: Json, column: int) -> str:
        """The lines of a new entry, the first one without its indentation."""
        if name is not None:
            lines = self.style.entry(f"{key_in(name)}:", value, column, key=name)
        elif (moved := self._items.get(canonical_json(value))) is not None:
            first, *others = moved.split("\n")
            lines = [first, *(" " * column + line if line else "" for line in others)]
        else:
            lines = self.style.entry("-", value, column)
        return self.style.ending.join(lines)

    def _order(self, span: Span, old: Json, new: Json) -> list[tuple[int | None, str | None, Json]]:
        """The entries after the edit: which old one each is, None for a new one, with its key and its value."""
        if isinstance(new, list):
            return [(was, None, item) for was, item in zip(aligned(old, new), new, strict=True)]
        own = {entry.name: index for index, entry in enumerate(span.entries) if entry.name is not None}
        order: list[tuple[int | None, str | None, Json]] = [
            (index, entry.name, new[entry.name] if entry.name is not None else None)
            for index, entry in enumerate(span.entries)
            if entry.name is None or entry.name in new
        ]
        above: str | None = None
        for name, value in new.items():
            is_merged = name not in own and name in old
            if name not in own and not (is_merged and equal(old[name], value)):
                place = next((at + 1 for at, each in enumerate(order) if each[1] == above), 0) if above else 0
                order.insert(place, (None, name, value))
            if not (is_merged and equal(old[name], value)):
                above = name
        return order

    # Brackets

    def _in_brackets(self, span: Span, old: Json, new: Json) -> str:
        order = self._order(span, old, new)
        ends = [entry.value.end for entry in span.entries]
        between = [self.text[end : span.entries[at + 1].start] for at, end in enumerate(ends[:-1])]
        usual = next((each for each in between if "#" not in each), ", ")
        key = span.entries[0].key
        is_json = key is not None and key.style == '"'
        pieces = [self.text[span.start : span.entries[0].start]]
        for at, (kept, name, value) in enumerate(order):
            if kept is None:
                head = "" if name is None else f"{key_in(name, json=is_json)}: "
                pieces.append(head + in_brackets(value, json=is_json))
            else:
                entry = span.entries[kept]
                below = old[kept] if isinstance(old, list) else old.get(entry.name)
                pieces.append(self._bracketed(entry, below, value, is_json=is_json))
            if at < len(order) - 1:
                follows = kept is not None and order[at + 1][0] == kept + 1
                pieces.append(between[kept] if follows and kept is not None else usual)
        return "".join([*pieces, self.text[ends[-1] : span.end]])

    def _bracketed(self, entry: Entry, old: Json, new: Json, *, is_json: bool) -> str:
        value = entry.value
        if (entry.name is None and entry.key is not None) or equal(old, new):
            return self.text[entry.start : value.end]
        if _is_alike(value, old, new):
            return self.text[entry.start : value.start] + self._in_brackets(value, old, new)
        anchor = f"&{value.anchor} " if value.anchor is not None and not value.is_alias else ""
        return self.text[entry.start : value.start] + anchor + in_brackets(new, json=is_json)

    # Positions

    def _column(self, position: int) -> int:
        return position - (self.text.rfind("\n", 0, position) + 1)

    def _line_end(self, position: int) -> int:
        match = _END.search(self.text, position)
        assert match is not None
        return match.start()

    def _dash(self, span: Span, index: int) -> int:
        """Where an entry itself starts: its key, or its dash."""
        if span.is_mapping:
            return span.entries[index].start
        if index == 0 and span.anchor is None:
            return span.start
        position = self._line_end(span.entries[index - 1].value.end if index else span.start)
        while True:
            line = _LINE.match(self.text, position + 1 if self.text[position] == "\n" else position + 2)
            assert line is not None
            bare = line[0].strip()
            if bare and not line["comment"]:
                return line.start() + line[0].index("-")
            position = line.end()

    def _start(self, span: Span, index: int, *, floor: int = 0) -> int:
        """Where an entry starts, with the comments right above it and in its column."""
        start = position = self._dash(span, index)
        column = self._column(position)
        if self.text[position - column : position].strip():
            return start
        while position - column > floor:
            above = self.text.rfind("\n", 0, position - column - 1) + 1
            line = self.text[above : position - column]
            if (above <= floor and floor) or not line.startswith(f"{' ' * column}#"):
                break
            start = position = above + column
        return start

    def _note(self, span: Span, value: Json) -> None:
        """Note the lines of every item of the lists in a block."""
        if span.flow or span.is_alias or not span.entries:
            return
        for index, entry in enumerate(span.entries):
            below = value[index] if isinstance(value, list) else value.get(entry.name)
            if span.is_sequence:
                start, end = self._start(span, index), self._line_end(entry.value.end)
                margin = " " * self._column(start)
                lines = self.text[start:end].replace("\r\n", "\n").split("\n")
                if all(not line or line.startswith(margin) for line in lines[1:]):
                    shifted = [lines[0], *(line.removeprefix(margin) for line in lines[1:])]
                    self._items.setdefault(canonical_json(below), "\n".join(shifted))
            if isinstance(below, dict | list):
                self._note(entry.value, below)


def _is_alike(span: Span, old: Json, new: Json) -> bool:
    """Whether the old collection can become the new one entry by entry."""
    if span.kind is ScalarEvent or span.is_alias or not span.entries or not new:
        return False
    return (span.is_mapping and isinstance(old, dict) and isinstance(new, dict)) or (
        span.is_sequence and isinstance(old, list) and isinstance(new, list)
    )
