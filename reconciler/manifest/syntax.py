"""Explains syntax errors to people who write manifests: where the mistake is, and what to write instead.

A parser reports where it noticed a mistake. The mistake itself comes earlier: an open quote, text that is not indented.
One small function explains each kind of mistake, and the first that recognizes it wins. None changes the verdict.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from reconciler.diagnostics import Diagnostic, count, error, quoted
from reconciler.frozen import dataclass
from reconciler.manifest.codes import Code
from reconciler.manifest.located import LINE_END, SourceText, Stretch
from reconciler.manifest.parsing import NotYamlError
from reconciler.model.characters import code_point

_CONFLICT: Final = re.compile(r"^<{7}(?: .*)?$(?s:.*?)^>{7}(?: .*)?$", re.MULTILINE)
_KEY: Final = re.compile(r"(?:- +)*[^\s:#][^:#]*")
_KEYED: Final = re.compile(r"((?:- +)*)[^\s:#-][^:#]*:(?=\s|$)")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- +)*([\w-]+):(?=[^\s/:])")
_PAIR: Final = re.compile(r"\s*(?:- +)*[^:#\s][^:#]*:\s+(?:[&!]\S* +)*(?=\S)")
_NOT_CODE: Final = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|(?<!\S)#[^\n]*', re.DOTALL)
_TEXT_BEHIND: Final = re.compile(r"(chomping|comment or a line break)")
_TEXT_BELOW: Final = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_CLOSERS: Final = {"[": "]", "{": "}"}
_SMART: Final = "“”„‟‘’‚‛«»"
_WHOLE: Final = {'"': "a quoted string", "'": "a quoted string", "[": "a list", "{": "a mapping", "*": "an alias"}
"""What a value is that begins with a character and ends before the end of its line."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """`index` is where the parser noticed the mistake. `began` is the start of the construct that has no proper end.
    Lines count from 0."""

    text: str
    message: str
    index: int
    began: int | None
    starts: tuple[int, ...]

    def line(self, index: int) -> int:
        return bisect_right(self.starts, index) - 1

    def line_text(self, line: int) -> str:
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def line_end(self, index: int) -> int:
        line = self.line(index)
        return self.starts[line] + len(self.line_text(line))

    def indent(self, line: int) -> int:
        text = self.line_text(line)
        return len(text) - len(text.lstrip(" "))

    def line_above(self, line: int) -> int | None:
        """The nearest line above that is neither empty nor a comment."""
        for above in range(line - 1, -1, -1):
            if self.line_text(above).strip() and not self.line_text(above).lstrip().startswith("#"):
                return above
        return None

    def line_below(self, line: int) -> int | None:
        """The nearest line below that is neither empty nor a comment."""
        for below in range(line + 1, len(self.starts)):
            if self.line_text(below).strip() and not self.line_text(below).lstrip().startswith("#"):
                return below
        return None

    def outer(self, line: int) -> list[int]:
        """The lines above, from the nearest, that are each indented less than all lines between them and `line`."""
        found: list[int] = []
        above = self.line_above(line)
        while above is not None:
            if not found or self.indent(above) < self.indent(found[-1]):
                found.append(above)
            above = self.line_above(above)
        return found

    def is_first_value(self, line: int) -> bool:
        """Whether a line can only begin a value: the line above that is indented less ends with a colon, or is none."""
        parent = next((each for each in self.outer(line) if self.indent(each) < self.indent(line)), None)
        return parent is None or self.line_text(parent).rstrip().endswith(":")

    @property
    def character(self) -> str:
        return self.text[self.index : self.index + 1]


@dataclass(frozen=True, slots=True)
class _Explained:
    """A mistake from `start` up to `end`, or of one character."""

    start: int
    summary: str
    label: str = ""
    detail: str = ""
    end: int = 0


def explained(source: SourceText, refused: NotYamlError) -> Diagnostic:
    """The one problem of a file that is not valid YAML."""
    text = source.parsed
    starts = (0, *(end.end() for end in LINE_END.finditer(text)))
    refusal = _Refusal(text, refused.message, min(refused.index, len(text)), refused.began, starts)
    found = next(filter(None, (explain(refusal) for explain in _EXPLANATIONS)), None) or _as_reported(refusal)
    location = source.location(Stretch(found.start, found.end or found.start + 1))
    summary = f"invalid YAML: {found.summary}"
    return error(Code.SYNTAX, summary, detail=found.detail, location=location, label=found.label)


def _conflict(refusal: _Refusal) -> _Explained | None:
    match = _CONFLICT.search(refusal.text)
    if match is None or match.start() > refusal.index:
        return None
    label = "keep one side, and remove the markers"
    start = match.start()
    return _Explained(start, "git left a merge conflict here", label, end=refusal.line_end(start))


def _open_quote(refusal: _Refusal) -> _Explained | None:
    if "while scanning a quoted scalar" not in refusal.message or refusal.began is None:
        return None
    if "end of stream" not in refusal.message and "document separator" not in refusal.message:
        return None
    quote = refusal.text[refusal.began : refusal.began + 1]
    return _Explained(refusal.began, "unclosed quote", f"add a {quote} where the string ends")


def _quote_within(refusal: _Refusal) -> _Explained | None:
    """`'it's'`: the second quote ends the string."""
    end = refusal.index
    if "<block end>" in refusal.message:
        end = len(refusal.text[:end].rstrip(" "))
    before = refusal.text[end - 1 : end]
    if before not in ("'", '"') or ("<scalar>" not in refusal.message and "expected key" not in refusal.message):
        return None
    line = refusal.line(refusal.index)
    if refusal.text.count(before, refusal.starts[line], refusal.index) % 2:
        opened = next((above for above in range(line - 1, -1, -1) if refusal.line_text(above).count(before) % 2), line)
        start = refusal.starts[opened] + refusal.line_text(opened).rfind(before)
        summary = f"this quote is not closed until line {line + 1}"
        return _Explained(start, summary, f"add a {before} where the string ends")
    other = '"…"' if before == "'" else "'…'"
    how = "to include a ', write ''" if before == "'" else 'to include a ", write \\"'
    summary = "this quote ends the string, but more text follows"
    return _Explained(end - 1, summary, f"{how}, or quote the string with {other}")


def _open_bracket(refusal: _Refusal) -> _Explained | None:
    if "while parsing a flow" not in refusal.message or refusal.began is None:
        return None
    ended = refusal.index >= len(refusal.text.rstrip())
    began = _last_open(refusal.text) if ended else refusal.began
    bracket = refusal.text[began : began + 1]
    if bracket not in _CLOSERS:
        return None
    closer = _CLOSERS[bracket]
    opened, noticed = refusal.line(began), refusal.line(refusal.index)
    if ended or (noticed > opened and refusal.indent(noticed) <= refusal.indent(opened)):
        return _Explained(began, f"unclosed {bracket}", f"add the missing {closer}")
    if f"'{closer}'" not in refusal.message:
        return None
    start = refusal.index
    if refusal.character in _CLOSERS.values():
        return _not_closed(refusal, began)
    if refusal.character == ":":
        return _colon_in_brackets(refusal)
    summary = f"a comma or the closing {closer} is missing"
    detail = f"The {bracket} is on line {opened + 1}, column {began - refusal.starts[opened] + 1}."
    return _Explained(start, summary, "add a comma before this", detail if opened != noticed else "", end=refusal.index)


def _not_closed(refusal: _Refusal, began: int) -> _Explained:
    """A bracket that the closing one of another kind follows."""
    closer = _CLOSERS[refusal.text[began]]
    summary = f"the {refusal.text[began]} on line {refusal.line(began) + 1} is not closed with {closer}"
    return _Explained(refusal.index, summary, f"add {closer} before this character")


def _colon_in_brackets(refusal: _Refusal) -> _Explained:
    """`{a: b: c}`, or `{a: b c: d}`: a colon too many for its item."""
    line = refusal.starts[refusal.line(refusal.index)]
    item = max(line, *(refusal.text.rfind(each, line, refusal.index) + 1 for each in (",", *_CLOSERS)))
    before = len(refusal.text[: refusal.index].rstrip(" ")) - 1
    if refusal.text[before] in _CLOSERS.values():
        what = "list" if refusal.text[before] == "]" else "mapping"
        label = "remove the colon and what follows it, or quote the whole text"
        return _Explained(before, f"a colon follows a {what}", label, end=refusal.index + 1)
    pair = _PAIR.match(refusal.text, item, refusal.index)
    value = pair.end() if pair is not None else item
    end = next((at for at in range(refusal.index, len(refusal.text)) if refusal.text[at] in ",]}\r\n"), refusal.index)
    word = refusal.text.rfind(" ", value, refusal.index) + 1
    if not word or refusal.text[value] in _WHOLE:
        return _text_with_colon(refusal, value, end)
    label = (
        f"add a comma before this, or, if this is part of the text to the left, quote {quoted(refusal.text[value:end])}"
    )
    return _Explained(word, "a comma or quotes are missing", label, end=refusal.index)


def _last_open(text: str) -> int:
    """The last bracket without its closing one; the length of the text if there is none."""
    text = _NOT_CODE.sub(lambda match: " " * len(match[0]), text)
    closed = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] in _CLOSERS.values():
            closed += 1
        elif text[index] in _CLOSERS:
            if not closed:
                return index
            closed -= 1
    return len(text)


def _colon(refusal: _Refusal) -> _Explained | None:
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
            return _Explained(
                refusal.starts[above] + refusal.indent(above), "this line has no key", "write KEY: VALUE", end=end
            )
    if before.startswith("--- "):
        return _Explained(
            start + 4,
            "a key cannot follow --- on the same line",
            "move this to the next line",
            end=refusal.line_end(start),
        )
    pair = _PAIR.match(before)
    value = start + (pair.end() if pair is not None else refusal.indent(line))
    return _text_with_colon(refusal, value, refusal.line_end(start))


def _below_a_value(refusal: _Refusal, line: int, above: int) -> _Explained:
    """A key that is indented more than the line above, which has a value."""
    summary = "this key is indented below a key that already has a value"
    label = f"align this key with the key on line {above + 1}"
    if not _KEYED.match(refusal.line_text(above).lstrip()):
        summary = "this key is indented below a line that is only text"
        label = f"write line {above + 1} as KEY: VALUE"
    label += ", or, if this line continues that text, quote the whole text"
    return _Explained(refusal.starts[line] + refusal.indent(line), summary, label, end=refusal.index)


def _text_with_colon(refusal: _Refusal, value: int, end: int) -> _Explained:
    """A value that begins at `value`, and that the colon at the refusal's index follows."""
    first = refusal.text[value : value + 1]
    after = refusal.text[refusal.index + 1 : end].split("#")[0]
    if first in _WHOLE:
        label = "remove the colon and what follows it, or quote the whole text"
        return _Explained(value, f"a colon follows {_WHOLE[first]}", label, end=end)
    if not after.strip():
        below = refusal.line_below(refusal.line(value))
        if below is not None and refusal.indent(below) > refusal.indent(refusal.line(value)):
            label = "move this key to a line of its own, and indent it"
            return _Explained(value, "a second key on this line", label, end=refusal.index + 1)
        label = "quote the text"
        if end == refusal.line_end(refusal.starts[refusal.line(value)]):
            label += ", or, if it is a key, move it to a line of its own"
        return _Explained(value, "unquoted text ends with a colon", label, end=refusal.index + 1)
    label = "quote the text"
    if first and first in _SMART:
        label = f"quote the text with \" or ': YAML does not treat {first} as a quote"
    space = "a tab" if after[0] == "\t" else "a space"
    return _Explained(value, f"unquoted text contains a colon and {space}", label, end=end)


