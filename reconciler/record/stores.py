"""Where a target's record is kept.

In git, the record is the files in the commits of `refs/reconciler/record/TARGET`. Each commit is on top of the one
before, so the ref's log is the audit trail. A run renews its intent in `refs/reconciler/run/RUN`. Both can also be
branches of the remote. Outside git, the record is a file in `.reconciler/`. Every write compares and swaps. Reading
writes nothing, and without a record, it does not import what reads documents.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler import git
from reconciler.diagnostics import Remedy
from reconciler.errors import FileRefusedError, GitRefusedError, RecordError
from reconciler.files.locking import lock
from reconciler.files.reading import LARGEST_SAVED, read_below
from reconciler.files.writing import open_lock_below, write_below
from reconciler.frozen import dataclass
from reconciler.git.keptref import LOCAL, OWN_REFS, KeptRef, ref_name
from reconciler.git.login import NO_LOGIN, Login
from reconciler.git.objects import MissingObjectError, NotACommitError, TooLargeError
from reconciler.model.record import Record, Run, SectionKey
from reconciler.record.liveness import Liveness

if TYPE_CHECKING:
    from reconciler.model.history import Step

_FOLDER = ".reconciler"
_LARGEST_RENEWAL = 10_000
"""The most bytes that a renewal of an intent may have."""

_MOST_TRIED = 20
"""How many commits of a damaged record are searched for one that can be read."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record as it was read. `token` identifies its state in `swap`; None if there was none."""

    record: Record
    token: str | None
    files: Mapping[str, bytes]


class RecordStore(Protocol):
    """The place where one target's record is kept."""

    liveness: Liveness

    def read(self) -> Seen:
        """The record as it is now; an empty one if there is none yet.

        Raises:
            RecordError: it cannot be read, is damaged, or its remote does not answer.
            GitRefusedError: git refuses this repository.
        """

    def swap(self, seen: Seen, record: Record, message: str) -> Seen | None:
        """Replace the record that was `seen`. Returns None if another run was faster. `message` is for the log.

        Raises:
            RecordError: nothing was recorded, or the remote did not answer.
            GitRefusedError: git refuses this repository.
        """

    def renew(self, run: Run) -> None:
        """Announce that a run's intent is valid until `run.until`. The record's log gets no entry.

        Raises:
            RecordError, GitRefusedError: it could not be announced.
        """

    def renewed(self, run: Run) -> str:
        """The time until which a run's intent is valid, including renewals. Raises the errors of `renew`."""

    def end(self, run: Run) -> None:
        """Remove the renewals of a run. Raises the errors of `renew`."""

    def missing_hint(self, seen: Seen) -> Remedy | None:
        """How to get the record if none was `seen` in this clone and a remote may have one; otherwise None."""


class LoggedStore(RecordStore, Protocol):
    """A place that may have a log."""

    def log(self, seen: Seen, key: SectionKey, name: str) -> Iterator[Step] | None:
        """The commits that changed a project's entry in a section, up to the record that was `seen`, oldest first.

        None if the record has no log. Raises GitRefusedError if git cannot read it.
        """


def open_record(root: Path, target: str, remote: str, *, login: Login = NO_LOGIN, below: str = OWN_REFS) -> LoggedStore:
    """The record of a target, for the project at `root`. `remote` is `local` or the name of a git remote.

    In git, its refs are in the folder `below`.

    Raises:
        RecordError: a remote is requested, but there is no git repository with that remote.
        GitRefusedError: git refuses this repository.
    """
    common = git.common_folder(root)
    if common is not None:
        kept = KeptRef(root, "record", target, remote, error=RecordError, login=login, below=below)
        return _GitRecord(root, kept, Liveness(common, "reconciler"))
    if remote != LOCAL:
        raise RecordError(
            f"the record of {target} needs a git repository",
            f"The record is kept on the git remote {remote}. Install git and work in a clone, or set "
            f'record = "{LOCAL}" under [targets.{target}] in reconciler.toml.',
        )
    return _FileRecord(root, target)


