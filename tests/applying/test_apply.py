"""One apply against an API of a few lines, which fails on demand."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from reconciler.applying.applier import Stop, apply_plan, not_applied
from reconciler.applying.landing import new_versions
from reconciler.applying.project import LANDING_SECONDS, MOST_TRIES
from reconciler.errors import NameTakenError, ScaleError, UnavailableError
from reconciler.model.outcome import CallResult, Event, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Call, CallKind, Commit, Plan, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Source, Version
from reconciler.planning.planner import Live, make_plan
from tests.planning.api_model import carry_out
from tests.scale.loopback import FakeClock

NOW = datetime(2026, 11, 24, tzinfo=UTC)
UNCLEAR = UnavailableError("no answer", may_have_landed=True)


class Api:
    """Live projects by name. `faults` are raised before a write lands (a list: one a try), `later` runs after it."""

    def __init__(self, *projects: LiveProject) -> None:
        self.projects: dict[str, LiveProject | None] = {project.name: project for project in projects}
        self.sent: list[Call] = []
        self.faults: dict[CallKind, Exception | list[Exception | None]] = {}
        self.later: dict[CallKind, Callable[[Api], Exception | None]] = {}
        self.unreadable_from: int | None = None
        self.reads = 0
        self.clock = FakeClock()
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
        fault = self.faults.get(call.kind)
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault is not None:
            raise fault
        self.projects[call.project] = carry_out(call, self.projects.get(call.project))
        if call.kind in self.later and (problem := self.later[call.kind](self)):
            raise problem


def desired(name: str = "p", **more: object) -> DesiredProject:
    project = DesiredProject(name, "imageannotation", Source("/repo/p.yaml", 1), params={"a": 1}, ontology=["X"])
    return replace(project, **more)  # type: ignore[arg-type]


def live(name: str = "p", **more: object) -> LiveProject:
    """A project whose histories end with what it shows."""
    project = LiveProject(name, "imageannotation", params={"a": 0}, params_version=3, params_at=NOW, ontology=["X"])
    project = replace(project, ontology_version=0, **more)  # type: ignore[arg-type]
    number = project.params_version or 0
    earlier = tuple(Version(earlier, None, {"old": earlier}) for earlier in range(number))
    return replace(
        project,
        params_history=(*earlier, Version(number, project.params_at, dict(project.params))),
        ontology_history=(Version(0, None, project.ontology, project.ontology_name),),
    )


def edited(api: Api, params: dict[str, object], name: str = "p") -> None:
    """Somebody else's setParams."""
    api.projects[name] = carry_out(Call(CallKind.SET_PARAMS, name, {**params, "patch": False}), api.projects[name])


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
        apply_plan(
            plan,
            api,
            parallelism=parallelism,
            emit=events.append,
            stop=stop or Stop(),
            now=lambda: NOW,
            clock=api.clock,
            random=Random(1),
        )
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
    assert "nothing was written; params are at version 3" in outcome.reason


def test_a_taken_name_is_an_error_even_where_the_project_is_as_wanted() -> None:
    api = Api()

    def somebody_else(api: Api) -> Exception:
        return NameTakenError("the name exists")

    api.later[CallKind.CREATE] = somebody_else
    outcome = one(api, ontology=None)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["name-taken"])
    assert results(outcome) == [(CallKind.CREATE, CallResult.REFUSED)]


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


def test_an_unclear_write_that_did_not_land_is_sent_again() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [UNCLEAR, UNCLEAR, None]
    outcome = one(api)
    assert (outcome.status, outcome.params_version, len(api.sent)) == (Status.DONE, 4, 3)
    assert api.clock.time >= 1000 + 2 * LANDING_SECONDS


def test_a_failure_of_the_api_itself_is_not_waited_for() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [UnavailableError("failed", status=500, may_have_landed=True), None]
    assert one(api).status is Status.DONE
    assert api.clock.time < 1000 + LANDING_SECONDS


def test_it_is_sent_five_times_at_most() -> None:
    api = Api()
    api.faults[CallKind.CREATE] = UnavailableError("failed", status=500, may_have_landed=True)
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.FAILED, MOST_TRIES)
    assert outcome.reason == "nothing was written: there is no such project on Scale"
    assert "sent 5 times" in outcome.diagnostics[0].detail


def test_nor_is_it_after_its_time() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = UNCLEAR
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert 1 < len(api.sent) < MOST_TRIES
    assert api.clock.time < 1000 + 60 + 2 * LANDING_SECONDS


