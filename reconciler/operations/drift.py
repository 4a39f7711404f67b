"""Look for drift: read the record and live state, compare, say where in git each unit stands. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.fieldpath import parse_path
from reconciler.manifest.places import locate_all
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.model.record import Record
from reconciler.operations.plan import Account, Prepared, read_live, recognize
from reconciler.planning.drift import baseline_of, project_drift, renames
from reconciler.planning.planner import Live, is_unmanaged, unmanaged_in
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target


async def drift(
    settings: Settings,
    target: Target,
    client: ScaleClient,
    prepared: Prepared,
    *,
    record: Record,
    now: Callable[[], datetime],
) -> Drift:
    """What drifted of what was prepared. Sends reads alone: one list, or a get for each of a few selected projects.

    Raises:
        ScaleError: live state cannot be read.
    """
    live = await read_live(client, [project.name for project in prepared.desired], few=prepared.narrowed)
    account = await recognize(target, client, live, record)
    return drift_in(account, live, prepared, record=record, made_at=now())


def drift_in(account: Account, live: Live, prepared: Prepared, *, record: Record, made_at: datetime) -> Drift:
    """What drifted, by live state that was read. `made_at` is aware: ages are counted from it."""
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
    """The projects with the line in git of each unit; that of the project where the manifest does not have it."""
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
