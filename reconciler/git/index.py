"""What git's index lists of the working tree: tracked files, how git looks at each, and those that it leaves out.

A sparse checkout leaves files out, and a file can be marked by hand (skip-worktree, assume-unchanged). Git does not
call such a file deleted, so it is not gone.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

from reconciler.errors import GitRefusedError
from reconciler.frozen import dataclass
from reconciler.git.discovery import is_inside
from reconciler.git.process import output, refusal, run

_MOST: Final = 100
"""A command line gets at most this many names."""

LINK: Final = "120000"
SUBMODULE: Final = "160000"


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the index. `tag` is the letter that `git ls-files -v` gives it."""

    mode: str
    blob: str
    tag: str

    @property
    def is_compared(self) -> bool:
        """Whether git compares it with the working tree."""
        return self.tag == "H"

    @property
    def flag(self) -> str | None:
        """What keeps git from looking for it in the working tree, as an option of `git update-index`."""
        return "skip-worktree" if self.tag == "S" else "assume-unchanged" if self.tag in ("h", "s") else None


def top_of(root: Path) -> str:
    """The top of the working tree, without links on the way."""
    return os.path.realpath(output(root, "rev-parse", "--show-toplevel").removesuffix("\n"))


def top_and_head(root: Path) -> tuple[str, str]:
    """The top as `top_of` returns it, and the commit that is checked out, which is "" if there is none."""
    arguments = ("rev-parse", "--show-toplevel", "--verify", "--quiet", "HEAD")
    done = run(root, *arguments)
    if done.returncode not in (0, 1):
        raise refusal(root, arguments, done)
    said = done.stdout.decode("utf-8", "replace").removesuffix("\n")
    top, _, head = said.rpartition("\n") if done.returncode == 0 else (said, "", "")
    return os.path.realpath(top), head


def inner_name(top: str, path: str) -> str | None:
    """A path from the top of the working tree, "" for the top itself; None outside it."""
    return path.removeprefix(top).removeprefix("/") if f"{path}/".startswith(f"{top}/") else None


def is_link(file: str) -> bool:
    """Whether git tracks a file as a link, even if the working tree has something else. False if git fails."""
    folder, name = os.path.split(file)
    try:
        listing = output(Path(folder), "ls-files", "--stage", "-z", "--", name) if is_inside(Path(folder)) else ""
    except GitRefusedError:
        return False
    return listing.startswith(f"{LINK} ")


def entries(top: str, names: Collection[str]) -> dict[str, Entry]:
    """What the index has at or below some names from the top, or at least that; all of it if a name is ""."""
    found = {}
    listing = ("ls-files", "-v", "--stage", "-z", "--", *covering(names))
    for line in output(Path(top), *listing).split("\0")[:-1] if names else ():
        reported, name = line.split("\t", 1)
        tag, mode, blob, _ = reported.split(" ")
        found[name] = Entry(mode, blob, tag)
    return found


def covering(names: Iterable[str]) -> Sequence[str]:
    """A few names that cover all of them: the names themselves, or folders above them. None stands for everything."""
    parts = {tuple(name.split("/")) for name in names}
    depth = max(map(len, parts), default=0)
    while len(parts) > _MOST and depth:
        depth -= 1
        parts = {name[:depth] for name in parts}
    few = sorted("/".join(name) for name in parts)
    return () if "" in few else few


Wanted = Callable[[str, bool], bool]
"""Whether something matters, by its path below a folder. It is a folder if the second argument is true."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """`flags` are the names of the files, from the top of the working tree, each with the flag that hides it.

    `patterns` says how the sparse checkout is described: True for patterns, False for folders, None without one.
    """

    top: str
    flags: dict[str, str]
    patterns: bool | None


def hidden_files(root: Path, folders: Iterable[str], files: Iterable[str], wanted: Wanted) -> Hidden | None:
    """Those of `files` that are hidden, and what is `wanted` of the hidden files below `folders`; None if nothing is.

    All paths are absolute. Links that git tracks are followed. A hidden link counts as a folder, too.

    Raises:
        GitRefusedError: there is a repository, and git is missing, fails, or refuses it.
    """
    if not is_inside(root):
        return None
    top = top_of(root)
    flags: dict[str, str] = {}
    seen: set[tuple[str, bool]] = set()
    waiting = _targets(top, files, {False}) | _targets(top, folders, {True})
    while fresh := waiting - seen:
        seen |= fresh
        waiting = set()
        for name, entry in entries(top, {name for name, _ in fresh}).items():
            if entry.flag is None and entry.mode != LINK:
                continue
            kinds = {is_folder for is_folder in (False, True) if _matters(name, is_folder, fresh, wanted)}
            path = os.path.join(top, name)
            if os.path.lexists(path):
                waiting |= _targets(top, [path], kinds) if entry.mode == LINK else set()
            elif entry.flag is not None and (False in kinds or (kinds and entry.mode in (LINK, SUBMODULE))):
                flags[name] = entry.flag
    return Hidden(top, dict(sorted(flags.items())), _has_patterns(root)) if flags else None


def _targets(top: str, paths: Iterable[str], kinds: set[bool]) -> set[tuple[str, bool]]:
    """What paths lead to, from the top, as each of the kinds (True for a folder)."""
    names = (inner_name(top, os.path.realpath(path)) for path in paths)
    return {(name, kind) for name in names if name is not None for kind in kinds}


def _matters(name: str, is_folder: bool, sought: set[tuple[str, bool]], wanted: Wanted) -> bool:
    """Whether a path is one of those sought, or is wanted below a sought folder."""
    if (name, is_folder) in sought:
        return True
    parts = name.split("/")
    above = ("/".join(parts[:depth]) for depth in range(len(parts)))
    return any((folder, True) in sought and wanted(name[len(folder) :].lstrip("/"), is_folder) for folder in above)


def _has_patterns(root: Path) -> bool | None:
    pattern = r"^core\.sparsecheckout(cone)?$"
    said = output(root, "config", "--type=bool", "--get-regexp", pattern, tolerated={1})
    settings = dict(line.split(" ") for line in said.splitlines())
    if settings.get("core.sparsecheckout") != "true":
        return None
    return settings.get("core.sparsecheckoutcone") != "true"
