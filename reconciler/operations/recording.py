"""What an apply writes into the record: what it is about to do, and what became of it."""

from __future__ import annotations

import os.path
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.diagnostics import Diagnostic, warning
from reconciler.errors import GitRefusedError, RecordError
from reconciler.fieldpath import format_path
from reconciler.model.outcome import CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Plan, ProjectChange
from reconciler.model.record import Record, RecordedProject, Section
from reconciler.planning.classes import base_hash, intended_by, left_drifting
from reconciler.planning.guards import value_hash
from reconciler.record.merging import Changes
from reconciler.record.stores import LOCAL, RecordStore, open_record
from reconciler.settings import Settings, Target


def read_record(
    settings: Settings, target: Target, environment: Mapping[str, str], *, required: bool = False
) -> tuple[Record, tuple[Diagnostic, ...]]:
    """The record as a plan reads it, and what is to be said of it. No ref and no file is written.

    A record that cannot be had is a warning here: every difference is then of class unknown. Where it is `required`, it
    is what it is: RecordError or GitRefusedError.
    """
    try:
        store = open_record(settings.base, target.name, target.record, read_only=True)
        return store.read(), _notes(store, target, environment)
    except (RecordError, GitRefusedError) as problem:
        if required:
            raise
        return Record(), (warning(problem.code, problem.summary, detail=problem.detail),)


def open_recorder(
    settings: Settings, target: Target, environment: Mapping[str, str]
) -> tuple[Recorder, tuple[Diagnostic, ...]]:
    """The record as an apply keeps it, and what is to be said of it.

    Raises:
        RecordError, GitRefusedError: it cannot be had. Then nothing may be written.
    """
    store = open_record(settings.base, target.name, target.record)
    return Recorder(settings, target, store), _notes(store, target, environment)


def _notes(store: RecordStore, target: Target, environment: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    notes = []
    if environment.get("CI") and target.record == LOCAL:
        detail = (
            "CI throws its clone away, and the record with it: the next run cannot tell drift from what git changed. "
            f'Set record = "origin" for the target "{target.name}" in reconciler.toml.'
        )
        notes.append(warning("local-record", "the record of applies is kept in this clone alone", detail=detail))
    if (hint := store.missing_hint()) is not None:
        notes.append(warning("no-record", "this clone has no record of earlier applies", detail=hint))
    return tuple(notes)


class Recorder:
    """The record of one apply: read before the plan, written ahead, and written once more at the end."""

    def __init__(self, settings: Settings, target: Target, store: RecordStore) -> None:
        self._base = settings.base
        self._endpoint = target.endpoint
        self._store = store
        self.record = store.read()

    def announce(self, plan: Plan, now: datetime) -> None:
        """Record what is intended, before the first write.

        Raises:
            RecordError: it cannot be recorded; then nothing may be written.
        """
        writing = [change for change in plan.changes if change.writes]
        if not writing:
            return
        known = self._known(plan)
        entries = {change.name: self._intention(change, known.get(change.name), now) for change in writing}
        names = ", ".join(f"{change.name} ({_calls(change)})" for change in writing[:20])
        more = f" and {len(writing) - 20} more" if len(writing) > 20 else ""
        self._write(plan, entries, frozenset(), f"intend: {names}{more}", now, keep=False)

    def conclude(self, plan: Plan, outcome: Outcome, now: datetime) -> None:
        """Record what became of it.

        Raises:
            RecordError: it cannot be recorded. What was announced still makes it known as ours.
        """
        known = self._known(plan)
        entries: dict[str, RecordedProject] = {}
        forgotten: set[str] = set()
        for change, project in zip(plan.changes, outcome.projects, strict=True):
            before = known.get(change.name)
            after = self._entry(change, project, before, plan, now)
            if project.status is Status.FORGOTTEN or (after is None and change.writes):
                forgotten.add(change.name)
            elif after is not None and (change.writes or before is None or not _same(before, after)):
                entries[change.name] = after
        if entries or forgotten:
            self._write(plan, entries, frozenset(forgotten), _message(outcome), now)

    def _known(self, plan: Plan) -> Section:
        return self.record.section(self._endpoint, plan.target.account)

    def _intention(self, change: ProjectChange, before: RecordedProject | None, now: datetime) -> RecordedProject:
        entry = change.base or before or RecordedProject(self._file(change), written=False)
        return replace(entry, recorded_at=_stamp(now), intended=intended_by(change))

    def _entry(
        self,
        change: ProjectChange,
        project: ProjectOutcome,
        before: RecordedProject | None,
        plan: Plan,
        now: datetime,
    ) -> RecordedProject | None:
        """The entry of a project after the run; None where it has none to be made, and keeps what it had before."""
        if project.status in (Status.DONE, Status.UNCHANGED) or project.not_kept:
            earlier = change.base or before
            older = left_drifting(change, project.live, earlier)
            return RecordedProject(
                file=self._file(change),
                params_version=project.params_version,
                ontology_version=project.ontology_version,
                commit=None if plan.commit.dirty else plan.commit.commit,
                recorded_at=_stamp(now),
                older=older,
                not_kept={format_path(field.path): value_hash(field.after) for field in project.not_kept},
                ontology_hash=base_hash(change, project.live, earlier, older),
            )
        if not change.writes:
            return None
        if any(call.result in (CallResult.LANDED, CallResult.UNCLEAR) for call in project.calls):
            # What was announced stays: it tells the next run which versions are ours.
            return self._intention(change, before, now)
        return replace(before, recorded_at=_stamp(now)) if before is not None else None

    def _file(self, change: ProjectChange) -> str:
        return Path(os.path.relpath(change.source.file, self._base)).as_posix()

    def _write(
        self,
        plan: Plan,
        entries: dict[str, RecordedProject],
        forgotten: frozenset[str],
        message: str,
        now: datetime,
        *,
        keep: bool = True,
    ) -> None:
        commit = f"\n\nManifests at {plan.commit.commit}" if plan.commit.commit else ""
        dirty = ", with uncommitted changes" if plan.commit.commit and plan.commit.dirty else ""
        changes = Changes(
            endpoint=self._endpoint,
            account=plan.target.account,
            entries=entries,
            forgotten=forgotten,
            at=_stamp(now),
        )
        self._store.write(changes, f"{message}{commit}{dirty}\n", keep=keep)


def _same(before: RecordedProject, after: RecordedProject) -> bool:
    """Whether they say the same but for the time."""
    return replace(before, recorded_at="") == replace(after, recorded_at="")


def _calls(change: ProjectChange) -> str:
    return " and ".join(call.kind.value for call in change.calls)


def _message(outcome: Outcome) -> str:
    summary = outcome.summary
    said = f"apply: {summary.added} added, {summary.changed} changed"
    more = "".join(
        f", {number} {word}"
        for number, word in (
            (summary.forgotten, "forgotten"),
            (summary.failed, "failed"),
            (summary.skipped, "skipped"),
            (summary.not_started, "not started"),
        )
        if number
    )
    lines = list(_lines(outcome))
    return said + more + ("\n\n" + "\n".join(lines) if lines else "")


def _lines(outcome: Outcome) -> Iterator[str]:
    for project in outcome.projects:
        if project.status not in (Status.UNCHANGED, Status.PROTECTED):
            yield f"{project.name}: {project.status.value}" + (f" ({project.reason})" if project.reason else "")


def _stamp(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
