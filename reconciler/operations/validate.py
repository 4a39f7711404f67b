"""Check manifests, without a key or network access."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from reconciler.diagnostics import merged
from reconciler.manifest.checks.rules import Checks
from reconciler.manifest.loading import load_manifests
from reconciler.model.project import Source
from reconciler.model.validation import Document, Validation
from reconciler.operations.selection import picked, select
from reconciler.settings import Settings, choose_target


def validate(
    settings: Settings, names: Sequence[str] = (), *, target: str | None = None, today: date | None = None
) -> Validation:
    """All diagnostics of the selected manifests, including unselected documents that share a name.

    With `target`, the manifests are composed with the overlay of that target. The overlays of the others are checked,
    too. `today` (UTC) is for checks of dates.

    Raises:
        UsageError: the folder is missing, a name matches nothing, or there is no such target.
    """
    overlay = None
    if target is not None:
        overlay = choose_target(settings, name=target, endpoint=None, environment={}, offline=True).overlay
    checked = [path for path in settings.overlays if path != overlay]
    checks = Checks(settings.checks, today)
    manifests = load_manifests(
        settings.manifests,
        root=settings.repo_root,
        overlay=overlay,
        checked=checked,
        checks=checks,
        pick=partial(picked, names=names, folder=settings.cwd) if names else None,
    )
    selection = select(manifests, names, folder=settings.cwd)
    chosen = {(entry.file, entry.line) for entry in selection.entries}
    variants = [entry for entry in manifests.variants if (entry.file, entry.line) in chosen]
    own = merged(diagnostic for entry in (*selection.entries, *variants) for diagnostic in entry.diagnostics)
    selected = {entry.file for entry in selection.entries}
    beside = {each.location.file for each in manifests.duplicates if each.location is not None} - selected
    return Validation(
        (*own, *manifests.duplicates),
        tuple(Document(Source(each.file, each.line), each.name) for each in selection.entries if each.is_manifest),
        len(beside),
        tuple(entry.project for entry in selection.entries if entry.project is not None),
    )
