"""The commit that is checked out, and whether it holds the files that were read. Takes no lock.

`git status` is not enough. It leaves out files that git ignores, the targets of links, and files that are marked as
unchanged (assume-unchanged, skip-worktree).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.frozen import dataclass
from reconciler.git.discovery import is_inside
from reconciler.git.index import LINK, SUBMODULE, Entry, covering, entries, inner_name, top_and_head
from reconciler.git.process import output
from reconciler.model.plan import Commit

_MOST_LINKS = 40
"""Linux follows at most this many links in a path. Later ones are taken for files, which the commit does not hold."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What git reports about the files that were read.

    `unheld` are those that the commit does not hold as they were read; `ignored` are those that git ignores. Without a
    commit both are empty. `commit` is dirty if there is an unheld file.
    """

    commit: Commit
    unheld: frozenset[str] = frozenset()
    ignored: tuple[str, ...] = ()


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
    top, head = top_and_head(root) if is_inside(root) else ("", "")
    if not head:
        return Sources(Commit())
    named = {name for path in paths if path.exists() and (name := inner_name(top, str(path))) is not None}
    held = _Held(top, head, named, sorted(set(files)))
    return Sources(Commit(head, dirty=held.differs or bool(held.unheld)), held.unheld, held.ignored())


def _status(top: str, names: Collection[str]) -> dict[str, str]:
    """The two letters of `git status` for each file that differs, by name. There are at least those at the names."""
    options = ("--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal", "--ignore-submodules=all")
    listing = output(Path(top), "status", *options, "--", *covering(names)) if names else ""
    return {line[3:]: line[:2] for line in listing.split("\0")[:-1]}


def _stored(top: str, names: Sequence[str]) -> list[str]:
    """The blobs that git would store for files, after the filters that their attributes name. Nothing is stored.

    Empty if one of them cannot be filtered.
    """
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"\n' for name in names)
    data = "".join(quoted).encode("utf-8", "surrogateescape")
    try:
        return output(Path(top), "hash-object", "--stdin-paths", data=data).split()
    except GitRefusedError:
        return []


def _check_ignore(top: Path, names: Iterable[str]) -> list[str]:
    listed = "".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape")
    # This command does not accept literal pathspecs. It takes no wildcards, so names are literal anyway.
    names_only = {"GIT_LITERAL_PATHSPECS": "0"}
    return output(top, "check-ignore", "--stdin", "-z", data=listed, environment=names_only, tolerated={1}).split("\0")


class _Held:
    """Which of the files that were read the commit holds. `named` are names from the top, of what is compared whole."""

    def __init__(self, top: str, head: str, named: Collection[str], files: Sequence[str]) -> None:
        self._top = top
        self._head = head
        self._passed = all_passed(files)
        steps = {step for passed in self._passed.values() for step in passed}
        self._names = {step: name for step in steps if (name := inner_name(top, step)) is not None}
        elsewhere = {name for name in self._names.values() if not _is_at(name, named)}
        self._status = _status(top, {*named, *elsewhere})
        self._entries = entries(top, {*named, *elsewhere})
        unseen = {os.path.join(top, name): name for name in self._unseen(named)}
        self._names |= unseen
        clean = self._clean()
        untracked = tuple(name for name in self._status if name.endswith("/"))
        self.differs = (
            not clean.issuperset(unseen)
            or any(_is_at(name, named) for name in self._status)
            or any(name.startswith(untracked) for name in named)
        )
        """Whether anything at or below what is named differs from the commit."""
        self.unheld = frozenset(file for file, passed in self._passed.items() if not clean.issuperset(passed))
        """The files that the commit does not hold, or that a link leads to that it does not hold."""

    def ignored(self) -> tuple[str, ...]:
        """Those of the files that git ignores. A file that it tracks is not ignored, even if a pattern matches it."""
        names: dict[str, list[str]] = {}
        for file in self.unheld:
            inner = self._names.get(self._passed[file][-1])
            if inner is not None and inner not in self._entries and not self._in_submodule(inner):
                # A name that starts with a colon would be more than a name.
                names.setdefault(f"./{inner}", []).append(file)
        if not names:
            return ()
        return tuple(sorted(chain(*(names.get(name, []) for name in _check_ignore(Path(self._top), names)))))

    def _unseen(self, named: Collection[str]) -> Iterator[str]:
        """Names of files at or below what is named that git does not compare, and does not leave out either."""
        for name, entry in self._entries.items():
            is_sparse = entry.flag == "skip-worktree" and not os.path.lexists(os.path.join(self._top, name))
            if entry.flag is not None and not is_sparse and _is_at(name, named):
                yield name

    def _clean(self) -> set[str]:
        """The files and links that are as committed."""
        clean = set()
        unsure: dict[str, tuple[str, Entry]] = {}
        for path, name in self._names.items():
            entry, status = self._entries.get(name), self._status.get(name, "  ")
            if entry is None or status[0] != " ":  # the index differs from the commit
                continue
            if entry.is_compared and status == "  ":
                clean.add(path)
            elif os.path.islink(path) or entry.mode == LINK:
                clean.update([path] if self._is_same_link(path, entry) else [])
            elif os.path.isfile(path):
                unsure[path] = name, entry
        stored = _stored(self._top, [name for name, _ in unsure.values()]) if unsure else []
        for (path, (_, entry)), blob in zip_longest(unsure.items(), stored):
            if entry.blob == blob or self._is_same_file(path, entry):
                clean.add(path)
        return clean

    def _is_same_link(self, path: str, entry: Entry) -> bool:
        if entry.mode != LINK or not os.path.islink(path):
            return False
        return entry.blob == blob_id(os.fsencode(os.readlink(path)), self._head)

    def _is_same_file(self, path: str, entry: Entry) -> bool:
        try:
            return entry.blob == blob_id(Path(path).read_bytes(), self._head)
        except OSError:
            return False

    def _in_submodule(self, name: str) -> bool:
        folders = Path(name).parents
        return any((entry := self._entries.get(str(folder))) and entry.mode == SUBMODULE for folder in folders)


def _is_at(name: str, named: Collection[str]) -> bool:
    """Whether a path is one of the `named` paths, or below one of them."""
    return any(f"{name}/".startswith(f"{each}/".lstrip("/")) for each in named)


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
