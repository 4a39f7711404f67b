"""Explains syntax errors in block style: keys, colons, list items, and indentation.

Each function explains one kind of mistake; None if it is another one.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.diagnostics import count
from reconciler.manifest.refusal import CLOSERS, PAIR, WHOLE, Explained, Refusal

_KEY: Final = re.compile(r"(?:- +)*[^\s:#][^:#]*")
_KEYED: Final = re.compile(r"((?:- +)*)[^\s:#-][^:#]*:(?=\s|$)")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- +)*([\w-]+):(?=[^\s/:])")
_TEXT_BELOW: Final = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_SMART: Final = "“”„‟‘’‚‛«»"


def colon(refusal: Refusal) -> Explained | None:
    """`mapping values are not allowed`: one colon too many for its line."""
    if "mapping values are not allowed" not in refusal.message:
        return None
    line = refusal.line(refusal.index)
    start = refusal.starts[line]
    before = refusal.text[start : refusal.index]
    above = refusal.line_above(line)
    key = _KEY.fullmatch(before.strip())
    if key is not None and above is not None and not before.startswith("--- "):
        if (glued := _without_space(refusal, above)) is not None:
            return glued
        if refusal.indent(line) > refusal.indent(above):
            return _below_a_value(refusal, line, above)
        if not _KEYED.match(refusal.line_text(above).lstrip()) and refusal.is_first_value(above):
            end = refusal.line_end(refusal.starts[above])
            return Explained(
                refusal.starts[above] + refusal.indent(above), "this line has no key", "write KEY: VALUE", end=end
            )
    if before.startswith("--- "):
        return Explained(
            start + 4,
            "a key cannot follow --- on the same line",
            "move this to the next line",
            end=refusal.line_end(start),
        )
    pair = PAIR.match(before)
    value = start + (pair.end() if pair is not None else refusal.indent(line))
    return text_with_colon(refusal, value, refusal.line_end(start))


def _below_a_value(refusal: Refusal, line: int, above: int) -> Explained:
    """A key that is indented more than the line above, which has a value."""
    summary = "this key is indented below a key that already has a value"
    label = f"align this key with the key on line {above + 1}"
    if not _KEYED.match(refusal.line_text(above).lstrip()):
        summary = "this key is indented below a line that is only text"
        label = f"write line {above + 1} as KEY: VALUE"
    label += ", or, if this line continues that text, quote the whole text"
    return Explained(refusal.starts[line] + refusal.indent(line), summary, label, end=refusal.index)


def text_with_colon(refusal: Refusal, value: int, end: int) -> Explained:
    """A value that begins at `value`, and that the colon at the refusal's index follows."""
    first = refusal.text[value : value + 1]
    after = refusal.text[refusal.index + 1 : end].split("#")[0]
    if first in WHOLE:
        label = "remove the colon and what follows it, or quote the whole text"
        return Explained(value, f"a colon follows {WHOLE[first]}", label, end=end)
    if not after.strip():
        below = refusal.line_below(refusal.line(value))
        if below is not None and refusal.indent(below) > refusal.indent(refusal.line(value)):
            label = "move this key to a line of its own, and indent it"
            return Explained(value, "a second key on this line", label, end=refusal.index + 1)
        label = "quote the text"
        if end == refusal.line_end(refusal.starts[refusal.line(value)]):
            label += ", or, if it is a key, move it to a line of its own"
        return Explained(value, "unquoted text ends with a colon", label, end=refusal.index + 1)
    label = "quote the text"
    if first and first in _SMART:
        label = f"quote the text with \" or ': YAML does not treat {first} as a quote"
    space = "a tab" if after[0] == "\t" else "a space"
    return Explained(value, f"unquoted text contains a colon and {space}", label, end=end)


def _without_space(refusal: Refusal, line: int) -> Explained | None:
    """`name:p`"""
    glued = _KEY_WITHOUT_SPACE.match(refusal.line_text(line))
    if glued is None:
        return None
    colon = refusal.starts[line] + glued.end() - 1
    return Explained(colon, "a colon without a space after it is part of the text", "add a space after the colon")


