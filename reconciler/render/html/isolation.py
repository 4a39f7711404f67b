"""Foreign text in a page, isolated: text that is written from right to left reorders nothing around it.

A name is in an element of its own. In a message or a value, so is each string in quotes that is
written from right to left.
Text is escaped already, for a reader; here it is escaped for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from markupsafe import Markup, escape

from reconciler.render.escape import label, plain
from reconciler.render.view.parts import Command, Name, Sentence
from reconciler.render.worddiff import Piece

_LEFTWARD: Final = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
"""The blocks of scripts that are written from right to left."""

_IS_LEFTWARD: Final = re.compile(f"[{_LEFTWARD}]")
_RUN: Final = re.compile(
    rf"""
      "(?:[^"\\]|\\.)*"                               # a string in quotes
    | '[^']*'                                         # a word of a shell
    | [{_LEFTWARD}](?:[^"']*[{_LEFTWARD}])?           # words outside of quotes, with what is between them
    """,
    re.VERBOSE,
)
_BETWEEN: Final = re.compile(r"([/.])")


def is_leftward(text: str) -> bool:
    """Whether some of a text is written from right to left."""
    return not text.isascii() and _IS_LEFTWARD.search(text) is not None


def name_html(text: str) -> Markup:
    """A name, or anything else that is foreign as a whole."""
    return Markup(f"<bdi>{escape(text)}</bdi>")


def title_text(text: str) -> str:
    """Foreign text in a title, which cannot have elements: between the characters that isolate it."""
    return f"\u2068{text}\u2069" if is_leftward(text) else text


def isolated(text: str) -> Markup:
    """A message, or a path of a field: each foreign part that is written from right to left is isolated."""
    if text.isascii():
        return escape(text)
    return Markup("".join(name_html(part) if apart else escape(part) for part, apart in _parts(text)))


def file_html(name: str) -> Markup:
    """The name of a file. Each folder is isolated, so that their order stays."""
    pieces = _BETWEEN.split(name) if is_leftward(name) else [name]
    return Markup("".join(name_html(piece) if is_leftward(piece) else escape(piece) for piece in pieces))


def sentence_html(sentence: Sentence) -> Markup:
    """A sentence of ours, without the command at its end."""
    return (
        Markup("")
        .join(
            name_html(label(piece)) if isinstance(piece, Name) else isolated(plain(piece))
            for piece in sentence
            if not isinstance(piece, Command)
        )
        .rstrip()
    )


def value_html(pieces: Sequence[Piece]) -> Markup:
    """A value in one line, with its insertions and deletions."""
    text = "".join([piece.text for piece in pieces])
    if not is_leftward(text):
        return pieces_of(pieces)
    parts = _with_fates(_parts(text), pieces)
    return Markup("".join(_marked(part, apart, fates) for part, apart, fates in parts))


def pieces_of(pieces: Iterable[Piece]) -> Markup:
    """Pieces of a line; what changes is in an element of its own."""
    return Markup("".join([within(piece.fate.value, piece.text) for piece in pieces]))


def within(element: str, text: str) -> str:
    return f"<{element}>{escape(text)}</{element}>" if element else escape(text)


def _parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, each with whether it is to be isolated."""
    at = 0
    for found in _RUN.finditer(text):
        if is_leftward(found[0]):
            yield text[at : found.start()], False
            yield found[0], True
            at = found.end()
    yield text[at:], False


def _with_fates(
    parts: Iterator[tuple[str, bool]], pieces: Sequence[Piece]
) -> Iterator[tuple[str, bool, list[tuple[str, int]]]]:
    """Each part with the fates of its characters, as the name of an element and a number of characters."""
    left = [(piece.fate.value, len(piece.text)) for piece in reversed(pieces)]
    for part, apart in parts:
        fates: list[tuple[str, int]] = []
        room = len(part)
        while room > 0:
            fate, length = left.pop()
            taken = min(room, length)
            fates.append((fate, taken))
            room -= taken
            if taken < length:
                left.append((fate, length - taken))
        yield part, apart, fates


def _marked(part: str, apart: bool, fates: Sequence[tuple[str, int]]) -> str:
    marked: list[str] = []
    at = 0
    for fate, length in fates:
        marked.append(within(fate, part[at : at + length]))
        at += length
    whole = "".join(marked)
    return f"<bdi>{whole}</bdi>" if apart else whole
