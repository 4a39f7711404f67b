"""Prepares a file's bytes for the parsers.

U+0085 becomes a space in both parsers, U+2028 and U+2029 end a line for one of them (even in a comment), and libyaml
rejects the pairs of surrogate escapes that JSON writes. So the separators are replaced by a letter of the same width,
and reported if they are outside a comment. Surrogate pairs are joined, and lone surrogates are reported.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Final, TypeAlias

import yaml
from yaml.events import ScalarEvent, StreamEndEvent

from reconciler.diagnostics import Diagnostic, error
from reconciler.frozen import dataclass
from reconciler.manifest.codes import Code
from reconciler.manifest.located import AnyEvent, SourceText, Stretch
from reconciler.manifest.parsing import NotYamlError, Parser, open_events

_SEPARATORS: Final = {"\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P"}
_SEPARATOR_BYTES: Final = tuple(separator.encode() for separator in _SEPARATORS)
_SWAP: Final = {ord(separator): "\ue000" for separator in _SEPARATORS}
_SURROGATE_ESCAPE: Final = re.compile(rb"\\(?:u|U0000)[dD][89a-fA-F]")
_NEUTRAL: Final = re.compile(r"(\\(?:u|U0000))[dD](?=[89a-fA-F])")
_ESCAPE: Final = re.compile(
    r"\\u(?P<high>[dD][89abAB]..)\\u(?P<low>[dD][c-fC-F]..)|\\(?P<kind>u|U0000)[dD][89a-fA-F]..|\\.", re.DOTALL
)
"""A surrogate pair, a lone surrogate, or any other escape. A parser has already accepted the digits."""

_COMMENT_BEFORE: Final = re.compile(r"(?:^|\s)#")

_Odd: TypeAlias = tuple[Stretch, Code, str, str, str]
"""A mistake: its offset, code, summary, detail, and label."""


class NotUtf8Error(ValueError):
    """`source` is the readable part of the file. `start` is the offset of the first byte that is not UTF-8."""

    def __init__(self, source: SourceText, start: int) -> None:
        super().__init__(start)
        self.source = source
        self.start = start


@dataclass(frozen=True, slots=True)
class RawText:
    """`source.parsed` is the text for the parser. Unless `is_plain`, it differs from the text of the file.

    `problems` were found here, each with its offset. If `broken_lines` is set, the meaning of the file is
    unknown.
    """

    source: SourceText
    is_plain: bool = True
    problems: tuple[tuple[int, Diagnostic], ...] = ()
    broken_lines: bool = False


def prepare(file: str, data: bytes, parser: Parser, *, root: str = "") -> RawText:
    """Read a file's bytes.

    Raises:
        NotUtf8Error: with the location.
    """
    body = data.removeprefix(BOM_UTF8)
    try:
        text = body.decode()
    except UnicodeDecodeError as problem:
        readable = body.decode(errors="replace")
        source = SourceText(file, readable, root=root, showable="\0" not in readable)
        raise NotUtf8Error(source, len(body[: problem.start].decode())) from None
    separated = not body.isascii() and any(separator in body for separator in _SEPARATOR_BYTES)
    escaped = b"\\" in body and _SURROGATE_ESCAPE.search(body) is not None
    if not separated and not escaped:
        return RawText(SourceText(file, text, root=root))
    swapped = text.translate(_SWAP)
    separators = _separators(text, swapped, parser) if separated else []
    halves: list[_Odd] = []
    joined: tuple[int, ...] = ()
    if escaped:
        swapped, joined, halves = _join_surrogates(swapped, parser)
    source = SourceText(file, text, root=root, parsed=swapped, joined=joined)
    problems = [
        (stretch.start, error(code, summary, detail=detail, location=source.location(stretch), label=label))
        for stretch, code, summary, detail, label in (*separators, *halves)
    ]
    return RawText(source, False, tuple(problems), bool(separators))


def _scalars(text: str, parser: Parser) -> tuple[list[AnyEvent], int]:
    """The scalars of a text up to the index where parsing fails, and that index."""
    scalars: list[AnyEvent] = []
    reached = 0
    next_event = open_events(parser, text)
    try:
        while not isinstance(event := next_event(), StreamEndEvent):
            reached = event.end_mark.index
            if isinstance(event, ScalarEvent):
                scalars.append(event)
    except (yaml.YAMLError, NotYamlError):
        return scalars, reached
    return scalars, len(text)


def _separators(text: str, swapped: str, parser: Parser) -> list[_Odd]:
    scalars, reached = _scalars(swapped, parser)
    found: list[int] = []
    for scalar in scalars:
        start, end = scalar.start_mark.index, scalar.end_mark.index
        if swapped[start : start + 1] in ("|", ">"):
            start = max(start, swapped.find("\n", start))  # the header of a block may carry a comment
        found += [index for index in range(start, end) if text[index] in _SEPARATORS]
    for index in range(reached, len(text)):
        if text[index] in _SEPARATORS:
            line_start = text.rfind("\n", 0, index) + 1
            if not _COMMENT_BEFORE.search(swapped, line_start, index):
                found.append(index)
    return [_separator(text[index], index) for index in sorted(set(found))]


def _separator(character: str, index: int) -> _Odd:
    return (
        Stretch(index, index + 1),
        Code.LINE_SEPARATOR,
        f"YAML parsers change or misread U+{ord(character):04X} outside comments",
        f'Remove the character, or write it as an escape in double quotes: "a{_SEPARATORS[character]}b".',
        f"write {_SEPARATORS[character]} in double quotes",
    )


def _join_surrogates(text: str, parser: Parser) -> tuple[str, tuple[int, ...], list[_Odd]]:
    """`text` with each surrogate pair joined into one escape and each lone surrogate replaced, the offsets of the
    joined pairs, and the lone surrogates."""
    scalars, _ = _scalars(_NEUTRAL.sub(r"\1e", text), parser)
    pieces: list[str] = []
    joined: list[int] = []
    halves: list[_Odd] = []
    done = 0
    for scalar in scalars:
        if scalar.style != '"':
            continue
        for escape in _ESCAPE.finditer(text, scalar.start_mark.index, scalar.end_mark.index):
            place = escape.start() - 2 * len(joined)
            if escape["high"]:
                whole = 0x10000 + ((int(escape["high"], 16) - 0xD800) << 10) + (int(escape["low"], 16) - 0xDC00)
                new = f"\\U{whole:08X}"
                joined.append(place)
            elif escape["kind"]:
                new = f"\\{escape['kind']}FFFD"
                halves.append(_half(place, escape[0]))
            else:
                continue
            pieces += [text[done : escape.start()], new]
            done = escape.end()
    pieces.append(text[done:])
    return "".join(pieces), tuple(joined), halves


def _half(place: int, escape: str) -> _Odd:
    return (
        Stretch(place, place + len(escape)),
        Code.SURROGATE,
        f"{escape} is half a surrogate pair",
        "Half a pair is not a character. Write the character itself, or both halves together.",
        "",
    )
