"""Reads one project back until it shows a write. A read that shows less than an earlier one is ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from reconciler.applying.attempt import LAG_SECONDS, Attempt, Wait
from reconciler.applying.landing import Landing, is_older, landing_of
from reconciler.clock import Clock
from reconciler.errors import ScaleError
from reconciler.frozen import dataclass
from reconciler.model.plan import Call
from reconciler.model.project import LiveProject
from reconciler.scale.transport import READ_SECONDS

FIRST_PAUSE = 0.5
"""Seconds between the first two reads that look for a write; each further pause is twice as long."""

LONGEST_SLEEP = 1.0
"""A signal ends a wait that the server requested within this many seconds."""

_INSTANT = 1e-6
"""A time counts as reached this many seconds early, because sums of clock times are inexact."""


class Projects(Protocol):
    """What an apply needs from the Projects API; `scale.client.ScaleClient` provides it. `send` sends once."""

    async def get_project(self, name: str) -> LiveProject | None: ...

    async def send(self, call: Call) -> object: ...


class LostSightError(Exception):
    """The project could not be read after a write."""

    def __init__(self, problem: ScaleError) -> None:
        super().__init__(problem.summary)
        self.problem = problem


@dataclass(slots=True)
class Watched:
    """One project. `live` is the project as last read; `created` is whether this run created it.

    `stopping` returns whether a signal was received, which ends waits.
    """

    name: str
    projects: Projects
    clock: Clock
    stopping: Callable[[], bool]
    live: LiveProject | None = None
    created: bool = False

    async def look(self, attempt: Attempt, wait: Wait) -> Landing:
        """Read until the history shows the write, or until the wait is over. The last read is sent after the wait.

        Raises:
            LostSightError: the last read failed.
        """
        answered = attempt.problem is None
        end = wait.proof if wait.again is None else wait.again
        pause = FIRST_PAUSE
        while True:
            now = self.clock.monotonic()
            is_last = now >= end - _INSTANT
            if is_last or (wait.reads and now <= wait.proof + _INSTANT):
                landing = await self._read(attempt, answered=answered, is_last=is_last)
                # A single version with other content may be another writer's, with ours not shown yet.
                sure = landing.exact or landing.created or now >= wait.proof - LAG_SECONDS
                if is_last or (landing.landed and sure):
                    return landing
            now = self.clock.monotonic()
            if now >= wait.proof - _INSTANT:
                until = min(now + LONGEST_SLEEP, end)
            elif wait.reads:
                until, pause = min(now + pause, wait.proof), pause * 2
            else:
                until = wait.proof
            await self.clock.sleep(max(0.0, until - now))
            if self.stopping():
                end = max(wait.proof, min(end, self.clock.monotonic()))

    async def _read(self, attempt: Attempt, *, answered: bool, is_last: bool) -> Landing:
        begun = self.clock.monotonic()
        try:
            read = await self.projects.get_project(self.name)
        except ScaleError as problem:
            if is_last:
                raise LostSightError(problem) from None
            return Landing()
        finally:
            # A read is tried for READ_SECONDS. The rest was a wait that the server requested.
            attempt.excuse(max(0.0, self.clock.monotonic() - begun - READ_SECONDS))
        if not self._is_outdated(read):
            self.live = read
        return landing_of(attempt.sent, attempt.before, self.live, answered=answered)

    def _is_outdated(self, read: LiveProject | None) -> bool:
        """Whether a read lags behind an earlier one. A project that this run did not create may really be gone."""
        if self.live is None:
            return False
        if read is None:
            return self.created
        return is_older(read, self.live)
