"""Who moved since the record: the class of each unit that the API writes whole (a parameter; the ontology).

The base of a unit is what the recorded version holds; Scale's own history has it. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.fieldpath import format_path
from reconciler.model.ontology import spell
from reconciler.model.plan import CallKind, FieldClass, ProjectChange
from reconciler.model.project import DesiredProject, LiveProject, Version
from reconciler.model.record import Intended, RecordedProject
from reconciler.model.values import ABSENT, Absent, Json, canonical_json, equal
from reconciler.planning.mask import Ignored, wanted_ontology
from reconciler.planning.normalize import UnreadableOntologyError, read_choices

ONTOLOGY = "ontology"


def content_hash(content: Json) -> str:
    """SHA-256 of parameters or choices, equal for those that JSON calls equal."""
    return hashlib.sha256(canonical_json(content).encode("utf-8", "surrogatepass")).hexdigest()


def ontology_hash(choices: Json) -> str:
    """SHA-256 of choices, whichever of their equal spellings is used. UnreadableOntologyError where they are none."""
    return content_hash([spell(choice) for choice in read_choices(choices)])


@dataclass(frozen=True, slots=True)
class Base:
    """What the record says of one project, made whole by what an interrupted run is seen to have landed.

    `landed` names the calls of a run that never told what became of it, with the version that each made.
    """

    known: RecordedProject | None
    landed: tuple[tuple[CallKind, int], ...] = ()


def base_of(known: RecordedProject | None, live: LiveProject | None) -> Base:
    """The record's entry, its versions moved on to those that its intent is seen to have made."""
    if known is None or known.intended is None or live is None:
        return Base(known)
    intended = known.intended
    landed: list[tuple[CallKind, int]] = []
    params = _made(live.params_history, intended.params_version, intended.params_hash, _params_hash)
    ontology = _made(live.ontology_history, intended.ontology_version, intended.ontology_hash, _version_hash)
    if params is not None and params != known.params_version:
        landed.append((CallKind.SET_PARAMS, params))
    if ontology is not None and ontology != known.ontology_version:
        landed.append((CallKind.SET_ONTOLOGY, ontology))
    return Base(
        replace(
            known,
            params_version=known.params_version if params is None else params,
            ontology_version=known.ontology_version if ontology is None else ontology,
            written=known.written or bool(landed),
        ),
        tuple(landed),
    )


def _made(
    history: tuple[Version, ...], before: int | None, wanted: str | None, hashed: Callable[[Version], str]
) -> int | None:
    """The first version after `before` that holds what was intended."""
    if wanted is None:
        return None
    following = (version for version in history if before is None or version.number > before)
    return next((version.number for version in following if hashed(version) == wanted), None)


def _params_hash(version: Version) -> str:
    return content_hash(version.content)


def _version_hash(version: Version) -> str:
    try:
        return ontology_hash(version.content)
    except UnreadableOntologyError:
        return ""


def intended_by(change: ProjectChange) -> Intended:
    """What the record notes of a change before its first write. An ontology sent without a name keeps none."""
    assert change.after is not None
    kinds = {call.kind for call in change.calls}
    return Intended(
        params_version=change.expected.params_version,
        ontology_version=change.expected.ontology_version,
        params_hash=content_hash(dict(change.after.params)) if kinds & {CallKind.CREATE, CallKind.SET_PARAMS} else None,
        ontology_hash=ontology_hash(change.after.ontology) if CallKind.SET_ONTOLOGY in kinds else None,
    )


def classes(
    desired: DesiredProject,
    live: LiveProject,
    params: Mapping[str, Json],
    base: RecordedProject | None,
    units: set[str],
) -> dict[str, FieldClass]:
    """The class of each of `units`, all of which differ. `params` are the parameters that the project should have."""
    if base is None or not base.written:
        return dict.fromkeys(units, FieldClass.UNKNOWN)
    return {unit: _class(unit, desired, live, params, base) for unit in units}


def _class(
    unit: str, desired: DesiredProject, live: LiveProject, params: Mapping[str, Json], base: RecordedProject
) -> FieldClass:
    version = base_version(unit, live, base)
    if version is None:
        return FieldClass.UNKNOWN
    if unit == ONTOLOGY:
        return _ontology_class(desired, live, version)
    key = next(key for key in {**live.params, **params} if format_path(("params", key)) == unit)
    now = live.params.get(key, ABSENT)
    before = parameter_of(version, key, desired, now)
    return _moved(_same(before, now), _same(before, params.get(key, ABSENT)))


def base_version(unit: str, live: LiveProject, base: RecordedProject) -> Version | None:
    """The version that is the unit's base; None where the history does not show it, or shows nothing readable."""
    if unit == ONTOLOGY:
        return _find(live.ontology_history, base.older.get(unit, base.ontology_version))
    version = _find(live.params_history, base.older.get(unit, base.params_version))
    return version if version is not None and isinstance(version.content, Mapping) else None


def parameter_of(version: Version, key: str, desired: DesiredProject, now: Json | Absent) -> Json | Absent:
    """What a version holds of a parameter, with what is ignored in it as it is `now`: that is nobody's move."""
    value = version.content.get(key, ABSENT) if isinstance(version.content, Mapping) else ABSENT
    if value is ABSENT or now is ABSENT:
        return value
    return Ignored.of(desired).overlay({key: value}, {key: now}, ("params",)).get(key, ABSENT)


def _ontology_class(desired: DesiredProject, live: LiveProject, version: Version) -> FieldClass:
    try:
        before = read_choices(version.content or [])
        now = read_choices(live.ontology) if live.ontology is not None else ()
        base = wanted_ontology(desired, before, now) if before else before
        wanted = wanted_ontology(desired, read_choices(desired.ontology or []), now)
    except UnreadableOntologyError:
        return FieldClass.UNKNOWN
    name = desired.ontology_name
    names = name is None or version.name == live.ontology_name
    wants = name is None or version.name == name
    return _moved(base == now and names, base == wanted and wants)


def _moved(base_is_live: bool, base_is_desired: bool) -> FieldClass:
    if base_is_live:
        return FieldClass.PENDING
    return FieldClass.DRIFT if base_is_desired else FieldClass.CONFLICT


def _same(left: Json | Absent, right: Json | Absent) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return equal(left, right)


def _find(history: tuple[Version, ...], number: int | None) -> Version | None:
    """The recorded version; one without content where the record says that there was none."""
    if number is None:
        return Version(-1, None, {})
    return next((version for version in history if version.number == number), None)


def mover(live: LiveProject, unit: str) -> tuple[int, datetime | None] | None:
    """The version that brought a unit's live value, and its time; the oldest that the history shows it in."""
    history = live.ontology_history if unit == ONTOLOGY else live.params_history
    found: Version | None = None
    for version in reversed(history):
        if found is not None and not _same(_part(version, unit), _part(history[-1], unit)):
            break
        found = version
    return (found.number, found.at) if found is not None else None


def _part(version: Version, unit: str) -> Json | Absent:
    if unit == ONTOLOGY or not isinstance(version.content, Mapping):
        return version.content
    return next((value for key, value in version.content.items() if format_path(("params", key)) == unit), ABSENT)
