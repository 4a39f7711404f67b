"""Snapshots: live state saved without sensitive values, and read again for plans and drift without a key.

A snapshot shows what its author claims to be live. A plan from it is compared with live state before any write.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Remedy, Severity, warning
from reconciler.documents.snapshot import KIND, write_snapshot_file
from reconciler.errors import GitRefusedError
from reconciler.forge.github.login import git_login
from reconciler.frozen import dataclass
from reconciler.git.sources import read_commit
from reconciler.instants import to_the_second
from reconciler.model.project import DesiredProject, LiveProject, Shown, UnreadableProject
from reconciler.model.record import Entries, Record
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.operations.live import Account, account_from, get_projects, read_account
from reconciler.operations.preparing import Prepared
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.planning.cutting import cut, shows_base
from reconciler.planning.live import Live, by_name, nameless
from reconciler.planning.sensitive import comparable, leave_out
from reconciler.record import snapshots
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """A saved snapshot, and where it is. `newer` means that a newer published snapshot was kept instead."""

    snapshot: Snapshot
    place: str
    newer: bool
    notes: tuple[Diagnostic, ...]


def save_snapshot(session: Session, out: str | None) -> SavedSnapshot:
    """Save the account's live state in the file `out`. If that is None, publish it in the target's git ref.

    Raises:
        SnapshotError: the file or the ref cannot be written.
        ScaleError: live state cannot be read.
    """
    settings, target = session.settings, session.target
    if out is not None:
        KIND.check_place(Path(out), settings.manifests)
        kept = None
    else:
        login = git_login(session.environment)
        kept = snapshots.open_snapshot(settings.git_root, target.name, target.record, login=login, below=target.refs)
    record, notes = read_record(session)
    snapshot = session.ask(lambda client: take(session, client, record))
    if kept is not None:
        published = snapshots.publish(kept, snapshot, now=session.now)
        return SavedSnapshot(snapshot, f"{kept.name}{kept.where}", newer=not published, notes=notes)
    assert out is not None
    write_snapshot_file(snapshot, Path(out))
    return SavedSnapshot(snapshot, out, newer=False, notes=notes)


async def take(session: Session, client: ScaleClient, record: Record) -> Snapshot:
    """Every project of the account as it is now. Sends one list, and a get if the list lacks a recorded version.

    Raises:
        ScaleError: live state cannot be read.
    """
    settings, target = session.settings, session.target
    taken_at = session.now()
    recorded = {name for _, section in record.at(target.endpoint) for name in section.projects}
    account, live = await read_account(session, client, sorted(recorded), record, few=False)
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
        pass  # other commands report it
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


def read_saved(settings: Settings, snapshot: Snapshot, prepared: Prepared) -> tuple[Account, Live, Prepared]:
    """The account and live state of a snapshot, and the prepared manifests without values that are not in it."""
    whole = Live(by_name(saved.live for saved in snapshot.projects), whole=True)
    account = account_from(snapshot.target, whole, prepared.record)
    known = account.entries(prepared.record)
    left_out: dict[str, set[str]] = defaultdict(set)
    shown: list[Shown] = [*snapshot.unreadable]
    for saved in snapshot.projects:
        # More may be sensitive now than when the snapshot was taken.
        rest, more = leave_out(saved.live, settings.sensitive, known=known.get(saved.live.name))
        left_out[rest.name].update(saved.left_out, more)
        shown.append(rest)
    projects = by_name(shown)
    desired: list[DesiredProject] = []
    uncompared = 0
    for project in prepared.declared.projects:
        live = projects.get(project.name)
        if isinstance(live, LiveProject):
            both = comparable(project, live, left_out[project.name], settings.sensitive)
            project, projects[project.name] = both.desired, both.live
            uncompared += bool(both.uncompared)
        desired.append(project)
    notes = (*prepared.declared.diagnostics, *_not_compared(uncompared), *_outdated(snapshot, known))
    return (
        account,
        Live(projects, whole=True, snapshot_at=snapshot.taken_at, nameless=nameless(shown)),
        replace(prepared, declared=replace(prepared.declared, projects=desired, diagnostics=notes)),
    )


def _not_compared(projects: int) -> list[Diagnostic]:
    if not projects:
        return []
    of = "1 project" if projects == 1 else f"{projects:,} projects"
    return [
        Diagnostic(
            Severity.NOTE,
            "not-compared",
            f"sensitive values of {of} were not compared",
            detail="A snapshot does not contain sensitive values. To compare them, run the command without --live.",
        )
    ]


def _outdated(snapshot: Snapshot, known: Entries) -> list[Diagnostic]:
    newest = max((entry.recorded_at for entry in known.values()), default="")
    taken = to_the_second(snapshot.taken_at)
    if newest <= taken:
        return []
    return [
        warning(
            "snapshot-outdated",
            f"the snapshot is older than the last apply ({newest})",
            detail="The snapshot does not show what changed after it was taken, so some differences might be gone.",
            remedies=(Remedy("Take a new snapshot where the API key is available:", ("snapshot", "--publish")),),
        )
    ]
