"""Which versions of a project a snapshot keeps: just enough to determine who changed what since the last apply. Pure.

It keeps the latest version and everything since the oldest one that the record names. If there are versions after the
recorded one, it also keeps the last few: they show two writers who overwrite each other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from reconciler.fieldpath import format_path
from reconciler.model.project import LiveProject, Version
from reconciler.model.record import RecordedProject
from reconciler.planning.bases import ONTOLOGY, base_of, base_version, origin_of

_LAST: Final = 4


def cut(live: LiveProject, known: RecordedProject | None) -> LiveProject:
    """The project with only the end of its histories, and the origins of values that are older."""
    params, ontology = _named(known)
    found = None if known is None else base_version(ONTOLOGY, live, known)
    if found is not None and found.number >= 0:
        ontology |= {found.number}
    kept = replace(
        live,
        params_history=_end(live.params_history, params),
        ontology_history=_end(live.ontology_history, ontology),
        origins={},
    )
    units = [format_path(("params", key)) for key in live.params]
    if live.ontology_history:
        units.append(ONTOLOGY)
    origins = {
        unit: reported
        for unit in units
        if (reported := origin_of(live, unit)) is not None and reported != origin_of(kept, unit)
    }
    return replace(kept, origins=origins)


def shows_base(live: LiveProject, known: RecordedProject) -> bool:
    """Whether the histories contain the versions that the record names."""
    base = base_of(known, live).known
    if base is None:
        return True
    units = {ONTOLOGY, "params", *base.older}
    return not base.written or all(base_version(unit, live, base) is not None for unit in units)


def _named(known: RecordedProject | None) -> tuple[set[int | None], set[int | None]]:
    """The versions that the record names, of params and of the ontology. None means that there was no version yet."""
    if known is None:
        return set(), set()
    params, ontology = ({known.params_version}, {known.ontology_version}) if known.written else (set(), set())
    for older in (known.older, *(intent.older for intent in known.intents)):
        for unit, number in older.items():
            (ontology if unit == ONTOLOGY else params).add(number)
    for intent in known.intents:
        params.add(intent.params_version)
        ontology.add(intent.ontology_version)
    return params, ontology


def _end(history: tuple[Version, ...], named: Collection[int | None]) -> tuple[Version, ...]:
    if None in named:
        return history
    numbers = [number for number in named if number is not None]
    last = len(history) - 1
    first = last
    if numbers:
        oldest = min(numbers)
        first = next((place for place, version in enumerate(history) if version.number >= oldest), last)
        if history and history[-1].number > max(numbers):
            first = min(first, last + 1 - _LAST)
    return history[max(first, 0) :]
