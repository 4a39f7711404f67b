"""Check manifests, without a key or network access."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reconciler.diagnostics import Diagnostic, merged
from reconciler.manifest.checks import Checks
from reconciler.manifest.loading import load_manifests
from reconciler.model.project import DesiredProject
from reconciler.operations.selection import select
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Validation:
    """`manifests` counts the selected documents, and unselected documents that share a name with another one.

    `projects` are the selected projects without an error, as composed without an overlay.
    """

    diagnostics: tuple[Diagnostic, ...]
    manifests: int
    projects: tuple[DesiredProject, ...] = ()

    @property
    def valid(self) -> bool:
        return not any(diagnostic.is_error for diagnostic in self.diagnostics)


def validate(settings: Settings, names: Sequence[str], *, today: date | None = None) -> Validation:
    """All diagnostics of the selected manifests, including unselected documents that share a name.

    `today` (UTC) is for checks of dates.

    Raises:
        UsageError: the folder is missing, or a name matches nothing.
    """
    checks = Checks(settings.checks, today)
    manifests = load_manifests(settings.manifests, root=settings.repo_root, checked=settings.overlays, checks=checks)
    selection = select(manifests, names, folder=settings.cwd)
    chosen = {(entry.file, entry.line) for entry in selection.entries}
    variants = [entry for entry in manifests.variants if (entry.file, entry.line) in chosen]
    own = merged(diagnostic for entry in (*selection.entries, *variants) for diagnostic in entry.diagnostics)
    selected = {entry.file for entry in selection.entries}
    beside = {each.location.file for each in manifests.duplicates if each.location is not None} - selected
    documents = sum(entry.is_manifest for entry in selection.entries)
    projects = tuple(entry.project for entry in selection.entries if entry.project is not None)
    return Validation((*own, *manifests.duplicates), documents + len(beside), projects)
