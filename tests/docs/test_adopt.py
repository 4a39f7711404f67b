"""The example of docs/adopt.md is true."""

from __future__ import annotations

from tests.docs.conftest import Check
from tests.docs.pages import sections


def test_the_example_is_true(check: Check) -> None:
    assert check(sections("adopt.md")["An example"]).endswith("No changes. Your projects match the manifests.\n")
