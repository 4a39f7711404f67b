"""Plans and outcomes as a debugger shows them: short, and without the content of an account."""

from __future__ import annotations

from tests.render import plans


def test_a_plan_and_an_outcome_are_named_by_their_target_and_size() -> None:
    assert repr(plans.picture()) == "Plan(production, 6 changes)"
    assert repr(plans.happened()).startswith("Outcome(")
