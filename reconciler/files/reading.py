"""The gate for files that are read.

A link is followed if every step stays below the root. On the path of a file that a run wrote, no link is followed. Only
regular files are opened, so a read never waits for a pipe or device, and never reads more bytes than a file may have.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.errors import FileMissingError
from reconciler.files.walking import NOT_REGULAR, RefusedError, read_at_most, read_regular, too_large, walked

LARGEST_CONFIGURATION: Final = 1_000_000
LARGEST_FILE: Final = 10_000_000
"""The maximum size of a configuration, and of any other file of the repository, in bytes."""

LARGEST_SAVED: Final = 256_000_000
"""The maximum size of a saved file that the command line names (a plan or a result), in bytes."""


def read_file(root: str | Path, path: str, *, limit: int = LARGEST_FILE, folder: str = "", dots: bool = True) -> bytes:
    """The bytes of a file of the repository. Links are followed below `root`.

    `path` is relative to `folder`, which is relative to `root`; both may be absolute if they lie below it. Without
    `dots`, no part of `path` or of a link's target may start with a dot.

    Raises:
        FileRefusedError: it does not exist, may not be read, or cannot be read.
    """
    with walked(root, path, "read", folder=folder, dots=dots) as walk:
        return walk.read(limit)


class FoundFiles:
    """Reads files below `root` that were found by their names. Until it is closed, the folder of the last one stays
    open for the next file in it."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._folder = ""
        self._descriptor = -1
        self._closed = False

    def read(self, folder: str, name: str) -> bytes:
        """The bytes of a file, as `read_file` without `dots` returns them. `folder` is absolute.

        Raises:
            FileRefusedError: it may not be read, or cannot be read.
        """
        if self._descriptor >= 0 and folder == self._folder and not name.startswith("."):
            with suppress(OSError, ValueError, RefusedError):  # the walk finds out why, or follows the link
                status = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
                return read_regular(name, self._descriptor, status, LARGEST_FILE)
        with walked(self.root, name, "read", folder=folder, dots=False) as walk:
            content = walk.read(LARGEST_FILE)
            if walk.is_direct and not self._closed:
                self._release()
                self._folder, self._descriptor = folder, os.dup(walk.descriptor)
        return content

    def close(self) -> None:
        """Close the folder. No other one stays open."""
        self._closed = True
        self._release()

    def _release(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def resolve(root: str | Path, path: str, *, folder: str = "", dots: bool = True) -> str:
    """The absolute path, without links, of an existing file or folder. For the arguments, see `read_file`.

    Raises:
        FileRefusedError: it does not exist, or may not be read.
    """
    with walked(root, path, "read", folder=folder, dots=dots) as walk:
        return os.path.join(os.path.realpath(root), *walk.parts)


def read_below(root: str | Path, path: str, limit: int = LARGEST_FILE) -> bytes | None:
    """The bytes of a file that a run wrote, or None if it does not exist. No link is followed below `root`.

    Raises:
        FileRefusedError: a part of the path is a link, it is not a regular file, or it cannot be read.
    """
    with suppress(FileMissingError), walked(root, path, "read", links=False) as walk:
        return walk.read(limit)
    return None


def read_named(file: str | Path, limit: int = LARGEST_SAVED) -> bytes:
    """The bytes of a file that a user names on the command line. It may be anywhere, and links are followed.

    It must be a regular file, unless its path is below /dev: `/dev/stdin`, or `/dev/fd/63`, with which a shell passes
    the output of a command.

    Raises:
        OSError: it cannot be read, is not a regular file, or has more than `limit` bytes.
    """
    is_stream = os.fspath(file).startswith("/dev/")
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | (0 if is_stream else os.O_NONBLOCK | os.O_NOCTTY))
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not is_stream and not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, NOT_REGULAR)
        content = read_at_most(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, too_large(limit))
    return content
