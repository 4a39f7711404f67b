"""Removed and added values that are one change to a reader: reworded, renamed, or moved.

The fields of a plan stay as they are, and so does its hash. Only what is shown is paired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.fieldpath import FieldPath
from reconciler.model.likeness import normal_form, renamed
from reconciler.model.plan import Field, Kind
from reconciler.model.values import Masked, canonical_json

_TELLING: Final = 12
"""A text of at least this many characters, or an object or list, that is in a new place has moved there."""

_NAMES: Final = ("choice", "name", "label", "title", "field_id")


def pairs(fields: Sequence[Field]) -> Iterator[tuple[Field | None, Field]]:
    """Each field with the removal that it replaces, if there is one. The removal itself is then not repeated.

    A declared rename comes first. A removed item of a list is replaced by a similar one that is added to the same list.
    A removed value has moved if the same value is added elsewhere in the same parameter, or under another key of the
    same object.
    """
    removed = [field for field in fields if field.kind is Kind.REMOVE and not isinstance(field.before, Masked)]
    added = [field for field in fields if field.kind is Kind.ADD and not isinstance(field.after, Masked)]
    partners = dict(_partners(removed, added)) if removed and added else {}
    replaced = {id(removal) for removal in partners.values()}
    for field in fields:
        if id(field) not in replaced:
            yield partners.get(id(field)), field


def _partners(removed: Sequence[Field], added: Sequence[Field]) -> Iterator[tuple[int, Field]]:
    by_value: dict[tuple[object, str], list[Field]] = defaultdict(list)
    of_keys: dict[str, list[Field]] = defaultdict(list)
    for field in removed:
        value = canonical_json(field.before)
        by_value[field.path[1], value].append(field)
        if len(field.path) == 2:
            of_keys[value].append(field)
    used: set[int] = set()
    declared = {(field.path[:-1], field.renamed): field for field in removed if field.renamed is not None}
    for field in added:
        if field.renamed is not None and (found := declared.get((field.path[:-1], field.renamed))) is not None:
            used |= {id(found), id(field)}
            yield id(field), found
    for field in added:
        if id(field) in used:
            continue
        value = canonical_json(field.after)
        same = [*by_value.get((field.path[1], value), ()), *(of_keys.get(value, ()) if len(field.path) == 2 else ())]
        found = next((one for one in same if id(one) not in used and _moves(one, field)), None)
        if found is not None:
            used.add(id(found))
            yield id(field), found
            used.add(id(field))
    lists: dict[FieldPath, tuple[list[Field], list[Field]]] = defaultdict(lambda: ([], []))
    for side, every in enumerate((removed, added)):
        for field in every:
            if id(field) not in used and isinstance(field.path[-1], int):
                lists[field.path[:-1]][side].append(field)
    for gone, fresh in lists.values():
        names = [_name(field.before) for field in gone], [_name(field.after) for field in fresh]
        yield from ((id(fresh[new]), gone[old]) for old, new in renamed(*names).items())


def _moves(removal: Field, addition: Field) -> bool:
    """Whether an equal value was moved: a label, a value that is hardly a coincidence, or a key in another spelling."""
    value, old, new = addition.after, removal.path, addition.path
    if isinstance(old[-1], int) and isinstance(new[-1], int):
        return isinstance(value, str | dict)
    if isinstance(value, dict | list):
        return bool(value)
    alike = normal_form(str(old[-1])) == normal_form(str(new[-1])) or bool(renamed([str(old[-1])], [str(new[-1])]))
    return alike or (isinstance(value, str) and len(value) >= _TELLING)


def _name(value: object) -> str:
    """What an item is called, or its text."""
    if isinstance(value, dict):
        value = next((value[key] for key in _NAMES if isinstance(value.get(key), str)), value)
    return value if isinstance(value, str) else canonical_json(value)
