"""Where snapshots are kept: a file of one's own, or the git ref `refs/reconciler/snapshot/TARGET`.

The ref stands on one commit without a parent that holds one file; each snapshot takes the place of the one before, so
that no older one stays in reach. Reading writes no ref: objects are fetched alone.
"""

from __future__ import annotations

import random
import shlex
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler import git
from reconciler.errors import GitRefusedError, SnapshotError
from reconciler.files import read_named, write_whole
from reconciler.model.snapshot import Snapshot
from reconciler.snapshot.text import MOST_BYTES, check_size, decode, encode

LOCAL: Final = "local"
"""The name of the place that is no remote: this clone."""

_FILE: Final = "snapshot.json"
_ATTEMPTS: Final = 5
_AHEAD: Final = timedelta(minutes=5)
"""So much may clocks differ. What claims to be later still is no reason to keep it."""


def ref_name(target: str) -> str:
    """The ref of a target's snapshot."""
    return f"refs/reconciler/snapshot/{git.ref_part(target)}"


def write_file(snapshot: Snapshot, file: Path) -> None:
    """Save it, mode 0600, all of it or nothing.

    Raises:
        SnapshotError: the file cannot be written, or the snapshot is too large.
    """
    content = encode(snapshot)
    try:
        write_whole(content, file)
    except OSError as problem:
        raise SnapshotError(f"the snapshot cannot be saved as {file}: {problem.strerror}") from None


def read_file(file: Path) -> Snapshot:
    """The snapshot of a file.

    Raises:
        SnapshotError: it cannot be read, or is none.
    """
    try:
        content = read_named(file, MOST_BYTES)
    except OSError as problem:
        raise SnapshotError(
            f"the snapshot {file} cannot be read: {problem.strerror}",
            "Save one with: reconciler snapshot --out FILE. To read the published one: --live @",
        ) from None
    return decode(content, place=f"the snapshot {file}")


def check_publishable(root: Path, target: str, remote: str) -> None:
    """See that there is a repository, and the remote that the target's record is kept on.

    Raises:
        SnapshotError: there is not.
        GitRefusedError: git refuses this repository.
    """
    if not git.is_repository(root):
        raise SnapshotError(
            f"the snapshot of {target} is kept in a git ref, and this is no git repository",
            "Work in a clone, with git installed, or use a file: reconciler snapshot --out FILE, --live FILE",
        )
    if remote != LOCAL and remote not in git.remotes(root):
        raise SnapshotError(
            f"the snapshot of {target} is kept on the git remote {remote}, and this repository has no such remote",
            f"Add it: git remote add {shlex.quote(remote)} URL",
        )


def publish(
    root: Path,
    target: str,
    remote: str,
    snapshot: Snapshot,
    *,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> bool:
    """Put it in the target's ref, in place of what is there; False where a later one is, which is kept.

    `remote` is `local` or the git remote that the ref is pushed to. One that claims a time to come is replaced.

    Raises:
        SnapshotError: it is too large, or cannot be published.
        GitRefusedError: git refuses this repository.
    """
    check_publishable(root, target, remote)
    ref, content = ref_name(target), encode(snapshot)
    message = f"snapshot: {snapshot.live_count} projects at {snapshot.taken_at:%Y-%m-%dT%H:%M:%SZ}\n"
    commit: str | None = None
    for attempt in range(_ATTEMPTS):
        if attempt:
            sleep(0.1 + 0.9 * draw())
        there = _there(root, target, remote, "published")
        if there is not None and _is_later(root, there, snapshot, now()):
            return False
        commit = commit or git.commit_file(root, _FILE, content, None, message)
        if _moved(root, remote, commit, ref, there):
            return True
    where = "this clone" if remote == LOCAL else remote
    raise SnapshotError(
        f"the snapshot of {target} cannot be published: others were faster {_ATTEMPTS} times",
        f"Run it again when fewer runs write {ref} of {where}.",
    )


def read_ref(root: Path, target: str, remote: str) -> Snapshot:
    """The target's published snapshot.

    Raises:
        SnapshotError: there is none, it cannot be fetched, or is damaged.
        GitRefusedError: git refuses this repository.
    """
    check_publishable(root, target, remote)
    commit = _there(root, target, remote, "fetched")
    if commit is None:
        raise _missing(root, target, remote)
    return _at(root, commit, place=f"the snapshot of {target} ({ref_name(target)}, commit {commit[:12]})")


def _missing(root: Path, target: str, remote: str) -> SnapshotError:
    where = "in this clone" if remote == LOCAL else f"on {remote}"
    detail = "Publish one where the key is: reconciler snapshot --publish"
    if target != "sandbox":
        detail += f" --target {shlex.quote(target)}"
    if remote == LOCAL and git.remotes(root):
        detail += (
            '\nWhere it is pushed to a remote, name that one for the target in reconciler.toml: record = "origin".'
        )
    return SnapshotError(f"there is no snapshot of {target} {where} ({ref_name(target)})", detail)


def _there(root: Path, target: str, remote: str, what: str) -> str | None:
    """The commit that the ref stands on, its objects brought here."""
    ref = ref_name(target)
    if remote == LOCAL:
        return git.read_ref(root, ref)
    try:
        return git.fetch(root, remote, ref)
    except GitRefusedError as problem:
        raise SnapshotError(
            f"the snapshot of {target} cannot be {what}: {problem.summary} (remote {remote})", problem.detail
        ) from None


def _moved(root: Path, remote: str, commit: str, ref: str, old: str | None) -> bool:
    if remote == LOCAL:
        return git.move_ref(root, ref, commit, old)
    try:
        return git.push(root, remote, commit, ref, old)
    except GitRefusedError as problem:
        raise SnapshotError(f"the snapshot cannot be pushed to {remote}: {problem.summary}", problem.detail) from None


def _is_later(root: Path, commit: str, snapshot: Snapshot, now: datetime) -> bool:
    try:
        there = _at(root, commit, place="the snapshot").taken_at
    except (SnapshotError, GitRefusedError):
        return False
    return snapshot.taken_at < there <= now + _AHEAD


def _at(root: Path, commit: str, *, place: str) -> Snapshot:
    size = git.file_size_at(root, commit, _FILE)
    if size is not None:
        check_size(size, place=place)
    content = git.read_file_at(root, commit, _FILE) if size is not None else None
    if content is None:
        raise SnapshotError(f"{place} holds no {_FILE}", "Publish it anew: reconciler snapshot --publish")
    return decode(content, place=place)
