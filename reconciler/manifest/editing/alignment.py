"""Which items of a list are the same in its old and in its new value."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.model.likeness import renamed
from reconciler.model.values import Json, canonical_json

_NAMES: Final = ("choice", "field_id", "id", "key", "name", "label", "value", "path", "title")
"""The keys that identify an item, the most telling first."""


def aligned(old: Sequence[Json], new: Sequence[Json]) -> list[int | None]:
    """The position in `old` of each item of `new`, None for a new item.

    Equal items are the same, then items with equal names, then those whose names are alike, then objects and lists
    without names, in their order.
    """
    found: list[int | None] = [None] * len(new)
    left = set(range(len(old)))
    for identity in (canonical_json, name_of):
        places: dict[str, list[int]] = defaultdict(list)
        for position in sorted(left):
            if (key := identity(old[position])) is not None:
                places[key].append(position)
        for position, item in enumerate(new):
            key = identity(item) if found[position] is None else None
            if key is not None and places[key]:
                found[position] = places[key].pop(0)
        left -= {position for position in found if position is not None}
    gone = [position for position in sorted(left) if name_of(old[position]) is not None]
    fresh = [position for position, was in enumerate(found) if was is None and name_of(new[position]) is not None]
    names = [name_of(old[position]) or "" for position in gone], [name_of(new[position]) or "" for position in fresh]
    for was, now in renamed(*names).items():
        found[fresh[now]] = gone[was]
    left -= set(gone) | {position for position in found if position is not None}
    unnamed = iter([position for position in sorted(left) if isinstance(old[position], dict | list)])
    for position, item in enumerate(new):
        if found[position] is None and isinstance(item, dict | list) and name_of(item) is None:
            found[position] = next(unnamed, None)
    return found


def name_of(item: Json) -> str | None:
    """What an item is called: the string itself, or the value of a key that identifies it."""
    if isinstance(item, dict):
        item = next((item[key] for key in _NAMES if isinstance(item.get(key), str)), None)
    return item if isinstance(item, str) else None


def stayers(found: Mapping[int, int]) -> set[int]:
    """The new positions of the most items that can stay where they are while the others move around them.

    `found` has the old position of each new one.
    """
    ends: list[int] = []
    last: list[int] = []
    before: dict[int, int | None] = {}
    for index in sorted(found):
        at = bisect_left(ends, found[index])
        ends[at : at + 1] = [found[index]]
        last[at : at + 1] = [index]
        before[index] = last[at - 1] if at else None
    staying: set[int] = set()
    step = last[-1] if last else None
    while step is not None:
        staying.add(step)
        step = before[step]
    return staying
