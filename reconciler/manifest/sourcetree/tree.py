"""The nodes of a source tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Kind(Enum):
    SCALAR = "scalar"
    ALIAS = "alias"
    MAPPING = "mapping"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Comment:
    """`text` begins with `#`. `column` counts from 0. `before` is the text before the comment on its line."""

    text: str
    start: int
    column: int
    before: str
    blank_above: bool

    @property
    def is_alone(self) -> bool:
        """Whether the comment is alone on its line."""
        return not self.before


@dataclass(slots=True)
class Node:
    """A value. `text` is the spelling of a scalar or an alias, without its anchor; `value` is what the spelling means.

    `style` is `"`, `'`, `|`, or `>`, and empty for a plain scalar. `flow` is whether a collection is written in
    brackets. `trailing` is the comment at the end of the node's line, if any; for a block, the line above its children.
    `tail` are the comments after the last child.
    """

    kind: Kind
    text: str = ""
    value: str = ""
    style: str = ""
    anchor: str | None = None
    flow: bool = False
    children: list[Child] = field(default_factory=list)
    trailing: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)

    @property
    def is_collection(self) -> bool:
        return self.kind is Kind.MAPPING or self.kind is Kind.SEQUENCE

    @property
    def is_left_out(self) -> bool:
        """Whether the node is a null that is not written."""
        return self.kind is Kind.SCALAR and not self.text and not self.style


@dataclass(slots=True)
class Child:
    """An entry of a mapping, or an item of a sequence (without a key). `leading` are the comments above it."""

    value: Node
    key: Node | None = None
    leading: list[Comment] = field(default_factory=list)
    blank_above: bool = False

    @property
    def name(self) -> str | None:
        """The key as text. A quoted `<<` keeps its quotes: only an unquoted one merges."""
        if self.key is None or self.key.kind is not Kind.SCALAR:
            return None
        return f'"{self.key.value}"' if self.key.value == "<<" and self.key.style else self.key.value


@dataclass(slots=True)
class Document:
    """`before` are the comments above its `---`, `head` those between it and the first value, `tail` those at the end.

    `directives` are its lines that begin with `%`.
    """

    root: Node
    directives: list[str] = field(default_factory=list)
    explicit: bool = False
    blank_above: bool = False
    before: list[Comment] = field(default_factory=list)
    head: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SourceTree:
    """`comments` are the texts of all comments, and `anchors` all anchors and aliases (with True), both sorted."""

    documents: list[Document]
    comments: list[str]
    anchors: list[tuple[str, bool]]
