"""Resolves plain scalars and keys by the core schema of YAML 1.2, without anything from YAML 1.1.

Results are cached during a load. Manifests repeat words, so most look-ups are one dictionary access, and a word that
appears in a thousand manifests is one object in memory.
"""

from __future__ import annotations

import re
from typing import Any, Final

from reconciler.model.values import Json

_CONSTANTS: Final[dict[str, Json]] = {
    "": None,
    **dict.fromkeys(("~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS: Final = frozenset("+-.0123456789")
_INTEGER: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")

_LONGEST_REMEMBERED: Final = 64
MOST_DIGITS: Final = 4_300
"""The maximum number of digits of a whole number. The time to read it grows with the square of its length."""

_TOO_LARGE: Final = 10**MOST_DIGITS


class NotJsonError(ValueError):
    """A plain scalar is a number that JSON cannot hold."""


class Words(dict[str, Json]):
    """Maps the text of a plain scalar to its value: `words[text]`.

    `saw_empty` is set by a scalar without text, and reset by the caller.

    Raises:
        NotJsonError: from the look-up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.saw_empty = False
        self.keys_seen: dict[str, str] = {}
        """Plain keys that are known to be ordinary strings, each mapped to itself."""
        self.lines: dict[str, tuple[Any, ...]] = {}
        """What whole lines mean, as lines.py understands them."""

    def __missing__(self, text: str) -> Json:
        if not text:
            self.saw_empty = True
            return None
        value = resolve(text)
        if len(text) <= _LONGEST_REMEMBERED:
            self[text] = value
        return value


def resolve(text: str) -> Json:
    """The value of a plain scalar.

    Raises:
        NotJsonError: for `.nan`, `.inf`, a number beyond the largest float, and a whole number of too many digits.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMBER_STARTS:
        return text
    if _INTEGER.fullmatch(text):
        digits = text.lstrip("+-0")
        if len(digits) > MOST_DIGITS:
            raise NotJsonError(text)
        return -int(digits or "0") if text[0] == "-" else int(digits or "0")
    if _FLOAT.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise NotJsonError(text)
        return number
    if _OCTAL.fullmatch(text):
        return _bounded(int(text[2:], 8), text)
    if _HEXADECIMAL.fullmatch(text):
        return _bounded(int(text[2:], 16), text)
    if _NOT_FINITE.fullmatch(text):
        raise NotJsonError(text)
    return text


def _bounded(number: int, text: str) -> int:
    if number >= _TOO_LARGE:
        raise NotJsonError(text)
    return number
