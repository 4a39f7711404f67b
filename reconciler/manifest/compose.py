"""From a parser's events to plain values. One composer for both passes and both parsers.

Without `places` it touches no mark and stops at the first thing that is wrong (`NeedsPlacesError`); with `places` it
notes where everything stands, collects what is wrong, and goes on. Depth and size are bounded while composing, so no
document can make a later walk over its value endless: values are trees, or share branches through aliases, never
circles.
"""

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

from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES, Findings, NeedsPlacesError
from reconciler.manifest.placing import AnyEvent, Places
from reconciler.manifest.problems import NOWHERE, Problem, Stretch
from reconciler.manifest.scalars import NotJsonError, Words, unseen_edge
from reconciler.model.values import Json

MERGE: Final = "<<"


@dataclass(slots=True)
class Document:
    """One YAML document. `line` (from 1) and `stretch` are those of its root; `stretch` is known in the second pass.

    `directives` tells whether a key that starts with `$` stands anywhere in it.
    """

    value: Json
    line: int
    directives: bool = False
    problems: list[Problem] = field(default_factory=list)
    stretch: Stretch = NOWHERE


@dataclass(slots=True)
class _Anchored:
    """`nodes` and `height` count what lies below the value; `open` while the value is still being composed."""

    value: Json = None
    nodes: int = 0
    height: int = 0
    open: bool = True


