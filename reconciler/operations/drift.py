"""Drift: read the record, prepare the manifests, read live state, and compare. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from reconciler.fieldpath import parse_path
from reconciler.manifest.places import locate_all
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.model.record import Record
from reconciler.model.snapshot import Snapshot
from reconciler.operations.live import Account, read_live, recognize
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.operations.snapshot import read_saved
from reconciler.planning.drift import baseline_of, project_drift, renames
from reconciler.planning.live import Live, is_unmanaged, unmanaged_in
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target


def drift(session: Session, names: Sequence[str] = ()) -> Drift:
    """The drift of the projects that `names` select, or of all.

    Raises:
        RecordError, GitRefusedError: the record or the commit is unavailable.
        DiagnosedError: a selected manifest has an error, or there is no manifest.
        UsageError: a name matches nothing.
        ScaleError: live state cannot be read.
    """
    settings, target, now = session.settings, session.target, session.now
    record, notes = read_record(settings, target, session.environment, required=True)
    prepared = prepare(settings, names, target=target, record=record, needs_git=True)

    async def with_client() -> Drift:
        async with session.client() as client:
            return await drift_live(target, client, prepared, record=record, now=now)

    if session.snapshot is None:
        found = asyncio.run(with_client())
    else:
        found = drift_saved(settings, session.snapshot, prepared, record=record, now=now)
    return replace(found, diagnostics=(*notes, *found.diagnostics))


async def drift_live(
    target: Target, client: ScaleClient, prepared: Prepared, *, record: Record, now: Callable[[], datetime]
) -> Drift:
    """The drift of live state. Sends only reads: one list, or one get for each of a few selected projects.

    Raises:
        ScaleError: live state cannot be read.
    """
    live = await read_live(client, [project.name for project in prepared.desired], few=prepared.narrowed)
    account = await recognize(target, client, live, record)
    return _drift_in(account, live, prepared, record=record, made_at=now())


def drift_saved(
    settings: Settings, snapshot: Snapshot, prepared: Prepared, *, record: Record, now: Callable[[], datetime]
) -> Drift:
    """The drift of a snapshot. It says nothing about values that are sensitive or were left out."""
    account, live, prepared = read_saved(settings, snapshot, prepared, record)
    return _drift_in(account, live, prepared, record=record, made_at=now())


def _drift_in(account: Account, live: Live, prepared: Prepared, *, record: Record, made_at: datetime) -> Drift:
    """The drift of live state that was read. `made_at` is aware: ages are counted from it."""
    known = account.entries(record)
    vanished = [
        (project, known[project.name])
        for project in prepared.desired
        if live.projects.get(project.name) is None and project.name in known and known[project.name].written
    ]
    managed = {entry.name for entry in prepared.manifests.entries if entry.name is not None}
    others = sorted(
        (
            project
            for project in live.listed
            if isinstance(project, LiveProject) and is_unmanaged(project, managed, None)
        ),
        key=lambda project: project.name,
    )
    unmanaged, warnings = (
        unmanaged_in(live, managed, prepared.manifests.names) if live.whole and not prepared.narrowed else ((), ())
    )
    found = [
        project_drift(project, live.projects.get(project.name), known.get(project.name))
        for project in sorted(prepared.desired, key=lambda project: project.name)
    ]
    projects = [project for project in found if isinstance(project, ProjectDrift)]
    return Drift(
        target=account.target,
        made_at=made_at,
        baseline=baseline_of(account.of(record)),
        projects=_with_sources(projects, {project.name: project for project in prepared.desired}),
        blocked=tuple(project for project in found if isinstance(project, BlockedProject)),
        unmanaged=unmanaged,
        vanished=tuple(sorted(project.name for project, _ in vanished)),
        diagnostics=(*prepared.diagnostics, *renames(vanished, others if live.whole else ()), *warnings),
        live_count=len(live.listed) if live.whole else None,
        complete=not prepared.narrowed,
        snapshot_at=live.snapshot_at,
    )


def _with_sources(projects: list[ProjectDrift], desired: Mapping[str, DesiredProject]) -> tuple[ProjectDrift, ...]:
    """The projects with the line in git of each unit, or of the project if the manifest does not have the unit."""
    in_files = sorted((project for project in projects if project.units), key=lambda project: project.source.file)
    places = locate_all(
        (desired[project.name], {parse_path(unit.path) for unit in project.units}) for project in in_files
    )
    locations = {project.name: found for project, found in zip(in_files, places, strict=True)}
    return tuple(
        replace(
            project,
            units=tuple(
                replace(unit, source=Source(location.file, location.line))
                for unit in project.units
                for location in (locations[project.name][parse_path(unit.path)].location,)
            ),
        )
        for project in projects
    )
