"""What a run covers, compared with what a marker remembers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.forge.github.coverage import COVERED, MOST_COVERED, Coverage, compare_shown, remember
from reconciler.forge.github.marker import short_hash
from reconciler.model.outcome import CallOutcome, CallResult, ProjectOutcome, Shown, Status
from reconciler.model.plan import Action, CallKind, Held
from tests.render.plans import kitten, outcome, plan, puppy, unchanged

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


LANDED = (CallOutcome(CallKind.SET_PARAMS, CallResult.LANDED),)


def written(name: str, digest: str) -> ProjectOutcome:
    return ProjectOutcome(name, Action.UPDATE, Status.DONE, calls=LANDED, hash=digest)


def test_each_write_is_compared() -> None:
    shown = remember(
        plan(
            replace(kitten(), hash="a" * 64),
            replace(puppy(), hash="b" * 64),
            replace(kitten(), name="held", hash="c" * 64, held_by=(Held("takeover", "why"),)),
            replace(kitten(), name="gone", hash="d" * 64),
            unchanged("same"),
        )
    )
    assert len(shown["projects"]) == 4
    found = compare_shown(
        shown,
        outcome(
            written("kitten_labeling", "a" * 64),
            written("puppy_labeling", "0" * 64),
            written("fish", "e" * 64),
            ProjectOutcome("held", Action.UPDATE, Status.UNCHANGED),
            ProjectOutcome("other", Action.UPDATE, Status.UNCHANGED),
        ),
    )
    assert found == Shown(("kitten_labeling",), ("puppy_labeling",), ("fish",), (), ("held",), 1)


def test_no_more_than_three_hundred_are_remembered() -> None:
    shown: dict[str, Any] = remember(plan(*(replace(kitten(), name=f"p{number:03}") for number in range(301))))
    assert (len(shown["projects"]), shown["more"]) == (300, 1)
    found = compare_shown(shown, outcome(written("p300", "")))
    assert found is not None
    assert found.untold == ("p300",)


def test_a_marker_that_remembers_nothing() -> None:
    assert compare_shown({}, outcome()) is None
    assert compare_shown({"projects": []}, outcome()) is None
