"""Saved plans: what is edited, damaged or nonsense is refused, or can be shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.documents.savedplan import KIND, SavedPlanShape, read_plan_file
from reconciler.errors import PlanFileError
from reconciler.model.plan import Held, Plan
from reconciler.model.printed import printed
from reconciler.model.values import digest, to_json
from tests.documents.nonsense import nested, spoiled
from tests.render import plans
from tests.render.shown import render_page, render_plan, render_plan_markdown


def whole_plan() -> Plan:
    made = plans.plan(plans.kitten(), plans.unchanged("same"))
    held = replace(plans.kitten(), name="held", held_by=(Held("takeover", "why", "remedy"),))
    return replace(made, changes=(*made.changes, held))


PLAN: Final = SavedPlanShape.document(printed(whole_plan(), base=plans.BASE))
HELD: Final = {"guard": "takeover", "why": "why", "remedy": ""}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_plan_with_a_valid_digest_and_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "plan.json").write_bytes(KIND.write(spoiled(PLAN, seed)))
    try:
        plan = read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE))
    except PlanFileError:
        return
    to_json(SavedPlanShape.document(printed(plan, base=plans.BASE))).encode("utf-8", "surrogatepass")
    render_plan(plan, base=plans.BASE, now=plans.NOW)
    render_plan_markdown(plan, base=plans.BASE, now=plans.NOW)
    render_page(plan, base=plans.BASE, now=plans.NOW)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plan: plan["resource_changes"][0]["change"].update(actions=[]),
        lambda plan: plan["resource_changes"][0]["change"].update(actions=["update", "create"]),
        lambda plan: plan["resource_changes"][0]["change"].update(after=None),
        lambda plan: plan["resource_changes"][0]["change"].update(before=None),
        lambda plan: plan["resource_changes"][0]["change"]["after"].update(ontology=[{"no": "choice"}]),
        lambda plan: plan["resource_changes"][0]["desired"].update(ontology=[5]),
        lambda plan: plan["resource_changes"][0].update(name="\ud800"),
        lambda plan: plan["summary"].update(add="many"),
        lambda plan: plan.update(timestamp="9999-12-31T23:59:59-23:59"),
        lambda plan: plan.update(timestamp="2026-01-01T00:00:00"),
        lambda plan: plan.update(more=nested(300)),
    ],
)
def test_each_kind_of_nonsense_in_a_plan(tmp_path: Path, spoil: Callable[[Any], None]) -> None:
    document = json.loads(json.dumps(PLAN))
    (tmp_path / "plan.json").write_bytes(KIND.write(document))
    assert read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE)).changes
    spoil(document)
    sealed = {**document, "digest": digest(document) if "more" not in document else "of no use"}
    (tmp_path / "plan.json").write_text(json.dumps(sealed))
    with pytest.raises(PlanFileError) as refused:
        read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE))
    words = "levels deep" if "more" in document else "does not match the format of a plan file"
    assert words in refused.value.summary


@pytest.mark.parametrize("change", [{"holds": [HELD]}, {}])
def test_a_change_that_is_not_written_needs_no_states(tmp_path: Path, change: dict[str, Any]) -> None:
    document = json.loads(json.dumps(PLAN))
    [first, *_] = document["resource_changes"]
    first["change"]["before"] = None
    first.update(change)
    first["desired"]["protect"] = not change
    (tmp_path / "plan.json").write_bytes(KIND.write(document))
    assert read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE)).changes[0].before is None


def test_a_live_ontology_that_is_not_managed_may_be_anything(tmp_path: Path) -> None:
    document = json.loads(json.dumps(PLAN))
    [first, *_] = document["resource_changes"]
    first["desired"].update(ontology=None, managed=["params"])
    first["calls"] = []
    for side in ("before", "after"):
        first["change"][side]["ontology"] = [{"no": "choice"}]
    (tmp_path / "plan.json").write_bytes(KIND.write(document))
    assert read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE)).changes[0].desired.ontology is None
