"""Builds a source tree from the events of a parser and the text between them. Every comment gets exactly one owner.

`placing` decides whether a comment that is alone on its line belongs to the value above or below it. A comment after a
value belongs to that value.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from reconciler.manifest.located import AnyEvent
from reconciler.manifest.parsing import Parser
from reconciler.manifest.sourcetree.outside import BLOCKS, Outside
from reconciler.manifest.sourcetree.placing import place
from reconciler.manifest.sourcetree.tree import Child, Comment, Document, Kind, Node, SourceTree

_BEHIND_VALUE: Final = re.compile(r"[ \t]*,?[ \t]*")
_BEHIND_KEY: Final = re.compile(r"[ \t]*:[ \t]*(?:&[^\s,\[\]{}]+)?[ \t]*")
_BEHIND_DASH: Final = re.compile(r"(?:.*\s)?-")
_IN_FIXED_ORDER: Final = re.compile(r"(?<![^\s\[{,])[&*]\w|#[ ]?(?:---|\.\.\.)")
"""What a line that is commented out has if its meaning depends on the order of keys: anchors, and documents' ends."""


def parse_source(data: bytes, parser: Parser) -> SourceTree:
    """The tree of a file that was read without an error.

    Raises:
        NotYamlError: it is not valid YAML.
    """
    outside = Outside(data, parser)
    return SourceTree(_Builder(outside).documents(), outside.remarks())


