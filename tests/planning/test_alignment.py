"""Items without identities: equal ones first, then similar ones, then by position."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.planning.alignment import align


def question(title: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "type": "category", "choices": ["a", "b"], **more}


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        (["a", "a", "b"], ["a", "b"], [(1, 0), (2, 1), (0, None)]),
        (["a", "a"], ["a", "c", "a"], [(0, 0), (None, 1), (1, 2)]),
        (
            [question("One?"), question("Two?"), question("Three?")],
            [question("Zero?", order=0), question("One?"), question("Two??"), question("Three?")],
            [(None, 0), (0, 1), (1, 2), (2, 3)],
        ),
        (
            [question("One?"), {"other": [1, 2, 3]}],
            [{"new": 1, "and": [4, 5, 6], "so": "on"}, question("One, really?"), {"other": [1, 2, 3, 4]}],
            [(None, 0), (0, 1), (1, 2)],
        ),
        ([[1, 2], [3, 4], [3, 4]], [[1, 2, 5], [3, 4], [3, 4]], [(0, 0), (1, 1), (2, 2)]),
        ([{"a": 1}, {"b": [2, 3]}], [], [(0, None), (1, None)]),
        ([], [{}], [(None, 0)]),
        (["x", "x", [1]], ["y", {}, "x"], [(None, 0), (None, 1), (0, 2), (1, None), (2, None)]),
    ],
)
def test_pairs(old: list[Any], new: list[Any], pairs: list[tuple[int | None, int | None]]) -> None:
    alignment = align(old, new)
    assert list(alignment.pairs) == pairs
    assert alignment.identities is None


def test_one_item_in_the_place_of_another_is_a_change() -> None:
    assert align([["p"], ["x"], ["p"]], [["p"], [1, 2, 3, 4], ["p"]]).pairs == ((0, 0), (1, 1), (2, 2))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([["p"] * 1, *[[n] for n in range(3_000)]], [[n] for n in range(3_000)]),
        ([[n, 0] for n in range(9)], [[n, 1] for n in range(10)]),
        ([{"text": "a" * 30_000}, {"n": 1}], [{"n": 2}, {"text": "b" * 30_000}]),
    ],
    ids=["long lists", "many pairs", "large items"],
)
def test_what_would_take_long_is_matched_by_position(old: list[Any], new: list[Any]) -> None:
    pairs = align(old, new).pairs
    assert pairs[:2] == ((0, 0), (1, 1))
    assert len(pairs) == max(len(old), len(new))


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ([{"label": "Yes", "value": "y"}], [{"label": "Yes, fully", "value": "y"}], [(0, 0)]),
        ([{"label": "One", "value": 1}, {"label": "No", "value": False}], [{"label": "None", "value": False}],
         [(1, 0), (0, None)]),
        ([{"label": "Yes", "value": "y"}, {"label": "No", "value": "n"}], [{"label": "Yes", "value": "yes"}],
         [(0, 0), (1, None)]),
        ([{"field_id": "q", "title": "Good?"}], [{"field_id": "r"}, {"field_id": "q2", "title": "Good?"}],
         [(None, 0), (0, 1)]),
        ([{"name": "PER"}], [{"name": "ORG", "description": "d"}, {"name": "PER"}], [(None, 0), (0, 1)]),
        ([{"choice": "a", "label": "x"}], [{"choice": "b", "label": "x"}], [(None, 0), (0, None)]),
        ([{"type": "text", "label": "Total"}], [{"type": "group", "label": "All"}, {"type": "block", "label": "Total"}],
         [(None, 0), (0, 1)]),
    ],
)  # fmt: skip
def test_objects_are_identified_by_what_is_unique_and_stable(old: list[Any], new: list[Any], pairs: list[Any]) -> None:
    assert list(align(old, new).pairs) == pairs


def test_a_name_that_several_items_have_matches_nothing_again() -> None:
    old = [{"id": "1", "name": "A"}, {"id": "2", "name": "A"}, {"id": "3", "name": "B"}]
    new = [{"id": "4", "name": "A"}, {"id": "5", "name": "B"}]
    assert list(align(old, new).pairs) == [(None, 0), (2, 1), (0, None), (1, None)]
