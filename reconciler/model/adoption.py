"""What an adopt writes into the manifests, and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from reconciler.diagnostics import Diagnostic
from reconciler.frozen import dataclass
from reconciler.model.drift import Drift
from reconciler.model.plan import TargetInfo


@dataclass(frozen=True, slots=True)
class Adopted:
    """`drift` has the units that are adopted or ignored, and its errors are about what cannot be adopted.

    `places` has the files that the units of a project go to, by the project's name, relative to the reader. `files` is
    the number of files that differ, and `ignored` the number of units that are ignored from now on. `conflicts` are
    left because git has changed them too, and `reverted` because a person wants to undo them: each as the name of a
    project and a unit. `skipped` is the number of units that a person has not decided about,
    and `adopted` that of the units that a pull request adopts.
    """

    drift: Drift
    places: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: int = 0
    ignored: int = 0
    conflicts: tuple[tuple[str, str], ...] = ()
    reverted: tuple[tuple[str, str], ...] = ()
    skipped: int = 0
    adopted: int = 0

    @property
    def target(self) -> TargetInfo:
        return self.drift.target

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return self.drift.diagnostics
