"""Explains syntax errors to people who write manifests: where the mistake is, and what to write instead.

A parser reports where it noticed a mistake. The mistake itself comes earlier: an open quote, text that is not indented.
One small function explains each kind of mistake, and the first that recognizes it wins. None changes the verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from reconciler.diagnostics import Diagnostic, error, quoted
from reconciler.manifest.blocksyntax import colon, indentation, no_colon, second_start, text_with_colon
from reconciler.manifest.codes import Code
from reconciler.manifest.located import LINE_END, SourceText, Stretch
from reconciler.manifest.parsing import NotYamlError
from reconciler.manifest.refusal import CLOSERS, PAIR, WHOLE, Explained, Refusal
from reconciler.model.characters import code_point

_CONFLICT: Final = re.compile(r"^<{7}(?: .*)?$(?s:.*?)^>{7}(?: .*)?$", re.MULTILINE)
_NOT_CODE: Final = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|(?<!\S)#[^\n]*', re.DOTALL)
_TEXT_BEHIND: Final = re.compile(r"(chomping|comment or a line break)")


def explained(source: SourceText, refused: NotYamlError) -> Diagnostic:
    """The one problem of a file that is not valid YAML."""
    text = source.parsed
    starts = (0, *(end.end() for end in LINE_END.finditer(text)))
    refusal = Refusal(text, refused.message, min(refused.index, len(text)), refused.began, starts)
    found = next(filter(None, (explain(refusal) for explain in _EXPLANATIONS)), None) or _as_reported(refusal)
    location = source.location(Stretch(found.start, found.end or found.start + 1))
    summary = f"invalid YAML: {found.summary}"
    return error(Code.SYNTAX, summary, detail=found.detail, location=location, label=found.label)


def _conflict(refusal: Refusal) -> Explained | None:
    match = _CONFLICT.search(refusal.text)
    if match is None or match.start() > refusal.index:
        return None
    label = "keep one side, and remove the markers"
    start = match.start()
    return Explained(start, "git left a merge conflict here", label, end=refusal.line_end(start))


def _open_quote(refusal: Refusal) -> Explained | None:
    if "while scanning a quoted scalar" not in refusal.message or refusal.began is None:
        return None
    if "end of stream" not in refusal.message and "document separator" not in refusal.message:
        return None
    quote = refusal.text[refusal.began : refusal.began + 1]
    return Explained(refusal.began, "unclosed quote", f"add a {quote} where the string ends")


def _quote_within(refusal: Refusal) -> Explained | None:
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
        return Explained(start, summary, f"add a {before} where the string ends")
    other = '"…"' if before == "'" else "'…'"
    how = "to include a ', write ''" if before == "'" else 'to include a ", write \\"'
    summary = "this quote ends the string, but more text follows"
    return Explained(end - 1, summary, f"{how}, or quote the string with {other}")


def _open_bracket(refusal: Refusal) -> Explained | None:
    if "while parsing a flow" not in refusal.message or refusal.began is None:
        return None
    ended = refusal.index >= len(refusal.text.rstrip())
    began = _last_open(refusal.text) if ended else refusal.began
    bracket = refusal.text[began : began + 1]
    if bracket not in CLOSERS:
        return None
    closer = CLOSERS[bracket]
    opened, noticed = refusal.line(began), refusal.line(refusal.index)
    if ended or (noticed > opened and refusal.indent(noticed) <= refusal.indent(opened)):
        return Explained(began, f"unclosed {bracket}", f"add the missing {closer}")
    if f"'{closer}'" not in refusal.message:
        return None
    start = refusal.index
    if refusal.character in CLOSERS.values():
        return _not_closed(refusal, began)
    if refusal.character == ":":
        return _colon_in_brackets(refusal)
    summary = f"a comma or the closing {closer} is missing"
    detail = f"The {bracket} is on line {opened + 1}, column {began - refusal.starts[opened] + 1}."
    return Explained(start, summary, "add a comma before this", detail if opened != noticed else "", end=refusal.index)


def _not_closed(refusal: Refusal, began: int) -> Explained:
    """A bracket that the closing one of another kind follows."""
    closer = CLOSERS[refusal.text[began]]
    summary = f"the {refusal.text[began]} on line {refusal.line(began) + 1} is not closed with {closer}"
    return Explained(refusal.index, summary, f"add {closer} before this character")


def _colon_in_brackets(refusal: Refusal) -> Explained:
    """`{a: b: c}`, or `{a: b c: d}`: a colon too many for its item."""
    line = refusal.starts[refusal.line(refusal.index)]
    item = max(line, *(refusal.text.rfind(each, line, refusal.index) + 1 for each in (",", *CLOSERS)))
    before = len(refusal.text[: refusal.index].rstrip(" ")) - 1
    if refusal.text[before] in CLOSERS.values():
        what = "list" if refusal.text[before] == "]" else "mapping"
        label = "remove the colon and what follows it, or quote the whole text"
        return Explained(before, f"a colon follows a {what}", label, end=refusal.index + 1)
    pair = PAIR.match(refusal.text, item, refusal.index)
    value = pair.end() if pair is not None else item
    end = next((at for at in range(refusal.index, len(refusal.text)) if refusal.text[at] in ",]}\r\n"), refusal.index)
    word = refusal.text.rfind(" ", value, refusal.index) + 1
    if not word or refusal.text[value] in WHOLE:
        return text_with_colon(refusal, value, end)
    label = (
        f"add a comma before this, or, if this is part of the text to the left, quote {quoted(refusal.text[value:end])}"
    )
    return Explained(word, "a comma or quotes are missing", label, end=refusal.index)


def _last_open(text: str) -> int:
    """The last bracket without its closing one; the length of the text if there is none."""
    text = _NOT_CODE.sub(lambda match: " " * len(match[0]), text)
    closed = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] in CLOSERS.values():
            closed += 1
        elif text[index] in CLOSERS:
            if not closed:
                return index
            closed -= 1
    return len(text)


def _braces(refusal: Refusal) -> Explained | None:
    """`{% if %}`: a template that was not rendered."""
    start = refusal.index - 1
    if refusal.text[start : refusal.index + 1] != "{%":
        return None
    return Explained(
        start,
        "unquoted text cannot start with {%",
        "render the template first, or, if this is text, quote it",
        end=refusal.line_end(start),
    )


def _first_character(refusal: Refusal) -> Explained | None:
    """A tab that indents, or a character that no unquoted text may start with."""
    if "cannot start any token" not in refusal.message:
        return None
    start = refusal.index
    if refusal.character == "\t":
        end = start + len(refusal.text[start:]) - len(refusal.text[start:].lstrip("\t "))
        return Explained(start, "tabs cannot be used for indentation", "indent with spaces", end=end)
    summary = f"unquoted text cannot start with {refusal.character}"
    return Explained(start, summary, "quote the text", end=refusal.line_end(start))


def _control(refusal: Refusal) -> Explained | None:
    """A character that no YAML file can contain."""
    if "characters are not allowed" not in refusal.message or not refusal.character:
        return None
    number = ord(refusal.character)
    escape = f"\\x{number:02X}" if number < 0x100 else f"\\u{number:04X}"
    label = f"remove the character, or write {escape} in double quotes"
    return Explained(refusal.index, f"YAML cannot contain {code_point(refusal.character)}", label)


def _misplaced(refusal: Refusal) -> Explained | None:
    """A sign that begins something else than text, in a place where that cannot be."""
    start, sign = refusal.index, refusal.character
    end = refusal.line_end(start)
    if "sequence entries are not allowed" in refusal.message:
        label = "start the list on the next line, or, if this is text, quote it"
        return Explained(start, "a list cannot begin in the middle of a line", label, end=end)
    if "mapping keys are not allowed" in refusal.message:
        return Explained(start, "unquoted text cannot start with ? and a space", "quote the text", end=end)
    if "scanning an anchor" in refusal.message or "scanning an alias" in refusal.message:
        began = start if refusal.began is None else refusal.began
        summary = f"unquoted text cannot start with {refusal.text[began : began + 1]}"
        return Explained(began, summary, "quote the text", end=refusal.line_end(began))
    if "scanning a block scalar" in refusal.message and _TEXT_BEHIND.search(refusal.message):
        began = start if refusal.began is None else refusal.began
        summary = f"text cannot follow {refusal.text[began : began + 1]} on the same line"
        return Explained(start, summary, "move this to the line below, or quote the whole text", end=end)
    if "<block end>" in refusal.message:
        label = "quote the whole text, or remove what follows the value"
        return Explained(start, "more text follows a complete value", label, end=end)
    if "expected the node content" not in refusal.message:
        return None
    if sign == ",":
        return Explained(start, "there is no value before this comma", "remove the comma, or write a value before it")
    if sign == "-":
        label = "remove the hyphen, or, if it is part of the text, quote the text"
        return Explained(start, "an item in brackets cannot start with a hyphen and a space", label)
    if sign in CLOSERS.values():
        began = _last_open(refusal.text[:start])
        if began == start:
            return Explained(start, f"unmatched {sign}", f"remove the {sign}, or, if this is text, quote it")
        return _not_closed(refusal, began)
    return None


def _as_reported(refusal: Refusal) -> Explained:
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
    return Explained(start, summary, label, detail, end=end)


_EXPLANATIONS: Final[tuple[Callable[[Refusal], Explained | None], ...]] = (
    _conflict,
    _control,
    _open_quote,
    _quote_within,
    _open_bracket,
    colon,
    no_colon,
    indentation,
    second_start,
    _braces,
    _first_character,
    _misplaced,
)
