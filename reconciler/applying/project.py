"""Applies one project: read it, check that the changes are the approved ones, write, read back, compare.

Promises: right before each write, the project as last read is compared with what was approved, and the write needs a
permit. A write is sent again only if the history shows that it did not land. A version that another writer made between
two reads is reported, never overwritten silently. A write is reported as landed only if the history shows it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field, replace
from random import Random

from reconciler.applying import words
from reconciler.applying.attempt import FAILURE_SECONDS, Attempt, Wait
from reconciler.applying.landing import PARTS, Landing, later, new_versions
from reconciler.applying.watching import LostSightError, Watched
from reconciler.clock import Clock
from reconciler.diagnostics import Diagnostic
from reconciler.errors import NameTakenError, ScaleError, UnavailableError
from reconciler.frozen import dataclass
from reconciler.model.outcome import CallOutcome, CallResult, Event, ProjectOutcome, Status
from reconciler.model.plan import Call, CallKind, Field, ProjectChange
from reconciler.model.project import LiveProject, Version
from reconciler.planning.intent import identity_of
from reconciler.planning.planner import plan_project

PROJECT_SECONDS = 1200.0
"""After this many seconds, no further write of the project starts."""

Emit = Callable[[Event], None]
Permit = Callable[[], Awaitable[str | None]]


@dataclass(slots=True)
class _Done:
    """A part that was written. `live` is the project as last read; `others` are versions added after this write."""

    sent: Sequence[Call]
    own: tuple[Version, ...]
    live: LiveProject
    others: tuple[Version, ...] = ()


@dataclass
class ProjectApply:
    """The apply of one project's change.

    `permit` is awaited right before each write: None allows it; a text is the reason why no write may start. `random`
    is for the back-off. `gave_up` is whether the API gave no usable answer; `answered` is whether a write landed or was
    refused.
    """

    change: ProjectChange
    watched: Watched
    emit: Emit
    permit: Permit
    clock: Clock
    random: Random
    calls: list[CallOutcome] = field(default_factory=list)
    done: dict[str, _Done] = field(default_factory=dict)
    attempt: Attempt | None = None
    gave_up: bool = False
    answered: bool = False

    @property
    def live(self) -> LiveProject | None:
        """The project as last read."""
        return self.watched.live

    async def run(self) -> ProjectOutcome:
        """Apply the change. Nothing that the API or a person does raises an error; the outcome reports it."""
        begun = self.clock.monotonic()
        try:
            self.watched.live = await self.watched.projects.get_project(self.change.name)
        except ScaleError as problem:
            self.gave_up = isinstance(problem, UnavailableError)
            return self._outcome(Status.FAILED, problem.summary, diagnostics=(problem.diagnostic(),))
        while True:
            self._recognize()
            fresh = plan_project(self.change.desired, self.live)
            open_fields = tuple(field for field in fresh.fields if field.path[0] not in self.done)
            to_send = [call for call in fresh.calls if PARTS[call.kind] not in self.done]
            tried = bool(self.calls or self.attempt)
            if fresh.blocked:
                status = Status.FAILED if tried else Status.BLOCKED
                return self._ended(status, "", to_send, fresh.diagnostics)
            if not self._are_approved(open_fields, to_send):
                status = Status.FAILED if tried else Status.STALE
                reason = words.who_moved(self.change, self.live, {part: done.live for part, done in self.done.items()})
                return self._ended(status, reason, to_send, stale_fields=open_fields)
            if self.attempt is not None and not _is_next(self.attempt, to_send):
                self.attempt = None  # live already has what it would have written
            if not to_send:
                return self._finished(fresh.fields)
            forbidden = await self._forbidden(begun)
            if forbidden is not None:
                if not tried:
                    return self._outcome(Status.NOT_STARTED, forbidden)
                return self._ended(Status.FAILED, f"{forbidden}, so the project was not finished", to_send)
            try:
                ended = await self._send(to_send[0], to_send[1:], open_fields)
            except LostSightError as lost:
                ended = self._unproven(to_send, None, lost.problem.diagnostic())
            if ended is not None:
                return ended

    def so_far(self) -> ProjectOutcome:
        """The outcome if the run were killed now. A call that was sent but not yet seen to land is unclear."""
        calls = list(self.calls)
        if self.attempt is not None:
            calls.append(CallOutcome(self.attempt.kind, CallResult.UNCLEAR))
        is_clear = self.attempt is None and len(calls) < len(self.change.calls)
        calls += [CallOutcome(call.kind, CallResult.NOT_SENT) for call in self.change.calls[len(calls) :]]
        status = Status.UNCLEAR if not is_clear else Status.FAILED if self.calls else Status.NOT_STARTED
        sent = () if status is Status.NOT_STARTED else tuple(calls)
        return replace(self._outcome(status, words.INTERRUPTED), calls=sent, live=None)

    async def _forbidden(self, begun: float) -> str | None:
        """Why the next write may not start; None if it may."""
        if self.clock.monotonic() - begun > PROJECT_SECONDS:
            return f"the limit of {PROJECT_SECONDS / 60:.0f} minutes for one project has passed"
        return await self.permit()

    async def _send(self, call: Call, rest: Sequence[Call], fields: Sequence[Field]) -> ProjectOutcome | None:
        """Send a call once and check whether it landed. An outcome ends the project; None means: check the fence again.

        Raises:
            LostSightError: the project can no longer be read, so it is unknown whether the write landed.
        """
        if self.attempt is None:
            part = PARTS[call.kind]
            self.attempt = Attempt(call.kind, self.live, _identities(fields, part), self.clock.monotonic())
            self.emit(Event(self.change.name, self.change.action, call=call.kind, detail=words.what(call)))
        attempt = self.attempt
        attempt.fence = self.live
        problem: ScaleError | None = None
        begun = self.clock.monotonic()
        try:
            await self.watched.projects.send(call)
        except ScaleError as raised:
            problem = raised
        now = self.clock.monotonic()
        attempt.note(call, problem)
        doubt = bool(attempt.sent) or (problem is not None and problem.in_doubt)
        if problem is None:
            wait = Wait(now + FAILURE_SECONDS, None, reads=True)
        elif problem.held_back:
            attempt.excuse(now - begun)
            if not attempt.times:
                self.attempt = None
            wait = Wait(now, now, reads=False)
        elif problem.may_have_landed or problem.worth_repeating:
            wait = attempt.wait(now, self.random)
        else:
            # The name can be taken because of an earlier request, which reads do not show yet.
            lags = problem.in_doubt or (isinstance(problem, NameTakenError) and doubt)
            wait = Wait(now + (FAILURE_SECONDS if lags else 0.0), None, reads=lags)
            if not isinstance(problem, NameTakenError):
                attempt.sent.append(call)  # even after a refusal, only the history counts
        again = wait.again is not None
        try:
            landing = await self.watched.look(attempt, wait)
        except LostSightError:
            if doubt:
                raise
            landing, again = Landing(), False
        if landing.landed:
            return self._landed(call, rest, attempt, landing)
        if problem is None:
            return self._unproven((call, *rest), self.live, words.not_there(self.change.name, call.kind))
        if not problem.may_have_landed and not problem.worth_repeating:
            self.gave_up = isinstance(problem, UnavailableError)
            self.answered = not self.gave_up
            return self._refused((call, *rest), problem.diagnostic())
        if again and not attempt.is_late(self.clock.monotonic()):
            return None
        self.gave_up = True
        if wait.proven:
            return self._refused((call, *rest), words.gave_up(problem, attempt.times, proven=True))
        return self._unproven((call, *rest), self.live, words.gave_up(problem, attempt.times, proven=False))

    def _landed(self, call: Call, rest: Sequence[Call], attempt: Attempt, landing: Landing) -> ProjectOutcome | None:
        assert self.live is not None
        self.answered = True
        self.attempt = None
        self.watched.created = self.watched.created or call.kind is CallKind.CREATE
        self.calls.append(CallOutcome(call.kind, CallResult.LANDED))
        self.done[attempt.part] = _Done(attempt.sent, landing.own, self.live)
        known: Sequence[Version] = ()
        if attempt.fence is not None and later(attempt.sent[-1:], attempt.fence, self.live, most=1).own:
            known = new_versions(attempt.part, attempt.before, attempt.fence)
        numbers = {version.number for version in known}
        unread = tuple(version for version in landing.others if version.number not in numbers)
        if not unread:
            return None
        self._leave(rest)
        diagnostic = words.lost_race(self.change.name, call.kind, landing.own, unread)
        return self._outcome(Status.FAILED, words.truth(self.calls, self.live), diagnostics=(diagnostic,))

    def _refused(self, calls: Sequence[Call], diagnostic: Diagnostic) -> ProjectOutcome:
        """The outcome if the first call did not land."""
        self.calls.append(CallOutcome(calls[0].kind, CallResult.REFUSED))
        self._leave(calls[1:])
        return self._outcome(Status.FAILED, words.truth(self.calls, self.live), diagnostics=(diagnostic,))

    def _unproven(self, calls: Sequence[Call], live: LiveProject | None, diagnostic: Diagnostic) -> ProjectOutcome:
        """The outcome if the first call may have landed. `live` is None if the project could not be read."""
        self.gave_up = self.gave_up or live is None
        self.watched.live = live
        self.calls.append(CallOutcome(calls[0].kind, CallResult.UNCLEAR))
        self._leave(calls[1:])
        reason = words.truth(self.calls, live) if live is not None else "the project could not be read back"
        return self._outcome(Status.UNCLEAR, reason, diagnostics=(diagnostic,))

    def _recognize(self) -> None:
        """Note the versions added after a part was written: an earlier request may land late."""
        for done in self.done.values():
            if self.live is not None:
                most = len(done.sent) - len(done.own)
                landing = later(done.sent, done.live, self.live, most=most)
                done.own += landing.own
                done.others += landing.others
                done.live = self.live

    def _finished(self, left: tuple[Field, ...]) -> ProjectOutcome:
        """The outcome if every call landed. Another writer changed what still differs, or Scale did not keep it."""
        if left and self.calls:
            reason = words.truth(self.calls, self.live)
            others = {part: done.others for part, done in self.done.items() if done.others}
            if others:
                diagnostic = words.overtaken(self.change.name, others)
                return self._outcome(Status.FAILED, reason, diagnostics=(diagnostic,))
            diagnostic = words.not_kept(self.change.name, left)
            return self._outcome(Status.FAILED, reason, diagnostics=(diagnostic,), not_kept=left)
        if self.calls:
            return self._outcome(Status.DONE, "")
        return self._outcome(Status.UNCHANGED, "the project already matches its manifest")

    def _ended(
        self,
        status: Status,
        reason: str,
        to_send: Sequence[Call],
        diagnostics: tuple[Diagnostic, ...] = (),
        *,
        stale_fields: tuple[Field, ...] = (),
    ) -> ProjectOutcome:
        """End without a further write.

        A version with different content is either another writer's, or this run's, altered by Scale.
        """
        attempt = self.attempt
        if attempt is not None:
            assert attempt.problem is not None
            came = new_versions(attempt.part, attempt.before, self.live) if self.live is not None else ()
            if came or (self.live is not None and attempt.before is None):
                diagnostic = words.someone_else(self.change.name, attempt.kind, came, self.live)
                status, result = Status.UNCLEAR, CallResult.UNCLEAR
            else:
                diagnostic = words.gave_up(attempt.problem, attempt.times, proven=True)
                result = CallResult.REFUSED
            self.calls.append(CallOutcome(attempt.kind, result))
            to_send = to_send[1:]
            diagnostics = (diagnostic, *diagnostics)
        self._leave(to_send)
        return self._outcome(status, reason, diagnostics=diagnostics, stale_fields=stale_fields)

    def _leave(self, calls: Sequence[Call]) -> None:
        self.calls += [CallOutcome(call.kind, CallResult.NOT_SENT) for call in calls]

    def _are_approved(self, fields: Sequence[Field], to_send: Sequence[Call]) -> bool:
        """Whether the differences are the approved ones.

        Before a write is sent again, its differences must be the same as before its first request. If only some are
        left, the version that removed the others may be this run's, altered by Scale. The same applies to a project
        that exists after a create without an answer.
        """
        attempt = self.attempt
        if attempt is not None and attempt.before is None and self.live is not None:
            return False
        if attempt is not None and _is_next(attempt, to_send) and _identities(fields, attempt.part) != attempt.fields:
            return False
        return _identities(fields) <= _identities(self.change.fields)

    def _outcome(
        self,
        status: Status,
        reason: str,
        *,
        diagnostics: tuple[Diagnostic, ...] = (),
        stale_fields: tuple[Field, ...] = (),
        not_kept: tuple[Field, ...] = (),
    ) -> ProjectOutcome:
        self._recognize()
        twice = tuple(
            words.sent_twice(self.change.name, part, done.own) for part, done in self.done.items() if len(done.own) > 1
        )
        live = self.live
        return ProjectOutcome(
            name=self.change.name,
            action=self.change.action,
            status=status,
            reason=reason,
            params_version=live.params_version if live else None,
            ontology_version=live.ontology_version if live else None,
            calls=tuple(self.calls),
            diagnostics=(*diagnostics, *twice),
            stale_fields=stale_fields,
            not_kept=not_kept,
            live=live,
            hash=self.change.hash,
            source=self.change.source,
        )


def _identities(fields: Sequence[Field], part: str | None = None) -> frozenset[str]:
    """The identities of the fields of one part, or of all."""
    return frozenset(
        identity_of(field) for field in fields if part is None or (field.path[0] == "ontology") == (part == "ontology")
    )


def _is_next(attempt: Attempt, to_send: Sequence[Call]) -> bool:
    return bool(to_send) and PARTS[to_send[0].kind] == attempt.part
