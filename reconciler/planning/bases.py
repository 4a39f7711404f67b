"""The base of each unit (the version in Scale's history that the record names), and what an apply records about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.fieldpath import format_path, parse_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Choice, Ontology, Unreadable
from reconciler.model.plan import Action, CallKind, Cause, Field, Plan, ProjectChange, unit_of
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode, Version
from reconciler.model.record import ONTOLOGY as ONTOLOGY
from reconciler.model.record import Intended, RecordedProject
from reconciler.model.values import ABSENT, Absent, Json, digest, equal
from reconciler.planning.intent import compare
from reconciler.planning.mask import Ignored


def unit_words(unit: str) -> str:
    """A unit in a sentence: `the ontology`, or the parameter's path."""
    return "the ontology" if unit == ONTOLOGY else unit


def content_hash(content: Json) -> str:
    """SHA-256 of parameters, or of an ontology's choices without its name.

    Contents that are equal as JSON have equal hashes.
    """
    return digest(content.spelled if isinstance(content, Ontology) else content)


@dataclass(frozen=True, slots=True)
class Base:
    """The record's entry of one project, updated with the writes of unfinished runs that the history shows.

    `landed` holds the calls of those runs, each with the version that it made.
    """

    known: RecordedProject | None
    landed: tuple[tuple[CallKind, int], ...] = ()


def base_of(known: RecordedProject | None, live: LiveProject | None) -> Base:
    """The record's entry, updated with each intent whose write the history shows.

    A write of parameters moves the base of all parameters, except those that its run left drifting: each of these keeps
    its own base. A base never moves back. If the record has only intents for the project, a part that existed before
    and was not written has no base. An entry of a different project with this name (a different `created_at`) is
    ignored.
    """
    if known is None or live is None:
        return Base(known)
    if not known.is_of(live.created_at):
        return Base(None)
    landed: list[tuple[CallKind, int]] = []
    for intent in known.intents:
        recorded = (known.params_version, known.ontology_version) if known.written else (None, None)
        params = _made(live.params_history, (intent.params_version, recorded[0]), intent.params_hash)
        ontology = _made(live.ontology_history, (intent.ontology_version, recorded[1]), intent.ontology_hash)
        if params is None and ontology is None:
            continue
        if not known.written:
            known = replace(
                known,
                params_version=None if intent.params_version is None else _NO_BASE,
                ontology_version=None if intent.ontology_version is None else _NO_BASE,
                written=True,
            )
        if params is not None:
            landed.append((CallKind.SET_PARAMS, params))
        if ontology is not None:
            landed.append((CallKind.SET_ONTOLOGY, ontology))
        known = _moved_on(known, intent, params, ontology)
    return Base(known, tuple(landed))


_NO_BASE = -1
"""A version number that appears in no history."""


def _moved_on(known: RecordedProject, intent: Intended, params: int | None, ontology: int | None) -> RecordedProject:
    older = dict(known.older)
    if params is not None:
        older = {unit: number for unit, number in older.items() if unit == ONTOLOGY}
        older |= {unit: number for unit, number in intent.older.items() if unit != ONTOLOGY}
        known = replace(known, params_version=params)
    if ontology is not None:
        older.pop(ONTOLOGY, None)
        known = replace(known, ontology_version=ontology, ontology_hash=intent.ontology_hash)
    return replace(known, older=older)


def _made(history: tuple[Version, ...], before: tuple[int | None, int | None], wanted: str | None) -> int | None:
    """The first version with the intended content, after both the run's starting version and the recorded version.

    An intent can start from an older version than the recorded one, if its plan was made before another apply.
    """
    if wanted is None:
        return None
    latest = max((version for version in before if version is not None), default=None)
    following = (version for version in history if latest is None or version.number > latest)
    return next((version.number for version in following if _version_hash(version) == wanted), None)


def _version_hash(version: Version) -> str:
    return version.digest or content_hash(version.content)


def intended_by(change: ProjectChange, run: str) -> Intended:
    """What is recorded about a change before its first write."""
    assert change.after is not None
    kinds = {call.kind for call in change.calls}
    return Intended(
        run,
        params_version=change.expected.params_version,
        ontology_version=change.expected.ontology_version,
        params_hash=content_hash(dict(change.after.params)) if kinds & {CallKind.CREATE, CallKind.SET_PARAMS} else None,
        ontology_hash=_hash_of(change.after.ontology) if CallKind.SET_ONTOLOGY in kinds else None,
        older={**change.outside, **change.kept},
    )


def parameter_in(unit: str) -> str:
    """The name of the parameter in a unit `params.KEY`."""
    return str(parse_path(unit)[1])


def base_version(unit: str, live: LiveProject, base: RecordedProject) -> Version | None:
    """The version that is the unit's base; None if the history does not show it, or if it cannot be read."""
    if unit == ONTOLOGY:
        return _base_ontology(live, base)
    version = _find(live.params_history, base.base(unit))
    return version if version is not None and isinstance(version.content, Mapping) else None


def _base_ontology(live: LiveProject, base: RecordedProject) -> Version | None:
    """The recorded version, or if its number now has different choices, the last version with the recorded choices.

    Numbers of ontologies may be positions (an assumption), and positions move in a history that shows only its end.
    """
    number = base.base(ONTOLOGY)
    version = _find(live.ontology_history, number) if number is not None else Version(-1, None, Ontology(()))
    if base.ontology_hash is None:
        return version
    alike = [version for version in live.ontology_history if _version_hash(version) == base.ontology_hash]
    return version if version in alike else next(reversed(alike), None)


def unseen(known: RecordedProject | None, fields: Iterable[Field]) -> tuple[str, ...]:
    """The units whose recorded base is not in the history that the API shows, so it is unknown who changed them."""
    if known is None or not known.written:
        return ()
    unknown = (unit_of(field.path) for field in fields if field.cause is Cause.UNKNOWN)
    return tuple(sorted({unit for unit in unknown if unit is not None}))


