"""One project: read it anew, see that what would be written is what was approved, write, read back, compare.

Promises: a write is sent again only where the history shows that it did not land and, by its time limit, no longer
will; a version of somebody else's between two reads is told, never written over in silence; nothing is reported as
landed that the history does not show.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from reconciler.applying import words
from reconciler.applying.landing import PARTS, Landing, judge, new_versions
from reconciler.diagnostics import Diagnostic
from reconciler.errors import NameTakenError, ScaleError
from reconciler.model.outcome import CallOutcome, CallResult, Event, ProjectOutcome, Status
from reconciler.model.plan import Call, CallKind, Field, ProjectChange
from reconciler.model.project import LiveProject
from reconciler.planning.intent import identity_of
from reconciler.planning.planner import plan_project

MOST_TRIES = 5
"""How often one write is sent at most, 429s not counted."""

TRY_SECONDS = 60.0
"""From a write's first try on; after that it is not sent again."""

PROJECT_SECONDS = 1200.0
"""After that no further write of the project is started."""

LANDING_SECONDS = 15.0
"""How long a write whose connection broke, or which a gateway answered for, is looked for before it is sent again.

It is the time limit of a write (`scale.connection.WRITE_SECONDS`), within which it lands, if at all: an assumption.
"""

FIRST_PAUSE = 0.5
_SETTLED = (409, 500, 503)
"""Statuses by which the API says that it is done with a request; after any other silence it may land yet."""

Emit = Callable[[Event], None]


class Projects(Protocol):
    """What an apply needs of the Projects API. `scale.client.ScaleClient` is one."""

    async def get_project(self, name: str) -> LiveProject | None: ...

    async def send(self, call: Call) -> None: ...