class _Builder:
    """Builds the documents of one stream.

    `_next` is where the next comment without an owner starts. `_above` maps the identity of a node to the comments
    between its key or bracket and its value.
    """

    def __init__(self, outside: Outside) -> None:
        self._events = iter(outside.events)
        self._source = outside.source
        self._text = outside.text
        self._lines = outside.lines
        self._directives = outside.directives
        self._comments = outside.comments
        self._places = place(self._comments, outside.events, self._lines)
        self._is_fixed = any(each.is_code and _IN_FIXED_ORDER.search(each.text) for each in self._comments)
        self._starts = [*(comment.start for comment in self._comments), sys.maxsize]
        self._given = 0
        self._next = self._starts[0]
        self._above: dict[int, list[Comment]] = {}

    def documents(self) -> list[Document]:
        documents = [self._document(event) for event in self._events if isinstance(event, DocumentStartEvent)]
        if documents:
            documents[-1].tail += self._take(len(self._text))
        return documents

    def _take(self, until: int) -> list[Comment]:
        """The comments before `until` that have no owner yet."""
        if self._next >= until:
            return []
        first, self._given = self._given, bisect_left(self._starts, until, self._given)
        self._next = self._starts[self._given]
        return self._comments[first : self._given]

    def _take_behind(self, index: int, gap: re.Pattern[str] = _BEHIND_VALUE) -> list[Comment]:
        """The next comment, if nothing but a `gap` is between `index` and it."""
        if self._next < sys.maxsize and gap.fullmatch(self._text, index, self._next):
            return self._take(self._next + 1)
        return []

    def _document(self, event: AnyEvent) -> Document:
        document = Document(Node(Kind.SCALAR), explicit=bool(event.explicit), fixed=self._is_fixed)
        if event.explicit:
            document.before = self._take(event.end_mark.index)
            document.blank_lines = self._lines.blanks_above(event.end_mark.index - 1)
        while self._directives and self._directives[0][0] < event.end_mark.index:
            document.directives.append(self._directives.pop(0)[1])
        root = next(self._events)
        if not _is_left_out(root):
            document.head = self._take(root.start_mark.index)
        document.root = self._node(root, -1)
        document.head += self._settled(document.root)
        document.tail = self._take(next(self._events).start_mark.index)
        return document

    def _node(self, event: AnyEvent, parent_column: int) -> Node:
        """The value that starts with `event`, in a block that starts at a column; -1 for the document itself."""
        kind = event.__class__
        if kind is AliasEvent:
            return Node(
                Kind.ALIAS, f"*{event.anchor}", value=event.anchor, trailing=self._take_behind(event.end_mark.index)
            )
        if kind is ScalarEvent:
            node = self._scalar(event)
            if node.style not in BLOCKS and not node.is_left_out:
                node.trailing = self._take_behind(event.end_mark.index)
            return node
        return self._collection(event, parent_column)

    def _scalar(self, event: AnyEvent) -> Node:
        start, end = self._lines.body(event), event.end_mark.index
        node = Node(Kind.SCALAR, self._source.written(start, end), event.value, event.style or "", event.anchor)
        if self._places.unfinished:
            node.unfinished = event.start_mark.index in self._places.unfinished
        if node.style in BLOCKS:
            node.start = event.start_mark.index
            self._keep_above(node, self._take(self._lines.end(start)))
        return node

    def _collection(self, start: AnyEvent, parent_column: int) -> Node:
        is_mapping = isinstance(start, MappingStartEvent)
        end = MappingEndEvent if is_mapping else SequenceEndEvent
        node = Node(Kind.MAPPING if is_mapping else Kind.SEQUENCE, anchor=start.anchor, flow=bool(start.flow_style))
        node.start, node.column = start.start_mark.index, parent_column
        node.indent = self._places.indents.get(node.start)
        column = parent_column if node.flow else self._lines.column(self._lines.body(start))
        if (end_index := self._places.kept.get(node.start)) is not None:
            node.text = self._source.written(self._lines.body(start), end_index)
            self._take(end_index)
        while not isinstance(event := next(self._events), end):
            within: list[Comment] = []
            leading = self._leading(node, event)
            if not is_mapping and not node.flow and not _is_left_out(event):
                within = self._within(leading, event)
            blank_lines = self._lines.blanks_above(event.start_mark.index)
            key = self._key(event) if is_mapping else None
            if is_mapping:
                value = self._value(next(self._events), column, key_end=event.end_mark.index)
            else:
                value = self._value(event, column, within=within)
            leading += self._settled(value)
            node.children.append(
                Child(value, key, leading, blank_lines=min(blank_lines, 1) if node.flow else blank_lines)
            )
        self._close(node, event)
        return node

    def _leading(self, node: Node, event: AnyEvent) -> list[Comment]:
        comments = self._take(event.start_mark.index)
        if not comments:
            return []
        if not node.children:
            above = [each for each in comments if not each.is_alone and not _BEHIND_DASH.fullmatch(each.before)]
            self._keep_above(node, [*self._above.get(id(node), ()), *above])
            return [comment for comment in comments if comment not in above]
        behind = [comment for comment in comments if comment.is_behind]
        node.children[-1].tail += behind
        return [comment for comment in comments if not comment.is_behind]

    def _within(self, comments: list[Comment], event: AnyEvent) -> list[Comment]:
        """Take the comments between a dash and a value on another line out of `comments`."""
        if not comments:
            return []
        lines = self._lines
        line = lines.number(event.start_mark.index)
        if self._text[lines.starts[line] : event.start_mark.index].strip():
            return []
        first = len(comments)
        while first and lines.number(comments[first - 1].start) + lines.blanks_above(lines.starts[line]) + 1 == line:
            first -= 1
            line = lines.number(comments[first].start)
        within = [comment for comment in comments[first:] if comment.is_alone]
        comments[first:] = [comment for comment in comments[first:] if not comment.is_alone]
        return within

    def _key(self, event: AnyEvent) -> Node:
        kind = event.__class__
        return Node(Kind.ALIAS, f"*{event.anchor}", value=event.anchor) if kind is AliasEvent else self._scalar(event)

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
        if node.indent is None:
            node.indent = self._places.indents.get(event.start_mark.index)
        if not before:
            return node
        alone = [comment for comment in before if comment.is_alone]
        others = [comment for comment in before if not comment.is_alone]
        self._keep_above(node, [*others, *self._above.get(id(node), ())])
        if node.is_collection and not node.flow:
            node.children[0].leading[:0] = alone
        else:
            node.before = alone
            node.unfinished = node.unfinished or any(comment.is_code for comment in alone)
            if alone:
                node.blank_lines = self._lines.blanks_above(event.start_mark.index)
        return node

    def _close(self, node: Node, end: AnyEvent) -> None:
        if node.flow:
            node.tail = self._take(end.start_mark.index)
            node.trailing = self._take_behind(end.end_mark.index)
        elif node.column < 0:
            while self._next < end.start_mark.index and self._comments[self._given].is_behind:
                node.children[-1].tail += self._take(self._next + 1)

    def _keep_above(self, node: Node, comments: list[Comment]) -> None:
        if comments:
            self._above[id(node)] = comments

    def _settled(self, node: Node) -> list[Comment]:
        """The comments of a value that go above its line. The last comment that follows other text stays at the line's
        end."""
        above = self._above.pop(id(node), []) if self._above else []
        if not (above or node.trailing or node.tail):
            return []
        comments = [*above, *(node.tail if not node.children else ()), *node.trailing]
        if not node.children:
            node.tail = []
        behind = [comment for comment in comments if not comment.is_alone][-1:]
        node.trailing = behind
        return [comment for comment in comments if comment not in behind]


def _is_left_out(event: AnyEvent) -> bool:
    """Whether an event is a null that is not written, or an empty document."""
    return isinstance(event, ScalarEvent) and not (event.value or event.style)
