"""Applies the projects of a plan in parallel, each with its calls in order. A failure does not stop other projects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from random import Random

from reconciler.applying.project import Emit, Permit, ProjectApply
from reconciler.applying.watching import Projects, Watched
from reconciler.applying.words import INTERRUPTED, UNAVAILABLE
from reconciler.clock import Clock
from reconciler.model.outcome import Event, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Plan, ProjectChange

MOST_GIVEN_UP = 5
"""After this many projects in a row have given up on a write, no further project is started."""


class Stop:
    """Set by a signal: calls under way are finished and checked, and no new call starts.

    `so_far` returns the current outcome while calls are under way. It is None before that.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self.so_far: Callable[[], Outcome] | None = None

    def request(self, signal: int) -> None:
        """Note a signal. Only the first one counts."""
        self.signal = self.signal or signal

    def requested(self) -> bool:
        return self.signal is not None


async def apply_plan(
    plan: Plan,
    projects: Projects,
    *,
    parallelism: int,
    emit: Emit,
    stop: Stop,
    now: Callable[[], datetime],
    clock: Clock,
    random: Random,
    permit: Permit | None = None,
) -> Outcome:
    """Carry out the plan. `clock` and `random` are for the waits before a write is sent again.

    At most `parallelism` projects are under way at once. `now` returns timezone-aware times. Outcomes are in the plan's
    order. `permit` is awaited right before each write: None allows it; a text is the reason why no further write may
    start.
    """
    started_at = now()
    outcomes: dict[str, ProjectOutcome] = {}
    under_way: dict[str, ProjectApply] = {}
    given_up = 0
    waiting = iter([change for change in plan.changes if change.writes])

    async def permitted() -> str | None:
        reason = await permit() if permit is not None and not stop.requested() else None
        return INTERRUPTED if stop.requested() else reason

    async def work() -> None:
        nonlocal given_up
        for change in waiting:
            if stop.requested() or given_up >= MOST_GIVEN_UP:
                reason = INTERRUPTED if stop.requested() else UNAVAILABLE.format(MOST_GIVEN_UP)
                outcomes[change.name] = _not_written(change, Status.NOT_STARTED, reason)
                continue
            begun = now()
            watched = Watched(change.name, projects, clock, stop.requested)
            project = ProjectApply(change, watched, emit, permitted, clock, random)
            under_way[change.name] = project
            outcome = await project.run()
            if project.gave_up:
                given_up += 1
            elif project.answered and given_up < MOST_GIVEN_UP:
                given_up = 0
            outcome = replace(outcome, seconds=(now() - begun).total_seconds())
            outcomes[change.name] = outcome
            emit(Event(change.name, change.action, outcome=outcome))

    def so_far() -> Outcome:
        begun = {name: project.so_far() for name, project in under_way.items()}
        not_yet = {one.name: _not_written(one, Status.NOT_STARTED, INTERRUPTED) for one in plan.changes if one.writes}
        return _outcome(plan, {**not_yet, **begun, **outcomes}, started_at, None, INTERRUPTED, stop.signal)

    stop.so_far = so_far
    async with asyncio.TaskGroup() as workers:
        for _ in range(max(1, min(parallelism, len(plan.changes)))):
            workers.create_task(work())
    return _outcome(plan, outcomes, started_at, now(), INTERRUPTED if stop.requested() else None, stop.signal)


def not_applied(plan: Plan, reason: str, now: datetime, interrupted_by: int | None = None) -> Outcome:
    """The outcome of a plan that was not carried out. `interrupted_by` is a signal's number."""
    writes = (change for change in plan.changes if change.writes)
    outcomes = {change.name: _not_written(change, Status.NOT_STARTED, reason) for change in writes}
    return _outcome(plan, outcomes, now, now, reason, interrupted_by)


def _outcome(
    plan: Plan,
    written: Mapping[str, ProjectOutcome],
    started_at: datetime,
    finished_at: datetime | None,
    ended: str | None,
    interrupted_by: int | None = None,
) -> Outcome:
    """`written` has the outcomes of the projects to write. `ended` is why the run ended early, None if it did not."""
    return Outcome(
        target=plan.target,
        commit=plan.commit,
        plan_hash=plan.hash,
        pending_only=plan.pending_only,
        started_at=started_at,
        finished_at=finished_at,
        projects=tuple(written.get(change.name) or _without_writes(change, ended) for change in plan.changes),
        interrupted_by=interrupted_by,
    )


def _without_writes(change: ProjectChange, ended: str | None) -> ProjectOutcome:
    if change.forgets and ended is not None:
        return _not_written(change, Status.NOT_STARTED, ended)
    if change.blocked:
        return replace(_not_written(change, Status.BLOCKED, ""), diagnostics=change.diagnostics)
    if change.held_by:
        guards = tuple(held.guard for held in change.held_by)
        return replace(_not_written(change, Status.HELD, f"held by {', '.join(guards)}"), held_by=guards)
    if change.protected:
        return _not_written(change, Status.PROTECTED, "protect: true")
    if change.forgets:
        return _not_written(change, Status.FORGOTTEN, "the project no longer has a manifest")
    return _not_written(change, Status.UNCHANGED, "")


def _not_written(change: ProjectChange, status: Status, reason: str) -> ProjectOutcome:
    return ProjectOutcome(
        name=change.name,
        action=change.action,
        status=status,
        reason=reason,
        params_version=change.expected.params_version,
        ontology_version=change.expected.ontology_version,
        hash=change.hash,
        source=change.source,
    )