def test_a_landing_that_comes_late_is_seen() -> None:
    """The connection broke, the write lands seconds later: it is looked for before it would be sent again."""
    api = Api(live())

    class Late(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.time >= 1005 and api.projects["p"] == before:
                api.projects["p"] = carry_out(api.sent[0], before)

    before = api.projects["p"]
    api.clock = Late()
    api.faults[CallKind.SET_PARAMS] = [UNCLEAR]
    outcome = one(api)
    assert (outcome.status, len(api.sent), outcome.params_version) == (Status.DONE, 1, 4)


def test_a_create_that_landed_unseen_comes_back_as_a_taken_name() -> None:
    api = Api()
    api.faults[CallKind.CREATE] = [
        UnavailableError("failed", status=500, may_have_landed=True),
        NameTakenError("the name exists", status=409),
    ]
    reads = 0
    real = api.get_project

    async def get_project(name: str) -> LiveProject | None:
        nonlocal reads
        reads += 1
        if reads == 3:
            api.projects["p"] = carry_out(api.sent[0], None)
        return await real(name)

    api.get_project = get_project  # type: ignore[method-assign]
    outcome = one(api)
    assert outcome.status is Status.DONE
    assert results(outcome)[0] == (CallKind.CREATE, CallResult.LANDED)


@pytest.mark.parametrize("before", [live(), None])
def test_somebody_else_was_first(before: LiveProject | None) -> None:
    """No answer, and what came meanwhile is not what was sent: nothing is sent again."""
    api = Api(*([before] if before else []))

    class Unlucky(Api):
        async def send(self, call: Call) -> None:
            self.sent.append(call)
            self.projects["p"] = live(params={"theirs": 1}, params_version=4)
            raise UNCLEAR

    unlucky = Unlucky(*([before] if before else []))
    unlucky.clock = api.clock
    outcome = one(unlucky)
    assert (outcome.status, codes(outcome), len(unlucky.sent)) == (Status.UNCLEAR, ["someone-else"], 1)
    if before:
        assert "version 4 at 2026-11-24 00:00:00 UTC" in outcome.diagnostics[0].summary


@pytest.mark.parametrize("patch", [True, False])
@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_one_version_too_many_is_a_lost_race(first: str, answered: bool, patch: bool) -> None:
    params: dict[str, object] = {"a": 0} if patch else {"a": 0, "gone": 1}

    class Racing(Api):
        async def send(self, call: Call) -> None:
            if first == "theirs":
                edited(self, {"theirs": 1})
            self.sent.append(call)
            self.projects["p"] = carry_out(call, self.projects["p"])
            if first == "ours":
                edited(self, {"theirs": 1})
            if not answered:
                raise UNCLEAR

    api = Racing(live(params=params))
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["lost-race"])
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.LANDED)]
    assert f"version {4 if first == 'theirs' else 5}" in outcome.diagnostics[0].summary
    assert len(api.sent) == 1


def test_an_ontology_lost_in_a_race() -> None:
    api = Api(live(params={"a": 1}, ontology=["Y"]))

    def theirs(api: Api) -> None:
        api.projects["p"] = carry_out(Call(CallKind.SET_ONTOLOGY, "p", {"ontology": ["Z"]}), api.projects["p"])

    api.later[CallKind.SET_ONTOLOGY] = theirs
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["lost-race"])
    assert "version 2" in outcome.diagnostics[0].summary


def test_an_ontology_moved_between_the_two_calls() -> None:
    api = Api(live(ontology=["Y"]))

    def theirs(api: Api) -> None:
        api.projects["p"] = carry_out(Call(CallKind.SET_ONTOLOGY, "p", {"ontology": ["Z"]}), api.projects["p"])

    api.later[CallKind.SET_PARAMS] = theirs
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert results(outcome) == [
        (CallKind.SET_PARAMS, CallResult.LANDED),
        (CallKind.SET_ONTOLOGY, CallResult.NOT_SENT),
    ]
    assert "the ontology went" in outcome.reason or "ontology went from version 0 to 1" in outcome.reason


def test_an_answer_without_a_version_is_not_believed() -> None:
    api = Api(live())
    before = api.projects["p"]
    api.later[CallKind.SET_PARAMS] = lambda api: api.projects.update(p=before)
    outcome = one(api)
    assert (outcome.status, codes(outcome), len(api.sent)) == (Status.UNCLEAR, ["not-there"], 1)


def test_a_project_that_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api(live(ontology=["Y"]))

    def slowly(api: Api) -> None:
        api.clock.time += 5000

    api.later[CallKind.SET_PARAMS] = slowly
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert "longer than 20 minutes" in outcome.reason
    assert results(outcome)[1] == (CallKind.SET_ONTOLOGY, CallResult.NOT_SENT)


