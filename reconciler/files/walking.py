"""Walks the path of a file from the repository root, one part at a time.

Each part is opened relative to the one before it, without following a link. So the file that was checked is the file
that is opened, even if the tree changes in the meantime.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.errors import FileMissingError, FileRefusedError

MOST_PARTS: Final = 250
"""The maximum number of parts in a path, including the targets of links."""

_MOST_LINKS: Final = 40
"""The maximum number of links in a path, the same as in Linux (path_resolution(7))."""


def _flags(*names: str) -> int:
    """The flags with these names. A system without one of them cannot open folders in this way: see IS_SAFE_HERE."""
    return reduce(or_, (getattr(os, name, 0) for name in names))


IS_SAFE_HERE: Final = hasattr(os, "O_NOFOLLOW") and os.open in os.supports_dir_fd
"""Whether the system can open a path without following links. Windows cannot."""

# O_PATH opens a folder that may be passed through but not listed. Only Linux has it.
_FOLDER: Final = _flags("O_PATH", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC")
REGULAR: Final = _flags("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_NOCTTY")
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


class RefusedError(Exception):
    def __init__(self, reason: Refusal, why: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.why = why


_REMEDIES: Final = {
    Refusal.OUTSIDE: "Nothing outside the repository is read or written. Put the file under {root}.",
    Refusal.HIDDEN: "Reconciler never reads files or folders whose names start with a dot, such as .git and .env, even "
    "through links. Rename the file or folder, or use a different file.",
    Refusal.LINK: "Replace the link with a regular file or folder.",
    Refusal.KIND: "Use a regular file.",
}


def is_below(path: str, root: str) -> bool:
    """Whether a path is a folder or is in it. The file system is not read."""
    return path == root or path.startswith(root if root.endswith("/") else f"{root}/")


class _Walk:
    """Goes down from the root. At the end, `descriptor` is a folder, and `name` is a name in it that is not a link, or
    `.` for the folder itself. `status` is None if nothing has that name. `parts` is the path from the root."""

    def __init__(self, root: str, *, links: bool, dots: bool, create: bool) -> None:
        self.root = root
        self.descriptor = os.open(root, _FOLDER & ~_flags("O_NOFOLLOW"))
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
                raise RefusedError(
                    Refusal.FAILED, f"its path has more than {MOST_PARTS} parts, counting the targets of links"
                )
            if part == "..":
                self._go_up()
                continue
            if checked and part.startswith("."):
                raise RefusedError(Refusal.HIDDEN, self._hidden(path, part))
            if (target := self._go_down(part, last=not waiting)) is not None:
                waiting += [(rest, not self._dots) for rest in reversed(target)]
        if self.status is None and self.name == ".":
            self.status = os.fstat(self.descriptor)

    def _hidden(self, path: str, part: str) -> str:
        """Why a hidden part of a path, or of the target of a link on it, is refused."""
        *folders, last = _parts(path) or [""]
        if part in folders:
            return "it is in a hidden folder"
        return "it is hidden" if part == last else "it links to a hidden file or folder"

    def _go_up(self) -> None:
        if not self.parts:
            raise RefusedError(Refusal.OUTSIDE, "it is outside the repository")
        self._enter("..")
        self.parts.pop()

    def _go_down(self, part: str, *, last: bool) -> list[str] | None:
        """Enter a folder. The last part of the path is recorded but not entered. For a link, returns the parts of its
        target."""
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
            raise RefusedError(Refusal.LINK, f"{quoted('/'.join((*self.parts, part)))} is a link")
        self._followed += 1
        if self._followed > _MOST_LINKS:
            raise RefusedError(Refusal.FAILED, f"its path has more than {_MOST_LINKS} links")
        if not target.startswith("/"):
            return _parts(target)
        below = self._below(target)
        self._enter_root()
        return below

    def _enter_root(self) -> None:
        entered = os.open(self.root, _FOLDER & ~_flags("O_NOFOLLOW"))
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
        raise RefusedError(Refusal.OUTSIDE, "it is outside the repository")

    def is_there(self) -> bool:
        """Whether the path leads to a file.

        Raises:
            RefusedError: it leads to something else.
        """
        if self.status is not None and not stat.S_ISREG(self.status.st_mode):
            raise not_regular()
        return self.status is not None

    def read(self, limit: int) -> bytes:
        """The bytes of the file at the end of the path, at most `limit`."""
        if self.status is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        return read_regular(self.name, self.descriptor, self.status, limit)

    @property
    def is_direct(self) -> bool:
        """Whether no link was followed, so that the folder is the one in the path."""
        return not self._followed


def read_regular(name: str, folder: int, status: os.stat_result, limit: int) -> bytes:
    """The bytes of a file in an open folder, at most `limit`. `status` is that of the name, without following a link.

    Raises:
        RefusedError: it is not a regular file, or too large.
        OSError: it cannot be read.
    """
    _check(status, limit)
    descriptor = os.open(name, os.O_RDONLY | REGULAR, dir_fd=folder)
    try:
        _check(status := os.fstat(descriptor), limit)
        content = read_at_most(descriptor, limit + 1, status.st_size + 1)
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise RefusedError(Refusal.SIZE, too_large(limit))
    return content


def _check(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise not_regular()
    if status.st_size > limit:
        raise RefusedError(Refusal.SIZE, too_large(limit))


@contextmanager
def walked(
    root: str | Path,
    path: str,
    verb: str,
    *,
    folder: str = "",
    links: bool = True,
    dots: bool = True,
    create: bool = False,
    named: str | None = None,
) -> Iterator[_Walk]:
    """Goes to `path`. A refusal says what cannot be done: `verb` is "read" or "written". `named` is the path in it."""
    with _reported(root, path if named is None else named, verb):
        if not path or "\0" in path:
            raise RefusedError(Refusal.MISSING, _NO_PATH)
        walk = _Walk(os.path.abspath(root), links=links, dots=dots, create=create)
        try:
            walk.go(folder, path)
            yield walk
        finally:
            walk.close()


@contextmanager
def _reported(root: str | Path, path: str, verb: str) -> Iterator[None]:
    try:
        yield
    except RefusedError as problem:
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
    kind = FileMissingError if reason is Refusal.MISSING else FileRefusedError
    raise kind(f"{quoted(path)} cannot be {verb}: {why}", remedy, reason=reason, why=why) from None


NOT_REGULAR: Final = "it is not a regular file"
_NO_PATH: Final = "it is not a valid file path"


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def not_regular() -> RefusedError:
    return RefusedError(Refusal.KIND, NOT_REGULAR)


def too_large(limit: int) -> str:
    return f"it is larger than {limit // 1_000_000} MB"


def read_at_most(descriptor: int, most: int, expected: int = 1 << 20) -> bytes:
    """At most so many bytes. `expected` is the number that a single read asks for."""
    pieces: list[bytes] = []
    while most > 0 and (piece := os.read(descriptor, min(most, expected))):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)
