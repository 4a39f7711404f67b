"""What a rollback puts into a manifest, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import UsageError
from reconciler.fieldpath import parse_pattern
from reconciler.model.history import Part
from reconciler.model.ontology import Ontology, read_ontology
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Version
from reconciler.model.values import ABSENT
from reconciler.planning.intent import compare
from reconciler.planning.rollback import Asked, Rollback, left, rollback_of
from tests.building import AT, desired, live
from tests.strategies import ontologies, params

DAY = timedelta(days=1)
TWO = live({"a": 1, "gone": 1}, {"a": 2}, ontologies=(["A"], ["A", "B"]), apart=DAY)


def made(wanted: DesiredProject, shown: LiveProject, asked: Asked, *sensitive: str) -> Rollback:
    return rollback_of(wanted, shown, asked, sensitive=[parse_pattern(each) for each in sensitive])


def edits(found: Rollback) -> dict[str, Any]:
    return {each.unit.path: each.wanted for each in found.edits}


def edited(found: Rollback) -> DesiredProject:
    """The manifest with the edits."""
    project = found.project
    changed = dict(project.params or {})
    for unit, value in edits(found).items():
        if isinstance(value, Ontology):
            project = replace(project, ontology=value)
        elif value is ABSENT:
            changed.pop(unit.removeprefix("params."), None)
        else:
            changed[unit.removeprefix("params.")] = value
    return replace(project, params=changed if project.params is not None else None)


def reported(found: Rollback) -> list[str]:
    return [note.summary for note in (*found.diagnostics, *left(found, edited(found)))]


def merging(*ignored: str) -> Mask:
    return Mask(ParamsMode.MERGE, tuple(Ignore(parse_pattern(path)) for path in ignored))


def test_only_the_part_that_is_asked_for_goes_back() -> None:
    git = desired({"a": 2, "b": 3}, ["A", "B"])
    back = made(git, TWO, Asked(params=0))
    assert edits(back) == {"params.a": 1, "params.b": ABSENT, "params.gone": 1}
    assert reported(back) == []
    tree = made(git, TWO, Asked(ontology=0))
    assert list(edits(tree)) == ["ontology"]
    assert reported(tree) == []
    assert list(edits(made(git, TWO, Asked(params=1, ontology=0)))) == ["params.b", "ontology"]


def test_a_time_means_the_versions_of_then() -> None:
    git = desired({"a": 2}, ["A", "B"])
    back = made(git, TWO, Asked(at=AT + DAY / 2))
    assert {part: version.number for part, version in back.versions.items()} == {Part.PARAMS: 0, Part.ONTOLOGY: 1}
    only = made(desired({"a": 2}), TWO, Asked(at=AT))
    assert list(only.versions) == [Part.PARAMS]
    with pytest.raises(UsageError, match="had no version at"):
        made(git, replace(TWO, created_at="2026-01-01"), Asked(at=AT - DAY))
    with pytest.raises(UsageError, match="had no version at"):
        made(git, TWO, Asked(at=AT - DAY))
    untimed = replace(TWO, params_history=(), ontology_history=(Version(0, None, Ontology(())),))
    with pytest.raises(UsageError, match="had no version at"):
        made(desired(choices=["A"]), replace(untimed, created_at=AT.isoformat()), Asked(at=AT - DAY))
    later = replace(TWO, ontology_history=(Version(0, AT + DAY, Ontology(())),))
    assert reported(made(git, later, Asked(at=AT)))[0].startswith("the ontology of project.p had no version at")


def test_an_ontology_without_times_is_not_placed() -> None:
    shown = replace(TWO, ontology_history=tuple(replace(each, at=None) for each in TWO.ontology_history))
    back = made(desired({"a": 2}, ["A", "B"]), shown, Asked(at=AT))
    assert list(back.versions) == [Part.PARAMS]
    assert reported(back) == ["the ontology of project.p is not rolled back"]
    assert made(desired(choices=["A"]), shown, Asked(at=AT)).versions == {}


def test_an_only_ontology_is_in_no_way() -> None:
    only = replace(TWO, ontology_history=(replace(TWO.ontology_history[-1], at=None),))
    assert isinstance(only.ontology, Ontology)
    names = [choice.choice for choice in only.ontology.choices]
    assert reported(made(desired({"a": 2}, names), only, Asked(at=AT))) == []
    [note] = made(desired({"a": 2}, [*names, "Other"]), only, Asked(at=AT)).diagnostics
    assert note.detail.endswith(f"Scale shows only version {only.ontology_history[0].number}.")


@pytest.mark.parametrize(
    ("git", "asked", "words"),
    [
        (desired(choices=["A"]), Asked(params=0), "params of project.p are not in the manifest"),
        (desired({"a": 1}), Asked(ontology=0), "the ontology of project.p is not in the manifest"),
        (desired(), Asked(at=datetime(2027, 1, 1, tzinfo=UTC)), "params of project.p are not in the manifest"),
        (desired({"a": 1}), Asked(params=9), "params has no version 9"),
        (desired({"a": 1}), Asked(params=2), "version 2 of params cannot be read"),
        (desired(choices=["A"]), Asked(ontology=2), "version 2 of the ontology of project.p has no choices"),
    ],
)
def test_what_cannot_be_asked_for(git: DesiredProject, asked: Asked, words: str) -> None:
    shown = replace(
        TWO,
        params_history=(*TWO.params_history, Version(2, AT, None)),
        ontology_history=(*TWO.ontology_history, Version(2, AT, Ontology(()))),
    )
    with pytest.raises(UsageError, match=words):
        made(git, shown, asked)


def test_what_is_not_managed_is_reported() -> None:
    shown = live(
        {"a": 1, "b": {"x": 1, "y": 1}, "c": {}, "other": 1}, {"a": 2, "b": {"x": 2, "y": 2}, "c": {"x": 1}, "new": 1},
        ontologies=([{"choice": "A", "description": "old"}], ["A"]), ontology_names=("v1", "v2"),
    )  # fmt: skip
    mask = merging("params.b.x", "params.c.x", "ontology.**.@description")
    git = desired({"a": 2, "b": {"x": 0, "y": 2}, "c": {}, "new": 1}, ["A"], mask=mask)
    back = made(git, shown, Asked(params=0, ontology=0))
    assert edits(back) == {"params.a": 1, "params.b": {"x": 0, "y": 1}}
    assert reported(back) == [
        "params.b.x, params.c.x, and ontology.A.@description of project.p are not rolled back",
        "params.other of project.p is not rolled back",
        "params.new of project.p is not rolled back",
        "ontology.@name of project.p is not rolled back",
    ]
    reasons = [note.detail for note in left(back, edited(back))]
    assert ["ignore" in reasons[0], "not managed" in reasons[1], "cannot remove" in reasons[2]] == [True] * 3
    assert "no ontology name" in reasons[3]


def test_a_merging_manifest_drops_a_parameter_that_scale_never_had() -> None:
    back = made(desired({"a": 2, "new": 1}, mask=merging()), TWO, Asked(params=1))
    assert edits(back) == {"params.new": ABSENT}


def test_sensitive_values_and_keys_that_no_request_writes_are_reported() -> None:
    first = read_ontology([{"choice": "A", "attachments": ["x"]}])
    shown = replace(TWO, ontology_history=(Version(0, AT, first),), ontology=None)
    back = made(desired({"a": 2}, ["B"], create_only={"pipeline": "x"}), shown, Asked(params=0, ontology=0), "params.a")
    assert list(edits(back)) == ["params.gone", "ontology"]
    assert reported(back) == [
        "params.a of project.p cannot be rolled back",
        "pipeline of project.p is not rolled back",
        "attachments in the choices of project.p cannot be rolled back",
    ]
    two = made(desired({"a": 2}, create_only={"pipeline": "x", "rapid": True}), shown, Asked(params=1))
    assert reported(two) == ["pipeline and rapid of project.p are not rolled back"]


@pytest.mark.untraced
@settings(max_examples=25, deadline=None)
@given(st.lists(params, min_size=1, max_size=3), st.lists(ontologies(), min_size=1, max_size=3), params, st.data())
def test_after_the_next_apply_live_is_as_it_was(
    versions: list[Any], trees: list[Any], declared: dict[str, Any], data: st.DataObject
) -> None:
    shown = live(*versions, ontologies=tuple(trees))
    number = data.draw(st.integers(0, len(versions) - 1))
    choices = data.draw(st.integers(0, len(trees) - 1))
    git = desired(declared, data.draw(ontologies()))
    back = made(git, shown, Asked(params=number, ontology=choices))
    new = replace(
        git,
        params=dict(back.reference.params),
        ontology=next((each.wanted for each in back.edits if isinstance(each.wanted, Ontology)), git.ontology),
    )
    applied = compare(new, shown).after
    assert applied.params == versions[number]
    assert compare(new, back.reference).fields == ()
    assert [*left(back, new)] == []
    assert {each.unit.path for each in back.units} <= {each.unit.path for each in back.edits}