class Composer:
    """Composes the documents of one file.

    `next_event` gives the parser's events, as PyYAML's classes. `wary` may be False where the text holds neither `&`
    nor `!`: scalars are then not asked for anchors and tags.
    """

    def __init__(
        self, next_event: Callable[[], AnyEvent], words: Words, *, places: Places | None = None, wary: bool = True
    ) -> None:
        self._next_event = next_event
        self._words = words
        self._places = places
        self._wary = wary
        self._start_document()

    def _start_document(self) -> None:
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._deepest = 0
        self._directives = False
        self._findings = Findings(self._places)

    def documents(self) -> Iterator[Document]:
        """The documents in order, without empty ones.

        Raises:
            NeedsPlacesError: in the first pass, where anything is to be reported.
            LimitError: in the second.
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
            document = Document(
                self._value(root, 1), root.start_mark.line + 1, self._directives, self._findings.problems
            )
            if self._places is not None:
                document.stretch = self._places.stretch(root, document.value)
            yield document

    @property
    def unfinished(self) -> list[Problem]:
        """What was found in the document that an error of the parser or a limit ended."""
        return self._findings.problems

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
        if event.tag is not None:
            self._findings.tag(event)
        value = event.value if event.style else self._plain(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, open=False)
        return value

    def _plain(self, event: AnyEvent) -> Json:
        try:
            return self._words[event.value]
        except NotJsonError:
            self._findings.not_json(event)
            return None

    def _mapping(self, start: AnyEvent, depth: int) -> dict[str, Json]:
        anchored, deepest, nodes = self._enter(start, depth)
        next_event, words, places, wary = self._next_event, self._words, self._places, self._wary
        keys_seen = words.keys_seen
        mapping: dict[str, Json] = {}
        merges: list[Json] | None = None
        if places is not None:
            places.open(mapping)
        while (key_event := next_event()).__class__ is not MappingEndEvent:
            key: Any = None
            if key_event.__class__ is ScalarEvent and not key_event.style and not wary:
                key = keys_seen.get(key_event.value)
            if key is None:
                key = self._key(key_event, depth)
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent and not wary and places is None:
                try:
                    value = event.value if event.style else words[event.value]
                except NotJsonError:
                    raise NeedsPlacesError from None
            else:
                value = self._value(event, depth + 1)
            if key.__class__ is not str:
                if key is _MERGE_KEY:
                    merges = self._merge(key_event, event, value, merges)
                continue
            if key in mapping:
                self._findings.duplicate_key(mapping, key, key_event)
                continue
            mapping[key] = value
            if places is not None:
                places.note_entry(mapping, key, key_event, event, value)
        if merges:
            self._lay_under(mapping, merges)
        if places is not None:
            places.close(mapping, key_event)
        self._nodes += 2 * len(mapping)
        self._leave(start, mapping, depth, anchored, deepest, nodes)
        return mapping

    def _sequence(self, start: AnyEvent, depth: int) -> list[Json]:
        anchored, deepest, nodes = self._enter(start, depth)
        next_event, words, places, wary = self._next_event, self._words, self._places, self._wary
        sequence: list[Json] = []
        if places is not None:
            places.open(sequence)
        while (event := next_event()).__class__ is not SequenceEndEvent:
            if event.__class__ is ScalarEvent and not wary and places is None:
                try:
                    sequence.append(event.value if event.style else words[event.value])
                except NotJsonError:
                    raise NeedsPlacesError from None
                continue
            value = self._value(event, depth + 1)
            if places is not None:
                places.note_item(sequence, event, value)
            sequence.append(value)
        if places is not None:
            places.close(sequence, event)
        self._nodes += len(sequence)
        self._leave(start, sequence, depth, anchored, deepest, nodes)
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
            anchored = self._anchors[start.anchor] = _Anchored()
        return anchored, deepest, nodes

    def _leave(
        self, start: AnyEvent, value: Json, depth: int, anchored: _Anchored | None, deepest: int, nodes: int
    ) -> None:
        if self._nodes > MAX_NODES:
            self._findings.too_large(start)
        if anchored is not None:
            anchored.value, anchored.open = value, False
            anchored.nodes, anchored.height = self._nodes - nodes, self._deepest - depth + 1
        if deepest > self._deepest:
            self._deepest = deepest

    def _alias(self, event: AnyEvent, depth: int) -> Json:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            self._findings.unknown_alias(event)
            return None
        if anchored.open:
            self._findings.self_alias(event)
            return None
        self._nodes += anchored.nodes
        if self._nodes > MAX_NODES:
            self._findings.too_large(event)
        reached = depth - 1 + anchored.height
        if reached > MAX_DEPTH:
            self._findings.too_deep(event)
        self._deepest = max(self._deepest, reached)
        return anchored.value

    def _key(self, event: AnyEvent, depth: int) -> Any:
        """The key as a string, `_MERGE_KEY`, or None for one that was reported."""
        if event.__class__ is not ScalarEvent:
            value = self._value(event, depth + 1)
            if event.__class__ is AliasEvent and (isinstance(value, str) or self._findings.was_reported(event)):
                return value
            self._findings.bad_key(event)
            return None
        text: str = event.value
        if event.tag is not None:
            self._findings.tag(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(text, open=False)
        if not event.style:
            if text == MERGE:
                return _MERGE_KEY
            known = self._words.keys_seen.get(text)
            if known is not None:
                return known
            if not self._is_string(text):
                self._findings.bad_key(event)
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

    def _merge(self, key_event: AnyEvent, event: AnyEvent, value: Json, merges: list[Json] | None) -> list[Json]:
        if merges is not None:
            self._findings.second_merge(key_event)
            return merges
        sources = value if isinstance(value, list) else [value]
        if all(isinstance(source, dict) for source in sources):
            return sources
        if not self._findings.was_reported(event):
            self._findings.bad_merge(event)
        return []

    def _lay_under(self, mapping: dict[str, Json], merges: list[Json]) -> None:
        """Take what `mapping` does not have from the merged ones; the earlier of these wins."""
        for source in merges:
            for key, value in source.items():
                if key not in mapping:
                    mapping[key] = value
                    if self._places is not None:
                        self._places.copy_entry(source, mapping, key)
                if key.startswith("$"):
                    self._directives = True


_MERGE_KEY: Final = object()
_LONGEST_KEY_REMEMBERED: Final = 64


def _without_unseen_edges(key: str) -> str:
    while (unseen := unseen_edge(key)) is not None:
        key = key.strip(unseen)
    return key
