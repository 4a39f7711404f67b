"""The nodes of a source tree."""

from __future__ import annotations

import re
from dataclasses import field
from enum import Enum
from typing import Final

from reconciler.frozen import dataclass

_INDENTATION: Final = re.compile(r"#[ -]*")


class Kind(Enum):
    SCALAR = "scalar"
    ALIAS = "alias"
    MAPPING = "mapping"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Home:
    """A column in the new layout: `offset` columns after those of the entries of a block, which is named by the index
    of its start. -1 is the document."""

    block: int
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the parts of a comment go. Without a `start`, the `#` stays in the first column.

    Each part is in its own column, as if `gap` characters in front of it were not there.
    """

    start: Home | None
    text: str
    gap: int = 0
    parts: tuple[tuple[Home, str], ...] = ()


@dataclass(slots=True, eq=False)
class Comment:
    """`text` begins with `#`. `column` counts from 0. `before` is the text before the comment on its line, and
    `blank_lines` the number of blank lines above it.

    A comment that is not `placed` is indented like the line below it. `is_behind` is whether it belongs to the entry
    above it. `is_code` is whether it seems to be YAML that was commented out.
    """

    text: str
    start: int
    column: int
    before: str
    blank_lines: int
    placed: Placed | None = None
    is_behind: bool = False
    is_code: bool = False

    @property
    def is_alone(self) -> bool:
        """Whether the comment is alone on its line."""
        return not self.before

    @property
    def content(self) -> str:
        """The text without the indentation of what is commented out."""
        return _INDENTATION.sub(lambda start: start[0].replace(" ", ""), self.text, count=1)


@dataclass(slots=True)
class Node:
    """A value. `text` is the spelling of a scalar or an alias, without its anchor; `value` is what the spelling means.

    `style` is `"`, `'`, `|`, or `>`, and empty for a plain scalar. `flow` is whether a collection is written in
    brackets; with a `text`, it is kept as it is. `trailing` is the comment at the end of the node's line, if any; for a
    block, the line above its children. `before` are the comments between a key and its value on another line, `tail`
    those after the last child. `start` is the index of a block in the file, `column` the column of the block that
    brackets are in. With an `indent`, it is not indented from its parent. `blank_lines` is the number of blank lines
    between `before` and the value. A text is `unfinished` if the comment below it may go on with it.
    """

    kind: Kind
    text: str = ""
    value: str = ""
    style: str = ""
    anchor: str | None = None
    flow: bool = False
    children: list[Child] = field(default_factory=list)
    before: list[Comment] = field(default_factory=list)
    trailing: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)
    start: int = -1
    column: int = 0
    indent: Home | None = None
    blank_lines: int = 0
    unfinished: bool = False

    @property
    def is_collection(self) -> bool:
        return self.kind is Kind.MAPPING or self.kind is Kind.SEQUENCE

    @property
    def is_left_out(self) -> bool:
        """Whether the node is a null that is not written."""
        return self.kind is Kind.SCALAR and not self.text and not self.style


@dataclass(slots=True)
class Child:
    """An entry of a mapping, or an item of a sequence (without a key). `leading` are the comments above it, and `tail`
    those below it that belong to it. `blank_lines` is the number of blank lines right above it."""

    value: Node
    key: Node | None = None
    leading: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)
    blank_lines: int = 0

    @property
    def name(self) -> str | None:
        """The key as text. A quoted `<<` keeps its quotes: only an unquoted one merges."""
        if self.key is None or self.key.kind is not Kind.SCALAR:
            return None
        return f'"{self.key.value}"' if self.key.value == "<<" and self.key.style else self.key.value


@dataclass(slots=True)
class Document:
    """`before` are the comments above its `---`, `head` those between it and the first value, `tail` those at the end.

    `directives` are its lines that begin with `%`. The keys of a `fixed` document are not moved, because a line that is
    commented out depends on their order.
    """

    root: Node
    directives: list[str] = field(default_factory=list)
    explicit: bool = False
    fixed: bool = False
    blank_lines: int = 0
    before: list[Comment] = field(default_factory=list)
    head: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Remarks:
    """What a file has besides its values. `comments` are the texts of all comments, and `anchors` all anchors and
    aliases (with True), both sorted.

    `alone` are the comments that are alone on their lines, in the order of `text`, which is the file for a parser.
    """

    comments: list[str]
    anchors: list[tuple[str, bool]]
    alone: list[Comment]
    text: str


@dataclass(frozen=True, slots=True)
class SourceTree:
    documents: list[Document]
    remarks: Remarks
