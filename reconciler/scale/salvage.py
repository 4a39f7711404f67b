"""Reads a body that the fast parser refuses. A value that no JSON parser accepts is replaced with null.

It never guesses: a body with any other mistake gives None. Each place that was replaced is reported by its path. It is
slower than `pydantic_core.from_json`, so the projects of a list that the fast parser accepts are not read here.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from pydantic_core import from_json

from reconciler.frozen import dataclass
from reconciler.model.values import Json

MOST_DIGITS: Final = 4300
"""The longest whole number that the fast parser accepts."""

MOST_LEVELS: Final = 200
"""Levels of arrays and objects in one project."""

Steps = tuple[str | int, ...]
"""Keys and indexes, from a value down to a place in it."""

_STRUCTURE: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)
_HALF: Final = re.compile("[\ud800-\udfff]")
_TOO_DEEP: Final = "-" + "1" * (MOST_DIGITS + 1)
"""Replaces values that are nested too deeply before the text is parsed. As a value, it would be reported in any
case."""


@dataclass(frozen=True, slots=True)
class Flawed:
    """`value` is the part that could be read. `at` is the first unreadable place, and `problem` continues "this place
    …"."""

    value: Json
    at: Steps
    problem: str


@dataclass(frozen=True, slots=True)
class _Flaw:
    """Stands for a value that no parser accepts."""

    problem: str


class _Pairs(list[tuple[str, Any]]):
    """An object: all of its keys and values, so that a flaw in a key that appears twice is found."""


def salvage_items(body: bytes) -> list[Json | Flawed] | None:
    """The items of an array; None if the body is not a JSON array apart from its flaws."""
    items: list[Json | Flawed] = []
    for text in _items(_text(body)) or (None,):
        item = None if text is None else _salvaged(text)
        if item is None:
            return None
        items.append(item[0])
    return items


def salvage(body: bytes) -> tuple[Json | Flawed] | None:
    """The one value of a body; None if it is not JSON apart from its flaws."""
    return _salvaged(_text(body))


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _items(text: str) -> list[str] | None:
    """The texts between the commas of an array; None if the brackets do not match."""
    found: list[str] = []
    depth = start = end = 0
    for token in _STRUCTURE.finditer(text):
        sign = text[token.start()]
        if depth == 0:
            if sign != "[" or found or text[: token.start()].strip():
                return None
            depth, start = 1, token.end()
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth == 0:
                if sign != "]":
                    return None
                found.append(text[start : token.start()])
                end = token.end()
        elif sign == "," and depth == 1:
            found.append(text[start : token.start()])
            start = token.end()
    return found if end and depth == 0 and not text[end:].strip() else None


def _salvaged(text: str) -> tuple[Json | Flawed] | None:
    try:
        return (from_json(text.encode("utf-8", "surrogateescape"), allow_inf_nan=False),)
    except ValueError:
        pass
    try:
        value = json.loads(_shallow(text), object_pairs_hook=_Pairs, parse_constant=_constant, parse_int=_whole)
    except (ValueError, RecursionError):
        return None
    repair = _Repair(text)
    repaired = repair.value(value, ())
    return None if repair.found is None else (Flawed(repaired, *repair.found),)


def _shallow(text: str) -> str:
    """The text, with `_TOO_DEEP` in place of arrays and objects that are nested too deeply."""
    pieces: list[str] = []
    depth = copied = 0
    for token in _STRUCTURE.finditer(text):
        sign = text[token.start()]
        if sign in "[{":
            depth += 1
            if depth == MOST_LEVELS + 1:
                pieces += (text[copied : token.start()], _TOO_DEEP)
                copied = len(text)
        elif sign in "]}":
            if depth == MOST_LEVELS + 1:
                copied = token.end()
            depth -= 1
    return "".join((*pieces, text[copied:]))


def _constant(text: str) -> _Flaw:
    return _Flaw(f"is {text}, which is not JSON")


def _whole(text: str) -> int | _Flaw:
    if text == _TOO_DEEP:
        return _Flaw(f"has more than {MOST_LEVELS} levels of nesting")
    if len(text.removeprefix("-")) > MOST_DIGITS:
        return _Flaw(f"is an integer with more than {MOST_DIGITS:,} digits")
    return int(text)


class _Repair:
    """One pass over a value that was parsed from `text`. `found` is the first flaw: where it is, and what it is."""

    def __init__(self, text: str) -> None:
        self.found: tuple[Steps, str] | None = None
        self._text = text

    def value(self, value: Any, at: Steps) -> Json:
        match value:
            case _Flaw():
                self.found = self.found or (at, value.problem)
                return None
            case str():
                return self._string(value, at)
            case _Pairs():
                return {self._key(key, at): self.value(child, (*at, _shown(key))) for key, child in value}
            case list():
                return [self.value(child, (*at, index)) for index, child in enumerate(value)]
            case _:
                return value

    def _key(self, key: str, at: Steps) -> str:
        return self._string(key, (*at, _shown(key)))

    def _string(self, text: str, at: Steps) -> str:
        if (half := _HALF.search(text)) is None:
            return text
        is_raw = half[0] in self._text
        problem = "contains bytes that are not UTF-8" if is_raw else "contains half of a surrogate pair"
        self.found = self.found or (at, problem)
        return "\ufffd"


def _shown(key: str) -> str:
    """A key as UTF-8 can hold it."""
    return key.encode("utf-8", "backslashreplace").decode()
