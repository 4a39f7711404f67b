"""What a run covers, compared with what a marker remembers."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.forge.github.coverage import COVERED, MOST_COVERED, Coverage
from reconciler.forge.github.marker import short_hash

P, Q = short_hash("p"), short_hash("q")


@pytest.mark.parametrize(
    ("data", "meets", "includes"),
    [
        ({COVERED: [P]}, True, True),
        ({COVERED: [P, Q]}, True, False),
        ({COVERED: [Q]}, False, False),
        ({COVERED: []}, False, True),
        ({COVERED: [P, 3]}, True, True),
        ({COVERED: None}, True, False),
        ({COVERED: None, "projects": {P: "1"}, "more": 0}, True, True),
        ({COVERED: None, "projects": {P: "1"}, "more": 2}, True, False),
        ({COVERED: None, "projects": {Q: "1"}}, True, False),
        ({}, True, False),
    ],
)
def test_some_projects(data: dict[str, Any], meets: bool, includes: bool) -> None:
    coverage = Coverage.of(["p"])
    assert (coverage.meets(data), coverage.includes(data)) == (meets, includes)


def test_all_projects() -> None:
    coverage = Coverage.of(["p"], complete=True)
    assert coverage.remembered() is None
    for data in ({COVERED: [Q]}, {COVERED: None}, {}):
        assert coverage.meets(data)
        assert coverage.includes(data)
    assert not coverage.meets({COVERED: []})


def test_what_is_remembered_is_bounded() -> None:
    coverage = Coverage.of(f"p{number}" for number in range(1_000))
    remembered = coverage.remembered()
    assert len(remembered) == MOST_COVERED
    assert coverage.includes({COVERED: remembered})
