"""What may be printed of a plan, a drift, or an outcome: sensitive values are masked, and file names are relative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.fieldpath import Attribute, FieldPath, Pattern, as_patterns, covered, parse_path
from reconciler.model.plan import Field, Kind
from reconciler.model.values import ABSENT, MASKED, Json


def relative(file: str, base: str) -> str:
    """`file` as seen from the folder `base`, both absolute with `/`; one that is not absolute stays as it is.

    For documents: nothing is escaped here.
    """
    if not file.startswith("/"):
        return file
    wanted, here = _parts(file), _parts(base)
    shared = 0
    while shared < min(len(wanted), len(here)) and wanted[shared] == here[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + wanted[shared:]) or "."


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def mask(value: Json, path: FieldPath, sensitive: Sequence[Pattern]) -> Json:
    """`value`, found at `path`, with whatever a pattern covers replaced by a string that says so.

    Where nothing is covered this is `value` itself. In an ontology, parts are the names of choices.
    """
    if not sensitive:
        return value
    if covered(path, sensitive):
        return MASKED
    return _mask_below(value, path, sensitive)


def mask_field(field: Field, sensitive: Sequence[Pattern]) -> Field:
    """The same difference with its values masked."""
    if not sensitive:
        return field
    before, after = (
        side if side is ABSENT else mask(side, field.path, sensitive) for side in (field.before, field.after)
    )
    below = (*field.path, 0)
    identities = field.kind is Kind.REORDER and field.path[0] != "ontology"
    if identities and as_patterns(sensitive).reaches_below(below):
        # The items are told apart by a value of theirs, which may be what a pattern covers.
        before = after = MASKED
    return replace(field, before=before, after=after)


def _mask_below(value: Json, path: FieldPath, sensitive: Sequence[Pattern]) -> Json:
    if not as_patterns(sensitive).reaches_below(path):
        return value
    if isinstance(value, dict):
        masked: Json = {key: mask(item, _step(path, key), sensitive) for key, item in value.items()}
        if path[0] == "ontology":
            masked |= _masked_move(value, sensitive)
        changed = any(masked[key] is not item for key, item in value.items())
    elif isinstance(value, list | tuple):
        masked = [mask(item, _item(path, position, item), sensitive) for position, item in enumerate(value)]
        changed = any(new is not old for new, old in zip(masked, value, strict=True))
    else:
        return value
    return masked if changed else value


def _step(path: FieldPath, key: str) -> FieldPath:
    """The path of a member. In an ontology, an object is a choice: its members are attributes, or its subchoices."""
    if path[:1] != ("ontology",):
        return (*path, key)
    return path if key == "subchoices" else (*path, Attribute(key))


def _item(path: FieldPath, position: int, item: Json) -> FieldPath:
    if path[:1] != ("ontology",):
        return (*path, position)
    name = item.get("choice") if isinstance(item, dict) else item
    return (*path, name) if isinstance(name, str) else path


def _masked_move(value: dict[str, Json], sensitive: Sequence[Pattern]) -> dict[str, Json]:
    """Where a choice moved from or to is told by a path, whose names may be what a pattern covers."""
    try:
        path = parse_path(value.get("path", ""))
    except (TypeError, ValueError):
        return {}
    return {"path": MASKED} if len(path) > 1 and covered(path, sensitive) else {}
