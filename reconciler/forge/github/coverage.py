"""Which projects a run looked at, and which writes it showed: the marker remembers them.

So a run changes only comments about its projects, and what was shown can be compared with the actual writes.

Two jobs may show parts of one configuration. What they cover distinguishes their comments. If a job's list of names
changes, what it covers still overlaps, and its comment is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Self

from reconciler.forge.github.marker import short_hash
from reconciler.frozen import dataclass
from reconciler.model.outcome import CallResult, Outcome, ProjectOutcome, Shown, Status
from reconciler.model.plan import Plan
from reconciler.model.values import Json

PROJECTS: Final = "projects"
"""The marker's key for the projects shown: the short hash of a name → the first digits of the hash of its intent."""

MORE: Final = "more"
"""The marker's key for how many more projects were shown."""

MOST_PROJECTS: Final = 300
_DIGITS: Final = 12


def remember(plan: Plan) -> dict[str, Json]:
    """The values with which the marker remembers the plan's writes. Names are hashed because they may be long or
    hostile."""
    writes = [change for change in plan.changes if change.writes or change.held_by]
    kept = {short_hash(change.name): change.hash[:_DIGITS] for change in writes[:MOST_PROJECTS]}
    return {PROJECTS: kept, MORE: max(0, len(writes) - MOST_PROJECTS)}


def compare_shown(remembered: Mapping[str, Json], outcome: Outcome) -> Shown | None:
    """None if the marker remembers nothing."""
    known = remembered.get(PROJECTS)
    if not isinstance(known, dict):
        return None
    sorts: dict[str, list[str]] = {"as_shown": [], "differing": [], "not_shown": [], "untold": [], "unwritten": []}
    for project in outcome.projects:
        shown = known.get(short_hash(project.name))
        if _was_written(project):
            if shown is None:
                sort = "untold" if remembered.get(MORE) else "not_shown"
            else:
                sort = "as_shown" if shown == project.hash[:_DIGITS] else "differing"
            sorts[sort].append(project.name)
        elif shown is not None and project.status is Status.UNCHANGED:
            sorts["unwritten"].append(project.name)
    here = {short_hash(project.name) for project in outcome.projects}
    return Shown(**{sort: tuple(names) for sort, names in sorts.items()}, missing=len(known.keys() - here))


def _was_written(project: ProjectOutcome) -> bool:
    return any(call.result in (CallResult.LANDED, CallResult.UNCLEAR) for call in project.calls)


COVERED: Final = "covers"
"""The marker's key for short hashes of the projects, at most `MOST_COVERED`; null for all projects."""

MOST_COVERED: Final = 200


@dataclass(frozen=True, slots=True)
class Coverage:
    """Short hashes of the projects, or with `complete`, every project of the configuration."""

    hashes: frozenset[str]
    complete: bool = False

    @classmethod
    def of(cls, names: Iterable[str], *, complete: bool = False) -> Self:
        return cls(frozenset(map(short_hash, names)), complete)

    def remembered(self) -> Json:
        """For the marker. Of very many projects, those with the lowest hashes are remembered, so that sets compare."""
        return None if self.complete else sorted(self.hashes)[:MOST_COVERED]

    def meets(self, data: Mapping[str, Json]) -> bool:
        """Whether a marker remembers one of these projects, or does not record its projects."""
        known = _known(data)
        return known is None or any(self.complete or one in self.hashes for one in known)

    def includes(self, data: Mapping[str, Json]) -> bool:
        """Whether a marker remembers these projects and no others. If it is for all, those count that it shows."""
        shown = data.get(PROJECTS)
        known = _known(data)
        if known is None and isinstance(shown, dict) and not data.get(MORE):
            known = frozenset(shown)
        return self.complete or (known is not None and known <= self.hashes)


ALL: Final = Coverage(frozenset(), complete=True)


def _known(data: Mapping[str, Json]) -> frozenset[str] | None:
    known = data.get(COVERED)
    return frozenset(one for one in known if isinstance(one, str)) if isinstance(known, list) else None
