"""Writes several files together: all of them, or none, as far as a file system allows.

Every file is first written completely under a temporary name, which is where a full disk or a folder without permission
shows. Only then do the files get their names. If one cannot, those before it get their old content back.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import field
from itertools import islice
from pathlib import Path
from typing import Final

from reconciler.diagnostics import listed
from reconciler.errors import FileRefusedError
from reconciler.files.reading import LARGEST_FILE
from reconciler.files.walking import Refusal, RefusedError, walked
from reconciler.files.writing import exists_below, temporary_name, write_temporary
from reconciler.frozen import dataclass

_AT_ONCE: Final = 8
"""Several files are written at once, because most of the time is spent waiting for the disk."""

_IN_A_ROW: Final = 16
"""How many files a thread writes before it takes the next ones. Handing over takes time, too."""


@dataclass(frozen=True, slots=True)
class Change:
    """The new bytes of a file. `old` are those that it must have right before; None if it must not exist."""

    old: bytes | None
    new: bytes


def write_together(root: str | Path, changes: Mapping[str, Change], written: Callable[[], None] = lambda: None) -> None:
    """Write files below `root`, and follow no link. Missing folders are created. A file keeps its permissions.

    `written` is called for each file that is completely on the disk.

    Raises:
        FileRefusedError: a part of a path is a link, a file is not a regular one, was changed in the meantime, or
            cannot be written. Nothing was written, except for files that the detail names.
    """
    batch = _Batch(os.fspath(root), changes)
    try:
        batch.prepare(written)
        batch.check()
        for path in changes:
            batch.replace(path)
    except BaseException as problem:
        stuck = batch.put_back()
        if not isinstance(problem, FileRefusedError):
            raise
        state = f"Only these files were written: {listed(stuck, len(stuck))}." if stuck else "Nothing was written."
        detail = f"{problem.detail}\n{state}".lstrip()
        raise FileRefusedError(problem.summary, detail, reason=problem.reason, why=problem.why) from None
    finally:
        batch.clean()


@dataclass(slots=True)
class _Batch:
    """`temporary` has the name of each file's new content, and `backup` that of its old content, both in its folder.

    `replaced` are the files that may have their new content. `folders` are those that did not exist.
    """

    root: str
    changes: Mapping[str, Change]
    temporary: dict[str, str] = field(default_factory=dict)
    backup: dict[str, str] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)

    def prepare(self, written: Callable[[], None]) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.folders = [folder for folder in _above(self.changes) if not exists_below(self.root, folder)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                for batch in pool.map(self._prepare, _batches(self.changes)):
                    for _ in batch:
                        written()
            except BaseException:
                pool.shutdown(cancel_futures=True)  # waits for the files that are being written
                raise

    def _prepare(self, paths: Sequence[str]) -> Sequence[str]:
        for path in paths:
            with walked(self.root, path, "written", links=False, create=True) as walk:
                mode = stat.S_IMODE(walk.status.st_mode) if walk.is_there() and walk.status is not None else None
                self.temporary[path] = write_temporary(walk.descriptor, self.changes[path].new, mode)
        return paths

    def check(self) -> None:
        """Check that every file is as it was when it was read."""
        for path, change in self.changes.items():
            with walked(self.root, path, "written", links=False) as walk:
                now = None if walk.status is None else walk.read(LARGEST_FILE)
                if now != change.old:
                    did = "created" if change.old is None else "changed"
                    raise RefusedError(Refusal.FAILED, f"another program {did} it during this run")

    def replace(self, path: str) -> None:
        """Give a file its new content. A second name keeps the old one until all files are replaced."""
        with walked(self.root, path, "written", links=False) as walk:
            folder, old = walk.descriptor, self.changes[path].old
            if old is not None:
                self.backup[path] = temporary_name()
                try:
                    os.link(walk.name, self.backup[path], src_dir_fd=folder, dst_dir_fd=folder)
                except OSError:  # a file system without hard links
                    mode = stat.S_IMODE(os.stat(walk.name, dir_fd=folder, follow_symlinks=False).st_mode)
                    self.backup[path] = write_temporary(folder, old, mode)
            self.replaced.append(path)
            os.replace(self.temporary[path], walk.name, src_dir_fd=folder, dst_dir_fd=folder)
            del self.temporary[path]  # `put_back` looks whether it exists if a signal comes before this

    def put_back(self) -> list[str]:
        """Give the replaced files their old content. Returns those that still have the new one."""
        stuck = []
        for path in reversed(self.replaced):
            try:
                with walked(self.root, path, "written", links=False) as walk:
                    here = walk.descriptor
                    if path in self.backup:
                        os.replace(self.backup[path], walk.name, src_dir_fd=here, dst_dir_fd=here)
                    elif not _exists(here, self.temporary.get(path)):
                        os.unlink(walk.name, dir_fd=here)
            except FileRefusedError:
                stuck.append(path)
        self.clean()
        for folder in reversed(self.folders):
            with suppress(FileRefusedError), walked(self.root, folder, "removed", links=False) as walk:
                os.rmdir(walk.name, dir_fd=walk.descriptor)
        return sorted(stuck)

    def clean(self) -> None:
        """Remove the temporary names that are left, even if a signal comes meanwhile."""
        try:
            self._remove()
        except BaseException:
            self._remove()
            raise

    def _remove(self) -> None:
        for names in (self.temporary, self.backup):
            for path, name in [*names.items()]:
                with suppress(FileRefusedError), walked(self.root, path, "removed", links=False) as walk:
                    os.unlink(name, dir_fd=walk.descriptor)
                del names[path]


def _batches(paths: Iterable[str]) -> Iterator[list[str]]:
    left = iter(paths)
    while batch := [*islice(left, _IN_A_ROW)]:
        yield batch


def _exists(folder: int, name: str | None) -> bool:
    if name is not None:
        with suppress(FileNotFoundError):
            os.stat(name, dir_fd=folder, follow_symlinks=False)
            return True
    return False


def _above(paths: Mapping[str, Change]) -> list[str]:
    """The folders on the way to some files, each before those in it."""
    found: set[str] = set()
    for path in paths:
        folder = os.path.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = os.path.dirname(folder)
    return sorted(found)
