"""What a run writes into its section, merged with what other runs have written there in the meantime. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from itertools import compress

from reconciler.frozen import dataclass
from reconciler.instants import moment_of
from reconciler.model.record import ONTOLOGY, Entries, Intended, RecordedProject, Run, Section


@dataclass(frozen=True, slots=True)
class Changes:
    """What one run records at its end.

    `forgotten` are names that leave the record, as of `at` (RFC 3339 in UTC). `unsent` are projects that the run
    intended and to which it sent nothing. `commit` is the one that the run completed, None if it completed none.
    """

    run: str
    at: str
    entries: Entries = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    commit: str | None = None


def intend(section: Section, run: Run, intents: Entries, alive: Collection[str]) -> Section:
    """The section with a run and its intents. `intents` are projects as they are known only from this run's intents.

    Of the other runs, only those that are `alive` are kept. Projects keep the intents of all runs.
    """
    projects = dict(section.projects)
    for name, project in intents.items():
        there = projects.get(name)
        projects[name] = project if there is None else replace(there, intents=_with(there.intents, project.intents))
    runs = {one.id: one for one in section.runs.values() if one.id in alive}
    return replace(section, projects=projects, runs={**runs, run.id: run})


def conclude(section: Section, changes: Changes, alive: Collection[str], seen: Entries) -> Section:
    """The section after a run, without the run and with its entries.

    Entering a project drops its intents, except those of other runs that are `alive`, and those whose writes may be
    newer than the entry. Of the existing entry and the new one, the higher version is kept, for params and ontology
    each; if they are equal, that of the later entry. If the two may be about different projects with the same name, the
    new entry is kept, unless another run has changed the entry since `seen`, the entries that this run started from. A
    forgotten project is kept if another run has entered it since.
    """
    others = frozenset(alive) - {changes.run}
    projects: dict[str, RecordedProject] = {}
    for name in section.projects.keys() | changes.entries.keys():
        there, ours = section.projects.get(name), changes.entries.get(name)
        intents = there.intents if there is not None else ()
        if ours is not None:
            entered = ours
            if there is not None and there.written:
                known = there.created_at is not None and there.created_at == ours.created_at
                entered = _joined(there, ours) if known or not _is_same(there, seen.get(name)) else ours
            open_ = (one.run in others or (one.run != changes.run and follows(one, ours)) for one in intents)
            projects[name] = replace(entered, intents=tuple(compress(intents, open_)))
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


def follows(intent: Intended, entry: RecordedProject) -> bool:
    """Whether a write of this intent would make a later version than the entry knows: it may still land."""
    params = intent.params_hash is not None and _number(intent.params_version) >= _number(entry.params_version)
    ontology = intent.ontology_hash is not None and _number(intent.ontology_version) >= _number(entry.ontology_version)
    return params or ontology


def _with(intents: tuple[Intended, ...], more: tuple[Intended, ...]) -> tuple[Intended, ...]:
    """Earlier intents, of which equal ones are merged, and a run's own, which may be dropped again."""
    different = {_content(intent): intent for intent in intents}
    return (*different.values(), *more)


def _content(intent: Intended) -> tuple[object, ...]:
    versions = (intent.params_version, intent.ontology_version, intent.params_hash, intent.ontology_hash)
    return (*versions, *sorted(intent.older.items()))


def _of(intents: tuple[Intended, ...], runs: Collection[str]) -> tuple[Intended, ...]:
    return tuple(intent for intent in intents if intent.run in runs)


def _is_forgotten(there: RecordedProject, seen: RecordedProject | None, at: str) -> bool:
    return _is_same(there, seen) or moment_of(there.recorded_at) <= moment_of(at)


def _is_same(there: RecordedProject, seen: RecordedProject | None) -> bool:
    return seen is not None and replace(there, intents=seen.intents) == seen


def _joined(theirs: RecordedProject, ours: RecordedProject) -> RecordedProject:
    """The higher version of each part, and the higher base of each unit, of two entries.

    A base changes only when an apply has written the unit or found it equal. A run that names a lower base read the
    record before that.
    """
    later = ours if moment_of(ours.recorded_at) >= moment_of(theirs.recorded_at) else theirs
    if not theirs.is_of(ours.created_at):
        return later

    def is_ahead(one: int | None, other: int | None, entry: RecordedProject) -> tuple[int, int, bool]:
        return _number(one), _number(other), entry is later

    params = max(theirs, ours, key=lambda entry: is_ahead(entry.params_version, entry.ontology_version, entry))
    ontology = max(theirs, ours, key=lambda entry: is_ahead(entry.ontology_version, entry.params_version, entry))
    based = max(theirs, ours, key=lambda entry: (_number(entry.base(ONTOLOGY)), entry is ontology))
    joined = replace(
        params if params is ontology else later,
        params_version=params.params_version,
        ontology_version=ontology.ontology_version,
        ontology_hash=based.ontology_hash,
        commit=params.commit if params is ontology or params.commit == ontology.commit else None,
        older={},
        not_kept={**_of_params(params.not_kept), **_of_ontology(ontology.not_kept)},
    )
    older: dict[str, int | None] = {}
    for unit in {**theirs.older, **ours.older}:
        base = max((entry.base(unit) for entry in (theirs, ours)), key=_number)
        if base != joined.base(unit):
            older[unit] = base
    return replace(joined, older=older)


def _number(version: int | None) -> int:
    return -1 if version is None else version


def _of_params(paths: Mapping[str, str]) -> dict[str, str]:
    return {path: value for path, value in paths.items() if not path.startswith(ONTOLOGY)}


def _of_ontology(paths: Mapping[str, str]) -> dict[str, str]:
    return {path: value for path, value in paths.items() if path.startswith(ONTOLOGY)}
