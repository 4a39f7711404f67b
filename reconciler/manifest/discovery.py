"""Finds the manifests below the manifest folder.

They are all `*.yaml` and `*.yml` files, sorted by path, except files and folders whose names start with `_` or `.`.
Each folder is read once: under its own name if it is below the manifest folder, otherwise under the name of the first
symbolic link to it. So circular links do no harm. A link to a manifest that was already found is not a second manifest.
A link that leads out of the repository, or through a name that starts with a dot, is not followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import field
from typing import Final

from reconciler.diagnostics import Diagnostic
from reconciler.errors import FileRefusedError
from reconciler.files.reading import resolve
from reconciler.files.walking import Refusal, is_below
from reconciler.frozen import dataclass
from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.sharedfiles import refused, unread

DEFAULTS: Final = "_defaults.yaml"
_NEAR_DEFAULTS: Final = ("_defaults.yml", "_default.yaml", "_default.yml")
_ENDINGS: Final = (".yaml", ".yml")
_NEAR_ENDINGS: Final = (*_ENDINGS, ".yaml.txt", ".yml.txt", ".yaml ", ".yml ", ".ymal", ".yalm")
"""In lower case, the ends of names that are probably meant to be those of manifests."""
DEEPEST: Final = 100
"""The maximum depth of nested folders, counted from the repository root."""


@dataclass(slots=True)
class Found:
    """Absolute paths, sorted. `near_defaults` are files whose names look like that of defaults.

    `skipped` are files that look like manifests, except for the end of their names.
    `refused` has an error for each link that must not be followed, and each folder that could not be listed.
    """

    manifests: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)
    near_defaults: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    refused: list[Diagnostic] = field(default_factory=list)


def discover(folder: str, *, root: str, new: Iterable[str] = (), may_be_new: bool = False) -> Found:
    """Find the manifests in a folder below `root`. Both paths are absolute. `new` are files that do not exist yet.

    With `new` or `may_be_new`, the folder need not exist.
    """
    search = _Search(root)
    if os.path.lexists(folder) or not (new or may_be_new):
        search.run(folder)
    found = search.found
    for file in new:
        if is_below(file, folder) and is_read(file[len(folder) + 1 :], False) and not os.path.lexists(file):
            (found.defaults if os.path.basename(file) == DEFAULTS else found.manifests).append(file)
    if search.links:
        real = {os.path.realpath(file) for file in found.manifests}
        found.manifests += [file for file in search.links if os.path.realpath(file) not in real]
    for files in (found.manifests, found.defaults, found.near_defaults, found.skipped):
        files.sort(key=path_order)
    return found


def is_read(path: str, is_folder: bool) -> bool:
    """Whether a file or folder below the manifest folder is read, by its path there: a manifest, or defaults."""
    *folders, name = path.split("/")
    if any(part.startswith(("_", ".")) for part in folders):
        return False
    return name == DEFAULTS or (not name.startswith(("_", ".")) and (is_folder or name.endswith(_ENDINGS)))


def path_order(path: str) -> list[str]:
    """A sort key that keeps the files of a folder together."""
    return path.split("/")


class _Search:
    def __init__(self, root: str) -> None:
        self.found = Found()
        self.links: list[str] = []
        self._root = root
        self._seen: set[tuple[int, int]] = set()

    def run(self, folder: str) -> None:
        waiting = [folder]
        linked: list[str] = []
        while waiting or linked:
            current = waiting.pop() if waiting else linked.pop(0)
            if current.count("/") - self._root.count("/") > DEEPEST:
                self._unreadable(current, f"it is more than {DEEPEST} folders deep")
                continue
            try:
                status = os.stat(current)
                if (status.st_dev, status.st_ino) in self._seen:
                    continue
                self._seen.add((status.st_dev, status.st_ino))
                with os.scandir(current) as entries:
                    for entry in sorted(entries, key=lambda entry: entry.name):
                        self._sort_in(entry, waiting, linked)
            except OSError as problem:
                self._unreadable(current, problem.strerror or str(problem))

    def _unreadable(self, folder: str, reason: str) -> None:
        self._refuse(folder, RefusedError(Code.UNREADABLE, f"this folder cannot be read: {reason}"))

    def _refuse(self, path: str, refusal: RefusedError) -> None:
        self.found.refused.append(unread(path, refusal))

    def _sort_in(self, entry: os.DirEntry[str], waiting: list[str], linked: list[str]) -> None:
        name, is_link = entry.name, entry.is_symlink()
        if name.startswith(("_", ".")) and name != DEFAULTS:
            if name in _NEAR_DEFAULTS:
                self.found.near_defaults.append(entry.path)
            return
        is_folder = _is_folder(entry)
        if not is_folder and not name.endswith(_ENDINGS):
            if name.lower().endswith(_NEAR_ENDINGS):
                self.found.skipped.append(entry.path)
            return
        if name == DEFAULTS:
            self.found.defaults.append(entry.path)
        elif is_link and (refusal := self._refusal(entry.path, is_folder)) is not None:
            refusal.detail += " To skip the link, start its name with _."
            self._refuse(entry.path, refusal)
        elif is_folder:
            (linked if is_link else waiting).append(entry.path)
        else:
            (self.links if is_link else self.found.manifests).append(entry.path)

    def _refusal(self, path: str, is_folder: bool) -> RefusedError | None:
        """Why a link must not be followed. A link to a file that cannot be read is reported when it is read."""
        folder, name = os.path.split(path)
        try:
            resolve(self._root, name, folder=folder, dots=False)
        except FileRefusedError as problem:
            if is_folder or problem.reason in (Refusal.OUTSIDE, Refusal.HIDDEN):
                return refused(path.removeprefix(f"{self._root}/"), problem)
        return None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder. A link to itself is not."""
    try:
        return entry.is_dir()
    except OSError:
        return False
