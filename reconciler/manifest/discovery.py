"""Which files below the manifest folder are manifests.

Every `*.yaml` and `*.yml`, except files and folders whose name starts with `_` or `.`, sorted by path. A folder is read
once, under its own name where it has one below the manifest folder, else under that of the first symbolic link to it:
so links that lead in circles end. A link to a manifest that is found anyway is not a second one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

DEFAULTS: Final = "_defaults.yaml"
_ENDINGS: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """Absolute paths, sorted. `links` are those of the manifests that are symbolic links.

    `unreadable` are folders that could not be listed, with the reason.
    """

    manifests: tuple[str, ...]
    links: frozenset[str]
    defaults: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


def discover(folder: str) -> Found:
    """Look through an absolute folder that exists."""
    search = _Search()
    search.run(folder)
    linked: list[str] = []
    if search.links:
        real = {os.path.realpath(file) for file in search.manifests}
        linked = [file for file in search.links if os.path.realpath(file) not in real]
    manifests = sorted([*search.manifests, *linked], key=path_order)
    return Found(
        tuple(manifests),
        frozenset(linked),
        tuple(sorted(search.defaults, key=path_order)),
        tuple(sorted(search.unreadable)),
    )


def path_order(path: str) -> list[str]:
    """For sorting: a folder's files stand together."""
    return path.split("/")


class _Search:
    def __init__(self) -> None:
        self.manifests: list[str] = []
        self.links: list[str] = []
        self.defaults: list[str] = []
        self.unreadable: list[tuple[str, str]] = []
        self._seen: set[tuple[int, int]] = set()

    def run(self, folder: str) -> None:
        waiting = [folder]
        linked: list[str] = []
        while waiting or linked:
            current = waiting.pop() if waiting else linked.pop(0)
            try:
                status = os.stat(current)
                if (status.st_dev, status.st_ino) in self._seen:
                    continue
                self._seen.add((status.st_dev, status.st_ino))
                with os.scandir(current) as entries:
                    for entry in sorted(entries, key=lambda entry: entry.name):
                        self._sort_in(entry, waiting, linked)
            except OSError as problem:
                self.unreadable.append((current, problem.strerror or str(problem)))

    def _sort_in(self, entry: os.DirEntry[str], waiting: list[str], linked: list[str]) -> None:
        if entry.name == DEFAULTS:
            self.defaults.append(entry.path)
        if entry.name.startswith(("_", ".")):
            return
        if _is_folder(entry):
            (linked if entry.is_symlink() else waiting).append(entry.path)
        elif entry.name.endswith(_ENDINGS):
            (self.links if entry.is_symlink() else self.manifests).append(entry.path)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads to itself leads to no folder."""
    try:
        return entry.is_dir()
    except OSError:
        return False
