"""Choices that look renamed. The API cannot rename a choice: it removes the old one, and work in flight loses it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.diagnostics import Diagnostic, quoted, warning, yaml_text
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered
from reconciler.model.guards import RENAMED_CHOICE
from reconciler.model.likeness import renamed
from reconciler.model.plan import Action, Kind, ProjectChange

_EXAMPLES: Final = 3


def renamed_choices(change: ProjectChange, sensitive: Sequence[Pattern]) -> list[Diagnostic]:
    """A warning about the choices that an update removes while it adds similar ones: one, however many there are."""
    if change.action is not Action.UPDATE:
        return []
    removed, added = _choices(change, Kind.REMOVE, sensitive), _choices(change, Kind.ADD, sensitive)
    pairs = [(removed[old], added[new]) for old, new in renamed(removed, added).items()]
    if not pairs:
        return []
    [(old, new), *others] = pairs
    if others:
        shown = ", ".join(f"{quoted(old)} -> {quoted(new)}" for old, new in pairs[:_EXAMPLES])
        more = f" and {len(pairs) - _EXAMPLES:,} more" if len(pairs) > _EXAMPLES else ""
        summary = f"project.{change.name}: {len(pairs):,} choices look renamed: {shown}{more}"
    else:
        summary = f"project.{change.name}: the choice {quoted(old)} is removed, and the similar {quoted(new)} is added"
    examples = "".join(
        f"\n    {{choice: {yaml_text(old)}, display: {yaml_text(new)}}}" for old, new in pairs[:_EXAMPLES]
    )
    detail = (
        "Scale cannot rename a choice, so work in flight is not updated. To change what labelers see, keep "
        f"{'each choice' if others else 'the choice'} and give it a display:{examples}"
    )
    return [warning(RENAMED_CHOICE, summary, detail=detail)]


def _choices(change: ProjectChange, kind: Kind, sensitive: Sequence[Pattern]) -> list[str]:
    return [str(field.path[-1]) for field in change.fields if field.kind is kind and _is_shown(field.path, sensitive)]


def _is_shown(path: FieldPath, sensitive: Sequence[Pattern]) -> bool:
    return path[0] == "ontology" and not isinstance(path[-1], Attribute) and not covered(path, sensitive)
