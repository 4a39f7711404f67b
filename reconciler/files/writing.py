"""The gate for files that are written. Each is written either completely or not at all.

No link is followed below the root, and only regular files are replaced.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.errors import FileMissingError, FileRefusedError
from reconciler.files.walking import REGULAR, Refusal, RefusedError, is_below, not_regular, walked


def exists_below(root: str | Path, path: str, *, link: bool = True) -> bool:
    """Whether the path exists. No folder in it may be a link. With `link`, the last part may be one.

    Raises:
        FileRefusedError: a part of the path that may not be a link is one, or a folder cannot be searched.
    """
    folder, name = os.path.split(path)
    with suppress(FileMissingError), walked(root, folder or ".", "written", links=False, named=path) as walk:
        status = os.stat(f"{walk.name}/{name}", dir_fd=walk.descriptor, follow_symlinks=False)
        if not link and stat.S_ISLNK(status.st_mode):
            raise RefusedError(Refusal.LINK, f'"{path}" is a link')
        return True
    return False


def check_below(root: str | Path, path: str) -> bool:
    """Whether a file that is to be written exists already. No part of its path may be a link.

    Raises:
        FileRefusedError: a part of it, or the file itself, is a link, or the file is not a regular one.
    """
    with suppress(FileMissingError), walked(root, path, "written", links=False) as walk:
        return walk.is_there()
    return False


def write_below(root: str | Path, path: str, content: bytes, *, mode: int | None = 0o600, folders: bool = True) -> None:
    """Write a file either completely or not at all, and follow no link below `root`. With `folders`, missing folders
    are created.

    An existing file is replaced. With `mode` None, the umask decides the permissions.

    Raises:
        FileRefusedError: a part of the path is a link, the file is not a regular one, or it cannot be written. None of
            the content is left behind.
    """
    with walked(root, path, "written", links=False, create=folders) as walk:
        walk.is_there()
        _write_in(walk.descriptor, walk.name, content, mode)


def open_lock_below(root: str | Path, path: str) -> int:
    """A descriptor of a lock file, for `flock`. The file and its folders are created. No link is followed below `root`.

    Raises:
        FileRefusedError: a part of the path is a link, the file is not a regular one, or it cannot be opened.
    """
    with walked(root, path, "written", links=False, create=True) as walk:
        descriptor = os.open(walk.name, os.O_RDWR | os.O_CREAT | REGULAR, 0o600, dir_fd=walk.descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise not_regular()
        return descriptor


def write_whole(content: bytes, file: Path, *, mode: int | None = 0o600) -> None:
    """Write a file that a user names, either completely or not at all. An existing file is replaced.

    Below the working folder, no link is followed, because it may have come with a checkout. Elsewhere, a device or a
    pipe is written to directly. With `mode` None, the umask decides the permissions.

    Raises:
        OSError: it cannot be written. None of the content is left behind.
    """
    if (place := _place_here(file)) is not None:
        with _as_os_error():
            write_below(*place, content, mode=mode, folders=False)
        return
    if file.exists() and not file.is_file():
        with file.open("wb") as stream:
            stream.write(content)
        return
    folder = os.open(file.parent, getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _write_in(folder, file.name, content, mode)
    finally:
        os.close(folder)


def check_named(file: Path) -> None:
    """Check that `write_whole` will not refuse a path.

    Raises:
        OSError: a part of the path is a link, or the file is not a regular one.
    """
    if (place := _place_here(file)) is not None:
        with _as_os_error():
            check_below(*place)


def _place_here(file: Path) -> tuple[str, str] | None:
    """The working folder, and the path of a file below it. None if the file is elsewhere."""
    here, path = os.getcwd(), os.path.abspath(file)
    return (here, path[len(here) + 1 :]) if here != "/" and path != here and is_below(path, here) else None


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except FileRefusedError as problem:
        raise OSError(errno.EACCES, problem.why) from None


def _write_in(folder: int, name: str, content: bytes, mode: int | None) -> None:
    """Write a file in an open folder."""
    temporary = write_temporary(folder, content, mode)
    try:
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def temporary_name() -> str:
    import secrets  # with OpenSSL's hashes, which a command that writes nothing does not need

    return f".reconciler-{secrets.token_hex(8)}.tmp"


def write_temporary(folder: int, content: bytes, mode: int | None) -> str:
    """Write a new file with a temporary name in an open folder, completely or not at all. Returns the name."""
    name = temporary_name()
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | REGULAR
    descriptor = os.open(name, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except BaseException:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise
    return name
