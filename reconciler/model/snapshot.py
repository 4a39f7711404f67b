"""Live state at one time, saved for jobs without a key: without sensitive values, and with a shorter history."""

from __future__ import annotations

from datetime import datetime

from reconciler.frozen import dataclass
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, UnreadableProject


@dataclass(frozen=True, slots=True)
class SnapshotProject:
    """One project. `left_out` are the patterns of values that were removed, such as `params.fields[*].key`."""

    live: LiveProject
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every project of an account, ordered by name. `unreadable` are those that could not be read.

    `taken_at` is aware. `commit` is that of the manifests, or None.
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