def run_ref(run: str, below: str = OWN_REFS) -> str:
    """The ref in which a run renews its intent."""
    return ref_name("run", run, below)


class _GitRecord:
    """Kept in a git ref; with a remote, only in the ref on the remote."""

    def __init__(self, root: Path, kept: KeptRef, liveness: Liveness) -> None:
        self.liveness = liveness
        self._root = root
        self._kept = kept
        self._refs = kept.refs

    def read(self) -> Seen:
        try:
            held = self._kept.read(LARGEST_SAVED)
        except (NotACommitError, TooLargeError) as problem:
            raise RecordError(f"{problem.summary}{self._kept.where}", remedies=self._repair(problem.tip)) from None
        except MissingObjectError as problem:
            raise RecordError(
                "the record is damaged",
                "Reconciler cannot read which versions earlier applies wrote.",
                remedies=self._repair(problem.tip),
                causes=problem.diagnostics,
            ) from None
        if held is None:
            return Seen(Record(), None, {})
        try:
            return Seen(_decoded(held.files, self._kept.place(held.commit)), held.commit, held.files)
        except RecordError as problem:
            raise RecordError(problem.summary, problem.detail, remedies=self._repair(held.commit)) from None

    def swap(self, seen: Seen, record: Record, message: str) -> Seen | None:
        from reconciler.documents.record import HEAD, encode

        files = encode(record)
        changes: dict[str, bytes | None] = {
            path: content for path, content in files.items() if seen.files.get(path) != content
        }
        known = encode(seen.record).keys() if HEAD in seen.files else ()
        changes |= dict.fromkeys(path for path in known if path not in files)
        if not changes:
            return seen
        commit = self._kept.commit(seen.token, changes, message)
        return Seen(record, commit, files) if self._kept.replace(commit, seen.token) else None

    def renew(self, run: Run) -> None:
        ref = run_ref(run.id, self._kept.below)
        content = json.dumps({"run": run.id, "until": run.until}).encode("ascii")
        with self._kept.reported("this run's intent cannot be renewed"):
            commit = self._refs.commit(None, {"run.json": content}, f"run {run.id} until {run.until}\n")
            if not self._refs.swap(ref, commit, self._refs.tip(ref)):
                raise GitRefusedError(f"another process changed {ref}")

    def renewed(self, run: Run) -> str:
        with self._kept.reported(f"the intent of run {run.id} cannot be read"):
            try:
                held = self._refs.read(run_ref(run.id, self._kept.below), most=_LARGEST_RENEWAL)
            except (NotACommitError, TooLargeError):
                return run.until
        return _later(run.until, held.files.get("run.json", b"") if held else b"")

    def end(self, run: Run) -> None:
        with self._kept.reported(f"the intent of run {run.id} cannot be removed"):
            ref = run_ref(run.id, self._kept.below)
            tip = self._refs.tip(ref)
            if tip is not None:
                self._refs.swap(ref, None, tip)

    def log(self, seen: Seen, key: SectionKey, name: str) -> Iterator[Step] | None:
        from reconciler.record.log import read_log

        return read_log(self._refs, seen.token, key, name) if seen.token is not None else iter(())

    def missing_hint(self, seen: Seen) -> Remedy | None:
        if self._kept.remote is not None or seen.token is not None:
            return None
        remotes = git.remotes(self._root)
        if not remotes:
            return None
        remote = "origin" if "origin" in remotes else remotes[0]
        fetch = ("git", "fetch", remote, f"{self._kept.name}:{self._kept.name}")
        return Remedy(f"If a record was pushed to {remote}, fetch it:", fetch)

    def _repair(self, tip: str) -> list[Remedy]:
        name, remote = self._kept.name, self._kept.remote
        good = next(filter(self._is_good, self._refs.objects.log(tip, most=_MOST_TRIED)), None)
        gone = "Delete the ref. Until the next apply, the cause of every difference is then unknown:"
        if good is None:
            return [Remedy(gone, self._kept.deletion())]
        words = "Point the ref to the last commit in its log that can be read:"
        to_do = [Remedy(words, ("git", "update-ref", name, good))]
        if remote is not None:
            to_do = [
                Remedy("Fetch the log of the ref:", ("git", "fetch", remote, name)),
                Remedy(words, ("git", "push", "--force", remote, f"{good}:{name}")),
            ]
        return [*to_do, Remedy(f"Or: {gone[0].lower()}{gone[1:]}", self._kept.deletion())]

    def _is_good(self, commit: str) -> bool:
        try:
            files = self._refs.objects.files(commit, commit, most=LARGEST_SAVED)
            return files is not None and bool(_decoded(files, commit))
        except (GitRefusedError, RecordError):
            return False


