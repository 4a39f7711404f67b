"""The examples of docs/guards.md are true: each is carried out, and prints what the page shows."""

from __future__ import annotations

import pytest

from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS
from tests.docs.conftest import Check
from tests.docs.pages import sections

EXAMPLES = {name: blocks for name, blocks in sections("guards.md").items() if name in (*GUARD_NAMES, NO_MANIFESTS)}


def test_every_guard_has_an_example() -> None:
    assert tuple(EXAMPLES) == (*GUARD_NAMES, NO_MANIFESTS)


@pytest.mark.parametrize("guard", EXAMPLES)
def test_an_example_is_true(guard: str, check: Check) -> None:
    printed = check(EXAMPLES[guard])
    assert f"held by {guard}" in printed or guard == NO_MANIFESTS
