"""Where a target's record is kept.

In git it is the file `record.json` in the commits of `refs/reconciler/record/TARGET`, each on top of the one before, so
that the ref's log is the audit trail; outside git a file in `.reconciler/`. Every write compares and swaps: a run that
was overtaken reads again and lays its entries over what is there.
"""

from __future__ import annotations

import contextlib
import fcntl
import random
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from reconciler import git
from reconciler.errors import GitRefusedError, ReconcilerError, RecordError
from reconciler.files import write_whole
from reconciler.model.record import Record
from reconciler.record.merging import Changes, differences, lay_over
from reconciler.record.text import decode, encode

LOCAL = "local"
"""The name of the place that is no remote: this clone, or this folder."""

_FILE = "record.json"
_ATTEMPTS = 5


class RecordStore(Protocol):
    """One target's record, where it is kept. A store that was opened `read_only` cannot write."""

    def read(self) -> Record:
        """The record; an empty one where there is none yet.

        Raises:
            RecordError: it cannot be read, is damaged, or its remote does not answer.
            GitRefusedError: git refuses this repository.
        """

    def write(self, changes: Changes, message: str, *, keep: bool = True) -> None:
        """Lay changes over the record, whatever others did to it meanwhile. `message` is the entry of the log.

        Where the remote cannot be written, `keep` has this clone remember the changes: its next write brings them there
        (for what a run has done). Without it nothing is left of them (for what it only intends).

        Raises:
            RecordError: nothing was recorded, or with a remote, nothing there.
            GitRefusedError: git refuses this repository.
        """

    def missing_hint(self) -> str | None:
        """Where this clone has no record and another may: a sentence that says so, and how to fetch it."""


def open_record(
    root: Path,
    target: str,
    remote: str,
    read_only: bool = False,
    *,
    sleep: Callable[[float], None] = time.sleep,
    draw: Callable[[], float] = random.random,
) -> RecordStore:
    """The record of a target, for the project at `root`. `remote` is `local` or the name of a git remote.

    `read_only` keeps what is fetched as objects alone: no ref is written. `draw` gives numbers from 0 to 1.

    Raises:
        RecordError: a remote is asked for where there is no git repository, or none with that remote.
        GitRefusedError: git refuses this repository.
    """
    if git.is_repository(root):
        if remote == LOCAL:
            return _GitRecord(root, target, None, read_only, sleep, draw)
        if remote in git.remotes(root):
            return _GitRecord(root, target, remote, read_only, sleep, draw)
        raise RecordError(
            f"the record of {target} is kept on the git remote {remote}, and this repository has no such remote",
            f"Add it: git remote add {shlex.quote(remote)} URL",
        )
    if remote != LOCAL:
        raise RecordError(
            f"the record of {target} is kept on the git remote {remote}, and this is no git repository",
            f'Work in a clone, with git installed, or set record = "{LOCAL}" for the target.',
        )
    return _FileRecord(root, target, read_only)


def ref_name(target: str) -> str:
    """The ref of a target's record."""
    return f"refs/reconciler/record/{git.ref_part(target)}"


