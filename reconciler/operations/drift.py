"""Drift: read the record, prepare the manifests, read live state, and compare. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.fieldpath import parse_path
from reconciler.manifest.places import locate
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.model.snapshot import Snapshot
from reconciler.operations.live import Account, not_importable, read_account
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.operations.snapshot import read_saved
from reconciler.planning.drift import baseline_of, project_drift, renames, undeclared_in
from reconciler.planning.live import Live, is_unmanaged, unmanaged_in
from reconciler.scale.client import ScaleClient


def drift(session: Session, names: Sequence[str] = ()) -> Drift:
    """The drift of the projects that `names` select, or of all.

    Raises:
        RecordError, GitRefusedError: the record or the commit is unavailable.
        DiagnosedError: a selected manifest has an error, or there is no manifest.
        UsageError: a name matches nothing.
        ScaleError: live state cannot be read.
    """
    prepared = prepare(session, names, read_record(session, required=True), needs_git=True)
    if session.snapshot is not None:
        return drift_saved(session, session.snapshot, prepared)
    return session.ask(lambda client: drift_live(session, client, prepared))


async def drift_live(session: Session, client: ScaleClient, prepared: Prepared) -> Drift:
    """The drift of live state. Only reads: one list, or one get for each of a few selected projects.

    Raises:
        ScaleError: live state cannot be read.
    """
    names = [project.name for project in prepared.declared.projects]
    few = not prepared.declared.complete
    account, live = await read_account(session, client, names, prepared.record, few=few)
    return _drift_in(session, account, live, prepared)


def drift_saved(session: Session, snapshot: Snapshot, prepared: Prepared) -> Drift:
    """The drift of a snapshot. Values that are sensitive or were left out are not compared."""
    return _drift_in(session, *read_saved(session.settings, snapshot, prepared))


def _drift_in(session: Session, account: Account, live: Live, prepared: Prepared) -> Drift:
    """The drift of live state that was read."""
    declared, section = prepared.declared, account.of(prepared.record)
    known = section.projects
    behind = prepared.check.behind(declared.commit, section) if prepared.check is not None else None
    notes = (prepared.check.note(behind),) if prepared.check is not None and behind is not None else ()
    vanished = [
        (project, known[project.name])
        for project in declared.projects
        if live.projects.get(project.name) is None and project.name in known and known[project.name].written
    ]
    others = sorted(
        (
            project
            for project in live.listed
            if isinstance(project, LiveProject) and is_unmanaged(project, declared.managed, None)
        ),
        key=lambda project: project.name,
    )
    unmanaged, warnings = (
        unmanaged_in(live, declared.managed, declared.own_names) if live.whole and declared.complete else ((), ())
    )
    found = [
        project_drift(project, live.projects.get(project.name), known.get(project.name))
        for project in sorted(declared.projects, key=lambda project: project.name)
    ]
    projects = [project for project in found if isinstance(project, ProjectDrift)]
    checked = {project.name for project in declared.projects} if not declared.complete else set()
    unchecked = {*declared.managed, *declared.undeclared} - checked if not declared.complete else set()
    return Drift(
        target=account.target,
        made_at=session.now(),
        baseline=baseline_of(section),
        projects=_with_sources(projects, {project.name: project for project in declared.projects}),
        blocked=tuple(project for project in found if isinstance(project, BlockedProject)),
        unmanaged=unmanaged,
        undeclared=undeclared_in(unmanaged, known, declared.managed, declared.undeclared),
        vanished=tuple(sorted(project.name for project, _ in vanished)),
        diagnostics=(*declared.diagnostics, *notes, *renames(vanished, others if live.whole else ()), *warnings),
        live_count=len(live.listed) if live.whole else None,
        complete=declared.complete,
        snapshot_at=live.snapshot_at,
        checked=tuple(sorted(checked)),
        unchecked=tuple(sorted(unchecked)),
        not_importable=not_importable(live, unmanaged),
    )


def _with_sources(projects: list[ProjectDrift], desired: Mapping[str, DesiredProject]) -> tuple[ProjectDrift, ...]:
    """The projects. Each unit has its line in git, or the project's line if the manifest does not have the unit."""
    return tuple(with_source(project, desired[project.name]) if project.units else project for project in projects)


def with_source(project: ProjectDrift, desired: DesiredProject) -> ProjectDrift:
    paths = [parse_path(unit.path) for unit in project.units]
    places = locate(desired, paths)
    units = zip(project.units, paths, strict=True)
    return replace(project, units=tuple(replace(unit, source=places[path].source) for unit, path in units))
