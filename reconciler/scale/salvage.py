"""A body that the fast parser refuses → its values all the same, with what no JSON parser takes replaced by null.

Promises: a body that is not JSON apart from such places gives None, never a guess; every place is reported by its path;
nesting costs no recursion. Slower than `pydantic_core.from_json` by two orders of magnitude, so the projects that the
fast parser takes are not walked through here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Final

from pydantic_core import from_json

from reconciler.model.values import Json

MOST_DIGITS: Final = 4300
"""The longest whole number that the fast parser takes."""

MOST_LEVELS: Final = 200
"""Levels of arrays and objects in one project."""

Steps = tuple[str | int, ...]
"""Keys and indexes, from a value down to a place in it."""

_STRING: Final = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_STRUCTURE: Final = re.compile(rf"{_STRING}|[\[\]{{}},]", re.DOTALL)
_TOKENS: Final = re.compile(rf'{_STRING}|[\[\]{{}}:,]|[^\s"\[\]{{}}:,]+', re.DOTALL)
_HALF: Final = re.compile("[\ud800-\udfff]")
_MAYBE_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")
_LONG: Final = re.compile(rf"-?[0-9]{{{MOST_DIGITS + 1},}}")
_CONSTANTS: Final = frozenset({"NaN", "Infinity", "-Infinity"})


@dataclass(frozen=True, slots=True)
class Flawed:
    """`value` is what could be read. The first place that could not is `at`; `problem` continues "this place …"."""

    value: Json
    at: Steps
    problem: str


def salvage_items(body: bytes) -> list[Json | Flawed] | None:
    """The items of an array; None if the body is not a JSON array apart from its flaws."""
    texts = _items(_text(body))
    if texts is None:
        return None
    items: list[Json | Flawed] = []
    for text in texts:
        item = _salvaged(text)
        if item is None:
            return None
        items.append(item[0])
    return items


def salvage(body: bytes) -> tuple[Json | Flawed] | None:
    """The one value of a body; None if it is not JSON apart from its flaws."""
    return _salvaged(_text(body))


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _salvaged(text: str) -> tuple[Json | Flawed] | None:
    try:
        return (from_json(text.encode("utf-8", "surrogateescape"), allow_inf_nan=False),)
    except ValueError:
        pass
    walk = _Walk()
    try:
        repaired = walk.repaired(text)
        value = from_json(repaired.encode("utf-8"), allow_inf_nan=False)
    except (ValueError, IndexError):
        return None
    if walk.found is None:
        return None
    return (Flawed(value, *walk.found),)


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


class _Walk:
    """One pass over the tokens of a value. `steps` has a key or an index for each array and object that is open."""

    def __init__(self) -> None:
        self.found: tuple[Steps, str] | None = None
        self.steps: list[str | int] = []
        self.half: tuple[str, str] | None = None
        """A string that holds half of a pair, and what is wrong; whether it is a key shows in the next token."""
        self.key = ""

    def repaired(self, text: str) -> str:
        """The text with its flaws replaced. IndexError if more is closed than was opened."""
        pieces: list[str] = []
        copied = hidden = 0
        for token in _TOKENS.finditer(text):
            sign = text[token.start()]
            if hidden:
                hidden += (sign in "[{") - (sign in "]}")
                copied = token.end()
                continue
            instead = None
            if sign == '"':
                instead = self._string(token[0])
            elif sign in "[{":
                if len(self.steps) == MOST_LEVELS:
                    self._note(self.steps, f"has more than {MOST_LEVELS} levels of nesting")
                    hidden, instead = 1, "null"
                else:
                    self.steps.append(0 if sign == "[" else "")
            elif sign in ":,]}":
                self._structure(sign)
            else:
                instead = self._word(token[0])
            if instead is not None:
                pieces += (text[copied : token.start()], instead)
                copied = token.end()
        if self.half is not None:
            self._note((), self.half[1])
        return "".join((*pieces, text[copied:]))

    def _note(self, at: list[str | int] | Steps, problem: str) -> None:
        self.found = self.found or (tuple(at), problem)

    def _string(self, token: str) -> str | None:
        self.key, self.half = token, None
        if _MAYBE_HALF.search(token) is None:
            return None
        try:
            value = json.loads(token, strict=False)
        except ValueError:
            return None
        half = _HALF.search(value)
        if half is None:
            return None
        raw = _HALF.search(token) is not None
        self.half = (
            value.encode("utf-8", "backslashreplace").decode(),
            "holds bytes that are not UTF-8" if raw else "holds half of a surrogate pair",
        )
        return '"\ufffd"'

    def _structure(self, sign: str) -> None:
        if sign == ":":
            self.steps[-1] = self.half[0] if self.half is not None else json.loads(self.key, strict=False)
        if self.half is not None:
            self._note(self.steps, self.half[1])
            self.half = None
        if sign in "]}":
            self.steps.pop()
        elif sign == "," and isinstance(self.steps[-1], int):
            self.steps[-1] += 1

    def _word(self, token: str) -> str | None:
        if token in _CONSTANTS:
            self._note(self.steps, f"is {token}, which is not JSON")
            return "null"
        if _LONG.fullmatch(token):
            self._note(self.steps, f"is a whole number of more than {MOST_DIGITS:,} digits")
            return "null"
        return None
