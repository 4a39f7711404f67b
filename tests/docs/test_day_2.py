"""The story of docs/day-2.md is true."""

from __future__ import annotations

from tests.docs.conftest import Check
from tests.docs.pages import sections


def test_the_story_is_true(check: Check) -> None:
    for blocks in sections("day-2.md").values():
        check(blocks)
