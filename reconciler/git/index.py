"""What git's index lists of the working tree: tracked files, and how git looks at each."""

from __future__ import annotations

import os.path
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.errors import GitRefusedError
from reconciler.git.discovery import is_inside
from reconciler.git.process import output

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


def inner_name(top: str, path: str) -> str | None:
    """A path from the top of the working tree, "" for the top itself; None outside it."""
    return path.removeprefix(top).removeprefix("/") if f"{path}/".startswith(f"{top}/") else None


def is_link(file: str) -> bool:
    """Whether git tracks a file as a link, whatever it is in the working tree. False if git does not answer."""
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
