"""Composes plain values from a parser's events, and keeps the location of each in the text.

Both parsers share this composer. It collects problems and continues. It limits depth and size, so every later walk over
a value ends. Values may share branches through aliases, but they are never circular.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
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

from reconciler.frozen import dataclass
from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES, Findings
from reconciler.manifest.located import AnyEvent, Document, Entries, Part, SourceText, Stretch
from reconciler.manifest.scalars import NotJsonError, Words
from reconciler.model.characters import unseen_edge
from reconciler.model.values import Json

MERGE: Final = "<<"


@dataclass(slots=True)
class _Anchored:
    """`start` and `end` are where the value is written. `entries` is the block of a collection.

    `nodes` and `height` count the values below this one. `open` is set while the value is being composed.
    """

    start: int
    end: int
    value: Json = None
    entries: int = 0
    nodes: int = 0
    height: int = 0
    open: bool = True


class Composer:
    """Composes the documents of one file.

    `next_event` gives the parser's events, as PyYAML's classes. If the text contains neither `&` nor `!`, the
    composer does not look for anchors and tags.
    """

    def __init__(self, source: SourceText, next_event: Callable[[], AnyEvent], words: Words) -> None:
        self._source = source
        self._next_event = next_event
        self._words = words
        self._wary = "&" in source.parsed or "!" in source.parsed
        self._entries = Entries()
        self._end = self._block = 0  # where the last value ends, and its block of entries
        self._start_document()

    def _start_document(self) -> None:
        self._anchors: dict[str, _Anchored] = {}
        self._aliases: dict[int, Stretch] = {}
        self._nodes = 0
        self._deepest = 0
        self._directives = False
        self._findings = Findings(self._source)

    def documents(self) -> Iterator[Document]:
        """The documents in order, without empty ones.

        Raises:
            LimitError: a document is over a limit.
        """
        while not isinstance(event := self._next_event(), StreamEndEvent):
            if not isinstance(event, DocumentStartEvent):
                continue
            self._start_document()
            if event.version is not None and tuple(event.version) != (1, 2):
                self._findings.version(event)
            root = self._next_event()
            if isinstance(root, ScalarEvent) and not (root.value or root.style or root.anchor or root.tag):
                continue
            value = self._value(root, 1)
            whole = Part(array("I", (root.start_mark.index, self._end, self._block)))
            line = root.start_mark.line + 1
            problems, entries = self._findings.problems, self._entries
            yield Document(value, self._source, line, self._directives, problems, whole, entries, self._aliases)
        self._entries.pack()

    @property
    def unfinished(self) -> Findings:
        """The part of a document that was read before a parser error or a limit ended it."""
        return self._findings

    def _value(self, event: AnyEvent, depth: int) -> Json:
        """The value that starts with `event`; `depth` is the level that a collection here would have."""
        kind = event.__class__
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is MappingStartEvent:
            return self._mapping(event, depth)
        if kind is SequenceStartEvent:
            return self._sequence(event, depth)
        return self._alias(event, depth)

    def _scalar(self, event: AnyEvent) -> Json:
        self._block, self._end = 0, event.end_mark.index
        if event.tag is not None:
            self._findings.tag(event)
        value = event.value if event.style else self._plain(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _scalar(event, value)
        return value

    def _plain(self, event: AnyEvent) -> Json:
        try:
            return self._words[event.value]
        except NotJsonError:
            self._findings.not_json(event)
            return None

    def _mapping(self, start: AnyEvent, depth: int) -> dict[str, Json]:
        anchored, deepest, nodes = self._enter(start, depth)
        next_event, words, wary = self._next_event, self._words, self._wary
        keys_seen = words.keys_seen
        mapping: dict[str, Json] = {}
        noted: list[int] = []
        merges: list[tuple[Json, int]] | None = None
        order: dict[str, int] | None = None
        while (kind := (key_event := next_event()).__class__) is not MappingEndEvent:
            key: Any = None
            if kind is ScalarEvent and not key_event.style and not wary:
                key = keys_seen.get(key_event.value)
            if key is None:
                key = self._key(key_event, start, depth)
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent and not wary:
                try:
                    value = event.value if event.style else words[event.value]
                except NotJsonError:
                    value = self._plain(event)
                block, end = 0, event.end_mark.index
            else:
                value = self._value(event, depth + 1)
                block, end = self._block, self._end
            if key.__class__ is not str:
                if key is _MERGE_KEY:
                    merges = self._merge(key_event, event, value, block, merges)
                continue
            if key in mapping:
                if order is None:
                    order = {known: index for index, known in enumerate(mapping)}
                at = 5 * order[key]
                self._findings.duplicate_key(key, key_event, Stretch(noted[at], noted[at + 1]))
                continue
            if order is not None:
                order[key] = len(mapping)
            mapping[key] = value
            noted += (key_event.start_mark.index, key_event.end_mark.index, event.start_mark.index, end, block)
        if merges:
            self._lay_under(mapping, noted, merges)
        self._nodes += 2 * len(mapping)
        self._end = key_event.end_mark.index
        self._leave(start, mapping, noted, depth, anchored, deepest, nodes)
        return mapping

    def _sequence(self, start: AnyEvent, depth: int) -> list[Json]:
        anchored, deepest, nodes = self._enter(start, depth)
        next_event, words, wary = self._next_event, self._words, self._wary
        sequence: list[Json] = []
        noted: list[int] = []
        while (kind := (event := next_event()).__class__) is not SequenceEndEvent:
            if kind is ScalarEvent and not wary:
                try:
                    value = event.value if event.style else words[event.value]
                except NotJsonError:
                    value = self._plain(event)
                sequence.append(value)
                noted += (event.start_mark.index, event.end_mark.index, 0)
            else:
                sequence.append(self._value(event, depth + 1))
                noted += (event.start_mark.index, self._end, self._block)
        self._nodes += len(sequence)
        self._end = event.end_mark.index
        self._leave(start, sequence, noted, depth, anchored, deepest, nodes)
        return sequence

    def _enter(self, start: AnyEvent, depth: int) -> tuple[_Anchored | None, int, int]:
        if depth > MAX_DEPTH:
            self._findings.too_deep(start)
        deepest, nodes = self._deepest, self._nodes
        self._deepest = depth
        if start.tag is not None:
            self._findings.tag(start)
        anchored = None
        if start.anchor is not None:
            at = start.start_mark.index
            anchored = self._anchors[start.anchor] = _Anchored(at, at)
        return anchored, deepest, nodes

    def _leave(
        self,
        start: AnyEvent,
        value: Json,
        noted: list[int],
        depth: int,
        anchored: _Anchored | None,
        deepest: int,
        nodes: int,
    ) -> None:
        self._block = self._entries.add(noted)
        if self._nodes > MAX_NODES:
            self._findings.too_large(start)
        if anchored is not None:
            anchored.value, anchored.entries, anchored.open = value, self._block, False
            anchored.end = self._end
            anchored.nodes, anchored.height = self._nodes - nodes, self._deepest - depth + 1
        if deepest > self._deepest:
            self._deepest = deepest

    def _alias(self, event: AnyEvent, depth: int) -> Json:
        self._block, self._end = 0, event.end_mark.index
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            self._findings.unknown_alias(event)
            return None
        if anchored.open:
            self._findings.self_alias(event)
            return None
        self._aliases[event.start_mark.index] = Stretch(anchored.start, anchored.end)
        self._nodes += anchored.nodes
        if self._nodes > MAX_NODES:
            self._findings.too_large(event)
        reached = depth - 1 + anchored.height
        if reached > MAX_DEPTH:
            self._findings.too_deep(event)
        self._deepest = max(self._deepest, reached)
        self._block = anchored.entries
        return anchored.value

    def _key(self, event: AnyEvent, mapping: AnyEvent, depth: int) -> Any:
        """The key as a string, `_MERGE_KEY`, or None for one that was reported."""
        if event.__class__ is not ScalarEvent:
            value = self._value(event, depth + 1)
            if event.__class__ is AliasEvent and (isinstance(value, str) or self._findings.was_reported(event)):
                return value
            self._findings.bad_key(event, mapping)
            return None
        text: str = event.value
        if event.tag is not None:
            self._findings.tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _scalar(event, text)
        if not event.style:
            if text == MERGE:
                return _MERGE_KEY
            known = self._words.keys_seen.get(text)
            if known is not None:
                return known
            if not self._is_string(text):
                self._findings.bad_key(event, mapping)
                return None
            edge = unseen_edge(text)
            if edge is not None:
                self._findings.unseen_edge(event, edge)
                return _without_unseen_edges(text)
        if text.startswith("$"):
            self._directives = True
        elif not event.style and len(text) <= _LONGEST_KEY_REMEMBERED:
            self._words.keys_seen[text] = text
        return text

    def _is_string(self, text: str) -> bool:
        try:
            return isinstance(self._words[text], str)
        except NotJsonError:
            return False

    def _merge(
        self, key_event: AnyEvent, event: AnyEvent, value: Json, block: int, merges: list[tuple[Json, int]] | None
    ) -> list[tuple[Json, int]]:
        """The mappings to merge, each with the block that locates its entries."""
        if merges is not None:
            self._findings.second_merge(key_event)
            return merges
        sources = [(value, block)]
        if isinstance(value, list):
            sources = [(item, self._entries.item(block, index)[2]) for index, item in enumerate(value)]
        if all(isinstance(source, dict) for source, _ in sources):
            return sources
        if not self._findings.was_reported(event):
            self._findings.bad_merge(event)
        return []

    def _lay_under(self, mapping: dict[str, Json], noted: list[int], merges: list[tuple[Json, int]]) -> None:
        """Add the keys that `mapping` does not have from the merged mappings. The first mapping with a key wins."""
        for source, block in merges:
            assert isinstance(source, dict)
            for index, (key, value) in enumerate(source.items()):
                if key not in mapping:
                    mapping[key] = value
                    noted += self._entries.entry(block, index)
                if key.startswith("$"):
                    self._directives = True


_MERGE_KEY: Final = object()
_LONGEST_KEY_REMEMBERED: Final = 64


def _scalar(event: AnyEvent, value: Json) -> _Anchored:
    return _Anchored(event.start_mark.index, event.end_mark.index, value, open=False)


def _without_unseen_edges(key: str) -> str:
    while (unseen := unseen_edge(key)) is not None:
        key = key.strip(unseen)
    return key
