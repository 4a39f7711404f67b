"""How a file is written: its line endings, indentation, and quotes. New values are spelled the same way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from reconciler.frozen import dataclass
from reconciler.manifest.editing.spans import Span, Spans
from reconciler.manifest.formatting.layout import lay_out
from reconciler.manifest.formatting.texts import double_quoted
from reconciler.manifest.scalars import NotJsonError, resolve
from reconciler.manifest.schema import CHOICE
from reconciler.manifest.sourcetree.tree import Document, Kind, Node
from reconciler.manifest.spelling import choice_node, choices_node, mapping, sequence, spelled
from reconciler.model.values import Json


@dataclass(frozen=True, slots=True)
class Style:
    """A mapping is indented by `step` columns from its key, a list by `list_step`. All keys have the `key_quote`."""

    ending: str = "\n"
    step: int = 2
    list_step: int = 2
    key_quote: str = ""

    @classmethod
    def of(cls, spans: Spans) -> Style:
        steps: Counter[int] = Counter()
        list_steps: Counter[int] = Counter()
        lines = spans.lines
        for document in spans.documents:
            for span in document.walk():
                if span.kind is not Kind.MAPPING or span.flow:
                    continue
                for member in span.members:
                    inner = member.value
                    if inner.is_block and inner.members:
                        step = lines.column(inner.members[0].start) - lines.column(member.start)
                        (list_steps if inner.kind is Kind.SEQUENCE else steps)[step] += 1
        step = _usual(steps, 2)
        first = spans.text.find("\n")
        ending = "\r\n" if first > 0 and spans.text[first - 1] == "\r" else "\n"
        return cls(ending, max(step, 1), max(_usual(list_steps, step), 0), _quote_of(_keys_in(spans)))

    def entry(self, key: str, value: Node, key_quote: str) -> list[str]:
        """The lines of an entry of a mapping that begins in the first column."""
        root = mapping({key: value})
        (child,) = root.children
        assert child.key is not None
        child.key = requote(child.key, key_quote, "")
        return self._lines(root)

    def item(self, value: Node) -> list[str]:
        """The lines of an item of a list that begins in the first column."""
        return self._lines(sequence([value]))

    def _lines(self, root: Node) -> list[str]:
        root.flow = False
        _quote_fragile(root, self.step)
        return lay_out([Document(root)], (), step=self.step, list_step=self.list_step)


_STEP: Final = 2


def _quote_fragile(node: Node, step: int) -> None:
    """Put texts in quotes that are not safe as blocks: empty lines at the end would join those of the file, and an
    indentation indicator is only right for the usual step."""
    for child in node.children:
        _quote_fragile(child.value, step)
    is_indented = step != _STEP and node.value.lstrip("\n").startswith((" ", "\t"))
    if node.style == "|" and (is_indented or node.value.endswith("\n\n")):
        node.style, node.text = '"', double_quoted(node.value)


def _usual(steps: Counter[int], otherwise: int) -> int:
    return steps.most_common(1)[0][0] if steps else otherwise


def new_node(value: Json, *, choices: bool, flow: bool, quote: str, key_quote: str = "") -> Node:
    """The node of a value. `choices` is whether it is a choice, a list of choices, or an ontology."""
    if flow or not choices:
        return requote(spelled(value, flow=flow), quote, key_quote)
    value = _arranged(value)
    is_choice = isinstance(value, dict) and "choice" in value
    return requote(choice_node(value) if is_choice else choices_node(value), quote, key_quote)


def _arranged(value: Json) -> Json:
    """Choices with their keys in the usual order."""
    if isinstance(value, list):
        return [_arranged(item) for item in value]
    if not isinstance(value, dict):
        return value
    names = sorted(value, key=lambda key: CHOICE.names.index(key) if key in CHOICE.names else len(CHOICE.names))
    return {key: _arranged(value[key]) if key in ("choices", "subchoices") else value[key] for key in names}


def in_brackets(node: Node) -> str:
    """A value on one line."""
    if not node.is_collection:
        return node.text
    inner = [
        in_brackets(child.value) if child.key is None else f"{child.key.text}: {in_brackets(child.value)}"
        for child in node.children
    ]
    return f"{{{', '.join(inner)}}}" if node.kind is Kind.MAPPING else f"[{', '.join(inner)}]"


@dataclass(frozen=True, slots=True)
class Habits:
    """How the members of one collection are written: the quotes of all strings in it, those of all keys, and whether
    all objects in it are in brackets. Quotes are empty if some have none, or others."""

    quote: str
    key_quote: str
    flow: bool

    @classmethod
    def of(cls, span: Span) -> Habits:
        objects = [member.value for member in span.members if member.value.kind is Kind.MAPPING]
        return cls(
            _quote_of(_scalars_in(span)),
            _quote_of(member.key for member in span.members if member.key is not None),
            bool(objects) and all(each.flow for each in objects),
        )


def _quote_of(spans: Iterable[Span]) -> str:
    styles = {span.style for span in spans if span.kind is Kind.SCALAR and isinstance(span.value, str)}
    (style, *others) = styles or {""}
    return style if not others and style in ('"', "'") else ""


def _scalars_in(span: Span) -> Iterator[Span]:
    """The scalars right in a collection, or in the collections right in it."""
    for member in span.members:
        inner = member.value
        yield from (below.value for below in inner.members) if inner.members else (inner,)


def _keys_in(spans: Spans) -> Iterator[Span]:
    for document in spans.documents:
        for span in document.walk():
            yield from (member.key for member in span.members if member.key is not None and member.name is not None)


def requote(node: Node, quote: str, key_quote: str) -> Node:
    """The node with its strings and its keys in quotes, except texts of several lines."""
    if node.is_collection and (quote or key_quote):
        for child in node.children:
            if child.key is not None:
                child.key = requote(child.key, key_quote, "")
            child.value = requote(child.value, quote, key_quote)
    elif quote and _is_string(node) and "\n" not in node.value:
        if quote == '"':
            return replace(node, style=quote, text=double_quoted(node.value))
        if node.value.isprintable():
            return replace(node, style=quote, text="'" + node.value.replace("'", "''") + "'")
    return node


def _is_string(node: Node) -> bool:
    if node.style:
        return True
    try:
        return isinstance(resolve(node.text), str)
    except NotJsonError:
        return False
