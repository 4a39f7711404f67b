"""What several projects are held by is one block at the end, with one command that allows them."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.plan import Held, Plan, ProjectChange
from tests.render import plans
from tests.render.shown import render_plan, render_plan_markdown

SAME = Held("max-creates", "21 projects would be created.", "Plan fewer at once.")


def held(name: str, *by: Held) -> ProjectChange:
    change = plans.updated(name, f"{name}.yaml", [plans.changed(("params", "a"), 1, 2)])
    return replace(change, held_by=by or (Held("choice-removal", f"{name} loses a choice.", f"Keep {name}."),))


def text(plan: Plan) -> str:
    return render_plan(plan, base=plans.BASE, now=plans.NOW)


def test_five_projects_that_one_guard_holds_are_one_block() -> None:
    shown = text(plans.plan(*(held(f"p{number}") for number in range(5))))
    assert shown.count("To allow") == 2
    assert [shown.count(f"held by choice-removal: p{number} loses a choice.\n") for number in range(5)] == [1] * 5
    assert (
        "5 projects (p0, p1, p2, p3, and p4) are held by choice-removal.\n"
        "To allow the changes, add a waiver to reconciler.toml. To allow them once:\n"
        "  reconciler apply p0 p1 p2 p3 p4 --target production --allow choice-removal\n"
    ) in shown


def test_a_shared_reason_is_said_once() -> None:
    shown = text(plans.plan(held("a", SAME), held("b", SAME)))
    assert shown.count(SAME.why) == shown.count(SAME.remedy) == 1
    assert shown.count("  = held by max-creates\n") == 2


def test_each_set_of_guards_is_a_block() -> None:
    other = Held("takeover", "It was never applied.")
    shown = text(plans.plan(held("a", SAME), held("b", SAME, other), held("c", SAME, other), held("d", other)))
    assert (
        f"2 projects (b and c) are held by max-creates and takeover: {SAME.why} {other.why}\n{SAME.remedy}\nTo" in shown
    )
    assert shown.count("reconciler apply b c --target production --allow max-creates --allow takeover\n") == 1
    assert shown.count("To allow it once:") == 2


def test_very_many_are_not_named_in_a_command() -> None:
    shown = text(plans.plan(*(held(f"p{number}", SAME) for number in range(101))))
    assert f"101 projects (p0, p1, p2, p3, p4, and 96 more) are held by max-creates: {SAME.why}\n" in shown
    assert "  reconciler apply --target production --allow max-creates\n" in shown


def test_a_comment_says_once_what_to_run() -> None:
    shown = render_plan_markdown(plans.plan(held("a", SAME), held("b", SAME)), base=plans.BASE, now=plans.NOW)
    assert shown.count("run the workflow") == 1
    assert "names: `a b`, allow: `max-creates`" in shown
