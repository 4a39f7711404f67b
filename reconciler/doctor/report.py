"""Doctor: gather what the checks need, run them, and check which assumptions about the API hold on this account.

It sends one list, and a few gets for assumptions. It creates a project only if the caller requests and approves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from reconciler.diagnostics import Remedy, sentence
from reconciler.doctor.assumptions import assess, undecided
from reconciler.doctor.checks import TEST_KEY, examine, failed, skipped, unasked
from reconciler.doctor.evidence import Made, Seen
from reconciler.doctor.probing import look, make_project, project_name
from reconciler.doctor.setup import Contact, Setup
from reconciler.errors import ReconcilerError, ScaleError, UsageError
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport
from reconciler.model.project import PERMANENT
from reconciler.operations.session import check_writable, open_target
from reconciler.scale.client import ScaleClient


def check_may_make(setup: Setup) -> None:
    """Check that a project may be created.

    Raises:
        UsageError: the target does not allow writes, or its key is not a test key.
    """
    target = setup.chosen
    check_writable(target)
    key = setup.environment.get(target.key_variable or "", "").strip()
    if target.sandbox is None and key and not key.startswith(TEST_KEY):
        raise UsageError(
            "--write requires a test key",
            f"The key in {target.key_variable} does not start with {TEST_KEY}, so nothing was sent. The API cannot "
            "delete or rename a project, so doctor never creates one with a live key.",
        )


def doctor(
    setup: Setup,
    *,
    assumptions: bool = False,
    approve: Callable[[str, Sequence[str]], bool] | None = None,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> DoctorReport:
    """Run every check and, with `assumptions`, check every assumption.

    With `approve`, create one project to check the assumptions that reads cannot check, if `approve(name, assumptions)`
    returns true.
    """
    seen: Seen | CheckResult = skipped("assumptions")
    if setup.target is not None:
        # Only requests run in an event loop: elsewhere, a signal ends the run at once.
        contact, seen = asyncio.run(_ask(setup, assumptions=assumptions, waiting=waiting))
        setup = replace(setup, contact=contact)
    checks = examine(setup)
    if not assumptions:
        return _report(setup, checks)
    if isinstance(seen, CheckResult):
        return _report(setup, (*checks, seen))
    results = assess(seen)
    hint: Remedy | None = None
    if approve is not None:
        check, made = _make(setup, seen, approve, waiting)
        checks = (*checks, check)
        results = assess(seen, made)
    elif rest := undecided(results):
        words = (
            f"To check {len(rest)} of these, create one project, which is permanent. This needs a test key or the "
            "sandbox:"
        )
        hint = Remedy(words, ("doctor", "--assumptions", "--write"))
    return replace(_report(setup, checks), assumptions=results, hint=hint)


def _report(setup: Setup, checks: Sequence[CheckResult]) -> DoctorReport:
    target = setup.target
    return DoctorReport(*((target.name, target.endpoint) if target else setup.asked), checks)


async def _ask(
    setup: Setup, *, assumptions: bool, waiting: Callable[[float], None]
) -> tuple[Contact, Seen | CheckResult]:
    """The target's answer and, with `assumptions`, the evidence from reads or why there is none."""
    try:
        opened = open_target(setup.chosen, setup.environment, sandboxes=setup.configured.sandboxes, waiting=waiting)
    except ReconcilerError as problem:
        return Contact(opened=False, problem=problem), unasked()
    async with opened as client:
        try:
            listed, unreadable = await client.list_raw()
        except ScaleError as problem:
            return Contact(opened=True, problem=problem, ahead=_ahead(setup, client)), unasked()
        contact = Contact(True, None, listed, unreadable, _ahead(setup, client))
        if not assumptions:
            return contact, Seen(listed)
        try:
            return contact, await look(client, listed)
        except ScaleError as problem:
            return contact, failed("assumptions", problem)


def _ahead(setup: Setup, client: ScaleClient) -> float | None:
    """How many seconds the local clock is ahead of the server's, based on the last answer. None if it had no date."""
    return None if client.last_date is None else (datetime.now(UTC) - client.last_date).total_seconds()


def _make(
    setup: Setup, seen: Seen, approve: Callable[[str, Sequence[str]], bool], waiting: Callable[[float], None]
) -> tuple[CheckResult, Made | None]:
    """Create the project that checks what reads cannot check, if that is approved."""

    async def attempt() -> tuple[Made, ScaleError | None]:
        async with open_target(setup.chosen, setup.environment, waiting=waiting) as client:
            return await make_project(client, name, seen.listed)

    rest = undecided(assess(seen))
    if not rest:
        message = "No project was created: reads already checked everything that a new project could check."
        return CheckResult("project", CheckStatus.OK, message), None
    name = project_name(datetime.now(UTC))
    if not approve(name, rest):
        remedy = "To check the remaining assumptions, approve the project. Otherwise, omit --write."
        return CheckResult(
            "project", CheckStatus.SKIPPED, "No project was created, because you did not approve it.", remedy
        ), None
    made, problem = asyncio.run(attempt())
    if problem is None:
        return CheckResult("project", CheckStatus.OK, f"Created {name}. {PERMANENT}"), made
    exists = f"The project {name} was created, and is permanent." if made.exists else ""
    remedy = "\n".join(filter(None, (problem.detail, exists, "No further write was sent.")))
    return CheckResult("project", CheckStatus.ERROR, sentence(problem.summary), remedy), made
