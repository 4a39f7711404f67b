"""Which repository git would find from a folder, determined without running git.

A checkout cannot contain a `.git`, but it can contain a bare repository: a folder with HEAD, objects, and refs. In such
a folder, git reads the configuration next to them, and runs the commands in it.
"""

from __future__ import annotations

import os.path
from pathlib import Path

from reconciler.errors import GitRefusedError


def is_inside(root: Path) -> bool:
    """Whether the folder `root` is in a git repository.

    Raises:
        GitRefusedError: it is in a folder that looks like a bare repository.
    """
    refuse_bare(root)
    return any(os.path.exists(parent / ".git") for parent in (root, *root.parents))


def refuse_bare(root: Path) -> None:
    """Check that git, started in `root`, would find no bare repository on its way up.

    Raises:
        GitRefusedError: a folder between `root` and the first `.git` looks like a bare repository.
    """
    folder = os.path.realpath(root)
    while True:
        inner = os.path.join(folder, ".git")
        if os.path.isfile(inner) or _looks_like_git(inner):
            return
        if _looks_like_git(folder):
            raise GitRefusedError(
                f"the folder {folder} looks like a bare git repository",
                "Git would run the commands in its config file, so reconciler did not run git there.\n"
                "If the folder is only a copy of a repository, rename its HEAD file. Otherwise, work in a clone of it.",
            )
        folder, child = os.path.dirname(folder), folder
        if folder == child:
            return


def _looks_like_git(folder: str) -> bool:
    """git's own test, without the checks of the HEAD file's content and of access rights."""

    def has(name: str) -> bool:
        return os.path.lexists(os.path.join(folder, name))

    return has("HEAD") and (has("commondir") or (has("objects") and has("refs")))
