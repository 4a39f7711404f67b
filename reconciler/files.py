"""The gate for every file of the repository that is read, and the gate for every file that is written.

A path is walked from the repository root, one part at a time, and each part is opened relative to the one before it
without following a link. So what was checked is what is opened, even if the tree changes meanwhile.

For reading, a link is followed if everything on the way stays below the root. For writing, and for reading back what
was written, no link is. Nothing is opened that is not a regular file, so no pipe or device is ever waited for, and no
more bytes are read than a file may have.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

from reconciler.errors import FileRefusedError

LARGEST_CONFIGURATION: Final = 1_000_000
LARGEST_FILE: Final = 10_000_000
"""Bytes of a configuration, and of every other file of the repository that is read."""

LARGEST_SAVED: Final = 256_000_000
"""Bytes of a file that a run saved and that is named on the command line: a plan, a result."""

MOST_PARTS: Final = 250
"""Parts of a path, those of the links on the way included."""

_MOST_LINKS: Final = 40
"""The most that Linux follows (path_resolution(7))."""

# O_PATH opens a folder that may be passed through but not listed. Only Linux has it.
_FOLDER: Final = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_LINK_MET: Final = (errno.ELOOP, errno.ENOTDIR, errno.EMLINK)


class Refusal(StrEnum):
    """Why a path was not opened."""

    MISSING = "missing"
    OUTSIDE = "outside"
    HIDDEN = "hidden"
    LINK = "link"
    KIND = "kind"
    SIZE = "size"
    FAILED = "failed"


class _RefusedError(Exception):
    def __init__(self, reason: Refusal, why: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why


_REMEDIES: Final = {
    Refusal.OUTSIDE: "Nothing outside the repository is read or written. Put the file below {root}.",
    Refusal.HIDDEN: "Files and folders whose names start with a dot (.git, .env) are not read, even through links. "
    "Give it another name.",
    Refusal.LINK: "Replace the link with a regular file or folder.",
    Refusal.KIND: "Put a regular file there.",
}


def read_file(root: str | Path, path: str, *, limit: int = LARGEST_FILE, folder: str = "", dots: bool = True) -> bytes:
    """The bytes of a file that comes with the repository. Links are followed below `root`.

    `path` is relative to `folder`, which is relative to `root`; both may be absolute if they lie below it. Without
    `dots`, no part of `path` or of a link's target may start with a dot.

    Raises:
        FileRefusedError: there is no such file, it may not be read, or it cannot be.
    """
    with _told(root, path, "read"), _walked(root, path, folder=folder, dots=dots) as walk:
        return walk.read(limit)


def resolve(root: str | Path, path: str, *, folder: str = "", dots: bool = True) -> str:
    """The absolute path of an existing file or folder, without links; for the arguments, see `read_file`.

    Raises:
        FileRefusedError: there is nothing, or it may not be read.
    """
    with _told(root, path, "read"), _walked(root, path, folder=folder, dots=dots) as walk:
        return os.path.join(os.path.realpath(root), *walk.parts)


def read_below(root: str | Path, path: str, limit: int = LARGEST_FILE) -> bytes | None:
    """The bytes of a file that a run wrote, reached through no link below `root`; None if there is none.

    Raises:
        FileRefusedError: it is reached through a link, is not a regular file, or cannot be read.
    """
    try:
        with _told(root, path, "read"), _walked(root, path, links=False) as walk:
            return walk.read(limit)
    except FileRefusedError as problem:
        if problem.reason == Refusal.MISSING:
            return None
        raise


def exists_below(root: str | Path, path: str, *, link: bool = True) -> bool:
    """Whether anything has that path. No folder on the way is reached through a link; what is there may be one, unless
    `link` says no.

    Raises:
        FileRefusedError: a folder on the way is a link, or cannot be looked into.
    """
    folder, name = os.path.split(path)
    try:
        with _told(root, path, "written"), _walked(root, folder or ".", links=False) as walk:
            status = os.stat(f"{walk.name}/{name}", dir_fd=walk.descriptor, follow_symlinks=False)
            if not link and stat.S_ISLNK(status.st_mode):
                raise _RefusedError(Refusal.LINK, f'"{path}" is a link')
    except FileRefusedError as problem:
        if problem.reason == Refusal.MISSING:
            return False
        raise
    return True


def check_below(root: str | Path, path: str) -> bool:
    """Whether there is a file at a path that is to be written. No folder on the way may be a link.

    Raises:
        FileRefusedError: a part of it, or the file itself, is a link, or the file is not a regular one.
    """
    try:
        with _told(root, path, "written"), _walked(root, path, links=False) as walk:
            if walk.status is not None and not stat.S_ISREG(walk.status.st_mode):
                raise _not_regular()
            return walk.status is not None
    except FileRefusedError as problem:
        if problem.reason == Refusal.MISSING:
            return False
        raise


def write_below(root: str | Path, path: str, content: bytes, *, mode: int | None = 0o600, folders: bool = True) -> None:
    """Write a file whole or not at all, through no link below `root`. With `folders`, missing ones are created.

    It replaces a file that is there. `mode` None leaves the permissions to the umask.

    Raises:
        FileRefusedError: a part of the path is a link, the file is not a regular one, or it cannot be written. Nothing
            of the content is then left behind.
    """
    with _told(root, path, "written"), _walked(root, path, links=False, create=folders) as walk:
        if walk.status is not None and not stat.S_ISREG(walk.status.st_mode):
            raise _not_regular()
        _write_in(walk.descriptor, walk.name, content, mode)


def open_lock_below(root: str | Path, path: str) -> int:
    """A descriptor of a lock file, for `flock`; the file and its folders are created, through no link below `root`.

    Raises:
        FileRefusedError: a part of the path is a link, the file is not a regular one, or it cannot be opened.
    """
    with _told(root, path, "written"), _walked(root, path, links=False, create=True) as walk:
        descriptor = os.open(walk.name, os.O_RDWR | os.O_CREAT | _FILE, 0o600, dir_fd=walk.descriptor)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise _not_regular()
        return descriptor


def read_named(file: str | Path, limit: int = LARGEST_SAVED) -> bytes:
    """The bytes of a file that a user names on the command line, wherever it is.

    Links are followed. Only a path below /dev may name anything but a regular file: `/dev/stdin`, or `/dev/fd/63`, as a
    shell passes the output of a command.

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
            raise OSError(errno.EINVAL, _NOT_REGULAR)
        content = _read_at_most(descriptor, limit + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, _too_large(limit))
    return content


