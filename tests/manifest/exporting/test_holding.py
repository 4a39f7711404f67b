"""What a manifest cannot hold is named, with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.manifest.exporting.holding import why_not
from tests.building import live


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("params", "choices", "reason"),
    [
        ({}, ["a", " "], "a choice needs at least one visible character (ontology[1])"),
        ({}, ["a", {"choice": "b", "subchoices": ["a"]}], '"a" appears twice in this ontology'),
        ({"patch": True}, None, 'a parameter cannot be named "patch"'),
        ({"a": ["x\ud800"]}, None, "params.a[0] contains half a surrogate pair"),
        ({"a": {"\udc00": 1}}, None, "a key in params.a contains half a surrogate pair"),
        ({}, ["\ud800"], "ontology[0] contains half a surrogate pair"),
        ({"a": {"b": [float("-inf")]}}, None, "the number in params.a.b[0] is too large"),
        ({"a": deep(99)}, None, "params.a is nested more than 100 levels deep"),
        ({"a": deep(5_000)}, None, "params.a is nested more than 100 levels deep"),
        ({}, [7], "the ontology on Scale cannot be read: ontology[0] is neither"),
        ({"a": deep(98), "b": [[]] * 200}, None, None),
        ({"a": "é"}, [], None),
    ],
)
def test_a_project(params: Any, choices: Any, reason: str | None) -> None:
    found = why_not(live(params, ontologies=(choices,) if choices is not None else ()))
    assert (found is None) is (reason is None)
    assert (found or "").startswith(reason or "")


@pytest.mark.parametrize("name", [".", "..", "a\nb", "x" * 1001, "x\ud800"])
def test_a_name(name: str) -> None:
    assert why_not(replace(live({}), name=name)) is not None
