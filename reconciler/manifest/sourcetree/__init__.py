"""One YAML file as its author wrote it: values with their spelling, anchors, comments, and blank lines.

`parse_source` gives the tree of a file that is valid YAML. `fmt` arranges it and lays it out again.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml
from yaml.events import AliasEvent, StreamEndEvent

from reconciler.manifest.located import AnyEvent
from reconciler.manifest.parsing import Parser, RefusedError, open_events
from reconciler.manifest.rawtext import prepare
from reconciler.manifest.sourcetree.building import Builder
from reconciler.manifest.sourcetree.tree import Child as Child
from reconciler.manifest.sourcetree.tree import Comment as Comment
from reconciler.manifest.sourcetree.tree import Document as Document
from reconciler.manifest.sourcetree.tree import Kind as Kind
from reconciler.manifest.sourcetree.tree import Node as Node


@dataclass(frozen=True, slots=True)
class SourceTree:
    """`comments` are the texts of all comments, and `anchors` all anchors and aliases (with True), both sorted."""

    documents: list[Document]
    comments: list[str]
    anchors: list[tuple[str, bool]]


def parse_source(data: bytes, parser: Parser) -> SourceTree:
    """The tree of a file that was read without an error.

    Raises:
        RefusedError: it is not valid YAML.
    """
    source = prepare("", data, parser).source
    try:
        events = _events(source.parsed, parser)
    except (yaml.YAMLError, RefusedError):
        source = prepare("", data, Parser.PURE).source
        events = _events(source.parsed, Parser.PURE)
    builder = Builder(events, source)
    comments = sorted(comment.text for comment in builder.comments)
    anchors = [(event.anchor, event.__class__ is AliasEvent) for event in events if getattr(event, "anchor", None)]
    return SourceTree(builder.documents(), comments, sorted(anchors))


def _events(text: str, parser: Parser) -> list[AnyEvent]:
    next_event = open_events(parser, text)
    events: list[AnyEvent] = []
    while not isinstance(event := next_event(), StreamEndEvent):
        events.append(event)
    return events
