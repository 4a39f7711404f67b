"""Apply a plan: stop on a signal, tell each step to whoever listens, say where in git a refusal comes from."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from random import Random
from types import FrameType

from reconciler.applying.applier import Stop, apply_plan
from reconciler.applying.project import Clock, Emit
from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import GitRefusedError, PlanFileError, ReconcilerError, RecordError, UsageError
from reconciler.fieldpath import Path, Pattern
from reconciler.manifest.places import locate
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan, ProjectChange
from reconciler.model.project import UnreadableProject
from reconciler.operations.masking import masked
from reconciler.operations.plan import account_in
from reconciler.operations.recording import Recorder
from reconciler.operations.targets import check_sandbox, sandbox_account
from reconciler.planning.drift import baseline_of
from reconciler.planning.planner import Live, by_name, nameless
from reconciler.scale.client import ScaleClient
from reconciler.scale.transport import SYSTEM_CLOCK
from reconciler.settings import Target

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


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
    """SIGINT and SIGTERM set `stop` and do nothing else, however often they come. For the main thread."""

    def heed(number: int, frame: FrameType | None) -> None:
        stop.request(number)

    previous = {number: signal.signal(number, heed) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def check_saved(plan: Plan, target: Target, client: ScaleClient) -> None:
    """See that a saved plan was made for this target, endpoint and account.

    Raises:
        PlanFileError: it was made for another.
    """
    for what, saved, here in (
        ("target", plan.target.name, target.name),
        ("endpoint", plan.target.endpoint, target.endpoint),
    ):
        if saved != here:
            raise PlanFileError(f'the plan was made for the {what} "{saved}", not for "{here}"', "Nothing was written.")
    if plan.target.account is not None:
        shown = await client.list_projects()
        account = account_in(target, Live(by_name(shown), whole=True, nameless=nameless(shown)))
        untold = next((one for one in shown if isinstance(one, UnreadableProject) and one.created_at is None), None)
        if account is None and untold is not None:
            raise PlanFileError(
                "the account cannot be determined, and the plan names one",
                f"Its oldest project shows which one it is, and this one cannot be read: {untold.why}. "
                "Nothing was written.",
            )
        if account != plan.target.account:
            raise PlanFileError(
                "the plan was made for another account", "Its oldest project is another one. Nothing was written."
            )


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
    """Record what is intended, carry the plan out, record what became of it.

    Once `stop` is set, calls under way end and no new one starts. What `sensitive` covers is masked in a server's
    words, too. `clock` and `random` are for the waits before a write is sent again.

    Raises:
        RecordError: what is intended cannot be recorded. Nothing was written.
    """
    recorder.announce(plan, now())
    outcome = await apply_plan(
        plan,
        client,
        parallelism=target.parallelism,
        emit=emit,
        stop=stop,
        now=now,
        clock=clock,
        random=random or Random(),
    )
    # The account of an empty sandbox is made with its first project.
    account = plan.target.account or (sandbox_account(target.sandbox) if target.sandbox else None)
    recorded = replace(plan, target=replace(plan.target, account=account))
    try:
        recorder.conclude(recorded, outcome, now())
    except (RecordError, GitRefusedError) as problem:
        outcome = replace(outcome, diagnostics=(_unrecorded(problem),))
    changes = {change.name: change for change in plan.changes}
    previous = baseline_of(recorder.record.section(target.endpoint, plan.target.account))
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
    if diagnostic.span is not None or diagnostic.code != "rejected":
        return diagnostic
    words = f"{diagnostic.summary} {diagnostic.detail}"
    named = [field.path for field in change.fields if _is_named(field.path, words)]
    path: Path = max(named, key=len) if named else ("name",)
    return replace(diagnostic, span=locate(change.desired, [path])[path].span)


def _is_named(path: Path, words: str) -> bool:
    last = path[-1]
    return isinstance(last, str) and len(last) > 2 and last in words
