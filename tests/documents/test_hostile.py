"""Documents that are read back with a nonsense body: each is an error of its file, or can be shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.documents.drift import drift_document, read_drift_file
from reconciler.documents.result import outcome_document, read_result_file
from reconciler.documents.savedplan import KIND, read_plan_file, saved_plan_document
from reconciler.errors import PlanFileError, ResultFileError
from reconciler.forge.github.event import Event
from reconciler.model.plan import Held, Plan
from reconciler.model.printed import printed
from reconciler.model.values import canonical_json, to_json
from reconciler.operations.github_comment import Writer
from reconciler.operations.github_drift import drift_text
from tests.render import plans, test_drift
from tests.render.shown import render_drift, render_outcome_markdown, render_page, render_plan, render_plan_markdown

JUNK: Final[list[Any]] = [
    None, True, 0, -1, 3, 1.5, 10**40, float("inf"), "", "x", "params", "params.", "[0]", "ontology", "no-op", "create",
    "update", "forget", "2026-13-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "2026-01-01T00:00:00",
    [], {}, [None], [[]], {"a": 1}, [{"no": "choice"}], {"choice": 5}, "\ud800", "a\0b",
]  # fmt: skip


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def spoiled(document: Any, seed: int) -> Any:
    """The document with one or two things wrong."""
    random = Random(seed)
    copy = json.loads(json.dumps(document))
    for _ in range(random.choice((1, 1, 1, 2))):
        path = random.choice(list(places(copy)))
        holder: Any = copy
        for part in path[:-1]:
            holder = holder[part]
        deed = random.choice(("replace", "replace", "replace", "drop", "double", "swap"))
        if deed == "drop":
            del holder[path[-1]]
        elif deed == "double" and isinstance(holder, list):
            holder.append(holder[int(path[-1])])
        elif deed == "swap" and isinstance(holder, list):
            holder.reverse()
        else:
            holder[path[-1]] = random.choice(JUNK)
    return copy


def whole_plan() -> Plan:
    made = plans.plan(plans.kitten(), plans.unchanged("same"))
    held = replace(plans.kitten(), name="held", held_by=(Held("takeover", "why", "remedy"),))
    return replace(made, changes=(*made.changes, held))


PLAN: Final = saved_plan_document(printed(whole_plan(), base=plans.BASE))
DRIFT: Final = drift_document(
    printed(
        test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,), vanished=("lost",), unmanaged=("old",)),
        base="/r",
    )
)
RESULT: Final = outcome_document(printed(plans.happened(), base=plans.BASE))
EVENT: Final = Event(
    "schedule", "o/r", "token", "https://api", "https://api/graphql", "https://github.example", "b" * 40
)
HELD: Final = {"guard": "takeover", "why": "why", "remedy": ""}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_plan_with_a_valid_digest_and_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "plan.json").write_bytes(KIND.write(spoiled(PLAN, seed)))
    try:
        plan = read_plan_file(tmp_path / "plan.json", base=Path(plans.BASE))
    except PlanFileError:
        return
    to_json(saved_plan_document(printed(plan, base=plans.BASE))).encode("utf-8", "surrogatepass")
    render_plan(plan, base=plans.BASE, now=plans.NOW)
    render_plan_markdown(plan, base=plans.BASE, now=plans.NOW)
    render_page(plan, base=plans.BASE, now=plans.NOW)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_drift_document_with_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "drift.json").write_text(json.dumps(spoiled(DRIFT, seed)).replace("Infinity", "1e999"))
    try:
        drift = read_drift_file(tmp_path / "drift.json", base=Path("/r"))
    except ResultFileError:
        return
    to_json(drift_document(printed(drift, base="/r"))).encode("utf-8", "surrogatepass")
    render_drift(drift, base="/r", now=test_drift.NOW)
    drift_text(drift, EVENT, Writer("/r", test_drift.NOW), limit=50_000)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_result_with_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "result.json").write_text(json.dumps(spoiled(RESULT, seed)).replace("Infinity", "1e999"))
    try:
        outcome = read_result_file(tmp_path / "result.json", base=Path(plans.BASE))
    except ResultFileError:
        return
    to_json(outcome_document(printed(outcome, base=plans.BASE))).encode("utf-8", "surrogatepass")
    render_outcome_markdown(outcome, base=plans.BASE, now=plans.NOW)


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
    words = "levels of nesting" if "more" in document else "does not hold what a plan file holds"
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


@pytest.mark.parametrize("read", [read_drift_file, read_result_file])
def test_a_document_that_is_nested_too_deep(tmp_path: Path, read: Callable[..., object]) -> None:
    document = {**(DRIFT if read is read_drift_file else RESULT), "more": nested(300)}
    (tmp_path / "it.json").write_text(json.dumps(document))
    with pytest.raises(ResultFileError, match="more than 220 levels of nesting"):
        read(tmp_path / "it.json", base=Path("/r"))


@pytest.mark.parametrize("path", ["params", "params.a.b", "params[0]", "ontology.A", "x", "a b"])
def test_what_is_no_unit_of_a_project(tmp_path: Path, path: str) -> None:
    document = json.loads(json.dumps(DRIFT))
    (tmp_path / "it.json").write_text(json.dumps(document))
    assert read_drift_file(tmp_path / "it.json", base=Path("/r")).projects[0].units
    document["projects"][0]["units"][0]["path"] = path
    (tmp_path / "it.json").write_text(json.dumps(document))
    with pytest.raises(ResultFileError, match="does not hold what a drift document holds"):
        read_drift_file(tmp_path / "it.json", base=Path("/r"))


def nested(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def digest(document: Any) -> str:
    return hashlib.sha256(canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()