class _GitRecord:
    """Kept in a git ref; with a remote, that one's is the truth.

    Entries that this clone has and never pushed (they are in no commit that the remote has) are laid over it.
    """

    def __init__(
        self,
        root: Path,
        target: str,
        remote: str | None,
        read_only: bool,
        sleep: Callable[[float], None],
        draw: Callable[[], float],
    ) -> None:
        self._root = root
        self._target = target
        self._remote = remote
        self._read_only = read_only
        self._sleep = sleep
        self._draw = draw
        self._ref = ref_name(target)
        self._seen: Record | None = None

    def read(self) -> Record:
        local = git.read_ref(self._root, self._ref)
        there = self._fetch(self._remote) if self._remote else local
        record = self._combined(there, local)
        if not self._read_only and there and (local is None or self._has(there, local)):
            git.move_ref(self._root, self._ref, there, local)
        self._seen = record
        return record

    def write(self, changes: Changes, message: str, *, keep: bool = True) -> None:
        if self._read_only:
            raise ValueError("this record was opened for reading")
        if self._remote is None:
            self._write_here(changes, message)
            return
        try:
            self._write_there(self._remote, changes, message)
        except RecordError as problem:
            kept = keep and self._kept(changes, message)
            raise RecordError(
                problem.summary,
                f"{problem.detail}\nNothing was written to the record on {self._remote}. ".lstrip()
                + ("This clone keeps the entries, and its next apply brings them there." if kept else "Run it again."),
            ) from None

    def missing_hint(self) -> str | None:
        if self._remote is not None or git.read_ref(self._root, self._ref):
            return None
        remotes = git.remotes(self._root)
        if not remotes:
            return None
        remote = "origin" if "origin" in remotes else remotes[0]
        command = f"git fetch {shlex.quote(remote)} {shlex.quote(f'{self._ref}:{self._ref}')}"
        return f"this clone has no record of {self._target}; where one was pushed to {remote}, fetch it: {command}"

    def _write_there(self, remote: str, changes: Changes, message: str) -> None:
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(0.1 + 0.9 * self._draw())
            local = git.read_ref(self._root, self._ref)
            there = self._fetch(remote)
            record = lay_over(self._combined(there, local), changes, seen=self._seen)
            commit = self._commit(record, there or local, message)
            if commit == there or self._push(remote, commit, there):
                git.move_ref(self._root, self._ref, commit, local)
                self._seen = record
                return
        raise RecordError(
            f"the record of {self._target} cannot be pushed to {remote}: others were faster {_ATTEMPTS} times",
            f"Run it again when fewer runs write {self._ref}.",
        )

    def _write_here(self, changes: Changes, message: str) -> None:
        for _ in range(_ATTEMPTS):
            local = git.read_ref(self._root, self._ref)
            record = lay_over(self._at(local), changes, seen=self._seen)
            commit = self._commit(record, local, message)
            if commit == local or git.move_ref(self._root, self._ref, commit, local):
                self._seen = record
                return
            self._sleep(0.1 + 0.9 * self._draw())
        raise RecordError(
            f"the record of {self._target} cannot be written: others were faster {_ATTEMPTS} times",
            f"Nothing was recorded. Where no other run is there, take away a lock that one left: .git/{self._ref}.lock",
        )

    def _kept(self, changes: Changes, message: str) -> bool:
        try:
            self._write_here(changes, message)
        except ReconcilerError:
            return False
        return True

    def _fetch(self, remote: str) -> str | None:
        try:
            return git.fetch(self._root, remote, self._ref)
        except GitRefusedError as problem:
            raise RecordError(
                f"the record of {self._target} cannot be fetched from {remote}: {problem.summary}",
                problem.detail,
            ) from None

    def _push(self, remote: str, commit: str, old: str | None) -> bool:
        try:
            return git.push(self._root, remote, commit, self._ref, old)
        except GitRefusedError as problem:
            with contextlib.suppress(ReconcilerError):
                there = self._fetch(remote)
                if there and self._has(there, commit):
                    return True
            raise RecordError(
                f"the record of {self._target} cannot be pushed to {remote}: {problem.summary}",
                problem.detail,
            ) from None

    def _combined(self, there: str | None, local: str | None) -> Record:
        record = self._at(there)
        if local is None or local == there:
            return record
        shared = git.common_ancestor(self._root, there, local) if there else None
        if shared == local:
            return record
        before = self._at(shared)
        for changes in differences(before, self._at(local)):
            record = lay_over(record, changes, seen=before)
        return record

    def _has(self, commit: str, other: str) -> bool:
        """Whether one commit is, or stands on top of, the other."""
        return commit == other or git.common_ancestor(self._root, commit, other) == other

    def _commit(self, record: Record, parent: str | None, message: str) -> str:
        """A commit with that record, which is `parent` itself where that has it already."""
        if parent and self._at(parent) == record:
            return parent
        content = encode(record).encode("utf-8", "surrogatepass")
        return git.commit_file(self._root, _FILE, content, parent, message)

    def _at(self, commit: str | None) -> Record:
        if commit is None:
            return Record()
        place = f"the record of {self._target} ({_FILE} in {self._ref}, commit {commit[:12]})"
        content = git.read_file_at(self._root, commit, _FILE)
        if content is None:
            raise RecordError(f"{place} is not there", "Set the ref to a commit of its log that has the file.")
        return _decode(content, place)


class _FileRecord:
    """Kept in a file, beside which a lock keeps writers apart."""

    def __init__(self, root: Path, target: str, read_only: bool) -> None:
        self._target = target
        self._read_only = read_only
        self._file = root / ".reconciler" / f"record-{git.ref_part(target)}.json"
        self._seen: Record | None = None

    def read(self) -> Record:
        self._seen = self._read()
        return self._seen

    def write(self, changes: Changes, message: str, *, keep: bool = True) -> None:
        if self._read_only:
            raise ValueError("this record was opened for reading")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.with_suffix(".lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                there = self._read()
                record = lay_over(there, changes, seen=self._seen)
                if record != there:
                    write_whole(encode(record).encode("utf-8", "surrogatepass"), self._file)
        except OSError as problem:
            raise RecordError(
                f"the record cannot be written to {self._file}: {problem.strerror}", "Nothing was recorded."
            ) from None
        self._seen = record

    def missing_hint(self) -> str | None:
        return None

    def _read(self) -> Record:
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return Record()
        except OSError as problem:
            raise RecordError(f"the record cannot be read from {self._file}: {problem.strerror}") from None
        return _decode(content, f"the record {self._file}")


def _decode(content: bytes, place: str) -> Record:
    try:
        return decode(content.decode("utf-8", "surrogatepass"), place=place)
    except UnicodeDecodeError:
        raise RecordError(f"{place} is damaged: it is not UTF-8") from None
