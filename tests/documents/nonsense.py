"""Documents with a nonsense body, and with a seal that fits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

JUNK: Final[list[Any]] = [
    None, True, 0, -1, 3, 1.5, 10**40, float("inf"), "", "x", "params", "params.", "[0]", "ontology", "no-op", "create",
    "update", "forget", "2026-13-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00",
    [], {}, [None], [[]], {"a": 1}, [{"no": "choice"}], {"choice": 5}, "\ud800", "a\0b",
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def spoiled(document: Any, seed: int) -> Any:
    """The document with one or two things wrong."""
    random = Random(seed)
    copy = json.loads(json.dumps(document))
    for _ in range(random.choice((1, 1, 1, 2))):
        path = random.choice(list(places(copy)))
        holder: Any = copy
        for part in path[:-1]:
            holder = holder[part]
        deed = random.choice(("replace", "replace", "replace", "drop", "double", "swap"))
        if deed == "drop":
            del holder[path[-1]]
        elif deed == "double" and isinstance(holder, list):
            holder.append(holder[int(path[-1])])
        elif deed == "swap" and isinstance(holder, list):
            holder.reverse()
        else:
            holder[path[-1]] = random.choice(JUNK)
    return copy


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value
