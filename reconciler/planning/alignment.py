"""Items of two lists, matched by what identifies them, so that one insertion is one difference.

An object is identified by the first of `choice`, `field_id`, `name`, `label` that every item of both lists has; a
string among such objects by itself; a scalar among scalars by its value. Where identities are missing or repeated,
items are matched by position.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.model.values import Json, canonical_json

_IDENTITY_KEYS = ("choice", "field_id", "name", "label")


@dataclass(frozen=True, slots=True)
class Alignment:
    """`pairs` holds (old position, new position), in the new order first, then what was removed, in the old order.

    One of the two is None for an added or a removed item. `identities` are the two sides' identities, None where
    items are matched by position.
    """

    pairs: tuple[tuple[int | None, int | None], ...]
    identities: tuple[Sequence[str], Sequence[str]] | None

    def reordered(self, old: Sequence[Json], new: Sequence[Json]) -> tuple[list[Json], list[Json]] | None:
        """What identifies the items that stay, in the old and in the new order, where the two orders differ."""
        if self.identities is None:
            return None
        staying = set(self.identities[0]) & set(self.identities[1])
        before = _staying(old, self.identities[0], staying)
        after = _staying(new, self.identities[1], staying)
        return None if list(before) == list(after) else (list(before.values()), list(after.values()))


def _staying(items: Sequence[Json], identities: Sequence[str], staying: set[str]) -> dict[str, Json]:
    return {
        identity: identity if isinstance(item, dict) else item
        for item, identity in zip(items, identities, strict=True)
        if identity in staying
    }


def align(old: Sequence[Json], new: Sequence[Json]) -> Alignment:
    """Match the items of two lists."""
    identities = _identities(old, new)
    if identities is None:
        length = max(len(old), len(new))
        pairs = [(i if i < len(old) else None, i if i < len(new) else None) for i in range(length)]
        return Alignment(tuple(pairs), None)
    old_identities, new_identities = identities
    old_positions = {identity: position for position, identity in enumerate(old_identities)}
    staying = set(new_identities)
    matched = [(old_positions.get(identity), position) for position, identity in enumerate(new_identities)]
    removed = [(position, None) for position, identity in enumerate(old_identities) if identity not in staying]
    return Alignment((*matched, *removed), identities)


def _identities(old: Sequence[Json], new: Sequence[Json]) -> tuple[list[str], list[str]] | None:
    if not any(isinstance(item, dict) for items in (old, new) for item in items):
        return _unique(_scalars(old), _scalars(new))
    for key in _IDENTITY_KEYS:
        found = _unique(_named(old, key), _named(new, key))
        if found is not None:
            return found
    return None


def _unique(old: list[str] | None, new: list[str] | None) -> tuple[list[str], list[str]] | None:
    if old is None or new is None or len(set(old)) < len(old) or len(set(new)) < len(new):
        return None
    return old, new


def _scalars(items: Sequence[Json]) -> list[str] | None:
    if any(isinstance(item, list) for item in items):
        return None
    return [canonical_json(item) for item in items]


def _named(items: Sequence[Json], key: str) -> list[str] | None:
    names = [item.get(key) if isinstance(item, dict) else item for item in items]
    return [name for name in names if isinstance(name, str)] if all(isinstance(name, str) for name in names) else None
