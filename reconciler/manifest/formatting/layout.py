"""Lays a tree out as lines: two spaces per level, one entry per line, brackets if they fit on one line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Final

from reconciler.frozen import dataclass
from reconciler.manifest.formatting.texts import (
    LONGEST_KEY,
    WIDTH,
    as_it_is,
    bare,
    block_of,
    in_one_line,
    key_text,
    spelling,
    starts_with_hash,
)
from reconciler.manifest.sourcetree.tree import Comment, Document, Home, Kind, Node

_STEP: Final = 2
_BEFORE_COMMENT: Final = 2
"""The minimum number of spaces before a comment at the end of a line."""


def lay_out(
    documents: Sequence[Document], opened: Collection[int], *, step: int = _STEP, list_step: int = _STEP
) -> list[str]:
    """The lines of a file. `opened` are the identities of collections that are not written in brackets.

    A mapping is indented by `step` columns from its key, and a list by `list_step`.
    """
    layout = _Layout(opened, step, list_step)
    for index, document in enumerate(documents):
        layout.document(document, is_first=index == 0)
    return layout.finished()


@dataclass(frozen=True, slots=True)
class _LineEnd:
    """A comment at the end of a line. `column` is where it was, or 0 if the line has changed."""

    line: int
    column: int
    text: str


class _Layout:
    """`_fresh` is whether the current block is still empty. `_kept` is whether an empty line would become part of a
    text."""

    def __init__(self, opened: Collection[int], step: int, list_step: int) -> None:
        self._opened = opened
        self._step = step
        self._list_step = list_step
        self.lines: list[str] = []
        self._line_ends: list[_LineEnd] = []
        self._fresh = True
        self._kept = False
        self._follows_code = False
        self._columns: dict[int, int] = {}
        self._inline: dict[int, str | None] = {}

    def document(self, document: Document, *, is_first: bool) -> None:
        root = document.root
        if not is_first and (document.directives or any(each.is_code for each in document.before)):
            self._put("...")
        self._comments(document.before, 0)
        self.lines += document.directives
        if document.explicit or not is_first:
            self._blank(document.blank_lines)
            self._put("---")
            self._fresh = True
        self._columns = {root.start: self._column(root.indent) if root.indent else 0}
        self._comments(document.head, 0)
        if root.is_collection and self._is_block(root, 0):
            self._comments(root.trailing, 0)
            if root.anchor is not None:
                self._put(f"&{root.anchor}")
            self._children(root, 0)
        elif not root.is_left_out or root.anchor is not None:
            self._value("", root, _STEP)
        self._comments(document.tail, 0)

    def _put(self, line: str) -> None:
        self.lines.append(line)
        self._fresh = self._kept = self._follows_code = False

    def _blank(self, count: int, *, all_of_them: bool = False) -> None:
        """Write an empty line if there is one. Around what is commented out, all are kept: it may be a text."""
        if not (self._fresh or self._kept) and self.lines and self.lines[-1].strip():
            self.lines += [""] * (count if all_of_them or self._follows_code else min(count, 1))

    def _comments(self, comments: Sequence[Comment], indent: int) -> None:
        for comment in comments:
            self._blank(comment.blank_lines, all_of_them=comment.is_code)
            self._put(self._placed(comment, indent))
            self._follows_code = comment.is_code

    def _placed(self, comment: Comment, indent: int) -> str:
        placed = comment.placed
        if placed is None:
            return " " * indent + comment.text
        line = " " * (self._column(placed.start) if placed.start else 0) + placed.text
        for home, text in placed.parts:
            line = line.ljust(self._column(home) + placed.gap) + text
        return line

    def _column(self, home: Home) -> int:
        return max(self._columns.get(home.block, 0) + home.offset, 0)

    def _put_with_comment(self, line: str, node: Node) -> None:
        for comment in node.trailing:
            column = comment.column if comment.before == line.strip() else 0
            self._line_ends.append(_LineEnd(len(self.lines), column, comment.text))
        self._put(line)

    def finished(self) -> list[str]:
        """The lines, with comments at the ends of lines.

        A comment stays in its column if its line has not changed. Comments that were aligned stay aligned.
        """

        def aligned(position: tuple[int, _LineEnd]) -> tuple[int, int]:
            index, end = position
            return (end.line - index, end.column) if end.column else (-1, index)

        for _, group in groupby(enumerate(self._line_ends), key=aligned):
            ends = [end for _, end in group]
            width = max(max(end.column, len(self.lines[end.line]) + _BEFORE_COMMENT) for end in ends)
            for end in ends:
                self.lines[end.line] = self.lines[end.line].ljust(width) + end.text
        return self.lines

    def _children(self, node: Node, indent: int, dash: str = "") -> None:
        """Write the children of a block. `dash` replaces the indentation of the first line."""
        if node.indent is not None:
            indent = self._column(node.indent)
        self._columns[node.start] = indent
        margin = " " * indent
        for index, child in enumerate(node.children):
            start = dash if dash and index == 0 else margin
            value = child.value
            if child.leading:
                self._comments(child.leading, indent)
            short = bare(value) if child.key is None and not (value.before or value.trailing) else None
            if child.key is None and value.is_collection:
                self._comments(self._hoisted(value, indent), indent)
            if child.blank_lines:
                self._blank(child.blank_lines)
            if short is not None:  # as most items are
                self._put(f"{start}- {short}")
            elif child.key is None:
                self._item(start, value, indent)
            else:
                self._entry(start, child.key, value, indent)
            if child.tail:
                self._comments(child.tail, indent)
        if node.tail:
            self._comments(node.tail, indent)

    def _item(self, start: str, node: Node, indent: int) -> None:
        below = indent + _STEP
        if self._may_follow_dash(node) and self._is_block(node, below):
            self._children(node, below, f"{start}- ")
        else:
            self._value(f"{start}-", node, below)

    def _may_follow_dash(self, node: Node) -> bool:
        return (
            node.is_collection
            and node.anchor is None
            and not node.before
            and not (node.children and any(comment.is_code for comment in node.children[0].leading))
        )

    def _entry(self, start: str, key: Node, value: Node, indent: int) -> None:
        text = key_text(key)
        if len(text) > LONGEST_KEY:
            self._put(f"{start}? {text}")
            start, text = " " * indent, ""
        below = indent + (self._list_step if value.kind is Kind.SEQUENCE else self._step)
        self._value(f"{start}{text}:", value, below)

    def _value(self, prefix: str, node: Node, below: int) -> None:
        """Write one value after `prefix`. The lines below it are indented by `below` columns."""
        head = f"{prefix} " if prefix else ""
        if not node.before and (text := bare(node)) is not None:
            self._put_with_comment(head + text, node)
            return
        if node.before:
            self._put(prefix)
            self._comments(node.before, below)
            below = below if node.indent is None else self._column(node.indent)
            if self._follows_code:
                self._blank(node.blank_lines)
            head = " " * below
        line = head + (f"&{node.anchor} " if node.anchor is not None else "")
        is_collection = node.is_collection
        if is_collection and node.text:
            first, *others = as_it_is(node, below - _STEP - max(node.column, 0))
            self.lines += [line + first, *others[:-1]]
            self._put_with_comment(others[-1], node)
            return
        if is_collection:
            if self._is_block(node, len(line)):
                self._put_with_comment(line.rstrip(" "), node)
                self._fresh = True
                self._children(node, below)
            else:
                text = self._in_brackets(node)
                assert text is not None
                self._put_with_comment(line + text, node)
            return
        block = block_of(node)
        if block is not None:
            self._put_with_comment(line + block.header, node)
            self._columns[node.start] = below
            self.lines += [" " * below + each if each else "" for each in block.lines]
            self._kept = block.keeps
            return
        first, *others = spelling(node)
        lines = [line + first if first else line.rstrip(" ")]
        lines += [each if not each or starts_with_hash(each) else " " * below + each for each in others]
        self.lines += lines[:-1]
        self._put_with_comment(lines[-1], node)

    def _hoisted(self, node: Node, indent: int) -> list[Comment]:
        """The comments between a dash and what follows it, which go above the dash."""
        if not self._may_follow_dash(node) or not self._is_block(node, indent + _STEP):
            return []
        first = node.children[0]
        comments = [*node.trailing, *first.leading]
        node.trailing, first.leading, first.blank_lines = [], [], 0
        if first.key is None:
            comments += self._hoisted(first.value, indent + _STEP)
        return comments

    def _is_block(self, node: Node, column: int) -> bool:
        """Whether the children of a collection that would start at a column are on lines of their own."""
        if not node.children or (node.flow and node.text):
            return False
        if not node.flow or id(node) in self._opened:
            return True
        text = self._in_brackets(node)
        if text is None:
            return True
        return column + len(text) > WIDTH and not _holds_one_scalar(node)

    def _in_brackets(self, node: Node) -> str | None:
        """A value on one line, without its own anchor; None if something in it needs lines of its own."""
        if (text := bare(node)) is not None:
            return text
        if not node.is_collection:
            return in_one_line(node)
        if id(node) not in self._inline:
            self._inline[id(node)] = self._new_in_brackets(node)
        return self._inline[id(node)]

    def _new_in_brackets(self, node: Node) -> str | None:
        if node.tail or node.text:
            return None
        pieces = []
        for child in node.children:
            value = self._in_brackets(child.value)
            if value is None or child.leading or child.value.before or child.value.trailing:
                return None
            if child.value.anchor is not None:
                value = f"&{child.value.anchor} {value}".rstrip(" ")
            if child.key is not None:
                key = key_text(child.key)
                if len(key) > LONGEST_KEY:
                    return None
                value = f"{key}: {value}" if value else key.rstrip(" ")
            pieces.append(value)
        text = ", ".join(pieces)
        return f"{{{text}}}" if node.kind is Kind.MAPPING else f"[{text}]"


def _holds_one_scalar(node: Node) -> bool:
    return len(node.children) == 1 and not node.children[0].value.is_collection
