"""JSON values and what makes two of them the same.

A value is None, bool, int (exact at any length), float, str, list or dict with str keys. `true` is not `1`; `1` is
`1.0`; the order of keys is nothing, that of lists is something; null is a value, and not the same as absence.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

Json: TypeAlias = Any
"""None | bool | int | float | str | list[Json] | dict[str, Json]."""


class _Absent(Enum):
    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"

    def __str__(self) -> str:
        return self.name


ABSENT: Final = _Absent.ABSENT
"""No value at all. Null is a value."""

Absent: TypeAlias = Literal[_Absent.ABSENT]

OVERFLOW_TEXT: Final = "1e999"
"""How a number too large for a float is written: grammatical JSON that no reader takes for a smaller one."""


def equal(left: Json, right: Json) -> bool:
    """Whether both are the same JSON value (see the module's docstring). ABSENT equals itself alone."""
    if left is right:
        return True
    kind = type(left)
    if kind is not type(right):
        return kind in _NUMBERS and type(right) in _NUMBERS and bool(left == right)
    if kind is dict:
        if len(left) != len(right):
            return False
        for key, value in left.items():
            other = right.get(key, ABSENT)
            if value is not other and (value != other if type(value) is str else not equal(value, other)):
                return False
        return True
    if kind is list:
        if len(left) != len(right):
            return False
        for value, other in zip(left, right, strict=True):
            if value is not other and (value != other if type(value) is str else not equal(value, other)):
                return False
        return True
    return bool(left == right)


_NUMBERS = frozenset({int, float})


def members(value: Json) -> Mapping[str, Json]:
    """An object itself; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def canonical_json(value: Json) -> str:
    """The one text of a value: equal values, and only those, have equal texts. For hashing and for identity."""
    if not _has_float(value):
        return _CANONICAL.encode(value)
    return _dump(_integral(value, {}), sort_keys=True)


_CANONICAL: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _has_float(value: Json) -> bool:
    kind = type(value)
    if kind is dict:
        value = value.values()
    elif kind is not list and kind is not tuple:
        return kind is float
    for inner in value:  # a loop, because a generator takes twice the time
        kind = type(inner)
        if kind is float or ((kind is dict or kind is list or kind is tuple) and _has_float(inner)):
            return True
    return False


def digest(value: Json) -> str:
    """SHA-256 of a value, the same for equal values."""
    return text_digest(canonical_json(value))


def text_digest(text: str) -> str:
    """SHA-256 of a text, in hexadecimal."""
    import hashlib  # here because it loads OpenSSL, and `validate` computes no hash

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def to_json(value: Json) -> str:
    """`value` as JSON text. A number that overflowed when it was read is written as `1e999`, never as `Infinity`."""
    return _dump(value)


def _dump(value: Json, *, sort_keys: bool = False) -> str:
    def dump(value: Json) -> str:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, separators=(",", ":"))

    try:
        return dump(value)
    except ValueError:  # there is a number that overflowed
        pass
    marker = "reconciler:overflow"
    while marker in dump(_with_overflow_as(value, "")):
        marker += ":"
    text = dump(_with_overflow_as(value, marker))
    return text.replace(f'"{marker}"', OVERFLOW_TEXT).replace(f'"-{marker}"', f"-{OVERFLOW_TEXT}")


def has_overflow(value: Json) -> bool:
    """Whether a number somewhere in `value` was too large for a float."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, float):
            if each in (float("inf"), float("-inf")):
                return True
        elif isinstance(each, dict | list | tuple) and id(each) not in seen:
            seen.add(id(each))
            inner = each.values() if isinstance(each, dict) else each
            waiting += [part for part in inner if isinstance(part, _NOT_AS_IT_IS)]
    return False


def _with_overflow_as(value: Json, marker: str) -> Json:
    if isinstance(value, float) and has_overflow(value):
        return marker if value > 0 else f"-{marker}"
    if isinstance(value, dict):
        return {key: _with_overflow_as(inner, marker) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_with_overflow_as(inner, marker) for inner in value]
    return value


def _integral(value: Json, known: dict[int, Json]) -> Json:
    """A value that has a float somewhere, with every whole float as an int, so that `1.0` and `1` get one text.

    `known` has the result for each collection, so a shared one is walked through once.
    """
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    found = known.get(id(value))
    if found is None:
        if isinstance(value, dict):
            found = {
                key: _integral(inner, known) if isinstance(inner, _NOT_AS_IT_IS) else inner
                for key, inner in value.items()
            }
        else:
            assert isinstance(value, list | tuple)
            found = [_integral(inner, known) if isinstance(inner, _NOT_AS_IT_IS) else inner for inner in value]
        known[id(value)] = found
    return found


_NOT_AS_IT_IS: Final = (dict, list, tuple, float)


class NodeCount:
    """Counts values, which must live on. `distinct` is how many there are if shared collections count once."""

    def __init__(self) -> None:
        self.distinct = 0
        self._known: dict[int, int] = {}

    def of(self, value: Json) -> int:
        """How many values there are in a value, and itself. Shared collections count each time."""
        if not isinstance(value, dict | list):
            self.distinct += 1
            return 1
        found = self._known.get(id(value))
        if found is None:
            self.distinct += 1
            inner = value.values() if isinstance(value, dict) else value
            found = self._known[id(value)] = 1 + sum(map(self.of, inner))
        return found

    def of_choices(self, choices: tuple[Any, ...]) -> int:
        """How many choices there are, the tree counted as `of` counts collections."""
        found = self._known.get(id(choices))
        if found is None:
            self.distinct += 1 + len(choices)
            below = (self.of_choices(choice.subchoices) for choice in choices if choice.subchoices)
            found = self._known[id(choices)] = 1 + len(choices) + sum(below)
        return found


class Masked(str):
    """The replacement for a sensitive value: a JSON string in documents, words without quotes in text."""

    __slots__ = ()


MASKED: Final = Masked("(sensitive value)")
