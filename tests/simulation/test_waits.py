"""A write that is sent again too early makes versions too many, and the simulation finds them."""

from __future__ import annotations

import pytest

from reconciler.applying import attempt
from tests.simulation.world import play

pytestmark = pytest.mark.untraced


@pytest.mark.parametrize("name", ["FAILURE_SECONDS", "SILENCE_SECONDS"])
def test_a_look_that_is_too_short_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(attempt, name, 0.0)
        found = next((report for report in map(play, range(200)) if report.too_many), None)
    assert found is not None
    assert any("landed 2 times" in violation for violation in found.violations)
    assert play(found.seed).violations == []
