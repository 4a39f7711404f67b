"""Whether a run in the same clone is alive. A run holds a lock on its own file for as long as it lives.

The lock ends with the process, even if the process is killed. The file's text is only for people. Work trees of one
repository share the folder. A copy of a clone is another clone: the inode of its folder is not the one in its ID.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
from pathlib import Path

from reconciler.errors import FileRefusedError
from reconciler.files.locking import lock, share
from reconciler.files.reading import read_below
from reconciler.files.writing import check_below, open_lock_below, write_below
from reconciler.model.record import Run


class Liveness:
    """`folder`, below `root`, is where this clone keeps its ID and the files of its runs."""

    def __init__(self, root: Path, folder: str) -> None:
        self._root = root
        self._folder = folder
        self._held: dict[str, int] = {}

    def hold(self, run: str, words: str) -> str | None:
        """Hold a run's lock until `release`. Returns the ID of the clone, or None if nothing can be written here."""
        try:
            handle = open_lock_below(self._root, self._file(run))
        except FileRefusedError:
            return None
        self._held[run] = handle
        try:
            lock(handle)
            os.write(handle, words.encode("utf-8", "replace"))
            if self._clone() is None:
                content = json.dumps({"id": secrets.token_hex(8), "inode": self._inode()})
                write_below(self._root, f"{self._folder}/clone", content.encode("ascii"))
        except (OSError, FileRefusedError):
            self.release(run)
        return self._clone() if run in self._held else None

    def release(self, run: str) -> None:
        """Release the lock, if `hold` took it for this run, and remove the run's file."""
        with contextlib.suppress(OSError, FileRefusedError):
            if check_below(self._root, self._file(run)):
                (self._root / self._file(run)).unlink()
        if (handle := self._held.pop(run, None)) is not None:
            os.close(handle)

    def is_alive(self, run: Run) -> bool | None:
        """Whether a run is alive; None if it runs in another clone, so that this cannot be known here."""
        if run.clone is None or run.host != socket.gethostname() or run.clone != self._clone():
            return None
        try:
            if not check_below(self._root, self._file(run.id)):
                return False
            handle = os.open(self._root / self._file(run.id), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        except (OSError, FileRefusedError):
            return None
        try:
            share(handle)
        except OSError:
            return True
        finally:
            os.close(handle)
        return False

    def _file(self, run: str) -> str:
        return f"{self._folder}/runs/{run.replace('/', '_')}"

    def _inode(self) -> int:
        return (self._root / self._folder).stat().st_ino

    def _clone(self) -> str | None:
        """The ID of this clone; None if it has none."""
        try:
            content = json.loads(read_below(self._root, f"{self._folder}/clone") or b"")
            return str(content["id"]) if content["inode"] == self._inode() else None
        except (OSError, FileRefusedError, ValueError, KeyError, TypeError):
            return None
