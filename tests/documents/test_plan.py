"""The plan document, as policy tools read it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.documents.plan import PlanShape
from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import Action, State
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
