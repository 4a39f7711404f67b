"""Choices that look renamed. The API cannot rename a choice: it removes the old one, and work in flight loses it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from reconciler.diagnostics import quoted
from reconciler.fieldpath import Attribute, FieldPath, parse_path
from reconciler.model.characters import look_alike
from reconciler.model.likeness import renamed
from reconciler.model.plan import Field, Kind, Rename
from reconciler.model.values import Masked


def renamed_choices(fields: Iterable[Field]) -> dict[FieldPath, FieldPath]:
    """The paths of removed choices, each with the path of the similar one that is added below the same parent.

    The parent may have a new name, or a new place, itself. Nothing sensitive is compared. Renames that the manifest
    declares are not among them.
    """
    here: dict[FieldPath, FieldPath] = {}
    removed: dict[FieldPath, list[FieldPath]] = defaultdict(list)
    added: dict[FieldPath, list[FieldPath]] = defaultdict(list)
    declared: dict[Rename, dict[Kind, FieldPath]] = {}
    for field in fields:
        path = field.path
        if path[0] != "ontology" or len(path) == 1 or isinstance(path[-1], Attribute):
            continue
        if isinstance(field.before, Masked) or isinstance(field.after, Masked):
            continue
        if field.renamed is not None:
            declared.setdefault(field.renamed, {})[field.kind] = path
        elif field.kind is Kind.MOVE and (was := old_path(field)) is not None:
            here[was] = path
        elif field.kind is Kind.REMOVE:
            removed[path[:-1]].append(path)
        elif field.kind is Kind.ADD:
            added[path[:-1]].append(path)
    here |= {both[Kind.REMOVE]: both[Kind.ADD] for both in declared.values() if len(both) == 2}
    found: dict[FieldPath, FieldPath] = {}
    for parent in sorted(removed, key=len) if added else ():
        old, new = removed[parent], added.get(_now(parent, here), [])
        pairs = renamed([str(path[-1]) for path in old], [str(path[-1]) for path in new]) if new else {}
        found |= {old[was]: new[now] for was, now in pairs.items()}
        here |= found
    return found


def rename_words(old: str, new: str) -> str:
    """`"banner" -> "Banner"`. If the two look alike, everything except ASCII is escaped."""
    spell = json.dumps if look_alike(old, new) else quoted
    return f"{spell(old)} -> {spell(new)}"


def old_path(moved: Field) -> FieldPath | None:
    """Where a choice that is moved was; None if it is not known."""
    before = moved.before
    written = before.get("path") if isinstance(before, dict) else before
    try:
        return parse_path(written) if isinstance(written, str) else None
    except ValueError:
        return None


def _now(old: FieldPath, here: dict[FieldPath, FieldPath]) -> FieldPath:
    """Where a choice is after the change. `here` are the choices that have a new path themselves."""
    for length in range(len(old), 1, -1):
        if old[:length] in here:
            return (*here[old[:length]], *old[length:])
    return old
