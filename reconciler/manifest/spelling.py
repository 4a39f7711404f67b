"""Values as new YAML, laid out as `fmt` lays out a file. What is read back is the same value.

A string is plain if every reader takes it for this string, and otherwise in double quotes, with escapes for what is
invisible. A text of several lines is a `|` block if that shows all of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from reconciler.manifest.formatting.layout import lay_out
from reconciler.manifest.formatting.ordering import FileKind, arrange
from reconciler.manifest.formatting.texts import double_quoted
from reconciler.manifest.located import LITERAL
from reconciler.manifest.scalars import NotJsonError, resolve
from reconciler.manifest.sourcetree.tree import Child, Document, Kind, Node
from reconciler.model.values import Json

_PLAIN: Final = re.compile(r"[^\W\d]|[\w$./~+(<=^;][^:#]*[^:#\s]")
"""Text that may be plain anywhere outside brackets. A colon or `#` in it is rare enough to put it in quotes."""

_PARTS: Final = ("params", "ontology", "reconcile")
"""The keys with an empty line above them."""

_LONGEST_REMEMBERED: Final = 64
_IN_BRACKETS: Final = re.compile(r"[^,\[\]{}]*")
_YAML_1_1: Final = re.compile(r"(?:y|n|yes|no|on|off)", re.IGNORECASE)
"""Strings here, but booleans for a reader of YAML 1.1."""


def document_text(document: Mapping[str, Json] | list[Json], kind: FileKind) -> bytes:
    """A file with one document: a mapping, or a list of choices. Its values are as they are written: a directive stays
    a directive."""
    if isinstance(document, list):
        root = choices_node(document)
    else:
        root = mapping({key: _part(key, value) for key, value in document.items()})
    tree = Document(root)
    opened = arrange(tree, kind)
    for child in root.children[1:]:
        child.blank_lines = int(child.name in _PARTS)
    return "".join(f"{line}\n" for line in lay_out([tree], opened)).encode()


def _part(key: str, value: Json) -> Node:
    return choices_node(value) if key == "ontology" else spelled(value)


def spelled(value: Json, *, flow: bool = False) -> Node:
    """The node of a value as it is written. With `flow`, it is inside brackets."""
    if isinstance(value, dict):
        in_brackets = flow or not value or _is_directive(value)
        return mapping({key: spelled(inner, flow=in_brackets) for key, inner in value.items()}, flow=in_brackets)
    if isinstance(value, list):
        if all(map(_is_short, value)):
            return sequence([scalar(item, flow=True) for item in value], flow=True)
        return sequence([_item(item, flow=flow) for item in value], flow=flow)
    return scalar(value, flow=flow)


def _item(value: Json, *, flow: bool) -> Node:
    """An item of a list: an object of a few short values is on one line."""
    is_small = isinstance(value, dict) and bool(value) and all(_is_short(inner) for inner in value.values())
    return spelled(value, flow=flow or is_small)


def _is_short(value: Json) -> bool:
    return not isinstance(value, dict | list) and not (isinstance(value, str) and "\n" in value)


def _is_directive(value: Mapping[str, Json]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$") and not isinstance(next(iter(value.values())), dict)


def choices_node(ontology: Json) -> Node:
    """The node of an ontology, in one of the forms of a manifest. Each choice has a line of its own."""
    if isinstance(ontology, dict) and "choices" in ontology:
        inner = {key: choices_node(value) if key == "choices" else spelled(value) for key, value in ontology.items()}
        return mapping(inner)
    if not isinstance(ontology, list):
        return spelled(ontology)
    return sequence([choice_node(choice) for choice in ontology])


def choice_node(choice: Json) -> Node:
    """The node of one choice and what is below it."""
    if not isinstance(choice, dict):
        return spelled(choice)
    return mapping(
        {key: choices_node(value) if key == "subchoices" else spelled(value) for key, value in choice.items()}
    )


def mapping(entries: Mapping[str, Node], *, flow: bool = False) -> Node:
    children = [Child(node, key=scalar(key, flow=flow)) for key, node in entries.items()]
    return Node(Kind.MAPPING, children=children, flow=flow or not children)


def sequence(items: list[Node], *, flow: bool = False) -> Node:
    return Node(Kind.SEQUENCE, children=[Child(item) for item in items], flow=flow or not items)


def scalar(value: Json, *, flow: bool = False) -> Node:
    """The node of a string, a number, a boolean, or null."""
    if isinstance(value, str):
        if "\n" in value and not flow and _is_visible(value):
            return Node(Kind.SCALAR, text="|+" if value.endswith("\n\n") else "|", value=value, style="|")
        return _string(value, flow) if len(value) <= _LONGEST_REMEMBERED else _string.__wrapped__(value, flow)
    text = {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else ""
    text = text or repr(value)
    return Node(Kind.SCALAR, text=text, value=text)


@lru_cache(maxsize=4096)
def _string(value: str, flow: bool) -> Node:
    """The node of a string on one line. The same keys and words appear in most projects and share a node, so a node of
    a string is replaced, never changed."""
    if _is_plain(value, flow=flow):
        return Node(Kind.SCALAR, text=value, value=value)
    return Node(Kind.SCALAR, text=double_quoted(value), value=value, style='"')


def _is_plain(text: str, *, flow: bool) -> bool:
    if not text.isprintable() or _PLAIN.fullmatch(text) is None or text.startswith("..."):
        return False
    if _YAML_1_1.fullmatch(text) or text == "<<" or (flow and _IN_BRACKETS.fullmatch(text) is None):
        return False
    try:
        return bool(resolve(text) == text)
    except NotJsonError:
        return False


def _is_visible(text: str) -> bool:
    """Whether a `|` block shows every character, except tabs, and spaces at the ends of lines."""
    return bool(text.strip("\n\t ")) and all(line.replace("\t", "").isprintable() for line in text.split("\n"))


def literal(value: Json) -> Json:
    """The value as a manifest declares it: what looks like a directive is wrapped, so that it is not one."""
    if isinstance(value, dict):
        if any(key.startswith("$") for key in value):
            return {LITERAL: value}
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [literal(inner) for inner in value]
    return value