def left_drifting(
    change: ProjectChange, live: LiveProject | None, known: RecordedProject | None = None
) -> dict[str, int | None]:
    """The units that an apply of pending changes left different from the manifest, each with its base.

    `live` is the project after the apply, None if it was not written. `known` is its entry in the record at that time,
    which takes precedence over the entry at the time of the plan. Without `known`, the base of a unit that matched the
    manifest in the plan, and has changed since, is the version that the plan saw.
    """
    found = dict(change.kept)
    units = change.desired.mask.units
    if live is None or units is None:
        return found
    whole = replace(change.desired, mask=replace(change.desired.mask, units=None))
    for field in compare(whole, live).fields:
        unit = unit_of(field.path)
        if unit is not None and unit not in units and unit not in found:
            seen = change.expected
            found[unit] = seen.ontology_version if unit == ONTOLOGY else seen.params_version
    if known is None or not known.written:
        return found
    bases = {unit: known.base(unit) for unit in found}
    return {unit: found[unit] if base == _NO_BASE else base for unit, base in bases.items()}


def outside(desired: DesiredProject, live: LiveProject | None, known: RecordedProject | None) -> dict[str, int | None]:
    """The units that the manifest does not own and that changed on Scale since their base, each with this base.

    They are neither written nor compared, so their base does not move. If the manifest owns one of them later, the
    base shows who changed it.
    """
    if live is None or known is None or not known.written:
        return {}
    found: dict[str, int | None] = {}
    ignored = Ignored.of(desired)
    foreign = desired.params is None or desired.mask.params is ParamsMode.MERGE
    if foreign or ignored.patterns:
        version = _find(live.params_history, known.params_version)
        before = version.content if version is not None and isinstance(version.content, Mapping) else {}
        for key in {**live.params, **before, **{parameter_in(unit): None for unit in known.older if unit != ONTOLOGY}}:
            unit = format_path(("params", key))
            owned = desired.params is not None and key in desired.params
            if (owned or not foreign) and not ignored.patterns.reaches_below(("params", key)):
                continue
            base = base_version(unit, live, known)
            if base is None or not equal(part_of(base, unit), live.params.get(key, ABSENT)):
                found[unit] = known.base(unit)
    if desired.ontology is None or any(ignore.pattern.parts[0] == ONTOLOGY for ignore in desired.mask.ignore):
        base = base_version(ONTOLOGY, live, known)
        if base is None or isinstance(live.ontology, Unreadable) or _choices(base.content) != _choices(live.ontology):
            found[ONTOLOGY] = known.base(ONTOLOGY)
    return {unit: base for unit, base in found.items() if base != _NO_BASE}


def _choices(ontology: Ontology | None) -> tuple[Choice, ...]:
    return ontology.choices if ontology is not None else ()


def base_hash(
    change: ProjectChange,
    live: LiveProject | None,
    earlier: RecordedProject | None,
    left: Mapping[str, int | None],
) -> str | None:
    """The hash of the choices that are the ontology's base after an apply; None if they cannot be read.

    `live` is as in `left_drifting`, whose result is `left`; `earlier` is the record's entry before the apply.
    """
    if ONTOLOGY in left:
        known = earlier is not None and earlier.written and earlier.base(ONTOLOGY) == left[ONTOLOGY]
        if known and earlier is not None and earlier.ontology_hash is not None:
            return earlier.ontology_hash
        if left[ONTOLOGY] != change.expected.ontology_version:
            return None
    if live is not None and ONTOLOGY not in left:
        return content_hash(live.ontology) if isinstance(live.ontology, Ontology) else None
    return _hash_of(change.before.ontology) if change.before is not None else change.expected.ontology_hash


def with_ontology_hashes(plan: Plan) -> Plan:
    """The plan with the hashes of all live ontologies. A saved plan has only these for unchanged projects."""
    return replace(
        plan,
        changes=tuple(
            replace(change, expected=replace(change.expected, ontology_hash=_hash_of(change.before.ontology)))
            if change.action is Action.NO_OP and change.before is not None
            else change
            for change in plan.changes
        ),
    )


def _hash_of(ontology: Sequence[Json] | None) -> str | None:
    """The hash of choices in the shortest spelling. None if there is no ontology."""
    return content_hash(list(ontology)) if ontology is not None else None


def _find(history: tuple[Version, ...], number: int | None) -> Version | None:
    """The version with this number. If it is None, there was no version yet, so one without content is returned."""
    if number is None:
        return Version(-1, None, {})
    return next((version for version in history if version.number == number), None)


def origin_of(live: LiveProject, unit: str) -> tuple[int, datetime | None] | None:
    """The version since which a unit has had its live value, and the time of that version.

    None if no version has the unit, or if the snapshot does not show the version.
    """
    if live.origins is not None and unit in live.origins:
        return live.origins[unit]
    history = live.ontology_history if unit == ONTOLOGY else live.params_history
    found: Version | None = None
    for version in reversed(history):
        if found is not None and not equal(part_of(version, unit), part_of(history[-1], unit)):
            break
        found = version
    if found is None or (found is history[0] and part_of(found, unit) is ABSENT):
        return None
    if live.origins is not None and found is history[0] and found.number > 0:
        return None
    return found.number, found.at


def part_of(version: Version, unit: str) -> Json | Absent:
    """A version's value for a unit: the choices for the ontology, or the raw content if it cannot be read."""
    if isinstance(version.content, Ontology):
        return version.content.choices
    if not isinstance(version.content, Mapping):
        return version.content
    return version.content.get(parameter_in(unit), ABSENT)
