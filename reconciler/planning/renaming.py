"""Choices that look renamed. The API cannot rename a choice: it removes the old one, and work in flight loses it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from reconciler.diagnostics import Diagnostic, warning
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered
from reconciler.model.plan import Action, Kind, ProjectChange
from reconciler.planning.nearness import normal_form

CODE: Final = "renamed-choice"
_ALIKE: Final = 0.75
"""Two names are similar if their difflib ratio is at least this: one letter in four may differ."""
_MOST: Final = 200
"""If more choices than this are removed or added, none are paired, because every pair would have to be compared."""


def renamed_choices(change: ProjectChange, sensitive: Sequence[Pattern]) -> list[Diagnostic]:
    """A warning for each choice that an update removes while it adds a similar one."""
    if change.action is not Action.UPDATE:
        return []
    removed, added = _choices(change, Kind.REMOVE, sensitive), _choices(change, Kind.ADD, sensitive)
    if not removed or not added or max(len(removed), len(added)) > _MOST:
        return []
    notes = []
    for name in removed:
        likeness, nearest = max((_likeness(name, other), other) for other in added)
        if likeness >= _ALIKE:
            added.remove(nearest)
            notes.append(
                warning(
                    CODE,
                    f'project.{change.name}: the choice "{name}" is removed, and the similar "{nearest}" is added',
                    detail="Scale cannot rename a choice, so work in flight is not updated. To change what labelers "
                    f"see, keep the choice and give it a display: {{choice: {name}, display: {nearest}}}.",
                )
            )
        if not added:
            break
    return notes


def _choices(change: ProjectChange, kind: Kind, sensitive: Sequence[Pattern]) -> list[str]:
    return [str(field.path[-1]) for field in change.fields if field.kind is kind and _is_shown(field.path, sensitive)]


def _is_shown(path: FieldPath, sensitive: Sequence[Pattern]) -> bool:
    return path[0] == "ontology" and not isinstance(path[-1], Attribute) and not covered(path, sensitive)


def _likeness(name: str, other: str) -> float:
    if normal_form(name) == normal_form(other):
        return 1.0
    matcher = SequenceMatcher(None, name.casefold(), other.casefold(), autojunk=False)
    return matcher.ratio() if matcher.real_quick_ratio() >= _ALIKE else 0.0
