"""Live state as it was at one time, saved for whoever has no key: without what is sensitive, and with less history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, UnreadableProject


@dataclass(frozen=True, slots=True)
class SnapshotProject:
    """One project. `left_out` are the patterns of what was taken out of it, such as `params.fields[*].key`."""

    live: LiveProject
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every project of an account, ordered by name; `unreadable` are beside them.

    `taken_at` is aware; `commit` that of the manifests, or None.
    """

    target: TargetInfo
    taken_at: datetime
    commit: str | None = None
    projects: tuple[SnapshotProject, ...] = ()
    unreadable: tuple[UnreadableProject, ...] = ()

    @property
    def live_count(self) -> int:
        """How many projects there are, whether or not they can be read."""
        return len(self.projects) + len(self.unreadable)
