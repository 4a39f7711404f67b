"""Whether a push changed anything that a plan reads. If this cannot be determined, it counts as changed."""

from __future__ import annotations

import os.path
from collections.abc import Sequence

from reconciler import git
from reconciler.diagnostics import Diagnostic
from reconciler.errors import GitRefusedError, ReconcilerError
from reconciler.frozen import dataclass
from reconciler.git.sources import all_passed
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.places import files_of
from reconciler.settings import Settings, Target


@dataclass(frozen=True, slots=True)
class Changes:
    """Whether there might be something to apply, and a sentence that says why. `causes` are errors that hide it."""

    found: bool
    why: str
    causes: tuple[Diagnostic, ...] = ()


def look_for_changes(settings: Settings, target: Target, push: tuple[str | None, str | None] | None) -> Changes:
    """Whether a push changed what a plan reads. The commit after the push is checked out.

    A run without a push was started by hand, so there may be something to apply. A commit that is None is unknown.
    """
    if push is None:
        return Changes(True, "This run was not started by a push.")
    try:
        manifests = load_manifests(settings.manifests, root=settings.repo_root, overlay=target.overlay)
    except ReconcilerError as problem:
        return Changes(True, "Cannot determine what a plan reads.", problem.diagnostics)
    before, after = push
    if before is None or after is None:
        if any(entry.is_manifest for entry in manifests.entries):
            return Changes(True, "Cannot determine what changed: the branch is new.")
        return Changes(False, "There is no manifest yet, so there is nothing to apply.")
    try:
        changed = git.changed_files(settings.git_root, before, after)
    except GitRefusedError as problem:
        return Changes(True, "Cannot determine what changed.", problem.diagnostics)
    if changed is None:
        return Changes(True, f"Cannot determine what changed: this clone does not have the commit {before[:12]}.")
    if any(diagnostic.is_error for entry in manifests.entries for diagnostic in entry.diagnostics):
        return Changes(True, "Cannot determine what a plan reads: the manifests have errors.")
    read = _Read(settings, target, manifests)
    name = next((name for name in changed if read.depends_on(name)), None)
    if name is None:
        return Changes(False, "No file that a plan reads has changed.")
    return Changes(True, f"{name}, which a plan reads, has changed.")


class _Read:
    """What a plan reads: whole folders, so that a removed file counts too, and files outside these folders."""

    def __init__(self, settings: Settings, target: Target, manifests: Manifests) -> None:
        self._root = settings.git_root.as_posix()
        named = [settings.manifests, *([target.overlay] if target.overlay else [])]
        self._folders = {path for folder in named for path in (folder.as_posix(), os.path.realpath(folder))}
        files: set[str] = {*manifests.shared, *([settings.config_file.as_posix()] if settings.config_file else [])}
        for entry in manifests.entries:
            if entry.project is not None:
                files |= files_of(entry.project)
        passed: Sequence[Sequence[str]] = [*all_passed(files).values()]
        self._files = {path for paths in passed for path in paths} | files

    def depends_on(self, name: str) -> bool:
        """Whether a plan reads this path in git: a file, a link that leads to one, or a submodule."""
        path = f"{self._root}/{name}"
        if path in self._files or path in self._folders or name.rsplit("/", 1)[-1] == ".gitattributes":
            return True
        if any(path.startswith(f"{folder}/") for folder in self._folders):
            return True
        return any(file.startswith(f"{path}/") for file in (*self._files, *self._folders))
