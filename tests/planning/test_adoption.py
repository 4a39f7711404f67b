"""What adopting would put into the manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.fieldpath import parse_path, parse_pattern
from reconciler.model.ontology import Ontology
from reconciler.model.plan import Cause
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode
from reconciler.model.record import RecordedProject
from reconciler.model.values import ABSENT
from reconciler.planning.adoption import Proposal, is_named, proposals
from reconciler.planning.intent import compare
from tests.building import KNOWN, desired, live
from tests.strategies import ontologies, params


def found(
    wanted: DesiredProject, shown: LiveProject, known: RecordedProject | None = KNOWN, *sensitive: str
) -> dict[str, Proposal]:
    made = proposals(wanted, shown, known, sensitive=[parse_pattern(each) for each in sensitive])
    return {each.unit.path: each for each in made}


def ignoring(*paths: str, **more: Any) -> Mask:
    return Mask(ignore=tuple(Ignore(parse_pattern(path)) for path in paths), **more)


def test_what_changed_on_scale_is_proposed_with_its_version() -> None:
    made = found(desired({"a": 1, "b": 1, "c": 1}), live({"a": 1, "b": 1, "c": 1}, {"a": 2, "b": 1, "d": 4}))
    assert {unit: (each.wanted, each.unit.cause) for unit, each in made.items()} == {
        "params.a": (2, Cause.DRIFT),
        "params.c": (ABSENT, Cause.DRIFT),
        "params.d": (4, Cause.DRIFT),
    }
    assert made["params.a"].unit.version == 1
    assert all(each.is_drift and not each.refusal for each in made.values())


def test_causes_other_than_drift_drop_a_change_made_in_git() -> None:
    made = found(desired({"a": 3, "b": 2, "s": 2}), live({"a": 1, "b": 1, "s": 1}, {"a": 2, "b": 1, "s": 2}))
    assert {unit: (each.unit.cause, each.is_drift) for unit, each in made.items()} == {
        "params.a": (Cause.CONFLICT, False),
        "params.b": (Cause.PENDING, False),
    }
    assert found(desired({"a": 3}), live({"a": 1}), None)["params.a"].is_drift


def test_what_is_not_managed_stays_as_git_declares_it() -> None:
    wanted = desired(
        {"box": {"w": 1, "x": 5, "n": 0}}, [{"choice": "A", "description": "git"}], "old",
        mask=ignoring("params.box.x", "ontology.**.@description"),
    )  # fmt: skip
    shown = live(
        {"box": {"w": 1, "x": 5, "n": 0}}, {"box": {"w": 2, "x": 7}},
        ontologies=([{"choice": "A", "description": "git"}], [{"choice": "A", "description": "live"}, "B"]),
        ontology_names=("old", "new"),
    )  # fmt: skip
    made = found(wanted, shown)
    assert made["params.box"].wanted == {"w": 2, "x": 5}
    ontology = made["ontology"].wanted
    assert isinstance(ontology, Ontology)
    assert ontology.name == "new"
    assert ontology.spelled == [{"choice": "A", "description": "git"}, "B"]


def test_a_sensitive_value_and_an_empty_ontology_are_refused() -> None:
    shown = live({"key": {"a": 1}, "b": 1}, {"key": {"a": 2}, "b": 2}, ontologies=(["A"], []))
    made = found(desired({"key": {"a": 1}, "b": 1}, ["A"]), shown, KNOWN, "params.key.a")
    assert "sensitive" in made["params.key"].refusal
    assert made["params.b"].refusal == ""
    assert "no choices" in made["ontology"].refusal


@pytest.mark.parametrize(
    ("unit", "patterns", "named"),
    [
        ("params.a", ["params.a"], True),
        ("params.a", ["params.*"], True),
        ("params.a", ["params.b", "ontology"], False),
        ("ontology", ["ontology"], True),
        ("params.a", ["params.a.b"], False),
        ("params.a", [], False),
    ],
)
def test_units_are_named_by_patterns(unit: str, patterns: list[str], named: bool) -> None:
    assert is_named(unit, [parse_pattern(each) for each in patterns]) is named


MASKS = st.sampled_from(
    [Mask(), Mask(ParamsMode.MERGE), ignoring("params.*.a"), ignoring("ontology.**.@description", "params.a")]
)


@pytest.mark.untraced
@settings(max_examples=40)
@given(params, params, ontologies(), ontologies(), MASKS)
def test_nothing_differs_once_every_proposal_is_declared(
    git: dict[str, Any], now: dict[str, Any], git_choices: list[Any], live_choices: list[Any], mask: Mask
) -> None:
    wanted = desired(git, git_choices, mask=mask)
    shown = live(now, ontologies=(live_choices,))
    declared: dict[str, Any] = dict(git)
    choices: Any = wanted.ontology
    for each in found(wanted, shown, None).values():
        assert each.refusal == ""
        if each.unit.path == "ontology":
            choices = each.wanted
        elif each.wanted is ABSENT:
            del declared[str(parse_path(each.unit.path)[1])]
        else:
            declared[str(parse_path(each.unit.path)[1])] = each.wanted
    assert compare(replace(wanted, params=declared, ontology=choices), shown).fields == ()
