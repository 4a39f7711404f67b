"""The pins document, and the same as CSV."""

from __future__ import annotations

from typing import Final

from reconciler.documents.parts import CommitId, Count, DiagnosticShape, Document, Hash, Shape, Text
from reconciler.documents.tables import table
from reconciler.model.history import Pin, Pins

_COLUMNS: Final = ("name", "params_version", "commit", "content_hash", "recorded_at")


def pins_csv(pins: Pins) -> str:
    """A header and one row for each project. Unknown values are empty."""
    return table(_COLUMNS, ([getattr(pin, name) for name in _COLUMNS] for pin in pins.pins))


class PinShape(Shape):
    """The pin of one project."""

    describes = Pin

    name: Text
    """The project's name."""
    params_version: Count | None
    """The version of the params that the last apply wrote or found equal; null if there are no params."""
    commit: CommitId | None
    """The manifest's commit; null if no commit contains the manifest."""
    content_hash: Hash | None
    """The SHA-256 of the version's params as canonical JSON; null if Scale does not show the version."""
    recorded_at: Text
    """When the version was recorded. RFC 3339, UTC."""


class PinsShape(Document):
    """The output of reconciler pins --format json."""

    describes = Pins

    pins: tuple[PinShape, ...]
    """The pins, ordered by name."""
    diagnostics: tuple[DiagnosticShape, ...]
    """The projects that have no pin, with the reasons."""