class Clock(Protocol):
    """Seconds. `scale.transport.SYSTEM_CLOCK` is one."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class _LostSightError(Exception):
    """The project could not be read after a write."""

    def __init__(self, problem: ScaleError) -> None:
        super().__init__(problem.summary)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Written:
    """One write, the project as last read, and what went wrong; nothing did where it landed and `problem` is None."""

    result: CallResult
    live: LiveProject | None
    problem: Diagnostic | None = None


@dataclass
class ProjectApply:
    """The apply of one project's change. `stopping` is asked before each write; `random` draws the back-off.

    `own` is the project as it was read right after this run's write of a part, "params" or "ontology".
    """

    change: ProjectChange
    projects: Projects
    emit: Emit
    stopping: Callable[[], bool]
    clock: Clock
    random: Random
    calls: list[CallOutcome] = field(default_factory=list)
    own: dict[str, LiveProject] = field(default_factory=dict)

    async def run(self) -> ProjectOutcome:
        """Never raises for what the API or a person did; the outcome tells."""
        begun = self.clock.monotonic()
        try:
            live = await self.projects.get_project(self.change.name)
        except ScaleError as problem:
            return self._outcome(Status.FAILED, "it could not be read", diagnostics=(words.diagnosed(problem),))
        while True:
            fresh = plan_project(self.change.desired, live)
            if fresh.blocked:
                status = Status.FAILED if self.calls else Status.BLOCKED
                return self._outcome(status, "it cannot be written", live, diagnostics=fresh.diagnostics)
            written_parts = {PARTS[done.call] for done in self.calls}
            open_fields = tuple(field for field in fresh.fields if field.path[0] not in written_parts)
            to_send = [call for call in fresh.calls if PARTS[call.kind] not in written_parts]
            if not self._are_approved(open_fields):
                self._leave(to_send)
                status = Status.FAILED if written_parts else Status.STALE
                reason = words.who_moved(self.change, live, self.own)
                return self._outcome(status, reason, live, stale_fields=open_fields)
            if not to_send:
                return self._finished(live, fresh.fields)
            if self.stopping():
                if not self.calls:
                    return self._outcome(Status.NOT_STARTED, words.INTERRUPTED, live)
                self._leave(to_send)
                return self._outcome(Status.FAILED, words.INTERRUPTED_HALFWAY, live)
            if self.clock.monotonic() - begun > PROJECT_SECONDS:
                self._leave(to_send)
                return self._outcome(Status.FAILED, words.out_of_time(PROJECT_SECONDS), live)
            try:
                written = await self._write(to_send[0], live)
            except _LostSightError as lost:
                written = _Written(CallResult.UNCLEAR, None, words.diagnosed(lost.problem))
            live = written.live
            self.calls.append(CallOutcome(to_send[0].kind, written.result))
            if written.problem is not None:
                self._leave(to_send[1:])
                status = Status.UNCLEAR if written.result is CallResult.UNCLEAR else Status.FAILED
                reason = "it could not be read back" if live is None and status is Status.UNCLEAR else ""
                reason = reason or words.truth(self.calls, live)
                return self._outcome(status, reason, live, diagnostics=(written.problem,))
            assert live is not None  # it landed
            self.own[PARTS[to_send[0].kind]] = live

    def _finished(self, live: LiveProject | None, left: tuple[Field, ...]) -> ProjectOutcome:
        """Everything was sent: what still differs, somebody else wrote after it, or Scale did not keep."""
        if left and live is not None:
            reason = words.truth(self.calls, live)
            others = {part: came for part, read in self.own.items() if (came := new_versions(part, read, live))}
            if others:
                told = words.overtaken(self.change.name, others)
                return self._outcome(Status.FAILED, reason, live, diagnostics=(told,))
            told = words.not_kept(self.change.name, left)
            return self._outcome(Status.FAILED, reason, live, diagnostics=(told,), not_kept=left)
        if self.calls:
            return self._outcome(Status.DONE, "", live)
        return self._outcome(Status.UNCHANGED, "Scale's side is there already", live)

    async def _write(self, call: Call, before: LiveProject | None) -> _Written:
        """Send until the history shows that it landed, that somebody else wrote, or that it is of no use.

        Raises:
            _LostSightError: the project cannot be read any more, so that nothing is known of the write.
        """
        self.emit(Event(self.change.name, self.change.action, call=call.kind, detail=words.what(call)))
        name = self.change.name
        begun = self.clock.monotonic()
        for tries in range(1, MOST_TRIES + 1):
            problem: ScaleError | None = None
            try:
                await self.projects.send(call)
            except ScaleError as raised:
                problem = raised
            looked_for = isinstance(problem, NameTakenError) and tries > 1
            if problem is not None and not problem.may_have_landed and not looked_for:
                return await self._refused(before, problem)
            live, landing = await self._look(call, before, problem)
            if landing.landed:
                told = words.lost_race(name, call.kind, landing) if landing.others else None
                return _Written(CallResult.LANDED, live, told)
            if problem is None:
                return _Written(CallResult.UNCLEAR, live, words.not_there(name, call.kind))
            if landing.others or (call.kind is CallKind.CREATE and live is not None):
                return _Written(CallResult.UNCLEAR, live, words.someone_else(name, call.kind, landing.others, live))
            if self.stopping() or self.clock.monotonic() - begun > TRY_SECONDS:
                break
            if tries < MOST_TRIES:
                await self.clock.sleep(self.random.uniform(0.0, FIRST_PAUSE * 2.0**tries))
        return _Written(CallResult.REFUSED, live, words.gave_up(problem, tries))

    async def _look(
        self, call: Call, before: LiveProject | None, problem: ScaleError | None
    ) -> tuple[LiveProject | None, Landing]:
        """Read until the write is seen, or can no longer land. Raises _LostSightError."""
        settled = problem is not None and problem.status in _SETTLED
        waited, pause = 0.0, FIRST_PAUSE
        while True:
            try:
                live = await self.projects.get_project(self.change.name)
            except ScaleError as unread:
                raise _LostSightError(unread) from None
            landing = judge(call, before, live, answered=problem is None)
            if landing.landed or landing.others or settled or waited >= LANDING_SECONDS:
                return live, landing
            pause = min(pause, LANDING_SECONDS - waited)
            await self.clock.sleep(pause)
            waited, pause = waited + pause, pause * 2

    async def _refused(self, before: LiveProject | None, problem: ScaleError) -> _Written:
        """The API said no: nothing of ours is there."""
        with suppress(ScaleError):
            before = await self.projects.get_project(self.change.name)
        return _Written(CallResult.REFUSED, before, words.diagnosed(problem))

    def _leave(self, calls: Sequence[Call]) -> None:
        self.calls += [CallOutcome(call.kind, CallResult.NOT_SENT) for call in calls]

    def _are_approved(self, fields: tuple[Field, ...]) -> bool:
        approved = {identity_of(field) for field in self.change.fields}
        return all(identity_of(field) in approved for field in fields)

    def _outcome(
        self,
        status: Status,
        reason: str,
        live: LiveProject | None = None,
        *,
        diagnostics: tuple[Diagnostic, ...] = (),
        stale_fields: tuple[Field, ...] = (),
        not_kept: tuple[Field, ...] = (),
    ) -> ProjectOutcome:
        return ProjectOutcome(
            name=self.change.name,
            action=self.change.action,
            status=status,
            reason=reason,
            params_version=live.params_version if live else None,
            ontology_version=live.ontology_version if live else None,
            calls=tuple(self.calls),
            diagnostics=diagnostics,
            stale_fields=stale_fields,
            not_kept=not_kept,
            live=live,
            hash=self.change.hash,
            source=self.change.source,
        )
