"""The commit that is checked out, and whether it holds the files that were read. Takes no lock.

`git status` is not enough. It leaves out files that git ignores, the targets of links, and files that are marked as
unchanged (assume-unchanged, skip-worktree).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from reconciler.git.discovery import is_inside
from reconciler.git.process import output
from reconciler.model.plan import Commit

_MOST_LINKS = 40
"""Linux follows at most this many links in a path. Later ones are taken for files, which the commit does not hold."""

_MANY = 100
"""If there are more names than this, git gets their folders instead."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What git reports about the files that were read.

    `unheld` are those that the commit does not hold as they were read; `ignored` are those that git ignores. Without a
    commit both are empty. `commit` is dirty if there is an unheld file.
    """

    commit: Commit
    unheld: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Entry:
    """A file in the index."""

    mode: str
    blob: str
    is_plain: bool
    """Git compares it with the working tree."""


def blob_id(content: bytes, commit: str) -> str:
    """The ID of a blob, in the format of the ID of a commit of its repository."""
    sha = hashlib.sha1 if len(commit) == 40 else hashlib.sha256
    return sha(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def read_commit(root: Path, paths: Sequence[Path]) -> Commit:
    """The commit that is checked out at `root`, and whether anything at or below `paths` differs from it.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    return read_sources(root, paths, ()).commit


def read_sources(root: Path, paths: Sequence[Path], files: Iterable[str]) -> Sources:
    """The commit as `read_commit` returns it, and which of `files`, which are absolute, it holds.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    head = output(root, "rev-parse", "--verify", "--quiet", "HEAD").strip() if is_inside(root) else ""
    if not head:
        return Sources(Commit())
    existing = [str(path) for path in paths if path.exists()]
    wanted = sorted(set(files))
    if not wanted:
        return Sources(Commit(head, dirty=bool(_status(root, existing))))
    index = _Index(root, head, existing, wanted)
    unheld = frozenset(file for file in wanted if not index.holds(file))
    return Sources(Commit(head, dirty=index.differs or bool(unheld)), unheld, index.ignored(unheld))


def _status(root: Path, paths: Sequence[str]) -> dict[str, str]:
    """The two letters of `git status` for each file that differs, by name from the top of the working tree."""
    options = ("--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=all")
    listing = output(root, "status", *options, "--", *paths) if paths else ""
    return {line[3:]: line[:2] for line in listing.split("\0")[:-1]}


def _check_ignore(top: Path, names: Iterable[str]) -> list[str]:
    listed = "".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape")
    # This command does not accept literal pathspecs. It takes no wildcards, so names are literal anyway.
    names_only = {"GIT_LITERAL_PATHSPECS": "0"}
    return output(top, "check-ignore", "--stdin", "-z", data=listed, environment=names_only, tolerated={1}).split("\0")


class _Index:
    """What git tracks, and which of the files that were read it tracks."""

    def __init__(self, root: Path, head: str, paths: Sequence[str], files: Sequence[str]) -> None:
        top = os.path.realpath(output(root, "rev-parse", "--show-toplevel").removesuffix("\n"))
        self._top = f"{top}/"
        self._head = head
        self._passed = all_passed(files)
        inner = {step: name for step in chain(*self._passed.values()) if (name := self._inner(step)) is not None}
        folders = tuple(f"{path}/" for path in paths)
        elsewhere = sorted({step for step in inner if not step.startswith(folders)}.difference(paths))
        if len(elsewhere) > _MANY:
            elsewhere = sorted(set(map(os.path.dirname, elsewhere)))
        self._status = _status(root, [*paths, *elsewhere])
        first = sorted({name.split("/")[0] for name in inner.values()})
        listing = ("ls-files", "-v", "--stage", "-z", "--", *(first if len(first) <= _MANY else ()))
        self._entries: dict[str, _Entry] = {}
        for line in output(Path(top), *listing).split("\0")[:-1]:
            reported, name = line.split("\t", 1)
            tag, mode, blob, _ = reported.split(" ")
            self._entries[name] = _Entry(mode, blob, tag == "H")

    @property
    def differs(self) -> bool:
        """Whether anything at or below the paths differs from the commit."""
        return bool(self._status)

    def holds(self, file: str) -> bool:
        """Whether the commit holds the bytes of a file, and the links that lead to it."""
        return all(map(self._holds, self._passed[file]))

    def ignored(self, files: Iterable[str]) -> tuple[str, ...]:
        """Those of `files` that git ignores. A file that it tracks is not ignored, even if a pattern matches it."""
        names: dict[str, list[str]] = {}
        for file in files:
            inner = self._inner(self._passed[file][-1])
            if inner is not None and inner not in self._entries and not self._in_submodule(inner):
                names.setdefault(f"./{inner}", []).append(
                    file
                )  # a name that starts with a colon would be more than a name
        if not names:
            return ()
        return tuple(sorted(chain(*(names.get(name, []) for name in _check_ignore(Path(self._top), names)))))

    def _holds(self, path: str) -> bool:
        inner = self._inner(path)
        entry = None if inner is None else self._entries.get(inner)
        if inner is None or entry is None:
            return False
        status = self._status.get(inner, "  ")
        if status[0] != " ":  # the index differs from the commit
            return False
        return (entry.is_plain and status == "  ") or self._is_as_committed(path, entry)

    def _is_as_committed(self, path: str, entry: _Entry) -> bool:
        try:
            is_link = os.path.islink(path)
            content = os.fsencode(os.readlink(path)) if is_link else Path(path).read_bytes()
        except OSError:
            return False
        if is_link != (entry.mode == "120000"):
            return False
        return any(entry.blob == blob_id(each, self._head) for each in (content, content.replace(b"\r\n", b"\n")))

    def _inner(self, path: str) -> str | None:
        """A path from the top of the working tree; None outside it."""
        return path.removeprefix(self._top) if path.startswith(self._top) else None

    def _in_submodule(self, name: str) -> bool:
        folders = Path(name).parents
        return any((entry := self._entries.get(str(folder))) and entry.mode == "160000" for folder in folders)


def all_passed(files: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each file, every link on the way to it and the file itself, each as a path whose folders are not links."""
    folders: dict[str, tuple[str, ...]] = {}
    found = {}
    for file in files:
        folder, name = os.path.split(file)
        if folder not in folders:
            folders[folder] = _passed(folder)
        *links, real = folders[folder]
        path = os.path.join(real, name)
        found[file] = _passed(file) if os.path.islink(path) else (*links, path)
    return found


def _passed(path: str) -> tuple[str, ...]:
    waiting = path.split("/")[::-1]
    here = "/"
    links: list[str] = []
    while waiting:
        part = waiting.pop()
        step = os.path.join(here, part)
        if part == "..":
            here = os.path.dirname(here)
        elif os.path.islink(step) and len(links) < _MOST_LINKS:
            links.append(step)
            target = os.readlink(step)
            here = "/" if target.startswith("/") else here
            waiting += target.split("/")[::-1]
        elif part not in ("", "."):
            here = step
    return (*links, here)
