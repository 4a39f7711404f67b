"""Reads and writes JSON without loss: integers of any length, and fractions with the digits that were sent.

It refuses text that is not JSON (NaN, Infinity, bytes that are not UTF-8) or is nested too deeply. It never returns a
float: a number that Python would round is a `NumberText`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import TypeAlias, Union

DEEPEST = 200
"""The maximum number of nested arrays and objects."""

_EXACT_DIGITS = 600
"""The number of digits that every Python converts to an int and back. Above 640, it may be configured to refuse."""


@dataclass(frozen=True, slots=True)
class NumberText:
    """The digits of a fraction, of a number with an exponent, or of a very long integer."""

    text: str


Json: TypeAlias = Union[bool, int, float, str, NumberText, "list[Json]", "dict[str, Json]", None]


def parse(data: bytes | str) -> Json:
    """Parse JSON. If a key appears twice, the last value wins.

    Raises:
        ValueError: it is not JSON. Its text continues "cannot be read as JSON: …".
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        value: Json = json.loads(text, parse_int=_integer, parse_float=NumberText, parse_constant=_refuse_constant)
        refuse_depth(value)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError(_too_deep()) from None
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{error.msg[0].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
        ) from None
    return value


def parse_file(data: bytes) -> Json:
    """Like `parse`, for a file in any Unicode encoding. The error's text continues a sentence that starts with the
    file's name."""
    try:
        return parse(data.decode(json.detect_encoding(data)))
    except UnicodeDecodeError:
        raise ValueError("cannot be read as JSON: it is not UTF-8") from None
    except ValueError as error:
        raise ValueError(f"cannot be read as JSON: {error}") from None


def quoted(text: str) -> str:
    """A text in quotes, for messages."""
    return json.dumps(text, ensure_ascii=False)


def write(value: Json) -> str:
    """A value as compact ASCII text. A lone surrogate, which JSON can represent but UTF-8 cannot, is kept.

    Raises:
        TypeError: a value is not of a JSON type.
        ValueError: a value is NaN, Infinity, or an int that Python cannot spell.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:
        return _write_exactly(value)


def refuse_depth(value: Json) -> None:
    """Checks the depth of a value without recursion.

    Raises:
        ValueError: a value is nested deeper than DEEPEST.
    """
    level = _containers([value])
    for _ in range(DEEPEST):
        if not level:
            return
        level = [child for parent in level for child in _containers(parent)]
    if level:
        raise ValueError(_too_deep())


def _containers(parent: Json) -> list[Json]:
    children = parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ()
    return [child for child in children if isinstance(child, dict | list)]


def _write_exactly(value: Json) -> str:
    if isinstance(value, NumberText):
        return value.text
    if isinstance(value, dict):
        pairs = (f"{encode_basestring_ascii(key)}:{_write_exactly(child)}" for key, child in value.items())
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_write_exactly, value))}]"
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value, allow_nan=False)
    raise TypeError(f"a {type(value).__name__} is not JSON")


def _integer(text: str) -> int | NumberText:
    return int(text) if len(text) <= _EXACT_DIGITS else NumberText(text)


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not a JSON value")


def _too_deep() -> str:
    return f"it is nested deeper than {DEEPEST} levels"
