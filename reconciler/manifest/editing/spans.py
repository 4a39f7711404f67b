"""Where each value of a YAML text is, without the comments and blank lines that follow it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.manifest.parsing import Parser, open_events

MERGE: Final = "<<"


@dataclass(slots=True)
class Span:
    """A value, from `start` up to `end`, with its anchor. `entries` are those of a collection.

    `flow` is whether a collection is in brackets. `text` is the value of a scalar, and `style` its quotes, `|`, or `>`,
    empty for a plain one. `anchor` is the name of an anchor or alias.
    """

    start: int
    end: int
    kind: type[Any]
    flow: bool = False
    text: str = ""
    style: str = ""
    anchor: str | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def is_mapping(self) -> bool:
        return self.kind is MappingStartEvent

    @property
    def is_sequence(self) -> bool:
        return self.kind is SequenceStartEvent

    @property
    def is_alias(self) -> bool:
        return self.kind is AliasEvent


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a mapping, or an item of a list, which has no key."""

    key: Span | None
    value: Span

    @property
    def start(self) -> int:
        return self.value.start if self.key is None else self.key.start

    @property
    def name(self) -> str | None:
        """The key. None for a merge key and for what is not a key of a manifest."""
        if self.key is None or self.key.kind is not ScalarEvent or (not self.key.style and self.key.text == MERGE):
            return None
        return self.key.text


def spans(text: str, parser: Parser) -> list[Span]:
    """The spans of the documents of a valid text, without empty ones."""
    return list(_documents(text, open_events(parser, text)))


def _documents(text: str, next_event: Callable[[], Any]) -> Iterator[Span]:
    while not isinstance(event := next_event(), StreamEndEvent):
        if isinstance(event, DocumentStartEvent):
            root = next_event()
            if not (isinstance(root, ScalarEvent) and not (root.value or root.style or root.anchor or root.tag)):
                yield _span(text, root, next_event)


def _span(text: str, event: Any, next_event: Callable[[], Any]) -> Span:
    start, end = event.start_mark.index, event.end_mark.index
    if isinstance(event, ScalarEvent):
        if event.style in ("|", ">"):
            end = start + len(_tight(text[start:end]))
        return Span(start, end, ScalarEvent, text=event.value, style=event.style or "", anchor=event.anchor)
    if isinstance(event, AliasEvent):
        return Span(start, end, AliasEvent, anchor=event.anchor)
    found = Span(start, end, type(event), flow=bool(event.flow_style), anchor=event.anchor)
    while not isinstance(inner := next_event(), MappingEndEvent | SequenceEndEvent):
        key = _span(text, inner, next_event) if found.is_mapping else None
        found.entries.append(Entry(key, _span(text, next_event() if found.is_mapping else inner, next_event)))
    if found.flow:
        assert inner.end_mark is not None
        found.end = inner.end_mark.index
    elif found.entries:
        found.end = found.entries[-1].value.end
    return found


def _tight(block: str) -> str:
    """A `|` or `>` text without the line end and the blank lines that do not belong to its value."""
    header = block.split("\n", 1)[0].split("#")[0]
    if "+" in header:
        return block[:-1].removesuffix("\r") if block.endswith("\n") else block
    return block.rstrip(" \t\r\n")
