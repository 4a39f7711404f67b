"""Check manifests: needs no key and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, merged
from reconciler.manifest.loading import load_manifests
from reconciler.operations.selection import select
from reconciler.settings import Settings


@dataclass(frozen=True, slots=True)
class Validation:
    """`manifests` counts the documents that were looked at, those beside the selected where a name stands twice too."""

    diagnostics: tuple[Diagnostic, ...]
    manifests: int

    @property
    def valid(self) -> bool:
        return not any(diagnostic.is_error for diagnostic in self.diagnostics)


def validate(settings: Settings, names: Sequence[str]) -> Validation:
    """Everything that is wrong with the selected manifests; a name that stands twice is told whatever was selected.

    Raises:
        UsageError: the folder is missing, or a name matches nothing.
    """
    overlays = {settings.root / table["overlay"] for table in settings.targets.values() if "overlay" in table}
    manifests = load_manifests(settings.manifests, root=settings.root, checked=sorted(overlays))
    selection = select(manifests, names, folder=settings.folder)
    documents = {(entry.file, entry.line) for entry in selection.entries}
    variants = [entry for entry in manifests.variants if (entry.file, entry.line) in documents]
    own = merged(diagnostic for entry in (*selection.entries, *variants) for diagnostic in entry.diagnostics)
    selected = {entry.file for entry in selection.entries}
    beside = {told.span.file for told in manifests.duplicates if told.span is not None} - selected
    return Validation((*own, *manifests.duplicates), len(selection.entries) + len(beside))
