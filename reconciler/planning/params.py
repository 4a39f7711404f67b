"""How two sets of parameters differ: each nested difference has a path, and one insertion is one difference.

Values are compared by JSON's rules (`model/values.py`), not by Python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from reconciler.fieldpath import FieldPath
from reconciler.model.plan import Field, Kind
from reconciler.model.values import Json, equal
from reconciler.planning.alignment import align

_DEEPEST = 40
"""Below this many levels, a difference is reported for the branch as a whole."""

_MOST = 5_000
"""A parameter with more differences than this is reported as a whole, because nobody reads so many one by one."""

_ORDER = (Kind.CHANGE, Kind.ADD, Kind.REMOVE, Kind.REORDER)


def params_fields(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Field]:
    """The differences between two sets of parameters, in the order of `after`'s keys, then removed parameters.

    Paths start with `params`. An index is a position in the new list, or for a removal, in the old one. Within a
    parameter, changes come first, then additions, removals, and reorderings.
    """
    for key, value in after.items():
        path = ("params", key)
        if key not in before:
            yield Field(path, Kind.ADD, after=value)
        elif not equal(before[key], value):
            found = list(islice(_differences(path, before[key], value), _MOST + 1))
            if len(found) > _MOST:
                found = [Field(path, Kind.CHANGE, before[key], value)]
            yield from sorted(found, key=lambda field: _ORDER.index(field.kind))
    for key, value in before.items():
        if key not in after:
            yield Field(("params", key), Kind.REMOVE, before=value)


def _differences(path: FieldPath, before: Json, after: Json) -> Iterator[Field]:
    """The differences between two values that are not equal."""
    if len(path) > _DEEPEST or type(before) is not type(after) or not isinstance(after, dict | list):
        yield Field(path, Kind.CHANGE, before, after)
    elif isinstance(after, dict):
        keys = {**after, **before}
        pairs = [(key if key in before else None, key if key in after else None) for key in keys]
        yield from _paired(path, before, after, pairs)
    else:
        alignment = align(before, after)
        if order := alignment.reordered(before, after):
            yield Field(path, Kind.REORDER, *order)
        yield from _paired(path, before, after, alignment.pairs)


def _paired(
    path: FieldPath, before: Any, after: Any, pairs: Iterable[tuple[str | int | None, str | int | None]]
) -> Iterator[Field]:
    """The differences between two objects or lists. A pair has the key or position of an item in each, None if absent.

    Added and removed items come before the differences within items.
    """
    kept = []
    for old, new in pairs:
        if new is None:
            assert old is not None
            yield Field((*path, old), Kind.REMOVE, before=before[old])
        elif old is None:
            yield Field((*path, new), Kind.ADD, after=after[new])
        else:
            kept.append((old, new))
    for old, new in kept:
        if not equal(before[old], after[new]):
            yield from _differences((*path, new), before[old], after[new])
