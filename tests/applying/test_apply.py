"""One apply against an API of a few lines, which fails on demand."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reconciler.applying.applier import Stop, apply_plan, not_applied
from reconciler.errors import NameTakenError, ScaleError, UnavailableError
from reconciler.model.outcome import CallResult, Event, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Call, CallKind, Commit, Plan, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.planning.planner import Live, make_plan
from tests.planning.api_model import carry_out

NOW = datetime(2026, 11, 24, tzinfo=UTC)
UNCLEAR = UnavailableError("no answer", may_have_landed=True)


class Api:
    """Live projects by name. `faults` are raised before a write lands, `later` runs after it has."""

    def __init__(self, *projects: LiveProject) -> None:
        self.projects: dict[str, LiveProject | None] = {project.name: project for project in projects}
        self.sent: list[Call] = []
        self.faults: dict[CallKind, Exception] = {}
        self.later: dict[CallKind, Callable[[Api], Exception | None]] = {}
        self.unreadable_from: int | None = None
        self.reads = 0
        self.under_way = 0
        self.most_under_way = 0

    async def get_project(self, name: str) -> LiveProject | None:
        self.reads += 1
        if self.unreadable_from is not None and self.reads >= self.unreadable_from:
            raise UnavailableError("no answer to a read")
        return self.projects.get(name)

    async def send(self, call: Call) -> None:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        self.sent.append(call)
        if call.kind in self.faults:
            raise self.faults[call.kind]
        self.projects[call.project] = carry_out(call, self.projects.get(call.project))
        if call.kind in self.later and (problem := self.later[call.kind](self)):
            raise problem


def desired(name: str = "p", **more: object) -> DesiredProject:
    project = DesiredProject(name, "imageannotation", Source("/repo/p.yaml", 1), params={"a": 1}, ontology=["X"])
    return replace(project, **more)  # type: ignore[arg-type]


def live(name: str = "p", **more: object) -> LiveProject:
    project = LiveProject(name, "imageannotation", params={"a": 0}, params_version=3, params_at=NOW, ontology=["X"])
    return replace(project, ontology_version=0, **more)  # type: ignore[arg-type]


def plan_of(api: Api, *wanted: DesiredProject) -> Plan:
    return make_plan(
        wanted,
        Live(dict(api.projects), whole=True),
        target=TargetInfo("t", "e"),
        commit=Commit(),
        made_at=NOW,
        managed_names=frozenset(project.name for project in wanted),
        complete=True,
        manifests="projects",
        manifest_count=len(wanted),
    )


def applied(plan: Plan, api: Api, *, parallelism: int = 4, stop: Stop | None = None) -> Outcome:
    events: list[Event] = []
    return asyncio.run(
        apply_plan(plan, api, parallelism=parallelism, emit=events.append, stop=stop or Stop(), now=lambda: NOW)
    )


def one(api: Api, *, between: Callable[[Api], None] = lambda api: None, **more: object) -> ProjectOutcome:
    plan = plan_of(api, desired("p", **more))
    between(api)
    [outcome] = applied(plan, api).projects
    return outcome


def results(outcome: ProjectOutcome) -> list[tuple[CallKind, CallResult]]:
    return [(call.call, call.result) for call in outcome.calls]


def codes(outcome: ProjectOutcome) -> list[str]:
    return [diagnostic.code for diagnostic in outcome.diagnostics]


def test_an_update() -> None:
    api = Api(live())
    outcome = one(api)
    assert (outcome.status, outcome.params_version, outcome.ontology_version) == (Status.DONE, 4, 0)
    assert [dict(call.body) for call in api.sent] == [{"a": 1, "patch": True}]


def test_calls_are_derived_from_what_is_live_then() -> None:
    """A parameter that git does not own changed meanwhile: its new value is the one that is sent."""
    from reconciler.fieldpath import parse_pattern
    from reconciler.model.project import Ignore, Mask

    api = Api(live(params={"a": 1, "gone": 1, "theirs": 1}))

    def move(api: Api) -> None:
        api.projects["p"] = live(params={"a": 1, "gone": 1, "theirs": 2}, params_version=4)

    outcome = one(api, between=move, mask=Mask(ignore=(Ignore(parse_pattern("params.theirs")),)))
    assert outcome.status is Status.DONE
    assert dict(api.sent[0].body) == {"a": 1, "theirs": 2, "patch": False}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (live(), live(params={"a": 7}, params_version=4), "params went from version 3 to 4 at 2026-11-24 00:00:00 UTC"),
        (live(), live(params={"a": 7}, params_version=4, params_at=None), "params went from version 3 to 4, not"),
        (live(), live(params={"a": 7}), "no longer as it was planned"),
        (live(), None, "no longer there"),
        (None, live(params={"a": 7}, created_at="today"), "created meanwhile, at today"),
    ],
)
def test_what_moved_is_stale(before: LiveProject | None, after: LiveProject | None, words: str) -> None:
    api = Api(*([before] if before else []))

    def move(api: Api) -> None:
        api.projects["p"] = after

    outcome = one(api, between=move)
    assert outcome.status is Status.STALE
    assert words in outcome.reason
    assert api.sent == []


def test_what_was_done_meanwhile_is_not_done_again() -> None:
    api = Api(live())
    assert one(api, between=lambda api: api.projects.update(p=live(params={"a": 1}))).status is Status.UNCHANGED
    assert api.sent == []


def test_what_was_archived_meanwhile_is_blocked() -> None:
    outcome = one(Api(live()), between=lambda api: api.projects.update(p=live(archived=True)))
    assert (outcome.status, codes(outcome)) == (Status.BLOCKED, ["archived"])


def test_a_project_that_cannot_be_read_is_not_written() -> None:
    api = Api(live())
    api.unreadable_from = 1
    outcome = one(api)
    assert (outcome.status, codes(outcome), api.sent) == (Status.FAILED, ["unavailable"], [])


def test_a_refused_call_ends_the_project() -> None:
    api = Api(live(ontology=["Y"]))
    api.faults[CallKind.SET_PARAMS] = ScaleError("no", status=400)
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert results(outcome) == [
        (CallKind.SET_PARAMS, CallResult.REFUSED),
        (CallKind.SET_ONTOLOGY, CallResult.NOT_SENT),
    ]
    assert "nothing is known to have been written; params are at version 3" in outcome.reason


def test_a_taken_name_is_an_error_even_where_the_project_is_as_wanted() -> None:
    api = Api()

    def somebody_else(api: Api) -> Exception:
        return NameTakenError("the name exists")

    api.later[CallKind.CREATE] = somebody_else
    outcome = one(api, ontology=None)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["name-taken"])
    assert "the project is there now" in outcome.reason


def test_half_of_a_create() -> None:
    api = Api()
    api.faults[CallKind.SET_ONTOLOGY] = ScaleError("no", status=400)
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert "create landed; params are at version 0, the ontology at none" in outcome.reason


def test_an_unclear_write_that_landed_is_done() -> None:
    api = Api(live())
    api.later[CallKind.SET_PARAMS] = lambda api: UNCLEAR
    outcome = one(api)
    assert outcome.status is Status.DONE
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.LANDED)]
    assert len(api.sent) == 1


def test_an_unclear_write_that_did_not_land_is_not_repeated() -> None:
    api = Api()
    api.faults[CallKind.CREATE] = UNCLEAR
    outcome = one(api)
    assert outcome.status is Status.UNCLEAR
    assert outcome.reason == "nothing was written: there is no such project on Scale"
    assert len(api.sent) == 1


def test_what_cannot_be_read_back_is_unclear() -> None:
    api = Api(live())
    api.unreadable_from = 2
    assert one(api).status is Status.UNCLEAR
    api = Api(live())
    api.unreadable_from = 2
    api.faults[CallKind.SET_PARAMS] = ScaleError("no", status=400)
    assert one(api).status is Status.FAILED


def test_an_ontology_that_cannot_be_read_back() -> None:
    api = Api(live(ontology=["Y"]))

    def spoil(api: Api) -> None:
        api.projects["p"] = live(params={"a": 1}, ontology=[1])

    api.later[CallKind.SET_ONTOLOGY] = spoil
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.UNCLEAR, ["ontology-unreadable"])


@pytest.mark.parametrize(
    ("wanted", "kept", "words"), [("x\n", "x", "white space"), ("x", "y", "another value"), ("x", 1, "another value")]
)
def test_what_is_not_kept_is_no_success(wanted: str, kept: object, words: str) -> None:
    api = Api(live())

    def keep(api: Api) -> None:
        api.projects["p"] = live(params={"a": kept})

    api.later[CallKind.SET_PARAMS] = keep
    outcome = one(api, params={"a": wanted})
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["not-kept"])
    assert words in outcome.diagnostics[0].detail
    assert "params.a" in outcome.diagnostics[0].summary


def test_a_long_list_of_what_is_not_kept_is_cut() -> None:
    api = Api(live(params={}))
    api.later[CallKind.SET_PARAMS] = lambda api: api.projects.update(p=live(params={}))
    outcome = one(api, params={f"k{number:02}": number for number in range(14)})
    assert outcome.diagnostics[0].summary.endswith("params.k09 and 4 more")


def test_side_by_side_in_bounds_and_in_the_plans_order() -> None:
    names = [f"p{number:02}" for number in range(12)]
    api = Api(live("p03", archived=True), live("p04", params={"a": 1}), live("p05"))
    wanted = [desired(name, protect=name == "p05") for name in reversed(names)]
    outcome = applied(plan_of(api, *wanted), api, parallelism=3)
    assert [project.name for project in outcome.projects] == names
    assert api.most_under_way == 3
    statuses = {project.name: project.status for project in outcome.projects}
    assert (statuses["p03"], statuses["p04"], statuses["p05"]) == (Status.BLOCKED, Status.UNCHANGED, Status.PROTECTED)
    assert (outcome.summary.added, outcome.summary.skipped, outcome.summary.complete) == (9, 1, False)


def test_after_a_signal_nothing_is_started() -> None:
    api = Api(live("p"), live("q"))
    stop = Stop()

    def interrupt(api: Api) -> None:
        stop.request(signal.SIGTERM)

    api.later[CallKind.SET_PARAMS] = interrupt
    plan = plan_of(api, desired("p", ontology=["Y"]), desired("q"))
    outcome = applied(plan, api, parallelism=1, stop=stop)
    assert outcome.interrupted_by == signal.SIGTERM
    assert [project.status for project in outcome.projects] == [Status.FAILED, Status.NOT_STARTED]
    assert "interrupted" in outcome.projects[0].reason
    assert len(api.sent) == 1


def test_a_plan_that_was_declined() -> None:
    api = Api(live("q", params={"a": 1}))
    outcome = not_applied(plan_of(api, desired("p"), desired("q")), "declined", NOW)
    assert [project.status for project in outcome.projects] == [Status.NOT_STARTED, Status.UNCHANGED]
    assert outcome.summary.not_started == 1
