"""Files that git tracks, and that are not in the working tree because git does not look for them there.

A sparse checkout leaves files out, and a file can be marked by hand (skip-worktree, assume-unchanged). Git does not
call such a file deleted, so it is not gone.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from reconciler.git.discovery import is_inside
from reconciler.git.index import LINK, SUBMODULE, entries, inner_name, top_of
from reconciler.git.process import output

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
    """Whether something is one of what is sought, or is wanted below a folder that is sought."""
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
