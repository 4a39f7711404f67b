"""How two sets of parameters differ: nested, named by path, one insertion as one difference.

deepdiff walks the two sides. Before it does, lists become mappings from what identifies their items, equal branches
are cut away, and what is equal is decided by JSON's rule (`model/values.py`), not by Python's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.fieldpath import FieldPath
from reconciler.model.plan import Field, Kind
from reconciler.model.values import Json, equal
from reconciler.planning.alignment import align

_DEEPEST = 40
"""Below this many levels, a difference is reported for the branch as a whole: deepdiff recurses with the depth."""

_MOST = 5_000
"""With more differences than this, a parameter is reported as a whole: nobody reads them one by one."""


def params_fields(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[Field]:
    """The differences of two sets of parameters, in the order of `after`'s keys, then what is removed.

    Paths start with `params`; an index is that of the new list, for removals that of the old one.
    """
    for key, value in after.items():
        path = ("params", key)
        if key not in before:
            yield Field(path, Kind.ADD, after=value)
        elif not equal(before[key], value):
            yield from _nested(before[key], value, path)
    for key, value in before.items():
        if key not in after:
            yield Field(("params", key), Kind.REMOVE, before=value)


def _nested(before: Json, after: Json, path: FieldPath) -> list[Field]:
    pruner = _Pruner()
    pruned = pruner.differing(before, after, path)
    if pruned is None or pruner.count > _MOST:
        return [Field(path, Kind.CHANGE, before, after)]
    found = [_field(slots, before, after, path) for slots in _deepdiff(*pruned)]
    return [*found, *pruner.reordered]


@dataclass(frozen=True, eq=False)
class _Slot:
    """A place in a mapping or list: its key or position before and after. One object serves both sides."""

    old: str | int | None
    new: str | int | None


_Pruned = dict[_Slot, Any]


class _Pruner:
    """Makes the two sides of a difference into mappings of only what differs, and gathers what is reordered."""

    def __init__(self) -> None:
        self.reordered: list[Field] = []
        self.count = 0

    def differing(self, before: Json, after: Json, path: FieldPath) -> tuple[_Pruned, _Pruned] | None:
        """None where the two differ as a whole."""
        if len(path) <= _DEEPEST and type(before) is type(after):
            if isinstance(after, dict):
                return self._prune(before, after, (_key_slot(key, before, after) for key in {**after, **before}), path)
            if isinstance(after, list):
                return self._prune_lists(before, after, path)
        self.count += 1
        return None

    def _prune_lists(self, before: list[Json], after: list[Json], path: FieldPath) -> tuple[_Pruned, _Pruned]:
        alignment = align(before, after)
        if order := alignment.reordered(before, after):
            self.reordered.append(Field(path, Kind.REORDER, *order))
        return self._prune(before, after, (_Slot(old, new) for old, new in alignment.pairs), path)

    def _prune(self, before: Any, after: Any, slots: Iterable[_Slot], path: FieldPath) -> tuple[_Pruned, _Pruned]:
        left: _Pruned = {}
        right: _Pruned = {}
        for slot in slots:
            if self.count > _MOST:
                break
            if slot.old is None or slot.new is None:
                self.count += 1
                (right if slot.old is None else left)[slot] = _Leaf()
            elif not equal(before[slot.old], after[slot.new]):
                inner = self.differing(before[slot.old], after[slot.new], (*path, slot.new))
                left[slot], right[slot] = inner or (_Leaf(), _Leaf())
        return left, right


class _Leaf:
    """Something that differs as a whole. Its value is looked up in the original sides by path."""


def _key_slot(key: str, before: Mapping[str, Json], after: Mapping[str, Json]) -> _Slot:
    return _Slot(key if key in before else None, key if key in after else None)


def _deepdiff(left: _Pruned, right: _Pruned) -> Iterator[list[_Slot]]:
    from deepdiff import DeepDiff
    from deepdiff.operator import BaseOperator

    class Leaves(BaseOperator):
        """Two leaves differ: that is known already."""

        def match(self, level: Any) -> bool:
            return isinstance(level.t1, _Leaf)

        def give_up_diffing(self, level: Any, diff_instance: Any) -> bool:
            diff_instance.custom_report_result("leaf_changed", level)
            return True

    tree = DeepDiff(
        left,
        right,
        view="tree",
        custom_operators=[Leaves()],
        threshold_to_diff_deeper=0,
        ignore_private_variables=False,
    )
    for kind in ("leaf_changed", "dictionary_item_added", "dictionary_item_removed"):
        for level in tree.get(kind, ()):
            yield level.path(output_format="list")


def _field(slots: Sequence[_Slot], before: Any, after: Any, path: FieldPath) -> Field:
    """The field at the end of a way through both sides."""
    for slot in slots[:-1]:
        before, after = before[slot.old], after[slot.new]
        path = (*path, _present(slot.new))
    last = slots[-1]
    if last.new is None:
        return Field((*path, _present(last.old)), Kind.REMOVE, before=before[last.old])
    if last.old is None:
        return Field((*path, last.new), Kind.ADD, after=after[last.new])
    return Field((*path, last.new), Kind.CHANGE, before[last.old], after[last.new])


def _present(part: str | int | None) -> str | int:
    assert part is not None
    return part
