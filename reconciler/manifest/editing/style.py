"""New lines in the style of a file: its indentation, its lists, and its line endings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from reconciler.manifest.editing.spans import Span
from reconciler.manifest.formatting.texts import WIDTH, block_of, double_quoted, key_text
from reconciler.manifest.sourcetree.tree import Kind, Node
from reconciler.manifest.spelling import choice_node, choices_node, scalar, spelled
from reconciler.model.values import Json, to_json

_CHOICES: Final = frozenset({"ontology", "choices", "subchoices"})


@dataclass(frozen=True, slots=True)
class Style:
    """`step` is how far a mapping is indented below its key, `dash` how far a list is. `ending` ends a line."""

    step: int = 2
    dash: int = 2
    ending: str = "\n"

    def entry(self, head: str, value: Json, column: int, *, key: str = "", quotes: str = "") -> list[str]:
        """The lines of an entry after `head`, such as `key:` or `-`, which is in `column`. The first one is not
        indented. `key` is the key that the value belongs to, and `quotes` the style of the text that it replaces."""
        return self._entry(head, _node(value, key, quotes), column, literal=quotes in ("|", ">"))

    def root(self, value: Json) -> str:
        """The text of a whole document."""
        node = _node(value, "", "")
        if not node.is_collection or not node.children:
            return inline(node)
        return self.ending.join(self._children(node, 0))

    def _entry(self, head: str, node: Node, column: int, *, literal: bool = False) -> list[str]:
        if node.is_collection and node.children:
            text = inline(node) if node.flow else ""
            if text and column + len(head) + 1 + len(text) <= WIDTH:
                return [f"{head} {text}"]
            if head.endswith("-") and " &" not in head:
                inner = column + 2
                first, *others = self._children(node, inner)
                return [f"{head} {first[inner:]}", *others]
            deeper = column + (self.step if node.kind is Kind.MAPPING else self.dash)
            return [head, *self._children(node, deeper)]
        margin = " " * (column + self.step)
        if literal and (lines := _literal(node.value)) is not None and "\n" in node.value:
            return [f"{head} {lines[0]}", *(f"{margin}{line}" if line else "" for line in lines[1:])]
        block = block_of(node) if not node.is_collection else None
        if block is not None:
            return [f"{head} {block.header}", *(f"{margin}{line}" if line else "" for line in block.lines)]
        return [f"{head} {inline(node)}"]

    def _children(self, node: Node, column: int) -> list[str]:
        margin, lines = " " * column, []
        for child in node.children:
            head = "-" if child.key is None else f"{key_text(child.key)}:"
            first, *others = self._entry(head, child.value, column)
            lines += [margin + first, *others]
        return lines


def _node(value: Json, key: str, quotes: str) -> Node:
    if key in _CHOICES:
        return choices_node(value)
    if isinstance(value, dict) and "choice" in value:
        return choice_node(value)
    if isinstance(value, str) and "\n" not in value:
        if quotes == '"':
            return Node(Kind.SCALAR, text=double_quoted(value), value=value, style='"')
        if quotes == "'" and value.isprintable():
            return Node(Kind.SCALAR, text="'" + value.replace("'", "''") + "'", value=value, style="'")
    return spelled(value)


def _literal(text: str) -> list[str] | None:
    """The header and lines of a `|` text, even with whitespace that is hard to see.

    None if the text has other invisible characters.
    """
    bare = text.rstrip("\n")
    lines = bare.split("\n")
    if not bare.strip() or not all(line.replace("\t", " ").isprintable() for line in lines):
        return None
    ended = len(text) - len(bare)
    indicator = "2" if next(line for line in lines if line).startswith((" ", "\t")) else ""
    chomping = "-" if not ended else "" if ended == 1 else "+"
    return [f"|{indicator}{chomping}", *lines, *[""] * (ended - 1)]


def inline(node: Node) -> str:
    """A value on one line."""
    if node.kind is Kind.MAPPING:
        pairs = (f"{key_text(child.key)}: {inline(child.value)}" for child in node.children if child.key)
        return f"{{{', '.join(pairs)}}}"
    if node.kind is Kind.SEQUENCE:
        return "[" + ", ".join(inline(child.value) for child in node.children) + "]"
    return double_quoted(node.value) if "\n" in node.value and node.style else node.text


def in_brackets(value: Json, *, json: bool) -> str:
    """A value on one line, inside brackets; with `json`, as JSON."""
    return to_json(value) if json else inline(spelled(value, flow=True))


def key_in(name: str, *, json: bool = False) -> str:
    """A new key, outside brackets or inside them; with `json`, as JSON."""
    return double_quoted(name) if json else key_text(scalar(name, flow=True))


def style_of(text: str, root: Span) -> Style:
    """The style of a document: that of its first indented mapping and its first list below a key."""
    step, dash = 0, -1
    waiting = [root]
    while waiting and not (step and dash >= 0):
        span = waiting.pop(0)
        for entry in span.entries if not span.flow else ():
            value = entry.value
            if not value.entries or value.flow:
                continue
            waiting.append(value)
            if entry.key is None or text[entry.key.end : value.start].find("\n") < 0:
                continue
            deeper = _column(text, value.entries[0].start) - _column(text, entry.start)
            if value.is_mapping and not step:
                step = deeper
            elif value.is_sequence and dash < 0:
                dash = _column(text, value.start) - _column(text, entry.start)
    ending = "\r\n" if "\r\n" in text[: text.find("\n") + 1] else "\n"
    step = step if step > 0 else 2
    return Style(step, dash if dash in (0, step) else (0 if dash == 0 else step), ending)


def _column(text: str, position: int) -> int:
    return position - (text.rfind("\n", 0, position) + 1)
