"""Explains syntax errors to people who write manifests: where the mistake is, and what to write instead.

A parser reports where it noticed a mistake. The mistake itself comes earlier: an open quote, text that is not indented.
One small function explains each kind of mistake, and the first that recognizes it wins. None changes the verdict.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Final

from reconciler.diagnostics import Diagnostic, count, error
from reconciler.frozen import dataclass
from reconciler.manifest.codes import Code
from reconciler.manifest.located import LINE_END, SourceText, Stretch
from reconciler.manifest.parsing import NotYamlError

_CONFLICT: Final = re.compile(r"^<{7}(?: .*)?$(?s:.*?)^>{7}(?: .*)?$", re.MULTILINE)
_KEY: Final = re.compile(r"(?:- +)*[^\s:#][^:#]*")
_KEY_WITHOUT_SPACE: Final = re.compile(r"\s*(?:- +)*([\w-]+):(?=[^\s/:])")
_PAIR: Final = re.compile(r"\s*(?:- +)*[^:#\s][^:#]*: +(?=\S)")
_TEXT_BELOW: Final = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_CLOSERS: Final = {"[": "]", "{": "}"}
_SMART: Final = "“”„‟‘’‚‛«»"


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
    before = refusal.text[refusal.index - 1 : refusal.index]
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
    return _Explained(refusal.index - 1, summary, f"{how}, or quote the string with {other}")


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
        summary = f"the {bracket} on line {opened + 1} is not closed with {closer}"
        return _Explained(start, summary, f"add {closer} before this character")
    if refusal.character == ":":
        line = refusal.starts[noticed]
        start = max(refusal.text.rfind(each, line, refusal.index) for each in (" ", ",", *_CLOSERS)) + 1
    summary = f"a comma or the closing {closer} is missing"
    detail = f"The {bracket} is on line {opened + 1}, column {began - refusal.starts[opened] + 1}."
    return _Explained(start, summary, "add a comma before this", detail if opened != noticed else "", end=refusal.index)


def _last_open(text: str) -> int:
    """The last bracket without its closing one; the length of the text if there is none."""
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
    if key is not None and above is not None:
        if (glued := _without_space(refusal, above)) is not None:
            return glued
        if refusal.indent(line) > refusal.indent(above):
            summary = "this key is indented below a key that already has a value"
            label = f"indent the key like line {above + 1}, or, if this belongs to that line's value, quote the value"
            return _Explained(start + refusal.indent(line), summary, label, end=refusal.index)
    pair = _PAIR.match(before)
    value = start + (pair.end() if pair is not None else refusal.indent(line))
    label = "quote the text"
    first = refusal.text[value : value + 1]
    if first and first in _SMART:
        label = f"quote the text with \" or ': YAML does not treat {first} as a quote"
    return _Explained(value, "unquoted text contains a colon and a space", label, end=refusal.line_end(start))


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
    label = "write KEY: VALUE, or indent the line to continue the one above"
    if above is not None and _TEXT_BELOW.search(refusal.line_text(above)):
        label = f"if this continues the text of line {above + 1}, indent this line more than that line"
    return _Explained(refusal.began, "this line has no key", label, end=refusal.line_end(refusal.began))


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
    if refusal.line_text(line).lstrip().startswith("- "):
        label = "indent the item like the items above it, or below its key"
        return _Explained(start, "found a list item where a key is expected", label, end=end)
    indents = sorted({refusal.indent(above) for above in range(line) if _KEY.match(refusal.line_text(above).lstrip())})
    near = min(indents, key=lambda indent: (abs(indent - refusal.indent(line)), -indent), default=0)
    label = f"indent the line by {count(near, 'space')}, like a line above" if near else "do not indent the line"
    return _Explained(start, "this indentation matches no line above", label, end=end)


def _second_start(refusal: _Refusal) -> _Explained | None:
    """A line that is indented less than the block that contains all lines above."""
    above = refusal.line_above(refusal.line(refusal.index))
    if "document start" not in refusal.message or above is None:
        return None
    label = f"indent this line like line {above + 1}, or, for a new document, add a line with --- above"
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


def _as_reported(refusal: _Refusal) -> _Explained:
    """The parser's own words, at the place where it noticed the mistake."""
    start = end = refusal.index
    while end < len(refusal.text) and not refusal.text[end].isspace():
        end += 1
    label = "quote the text" if refusal.character and refusal.character in "%*&!|>?" else ""
    if "escape" in refusal.message:
        label = "quote the text with '…' instead: in \"…\", a \\ begins an escape"
    detail = ""
    if refusal.began is not None and refusal.line(refusal.began) != refusal.line(start):
        line = refusal.line(refusal.began)
        detail = f"The error might begin on line {line + 1}, column {refusal.began - refusal.starts[line] + 1}."
    return _Explained(start, refusal.message, label, detail, end=end)


_EXPLANATIONS: Final[tuple[Callable[[_Refusal], _Explained | None], ...]] = (
    _conflict,
    _open_quote,
    _quote_within,
    _open_bracket,
    _colon,
    _no_colon,
    _indentation,
    _second_start,
    _braces,
    _first_character,
)
