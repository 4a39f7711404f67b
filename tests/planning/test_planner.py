from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.diagnostics import Severity
from reconciler.model.plan import Action, Plan, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.planning.live import Live, account_of, by_name
from reconciler.planning.planner import Declared, Terms, make_plan

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def desired(name: str, **more: object) -> DesiredProject:
    return replace(DesiredProject(name, "imageannotation", Source(f"/repo/projects/{name}.yaml", 1)), **more)  # type: ignore[arg-type]


def live(name: str, **more: object) -> LiveProject:
    return replace(LiveProject(name, "imageannotation", params_version=0), **more)  # type: ignore[arg-type]


def plan_of(
    wanted: list[DesiredProject], projects: list[LiveProject], *, whole: bool = True, complete: bool = True
) -> Plan:
    names = {project.name: project.source.file for project in wanted}
    declared = Declared(wanted, names, "projects", len(wanted), complete=complete)
    live = Live(by_name(projects), whole=whole)
    return make_plan(declared, live, {}, Terms(TargetInfo("sandbox", "sandbox:x"), NOW))


def test_a_plan_is_ordered_counted_and_hashed() -> None:
    wanted = [
        desired("new"),
        desired("changed", params={"a": 1}),
        desired("archived"),
        desired("guarded", params={"a": 1}, protect=True),
        desired("equal", params={}),
    ]
    projects = [live("changed"), live("archived", archived=True), live("guarded"), live("equal"), live("old")]
    projects.append(live("put away", archived=True))
    plan = plan_of(wanted, projects)

    assert [change.name for change in plan.changes] == ["archived", "changed", "equal", "guarded", "new"]
    summary = plan.summary
    assert (summary.add, summary.change, summary.protected, summary.blocked, summary.unchanged) == (1, 1, 1, 1, 1)
    assert plan.unmanaged == ("old",)
    assert summary.unmanaged == 1
    assert plan.applyable
    assert plan.errored  # one is blocked
    assert not plan_of(wanted[:2], projects).errored
    assert plan.live_count == 6
    assert plan.hash != plan_of(wanted[1:], projects).hash
    assert plan.hash == plan_of(wanted[::-1], projects[::-1]).hash


def test_projects_without_a_difference_do_not_touch_the_hash() -> None:
    assert plan_of([desired("equal", params={})], [live("equal")]).hash == plan_of([], []).hash


def test_the_hash_is_of_the_intent_alone() -> None:
    wanted = [desired("p", params={"a": 1, "b": {"x": 1, "y": 2}})]
    one = plan_of(wanted, [live("p", params={"z": 1})])
    other = plan_of(
        [desired("p", params={"b": {"y": 2.0, "x": 1}, "a": 1}, source=Source("/elsewhere.yaml", 9))],
        [live("p", params={"z": 1.0}, params_version=7, created_at="2020")],
    )
    assert one.hash == other.hash
    assert one.hash != plan_of(wanted, [live("p", params={"z": True})]).hash


@pytest.mark.parametrize(("whole", "complete"), [(False, True), (True, False)])
def test_a_narrowed_plan_calls_nothing_unmanaged(whole: bool, complete: bool) -> None:
    plan = plan_of([desired("p")], [live("old")], whole=whole, complete=complete)
    assert plan.unmanaged == ()


def test_a_nothing_plan() -> None:
    plan = plan_of([desired("p", params={})], [live("p")])
    assert not plan.applyable
    assert plan.changes[0].action is Action.NO_OP


def test_an_archived_project_gives_way_to_one_of_the_same_name() -> None:
    assert by_name([live("p"), live("p", archived=True)])["p"] == live("p")
    assert by_name([live("p", archived=True), live("p")])["p"] == live("p")


def test_an_account_is_known_by_its_oldest_project() -> None:
    assert account_of([]) is None
    assert account_of([live("a", created_at="2026-02"), live("b", created_at="2026-01"), live("c")]) == "2026-01"


@pytest.mark.parametrize(
    ("count", "said"), [(1, '"p0" has a taxonomy on'), (5, '"p0", "p1", "p2", and 2 more have taxon')]
)
def test_projects_with_a_taxonomy_are_noted(count: int, said: str) -> None:
    wanted = [desired(f"p{n}", params={}) for n in range(count)]
    projects = [live(f"p{n}", taxonomy=True) for n in range(count)]
    (note,) = plan_of([*wanted, desired("q", params={})], [*projects, live("q"), live("r", taxonomy=True)]).diagnostics
    assert (note.severity, note.code) == (Severity.NOTE, "taxonomy-service")
    assert note.summary.startswith(said)
