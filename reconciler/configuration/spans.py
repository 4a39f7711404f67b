"""Finds the keys and values of a TOML text, as ranges of indexes in it.

`tomllib` decides what a text means, but gives no locations. It accepts a text before this module reads it, so this
module does not check the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import field
from typing import Final, TypeAlias

from reconciler.frozen import dataclass

Span: TypeAlias = tuple[int, int]

_TOKEN: Final = re.compile(
    r'''(?s)(?P<skipped>[ \t]++|\#[^\n]*+)
    |(?P<string>"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}|"(?!"")(?:[^"\\\n]|\\.)*+"
               |\'\'\'(?:[^']|'{1,2}(?!'))*+'{3,5}|'(?!'')[^'\n]*+')
    |(?P<mark>[\[\]{},.=\n])
    |(?P<bare>[^\s\[\]{},.=\#"'\\]++)''',
    re.VERBOSE,
)
_MARKS: Final = frozenset(("[", "]", "{", "}", ",", ".", "=", "\n", ""))
_AFTER_A_VALUE: Final = frozenset((",", "]", "}", "\n", ""))


@dataclass(frozen=True, slots=True)
class Token:
    """A string, a bare word, a newline, or one of the marks `[ ] { } , . =`. At the end of the text, it is empty."""

    text: str
    start: int
    end: int

    @property
    def is_part(self) -> bool:
        """Whether it can be a part of a key."""
        return self.text not in _MARKS


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a text, up to the first character that is not TOML."""
    at = 0
    while found := _TOKEN.match(text, at):
        at = found.end()
        if found.lastgroup != "skipped":
            yield Token(found[0], found.start(), at)


@dataclass(slots=True)
class Node:
    """A key with its value. A table that only dotted keys or the headers of other tables imply has no value.

    The value of a table with a header is the header. The keys of `below` are names and indexes.
    """

    key: Span | None = None
    value: Span | None = None
    below: dict[str | int, Node] = field(default_factory=dict)

    def open(self) -> Node:
        """The table that a header or a key extends: of an array of tables, the last one."""
        return self.below[len(self.below) - 1] if 0 in self.below else self


class Spans:
    """The keys and values of a text. `keys_by_end` are the keys by where their values, or their headers' keys, end."""

    def __init__(self, text: str) -> None:
        self.root = Node()
        self.keys_by_end: dict[int, Span] = {}
        self._tokens = tokens(text)
        self._token = self._end = Token("", 0, 0)
        self._advance()
        table = self.root
        while self._token.text:
            if self._token.text == "[":
                table = self._header()
            elif self._token.is_part:
                self._pair(table)
            else:
                self._advance()

    def _advance(self) -> Token:
        """The current token, which is left behind."""
        passed, self._token = self._token, next(self._tokens, self._end)
        return passed

    def _header(self) -> Node:
        start = self._advance().start
        is_array = self._token.text == "["
        if is_array:
            self._advance()
        node, _ = self._key(self.root)
        end = start
        while self._token.text == "]":
            end = self._advance().end
        if is_array:
            node.below[len(node.below)] = node = Node()
        node.value = (start, end)
        return node

    def _pair(self, table: Node) -> None:
        node, key = self._key(table)
        self._advance()
        self.keys_by_end[self._value(node)] = key

    def _key(self, node: Node) -> tuple[Node, Span]:
        """The node of a key, which may be dotted, and the span of the whole key. Each part gets its own span."""
        start = self._token.start
        end = start
        while self._token.is_part or self._token.text == ".":
            part = self._advance()
            if part.is_part:
                end = part.end
                node = node.open().below.setdefault(_name(part.text), Node((part.start, part.end)))
        self.keys_by_end[end] = (start, end)
        return node, (start, end)

    def _value(self, node: Node) -> int:
        """Read a value, and return where it ends."""
        first = self._advance()
        end = first.end
        if first.text in ("[", "{"):
            while self._token.text not in ("]", "}", ""):
                if self._token.text in (",", "\n"):
                    self._advance()
                elif first.text == "{":
                    self._pair(node)
                else:
                    self._value(node.below.setdefault(len(node.below), Node()))
            end = self._advance().end
        else:
            while self._token.text not in _AFTER_A_VALUE:
                end = self._advance().end
        node.value = (first.start, end)
        return end


def _name(part: str) -> str:
    return str(tomllib.loads(f"name = {part}")["name"]) if part[0] in "\"'" else part
