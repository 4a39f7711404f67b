"""Doctor: gather what the checks look at, run them, and with `assumptions` look at what the API does on this account.

Sends one list, and a few gets for assumptions. Makes one project only if the caller asks for it and approves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.doctor.assumptions import assess, undecided
from reconciler.doctor.checks import TEST_KEY, Contact, Setup, examine, failed, skipped, unasked
from reconciler.doctor.evidence import Made, Seen
from reconciler.doctor.probing import Attempt, look, make_project, project_name
from reconciler.errors import ReconcilerError, ScaleError, UsageError
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.operations.targets import check_sandbox, check_writable, open_target
from reconciler.operations.validate import validate
from reconciler.render.view.risks import FOREVER
from reconciler.scale.client import ScaleClient
from reconciler.settings import choose_target, read_settings


def read_setup(cwd: Path, *, target: str | None, endpoint: str | None, environment: Mapping[str, str]) -> Setup:
    """The configuration that holds for a run in `cwd`, and the chosen target. Nothing is sent."""
    setup = Setup(cwd, environment, lambda: datetime.now(UTC), asked=(target or "", endpoint or ""))
    try:
        setup = replace(setup, settings=read_settings(cwd))
        chosen = choose_target(setup.configured, name=target, endpoint=endpoint, environment=environment)
    except ReconcilerError as problem:
        return replace(setup, problem=problem)
    return replace(setup, target=chosen)


def check_may_make(setup: Setup) -> None:
    """Raises:
    UsageError: the target allows no writes, or its key is not one of the test world.
    """
    target = setup.chosen
    check_writable(target)
    key = setup.environment.get(target.key_variable or "", "").strip()
    if target.sandbox is None and key and not key.startswith(TEST_KEY):
        raise UsageError(
            f"--write needs a test key, but the key in {target.key_variable} does not start with {TEST_KEY}",
            "Nothing was sent. A project on Scale can never be deleted or renamed, so none is created with a live key.",
        )


def doctor(
    setup: Setup,
    *,
    assumptions: bool = False,
    approve: Callable[[str, Sequence[str]], bool] | None = None,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> DoctorReport:
    """Run every check; with `assumptions`, look at each assumption too.

    With `approve`, make one project for the assumptions that reads do not decide, if `approve(name, assumptions)` says
    so.
    """
    contact, seen = Contact(opened=False), None
    if setup.target is not None:
        # Only requests run in an event loop: elsewhere, a signal ends the run at once.
        contact, seen = asyncio.run(_ask(setup, assumptions=assumptions, waiting=waiting))
    setup = _gather(setup, contact)
    checks = [*examine(setup)]
    if isinstance(seen, CheckResult):
        checks.append(seen)
    if not isinstance(seen, Seen):
        if assumptions and seen is None:
            checks.append(skipped("assumptions"))
        return _report(setup, checks)
    results, hint = assess(seen), ""
    if approve is not None:
        check, made = _make(setup, seen, approve, waiting)
        checks.append(check)
        results = assess(seen, made)
    elif rest := undecided(results):
        hint = (
            f"{len(rest)} of these can be tried: reconciler doctor --assumptions --write makes one project, which is "
            "permanent. It takes a test key, or the sandbox."
        )
    return replace(_report(setup, checks), assumptions=results, hint=hint)


def _report(setup: Setup, checks: Sequence[CheckResult]) -> DoctorReport:
    target = setup.target
    return DoctorReport(*((target.name, target.endpoint) if target else setup.asked), checks)


def _gather(setup: Setup, contact: Contact) -> Setup:
    """The setup with everything else that the checks look at."""
    settings, target = setup.settings, setup.target
    if settings is None:
        return setup
    try:
        found = validate(settings, ())
        setup = replace(setup, manifests=(found.manifests, found.diagnostics))
    except ReconcilerError as problem:
        setup = replace(setup, manifests=problem)
    if target is None:
        return setup
    if target.sandbox is not None:
        try:
            check_sandbox(target.sandbox)
        except ReconcilerError as problem:
            setup = replace(setup, sandbox_problem=problem)
    return replace(setup, contact=contact, record=read_record(Session(settings, target, setup.environment)))


async def _ask(
    setup: Setup, *, assumptions: bool, waiting: Callable[[float], None]
) -> tuple[Contact, Seen | CheckResult | None]:
    """What the target answers, and what reads show about the API, or the result of trying that."""
    no_answer = unasked("assumptions") if assumptions else None
    try:
        opened = open_target(setup.chosen, setup.environment, waiting=waiting)
    except ReconcilerError as problem:
        return Contact(opened=False, problem=problem), no_answer
    async with opened as client:
        try:
            listed, unreadable = await client.list_raw()
        except ScaleError as problem:
            return Contact(opened=True, problem=problem, ahead=_ahead(setup, client)), no_answer
        contact = Contact(True, None, listed, unreadable, _ahead(setup, client))
        if not assumptions:
            return contact, None
        try:
            return contact, await look(client, listed)
        except ScaleError as problem:
            return contact, failed("assumptions", problem)


def _ahead(setup: Setup, client: ScaleClient) -> float | None:
    """The seconds by which the clock is ahead of the server's, by an answer that has just come."""
    return None if client.last_date is None else (setup.now() - client.last_date).total_seconds()


def _make(
    setup: Setup, seen: Seen, approve: Callable[[str, Sequence[str]], bool], waiting: Callable[[float], None]
) -> tuple[CheckResult, Made | None]:
    """Make the project that decides what reads did not, if that is approved."""

    async def attempt() -> Attempt:
        async with open_target(setup.chosen, setup.environment, waiting=waiting) as client:
            return await make_project(client, name, seen.listed)

    rest = undecided(assess(seen))
    if not rest:
        return CheckResult(
            "project", CheckStatus.OK, "No project was made: reads decide everything that it could."
        ), None
    name = project_name(setup.now())
    if not approve(name, rest):
        remedy = "Approve it, or leave out --write."
        return CheckResult("project", CheckStatus.SKIPPED, "No project was made: it was declined.", remedy), None
    done = asyncio.run(attempt())
    if done.problem is None:
        return CheckResult("project", CheckStatus.OK, f"Made {name}. {FOREVER}"), done.made
    exists = f"The project {name} was made, and is permanent." if done.exists else ""
    remedy = "\n".join(filter(None, (done.problem.detail, exists, "No other write was sent.")))
    return CheckResult("project", CheckStatus.ERROR, f"{done.problem.summary}.", remedy), done.made
