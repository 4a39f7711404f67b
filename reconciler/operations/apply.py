"""Apply a plan: stop on a signal, tell each step to whoever listens, say where in git a refusal comes from."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from random import Random
from types import FrameType

from reconciler.applying.applier import Stop, apply_plan, not_applied
from reconciler.applying.project import Emit
from reconciler.applying.words import INTERRUPTED
from reconciler.clock import SYSTEM_CLOCK, Clock
from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import GitRefusedError, PlanFileError, ReconcilerError, RecordError, UsageError
from reconciler.fieldpath import FieldPath, Pattern
from reconciler.manifest.places import locate
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan, ProjectChange
from reconciler.model.project import UnreadableProject
from reconciler.model.record import EMPTY_ACCOUNT, Record
from reconciler.operations.masking import masked
from reconciler.operations.plan import list_account, recognize
from reconciler.operations.recording import Recorder
from reconciler.operations.targets import check_sandbox, sandbox_account
from reconciler.planning.drift import baseline_of
from reconciler.planning.planner import Live
from reconciler.scale.client import ScaleClient
from reconciler.settings import Target

_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)


def _heeded() -> list[signal.Signals]:
    return [one for one in _SIGNALS if one != signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]


def check_writable(target: Target) -> None:
    """Raises:
    UsageError: the target's configuration lets nothing be written, or the sandbox's file cannot be written.
    """
    if not target.writes:
        raise UsageError(
            f'target "{target.name}" has writes = false: nothing was written',
            "To apply, set writes = true under the target in reconciler.toml.",
        )
    if target.sandbox is not None:
        check_sandbox(target.sandbox)


@contextmanager
def heeding_signals(stop: Stop) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP set `stop` and do nothing else, however often they come. For the main thread.

    A SIGHUP that is ignored, as under nohup, stays ignored.
    """

    def heed(number: int, frame: FrameType | None) -> None:
        stop.request(number)

    previous = {number: signal.signal(number, heed) for number in _heeded()}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def check_saved(plan: Plan, target: Target, client: ScaleClient, record: Record) -> Plan:
    """Check that a saved plan is for this target, endpoint and account; the plan, with its section of the record.

    A plan for an account without projects is also one for the account as an apply of it left it.

    Raises:
        PlanFileError: it was made for another.
    """
    for what, saved, here in (
        ("target", plan.target.name, target.name),
        ("endpoint", plan.target.endpoint, target.endpoint),
    ):
        if saved != here:
            raise PlanFileError(f'the plan was made for the {what} "{saved}", not for "{here}"', "Nothing was written.")
    live = await list_account(client)
    account = await recognize(target, client, live, record)
    planned = {change.name for change in plan.changes}
    begun = plan.target.account == EMPTY_ACCOUNT and planned.issuperset(project.name for project in live.listed)
    if plan.target.account not in (None, account.target.account) and not begun:
        unreadable = (one for one in live.listed if isinstance(one, UnreadableProject))
        untold = next((one for one in unreadable if one.created_at is None), None)
        if account.target.account is None and untold is not None:
            raise PlanFileError(
                "the account cannot be determined, and the plan names one",
                f"An account is recognized by its oldest project, and a project's time cannot be read: {untold.why}.\n"
                "Nothing was written. Fix that value in Scale's dashboard, then apply again.",
            )
        raise PlanFileError(
            "the plan was made for another account",
            "The oldest project of this account is a different one. Nothing was written. Use the key of the plan's "
            "account, or make a new plan.",
        )
    return replace(plan, target=account.target, section=account.section)


async def apply(
    plan: Plan,
    target: Target,
    client: ScaleClient,
    *,
    recorder: Recorder,
    emit: Emit,
    stop: Stop,
    now: Callable[[], datetime],
    sensitive: Sequence[Pattern] = (),
    clock: Clock = SYSTEM_CLOCK,
    random: Random | None = None,
) -> Outcome:
    """Record the intent, carry out the plan, record the outcome.

    Once `stop` is set, calls under way end and no new one starts. What `sensitive` covers is masked in a server's
    words, too. `clock` and `random` are for the waits before a write is sent again.

    Raises:
        RecordError, GitRefusedError: the intent cannot be recorded. Nothing was written.
    """
    if plan.target.account is None and plan.section is None:
        account = await recognize(target, client, Live({}, whole=False), recorder.record, must_know=True)
        plan = replace(plan, target=account.target, section=account.section)
        recorder.created = account.created
    if not await recorder.announce(plan, stop.requested):
        return replace(not_applied(plan, INTERRUPTED, now()), interrupted_by=stop.signal)
    try:
        outcome = await apply_plan(
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
    if target.sandbox is not None:
        # The account of an empty sandbox is made with its first project.
        made = sandbox_account(target.sandbox) or plan.target.account
        outcome = replace(outcome, target=replace(outcome.target, account=made))
    try:
        await recorder.conclude(plan, outcome)
    except (RecordError, GitRefusedError) as problem:
        outcome = replace(outcome, diagnostics=(_unrecorded(problem),))
    changes = {change.name: change for change in plan.changes}
    section = recorder.record.sections.get(plan.section) if plan.section is not None else None
    previous = baseline_of(section) if section is not None else None
    return replace(
        outcome,
        previous_commit=previous.commit if previous else None,
        projects=tuple(
            replace(
                project,
                diagnostics=tuple(
                    masked(_with_place(diagnostic, changes[project.name]), changes[project.name], sensitive)
                    for diagnostic in project.diagnostics
                ),
            )
            for project in outcome.projects
        ),
    )


def _unrecorded(problem: ReconcilerError) -> Diagnostic:
    return error(
        problem.code,
        f"what was done could not be recorded: {problem.summary}",
        detail=f"{problem.detail}\nThe next run knows the writes as ours by what was recorded before them.".strip(),
    )


def _with_place(diagnostic: Diagnostic, change: ProjectChange) -> Diagnostic:
    if diagnostic.location is not None or diagnostic.code != "rejected":
        return diagnostic
    words = f"{diagnostic.summary} {diagnostic.detail}"
    named = [field.path for field in change.fields if _is_named(field.path, words)]
    path: FieldPath = max(named, key=len) if named else ("name",)
    return replace(diagnostic, location=locate(change.desired, [path])[path].location)


def _is_named(path: FieldPath, words: str) -> bool:
    last = path[-1]
    return isinstance(last, str) and len(last) > 2 and last in words
