"""Characters that nobody sees: at the ends of keys, and in names, choices, and labels."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FILLERS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_DRAWN: Final = "\u00a9\u00ae\u203c-\u27ff\u2801-\u3163\u3165-\u3299\U0001f000-\U0001faff"
_IN_EMOJI: Final = re.compile(
    f"(?<=[{_DRAWN}])\ufe0f|(?<=[#*0-9])\ufe0f(?=\u20e3)|(?<=[{_DRAWN}\ufe0f])\u200d(?=[{_DRAWN}])"
    "|(?<=\U0001f3f4)[\U000e0020-\U000e007e]+\U000e007f"
)
"""Characters that are part of an emoji: variation selectors, joiners, and the tags of a flag."""


def unseen_edge(text: str) -> str | None:
    """The first invisible character at either end of a text, or None."""
    for character in (text[:1], text[-1:]):
        if character and (character.isspace() or is_invisible(character)):
            return character
    return None


def unseen_inside(text: str) -> str | None:
    """The first invisible character in a text that is neither a space nor part of an emoji, or None."""
    if text.isascii() and text.isprintable():
        return None
    seen = _IN_EMOJI.sub("", text)
    return next((character for character in seen if character not in " \u3000" and _is_unseen(character)), None)


def is_blank(text: str) -> bool:
    """Whether a text has no visible character."""
    if "!" <= text[:1] <= "~":
        return False
    return all(character.isspace() or _is_unseen(character) for character in text)


def folded(name: str) -> str:
    """The form of a name in which case, whitespace, and Unicode form do not count."""
    return " ".join((name if name.isascii() else unicodedata.normalize("NFKC", name)).casefold().split())


def is_invisible(character: str) -> bool:
    """Whether a character is invisible: controls, format characters, separators, fillers."""
    return unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp") or character in _FILLERS


def _is_unseen(character: str) -> bool:
    """Whether a character is invisible on its own. Variation selectors change the character before them."""
    return is_invisible(character) or "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def code_point(character: str) -> str:
    """`U+00A0 NO-BREAK SPACE`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