def no_colon(refusal: Refusal) -> Explained | None:
    """A line among keys that has no key."""
    if "could not find expected ':'" not in refusal.message or refusal.began is None:
        return None
    line = refusal.line(refusal.began)
    if (glued := _without_space(refusal, line)) is not None:
        return glued
    above = refusal.line_above(line)
    label = "write KEY: VALUE"
    below = refusal.line_below(line)
    if below is not None and refusal.indent(below) > refusal.indent(line):
        label = "add a colon after the key"
    elif above is not None and _is_item(refusal.line_text(above)) and refusal.indent(above) == refusal.indent(line):
        summary = "found text where a list item is expected"
        label = "to add an item, start this line with a hyphen and a space; to continue the item, indent this line"
        return Explained(refusal.began, summary, label, end=refusal.line_end(refusal.began))
    elif above is not None and not _ends_whole(refusal.line_text(above)):
        label += ", or indent the line to continue the one above"
    if above is not None and _TEXT_BELOW.search(refusal.line_text(above)):
        label = f"if this continues the text of line {above + 1}, indent this line more than that line"
    return Explained(refusal.began, "this line has no key", label, end=refusal.line_end(refusal.began))


def _ends_whole(text: str) -> bool:
    """Whether a line ends a value that no other line can continue."""
    return text.rstrip().endswith(('"', "'", "]", "}"))


def indentation(refusal: Refusal) -> Explained | None:
    """A line that is indented like nothing above it, or a list item among keys."""
    if "while parsing a block" not in refusal.message or "<block end>" not in refusal.message:
        return None
    start, line = refusal.index, refusal.line(refusal.index)
    if refusal.character in CLOSERS.values():
        return Explained(start, f"unmatched {refusal.character}", f"remove the {refusal.character}")
    if refusal.text[refusal.starts[line] : start].strip():
        return None
    end = refusal.line_end(start)
    outer = refusal.outer(line)
    if _is_item(refusal.line_text(line)):
        label = "write a list below a key of its own, which has no other value"
        if any(_is_item(refusal.line_text(above)) for above in outer):
            label = "align this item with the items above, or write the list below a key of its own"
        return Explained(start, "found a list item where a key is expected", label, end=end)
    like = next((above for above in outer if refusal.indent(above) == refusal.indent(line)), None)
    if like is not None and _is_item(refusal.line_text(like)):
        label = "to add an item, start this line with a hyphen and a space; to end the list, indent this line less"
        return Explained(start, "found a key where a list item is expected", label, end=end)
    indents: dict[int, int] = {}
    for above in outer:
        if (key := _KEYED.match(refusal.line_text(above).lstrip())) is not None:
            indents.setdefault(refusal.indent(above) + len(key[1]), above)
    near = min(indents, key=lambda indent: (abs(indent - refusal.indent(line)), -indent), default=0)
    label = (
        f"indent the line by {count(near, 'space')}, like the key on line {indents[near] + 1}"
        if near
        else "do not indent the line"
    )
    return Explained(start, "this indentation matches no outer level", label, end=end)


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ") or line.strip() == "-"


def second_start(refusal: Refusal) -> Explained | None:
    """A line that is indented less than the block that contains all lines above."""
    above = refusal.line_above(refusal.line(refusal.index))
    if "document start" not in refusal.message or above is None:
        return None
    marker = next((line for line in range(above, -1, -1) if refusal.line_text(line).startswith(("%", "---"))), None)
    directive = marker if marker is not None and refusal.line_text(marker).startswith("%") else None
    if directive is not None:
        end = refusal.line_end(refusal.starts[directive])
        return Explained(
            refusal.starts[directive], "a line with --- is missing below this line", "remove this line", end=end
        )
    label = f"indent this line like line {above + 1}, or, for a new document, add a line with --- above"
    if refusal.indent(above) == refusal.indent(refusal.line(refusal.index)):
        label = f"write line {above + 1} as KEY: VALUE, or, for a new document, add a line with --- above this one"
    end = refusal.line_end(refusal.index)
    return Explained(refusal.index, "the document ended before this line", label, end=end)