def write_whole(content: bytes, file: Path, *, mode: int = 0o600) -> None:
    """Write a file that a user names, whole or not at all; it replaces one that is there.

    Below the working folder, it is written through no link, since a checkout may have brought one. Elsewhere, what is
    there and is not a regular file (a device, a pipe) is written to as it is.

    Raises:
        OSError: it cannot be written. Nothing of the content is then left behind.
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
    """Check that `write_whole` would not refuse a place.

    Raises:
        OSError: it would, because of a link, or because what is there is not a regular file.
    """
    if (place := _place_here(file)) is not None:
        with _as_os_error():
            check_below(*place)


def _place_here(file: Path) -> tuple[str, str] | None:
    """The working folder, and the path of a file below it; None if it is elsewhere."""
    here, path = os.getcwd(), os.path.abspath(file)
    return (here, path[len(here) + 1 :]) if here != "/" and path != here and is_below(path, here) else None


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except FileRefusedError as problem:
        raise OSError(errno.EACCES, problem.why) from None


def is_below(path: str, root: str) -> bool:
    """Whether a path is a folder or lies in it; neither is looked up."""
    return path == root or path.startswith(root if root.endswith("/") else f"{root}/")


class _Walk:
    """Goes down from the root. At the end, `descriptor` is a folder, and `name` is a name in it, not that of a link, or
    `.` for the folder itself. `status` is None if there is nothing of that name. `parts` is the way from the root."""

    def __init__(self, root: str, *, links: bool, dots: bool, create: bool) -> None:
        self.root = root
        self.descriptor = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
        self.name = "."
        self.parts: list[str] = []
        self.status: os.stat_result | None = None
        self._links = links
        self._dots = dots
        self._create = create
        self._followed = 0
        self._walked = 0

    def close(self) -> None:
        os.close(self.descriptor)

    def go(self, folder: str, path: str) -> None:
        """Go to `path` from `folder`."""
        # The folder was reached before, so the rule on dots is only for the path itself.
        before = [] if path.startswith("/") else self._below(folder)
        waiting = [(part, not self._dots) for part in reversed(self._below(path))]
        waiting += [(part, False) for part in reversed(before)]
        while waiting:
            part, checked = waiting.pop()
            self._walked += 1
            if self._walked > MOST_PARTS:
                raise _RefusedError(
                    Refusal.FAILED, f"its path has more than {MOST_PARTS} parts, counting those of links"
                )
            if part == "..":
                self._go_up()
                continue
            if checked and part.startswith("."):
                raise _RefusedError(Refusal.HIDDEN, "it leads through a name that starts with a dot")
            if (target := self._go_down(part, last=not waiting)) is not None:
                waiting += [(rest, not self._dots) for rest in reversed(target)]
        if self.status is None and self.name == ".":
            self.status = os.fstat(self.descriptor)

    def _go_up(self) -> None:
        if not self.parts:
            raise _RefusedError(Refusal.OUTSIDE, "it leads outside the repository")
        self._enter("..")
        self.parts.pop()

    def _go_down(self, part: str, *, last: bool) -> list[str] | None:
        """Enter a folder, or stay above the last part of the way. For a link, the parts to go on with."""
        if not last:
            try:
                self._enter(part)
            except OSError as problem:
                if isinstance(problem, FileNotFoundError) and self._create:
                    with suppress(FileExistsError):
                        os.mkdir(part, dir_fd=self.descriptor)
                    self._enter(part)
                elif problem.errno not in _LINK_MET or (target := self._follow(part)) is None:
                    raise
                else:
                    return target
            self.parts.append(part)
            return None
        try:
            status = os.stat(part, dir_fd=self.descriptor, follow_symlinks=False)
        except FileNotFoundError:
            self.name = part
            self.parts.append(part)
            return None
        if stat.S_ISLNK(status.st_mode):
            return self._follow(part)
        self.name, self.status = part, status
        self.parts.append(part)
        return None

    def _enter(self, part: str) -> None:
        entered = os.open(part, _FOLDER, dir_fd=self.descriptor)
        os.close(self.descriptor)
        self.descriptor = entered

    def _follow(self, part: str) -> list[str] | None:
        """The parts of a link's target; None if it is not a link."""
        try:
            target = os.readlink(part, dir_fd=self.descriptor)
        except OSError:
            return None
        if not self._links:
            raise _RefusedError(Refusal.LINK, f'"{"/".join((*self.parts, part))}" is a link')
        self._followed += 1
        if self._followed > _MOST_LINKS:
            raise _RefusedError(Refusal.FAILED, f"it leads through more than {_MOST_LINKS} links")
        if not target.startswith("/"):
            return _parts(target)
        below = self._below(target)
        self._enter_root()
        return below

    def _enter_root(self) -> None:
        entered = os.open(self.root, _FOLDER & ~os.O_NOFOLLOW)
        os.close(self.descriptor)
        self.descriptor = entered
        self.parts = []

    def _below(self, path: str) -> list[str]:
        """The parts of a path from the root down."""
        if not path.startswith("/"):
            return _parts(path)
        root = self.root if is_below(path, self.root) else os.path.realpath(self.root)
        if is_below(path, root):
            return _parts(path[len(root) :])
        raise _RefusedError(Refusal.OUTSIDE, "it leads outside the repository")

    def read(self, limit: int) -> bytes:
        """The bytes of the file at the end of the way."""
        if self.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        self._check(self.status, limit)
        descriptor = os.open(self.name, os.O_RDONLY | _FILE, dir_fd=self.descriptor)
        try:
            self._check(os.fstat(descriptor), limit)
            content = _read_at_most(descriptor, limit + 1)
        finally:
            os.close(descriptor)
        if len(content) > limit:
            raise _RefusedError(Refusal.SIZE, _too_large(limit))
        return content

    def _check(self, status: os.stat_result, limit: int) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise _not_regular()
        if status.st_size > limit:
            raise _RefusedError(Refusal.SIZE, _too_large(limit))


