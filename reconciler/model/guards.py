"""The guards by name, how they are set, and what waives them. What each one holds is in `planning/guards.py`."""

from __future__ import annotations

from datetime import date
from enum import Enum, auto

from reconciler.frozen import dataclass

OLDER_COMMIT = "older-commit"
"""The guard that every apply asks, also for a saved plan."""

GUARD_NAMES = (
    "near-name",
    "near-type",
    "vanished",
    "takeover",
    "not-kept",
    "choice-removal",
    "conflict",
    "expired-ignore",
    "renamed",
    OLDER_COMMIT,
    "max-creates",
    "max-change-ratio",
    "max-forgets",
)
"""The guards that a waiver can name."""

NO_MANIFESTS = "no-manifests"
"""The guard that `--allow` alone waives."""


RENAMED_CHOICE = "renamed-choice"
"""A check that only a plan can make. A plan shows no notes, so its finding cannot be a note."""


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """How many changes are too many, and whether guards that can do either hold ("hold") or warn ("warn")."""

    max_creates: int = 20
    max_change_ratio: float = 0.5
    max_forgets: int = 5
    choice_removal: str = "warn"
    near_name: str = "hold"
    near_type: str = "hold"
    renamed: str = "hold"
    older_commit: str = "hold"


@dataclass(frozen=True, slots=True)
class Waiver:
    """Lets a guard pass the projects whose names match the shell-style pattern `project`.

    `until` is the last day (UTC) on which it counts.
    """

    guard: str
    project: str
    reason: str
    until: date


class Standing(Enum):
    """How a commit stands to the one that was applied last."""

    CONTAINED = auto()
    """It contains it: it is the same, or newer."""
    OLDER = auto()
    """It does not, and the branch does: it is an older one, or beside it."""
    ELSEWHERE = auto()
    """Neither it nor the branch contains it, as after a squash or a rebase."""
    UNKNOWN = auto()
