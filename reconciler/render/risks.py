"""What is risky about a change, and how much of what it changes: the same in every format.

Counts are of the plan's fields, as the JSON document has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reconciler.fieldpath import Attribute
from reconciler.model.plan import FieldClass, Kind, ProjectChange
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.view import ProjectView


class Risk(StrEnum):
    """In the order of how much a reader has to know of it."""

    BLOCKED = "blocked"
    HELD = "held"
    CHOICES_REMOVED = "choices-removed"
    PARAMS_DROPPED = "params-dropped"
    """All parameters are sent, and one that Scale has is not among them."""
    REVERTS = "reverts"
    """An edit of somebody else would be undone."""
    CREATED = "created"
    """A project on Scale is for ever."""
    REACHES_WORK = "reaches-work"
    """Work in flight sees an ontology's change at once."""


_ORDER: Final = {risk: number for number, risk in enumerate(Risk)}
_SHOWN: Final = (Sign.ADD, Sign.REMOVE, Sign.MOVE, Sign.CHANGE)


def risks_of(project: ProjectView) -> tuple[Risk, ...]:
    """What a reader has to know of one project, the gravest first; nothing of one that is never written."""
    change = project.change
    found: list[Risk] = []
    if project.sign is Sign.BLOCKED:
        return (Risk.BLOCKED,)
    if change.held_by:
        found.append(Risk.HELD)
    if change.protected:
        return tuple(found)
    if project.ontology and project.ontology.removed:
        found.append(Risk.CHOICES_REMOVED)
    if project.params and project.params.removed and project.params.write:
        found.append(Risk.PARAMS_DROPPED)
    if any(field.field_class in (FieldClass.DRIFT, FieldClass.CONFLICT) for field in change.fields):
        found.append(Risk.REVERTS)
    if project.sign is Sign.ADD:
        found.append(Risk.CREATED)
    elif project.ontology and project.ontology.write:
        found.append(Risk.REACHES_WORK)
    return tuple(found)


def riskiest_first(projects: Sequence[ProjectView]) -> list[ProjectView]:
    """Equal ones keep their order; those without any risk come last."""
    return sorted(projects, key=lambda project: min((_ORDER[risk] for risk in risks_of(project)), default=len(_ORDER)))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many fields of a part are added, removed, moved and changed; zeros are left out."""

    numbers: tuple[tuple[Sign, int], ...]

    def __str__(self) -> str:
        """`+1 −2 ~1`, for people."""
        return " ".join(f"{'−' if sign is Sign.REMOVE else sign}{number:,}" for sign, number in self.numbers)


def tally(change: ProjectChange, part: str) -> Tally:
    """The fields of `params` or `ontology`. A choice's own attribute that comes or goes is a change of the choice."""
    counted = dict.fromkeys(_SHOWN, 0)
    for field in change.fields:
        if field.path[0] != part:
            continue
        within = part == "ontology" and isinstance(field.path[-1], Attribute)
        counted[Sign.CHANGE if within and field.kind is not Kind.REORDER else OF_KIND[field.kind]] += 1
    return Tally(tuple((sign, number) for sign, number in counted.items() if number))
