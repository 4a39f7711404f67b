from __future__ import annotations

import json

import pytest

from reconciler.model.ontology import Choice
from reconciler.model.values import ABSENT, Json, NodeCount, canonical_json, equal, has_overflow, to_json

HUGE = float("inf")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (0, -0.0, True),
        (True, 1, False),
        (False, 0, False),
        (None, ABSENT, False),
        (ABSENT, ABSENT, True),
        (2**63, float(2**63), True),
        (2**53 + 1, float(2**53), False),
        ({"a": 1, "b": [1, {"c": None}]}, {"b": [1.0, {"c": None}], "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": True}, {"a": 1}, False),
        ([1, 2], [2, 1], False),
        ([1], [1, 1], False),
        ("1", 1, False),
        ([], {}, False),
    ],
)
def test_values_are_equal_as_json_has_it(left: Json, right: Json, same: bool) -> None:
    assert equal(left, right) is same
    assert equal(right, left) is same


def test_absence_is_no_value() -> None:
    assert repr(ABSENT) == "ABSENT"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (HUGE, "1e999"),
        ({"a": [-HUGE, 1], "b": "x"}, '{"a":[-1e999,1],"b":"x"}'),
        ({"a": HUGE, "b": "reconciler:overflow"}, '{"a":1e999,"b":"reconciler:overflow"}'),
        ((1, HUGE), "[1,1e999]"),
        ({"é": "\u2028"}, '{"é":"\u2028"}'),
    ],
)
def test_a_number_that_overflowed_is_written_as_json(value: Json, text: str) -> None:
    assert to_json(value) == text
    assert json.loads(text) is not None


def test_overflow_is_found_at_any_depth() -> None:
    assert has_overflow([{"a": (HUGE,)}])
    assert not has_overflow([{"a": (1.0, "inf", None)}])


def test_a_canonical_text_has_sorted_keys_and_whole_numbers() -> None:
    assert canonical_json({"b": (1.0, 1e22), "a": [0.5]}) == '{"a":[0.5],"b":[1,10000000000000000000000]}'


def test_a_shared_collection_is_walked_through_once() -> None:
    shared: list[Json] = [1.0, [2.5]]
    value: Json = {"a": shared, "b": shared}
    assert canonical_json(value) == '{"a":[1,[2.5]],"b":[1,[2.5]]}'
    assert canonical_json("text") == '"text"'
    assert not has_overflow(value)
    count = NodeCount()
    assert (count.of(value), count.distinct) == (9, 5)
    choice = Choice("A", subchoices=(Choice("B"),))
    assert count.of_choices((choice,)) == count.of_choices((choice,))
    again = (choice,)
    assert count.of_choices(again) == count.of_choices(again)
