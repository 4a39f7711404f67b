"""Makes foreign text harmless and exact: the result has no control, bidirectional, or invisible characters.

Everything else that a terminal can show stays as it is, so that people can read their own language. This module does
not know about colors and layout.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Final

_SHORT: Final = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}

# Characters that Python calls printable but that no screen shows: fillers, the empty Braille cell, variation selectors
# and other marks without a glyph.
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)

# Letters of other scripts and dashes, each with the ASCII character that it looks like.
_DRAWN_LIKE: Final = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425"
    "\u0430\u0435\u0455\u0456\u0458\u043e\u0440\u0441\u0445\u0443"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u2010\u2011\u2012\u2013\u2212",
    "ABESIJKMHOPCTX" + "aesijopcxy" + "ABEZHIKMNOPTYXo" + "-----",
)

_EASY_LABEL: Final = re.compile(r"\w(?:[\w ./()&+'-]*[\w)])?")


def quoted(text: str) -> str:
    """`text` as a JSON string in one line. Every character that could act, hide, or look like a space is escaped."""
    return f'"{_escaped(text, strict=True)}"'


def plain(text: str) -> str:
    """The same without quotes, for names and a server's words. Backslashes and quotes stay as they are."""
    return _escaped(text, strict=False)


def exact(text: str) -> str:
    """`text` as a JSON string in ASCII, for texts that would otherwise look the same."""
    return json.dumps(text).replace("\x7f", "\\u007f")


def label(name: str) -> str:
    """A choice's name as it appears in a tree: bare if it cannot be misread, otherwise quoted."""
    if not unicodedata.is_normalized("NFC", name):
        return exact(name)
    bare = _EASY_LABEL.fullmatch(name) and "  " not in name and plain(name) == name
    return name if bare else quoted(name)


def look_alike(left: str, right: str) -> bool:
    """Whether two different texts look alike: the same letters in another composition, width or script."""
    return left != right and _drawing(left) == _drawing(right)


def _drawing(text: str) -> str:
    return unicodedata.normalize("NFKC", text).translate(_DRAWN_LIKE)


def _escaped(text: str, *, strict: bool) -> str:
    """With `strict`, backslash and quote are escaped too, so that different texts never get the same spelling."""
    if strict:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    if text.isprintable() and not _UNSEEN.search(text) and not _is_mark(text[:1]):
        return text
    pieces: list[str] = []
    bare_before = False
    for character in text:
        bare_before = _stands_alone(character) and (bare_before or not _is_mark(character))
        pieces.append(character if bare_before else _code(character))
    return "".join(pieces)


def _stands_alone(character: str) -> bool:
    return character.isprintable() and not _UNSEEN.match(character)


def _is_mark(character: str) -> bool:
    """Whether it is drawn over the character before it, which may be one of ours."""
    return character != "" and unicodedata.category(character).startswith("M")


def _code(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    number = ord(character)
    if number <= 0xFFFF:
        return f"\\u{number:04x}"
    high, low = divmod(number - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
