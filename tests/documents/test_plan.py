"""The plan document, as policy tools read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.diagnostics import warning
from reconciler.documents.parts import as_json
from reconciler.documents.plan import ChangeShape, PlanShape
from reconciler.documents.savedplan import SavedChangeShape
from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import Action, Expected, Reason, State, Waived
from reconciler.model.printed import printed
from tests.render import plans

BEFORE = State(
    "t",
    {"url": "https://a", "deep": {"list": [{"key": "k"}, {"n": 1}], "more": {}}},
    ["Cat", {"choice": "Open", "description": "d"}],
    "name",
)


def entry(*patterns: str, **more: Any) -> dict[str, Any]:
    change = replace(plans.kitten(), before=BEFORE, **more)
    sensitive = [parse_pattern(pattern) for pattern in patterns]
    [made] = PlanShape.document(printed(plans.plan(change), base=plans.BASE, sensitive=sensitive))["resource_changes"]
    return dict(made)


@pytest.mark.parametrize(
    ("patterns", "masked"),
    [
        ((), {}),
        (("params.absent",), {}),
        (("params.url",), {"params": {"url": True}}),
        (("params.deep.list[*].key",), {"params": {"deep": {"list": [{"key": True}, {}]}}}),
        (("params.deep.list",), {"params": {"deep": {"list": True}}}),
        (("ontology.**.@description",), {"ontology": [False, {"description": True}]}),
        (("ontology",), {"ontology": True, "ontology_name": True}),
        (("params.url", "ontology.Cat"), {"params": {"url": True}, "ontology": [True, {}]}),
    ],
)
def test_each_masked_value_is_listed_as_terraform_does(patterns: tuple[str, ...], masked: dict[str, Any]) -> None:
    assert entry(*patterns)["change"]["before_sensitive"] == masked


def test_a_project_without_a_state_has_no_masked_values() -> None:
    short = entry("params.url", action=Action.NO_OP, held_by=(), kept={}, fields=(), calls=())
    assert (short["change"]["before"], short["change"]["before_sensitive"]) == (None, False)
    assert (short["mode"], short["type"], short["provider_name"]) == ("managed", "project", "scale")


@pytest.mark.parametrize("shape", [ChangeShape, SavedChangeShape])
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"commit": "c" * 40, "expected": Expected(3, None, "2026-02-11T10:00:00.000Z", "e" * 64)},
        {"outside": {"params.a": 2}},
        {"waived_by": (Waived("near-name", "--allow near-name"),)},
        {"diagnostics": (warning("code", "words"),)},
        {"reason": Reason.PARAMS_KEYS_REMOVED},
    ],
)
def test_the_entry_of_a_project_that_matches_its_manifest(shape: type[ChangeShape], more: dict[str, Any]) -> None:
    short = {"action": Action.NO_OP, "held_by": (), "fields": (), "calls": (), "diagnostics": (), "reason": None}
    change = replace(plans.kitten(), before=BEFORE, **(short | more))
    made = shape.entry(change)
    assert made == as_json(shape.of(change))
    assert list(made) == list(as_json(shape.of(change)))
