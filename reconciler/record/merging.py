"""What a run writes into its section, laid over what other runs have written there in the meantime. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from reconciler.model.record import Entries, Intended, RecordedProject, Run, Section

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Changes:
    """What one run has to record at its end.

    `forgotten` are names that leave the record, as of `at` (RFC 3339 in UTC). `unsent` are projects that the run
    intended and to which it sent nothing. `commit` is one that the run completed, None if it completed none.
    """

    run: str
    at: str
    entries: Entries = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    commit: str | None = None


def intend(section: Section, run: Run, intents: Entries, alive: Collection[str]) -> Section:
    """The section with a run and its intents. `intents` are projects as known from this run's intents alone.

    Of the other runs only those that are `alive` stay; the intents of the others stay with their projects.
    """
    projects = dict(section.projects)
    for name, project in intents.items():
        there = projects.get(name)
        projects[name] = project if there is None else replace(there, intents=_with(there.intents, project.intents))
    runs = {one.id: one for one in section.runs.values() if one.id in alive}
    return replace(section, projects=projects, runs={**runs, run.id: run})


def conclude(section: Section, changes: Changes, alive: Collection[str], seen: Entries) -> Section:
    """The section after a run: the run is gone from it, and its entries are in.

    Entering a project drops the intents of it, except those of other runs that are `alive`. If another run has changed
    an entry since `seen`, the entries that this run started from, the higher version stays, at equal versions the later
    one; if one has the higher version of params and the other of the ontology, each gives that part. A forgotten name
    stays if another run has entered it since.
    """
    others = frozenset(alive) - {changes.run}
    projects: dict[str, RecordedProject] = {}
    for name in section.projects.keys() | changes.entries.keys():
        there, ours = section.projects.get(name), changes.entries.get(name)
        intents = there.intents if there is not None else ()
        if ours is not None:
            moved = there is not None and there.written and not _is_same(there, seen.get(name))
            entered = _joined(there, ours) if there is not None and moved else ours
            projects[name] = replace(entered, intents=_of(intents, others))
        elif there is not None and name in changes.forgotten and _is_forgotten(there, seen.get(name), changes.at):
            if kept := _of(intents, others):
                projects[name] = RecordedProject(there.file, recorded_at=there.recorded_at, intents=kept, written=False)
        elif there is not None:
            if name in changes.unsent:
                intents = tuple(intent for intent in intents if intent.run != changes.run)
            if there.written or intents:
                projects[name] = replace(there, intents=intents)
    runs = {one.id: one for one in section.runs.values() if one.id in others}
    section = replace(section, projects=projects, runs=runs)
    if changes.commit is None or changes.commit == section.commit:
        return section
    return replace(section, commit=changes.commit, completed_at=changes.at)


def _with(intents: tuple[Intended, ...], more: tuple[Intended, ...]) -> tuple[Intended, ...]:
    """Intents and later ones; one that a later one repeats is not kept twice."""
    repeated = {_content(intent) for intent in more}
    return (*(intent for intent in intents if _content(intent) not in repeated), *more)


def _content(intent: Intended) -> tuple[object, ...]:
    versions = (intent.params_version, intent.ontology_version, intent.params_hash, intent.ontology_hash)
    return (*versions, *sorted(intent.older.items()))


def _of(intents: tuple[Intended, ...], runs: Collection[str]) -> tuple[Intended, ...]:
    return tuple(intent for intent in intents if intent.run in runs)


def _is_forgotten(there: RecordedProject, seen: RecordedProject | None, at: str) -> bool:
    return _is_same(there, seen) or _moment(there.recorded_at) <= _moment(at)


def _is_same(there: RecordedProject, seen: RecordedProject | None) -> bool:
    return seen is not None and replace(there, intents=seen.intents) == seen


def _joined(theirs: RecordedProject, ours: RecordedProject) -> RecordedProject:
    later = ours if _moment(ours.recorded_at) >= _moment(theirs.recorded_at) else theirs
    if None not in (theirs.created_at, ours.created_at) and theirs.created_at != ours.created_at:
        return later

    def ahead(one: RecordedProject, other: RecordedProject) -> tuple[bool, bool]:
        return (
            _number(one.params_version) > _number(other.params_version),
            _number(one.ontology_version) > _number(other.ontology_version),
        )

    our_params, our_ontology = ahead(ours, theirs)
    their_params, their_ontology = ahead(theirs, ours)
    if not (our_params or our_ontology):
        return theirs if their_params or their_ontology else later
    if not (their_params or their_ontology):
        return ours
    params, ontology = (ours, theirs) if our_params else (theirs, ours)
    return replace(
        later,
        params_version=params.params_version,
        ontology_version=ontology.ontology_version,
        ontology_hash=ontology.ontology_hash,
        commit=ours.commit if ours.commit == theirs.commit else None,
        older={**_of_params(params.older), **_of_ontology(ontology.older)},
        not_kept={**_of_params(params.not_kept), **_of_ontology(ontology.not_kept)},
    )


def _number(version: int | None) -> int:
    return -1 if version is None else version


def _of_params(places: Mapping[str, Value]) -> dict[str, Value]:
    return {place: value for place, value in places.items() if not place.startswith("ontology")}


def _of_ontology(places: Mapping[str, Value]) -> dict[str, Value]:
    return {place: value for place, value in places.items() if place.startswith("ontology")}


def _moment(text: str) -> datetime:
    """A text that is not a time is earlier than every time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
