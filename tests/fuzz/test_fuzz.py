"""A few hundred of the inputs of `make fuzz`."""

from __future__ import annotations

import pytest

from tests.fuzz.promises import run

pytestmark = pytest.mark.untraced


def test_the_loader_keeps_its_promises() -> None:
    reported, _ = run(range(300))
    assert reported > 1_000
