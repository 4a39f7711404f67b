"""One YAML file as its author wrote it: values in their spelling, anchors, comments, blank lines."""

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
    """`text` begins with its `#`. `column` counts from 0; `before` is what stands in front of it on its line."""

    text: str
    start: int
    column: int
    before: str
    blank_above: bool

    @property
    def is_alone(self) -> bool:
        """Whether it has its line for itself."""
        return not self.before


@dataclass(slots=True)
class Node:
    """`text` is a scalar's or an alias's spelling, without its anchor; `value` what a scalar's spelling means.

    `style` is one of `"`, `'`, `|`, `>` and, for a plain scalar, empty. `flow` is whether a collection was written in
    brackets; `opened` that it is not to stay so. `trailing` is the comment at the end of its line, if any: of a block,
    the line above its children. `tail` are those behind the last child. `header` are those between a key, or a bracket,
    and what follows, as long as the tree is being built.
    """

    kind: Kind
    text: str = ""
    value: str = ""
    style: str = ""
    anchor: str | None = None
    flow: bool = False
    opened: bool = False
    children: list[Child] = field(default_factory=list)
    header: list[Comment] = field(default_factory=list)
    trailing: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)

    @property
    def is_collection(self) -> bool:
        return self.kind is Kind.MAPPING or self.kind is Kind.SEQUENCE

    @property
    def is_left_out(self) -> bool:
        """Whether it is a null that nobody wrote."""
        return self.kind is Kind.SCALAR and not self.text and not self.style


@dataclass(slots=True)
class Child:
    """An entry of a mapping, or an item of a sequence, which has no key. `leading` are the comments above it."""

    value: Node
    key: Node | None = None
    leading: list[Comment] = field(default_factory=list)
    blank_above: bool = False

    @property
    def name(self) -> str | None:
        """The key as it is compared with known ones; `<<` for a merge key alone."""
        if self.key is None or self.key.kind is not Kind.SCALAR:
            return None
        return f'"{self.key.value}"' if self.key.value == "<<" and self.key.style else self.key.value


@dataclass(slots=True)
class Document:
    """`before` are comments above its `---`, `head` those between that and the first value, `tail` those at its end.

    `directives` are its lines that begin with `%`.
    """

    root: Node
    directives: list[str] = field(default_factory=list)
    explicit: bool = False
    blank_above: bool = False
    before: list[Comment] = field(default_factory=list)
    head: list[Comment] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)
