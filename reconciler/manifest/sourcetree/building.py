"""Builds a source tree from the events of a parser and the text between them. Every comment gets exactly one owner.

`placing` decides whether a comment that is alone on its line belongs to the value above or below it. A comment after a
value belongs to that value.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from reconciler.manifest.located import AnyEvent, SourceText
from reconciler.manifest.parsing import NotYamlError, Parser, open_events
from reconciler.manifest.rawtext import prepare
from reconciler.manifest.sourcetree.lines import Lines
from reconciler.manifest.sourcetree.placing import place
from reconciler.manifest.sourcetree.tree import Child, Comment, Document, Kind, Node, SourceTree

_BLOCKS: Final = ("|", ">")
_BEHIND_VALUE: Final = re.compile(r"[ \t]*,?[ \t]*")
_BEHIND_KEY: Final = re.compile(r"[ \t]*:[ \t]*(?:&[^\s,\[\]{}]+)?[ \t]*")
_BEHIND_DASH: Final = re.compile(r"(?:.*\s)?-")
_IN_FIXED_ORDER: Final = re.compile(r"(?<![^\s\[{,])[&*]\w|#[ ]?(?:---|\.\.\.)")
"""What a line that is commented out has if its meaning depends on the order of keys: anchors, and documents' ends."""
_OUTSIDE: Final = re.compile(r"#[^\r\n]*|^%[^\r\n]*", re.MULTILINE)


def parse_source(data: bytes, parser: Parser) -> SourceTree:
    """The tree of a file that was read without an error.

    Raises:
        NotYamlError: it is not valid YAML.
    """
    source = prepare("", data, parser).source
    try:
        events = read_events(source.parsed, parser)
    except (yaml.YAMLError, NotYamlError):
        source = prepare("", data, Parser.PURE).source
        events = read_events(source.parsed, Parser.PURE)
    builder = _Builder(events, source)
    comments = sorted(comment.content for comment in builder.comments)
    alone = [comment for comment in builder.comments if comment.is_alone]
    anchors = [(event.anchor, event.__class__ is AliasEvent) for event in events if getattr(event, "anchor", None)]
    return SourceTree(builder.documents(), comments, sorted(anchors), alone, source.parsed)


def read_events(text: str, parser: Parser) -> list[AnyEvent]:
    """The events of a text.

    Raises:
        yaml.YAMLError, NotYamlError: this parser does not accept it.
    """
    next_event = open_events(parser, text)
    events: list[AnyEvent] = []
    while not isinstance(event := next_event(), StreamEndEvent):
        events.append(event)
    return events


