"""Apply: plan, ask, record the intent, write, verify, and record the outcome. A signal stops it between two calls."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from random import Random
from threading import current_thread, main_thread
from types import FrameType
from typing import Protocol

from reconciler.applying.applier import Stop, not_applied
from reconciler.applying.applier import apply_plan as write_plan
from reconciler.applying.project import Emit
from reconciler.applying.words import INTERRUPTED
from reconciler.clock import SYSTEM_CLOCK, Clock
from reconciler.diagnostics import Diagnostic, error, quoted
from reconciler.errors import GitRefusedError, PlanFileError, ReconcilerError, RecordError
from reconciler.fieldpath import FieldPath, Pattern
from reconciler.frozen import dataclass
from reconciler.manifest.places import locate
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan, ProjectChange
from reconciler.model.printed import with_masked_words
from reconciler.model.project import UnreadableProject
from reconciler.model.record import EMPTY_ACCOUNT, Record
from reconciler.operations.live import list_account, recognize
from reconciler.operations.plan import plan_live
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.recording import Recorder, open_recorder
from reconciler.operations.session import Session, sandbox_account
from reconciler.planning.drift import baseline_of
from reconciler.planning.live import Live
from reconciler.planning.oldercommit import overtaken
from reconciler.scale.client import ScaleClient
from reconciler.settings import Target

_SIGNALS = [getattr(signal, name) for name in ("SIGHUP", "SIGINT", "SIGTERM") if hasattr(signal, name)]


class Operator(Protocol):
    """Who runs an apply, such as a person at a terminal, a job, or a script."""

    def approves(self, plan: Plan) -> bool:
        """Whether to carry out the plan. Called once, even for a plan that changes nothing."""

    def listening(self) -> AbstractContextManager[Emit]:
        """A listener for the events of the apply."""

    def keep(self, outcome: Outcome) -> None:
        """Called with the outcome as soon as there is one, before anything is shown.

        At a signal, it is called with the outcome so far, whose `finished_at` is None, and again at the end.
        """


class Unattended:
    """Approves every plan, and ignores all events."""

    def approves(self, plan: Plan) -> bool:
        return True

    def listening(self) -> AbstractContextManager[Emit]:
        return nullcontext(lambda event: None)

    def keep(self, outcome: Outcome) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Applied:
    """The plan, and its outcome. If the operator `declined`, nothing was written."""

    plan: Plan
    outcome: Outcome
    declined: bool = False


def apply(
    session: Session,
    names: Sequence[str] = (),
    *,
    saved: Plan | None = None,
    pending: bool = False,
    allowed: Collection[str] = (),
    operator: Operator,
) -> Applied:
    """Plan the projects that `names` select, or take a plan that was `saved`, and carry it out if approved.

    Raises:
        RecordError, GitRefusedError: the record or the commit is unavailable. Nothing was written.
        PlanFileError: the saved plan cannot be used here. Nothing was written.
        DiagnosedError, UsageError, ScaleError: as for `plan`. Nothing was written.
    """
    if saved is not None:
        _check_target(saved, session.target)
    recorder = open_recorder(session, allowed)
    source: Plan | Prepared
    if saved is not None:
        source = saved
        if recorder.check is not None:
            recorder.check.look(source.commit, recorder.record)
    else:
        known = recorder.record, recorder.notes
        source = prepare(session, names, known, pending=pending, allowed=allowed, needs_git=True)
    stop = Stop()
    return session.ask(
        lambda client: _apply(session, client, source, recorder, operator, stop),
        interrupt=lambda: stop.request(signal.SIGINT),
    )


def apply_plan(session: Session, plan: Plan, *, operator: Operator | None = None) -> Outcome:
    """Carry out a plan that was made before, exactly as approved. Raises as `apply` does."""
    return apply(session, saved=plan, operator=operator or Unattended()).outcome


async def _apply(
    session: Session, client: ScaleClient, source: Plan | Prepared, recorder: Recorder, operator: Operator, stop: Stop
) -> Applied:
    if isinstance(source, Plan):
        plan = await check_saved(source, session.target, client, recorder.record)
        notes = (note for note in recorder.notes if note not in plan.diagnostics)
        plan = replace(plan, diagnostics=(*notes, *plan.diagnostics))
    else:
        plan = await plan_live(session, client, source)
    plan = recorder.enforced(plan)
    if not _approves(operator, plan, session.now()):
        declined = not_applied(plan, "declined", session.now())
        operator.keep(declined)
        return Applied(plan, declined, declined=True)
    begun = session.now()
    session.step("Recording the intent")
    ended = False

    def keep_so_far() -> None:
        if not ended:
            known = stop.so_far() if stop.so_far is not None else not_applied(plan, INTERRUPTED, begun, stop.signal)
            operator.keep(_presented(replace(known, finished_at=None), plan, session.settings.sensitive))

    with heeding_signals(stop, keep_so_far):
        try:
            with operator.listening() as emit:
                outcome = await carry_out(session, client, plan, recorder, emit=emit, stop=stop)
        except ReconcilerError as problem:
            ended = True
            operator.keep(not_applied(plan, problem.summary, session.now()))
            raise
        ended = True
        operator.keep(outcome)
    return Applied(plan, outcome)


def _approves(operator: Operator, plan: Plan, now: datetime) -> bool:
    """Ask the operator for approval. If this raises an exception, the result is still saved."""
    try:
        return operator.approves(plan)
    except KeyboardInterrupt:
        operator.keep(not_applied(plan, INTERRUPTED, now, signal.SIGINT))
        raise
    except SystemExit as ended:
        operator.keep(not_applied(plan, INTERRUPTED, now, int(ended.code or 0) - 128))
        raise
    except ReconcilerError as problem:
        operator.keep(not_applied(plan, problem.summary, now))
        raise


def _heeded() -> list[signal.Signals]:
    return [one for one in _SIGNALS if one.name != "SIGHUP" or signal.getsignal(one) is not signal.SIG_IGN]


@contextmanager
def heeding_signals(stop: Stop, then: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Within this context, SIGINT, SIGTERM, and SIGHUP only set `stop`, even if repeated.

    The event loop calls `then` after each of them. A SIGHUP that is ignored, as under nohup, stays ignored. In a thread
    other than the main one, which gets no signals, nothing changes.
    """
    if current_thread() is not main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def heed(number: int, frame: FrameType | None) -> None:
        stop.request(number)
        loop.call_soon_threadsafe(then)

    previous = {number: signal.signal(number, heed) for number in _heeded()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _check_target(plan: Plan, target: Target) -> None:
    """Check that a saved plan is for this target and endpoint, before a key or the record is read.

    Raises:
        PlanFileError: the plan was made for a different one.
    """
    for what, saved, here in (
        ("target", plan.target.name, target.name),
        ("endpoint", plan.target.endpoint, target.endpoint),
    ):
        if saved != here:
            raise PlanFileError(
                f"the plan was made for the {what} {quoted(saved)}, not for {quoted(here)}",
                f"Nothing was written. Use the plan's {what}, or create a new plan.",
            )


async def check_saved(plan: Plan, target: Target, client: ScaleClient, record: Record) -> Plan:
    """Check that a saved plan is for this account. Returns it with its section of the record.

    A plan for an account without projects is also valid for the account that an apply of it created.

    Raises:
        PlanFileError: the plan was made for a different one.
    """
    live = await list_account(client)
    account = await recognize(target, client, live, record)
    planned = {change.name for change in plan.changes}
    begun = plan.target.account == EMPTY_ACCOUNT and planned.issuperset(project.name for project in live.listed)
    if plan.target.account not in (None, account.target.account) and not begun:
        unreadable = (one for one in live.listed if isinstance(one, UnreadableProject))
        untold = next((one for one in unreadable if one.created_at is None), None)
        if account.target.account is None and untold is not None:
            raise PlanFileError(
                "cannot determine whether the plan is for this account",
                f"An account is identified by its oldest project, but the creation time of a project cannot be "
                f"read: {untold.why}.\n"
                "Nothing was written. Correct this value on Scale, or report it to Scale's support, then apply again.",
            )
        raise PlanFileError(
            "the plan was made for a different account",
            "Nothing was written. An account is identified by its oldest project, which does not match the plan. Use "
            "the API key of the account that the plan was made for, or create a new plan.",
        )
    return replace(plan, target=account.target, section=account.section)


async def carry_out(
    session: Session,
    client: ScaleClient,
    plan: Plan,
    recorder: Recorder,
    *,
    emit: Emit,
    stop: Stop,
    clock: Clock = SYSTEM_CLOCK,
    random: Random | None = None,
) -> Outcome:
    """Record the intent, carry out the plan, record the outcome.

    Once `stop` is set, calls under way finish and no new call starts. Sensitive values are masked in the server's
    messages too. `clock` and `random` are for the waits before a write is sent again.

    Raises:
        RecordError, GitRefusedError: the intent cannot be recorded. Nothing was written.
    """
    target, now, sensitive = session.target, session.now, session.settings.sensitive
    if plan.target.account is None and plan.section is None:
        account = await recognize(target, client, Live({}, whole=False), recorder.record, must_know=True)
        plan = replace(plan, target=account.target, section=account.section)
        recorder.created = account.created
    announced = await recorder.announce(plan, stop.requested)
    if announced is None:
        return not_applied(plan, INTERRUPTED, now(), stop.signal)
    late = overtaken(plan, announced)
    plan = announced
    try:
        outcome = await write_plan(
            plan,
            client,
            parallelism=target.parallelism,
            emit=emit,
            stop=stop,
            now=now,
            clock=clock,
            random=random or Random(),
            permit=recorder.permit,
        )
    except Exception:
        await recorder.end()
        raise
    late = (*late, *recorder.unrenewed)
    if target.sandbox is not None:
        # An empty sandbox gets its account with its first project.
        made = sandbox_account(target.sandbox) or plan.target.account
        outcome = replace(outcome, target=replace(outcome.target, account=made))
    try:
        await recorder.conclude(plan, outcome)
    except (RecordError, GitRefusedError) as problem:
        late = (*late, *_unrecorded(problem, wrote=any(project.calls for project in outcome.projects)))
    section = recorder.record.sections.get(plan.section) if plan.section is not None else None
    previous = baseline_of(section) if section is not None else None
    outcome = replace(outcome, diagnostics=late, previous_commit=previous.commit if previous else None)
    return _presented(outcome, plan, sensitive)


def _presented(outcome: Outcome, plan: Plan, sensitive: Sequence[Pattern]) -> Outcome:
    """The outcome, whose diagnostics have locations and mask sensitive values."""
    changes = {change.name: change for change in plan.changes}
    projects = (
        replace(
            project,
            diagnostics=tuple(
                with_masked_words(_located(diagnostic, changes[project.name]), changes[project.name], sensitive)
                for diagnostic in project.diagnostics
            ),
        )
        for project in outcome.projects
    )
    return replace(outcome, projects=tuple(projects))


def _unrecorded(problem: ReconcilerError, *, wrote: bool) -> Iterator[Diagnostic]:
    detail = (
        "This apply recorded its intent before it wrote anything, so the next run recognizes these writes."
        if wrote
        else "Nothing was written to Scale. Apply again to record what this apply found."
    )
    yield error(problem.code, "the outcome of this apply was not recorded", detail=detail)
    yield from problem.diagnostics


def _located(diagnostic: Diagnostic, change: ProjectChange) -> Diagnostic:
    if diagnostic.location is not None or diagnostic.code != "rejected":
        return diagnostic
    words = f"{diagnostic.summary} {diagnostic.detail}"
    named = [field.path for field in change.fields if _is_named(field.path, words)]
    path: FieldPath = max(named, key=len) if named else ("name",)
    return replace(diagnostic, location=locate(change.desired, [path])[path].location)


def _is_named(path: FieldPath, words: str) -> bool:
    last = path[-1]
    return isinstance(last, str) and len(last) > 2 and last in words