def _without_space(refusal: _Refusal, line: int) -> _Explained | None:
    """`name:p`"""
    glued = _KEY_WITHOUT_SPACE.match(refusal.line_text(line))
    if glued is None:
        return None
    colon = refusal.starts[line] + glued.end() - 1
    return _Explained(colon, "a colon without a space after it is part of the text", "add a space after the colon")


def _no_colon(refusal: _Refusal) -> _Explained | None:
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
        return _Explained(refusal.began, summary, label, end=refusal.line_end(refusal.began))
    elif above is not None and not _ends_whole(refusal.line_text(above)):
        label += ", or indent the line to continue the one above"
    if above is not None and _TEXT_BELOW.search(refusal.line_text(above)):
        label = f"if this continues the text of line {above + 1}, indent this line more than that line"
    return _Explained(refusal.began, "this line has no key", label, end=refusal.line_end(refusal.began))


def _ends_whole(text: str) -> bool:
    """Whether a line ends a value that no other line can continue."""
    return text.rstrip().endswith(('"', "'", "]", "}"))


def _indentation(refusal: _Refusal) -> _Explained | None:
    """A line that is indented like nothing above it, or a list item among keys."""
    if "while parsing a block" not in refusal.message or "<block end>" not in refusal.message:
        return None
    start, line = refusal.index, refusal.line(refusal.index)
    if refusal.character in _CLOSERS.values():
        return _Explained(start, f"unmatched {refusal.character}", f"remove the {refusal.character}")
    if refusal.text[refusal.starts[line] : start].strip():
        return None
    end = refusal.line_end(start)
    outer = refusal.outer(line)
    if _is_item(refusal.line_text(line)):
        label = "write a list below a key of its own, which has no other value"
        if any(_is_item(refusal.line_text(above)) for above in outer):
            label = "align this item with the items above, or write the list below a key of its own"
        return _Explained(start, "found a list item where a key is expected", label, end=end)
    like = next((above for above in outer if refusal.indent(above) == refusal.indent(line)), None)
    if like is not None and _is_item(refusal.line_text(like)):
        label = "to add an item, start this line with a hyphen and a space; to end the list, indent this line less"
        return _Explained(start, "found a key where a list item is expected", label, end=end)
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
    return _Explained(start, "this indentation matches no outer level", label, end=end)


