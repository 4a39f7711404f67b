"""The writes that a pull request's comment showed, as its marker remembers them, compared with the actual writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.forge.github.marker import short_hash
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
