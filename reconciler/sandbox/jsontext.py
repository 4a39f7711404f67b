"""JSON text in and out without loss: integers of any length, and fractions digit by digit as they were sent.

Refuses what is not JSON (NaN, Infinity, bytes that are not UTF-8) and what is nested too deep. Never hands out a float:
a number that Python would round is a `NumberText`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import TypeAlias, Union

DEEPEST = 200
"""How many arrays and objects may be nested."""

_EXACT_DIGITS = 600
"""Up to here every Python turns digits into an int and back; above 640 it may be configured to refuse."""


@dataclass(frozen=True, slots=True)
class NumberText:
    """A number by its digits: a fraction, one with an exponent, or a very long integer."""

    text: str


Json: TypeAlias = Union[bool, int, float, str, NumberText, "list[Json]", "dict[str, Json]", None]


class NotJsonError(ValueError):
    """Text that is not JSON, and where: both counted from 1."""

    def __init__(self, problem: str, *, line: int, column: int) -> None:
        super().__init__(f"{problem} at line {line}, column {column}")
        self.line = line
        self.column = column


def parse(data: bytes | str) -> Json:
    """The value, or ValueError with a sentence that says why it is none. The last of two equal keys wins.

    The error is a NotJsonError if the position is known.
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
        raise NotJsonError(error.msg, line=error.lineno, column=error.colno) from None
    return value


def parse_file(data: bytes) -> Json:
    """As `parse`, of a file in any encoding of Unicode. The error's sentence starts with what the file is not."""
    try:
        return parse(data.decode(json.detect_encoding(data)))
    except UnicodeDecodeError:
        raise ValueError("is not JSON: it is not UTF-8") from None
    except NotJsonError as error:
        raise ValueError(f"is not JSON: line {error.line}, column {error.column}") from None
    except ValueError as error:
        raise ValueError(f"cannot be read as JSON: {error}") from None


def write(value: Json) -> str:
    """Compact ASCII text: a lone surrogate, which JSON can spell and UTF-8 cannot, stays what it was.

    TypeError for what JSON does not know; ValueError for NaN, Infinity and a Python int too long to be spelled.
    """
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    except TypeError:
        return _write_exactly(value)


def refuse_depth(value: Json) -> None:
    """ValueError for a value nested deeper than DEEPEST, found without recursion."""
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
    raise ValueError(f"{text} is not JSON")


def _too_deep() -> str:
    return f"it is nested deeper than {DEEPEST} levels"
