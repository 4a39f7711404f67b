"""What others can get from a clone: its commit, its remotes, and whether the commit has a folder as it is on disk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from reconciler.frozen import dataclass
from reconciler.git.discovery import is_inside
from reconciler.git.process import output
from reconciler.git.sources import blob_id


@dataclass(frozen=True, slots=True)
class Clone:
    """What git reports about a folder of a clone.

    `inner` is the folder below the top of the working tree, "" for the top itself. `changed` are files in the folder
    that are not as committed. `remotes` are names and addresses as they are configured, `origin` first. `pushed_to` are
    the remotes that have the commit, as far as the clone knows. `blobs` are those of one folder in it.
    """

    commit: str
    inner: str
    changed: tuple[str, ...]
    remotes: tuple[tuple[str, str], ...]
    pushed_to: frozenset[str]
    blobs: Mapping[str, str]

    def holds(self, folder: Path) -> bool:
        """Whether the commit holds exactly the files of a folder, except what Python compiles."""
        found = {}
        for file in folder.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                name = f"{folder.name}/{file.relative_to(folder).as_posix()}"
                found[name] = blob_id(file.read_bytes(), self.commit)
        return found == dict(self.blobs)


def read_clone(folder: Path, package: str) -> Clone | None:
    """What git reports about a folder, and the blobs of `package` in it. None if it is not in a commit.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    if not folder.is_dir() or not is_inside(folder):
        return None
    commit = output(folder, "rev-parse", "--verify", "--quiet", "HEAD", tolerated={1}).strip()
    listing = output(folder, "ls-tree", "-r", "-z", "HEAD", "--", package) if commit else ""
    blobs = {}
    for line in listing.split("\0")[:-1]:
        entry, name = line.split("\t", 1)
        blobs[name] = entry.split(" ")[2]
    if not blobs:
        return None
    status = output(folder, "status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=all", "--", ".")
    inner = output(folder, "rev-parse", "--show-prefix").strip().rstrip("/")
    remotes = _remotes(folder)
    refs = output(folder, "for-each-ref", "--contains", commit, "--format=%(refname)", "refs/remotes/").split()
    pushed = frozenset(name for name, _ in remotes if any(ref.startswith(f"refs/remotes/{name}/") for ref in refs))
    return Clone(commit, inner, tuple(line[3:] for line in status.split("\0")[:-1]), remotes, pushed, blobs)


def _remotes(folder: Path) -> tuple[tuple[str, str], ...]:
    """The address of each remote, as configured: what `insteadOf` makes of it holds on this machine alone."""
    said = output(folder, "config", "-z", "--get-regexp", r"^remote\..*\.url$", tolerated={1})
    found: dict[str, str] = {}
    for entry in said.split("\0")[:-1]:
        key, _, url = entry.partition("\n")
        found.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    return tuple(sorted(found.items(), key=lambda each: (each[0] != "origin", each[0])))


@dataclass(frozen=True, slots=True)
class Branches:
    """`default` is the branch that origin/HEAD names, `current` the one that HEAD names, which may have no commit.

    Each is None if git names none. `known` are the branches of the clone and of its remotes.
    """

    default: str | None = None
    current: str | None = None
    known: frozenset[str] = frozenset()


def read_branches(folder: Path) -> Branches:
    """The branches of the repository that a folder is in; none outside git.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    if not is_inside(folder):
        return Branches()
    refs = output(folder, "for-each-ref", "--format=%(refname)", "refs/heads/", "refs/remotes/").split()
    known = (re.sub(r"^refs/(?:heads|remotes/[^/]+)/", "", ref) for ref in refs)
    return Branches(
        _named(folder, "refs/remotes/origin/HEAD", "refs/remotes/origin/"),
        _named(folder, "HEAD", "refs/heads/"),
        frozenset(known),
    )


def _named(folder: Path, ref: str, start: str) -> str | None:
    found = output(folder, "symbolic-ref", "--quiet", ref, tolerated={1}).strip()
    return found.removeprefix(start) if found.startswith(start) else None


def remote_host(folder: Path) -> str | None:
    """The host of origin, or of the only remote; None without one.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    if not is_inside(folder):
        return None
    for _, url in _remotes(folder)[:1]:
        found = re.match(r"(?:\w[\w+.-]*://)(?:[^/@]*@)?([^/:]+)|(?:[^/@:]+@)?([\w-]+(?:\.[\w-]+)+):(?!/)", url)
        return (found[1] or found[2]).lower() if found else None
    return None


def tracked_files(folder: Path) -> tuple[str, ...]:
    """The files below a folder that git tracks, or would if they were added. Empty outside git.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    if not is_inside(folder):
        return ()
    listing = output(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    return tuple(listing.split("\0")[:-1])
