"""What a suggested command repeats of the run that suggests it."""

from __future__ import annotations

import pytest

from reconciler.model.invocation import Invocation
from reconciler.render.phrases import shell

FISH = ("--", "fish")
HELD = ("apply", "--allow", "takeover", *FISH)
NAMED = Invocation(target="production", read="production")

CASES = (
    # How the run was started, what is suggested, and how it is spelled.
    (Invocation(), ("plan", *FISH), "reconciler plan fish"),
    (Invocation(read="sandbox"), ("plan", *FISH), "reconciler plan fish"),
    (Invocation(target="sandbox", read="sandbox"), ("plan", *FISH), "reconciler plan fish --target sandbox"),
    # A target that only the configuration named is named all the same.
    (Invocation(read="staging"), ("plan", *FISH), "reconciler plan fish --target staging"),
    (NAMED, HELD, "reconciler apply fish --target production --allow takeover"),
    (
        Invocation(target="t", endpoint="https://x.example/v1", pending=True, names=("a", "b")),
        ("apply",),
        "reconciler apply a b --target t --endpoint https://x.example/v1 --pending",
    ),
    (Invocation(names=("a",)), ("apply", "--pending"), "reconciler apply a --pending"),
    (Invocation(names=("a",), pending=True), ("apply", "--pending"), "reconciler apply a --pending"),
    (Invocation(names=("a",)), ("apply", "--"), "reconciler apply"),
    (Invocation(folder="a b"), ("plan", *FISH), "reconciler -C 'a b' plan fish"),
    (Invocation(names=("a",), folder="."), ("init",), "reconciler -C . init"),
    (Invocation(allowed=("vanished", "takeover")), HELD, "reconciler apply fish --allow vanished --allow takeover"),
    (Invocation(live="@", names=("a",)), ("plan",), "reconciler plan a --live @"),
    (Invocation(live="s.json", endpoint="https://x.example"), ("drift", "--"), "reconciler drift --live s.json"),
    (Invocation(live="@", pending=True), HELD, "reconciler apply fish --pending --allow takeover"),
    (Invocation(names=("-q",), target="t"), ("apply",), "reconciler apply --target t -- -q"),
    (Invocation(), ("plan", "--", "-x", "it's", "$(x)"), "reconciler plan -- -x 'it'\"'\"'s' '$(x)'"),
    (Invocation(), ("plan", "--", "it's\u202e"), "reconciler plan $'it\\'s\\u202e'"),
    (Invocation(planfile="x.plan", target="t", pending=True), ("apply",), "reconciler apply --plan x.plan --target t"),
    (
        Invocation(planfile="x.plan", allowed=("older-commit",)),
        ("apply",),
        "reconciler apply --plan x.plan --allow older-commit",
    ),
    (Invocation(planfile="x.plan", pending=True), HELD, "reconciler apply fish --pending --allow takeover"),
    (
        Invocation(target="t", pending=True, allowed=("vanished",), names=("a",), live="@"),
        ("snapshot", "--publish"),
        "reconciler snapshot --target t --publish",
    ),
    (Invocation(), ("snapshot", "--publish", "--target", "t"), "reconciler snapshot --target t --publish"),
    (Invocation(folder="a"), ("git", "fetch", "origin"), "git -C a fetch origin"),
    (Invocation(target="t", names=("a",)), ("validate",), "reconciler validate a"),
    (Invocation(target="t", names=("a",)), ("validate", "--"), "reconciler validate"),
)


@pytest.mark.parametrize(("invocation", "run", "command"), CASES)
def test_a_command_repeats_what_the_run_was_started_with(
    invocation: Invocation, run: tuple[str, ...], command: str
) -> None:
    assert shell(invocation.arguments(run)) == command


def test_what_was_read_replaces_the_target_and_says_whether_changes_are_kept() -> None:
    started = Invocation(pending=True, names=("a",))
    assert started.of("staging") == Invocation(read="staging", names=("a",))
    assert started.of("staging", pending=True).is_pending(("apply",))
    assert not started.is_pending(("drift",))
