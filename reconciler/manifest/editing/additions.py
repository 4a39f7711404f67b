"""The lines of new values, in the style of the file. A choice that moves below another one brings its lines."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

from reconciler.manifest.editing.alignment import name_of
from reconciler.manifest.editing.blocks import Blocks
from reconciler.manifest.editing.choices import are_choices
from reconciler.manifest.editing.spans import Member, Span, Spans
from reconciler.manifest.editing.style import Habits, Style, in_brackets, new_node, requote
from reconciler.manifest.located import RawPath
from reconciler.manifest.sourcetree.tree import Node
from reconciler.manifest.spelling import scalar
from reconciler.model.values import Json

_ALLOWED: Final = dict.fromkeys(map(ord, "\t\u00a0\u200d"), " ")

_STUB: Final = "STUB"
"""Stands for a list of choices while the lines around it are laid out."""


class Additions(Blocks):
    """New values as text. `donors` are the choices that move below another one, with their places."""

    def __init__(self, spans: Spans, style: Style) -> None:
        super().__init__(spans)
        self._style = style
        self._known: dict[Span, Habits] = {}
        self._donors: Mapping[str, tuple[Member, Span]] = {}
        self._commented: frozenset[str] = frozenset()

    def _take(self, donors: Mapping[str, tuple[Member, Span]]) -> None:
        self._donors = donors
        self._commented = frozenset(name for name, donor in donors.items() if self._has_comment(*self._region(*donor)))

    @abstractmethod
    def _moved(self, member: Member, parent: Span, value: Json, path: RawPath, to: int) -> str:
        """The lines of an item for another column, with what changes in it."""

    def _item_at(self, column: int, span: Span, value: Json, path: RawPath) -> str:
        """The lines of a new item, or of a choice that moves here."""
        donor = self._donors.get(name_of(value) or "")
        if donor is not None and path[0] != "params" and self._owns_line(donor[0]):
            return self._moved(*donor, value, path, column)
        return self._block(value, lambda each: self._item_lines(span, each, path), column, span, path)

    def _block(self, value: Json, lines_of: Callable[[Json], list[str]], column: int, span: Span, path: RawPath) -> str:
        """The lines of a new value in a column. Choices below it that move bring theirs."""
        below = value.get("subchoices") if isinstance(value, dict) else value
        if path[:1] == ("params",) or not isinstance(below, list) or not self._brings(below, self._donors):
            return self._indented(lines_of(value), column)
        *lines, item = lines_of({**value, "subchoices": [_STUB]} if isinstance(value, dict) else [_STUB])
        inner = column + len(item) - len(item.lstrip())
        return self._indented(lines, column) + "".join(self._item_at(inner, span, each, path) for each in below)

    def _brings_comment(self, value: Json, path: RawPath) -> bool:
        return path[:1] != ("params",) and self._brings(value, self._commented)

    def _brings(self, value: Json, names: Collection[str]) -> bool:
        """Whether one of the choices is in a value."""
        if isinstance(value, dict):
            return name_of(value) in names or self._brings(value.get("subchoices") or value.get("choices"), names)
        if isinstance(value, list):
            return any(self._brings(each, names) for each in value)
        return value in names

    def _indented(self, lines: Iterable[str], column: int) -> str:
        pad, ending = " " * column, self._style.ending
        return "".join(f"{pad}{line}{ending}" if line else ending for line in lines)

    def _entry_at(self, column: int, span: Span, key: str, value: Json, path: RawPath) -> str:
        """The lines of a new entry."""
        path = (*path, key)
        return self._block(value, lambda each: self._entry_lines(span, key, each, path), column, span, path)

    def _entry_lines(self, span: Span, key: str, value: Json, path: RawPath) -> list[str]:
        habits = self._habits(span)
        quote = habits.quote if len(span.members) > 1 else ""
        node = self._node(value, choices=are_choices(value, path), quote=quote)
        return self._style.entry(key, node, habits.key_quote)

    def _item_lines(self, span: Span, value: Json, path: RawPath) -> list[str]:
        habits = self._habits(span)
        flow = habits.flow and isinstance(value, dict) and _STUB not in value.get("subchoices", ())
        node = self._node(value, choices=not flow and are_choices(value, path), flow=flow, quote=habits.quote)
        if flow:
            return [f"- {in_brackets(node)}"]
        return self._style.item(node)

    def _flow_entry(self, span: Span, key: str, value: Json) -> str:
        habits = self._habits(span)
        node = self._node(value, flow=True, quote=habits.quote or habits.key_quote)
        return f"{requote(scalar(key, flow=True), habits.key_quote, '').text}: {in_brackets(node)}"

    def _flow_item(self, span: Span, value: Json) -> str:
        return in_brackets(self._node(value, flow=True, quote=self._habits(span).quote))

    def _node(self, value: Json, *, choices: bool = False, flow: bool = False, quote: str) -> Node:
        return new_node(value, choices=choices, flow=flow, quote=quote, key_quote=self._style.key_quote)

    def _habits(self, span: Span) -> Habits:
        known = self._known.get(span)
        if known is None:
            known = self._known[span] = Habits.of(span)
        return known

    def _text_lines(self, span: Span, new: Json) -> list[str] | None:
        """The lines of a text that was a block before and still can be one, in its old indentation."""
        if span.style != "|" or not isinstance(new, str) or "\n" not in new.rstrip("\n") or not new.strip():
            return None
        content = new[:-1] if new.endswith("\n") else new
        texts = content.split("\n")
        first = next(line for line in texts if line)
        if content.endswith("\n") or first[0] in " \t" or not texts[0] or not all(map(_fits_block, texts)):
            return None
        number = self._lines.number(span.body) + 1
        while self._is_blank(number) and self._lines.starts[number] < span.end:
            number += 1
        line = self._text[self._lines.starts[number] : self._lines.ends[number]]
        old = str(span.value).lstrip("\n")
        pad = " " * (len(line) - len(line.lstrip(" ")) - (len(old) - len(old.lstrip(" "))))
        if not pad:
            return None
        return ["|" if new.endswith("\n") else "|-", *(pad + text if text else "" for text in texts)]


def _fits_block(line: str) -> bool:
    """Whether a block can hold a line as it is. Of what is invisible, a text that is a block already may have these."""
    return line.translate(_ALLOWED).isprintable()
