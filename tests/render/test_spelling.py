"""Values in one line: bounded, and never alike where they differ."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.model.values import ABSENT, MASKED, Json, equal
from reconciler.render.spelling import compact, contrast
from tests import strategies
from tests.calls import calls_of

LONG = "x" * 1_000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.5, "1.5"),
        (1e999, "1e999"),
        (-1e999, "-1e999"),
        ("a", '"a"'),
        ([], "[]"),
        ({}, "{}"),
        ((1, 2), "[1, 2]"),
        ({"a": [1, None], "b": {}}, '{"a": [1, null], "b": {}}'),
        (ABSENT, "nothing"),
        (MASKED, "(sensitive value)"),
        (10**30, "1" + "0" * 30),
        (10**200, "1" + "0" * 23 + "…" + "0" * 24 + " (201 digits)"),
        (list(range(1_000)), None),
        ({str(n): n for n in range(1_000)}, None),
        ("x" * 25, '"' + "x" * 25 + '"'),
    ],
)
def test_compact(value: Json, shown: str | None) -> None:
    text = compact(value)
    assert len(text) < 200
    assert shown is None or text == shown


def test_what_is_left_out_is_counted() -> None:
    assert compact(list(range(1_000)), room=10) == "[0, 1, 2, … 997 more]"
    assert compact({"a": 1, "b": 2, "c": 3}, room=8) == '{"a": 1, … 2 more}'
    assert compact(LONG, room=24) == f'"{"x" * 16}…{"x" * 8}" (1,000 characters)'
    assert compact("y" * 22, room=20) == '"' + "y" * 22 + '"'
    assert "digits" in compact(10**5_000)


def test_deep_values_end() -> None:
    lists: list[Any] = []
    objects: dict[str, Any] = {}
    for _ in range(500):
        lists, objects = [lists], {"k": objects}
    assert "[…]" in compact(lists, room=10_000)
    assert "{…}" in compact(objects, room=10_000)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("1", 1, ('"1"', "1")),
        ("true", True, ('"true"', "true")),
        (None, "null", ("null", '"null"')),
        (1, 1.0, ("1", "1.0")),
        ("é", "e\u0301", ('"\\u00e9"', '"e\\u0301"')),
        (f"{LONG}e\u0301{LONG}", f"{LONG}e{LONG}", None),
        ("a\u00a0b", "a b", ('"a\\u00a0b"', '"a b"')),
        ("a", "a ", ('"a"', '"a "')),
        (["a"], ["\u0430"], ('["a"]', '["\\u0430"]')),
        (MASKED, 1, ("(sensitive value)", "1")),
        (1, MASKED, ("1", "(sensitive value)")),
    ],
)
def test_contrast(before: Json, after: Json, shown: tuple[str, str] | None) -> None:
    sides = contrast(before, after)
    assert sides[0] != sides[1]
    assert shown is None or sides == shown


def test_a_change_in_the_middle_is_shown() -> None:
    left, right = contrast(LONG + "cat" + LONG, LONG + "dog" + LONG)
    assert "cat" in left
    assert "dog" in right
    assert left.endswith('" (2,003 characters)')
    assert len(left) < 300


def test_a_long_change_keeps_its_start_and_end() -> None:
    left, right = contrast("a" + LONG + "b", "c" + LONG + LONG + "d")
    assert left.startswith('"a')
    assert right.startswith('"c')
    assert right.count("d") == 1


def test_longer_repetition_differs_by_its_length() -> None:
    assert contrast(LONG, LONG + "x") != contrast(LONG, LONG)
    left, right = contrast(LONG, LONG + "x")
    assert left != right


@pytest.mark.untraced
def test_values_that_part_late() -> None:
    left, right = contrast(list(range(1_000)), [*range(999), 7])
    assert left != right
    assert left.endswith("999]")
    left, right = contrast([*range(100_000), 1], [*range(100_000), 2])
    assert (left[-3:], right[-3:]) == (" 1]", " 2]")


@given(strategies.values, strategies.values)
def test_different_values_look_different(before: Json, after: Json) -> None:
    assume(not equal(before, after))
    left, right = contrast(before, after)
    assert unicodedata.normalize("NFC", left) != unicodedata.normalize("NFC", right)


@given(st.text(), st.text(), st.sampled_from(["", LONG]), st.sampled_from(["", LONG]))
def test_different_texts_look_different(before: str, after: str, head: str, tail: str) -> None:
    assume(before != after)
    left, right = contrast(head + before + tail, head + after + tail)
    assert unicodedata.normalize("NFC", left) != unicodedata.normalize("NFC", right)
    assert left.isprintable()


@pytest.mark.untraced
def test_large_values_cost_little() -> None:
    before, after = "ab" * 5_000_000, "ab" * 4_999_999 + "ba"
    many = {str(n): n for n in range(1_000_000)}
    assert calls_of(contrast, before, after) < 1_000
    assert calls_of(contrast, before, {"a": before}) < 1_000
    assert calls_of(compact, many) < 1_000
