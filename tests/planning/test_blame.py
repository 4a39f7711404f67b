"""Which version introduced each live value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.fieldpath import Attribute, format_path
from reconciler.model.project import LiveProject
from reconciler.model.values import Json, equal
from reconciler.planning.blame import blame
from reconciler.planning.makers import makers_of
from tests import strategies
from tests.building import live


def blamed(project: LiveProject) -> dict[str, Any]:
    """The version of each path; negative, less one, if it may be an earlier one."""
    found = blame(project, makers_of(project, ()))
    return {format_path(one.path): -one.version - 1 if one.or_earlier else one.version for one in found}


def test_parameters() -> None:
    project = live(
        {"a": 1, "box": {"min": 1, "max": 2}, "gone": 1, "tags": ["x"], "empty": {}},
        {"a": 1, "box": {"min": 3, "max": 2}, "tags": ["x", "y"], "empty": {}},
        {"a": 1.0, "box": {"min": 3, "max": 2, "new": {"deep": None}}, "tags": ["x", "y"], "empty": {}},
        {"a": 1, "box": {"min": 1, "max": 2, "new": {"deep": None}}, "tags": ["x", "y"], "empty": []},
    )
    assert blamed(project) == {
        "params.a": 0,
        "params.box.min": 3,
        "params.box.max": 0,
        "params.box.new.deep": 2,
        "params.tags[0]": 0,
        "params.tags[1]": 1,
        "params.empty": 3,
    }
    assert blamed(live()) == {}


def test_items_are_matched_by_identity() -> None:
    project = live(
        {"fields": [{"name": "b", "x": 1}, {"name": "c", "x": 1}]},
        {"fields": [{"name": "a", "x": 1}, {"name": "b", "x": 2}, {"name": "c", "x": 1}]},
    )
    assert blamed(project) == {
        "params.fields[0].name": 1,
        "params.fields[0].x": 1,
        "params.fields[1].name": 0,
        "params.fields[1].x": 1,
        "params.fields[2].name": 0,
        "params.fields[2].x": 0,
    }


def test_versions_that_are_not_shown_or_cannot_be_read() -> None:
    project = live({"a": 1}, {"a": 1, "b": 1}, None, {"a": 1, "b": 2, "c": 1}, {"a": 1, "b": 2, "c": 2})
    assert blamed(project) == {"params.a": 0, "params.b": -4, "params.c": 4}
    cut = replace(project, params_history=project.params_history[1:2])
    assert blamed(cut) == {"params.a": -2, "params.b": -2}


def test_choices() -> None:
    cat = {"choice": "Cat", "description": "a cat"}
    first = ["Dog", cat]
    versions = (
        first,
        first,
        ["Dog", {**cat, "description": "x", "display": "Katze"}, "Fox"],
        [{"choice": "Dog", "subchoices": ["Fox"]}],
    )
    assert blamed(live(ontologies=versions[:3])) == {
        "ontology.Dog": 0,
        "ontology.Cat": 0,
        "ontology.Cat.@display": 2,
        "ontology.Cat.@description": 2,
        "ontology.Fox": 2,
    }
    assert blamed(live(ontologies=versions)) == {"ontology.Dog": 0, "ontology.Dog.Fox": 3}
    named = live(ontologies=(first, first), ontology_names=("v1", "v2"))
    assert blamed(named)[format_path(("ontology", Attribute("name")))] == 1
    assert blamed(live(ontologies=(first, 7))) == {}


@settings(max_examples=30)
@given(st.lists(strategies.params, min_size=1, max_size=4))
def test_every_live_value_is_there_once(versions: list[dict[str, Json]]) -> None:
    found = blame(live(*versions), makers_of(live(*versions), ()))
    for one in found:
        value: Any = versions[-1]
        for part in one.path[1:]:
            value = value[part]
        assert equal(value, one.value)
        assert 0 <= one.version < len(versions)
    assert {one.path[1] for one in found} == set(versions[-1])
    assert len({one.path for one in found}) == len(found)
