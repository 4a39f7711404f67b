"""Where the parts of a YAML file are: each value, its key, and the comments, by their offsets in the parsed text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from reconciler.frozen import dataclass
from reconciler.manifest.compose import MERGE
from reconciler.manifest.located import AnyEvent, SourceText
from reconciler.manifest.parsing import Parser
from reconciler.manifest.scalars import resolve
from reconciler.manifest.sourcetree.lines import Lines
from reconciler.manifest.sourcetree.outside import BLOCKS, Outside
from reconciler.manifest.sourcetree.tree import Comment, Kind
from reconciler.model.values import Json

_BETWEEN: Final = re.compile(r"(?:[ \t\r\n]|(?:(?<=[ \t\r\n])|^)#[^\r\n]*)*", re.MULTILINE)
_HEADER: Final = re.compile(r"[|>][-+0-9]*")


@dataclass(slots=True, eq=False)
class Span:
    """A value. `start` is where its anchor begins if it has one, and `body` where the value itself begins.

    `end` is the end of the value, without comments and blank lines behind it. `source` is the value that an alias
    repeats, and `below` the values that a mapping gets through `<<`.
    """

    kind: Kind
    start: int
    body: int
    end: int
    value: Json = None
    flow: bool = False
    style: str = ""
    anchor: str | None = None
    members: list[Member] = field(default_factory=list)
    source: Span | None = None
    below: dict[str, Json] = field(default_factory=dict)

    @property
    def is_block(self) -> bool:
        """Whether each member begins a line."""
        return self.kind in (Kind.MAPPING, Kind.SEQUENCE) and not self.flow

    @property
    def is_text_block(self) -> bool:
        return self.style in BLOCKS

    def walk(self) -> Iterator[Span]:
        yield self
        for member in self.members:
            yield from member.value.walk()


@dataclass(slots=True, eq=False)
class Member:
    """An entry of a mapping, or an item of a list. `start` is its dash, its `?`, or its key.

    `after` is right behind its colon or its dash. `name` is the key; it is None for an item, and for a `<<` that
    merges.
    """

    start: int
    after: int
    value: Span
    key: Span | None = None
    name: str | None = None


@dataclass(slots=True)
class Spans:
    """A file: its documents without empty ones, and its comments in order."""

    source: SourceText
    documents: list[Span]
    lines: Lines
    comments: list[Comment]

    @property
    def text(self) -> str:
        return self.source.parsed


def read_spans(data: bytes, parser: Parser) -> Spans:
    """The spans of a file that was read without an error."""
    outside = Outside(data, parser)
    documents = _Reader(outside.events, outside.text, outside.lines).documents()
    return Spans(outside.source, documents, outside.lines, outside.comments)


class _Reader:
    def __init__(self, events: Sequence[AnyEvent], text: str, lines: Lines) -> None:
        self._events = iter(events)
        self._text = text
        self._lines = lines
        self._anchors: dict[str, Span] = {}

    def documents(self) -> list[Span]:
        found = []
        for event in self._events:
            if _is(event, DocumentStartEvent):
                self._anchors = {}
                root = next(self._events)
                if _is(root, ScalarEvent) and not (root.value or root.style or root.anchor):
                    continue
                found.append(self._value(root, event.end_mark.index))
        return found

    def _next(self, index: int) -> int:
        """The next character that is not whitespace and not in a comment."""
        match = _BETWEEN.match(self._text, index)
        assert match is not None
        return match.end()

    def _value(self, event: AnyEvent, after: int) -> Span:
        if _is(event, AliasEvent):
            span = Span(Kind.ALIAS, event.start_mark.index, event.start_mark.index, event.end_mark.index)
            span.source = self._anchors[event.anchor]
            span.value = span.source.value
            return span
        span = self._scalar(event, after) if _is(event, ScalarEvent) else self._collection(event)
        if event.anchor is not None:
            span.anchor = event.anchor
            self._anchors[event.anchor] = span
        return span

    def _scalar(self, event: AnyEvent, after: int) -> Span:
        style = event.style or ""
        value = event.value if style else resolve(event.value)
        if not (event.value or style):  # where a null that is not written is, the parsers do not agree
            end = after if event.anchor is None else event.start_mark.index + 1 + len(event.anchor)
            return Span(Kind.SCALAR, event.start_mark.index if event.anchor else end, end, end, value)
        start, end = self._lines.body(event), event.end_mark.index
        if style in BLOCKS:
            header = _HEADER.match(self._text, start)
            assert header is not None
            written = self._text[start:end]
            end = start + len(written[:-1] if "+" in header[0] and written.endswith("\n") else written.rstrip())
        else:
            end = start + len(self._text[start:end].rstrip())
        return Span(Kind.SCALAR, event.start_mark.index, start, end, value, style=style)

    def _collection(self, event: AnyEvent) -> Span:
        is_mapping = _is(event, MappingStartEvent)
        span = Span(Kind.MAPPING if is_mapping else Kind.SEQUENCE, event.start_mark.index, self._lines.body(event), 0)
        span.flow = bool(event.flow_style)
        if event.anchor is not None:
            self._anchors[event.anchor] = span
        end = MappingEndEvent if is_mapping else SequenceEndEvent
        reached = span.body + 1 if span.flow else span.body
        while not _is(event := next(self._events), end):
            member = self._entry(event, reached, span) if is_mapping else self._item(event, reached, span)
            span.members.append(member)
            reached = max(member.value.end, member.after)
        span.end = event.end_mark.index if span.flow else reached
        span.value = self._mapping_value(span) if is_mapping else [member.value.value for member in span.members]
        return span

    def _item(self, event: AnyEvent, reached: int, span: Span) -> Member:
        if span.flow:
            value = self._value(event, event.start_mark.index)
            return Member(value.start, value.start, value)
        dash = self._next(reached)
        return Member(dash, dash + 1, self._value(event, dash + 1))

    def _entry(self, event: AnyEvent, reached: int, span: Span) -> Member:
        key = self._value(event, event.start_mark.index)
        start = key.start
        if not span.flow and self._text[(first := self._next(reached))] == "?":
            start = first
        colon = self._next(key.end)
        after = colon + 1 if self._text[colon : colon + 1] == ":" else key.end
        value = self._value(next(self._events), after)
        merges = key.kind is Kind.SCALAR and not key.style and key.value == MERGE
        return Member(start, max(after, key.end), value, key, None if merges else str(key.value))

    def _mapping_value(self, span: Span) -> Json:
        value = {member.name: member.value.value for member in span.members if member.name is not None}
        for member in span.members:
            if member.name is None:
                merged = member.value.value
                for source in merged if isinstance(merged, list) else [merged]:
                    span.below |= {key: inner for key, inner in source.items() if key not in span.below}
        return {**value, **{key: inner for key, inner in span.below.items() if key not in value}}


def _is(event: AnyEvent, kind: type[Event]) -> bool:
    return isinstance(event, kind)