class _Builder:
    """Builds the documents of one stream. `comments` are all comments in order, whether or not they have an owner yet.

    `_above` maps the identity of a node to the comments between its key or bracket and its value.
    """

    def __init__(self, events: Sequence[AnyEvent], source: SourceText) -> None:
        self._events = iter(events)
        self._source = source
        self._text = source.parsed
        self._lines = Lines(self._text)
        self._directives: list[tuple[int, str]] = []
        self.comments: list[Comment] = []
        self._look_between(events)
        self._places = place(self.comments, events, self._lines)
        self._is_fixed = any(each.is_code and _IN_FIXED_ORDER.search(each.text) for each in self.comments)
        self._given = 0
        self._above: defaultdict[int, list[Comment]] = defaultdict(list)

    def documents(self) -> list[Document]:
        documents = [self._document(event) for event in self._events if _is(event, DocumentStartEvent)]
        if documents:
            documents[-1].tail += self._take(len(self._text))
        return documents

    def _look_between(self, events: Sequence[AnyEvent]) -> None:
        """Find the comments and directives: they are outside of all scalars."""
        reached = 0
        for start, end in [*self._scalars(events), (len(self._text), len(self._text))]:
            for match in _OUTSIDE.finditer(self._text, reached, start):
                if match[0].startswith("%"):
                    self._directives.append((match.start(), match[0].rstrip()))
                else:
                    self.comments.append(self._comment(match.start(), match.end()))
            reached = max(reached, end)

    def _scalars(self, events: Sequence[AnyEvent]) -> list[tuple[int, int]]:
        found = []
        for event in events:
            if _is(event, AliasEvent):
                found.append((event.start_mark.index, event.end_mark.index))
            elif _is(event, ScalarEvent):
                start, end = self._lines.body(event), event.end_mark.index
                if event.style in _BLOCKS:
                    found.append((start, self._header_end(start)))
                    start = min(self._lines.end(start), end)
                found.append((start, end))
        return found

    def _header_end(self, start: int) -> int:
        """The start of the comment on the line of a `|` or `>`, or the end of that line."""
        end = self._lines.end(start)
        comment = self._text.find("#", start, end)
        return end if comment < 0 else comment

    def _comment(self, start: int, end: int) -> Comment:
        line = self._lines.number(start)
        first = self._lines.starts[line]
        text, before = self._source.written(start, end), self._text[first:start].strip()
        return Comment(
            text.rstrip() if before else text, start, start - first, before, self._lines.blanks_above(line, most=line)
        )

    def _take(self, until: int) -> list[Comment]:
        """The comments before `until` that have no owner yet."""
        first = self._given
        while self._given < len(self.comments) and self.comments[self._given].start < until:
            self._given += 1
        return self.comments[first : self._given]

    def _take_behind(self, index: int, gap: re.Pattern[str] = _BEHIND_VALUE) -> list[Comment]:
        """The next comment, if nothing but a `gap` is between `index` and it."""
        if self._given < len(self.comments):
            comment = self.comments[self._given]
            if gap.fullmatch(self._text, index, comment.start):
                self._given += 1
                return [comment]
        return []

    def _blanks_above(self, index: int, *, most: int | None = None) -> int:
        line = self._lines.number(index)
        return self._lines.blanks_above(line, most=line if most is None else most)

    def _document(self, event: AnyEvent) -> Document:
        document = Document(Node(Kind.SCALAR), explicit=bool(event.explicit), fixed=self._is_fixed)
        if event.explicit:
            document.before = self._take(event.end_mark.index)
            document.blank_lines = self._blanks_above(event.end_mark.index - 1)
        while self._directives and self._directives[0][0] < event.end_mark.index:
            document.directives.append(self._directives.pop(0)[1])
        root = next(self._events)
        if not _is_left_out(root):
            document.head = self._take(root.start_mark.index)
        document.root = self._node(root, -1)
        document.head += self._settled(document.root)
        end = next(self._events)
        assert _is(end, DocumentEndEvent)
        document.tail = self._take(end.start_mark.index)
        return document

    def _node(self, event: AnyEvent, parent_column: int) -> Node:
        """The value that starts with `event`, in a block that starts at a column; -1 for the document itself."""
        if _is(event, AliasEvent):
            return Node(
                Kind.ALIAS, f"*{event.anchor}", value=event.anchor, trailing=self._take_behind(event.end_mark.index)
            )
        if _is(event, ScalarEvent):
            node = self._scalar(event)
            if node.style not in _BLOCKS and not node.is_left_out:
                node.trailing = self._take_behind(event.end_mark.index)
            return node
        return self._collection(event, parent_column)

    def _scalar(self, event: AnyEvent) -> Node:
        start, end = self._lines.body(event), event.end_mark.index
        node = Node(Kind.SCALAR, value=event.value, style=event.style or "", anchor=event.anchor)
        node.text = self._source.written(start, end)
        node.unfinished = event.start_mark.index in self._places.unfinished
        if node.style in _BLOCKS:
            node.start = event.start_mark.index
            self._above[id(node)] = self._take(self._lines.end(start))
        return node

    def _collection(self, start: AnyEvent, parent_column: int) -> Node:
        is_mapping = _is(start, MappingStartEvent)
        end = MappingEndEvent if is_mapping else SequenceEndEvent
        node = Node(Kind.MAPPING if is_mapping else Kind.SEQUENCE, anchor=start.anchor, flow=bool(start.flow_style))
        node.start, node.column = start.start_mark.index, parent_column
        node.indent = self._places.indents.get(node.start)
        column = parent_column if node.flow else self._lines.column(self._lines.body(start))
        if (end_index := self._places.kept.get(node.start)) is not None:
            node.text = self._source.written(self._lines.body(start), end_index)
            self._take(end_index)
        while not _is(event := next(self._events), end):
            child = Child(Node(Kind.SCALAR))
            within: list[Comment] = []
            child.leading = self._leading(node, event)
            if not is_mapping and not node.flow and not _is_left_out(event):
                within = self._within(child.leading, event)
            child.blank_lines = self._blanks_above(event.start_mark.index, most=1 if node.flow else None)
            if is_mapping:
                child.key = self._key(event)
                child.value = self._value(next(self._events), column, key_end=event.end_mark.index)
            else:
                child.value = self._value(event, column, within=within)
            child.leading += self._settled(child.value)
            node.children.append(child)
        self._close(node, event)
        return node

    def _leading(self, node: Node, event: AnyEvent) -> list[Comment]:
        comments = self._take(event.start_mark.index)
        if not node.children:
            above = [each for each in comments if not each.is_alone and not _BEHIND_DASH.fullmatch(each.before)]
            self._above[id(node)] += above
            return [comment for comment in comments if comment not in above]
        behind = [comment for comment in comments if comment.is_behind]
        node.children[-1].tail += behind
        return [comment for comment in comments if not comment.is_behind]

    def _within(self, comments: list[Comment], event: AnyEvent) -> list[Comment]:
        """Take the comments between a dash and a value on another line out of `comments`."""
        lines = self._lines
        line = lines.number(event.start_mark.index)
        if not comments or self._text[lines.starts[line] : event.start_mark.index].strip():
            return []
        first = len(comments)
        while first and lines.number(comments[first - 1].start) + self._blanks_above(lines.starts[line]) + 1 == line:
            first -= 1
            line = lines.number(comments[first].start)
        within = [comment for comment in comments[first:] if comment.is_alone]
        comments[first:] = [comment for comment in comments[first:] if not comment.is_alone]
        return within

    def _key(self, event: AnyEvent) -> Node:
        if _is(event, AliasEvent):
            return Node(Kind.ALIAS, f"*{event.anchor}", value=event.anchor)
        assert _is(event, ScalarEvent)
        return self._scalar(event)

    def _value(
        self, event: AnyEvent, column: int, *, key_end: int | None = None, within: Sequence[Comment] = ()
    ) -> Node:
        if _is_left_out(event):
            # The parsers disagree on where a value that is not written is, but not on where its key ends.
            node = self._scalar(event)
            node.trailing = (
                self._take_behind(event.end_mark.index)
                if key_end is None
                else self._take_behind(key_end, _BEHIND_KEY) or self._take_behind(key_end)
            )
            return node
        before = [*within, *self._take(event.start_mark.index)]
        node = self._node(event, column)
        alone = [comment for comment in before if comment.is_alone]
        self._above[id(node)][:0] = [comment for comment in before if not comment.is_alone]
        if node.is_collection and not node.flow:
            node.children[0].leading[:0] = alone
        else:
            node.before = alone
            node.unfinished = node.unfinished or any(comment.is_code for comment in alone)
            node.indent = self._places.indents.get(event.start_mark.index)
            if alone:
                node.blank_lines = self._blanks_above(event.start_mark.index)
        return node

    def _close(self, node: Node, end: AnyEvent) -> None:
        if node.flow:
            node.tail = self._take(end.start_mark.index)
            node.trailing = self._take_behind(end.end_mark.index)
        elif node.column < 0:
            while self._given < len(self.comments) and self.comments[self._given].is_behind:
                if self.comments[self._given].start >= end.start_mark.index:
                    break
                node.children[-1].tail.append(self.comments[self._given])
                self._given += 1

    def _settled(self, node: Node) -> list[Comment]:
        """The comments of a value that go above its line. The last comment that follows other text stays at the line's
        end."""
        above = self._above.pop(id(node), [])
        comments = [*above, *(node.tail if not node.children else ()), *node.trailing]
        if not node.children:
            node.tail = []
        behind = [comment for comment in comments if not comment.is_alone][-1:]
        node.trailing = behind
        return [comment for comment in comments if comment not in behind]


def _is_left_out(event: AnyEvent) -> bool:
    """Whether an event is a null that is not written, or an empty document."""
    return _is(event, ScalarEvent) and not (event.value or event.style)


def _is(event: AnyEvent, kind: type[Event]) -> bool:
    return isinstance(event, kind)