class _FileRecord:
    """Kept in a file. Writers hold a lock on another file."""

    def __init__(self, root: Path, target: str) -> None:
        self.liveness = Liveness(root, _FOLDER)
        self._root = root
        self._target = target
        self._file = f"{_FOLDER}/record-{git.ref_part(target)}.json"

    def read(self) -> Seen:
        with self._reported("read"):
            return self._read()

    def _read(self) -> Seen:
        content = read_below(self._root, self._file, LARGEST_SAVED)
        folder = self._root / _FOLDER
        if content is None and folder.exists() and not folder.is_dir():
            raise RecordError(f"the record {self._file} cannot be read: {_FOLDER} is not a folder")
        if content is None:
            return Seen(Record(), None, {})
        from reconciler.documents.record import unpacked

        token = content.decode("utf-8", "surrogateescape")
        files = unpacked(content)
        return Seen(_decoded(files, f"the record {self._file}"), token, files)

    def swap(self, seen: Seen, record: Record, message: str) -> Seen | None:
        from reconciler.documents.record import encode, packed

        files = encode(record)
        content = packed(files)
        token = content.decode("utf-8", "surrogateescape")
        with self._reported("written"), self._locked():
            there = self._read()
            if there.token != seen.token:
                return None
            if there.token != token:
                write_below(self._root, self._file, content)
        return Seen(record, token, files)

    def renew(self, run: Run) -> None:
        from reconciler.documents.record import encode, packed

        with self._reported("renewed"), self._locked():
            there = self._read().record
            sections = {
                key: replace(section, runs={**section.runs, run.id: run}) if run.id in section.runs else section
                for key, section in there.sections.items()
            }
            write_below(self._root, self._file, packed(encode(Record(sections))))

    def renewed(self, run: Run) -> str:
        return run.until

    def end(self, run: Run) -> None:
        """A renewal is in the record itself, and is removed with the run."""

    def log(self, seen: Seen, key: SectionKey, name: str) -> Iterator[Step] | None:
        return None

    def missing_hint(self, seen: Seen) -> Remedy | None:
        return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = open_lock_below(self._root, self._file.removesuffix(".json") + ".lock")
        try:
            lock(handle)
            yield
        finally:
            os.close(handle)

    @contextmanager
    def _reported(self, what: str) -> Iterator[None]:
        try:
            yield
        except (OSError, FileRefusedError) as problem:
            why = problem.why if isinstance(problem, FileRefusedError) else problem.strerror
            detail = problem.detail if isinstance(problem, FileRefusedError) else ""
            raise RecordError(f"the record {self._file} cannot be {what}: {why}", detail) from None


def _decoded(files: Mapping[str, bytes], place: str) -> Record:
    from reconciler.documents.record import decode

    return decode(files, place=place)


def _later(until: str, content: bytes) -> str:
    """The later of two times: `until`, and the one in `content`. A text that is not a time is ignored."""
    try:
        renewed = json.loads(content)["until"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return until
    return max(until, renewed) if isinstance(renewed, str) else until
