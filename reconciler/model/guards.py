"""The guards by name, how they are set, and what waives them. What each one holds is in `planning/guards.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
    "max-creates",
    "max-change-ratio",
    "max-forgets",
)
"""The guards that a waiver can name."""

NO_MANIFESTS = "no-manifests"
"""The guard that `--allow` alone waives."""


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


@dataclass(frozen=True, slots=True)
class Waiver:
    """Lets a guard pass the projects whose names match the shell-style pattern `project`.

    `until` is the last day (UTC) on which it counts.
    """

    guard: str
    project: str
    reason: str
    until: date
