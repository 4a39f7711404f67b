"""The tables in tests/cases/planning: a bug report becomes a row there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.fieldpath import format_path, parse_pattern
from reconciler.model.plan import Action, Call, Field, ProjectChange
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Source
from reconciler.model.values import ABSENT, equal
from reconciler.planning.planner import plan_project
from tests.ontologies import live_ontology, ontology
from tests.planning.api_model import carry_out

CASES = Path(__file__).parents[1] / "cases" / "planning"


def _cases() -> Iterator[Any]:
    for file in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(file.read_text("utf-8")):
            yield pytest.param(case, id=f"{file.stem}: {case['case']}")


def desired_of(manifest: dict[str, Any]) -> DesiredProject:
    written = manifest.get("ontology")
    declared = ontology(written["choices"], written["name"]) if isinstance(written, dict) else ontology(written)
    reconcile = manifest.get("reconcile", {})
    return DesiredProject(
        name=manifest.get("name", "p"),
        type=manifest.get("type", "imageannotation"),
        source=Source("/repo/projects/p.yaml", 1),
        create_only={key: manifest[key] for key in ("studio", "pipeline") if key in manifest},
        params=manifest.get("params"),
        ontology=declared,
        mask=Mask(
            ParamsMode(reconcile.get("params", "exact")),
            tuple(Ignore(parse_pattern(text)) for text in reconcile.get("ignore", ())),
        ),
        protect=reconcile.get("protect", False),
    )


def live_of(live: dict[str, Any]) -> LiveProject:
    defaults: dict[str, Any] = {"name": "p", "type": "imageannotation"}
    if "params" in live:
        defaults |= {"params_version": 3, "params_at": datetime(2026, 11, 24, tzinfo=UTC)}
    if "ontology" in live:
        defaults |= {"ontology_version": 1}
    shown = dict(live)
    choices, name = shown.pop("ontology", None), shown.pop("ontology_name", None)
    return LiveProject(**{**defaults, **shown}, ontology=live_ontology(choices, name))


def written(field: Field) -> dict[str, Any]:
    row: dict[str, Any] = {field.kind.value: format_path(field.path)}
    if field.before is not ABSENT:
        row["before"] = field.before
    if field.after is not ABSENT:
        row["after"] = field.after
    return row


def sent(call: Call) -> dict[str, Any]:
    return {call.kind.value: call.body}


@pytest.mark.parametrize("case", list(_cases()))
def test_case(case: dict[str, Any]) -> None:
    desired = desired_of(case["manifest"])
    live = live_of(case["live"]) if case["live"] is not None else None
    change = plan_project(desired, live)

    assert change.action.value == case.get("action", "update")
    if "fields" in case:
        assert [written(field) for field in change.fields] == case["fields"]
    if "calls" in case:
        expected = case["calls"]
        assert equal([sent(call) for call in change.calls], expected), [sent(call) for call in change.calls]
    assert [diagnostic.code for diagnostic in change.diagnostics] == case.get("diagnostics", [])
    if "reason" in case:
        assert change.reason == case["reason"]
    assert change.blocked == case.get("blocked", False)
    if not change.blocked:
        _converges(desired, live, change)


def _converges(desired: DesiredProject, live: LiveProject | None, change: ProjectChange) -> None:
    """The calls, run on a model of the API, give exactly the plan's `after`; the next plan is empty."""
    for call in change.calls:
        live = carry_out(call, live)
    assert live is not None
    assert change.after is not None
    assert equal(dict(live.params), dict(change.after.params))
    following = plan_project(desired, live)
    assert following.action is Action.NO_OP
    assert following.fields == ()
    assert following.calls == ()
