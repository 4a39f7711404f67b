"""Snapshots: live state saved without what is sensitive, and plans and drift from one. Nothing is written to Scale.

A plan from a snapshot is made with no key and no request, and shows what whoever wrote the snapshot says is live. What
it leads to is compared with live all the same, right before a write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity, warning
from reconciler.errors import GitRefusedError, UsageError
from reconciler.git.sources import read_commit
from reconciler.model.drift import Drift
from reconciler.model.plan import Plan
from reconciler.model.project import DesiredProject, LiveProject, Shown, UnreadableProject
from reconciler.model.record import Entries, Record
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.operations.drift import drift_in
from reconciler.operations.plan import (
    Account,
    Prepared,
    account_from,
    get_projects,
    planned_with,
    read_live,
    recognize,
    with_sources,
    with_warnings,
)
from reconciler.planning.cutting import cut, shows_base
from reconciler.planning.planner import Live, by_name, nameless
from reconciler.planning.sensitive import comparable, leave_out
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target
from reconciler.snapshot.stores import read_file, read_ref

PUBLISHED = "@"
"""The FILE of `--live FILE` that means the published snapshot."""


async def take(
    settings: Settings, target: Target, client: ScaleClient, *, record: Record, now: Callable[[], datetime]
) -> Snapshot:
    """Every project of the account as it is now. Sends one list; gets, where it leaves out what the record names.

    Raises:
        ScaleError: live state cannot be read.
    """
    taken_at = now()
    recorded = {name for _, section in record.at(target.endpoint) for name in section.projects}
    live = await read_live(client, sorted(recorded), few=False)
    account = await recognize(target, client, live, record)
    known = account.entries(record)
    hidden = [
        name
        for name, entry in known.items()
        if isinstance(project := live.projects.get(name), LiveProject) and not shows_base(project, entry)
    ]
    live = replace(live, projects={**live.projects, **await get_projects(client, hidden)})
    commit = None
    try:
        found = read_commit(settings.repo_root, [settings.manifests])
        commit = None if found.dirty else found.commit
    except GitRefusedError:
        pass  # it is told where git is needed
    return Snapshot(
        target=account.target,
        taken_at=taken_at,
        commit=commit,
        projects=tuple(
            _kept(project, settings, known)
            for _, project in sorted(live.projects.items(), key=lambda item: item[0])
            if isinstance(project, LiveProject)
        ),
        unreadable=tuple(project for project in live.listed if isinstance(project, UnreadableProject)),
    )


def _kept(project: LiveProject, settings: Settings, known: Entries) -> SnapshotProject:
    entry = known.get(project.name)
    rest, left_out = leave_out(project, settings.sensitive, known=entry)
    return SnapshotProject(cut(rest, entry), left_out)


def open_snapshot(settings: Settings, target: Target, file: str) -> tuple[Snapshot, Target]:
    """The snapshot of `--live FILE`, and the target as that one has it: its endpoint, which is never opened.

    Raises:
        SnapshotError: there is none, or it is damaged.
        UsageError: it is of another target.
        GitRefusedError: git refuses this repository.
    """
    snapshot = read_ref(settings.git_root, target.name, target.record) if file == PUBLISHED else read_file(Path(file))
    if snapshot.target.name != target.name:
        raise UsageError(
            f'the snapshot is of the target "{snapshot.target.name}", not of "{target.name}"',
            f"Name its target: --target {snapshot.target.name}",
        )
    return snapshot, replace(target, endpoint=snapshot.target.endpoint, sandbox=None)


def plan_from(
    settings: Settings,
    snapshot: Snapshot,
    prepared: Prepared,
    *,
    record: Record,
    pending: bool = False,
    allowed: Collection[str] = (),
    now: Callable[[], datetime],
) -> Plan:
    """The plan for what was prepared, by the snapshot. Says nothing of what is sensitive or was left out."""
    sides = _sides(settings, snapshot, prepared, record)
    made = planned_with(
        settings,
        sides.account,
        sides.live,
        sides.prepared,
        record=record,
        pending=pending,
        allowed=allowed,
        made_at=now(),
    )
    return with_sources(with_warnings(made, settings))


def drift_from(
    settings: Settings, snapshot: Snapshot, prepared: Prepared, *, record: Record, now: Callable[[], datetime]
) -> Drift:
    """What drifted of what was prepared, by the snapshot. Says nothing of what is sensitive or was left out."""
    sides = _sides(settings, snapshot, prepared, record)
    return drift_in(sides.account, sides.live, sides.prepared, record=record, made_at=now())


@dataclass(frozen=True, slots=True)
class _Sides:
    account: Account
    live: Live
    prepared: Prepared


def _sides(settings: Settings, snapshot: Snapshot, prepared: Prepared, record: Record) -> _Sides:
    whole = Live(by_name(saved.live for saved in snapshot.projects), whole=True)
    account = account_from(snapshot.target, whole, record)
    known = account.entries(record)
    left_out: dict[str, set[str]] = defaultdict(set)
    shown: list[Shown] = [*snapshot.unreadable]
    for saved in snapshot.projects:
        # What is sensitive by now may not have been when it was taken.
        rest, more = leave_out(saved.live, settings.sensitive, known=known.get(saved.live.name))
        left_out[rest.name].update(saved.left_out, more)
        shown.append(rest)
    projects = by_name(shown)
    desired: list[DesiredProject] = []
    uncompared = 0
    for project in prepared.desired:
        live = projects.get(project.name)
        if isinstance(live, LiveProject):
            both = comparable(project, live, left_out[project.name], settings.sensitive)
            project, projects[project.name] = both.desired, both.live
            uncompared += bool(both.uncompared)
        desired.append(project)
    notes = (*_not_compared(uncompared), *_outdated(snapshot, known))
    return _Sides(
        account,
        Live(projects, whole=True, snapshot_at=snapshot.taken_at, nameless=nameless(shown)),
        replace(prepared, desired=tuple(desired), diagnostics=(*prepared.diagnostics, *notes)),
    )


def _not_compared(projects: int) -> list[Diagnostic]:
    if not projects:
        return []
    of = "1 project" if projects == 1 else f"{projects:,} projects"
    return [
        Diagnostic(
            Severity.NOTE,
            "not-compared",
            f"sensitive values of {of} are not in the snapshot, and were not compared",
            detail="A plan of live state compares them.",
        )
    ]


def _outdated(snapshot: Snapshot, known: Entries) -> list[Diagnostic]:
    newest = max((entry.recorded_at for entry in known.values()), default="")
    taken = snapshot.taken_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    if newest <= taken:
        return []
    return [
        warning(
            "snapshot-outdated",
            f"the snapshot is older than the last apply ({newest})",
            detail="What that one wrote is not in it, and shows as a difference. "
            "Take a new one where the key is: reconciler snapshot --publish",
        )
    ]
