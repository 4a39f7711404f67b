"""How one scalar is spelled: as its author wrote it, except for text that reads better as a `|` block."""

from __future__ import annotations

import json
import re
from typing import Final

from reconciler.frozen import dataclass
from reconciler.manifest.located import LINE_END
from reconciler.manifest.sourcetree.tree import Kind, Node

WIDTH: Final = 100
"""The maximum length of a line with brackets. Text is never folded."""

LONGEST_KEY: Final = 1_000
"""The maximum length of a key, in characters. YAML allows 1,024 before the colon, including anchors."""

_ONLY_IN_BRACKETS: Final = re.compile(r"[-?:]|[-?:] .*|.*:")
"""Text that is a string inside brackets but not outside of them."""

_SCALAR: Final = Kind.SCALAR


@dataclass(frozen=True, slots=True)
class Block:
    """A `|` or `>` scalar: its first line (`|-`) and its lines, without indentation.

    `keeps` is whether empty lines at the end belong to the value.
    """

    header: str
    lines: tuple[str, ...]
    keeps: bool = False


def bare(node: Node) -> str | None:
    """A plain scalar on one line, without an anchor, as most values are; None for every other one."""
    text = node.text
    if node.style or not text or node.kind is not _SCALAR or node.anchor is not None:
        return None
    return None if text[0] in "-?:" or text[-1] == ":" or "\n" in text or "\r" in text else text


def block_of(node: Node) -> Block | None:
    """The block for a scalar; None if it is not written as a block."""
    if node.kind is not Kind.SCALAR:
        return None
    if node.style in ("|", ">"):
        return _rewritten(node)
    value = node.value
    if "\n" not in value or node.unfinished or _holds_hash(node) or not _reads_as_block(value):
        return None
    ended = value.endswith("\n")
    return Block("|" if ended else "|-", tuple((value[:-1] if ended else value).split("\n")))


def _reads_as_block(value: str) -> bool:
    """Whether every character is visible in a block, and survives an editor that strips trailing whitespace."""
    if value[:1] in ("", " ", "\n") or value.endswith("\n\n"):
        return False
    lines = value.split("\n")
    return all(line.isprintable() and not line.endswith(" ") for line in lines)


def _rewritten(node: Node) -> Block | None:
    """A block as it was, for a new indentation; None if it holds only whitespace."""
    value = node.value
    if not value.strip():
        return Block(node.text.split("#")[0].strip(), ()) if node.unfinished and not value else None
    header, *written = LINE_END.split(node.text)
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
    """The lines of a scalar or alias that is not a block, without indentation."""
    only_in_brackets = node.kind is Kind.SCALAR and not node.style and _ONLY_IN_BRACKETS.fullmatch(node.value)
    if node.style in ("|", ">") or only_in_brackets:
        return [double_quoted(node.value)]
    if "\n" not in node.text and "\r" not in node.text:
        return [node.text]
    first, *others = LINE_END.split(node.text)
    lines = [first, *(line if starts_with_hash(line) else line.strip(" \t") for line in others)]
    return [line if index == len(lines) - 1 else _without_end(line) for index, line in enumerate(lines)]


def starts_with_hash(line: str) -> bool:
    """Whether a line of a quoted text was perhaps commented out. Such a line stays in its columns."""
    return line.lstrip(" ").startswith("#")


def _holds_hash(node: Node) -> bool:
    return "#" in node.text and any(map(starts_with_hash, LINE_END.split(node.text)))


def _without_end(line: str) -> str:
    bare = line.rstrip(" \t")
    return line if bare.endswith("\\") else bare


def as_it_is(node: Node, shift: int) -> list[str]:
    """The lines of a value in brackets as they are, moved by `shift` columns. A # in the first column stays there."""
    first, *others = LINE_END.split(node.text)
    return [first, *(_shifted(line, shift) for line in others)]


def _shifted(line: str, shift: int) -> str:
    bare = line.lstrip(" ")
    return line if not bare or line.startswith("#") else " " * max(len(line) - len(bare) + shift, 0) + bare


def in_one_line(node: Node) -> str | None:
    """A scalar or alias on one line, for use in brackets; None if it needs more than one."""
    if (text := bare(node)) is not None:
        return text
    if block_of(node) is not None:
        return None
    lines = spelling(node)
    if len(lines) == 1:
        return lines[0]
    if "\n" in node.value or _holds_hash(node):
        return None
    if node.style == "'":
        return "'" + node.value.replace("'", "''") + "'"
    return double_quoted(node.value) if node.style else node.value


def key_text(key: Node) -> str:
    """A key on one line. An alias needs a space, or the colon would be part of its name."""
    if (text := bare(key)) is not None:
        return text
    if key.kind is Kind.ALIAS:
        return f"{key.text} "
    lines = spelling(key)
    text = lines[0] if len(lines) == 1 else double_quoted(key.value)
    return f"&{key.anchor} {text}" if key.anchor else text


def double_quoted(value: str) -> str:
    r"""A string in double quotes, with JSON's escapes, and \UXXXXXXXX for other invisible characters."""
    text = json.dumps(value, ensure_ascii=False)
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