def test_an_interrupted_run_does_not_send_again() -> None:
    api = Api(live())
    stop = Stop()

    class Interrupted(Api):
        async def send(self, call: Call) -> None:
            self.sent.append(call)
            stop.request(signal.SIGINT)
            raise UNCLEAR

    interrupted = Interrupted(live())
    outcome = applied(plan_of(api, desired("p")), interrupted, stop=stop)
    assert [project.status for project in outcome.projects] == [Status.FAILED]
    assert len(interrupted.sent) == 1
    assert results(outcome.projects[0]) == [(CallKind.SET_PARAMS, CallResult.REFUSED)]


def test_what_cannot_be_read_back_is_unclear() -> None:
    api = Api(live())
    api.unreadable_from = 2
    assert one(api).status is Status.UNCLEAR
    api = Api(live())
    api.unreadable_from = 2
    api.faults[CallKind.SET_PARAMS] = ScaleError("no", status=400)
    assert one(api).status is Status.FAILED


def test_an_ontology_that_cannot_be_read_back() -> None:
    api = Api(live(params={"a": 1}, ontology=["Y"]))

    def spoil(api: Api) -> None:
        now = api.projects["p"]
        assert now is not None
        api.projects["p"] = replace(
            now, ontology=[1], ontology_history=(Version(0, None, ["Y"]), Version(1, None, [1]))
        )

    api.later[CallKind.SET_ONTOLOGY] = spoil
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["ontology-unreadable"])


@pytest.mark.parametrize(
    ("wanted", "kept", "words"), [("x\n", "x", "white space"), ("x", "y", "another value"), ("x", 1, "another value")]
)
def test_what_is_not_kept_is_no_success(wanted: str, kept: object, words: str) -> None:
    api = Api(live())

    def keep(api: Api) -> None:
        api.projects["p"] = live(params={"a": kept}, params_version=4)

    api.later[CallKind.SET_PARAMS] = keep
    outcome = one(api, params={"a": wanted})
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["not-kept"])
    assert words in outcome.diagnostics[0].detail
    assert "params.a" in outcome.diagnostics[0].summary


def test_a_long_list_of_what_is_not_kept_is_cut() -> None:
    api = Api(live(params={}))
    api.later[CallKind.SET_PARAMS] = lambda api: api.projects.update(p=live(params={}, params_version=4))
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


def test_somebody_writes_after_us_and_before_the_end() -> None:
    """It is no value that Scale did not keep, nor a success: the run tells whose the last version is."""
    api = Api(live(ontology=["Y"]))

    def theirs(api: Api) -> None:
        edited(api, {"a": 7})

    api.later[CallKind.SET_ONTOLOGY] = theirs
    outcome = one(api)
    assert (outcome.status, codes(outcome), outcome.not_kept) == (Status.FAILED, ["lost-race"], ())
    assert "right after this run: params version 5" in outcome.diagnostics[0].summary
    assert "setParams and setOntology landed" in outcome.reason


def test_what_this_run_wrote_is_not_called_somebody_elses() -> None:
    api = Api()

    def theirs(api: Api) -> None:
        api.projects["p"] = carry_out(Call(CallKind.SET_ONTOLOGY, "p", {"ontology": ["Z"]}), api.projects["p"])

    api.later[CallKind.CREATE] = theirs
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "ontology went from version none to 0, not from this run"


def versions(*contents: str, numbers: tuple[int, ...] = ()) -> LiveProject:
    """A project whose history of ontologies shows these, one choice each; without numbers they are positions."""
    history = tuple(
        Version(number, None, [content])
        for number, content in zip(numbers or range(len(contents)), contents, strict=True)
    )
    return LiveProject("p", "imageannotation", ontology_history=history)


@pytest.mark.parametrize(
    ("before", "after", "new"),
    [
        (versions(), versions("A"), "A"),
        (versions("A"), versions("A"), ""),
        (versions("A"), versions("A", "B"), "B"),
        (versions("A", "B"), versions("A", "B", "A"), "A"),
        (versions("A", "B"), versions("B", "C"), "C"),  # only the end is shown
        (versions("A"), versions("B", "C"), "BC"),
        (versions("A", "B"), versions("C", "D"), "CD"),
        (versions("A", "B"), versions("B", "A"), "A"),
        (versions("A", "B", numbers=(4, 5)), versions("B", "C", numbers=(5, 6)), "C"),
        (versions("A", "B", numbers=(4, 5)), versions("C", "D", numbers=(6, 7)), "CD"),
    ],
)
def test_new_ontologies(before: LiveProject, after: LiveProject, new: str) -> None:
    found = new_versions("ontology", before, after)
    assert "".join(version.content[0] for version in found) == new
