"""Matches the items of two lists by identity, so that one insertion is one difference.

An object is identified by the first of its keys in `_IDENTITY_KEYS` that every item of both lists has: what is unique
and stable in the lists that Scale's task types have (labels, fields, choices of a field, features, attributes). A
string among such objects identifies itself, and a scalar among scalars is identified by its value. If an object has a
new identity, but is alone in having the same label or title, it is still the same. If identities are missing or
repeated, equal items are matched first, then similar items between them, then the rest by position.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import cache
from typing import Final

from reconciler.frozen import dataclass
from reconciler.model.values import Json, canonical_json

_IDENTITY_KEYS: Final = ("choice", "field_id", "value", "name", "id", "key", "label")
_AGAIN: Final = ("name", "label", "title")
_OF_LABELS: Final = ("choice", "name")
"""An object identified by one of these is a label. A label with another name is another label."""

_LONGEST: Final = 2_000
"""Longer lists without identities are matched by position, because finding equal items takes quadratic time."""

_MOST_COMPARED: Final = 64
"""If there are more pairs of items than this between two equal items, similar items are not matched."""

_LARGEST: Final = 20_000
"""The most characters of JSON in the items to compare. If there are more, similar items are not matched."""

_GAP: Final = 0.15
"""Two items are similar if deepdiff's distance between them is below two gaps: 0.3, deepdiff's own limit for pairs."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """`pairs` holds pairs of (old position, new position): those in the new order, then removed items in the old order.

    One of the two positions is None for an added or a removed item. `identities` holds the identities on both sides,
    None if the items have none.
    """

    pairs: tuple[tuple[int | None, int | None], ...]
    identities: tuple[Sequence[str], Sequence[str]] | None

    def reordered(self, old: Sequence[Json], new: Sequence[Json]) -> tuple[list[Json], list[Json]] | None:
        """The identities of the items that stay, in the old and the new order. None if the orders are the same."""
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
    key, identities = _identities(old, new)
    if identities is None:
        pairs = list(_matched(old, new))
        removed = [pair for pair in pairs if pair[1] is None]
        return Alignment((*(pair for pair in pairs if pair[1] is not None), *removed), None)
    old_identities, new_identities = identities
    old_positions = {identity: position for position, identity in enumerate(old_identities)}
    partners = [old_positions.get(identity) for identity in new_identities]
    if key is not None and key not in _OF_LABELS:
        _match_again(partners, old, new)
    staying = set(partners)
    gone = [(position, None) for position in range(len(old)) if position not in staying]
    return Alignment((*((partner, position) for position, partner in enumerate(partners)), *gone), identities)


def _match_again(partners: list[int | None], old: Sequence[Json], new: Sequence[Json]) -> None:
    """Match objects whose identity is new by another key, if its value is unique among those that are left."""
    for key in _AGAIN:
        gone = _left(old, set(range(len(old))).difference(partners), key)
        fresh = _left(new, [position for position, partner in enumerate(partners) if partner is None], key)
        for text in gone.keys() & fresh.keys():
            if len(gone[text]) == len(fresh[text]) == 1:
                partners[fresh[text][0]] = gone[text][0]


def _left(items: Sequence[Json], positions: Iterable[int], key: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for position in positions:
        item = items[position]
        if isinstance(item, dict) and isinstance(name := item.get(key), str):
            found.setdefault(name, []).append(position)
    return found


def _identities(old: Sequence[Json], new: Sequence[Json]) -> tuple[str | None, tuple[list[str], list[str]] | None]:
    """The key that identifies the objects, if they are identified by one, and the identities on both sides."""
    if not any(isinstance(item, dict) for items in (old, new) for item in items):
        return None, _unique(_scalars(old), _scalars(new))
    for key in _IDENTITY_KEYS:
        found = _unique(_named(old, key), _named(new, key))
        if found is not None:
            return key, found
    return None, None


def _unique(old: list[str] | None, new: list[str] | None) -> tuple[list[str], list[str]] | None:
    if old is None or new is None or len(set(old)) < len(old) or len(set(new)) < len(new):
        return None
    return old, new


def _scalars(items: Sequence[Json]) -> list[str] | None:
    if any(isinstance(item, list) for item in items):
        return None
    return [canonical_json(item) for item in items]


def _named(items: Sequence[Json], key: str) -> list[str] | None:
    """The value of `key` in each item. A `value` may also be a number or a boolean."""
    names = [item.get(key) if isinstance(item, dict) else item for item in items]
    if key == "value":
        names = [canonical_json(name) if isinstance(name, bool | int | float) else name for name in names]
    return [name for name in names if isinstance(name, str)] if all(isinstance(name, str) for name in names) else None


_Pairs = Iterator[tuple[int | None, int | None]]


def _matched(old: Sequence[Json], new: Sequence[Json]) -> _Pairs:
    """The pairs of items without identities, in the order of both lists."""
    if max(len(old), len(new)) > _LONGEST:
        yield from _by_position(range(len(old)), range(len(new)))
        return
    texts = [canonical_json(item) for item in old], [canonical_json(item) for item in new]
    for kind, i, to_i, j, to_j in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        if kind == "equal":
            yield from zip(range(i, to_i), range(j, to_j), strict=True)
        elif to_i - i == to_j - j == 1 or sum(map(len, (*texts[0][i:to_i], *texts[1][j:to_j]))) > _LARGEST:
            yield from _by_position(range(i, to_i), range(j, to_j))
        else:
            yield from _by_similarity(old, new, range(i, to_i), range(j, to_j))


def _by_position(old: range, new: range) -> _Pairs:
    yield from zip(old, new, strict=False)
    yield from ((position, None) for position in old[len(new) :])
    yield from ((None, position) for position in new[len(old) :])


def _by_similarity(old: Sequence[Json], new: Sequence[Json], some: range, others: range) -> _Pairs:
    """Pair similar items so that the sum of distances and gaps is smallest, and the items between them by position."""
    similar = _similar(old, new, some, others) if len(some) * len(others) <= _MOST_COMPARED else []
    at, other_at = some.start, others.start
    for position, other in similar:
        yield from _by_position(range(at, position), range(other_at, other))
        yield position, other
        at, other_at = position + 1, other + 1
    yield from _by_position(range(at, some.stop), range(other_at, others.stop))


def _similar(old: Sequence[Json], new: Sequence[Json], some: range, others: range) -> list[tuple[int, int]]:
    @cache
    def best(i: int, j: int) -> tuple[float, list[tuple[int, int]]]:
        """The smallest cost of the items from `i` and `j` on, and the pairs with this cost."""
        if i == some.stop or j == others.stop:
            return _GAP * (some.stop - i + others.stop - j), []
        ways = [(_GAP + cost, pairs) for cost, pairs in (best(i + 1, j), best(i, j + 1))]
        cost, pairs = best(i + 1, j + 1)
        return min((_distance(old[i], new[j]) + cost, [(i, j), *pairs]), *ways, key=lambda way: way[0])

    return [(i, j) for i, j in best(some.start, others.start)[1] if _distance(old[i], new[j]) < 2 * _GAP]


def _distance(old: Json, new: Json) -> float:
    """The distance between two values, from 0 (equal) to 1. Only two objects or two lists can be similar."""
    from deepdiff import DeepDiff  # a tenth of a second, for lists that hardly any project has

    if type(old) is not type(new) or not isinstance(new, dict | list):
        return 1.0
    return float(DeepDiff(old, new, get_deep_distance=True).get("deep_distance", 0.0))
