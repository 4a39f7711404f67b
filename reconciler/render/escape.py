"""Makes foreign text harmless and exact: the result has no control, bidirectional, or invisible characters.

Everything else that a terminal can show stays as it is, so that people can read their own language. So do the emoji
sequences that Unicode lists, with the invisible characters in them. A letter that is composed of several characters
although Unicode has one for it looks like that one, so its marks are escaped: `Cafe\\u0301`. This module does not know
about colors and layout.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Final

from reconciler.model.characters import NO_GLYPH, clusters, letters

_SHORT: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}

_EASY_LABEL: Final = re.compile(r"\w(?:[\w ./()&+'-]*[\w)])?")


def quoted(text: str) -> str:
    """`text` as a JSON string in one line. Every character that could act, hide, or look like a space is escaped."""
    return f'"{_escaped(text, strict=True)}"'


def plain(text: str, *, decomposed: bool = False) -> str:
    """The same without quotes, for names and a server's words. Backslashes and quotes stay as they are.

    With `decomposed`, so do letters that Unicode can compose.
    """
    return _escaped(text, strict=False, decomposed=decomposed)


def exact(text: str) -> str:
    """`text` as a JSON string in ASCII, for texts that would otherwise look the same."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def in_ascii(text: str) -> str:
    """An escaped text with everything but ASCII escaped, if it would otherwise look like another."""
    return text if text.isascii() else "".join(c if c.isascii() else _code(c) for c in text)


def label(name: str) -> str:
    """A choice's name as it appears in a tree: bare if it cannot be misread, otherwise quoted."""
    bare = _EASY_LABEL.fullmatch(name) and "  " not in name and plain(name) == name
    return name if bare else quoted(name)


def _escaped(text: str, *, strict: bool, decomposed: bool = False) -> str:
    """With `strict`, backslash and quote are escaped too, so that different texts never get the same spelling."""
    if strict:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    if text.isascii() and text.isprintable():
        return text
    if not decomposed and not unicodedata.is_normalized("NFC", text):
        text = "".join(map(_spelled_letter, letters(text)))
    if text.isprintable() and not NO_GLYPH.search(text) and not _is_mark(text[:1]):
        return text
    pieces: list[str] = []
    bare_before = False
    for cluster in clusters(text):
        bare_before = _stands_alone(cluster) and (bare_before or not _is_mark(cluster[0]))
        pieces.append(cluster if bare_before else _code(cluster))
    return "".join(pieces)


def _spelled_letter(letter: str) -> str:
    """A letter with its marks, which are escaped if Unicode composes it in another way."""
    if unicodedata.is_normalized("NFC", letter):
        return letter
    bare = unicodedata.is_normalized("NFC", letter[0])
    return letter[: int(bare)] + "".join(map(_code, letter[int(bare) :]))


def _stands_alone(cluster: str) -> bool:
    return len(cluster) > 1 or (cluster.isprintable() and not NO_GLYPH.match(cluster))


def _is_mark(character: str) -> bool:
    """Whether the character is drawn over the one before it, which may be part of our own text."""
    return character != "" and unicodedata.category(character).startswith("M")


def _code(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
