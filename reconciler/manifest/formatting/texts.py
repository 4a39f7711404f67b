"""How one scalar is spelled: as its author did, but for text that reads better as a `|` block."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from reconciler.manifest.formatting.tree import Kind, Node

WIDTH: Final = 100
"""Columns up to which brackets stay on one line. No text is ever folded at a width."""

LONGEST_KEY: Final = 1_000
"""Characters; YAML takes up to 1,024 of a key before its colon, anchors included."""

_ONLY_IN_BRACKETS: Final = re.compile(r"[-?:]|[-?:] .*|.*:")
"""What parsers take for a text in brackets, and for something else without."""

_LINE_END: Final = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Block:
    """A `|` or `>` scalar: its first line (`|-`) and its lines, without indentation.

    `keeps` is whether empty lines at its end belong to the value.
    """

    header: str
    lines: tuple[str, ...]
    keeps: bool = False


def block_of(node: Node) -> Block | None:
    """The block that a scalar is to be written as, if any."""
    if node.kind is not Kind.SCALAR:
        return None
    if node.style in ("|", ">"):
        return _rewritten(node)
    value = node.value
    if not _reads_as_block(value):
        return None
    if "\n" in value or (node.style and len(node.text) > WIDTH and " " in value and node.text[1:-1] != value):
        ended = value.endswith("\n")
        return Block("|" if ended else "|-", tuple((value[:-1] if ended else value).split("\n")))
    return None


def _reads_as_block(value: str) -> bool:
    """Whether every character shows in a block, and none is lost to an editor that strips blanks at line ends."""
    if value[:1] in ("", " ", "\n") or value.endswith("\n\n"):
        return False
    lines = value.split("\n")
    return all(line.isprintable() and not line.endswith(" ") for line in lines)


def _rewritten(node: Node) -> Block | None:
    """A block as it was, for a new indentation; None for one that holds nothing to see."""
    value = node.value
    if not value.strip():
        return None
    header, *written = _LINE_END.split(node.text)
    keeps = "+" in header.split("#")[0]
    chomping = "+" if keeps else "-" if not value.endswith("\n") else ""
    ended = len(value) - len(value.rstrip("\n"))
    if node.style == "|":
        lines = value.rstrip("\n").split("\n")
    else:
        first = next(line for line in written if line.strip())
        inner = value.lstrip("\n")
        indent = len(first) - len(first.lstrip(" ")) - (len(inner) - len(inner.lstrip(" ")))
        lines = [line[indent:] for line in written]
        while lines and not lines[-1].strip():
            lines.pop()
    indicator = "2" if next(line for line in lines if line).startswith(" ") else ""
    lines += [""] * (ended - 1)
    return Block(f"{node.style}{indicator}{chomping}", tuple(lines), keeps)


def spelling(node: Node) -> list[str]:
    """A scalar or alias that is no block, line for line, without indentation."""
    only_in_brackets = node.kind is Kind.SCALAR and not node.style and _ONLY_IN_BRACKETS.fullmatch(node.value)
    if node.style in ("|", ">") or only_in_brackets:
        return [double_quoted(node.value)]
    first, *others = _LINE_END.split(node.text)
    lines = [first, *(line.strip(" \t") for line in others)]
    return [line if index == len(lines) - 1 else _without_end(line) for index, line in enumerate(lines)]


def _without_end(line: str) -> str:
    bare = line.rstrip(" \t")
    return line if bare.endswith("\\") else bare


def in_one_line(node: Node) -> str | None:
    """A scalar or alias on one line, as it may stand in brackets; None where it needs more."""
    if block_of(node) is not None:
        return None
    lines = spelling(node)
    if len(lines) == 1:
        return lines[0]
    if "\n" in node.value:
        return None
    if node.style == "'":
        return "'" + node.value.replace("'", "''") + "'"
    return double_quoted(node.value) if node.style else node.value


def key_text(key: Node) -> str:
    """A key on one line; an alias with the blank that keeps the colon from being a part of its name."""
    if key.kind is Kind.ALIAS:
        return f"{key.text} "
    lines = spelling(key)
    text = lines[0] if len(lines) == 1 else double_quoted(key.value)
    return f"&{key.anchor} {text}" if key.anchor else text


def double_quoted(value: str) -> str:
    r"""A string in double quotes: JSON's escapes, and \UXXXXXXXX beyond its reach."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