@contextmanager
def _walked(
    root: str | Path,
    path: str,
    *,
    folder: str = "",
    links: bool = True,
    dots: bool = True,
    create: bool = False,
) -> Iterator[_Walk]:
    if not path or "\0" in path:
        raise _RefusedError(Refusal.MISSING, _NO_PATH)
    walk = _Walk(os.path.abspath(root), links=links, dots=dots, create=create)
    try:
        walk.go(folder, path)
        yield walk
    finally:
        walk.close()


@contextmanager
def _told(root: str | Path, path: str, verb: str) -> Iterator[None]:
    try:
        yield
    except _RefusedError as problem:
        reason, why = problem.reason, problem.why
    except (FileNotFoundError, NotADirectoryError) as problem:
        reason, why = Refusal.MISSING, problem.strerror or str(problem)
    except UnicodeEncodeError:
        reason, why = Refusal.MISSING, _NO_PATH
    except OSError as problem:
        reason, why = Refusal.FAILED, problem.strerror or str(problem)
    else:
        return
    remedy = _REMEDIES.get(reason, "").format(root=os.fspath(root))
    raise FileRefusedError(f'"{path}" cannot be {verb}: {why}', remedy, reason=reason, why=why) from None


_NOT_REGULAR: Final = "it is not a regular file"
_NO_PATH: Final = "it is not the path of a file"


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _not_regular() -> _RefusedError:
    return _RefusedError(Refusal.KIND, _NOT_REGULAR)


def _too_large(limit: int) -> str:
    return f"it is larger than {limit // 1_000_000} MB"


def _read_at_most(descriptor: int, most: int) -> bytes:
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, 1 << 20))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


def _write_in(folder: int, name: str, content: bytes, mode: int | None) -> None:
    """Write a file of a folder that is open."""
    temporary = f".reconciler-{secrets.token_hex(8)}.tmp"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FILE
    descriptor = os.open(temporary, flags, 0o666 if mode is None else 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            if mode is not None:
                os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
