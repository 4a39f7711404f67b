"""The files of an import: proven before one of them is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from typing import Final

from reconciler.diagnostics import quoted
from reconciler.errors import FileRefusedError, UsageError
from reconciler.fieldpath import format_path
from reconciler.files.reading import read_below
from reconciler.files.together import Change, write_together
from reconciler.files.walking import is_below
from reconciler.frozen import dataclass
from reconciler.manifest.discovery import DEFAULTS
from reconciler.manifest.exporting import SHARED, Exported, Subject, There, export
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.located import display
from reconciler.manifest.origins import Origin
from reconciler.manifest.places import files_of
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.operations.ledger import remember
from reconciler.operations.session import Session
from reconciler.planning.blocking import blocked
from reconciler.planning.intent import compare
from reconciler.settings import Settings

Pair = tuple[Subject, LiveProject]
"""A project as it is written, without sensitive values, and as it is."""

Progress = Callable[[str, int, int], None]
"""Called with a step, how much of it is done, and how much there is."""

_BY_HAND: Final = "Write the manifest of this project by hand."


@dataclass(slots=True)
class Proven:
    """Files that mean exactly what is live. All paths are absolute.

    `files` has the new bytes, and `overwritten` the old bytes of those that exist and differ. `manifests` has the file
    of each project. `refused` has the reason for each project without a manifest, and what to do. `not_factored` are
    the folders that could not get a `_defaults.yaml`, and `replaced` the projects whose manifest is re-created.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    overwritten: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[str, str]] = field(default_factory=dict)
    not_factored: list[str] = field(default_factory=list)
    replaced: list[DesiredProject] = field(default_factory=list)


def load(session: Session, pending: Mapping[str, bytes]) -> Manifests:
    """The manifests as they would be with the pending files, by absolute path."""
    settings = session.settings
    return load_manifests(
        settings.manifests,
        root=settings.repo_root,
        overlay=session.target.overlay,
        replaced=pending,
        may_be_new=True,
    )


def prove(session: Session, before: Manifests, pairs: Sequence[Pair], *, factor: bool, progress: Progress) -> Proven:
    """The files for the pairs. A project that they do not reproduce exactly is left out, and the rest is tried again
    without it, because they share files.

    Raises:
        UsageError: a manifest of another project would change, or a folder cannot be read.
    """
    result = Proven()
    left = [*pairs]
    while True:
        subjects = [subject for subject, _ in left]
        factored = _factored(before, subjects) if factor else []
        exported = export(
            subjects,
            _there(before, subjects),
            factored=factored,
            done=partial(progress, "prepared"),
        )
        pending = {os.path.join(before.folder, path): content for path, content in exported.files.items()}
        after = load(session, pending)
        wrong = _differing(after, left, exported)
        if not wrong:
            break
        result.refused |= wrong
        left = [pair for pair in left if pair[1].name not in wrong]
    _check_others(before, after, {live.name for _, live in left})
    if factor:
        rest = {subject.folder for subject in subjects} - {*factored}
        result.not_factored = [os.path.join(before.folder, folder) for folder in sorted(rest)]
    _compare_with_disk(before, exported, pending, result)
    names = {live.name for _, live in left}
    result.replaced = [each.project for each in before.entries if each.project is not None and each.name in names]
    return result


def _compare_with_disk(before: Manifests, exported: Exported, pending: Mapping[str, bytes], result: Proven) -> None:
    for file, content in pending.items():
        old = read_below(before.root, os.path.relpath(file, before.root))
        if old != content:
            result.files[file] = content
            if old is not None:
                result.overwritten[file] = old
    result.manifests = {name: os.path.join(before.folder, path) for name, path in exported.manifests.items()}


