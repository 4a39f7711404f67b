"""Look for drift: read the record and live state, compare, say where in git each unit stands. Writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from reconciler.fieldpath import parse_path
from reconciler.manifest.places import locate_all
from reconciler.model.drift import Drift, ProjectDrift
from reconciler.model.project import DesiredProject, Source
from reconciler.model.record import Record
from reconciler.operations.plan import Account, Prepared, read_live, recognize
from reconciler.planning.drift import baseline_of, project_drift, renames
from reconciler.planning.planner import Live, is_unmanaged
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
    there = [project for project in live.projects.values() if project is not None]
    unmanaged = sorted(
        (project for project in there if live.whole and is_unmanaged(project, managed, None)),
        key=lambda project: project.name,
    )
    own_names = prepared.manifests.names
    projects = [
        project_drift(project, live.projects.get(project.name), known.get(project.name))
        for project in sorted(prepared.desired, key=lambda project: project.name)
    ]
    return Drift(
        target=account.target,
        made_at=made_at,
        baseline=baseline_of(account.of(record)),
        projects=_with_sources(projects, {project.name: project for project in prepared.desired}),
        unmanaged=()
        if prepared.narrowed
        else tuple(project.name for project in unmanaged if is_unmanaged(project, managed, own_names)),
        vanished=tuple(sorted(project.name for project, _ in vanished)),
        diagnostics=(*prepared.diagnostics, *renames(vanished, unmanaged)),
        live_count=len(there) if live.whole else None,
        complete=not prepared.narrowed,
        snapshot_at=live.snapshot_at,
    )


def _with_sources(projects: list[ProjectDrift], desired: Mapping[str, DesiredProject]) -> tuple[ProjectDrift, ...]:
    """The projects with the line in git of each unit; that of the project where the manifest does not have it."""
    in_files = sorted((project for project in projects if project.units), key=lambda project: project.source.file)
    places = locate_all(
        (desired[project.name], {parse_path(unit.path) for unit in project.units}) for project in in_files
    )
    spans = {project.name: found for project, found in zip(in_files, places, strict=True)}
    return tuple(
        replace(
            project,
            units=tuple(
                replace(unit, source=Source(span.file, span.line))
                for unit in project.units
                for span in (spans[project.name][parse_path(unit.path)].span,)
            ),
        )
        for project in projects
    )
