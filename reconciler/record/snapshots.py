"""Where snapshots are kept: a file, or the git ref `refs/reconciler/snapshot/TARGET`.

The ref points to a commit that has no parent and a single file. Each snapshot replaces the one before, which can then
no longer be fetched. Reading writes nothing to the clone.

Anybody who can push a branch may have written a snapshot. So its size is limited, everything in it is checked, and it
never causes a write to Scale.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from reconciler import git
from reconciler.diagnostics import Remedy, count
from reconciler.documents.snapshot import MOST_BYTES, decode, encode, too_large
from reconciler.errors import SnapshotError
from reconciler.files.reading import read_named
from reconciler.git.keptref import OWN_REFS, PUSHING, KeptRef, left_lock, pauses_between
from reconciler.git.login import NO_LOGIN, Login
from reconciler.git.objects import MissingObjectError, NotACommitError, TooLargeError, UnreadableRefError
from reconciler.instants import to_the_second
from reconciler.model.snapshot import Snapshot

_FILE: Final = "snapshot.json"
_AHEAD: Final = timedelta(minutes=5)
"""How much clocks may differ. A published snapshot that claims to be further in the future is replaced."""


def read_file(file: Path) -> Snapshot:
    """The snapshot in a file.

    Raises:
        SnapshotError: it cannot be read, or is not a snapshot.
    """
    try:
        content = read_named(file, MOST_BYTES)
    except OSError as problem:
        raise SnapshotError(
            f"the snapshot {file} cannot be read: {problem.strerror}",
            "To read the published snapshot, use --live @.",
            remedies=[Remedy("To save a snapshot:", ("snapshot", "--out", str(file)))],
        ) from None
    return decode(content, place=f"the snapshot {file}")


def open_snapshot(root: Path, target: str, remote: str, *, login: Login = NO_LOGIN, below: str = OWN_REFS) -> KeptRef:
    """The ref of the target's snapshot, in the folder `below`. `remote` is `local` or the git remote that holds it.

    Raises:
        SnapshotError: there is no git repository with that remote.
        GitRefusedError: git refuses this repository.
    """
    if not git.is_repository(root):
        raise SnapshotError(
            f"the published snapshot of {target} needs a git repository",
            "Install git and work in a clone, or save the snapshot in a file.",
            remedies=[
                Remedy("To save the snapshot:", ("snapshot", "--out", "live.json")),
                Remedy("To plan with it:", ("plan", "--live", "live.json")),
            ],
        )
    return KeptRef(root, "snapshot", target, remote, error=SnapshotError, login=login, below=below)


def publish(
    kept: KeptRef,
    snapshot: Snapshot,
    *,
    now: Callable[[], datetime],
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> bool:
    """Replace the published snapshot in the target's ref. Returns False if that one is later; it is then kept.

    A snapshot that claims to be from the future is replaced, and so is one that cannot be read.

    Raises:
        SnapshotError: it is too large, or cannot be published.
        GitRefusedError: git refuses this repository.
    """
    content = encode(snapshot)
    message = f"snapshot: {count(snapshot.live_count, 'project')} at {to_the_second(snapshot.taken_at)}\n"
    commit: str | None = None
    pauses = pauses_between(monotonic, draw)
    while True:
        old, taken_at = _published(kept)
        if taken_at is not None and snapshot.taken_at < taken_at <= now() + _AHEAD:
            return False
        commit = commit or kept.commit(None, {_FILE: content}, message)
        if kept.replace(commit, old):
            return True
        if (pause := next(pauses, None)) is None:
            raise SnapshotError(
                f"{kept.what} was not published",
                f"{kept.name}{_where(kept)} could not be updated for {PUSHING:.0f} seconds, probably because other "
                "runs were publishing, too. Run the command again when fewer runs publish. " + left_lock(kept.name),
            )
        sleep(pause)


def _published(kept: KeptRef) -> tuple[str | None, datetime | None]:
    """The commit that the ref points to, and when its snapshot was taken. Each is None if it is missing or
    unreadable."""
    try:
        held = kept.read(MOST_BYTES)
    except UnreadableRefError as problem:
        return problem.tip, None
    if held is None:
        return None, None
    try:
        return held.commit, decode(held.files.get(_FILE, b""), place="the snapshot").taken_at
    except SnapshotError:
        return held.commit, None


def read_ref(root: Path, target: str, remote: str, *, login: Login = NO_LOGIN, below: str = OWN_REFS) -> Snapshot:
    """The target's published snapshot. For the arguments, see `open_snapshot`.

    Raises:
        SnapshotError: there is none, or it cannot be fetched, or it is damaged.
        GitRefusedError: git refuses this repository.
    """
    kept = open_snapshot(root, target, remote, login=login, below=below)
    try:
        held = kept.read(MOST_BYTES)
    except NotACommitError as problem:
        raise SnapshotError(f"{problem.summary}{kept.where}", remedies=_repair(kept, target)) from None
    except TooLargeError as problem:
        raise too_large(problem.size, place=kept.place(problem.tip)) from None
    except MissingObjectError as problem:
        raise SnapshotError(
            f"{kept.what} is damaged", remedies=_repair(kept, target), causes=problem.diagnostics
        ) from None
    if held is None:
        raise _missing(root, kept, target)
    place = kept.place(held.commit)
    if _FILE not in held.files:
        raise SnapshotError(f"{place} has no {_FILE}", remedies=_repair(kept, target))
    return decode(held.files[_FILE], place=place)


def _where(kept: KeptRef) -> str:
    return kept.where or " in this clone"


def _missing(root: Path, kept: KeptRef, target: str) -> SnapshotError:
    detail = ""
    if kept.remote is None and (remotes := git.remotes(root)):
        remote = "origin" if "origin" in remotes else remotes[0]
        detail = (
            "If a snapshot was published to a remote, set the target's record to that remote in reconciler.toml:\n"
            f'  [targets.{target}]\n  record = "{remote}"'
        )
    summary = f"there is no snapshot of {target}{_where(kept)} ({kept.name})"
    publishing = _publishing("Publish a snapshot where the API key is available:", target)
    return SnapshotError(summary, detail, remedies=[publishing])


def _repair(kept: KeptRef, target: str) -> list[Remedy]:
    publishing = _publishing("Replace the snapshot where the API key is available:", target)
    return [publishing, Remedy("Or delete the snapshot:", kept.deletion())]


def _publishing(words: str, target: str) -> Remedy:
    return Remedy(words, ("snapshot", "--publish", *(() if target == "sandbox" else ("--target", target))))