def _there(before: Manifests, subjects: Sequence[Subject]) -> There:
    """What exists in the folders that get files. A file beside a manifest that is replaced, and that nothing else uses,
    may be overwritten, too."""
    replaced = {subject.live.name for subject in subjects if subject.manifest is not None}
    own: set[str] = set()
    if replaced:
        for entry in before.entries:
            if entry.project is not None and entry.name in replaced:
                own |= files_of(entry.project)
        for entry in before.entries:
            if entry.project is not None and entry.name not in replaced:
                own -= files_of(entry.project)
    names = {}
    for folder in {SHARED, *(subject.folder for subject in subjects)}:
        path = os.path.normpath(os.path.join(before.folder, folder))
        free = () if folder == SHARED else {os.path.basename(file) for file in own if os.path.dirname(file) == path}
        names[folder] = [name for name in _names_in(path) if name not in free]
    shared: dict[str, bytes] = {}
    for name in names[SHARED]:
        path = os.path.join(SHARED, name)
        with suppress(FileRefusedError):
            content = read_below(before.root, os.path.relpath(os.path.join(before.folder, path), before.root))
            if content is not None:
                shared[path] = content
    return There(names, shared)


def _names_in(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as problem:
        summary = f"{folder} cannot be read: {problem.strerror or problem}"
        raise UsageError(summary, "Nothing was written. Make the folder readable, then import again.") from None


def _factored(before: Manifests, subjects: Sequence[Subject]) -> list[str]:
    """The folders that can get a `_defaults.yaml`: those without one, and without another manifest that would inherit
    from it."""
    names = {subject.live.name for subject in subjects}
    others = [entry.file for entry in before.entries if entry.name not in names]
    found = []
    for folder in sorted({subject.folder for subject in subjects}):
        path = os.path.normpath(os.path.join(before.folder, folder))
        if not os.path.lexists(os.path.join(path, DEFAULTS)) and not any(is_below(file, path) for file in others):
            found.append(folder)
    return found


def _differing(after: Manifests, pairs: Sequence[Pair], exported: Exported) -> dict[str, tuple[str, str]]:
    """Why the manifests of some projects would not mean exactly what is live, and what to do, by name."""
    entries = {entry.name: entry for entry in after.entries if entry.name is not None}
    nameless = {entry.file: entry for entry in after.entries if entry.name is None}
    found = {}
    for _, live in pairs:
        file = os.path.join(after.folder, exported.manifests[live.name])
        entry = entries.get(live.name) or nameless.get(file)
        if entry is None:
            found[live.name] = "reconciler would not find its manifest", _BY_HAND
        elif entry.project is None:
            summary = next((each.summary for each in entry.diagnostics if each.is_error), "the manifest is not valid")
            found[live.name] = f"its manifest would have an error: {summary}", _BY_HAND
        elif (reason := _difference(entry.project, live, after.root)) is not None:
            found[live.name] = reason, _BY_HAND
    return found


def _difference(desired: DesiredProject, live: LiveProject, root: str) -> str | None:
    block = blocked(desired, replace(live, archived=False))
    if block is not None:
        return block.diagnostic.summary
    fields = compare(desired, live).fields
    if not fields:
        return None
    path = fields[0].path
    where = desired.source.file
    if isinstance(desired.origin, Origin):
        where = desired.origin.at(tuple(part for part in path if isinstance(part, str | int))).file
    if where != desired.source.file:
        return f"{display(where, root)} overrides {format_path(path)}"
    return f"a manifest cannot reproduce {format_path(path)}"


def _check_others(before: Manifests, after: Manifests, imported: set[str]) -> None:
    entries = {entry.name: entry.project for entry in after.entries}
    for entry in before.entries:
        if entry.project is not None and entry.name not in imported and entries.get(entry.name) != entry.project:
            raise UsageError(
                f"the import would also change project {quoted(entry.name or '')}",
                "Nothing was written. That project uses files that the import would overwrite. Import it with --force, "
                "too, or give it its own files.",
            )


def write_files(settings: Settings, proven: Proven, progress: Progress) -> None:
    """Write the files, all or none.

    Raises:
        FileRefusedError: one cannot be written, or was changed in the meantime.
    """
    written = 0

    def done() -> None:
        nonlocal written
        written += 1
        progress("written", written, len(proven.files))

    remember(settings, proven.files)
    changes = {
        os.path.relpath(file, settings.repo_root): Change(proven.overwritten.get(file), new)
        for file, new in proven.files.items()
    }
    write_together(settings.repo_root, changes, done)
