"""Where snapshots are kept: a file of one's own, or the git ref `refs/reconciler/snapshot/TARGET`.

The ref points to a commit that has no parent and a single file. Each snapshot replaces the one before, so that no older
one stays in reach. Reading writes nothing to the clone.
"""

from __future__ import annotations

import random
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler import git
from reconciler.documents.snapshot import MOST_BYTES, decode, encode, too_large
from reconciler.errors import GitRefusedError, SnapshotError
from reconciler.files import read_named, write_whole
from reconciler.git.refs import NotACommitError, Refs, TooLargeError, UnreadableRefError, deletion
from reconciler.model.snapshot import Snapshot

LOCAL: Final = "local"
"""The name of the place that is no remote: this clone."""

_FILE: Final = "snapshot.json"
_PUBLISHING: Final = 60.0
"""Seconds for which a snapshot is published again if other runs are faster."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
"""Seconds that a pause between two attempts lasts at most: the first, and every later one."""

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
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> bool:
    """Put it in the target's ref, in place of what is there; False if a later one is there, which is kept.

    `remote` is `local` or the git remote that the ref is pushed to. A snapshot that claims a time to come is replaced,
    and so is one that cannot be read.

    Raises:
        SnapshotError: it is too large, or cannot be published.
        GitRefusedError: git refuses this repository.
    """
    check_publishable(root, target, remote)
    refs = _refs(root, remote)
    ref, content = ref_name(target), encode(snapshot)
    message = f"snapshot: {snapshot.live_count} projects at {snapshot.taken_at:%Y-%m-%dT%H:%M:%SZ}\n"
    commit: str | None = None
    begun, pause = monotonic(), _FIRST_PAUSE
    while True:
        with _reported(remote, f"the snapshot of {target} cannot be published"):
            old, there = _published(refs, ref)
        if there is not None and snapshot.taken_at < there <= now() + _AHEAD:
            return False
        with _reported(remote, f"the snapshot cannot be pushed to {remote}", named=True):
            commit = commit or refs.commit(None, {_FILE: content}, message)
            if refs.swap(ref, commit, old):
                return True
        if monotonic() - begun >= _PUBLISHING:
            break
        sleep(0.05 + (pause - 0.05) * draw())
        pause = min(pause * 2, _LONGEST_PAUSE)
    where = "in this clone" if remote == LOCAL else f"on {remote}"
    raise SnapshotError(
        f"the snapshot of {target} cannot be published: other runs were faster",
        f"This run tried for {_PUBLISHING:.0f} seconds. Run it again when fewer runs write {ref} {where}.",
    )


def _published(refs: Refs, ref: str) -> tuple[str | None, datetime | None]:
    """What a ref points to, and when the snapshot there was taken, if there is one that can be read."""
    try:
        held = refs.read(ref, most=MOST_BYTES)
    except UnreadableRefError as problem:
        return problem.tip, None
    if held is None:
        return None, None
    try:
        return held.commit, decode(held.files.get(_FILE, b""), place="the snapshot").taken_at
    except SnapshotError:
        return held.commit, None


def read_ref(root: Path, target: str, remote: str) -> Snapshot:
    """The target's published snapshot.

    Raises:
        SnapshotError: there is none, it cannot be fetched, or is damaged.
        GitRefusedError: git refuses this repository.
    """
    check_publishable(root, target, remote)
    ref = ref_name(target)
    with _reported(remote, f"the snapshot of {target} cannot be fetched"):
        try:
            held = _refs(root, remote).read(ref, most=MOST_BYTES)
        except NotACommitError as problem:
            on = "" if remote == LOCAL else f" on {remote}"
            raise SnapshotError(f"{problem.summary}{on}", _repair(target, remote)) from None
        except TooLargeError as problem:
            raise too_large(problem.size, place=_place(target, problem.tip)) from None
    if held is None:
        raise _missing(root, target, remote)
    place = _place(target, held.commit)
    if _FILE not in held.files:
        raise SnapshotError(f"{place} has no {_FILE}", _repair(target, remote))
    return decode(held.files[_FILE], place=place)


def _refs(root: Path, remote: str) -> Refs:
    return Refs(root, None if remote == LOCAL else remote)


def _place(target: str, commit: str) -> str:
    return f"the snapshot of {target} ({ref_name(target)}, commit {commit[:12]})"


def _missing(root: Path, target: str, remote: str) -> SnapshotError:
    where = "in this clone" if remote == LOCAL else f"on {remote}"
    detail = f"Publish one where the key is: {_command(target)}"
    if remote == LOCAL and git.remotes(root):
        detail += (
            '\nWhere it is pushed to a remote, name that one for the target in reconciler.toml: record = "origin".'
        )
    return SnapshotError(f"there is no snapshot of {target} {where} ({ref_name(target)})", detail)


def _repair(target: str, remote: str) -> str:
    command = deletion(ref_name(target), None if remote == LOCAL else remote)
    return f"Replace it where the key is:\n{_command(target)}\nOr delete it:\n{command}"


def _command(target: str) -> str:
    """The command that publishes a target's snapshot."""
    option = "" if target == "sandbox" else f" --target {shlex.quote(target)}"
    return f"reconciler snapshot --publish{option}"


@contextmanager
def _reported(remote: str, failure: str, *, named: bool = False) -> Iterator[None]:
    """Errors of a remote say what failed; those of the clone itself stay as they are."""
    try:
        yield
    except GitRefusedError as problem:
        if remote == LOCAL:
            raise
        on = "" if named else f" (remote {remote})"
        raise SnapshotError(f"{failure}: {problem.summary}{on}", problem.detail) from None