def _is_item(line: str) -> bool:
    return line.lstrip().startswith("- ") or line.strip() == "-"


def _second_start(refusal: _Refusal) -> _Explained | None:
    """A line that is indented less than the block that contains all lines above."""
    above = refusal.line_above(refusal.line(refusal.index))
    if "document start" not in refusal.message or above is None:
        return None
    marker = next((line for line in range(above, -1, -1) if refusal.line_text(line).startswith(("%", "---"))), None)
    directive = marker if marker is not None and refusal.line_text(marker).startswith("%") else None
    if directive is not None:
        end = refusal.line_end(refusal.starts[directive])
        return _Explained(
            refusal.starts[directive], "a line with --- is missing below this line", "remove this line", end=end
        )
    label = f"indent this line like line {above + 1}, or, for a new document, add a line with --- above"
    if refusal.indent(above) == refusal.indent(refusal.line(refusal.index)):
        label = f"write line {above + 1} as KEY: VALUE, or, for a new document, add a line with --- above this one"
    end = refusal.line_end(refusal.index)
    return _Explained(refusal.index, "the document ended before this line", label, end=end)


def _braces(refusal: _Refusal) -> _Explained | None:
    """`{% if %}`: a template that was not rendered."""
    start = refusal.index - 1
    if refusal.text[start : refusal.index + 1] != "{%":
        return None
    return _Explained(start, "unquoted text cannot start with {%", "quote the text", end=refusal.line_end(start))


