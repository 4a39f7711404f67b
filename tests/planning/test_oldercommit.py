"""What a plan and an apply make of a commit that is behind the last applied one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.diagnostics import Severity
from reconciler.model.guards import GuardSettings, Standing, Waiver
from reconciler.model.plan import Commit, Plan, TargetInfo
from reconciler.planning.oldercommit import Behind, enforced, noted, overtaken
from reconciler.planning.situation import Rules
from tests.planning.test_guards import TODAY, create, forget, unchanged, update

OLDER = Behind(Standing.OLDER, "b" * 40, "a" * 40)
ELSEWHERE = replace(OLDER, standing=Standing.ELSEWHERE)
UNKNOWN = replace(OLDER, standing=Standing.UNKNOWN, why="git fetch failed: x.")
PLAN = Plan(
    TargetInfo("production", "https://x"),
    Commit("a" * 40),
    datetime(2027, 3, 1, tzinfo=UTC),
    (create("c"), forget("f"), unchanged("n"), update("u")),
)


def held(plan: Plan) -> list[str]:
    return [change.name for change in plan.changes if change.held_by]


def enforce(behind: Behind = OLDER, rules: Rules = Rules(), *, is_sandbox: bool = False) -> Plan:  # noqa: B008
    return enforced(PLAN, behind, rules, TODAY, is_sandbox=is_sandbox)


def test_every_change_is_held_once() -> None:
    once = enforce()
    assert held(once) == ["c", "f", "u"]
    assert (once.summary.held, once.summary.add, once.summary.forget) == (3, 0, 0)
    assert enforced(once, OLDER, Rules(), TODAY, is_sandbox=False) == once


def test_without_a_change_it_is_said() -> None:
    same = replace(PLAN, changes=(unchanged("n"),))
    (said,) = enforced(same, OLDER, Rules(), TODAY, is_sandbox=False).diagnostics
    assert (said.severity, said.code) == (Severity.NOTE, "older-commit")


def test_it_is_waived_by_allow_and_by_a_waiver() -> None:
    allowed = enforce(rules=Rules(allowed=frozenset({"older-commit"})))
    assert (held(allowed), allowed.summary.change) == ([], 1)
    assert allowed.changes[0].waived_by[0].by == "--allow older-commit"
    waiver = Waiver("older-commit", "u*", "agreed", TODAY)
    assert held(enforce(rules=Rules(waivers=(waiver,)))) == ["c", "f"]
    assert held(enforce(rules=Rules(waivers=(replace(waiver, until=TODAY - timedelta(1)),)))) == ["c", "f", "u"]


@pytest.mark.parametrize("behind", [OLDER, ELSEWHERE, UNKNOWN])
@pytest.mark.parametrize("is_sandbox", [False, True])
def test_what_does_not_hold_is_said(behind: Behind, is_sandbox: bool) -> None:
    warn = Rules(GuardSettings(older_commit="warn"))
    made = enforce(behind, warn, is_sandbox=is_sandbox)
    (said,) = made.diagnostics
    warns = behind is UNKNOWN or (behind is OLDER and not is_sandbox)
    assert (held(made), said.severity) == ([], Severity.WARNING if warns else Severity.NOTE)
    assert enforced(made, behind, warn, TODAY, is_sandbox=is_sandbox) == made


def test_a_note_says_what_an_apply_would_do() -> None:
    assert (
        "By default, an apply holds every change. To allow them once, pass --allow older-commit."
        in noted(OLDER, is_sandbox=False).detail
    )
    assert "An apply to a sandbox is not held, and might revert newer changes." in noted(OLDER, is_sandbox=True).detail
    assert "git fetch failed: x." in noted(UNKNOWN, is_sandbox=False).detail
    assert "Its position in the history is unknown." in noted(replace(UNKNOWN, why=""), is_sandbox=False).detail


def test_what_is_held_after_the_approval_is_an_error() -> None:
    assert overtaken(PLAN, PLAN) == ()
    (said,) = overtaken(PLAN, enforce())
    assert said.severity is Severity.ERROR
    assert said.detail.startswith("The older-commit guard holds c, f, and u.")
    many = replace(PLAN, changes=tuple(create(f"p{number}") for number in range(5)))
    (said,) = overtaken(many, enforced(many, OLDER, Rules(), TODAY, is_sandbox=False))
    assert said.detail.startswith("The older-commit guard holds p0, p1, p2, and 2 more.")
