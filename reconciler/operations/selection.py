"""Which projects a run covers: NAME arguments matched with manifests.

Names narrow what is planned and reported, but not what is checked across files.
"""

from __future__ import annotations

import os.path
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Remedy, Severity, count, merged, quoted, warning, with_suggestion
from reconciler.errors import DiagnosedError, UsageError
from reconciler.frozen import dataclass
from reconciler.manifest.loading import Manifests
from reconciler.manifest.understanding import Entry
from reconciler.model.project import DesiredProject


@dataclass(frozen=True, slots=True)
class Recorded:
    """A project that is only in the record. `file` is the absolute path that its manifest had."""

    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Selection:
    """`narrowed` is whether any name was given. `elsewhere` has the documents that are not selected.

    `recorded` has the selected names that are only in the record.
    """

    entries: tuple[Entry, ...]
    elsewhere: tuple[Entry, ...]
    narrowed: bool
    recorded: tuple[str, ...] = ()


def select(manifests: Manifests, names: Sequence[str], *, folder: Path, recorded: Sequence[Recorded] = ()) -> Selection:
    """The documents that `names` select: exact project names first, paths below `folder`, shell-style patterns.

    Raises:
        UsageError: a name matches nothing. The message suggests the most similar one.
    """
    if not names:
        return Selection(manifests.entries, (), narrowed=False, recorded=tuple(project.name for project in recorded))
    every: list[Entry | Recorded] = [*manifests.entries, *recorded]
    picked: set[int] = set()
    for name in names:
        found = matching(every, name, folder)
        if not found:
            raise _nothing(manifests, name)
        picked |= found
    return Selection(
        tuple(entry for i, entry in enumerate(manifests.entries) if i in picked),
        tuple(entry for i, entry in enumerate(manifests.entries) if i not in picked),
        narrowed=True,
        recorded=tuple(project.name for i, project in enumerate(recorded, len(manifests.entries)) if i in picked),
    )


def picked(entries: Sequence[Entry], *, names: Sequence[str], folder: Path) -> set[int] | None:
    """The positions of the documents that `names` select; None if one of the names selects nothing."""
    found = [matching(entries, name, folder) for name in names]
    return {at for each in found for at in each} if all(found) else None


def usable(manifests: Manifests, selection: Selection) -> tuple[list[DesiredProject], tuple[Diagnostic, ...]]:
    """The selected projects with their warnings, and one warning for all errors elsewhere. Notes are left out.

    Raises:
        DiagnosedError: a selected document has an error, or a name appears twice anywhere.
    """
    own = merged(
        diagnostic
        for entry in selection.entries
        for diagnostic in entry.diagnostics
        if diagnostic.severity is not Severity.NOTE
    )
    if manifests.duplicates or any(diagnostic.is_error for diagnostic in own):
        raise DiagnosedError("the manifests have errors", [*own, *manifests.duplicates])
    others = merged(diagnostic for entry in selection.elsewhere for diagnostic in entry.diagnostics)
    if elsewhere := sum(diagnostic.is_error for diagnostic in others):
        own.append(
            warning(
                "errors-elsewhere",
                f"{count(elsewhere, 'error')} in manifests that are not selected",
                remedies=(Remedy("To see the details:", ("validate", "--")),),
            )
        )
    return [entry.project for entry in selection.entries if entry.project is not None], tuple(own)


def is_path(name: str) -> bool:
    """Whether a NAME argument means a manifest path or folder."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def matching(entries: Sequence[Entry | Recorded], name: str, folder: Path) -> set[int]:
    """The positions of what a name selects: an exact project name, a path below `folder`, or a pattern."""
    exact = {i for i, entry in enumerate(entries) if entry.name == name}
    if exact:
        return exact
    if is_path(name):
        path = Path(os.path.normpath(folder / name)).as_posix()
        resolved = os.path.realpath(folder / name)
        below = tuple({f"{path}/", f"{resolved}/"})
        found = {i for i, entry in enumerate(entries) if entry.file in (path, resolved) or entry.file.startswith(below)}
        if found:
            return found
    return {i for i, entry in enumerate(entries) if entry.name is not None and fnmatchcase(entry.name, name)}


def _nothing(manifests: Manifests, name: str) -> UsageError:
    """The error for a name that matches nothing. A pattern or a folder gets no suggestion."""
    if is_path(name):
        known = {Path(os.path.relpath(entry.file, manifests.root)).as_posix() for entry in manifests.entries}
        remedies: tuple[Remedy, ...] = ()
        summary, detail = f"no manifest matches {quoted(name)}", f"The manifest folder is {manifests.folder}."
    else:
        known = {entry.name for entry in manifests.entries if entry.name is not None}
        detail, remedies = _broken(manifests.entries)
        summary = f"no project matches {quoted(name)}"
    is_pattern = name.endswith("/") or any(wildcard in name for wildcard in "*?[")
    whole = summary if is_pattern else with_suggestion(summary, name, known)
    return UsageError(whole, detail, remedies=remedies)


def _broken(entries: Sequence[Entry]) -> tuple[str, tuple[Remedy, ...]]:
    unreadable = sum(entry.name is None and entry.is_manifest for entry in entries)
    if not unreadable:
        return "NAME is a project name, a path, or a pattern such as 'kitten_*'.", ()
    one = "this manifest" if unreadable == 1 else "one of these manifests"
    detail = f"{count(unreadable, 'manifest')} cannot be read. The project might be in {one}."
    return detail, (Remedy("To see why:", ("validate", "--")),)
