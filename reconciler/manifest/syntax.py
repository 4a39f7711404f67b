"""What a parser refuses, in the words of somebody who writes manifests: where it went wrong, and what to write instead.

A parser reports where it noticed a mistake. The mistake comes earlier: an open quote, text that is not indented.
One small function explains each kind of mistake, and the first that recognizes it wins. None changes the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reconciler.manifest.codes import Code
from reconciler.manifest.parsing import RefusedError
from reconciler.manifest.problems import Problem, Stretch

_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONFLICT: Final = re.compile(r"^<{7}(?: .*)?$(?s:.*?)^>{7}(?: .*)?$", re.MULTILINE)
_KEY: Final = re.compile(r"(?:- +)*[^\s:#][^:#]*")
_KEY_WITHOUT_BLANK: Final = re.compile(r"\s*(?:- +)*([\w-]+):(?=[^\s/:])")
_PAIR: Final = re.compile(r"\s*(?:- +)*[^:#\s][^:#]*: +(?=\S)")
_TEXT_BELOW: Final = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")
_CLOSERS: Final = {"[": "]", "{": "}"}
_SMART: Final = "“”„‟‘’‚‛«»"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """`index` is where the parser noticed, `began` where that began which has no proper end. Lines count from 0."""

    text: str
    message: str
    index: int
    began: int | None
    starts: tuple[int, ...]

    def line(self, index: int) -> int:
        low, high = 0, len(self.starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.starts[middle] <= index else (low, middle)
        return low

    def line_text(self, line: int) -> str:
        end = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return self.text[self.starts[line] : end].rstrip("\r\n")

    def indent(self, line: int) -> int:
        text = self.line_text(line)
        return len(text) - len(text.lstrip(" "))

    def line_above(self, line: int) -> int | None:
        """The nearest line above that is neither empty nor a comment."""
        for above in range(line - 1, -1, -1):
            if self.line_text(above).strip() and not self.line_text(above).lstrip().startswith("#"):
                return above
        return None

    def character(self) -> str:
        return self.text[self.index : self.index + 1]


@dataclass(frozen=True, slots=True)
class _Explained:
    start: int
    end: int
    summary: str
    label: str = ""
    detail: str = ""


def explained(text: str, refused: RefusedError) -> Problem:
    """The one problem of a file that is not YAML."""
    starts = (0, *(end.end() for end in _LINE_END.finditer(text)))
    refusal = _Refusal(text, refused.message, min(refused.index, len(text)), refused.began, starts)
    for explain in _EXPLANATIONS:
        found = explain(refusal)
        if found is not None:
            break
    else:
        found = _as_reported(refusal)
    return Problem(Code.SYNTAX, found.summary, Stretch(found.start, found.end), found.detail, found.label)


def _conflict(refusal: _Refusal) -> _Explained | None:
    match = _CONFLICT.search(refusal.text)
    if match is None or match.start() > refusal.index:
        return None
    start, line = match.start(), refusal.line(match.start())
    return _Explained(
        start,
        start + len(refusal.line_text(line)),
        "this is not YAML: git left a merge conflict here",
        "decide for one side, and take the markers out",
    )


def _open_quote(refusal: _Refusal) -> _Explained | None:
    if "while scanning a quoted scalar" not in refusal.message or refusal.began is None:
        return None
    if "end of stream" not in refusal.message and "document separator" not in refusal.message:
        return None
    quote = refusal.text[refusal.began : refusal.began + 1]
    return _Explained(
        refusal.began,
        refusal.began + 1,
        "this is not YAML: nothing closes this quote",
        f"write a {quote} where the text ends",
    )


def _quote_within(refusal: _Refusal) -> _Explained | None:
    """`'it's'`: the second quote ends the text."""
    before = refusal.text[refusal.index - 1 : refusal.index]
    if before not in ("'", '"') or ("<scalar>" not in refusal.message and "expected key" not in refusal.message):
        return None
    line = refusal.line(refusal.index)
    if refusal.text.count(before, refusal.starts[line], refusal.index) % 2:
        opened = next((above for above in range(line - 1, -1, -1) if refusal.line_text(above).count(before) % 2), line)
        start = refusal.starts[opened] + refusal.line_text(opened).rfind(before)
        return _Explained(
            start,
            start + 1,
            f"this is not YAML: this quote is not closed until line {line + 1}",
            f"write a {before} where the text ends",
        )
    other = '"…"' if before == "'" else "'…'"
    how = "write '' for a ' in the text" if before == "'" else 'write \\" for a " in the text'
    return _Explained(
        refusal.index - 1,
        refusal.index,
        "this is not YAML: this quote ends the text, and more follows",
        f"{how}, or put it into {other}",
    )


def _open_bracket(refusal: _Refusal) -> _Explained | None:
    if "while parsing a flow" not in refusal.message or refusal.began is None:
        return None
    ended = refusal.index >= len(refusal.text.rstrip())
    began = _last_open(refusal.text) if ended else refusal.began
    bracket = refusal.text[began : began + 1]
    if bracket not in _CLOSERS:
        return None
    opened, noticed = refusal.line(began), refusal.line(refusal.index)
    if ended or (noticed > opened and refusal.indent(noticed) <= refusal.indent(opened)):
        return _Explained(
            began,
            began + 1,
            f"this is not YAML: nothing closes this {bracket}",
            f"write a {_CLOSERS[bracket]} where it ends",
        )
    if f"'{_CLOSERS[bracket]}'" not in refusal.message:
        return None
    start = refusal.index
    if refusal.character() in _CLOSERS.values():
        return _Explained(
            start,
            start + 1,
            f"this is not YAML: the {_CLOSERS[bracket]} of the {bracket} at line {opened + 1} is missing",
            f"write {_CLOSERS[bracket]} in front of it",
        )
    if refusal.character() == ":":
        line = refusal.starts[noticed]
        start = max(refusal.text.rfind(each, line, refusal.index) for each in (" ", ",", *_CLOSERS)) + 1
    return _Explained(
        start,
        max(refusal.index, start + 1),
        f"this is not YAML: a comma is missing, or the {_CLOSERS[bracket]} that ends this",
        "write a comma in front of it",
        f"The {bracket} is at line {opened + 1}, column {began - refusal.starts[opened] + 1}."
        if opened != noticed
        else "",
    )


def _last_open(text: str) -> int:
    """The last bracket without its closing one; the length of the text where there is none."""
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
        glued = _KEY_WITHOUT_BLANK.match(refusal.line_text(above))
        if glued is not None:
            return _without_blank(refusal.starts[above] + glued.end() - 1)
        if refusal.indent(line) > refusal.indent(above):
            return _Explained(
                start + refusal.indent(line),
                refusal.index,
                "this is not YAML: this key is below one that already has a value",
                f"indent it like line {above + 1}, or quote that line's value if this belongs to it",
            )
    pair = _PAIR.match(before)
    value = start + (pair.end() if pair is not None else refusal.indent(line))
    text = refusal.text[value : start + len(refusal.line_text(line))]
    label = "quote it"
    if text[:1] in _SMART:
        label = f"quote it with \" or ': a {text[:1]} is not a quote in YAML"
    return _Explained(value, value + len(text), "this is not YAML: unquoted text with a colon and a space", label)


def _without_blank(colon: int) -> _Explained:
    summary = "this is not YAML: a colon without a space after it is part of the text"
    return _Explained(colon, colon + 1, summary, "put a space after it")


def _no_colon(refusal: _Refusal) -> _Explained | None:
    """A line among keys that is none."""
    if "could not find expected ':'" not in refusal.message or refusal.began is None:
        return None
    line = refusal.line(refusal.began)
    glued = _KEY_WITHOUT_BLANK.match(refusal.line_text(line))
    if glued is not None:
        return _without_blank(refusal.starts[line] + glued.end() - 1)
    end = refusal.starts[line] + len(refusal.line_text(line))
    above = refusal.line_above(line)
    if above is not None and _TEXT_BELOW.search(refusal.line_text(above)):
        label = f"indent it below line {above + 1}, if it belongs to its text"
    else:
        label = "write KEY: VALUE, or indent it below the line that it goes on from"
    return _Explained(refusal.began, end, "this is not YAML: this line has no key", label)


def _indentation(refusal: _Refusal) -> _Explained | None:
    """A line that is indented like nothing above it, or a list item among keys."""
    if "while parsing a block" not in refusal.message or "<block end>" not in refusal.message:
        return None
    line = refusal.line(refusal.index)
    text = refusal.line_text(line)
    if refusal.character() in _CLOSERS.values():
        summary = f"this is not YAML: nothing opens this {refusal.character()}"
        return _Explained(refusal.index, refusal.index + 1, summary, "remove it")
    if refusal.text[refusal.starts[line] : refusal.index].strip():
        return None
    start, end = refusal.index, refusal.starts[line] + len(text)
    if text.lstrip().startswith("- "):
        label = "indent it like the items above it, or below the key that it belongs to"
        return _Explained(start, end, "this is not YAML: a list item where a key is expected", label)
    indents = sorted({refusal.indent(above) for above in range(line) if _KEY.match(refusal.line_text(above).lstrip())})
    near = min(indents, key=lambda indent: (abs(indent - refusal.indent(line)), -indent), default=0)
    return _Explained(
        start,
        end,
        "this is not YAML: no line above has this indentation",
        f"indent it by {near} space{'s'[near == 1 :]}, like a line above" if near else "do not indent it",
    )


def _second_start(refusal: _Refusal) -> _Explained | None:
    """A line in front of the block that contains all lines above."""
    above = refusal.line_above(refusal.line(refusal.index))
    if "document start" not in refusal.message or above is None:
        return None
    line = refusal.line(refusal.index)
    end = refusal.starts[line] + len(refusal.line_text(line))
    return _Explained(
        refusal.index,
        end,
        "this is not YAML: the document ends above this line",
        f"indent it like line {above + 1}, or put --- on a line in front of it for a further document",
    )


def _braces(refusal: _Refusal) -> _Explained | None:
    """`{% if %}`: a template that nobody has filled in."""
    if refusal.text[refusal.index - 1 : refusal.index + 1] != "{%":
        return None
    start = refusal.index - 1
    line = refusal.line(start)
    end = refusal.starts[line] + len(refusal.line_text(line))
    return _Explained(start, end, "this is not YAML: a { begins a mapping, and a % no text", "quote it")


def _first_character(refusal: _Refusal) -> _Explained | None:
    """A tab that indents, or a sign that no text may begin with."""
    if "cannot start any token" not in refusal.message:
        return None
    start, line = refusal.index, refusal.line(refusal.index)
    text = refusal.line_text(line)
    if refusal.character() == "\t":
        end = start + len(refusal.text[start:]) - len(refusal.text[start:].lstrip("\t "))
        return _Explained(start, end, "this is not YAML: a tab cannot indent", "indent with spaces, not tabs")
    end = refusal.starts[line] + len(text.rstrip())
    return _Explained(start, end, f"this is not YAML: no text begins with {refusal.character()}", "quote it")


def _as_reported(refusal: _Refusal) -> _Explained:
    """The parser's own words, where it noticed."""
    start = end = refusal.index
    while end < len(refusal.text) and not refusal.text[end].isspace():
        end += 1
    detail = ""
    if refusal.began is not None and refusal.line(refusal.began) != refusal.line(start):
        line = refusal.line(refusal.began)
        detail = f"It began at line {line + 1}, column {refusal.began - refusal.starts[line] + 1}."
    return _Explained(start, end, f"this is not YAML: {refusal.message}", _hint(refusal), detail)


def _hint(refusal: _Refusal) -> str:
    if "escape" in refusal.message:
        return "quote it with '…' instead: in \"…\" a \\ begins an escape"
    return "quote it" if refusal.character() and refusal.character() in "%*&!|>?" else ""


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