def _first_character(refusal: _Refusal) -> _Explained | None:
    """A tab that indents, or a character that no unquoted text may start with."""
    if "cannot start any token" not in refusal.message:
        return None
    start = refusal.index
    if refusal.character == "\t":
        end = start + len(refusal.text[start:]) - len(refusal.text[start:].lstrip("\t "))
        return _Explained(start, "tabs cannot be used for indentation", "indent with spaces", end=end)
    summary = f"unquoted text cannot start with {refusal.character}"
    return _Explained(start, summary, "quote the text", end=refusal.line_end(start))


def _control(refusal: _Refusal) -> _Explained | None:
    """A character that no YAML file can contain."""
    if "characters are not allowed" not in refusal.message or not refusal.character:
        return None
    number = ord(refusal.character)
    escape = f"\\x{number:02X}" if number < 0x100 else f"\\u{number:04X}"
    label = f"remove the character, or write {escape} in double quotes"
    return _Explained(refusal.index, f"YAML cannot contain {code_point(refusal.character)}", label)


def _misplaced(refusal: _Refusal) -> _Explained | None:
    """A sign that begins something else than text, in a place where that cannot be."""
    start, sign = refusal.index, refusal.character
    end = refusal.line_end(start)
    if "sequence entries are not allowed" in refusal.message:
        label = "start the list on the next line, or, if this is text, quote it"
        return _Explained(start, "a list cannot begin in the middle of a line", label, end=end)
    if "mapping keys are not allowed" in refusal.message:
        return _Explained(start, "unquoted text cannot start with ? and a space", "quote the text", end=end)
    if "scanning an anchor" in refusal.message or "scanning an alias" in refusal.message:
        began = start if refusal.began is None else refusal.began
        summary = f"unquoted text cannot start with {refusal.text[began : began + 1]}"
        return _Explained(began, summary, "quote the text", end=refusal.line_end(began))
    if "scanning a block scalar" in refusal.message and _TEXT_BEHIND.search(refusal.message):
        began = start if refusal.began is None else refusal.began
        summary = f"text cannot follow {refusal.text[began : began + 1]} on the same line"
        return _Explained(start, summary, "move this to the line below, or quote the whole text", end=end)
    if "<block end>" in refusal.message:
        label = "quote the whole text, or remove what follows the value"
        return _Explained(start, "more text follows a complete value", label, end=end)
    if "expected the node content" not in refusal.message:
        return None
    if sign == ",":
        return _Explained(start, "there is no value before this comma", "remove the comma, or write a value before it")
    if sign == "-":
        label = "remove the hyphen, or, if it is part of the text, quote the text"
        return _Explained(start, "an item in brackets does not start with a hyphen", label)
    if sign in _CLOSERS.values():
        began = _last_open(refusal.text[:start])
        if began == start:
            return _Explained(start, f"unmatched {sign}", f"remove the {sign}, or, if this is text, quote it")
        return _not_closed(refusal, began)
    return None


def _as_reported(refusal: _Refusal) -> _Explained:
    """The parser's own words, at the place where it noticed the mistake."""
    start = end = refusal.index
    summary = refusal.message
    while end < len(refusal.text) and not refusal.text[end].isspace():
        end += 1
    label = "quote the text" if refusal.character and refusal.character in "%*&!|>?" else ""
    if "escape" in refusal.message:
        summary = "a quoted string has an unknown or incomplete escape"
        label = "quote the text with '…' instead: in \"…\", a \\ begins an escape"
    detail = ""
    if refusal.began is not None and refusal.line(refusal.began) != refusal.line(start):
        line = refusal.line(refusal.began)
        detail = f"The error might begin on line {line + 1}, column {refusal.began - refusal.starts[line] + 1}."
    return _Explained(start, summary, label, detail, end=end)


_EXPLANATIONS: Final[tuple[Callable[[_Refusal], _Explained | None], ...]] = (
    _conflict,
    _control,
    _open_quote,
    _quote_within,
    _open_bracket,
    _colon,
    _no_colon,
    _indentation,
    _second_start,
    _braces,
    _first_character,
    _misplaced,
)
