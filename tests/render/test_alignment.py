"""Sequences aligned: the best there is where the work allows, and always a true alignment."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.render import alignment
from reconciler.render.alignment import align

NUMBERS = st.lists(st.integers(0, 3), max_size=14)


def _longest(left: list[int], right: list[int]) -> int:
    row = [0] * (len(right) + 1)
    for item in left:
        above, row = row, [0]
        for position, other in enumerate(right):
            row.append(above[position] + 1 if item == other else max(above[position + 1], row[-1]))
    return row[-1]


@given(NUMBERS, NUMBERS)
def test_the_longest_common_subsequence(left: list[int], right: list[int]) -> None:
    found = align(left, right, most_edits=100, most_steps=1_000)
    assert found.complete
    assert len(found.pairs) == _longest(left, right)


@given(NUMBERS, NUMBERS, st.integers(0, 6), st.integers(0, 6))
def test_what_is_found_is_common_and_in_order(left: list[int], right: list[int], edits: int, steps: int) -> None:
    found = align(left, right, most_edits=edits, most_steps=steps)
    assert all(left[x] == right[y] for x, y in found.pairs)
    assert found.pairs == sorted(found.pairs)
    for side in (0, 1):
        assert len({pair[side] for pair in found.pairs}) == len(found.pairs)
    assert all(x < found.left <= len(left) and y < found.right <= len(right) for x, y in found.pairs)
    assert found.complete == ((found.left, found.right) == (len(left), len(right)))


@given(NUMBERS, NUMBERS)
def test_very_different_sequences_are_aligned_in_stretches(left: list[int], right: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment, "MOST_EDITS", 2)
        patch.setattr(alignment, "REACH", 2)
        patch.setattr(alignment, "_MOST_STRETCHES", 4)
        pairs = alignment.common(left, right)
    assert all(left[x] == right[y] for x, y in pairs)
    assert all(x < other_x and y < other_y for (x, y), (other_x, other_y) in pairwise(pairs))
    assert len(alignment.common(left, right)) == _longest(left, right)
