"""One apply against an API of a few lines, which fails on demand."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import httpx
import pytest

from reconciler.applying.applier import Stop, apply_plan, not_applied
from reconciler.applying.attempt import FAILURE_SECONDS, LAG_SECONDS, MOST_SENDS, SILENCE_SECONDS
from reconciler.applying.landing import new_versions
from reconciler.diagnostics import Severity
from reconciler.errors import NameTakenError, RejectedError, ScaleError, UnavailableError, UnreadableAnswerError
from reconciler.fieldpath import parse_pattern
from reconciler.model.outcome import CallResult, Event, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Call, CallKind, Plan, TargetInfo
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Source, Version
from reconciler.planning.live import Live
from reconciler.planning.planner import Declared, Terms, make_plan
from reconciler.scale.client import ScaleClient
from tests.ontologies import live_ontology, ontology
from tests.planning.api_model import carry_out
from tests.scale.loopback import FakeClock
from tests.simulation.virtual import VirtualClock, VirtualLoop, run_on

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
        self.before_read: Callable[[Api], None] = lambda api: None
        self.under_way = 0
        self.most_under_way = 0

    async def get_project(self, name: str) -> LiveProject | None:
        self.reads += 1
        self.before_read(self)
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


class Lagging(Api):
    """Reads show what was there `lag` seconds ago. A write that meets a fault lands all the same, `late` seconds after.

    `slow` is how long an answer takes after the first.
    """

    def __init__(self, *projects: LiveProject, lag: float) -> None:
        super().__init__(*projects)
        self.lag = lag
        self.late: list[float] = []
        self.slow = 0.0
        self.before_send: Callable[[Call], None] = lambda call: None
        self._commits: list[tuple[float, Call]] = []
        self._first = dict(self.projects)

    def commit(self, call: Call, late: float = 0.0) -> None:
        self._commits.append((self.clock.time + late, call))

    def as_of(self, at: float, name: str) -> LiveProject | None:
        project = self._first.get(name)
        for when, call in sorted(self._commits, key=lambda commit: commit[0]):
            if when <= at:
                project = carry_out(call, project)
        return project

    @property
    def latest(self) -> int | None:
        project = self.as_of(1e9, "p")
        return project.params_version if project else None

    async def get_project(self, name: str) -> LiveProject | None:
        self.reads += 1
        self.before_read(self)
        return self.as_of(self.clock.time - self.lag, name)

    async def send(self, call: Call) -> None:
        self.before_send(call)
        self.sent.append(call)
        if len(self.sent) > 1:
            self.clock.time += self.slow
        faults = self.faults.get(call.kind)
        fault = (faults.pop(0) if faults else None) if isinstance(faults, list) else faults
        if fault is None:
            self.commit(call)
            return
        if self.late:
            self.commit(call, self.late.pop(0))
        raise fault


def desired(name: str = "p", **more: object) -> DesiredProject:
    declared = ontology(more.pop("ontology", ["X"]))
    project = DesiredProject(name, "imageannotation", Source("/repo/p.yaml", 1), params={"a": 1}, ontology=declared)
    return replace(project, **more)  # type: ignore[arg-type]


def live(name: str = "p", **more: object) -> LiveProject:
    """A project whose histories end with what it shows."""
    shown = ontology(more.pop("ontology", ["X"]))
    project = LiveProject(name, "imageannotation", params={"a": 0}, params_version=3, params_at=NOW, ontology=shown)
    project = replace(project, ontology_version=0, **more)  # type: ignore[arg-type]
    number = project.params_version or 0
    earlier = tuple(Version(earlier, None, {"old": earlier}) for earlier in range(number))
    return replace(
        project,
        params_history=(*earlier, Version(number, project.params_at, dict(project.params))),
        ontology_history=(Version(0, None, project.ontology),),
    )


def edited(api: Api, params: dict[str, object], name: str = "p") -> None:
    """A setParams that this run did not send."""
    api.projects[name] = carry_out(Call(CallKind.SET_PARAMS, name, {**params, "patch": False}), api.projects[name])


def plan_of(api: Api, *wanted: DesiredProject) -> Plan:
    declared = Declared(wanted, {project.name: project.source.file for project in wanted}, "projects", len(wanted))
    return make_plan(declared, Live(dict(api.projects), whole=True), {}, Terms(TargetInfo("t", "e"), NOW))


def applied(
    plan: Plan,
    api: Api,
    *,
    parallelism: int = 4,
    stop: Stop | None = None,
    permit: Callable[[], Awaitable[str | None]] | None = None,
) -> Outcome:
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
            permit=permit,
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
    api = Api(live(params={"a": 1, "gone": 1, "theirs": 1}))

    def move(api: Api) -> None:
        api.projects["p"] = live(params={"a": 1, "gone": 1, "theirs": 2}, params_version=4)

    outcome = one(api, between=move, mask=Mask(ignore=(Ignore(parse_pattern("params.theirs")),)))
    assert outcome.status is Status.DONE
    assert dict(api.sent[0].body) == {"a": 1, "theirs": 2, "patch": False}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            live(),
            live(params={"a": 7}, params_version=4),
            "changed params from version 3 to version 4 at 2026-11-24 00:00:00 UTC",
        ),
        (
            live(),
            live(params={"a": 7}, params_version=4, params_at=None),
            "another writer changed params from version 3 to version 4",
        ),
        (live(), live(params={"a": 7}), "remaining changes are not the ones in the plan"),
        (live(), None, "no longer exists"),
        (
            None,
            live(params={"a": 7}, created_at="2026-11-25T10:02:11Z"),
            "created on Scale at 2026-11-25 10:02:11 UTC, after the plan was made",
        ),
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
    assert "nothing was written; Scale has params version 3" in outcome.reason


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
    assert "create landed; Scale has params version 0 and no ontology" in outcome.reason


def test_an_unclear_write_that_landed_is_done() -> None:
    api = Api(live())
    api.later[CallKind.SET_PARAMS] = lambda api: UNCLEAR
    outcome = one(api)
    assert outcome.status is Status.DONE
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.LANDED)]
    assert len(api.sent) == 1


def failed(status: int, retry_after: float | None = None) -> UnavailableError:
    """A failure of the API."""
    return UnavailableError("failed", status=status, may_have_landed=True, retry_after=retry_after)


def too_many(retry_after: float | None = None) -> UnavailableError:
    return UnavailableError("too many", status=429, worth_repeating=True, retry_after=retry_after)


GARBAGE = UnreadableAnswerError("no JSON", status=200, may_have_landed=True)
NO_CONNECTION = UnavailableError("no connection", worth_repeating=True)


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        *((failed(status), FAILURE_SECONDS) for status in (408, 500, 502, 503, 504)),
        (GARBAGE, FAILURE_SECONDS),
        (failed(503, 3.0), FAILURE_SECONDS),
        (failed(503, 60.0), 60.0),
        (UNCLEAR, SILENCE_SECONDS),
        (too_many(), LAG_SECONDS),
        (too_many(2.0), LAG_SECONDS),
        (too_many(60.0), 60.0),
        (NO_CONNECTION, 0.0),
    ],
)
def test_it_is_sent_again_only_once_the_history_shows_that_it_did_not_land(answer: ScaleError, seconds: float) -> None:
    """The last read comes at the end of the time to wait, and right before the second sending."""
    events: list[tuple[str, float]] = []

    class Watched(Api):
        async def get_project(self, name: str) -> LiveProject | None:
            events.append(("read", self.clock.time))
            return await super().get_project(name)

        async def send(self, call: Call) -> None:
            events.append(("send", self.clock.time))
            await super().send(call)

    api = Watched(live())
    api.faults[CallKind.SET_PARAMS] = [answer]
    outcome = one(api)
    assert (outcome.status, outcome.params_version, codes(outcome)) == (Status.DONE, 4, [])
    first, second = (at for at, (what, _) in enumerate(events) if what == "send")
    assert events[second - 1][0] == "read"
    assert events[second - 1][1] >= events[first][1] + seconds - 0.001
    assert events[second][1] == events[second - 1][1]
    assert events[second][1] <= events[first][1] + seconds + 1.0


@pytest.mark.parametrize(
    "answer", [*(failed(status) for status in (408, 500, 502, 503, 504)), failed(503, 1.0), GARBAGE, UNCLEAR]
)
@pytest.mark.parametrize("lag", [0.5, 2.0, 5.0])
@pytest.mark.parametrize("late", [0.0, 2.0, 5.0])
def test_reads_that_lag_and_a_write_that_lands_late_make_one_version(
    answer: ScaleError, lag: float, late: float
) -> None:
    api = Lagging(live(), lag=lag)
    api.faults[CallKind.SET_PARAMS] = [answer]
    api.late = [late]
    outcome = one(api)
    assert (outcome.status, outcome.params_version, codes(outcome)) == (Status.DONE, 4, [])
    assert len(api.sent) == 1
    assert api.latest == 4


@pytest.mark.parametrize("answer", [too_many(), too_many(1.0)])
def test_a_429_that_landed_makes_one_version(answer: ScaleError) -> None:
    api = Lagging(live(), lag=4.9)
    api.faults[CallKind.SET_PARAMS] = [answer]
    api.late = [0.0]
    outcome = one(api)
    assert (outcome.status, len(api.sent), api.latest) == (Status.DONE, 1, 4)


def test_a_write_that_lands_later_than_it_is_waited_for_is_reported() -> None:
    """Both versions have what was sent, so both are ours, and neither is a lost race."""
    api = Lagging(live(), lag=0.0)
    api.faults[CallKind.SET_PARAMS] = [failed(500)]
    api.late = [10.5]
    api.slow = 3.0
    outcome = one(api)
    assert (outcome.status, codes(outcome), outcome.params_version) == (Status.DONE, ["sent-twice"], 5)
    assert outcome.diagnostics[0].severity is Severity.WARNING
    assert "2 times" in outcome.diagnostics[0].summary
    assert "version 5" in outcome.diagnostics[0].detail


def test_a_write_that_lands_once_more_during_the_next_call_is_reported() -> None:
    api = Lagging(live(ontology=["Y"]), lag=0.0)
    api.faults[CallKind.SET_PARAMS] = [failed(500)]
    api.late = [12.0]
    api.slow = 3.0
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.DONE, ["sent-twice"])
    assert (outcome.params_version, outcome.ontology_version) == (5, 1)


def test_a_third_version_is_not_ours() -> None:
    """One is at most ours for each sending."""
    api = Api(live(ontology=["Y"]))

    def twin(api: Api) -> None:
        edited(api, {"a": 1})

    api.later[CallKind.SET_ONTOLOGY] = twin
    outcome = one(api)
    assert (outcome.status, codes(outcome), outcome.params_version) == (Status.DONE, [], 5)


def test_an_answered_write_is_read_until_the_history_shows_it() -> None:
    api = Lagging(live(ontology=["Y"]), lag=4.5)
    outcome = one(api)
    assert (outcome.status, codes(outcome), len(api.sent)) == (Status.DONE, [], 2)


def lag_after_two_writes(api: Api) -> None:
    assert isinstance(api, Lagging)
    if len(api.sent) == 2:
        api.lag = 100.0


def test_a_read_that_shows_less_than_one_before_is_not_believed() -> None:
    """One of two copies lags: what the other showed stays true."""
    api = Lagging(live(ontology=["Y"]), lag=0.0)
    api.faults[CallKind.SET_ONTOLOGY] = ScaleError("no", status=400)

    api.before_read = lag_after_two_writes
    outcome = one(api)
    assert (outcome.status, outcome.params_version) == (Status.FAILED, 4)
    assert "setParams landed; Scale has params version 4" in outcome.reason


def test_a_create_that_a_lagging_read_does_not_show_is_not_gone() -> None:
    api = Lagging(lag=0.0)
    api.faults[CallKind.SET_ONTOLOGY] = ScaleError("no", status=400)

    api.before_read = lag_after_two_writes
    outcome = one(api)
    assert (outcome.status, outcome.params_version) == (Status.FAILED, 0)
    assert "create landed" in outcome.reason


def test_someone_elses_version_alone_is_not_taken_for_ours_while_reads_may_lag() -> None:
    """The API took the write, and a lagging read shows only what someone else wrote right before it."""
    api = Lagging(live(), lag=0.0)

    def theirs(call: Call) -> None:
        api.lag = 2.0
        api.commit(Call(CallKind.SET_PARAMS, "p", {"b": 7, "patch": True}))
        api.clock.time += 1.5

    api.before_send = theirs
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["lost-race"])
    assert "version 4" in outcome.diagnostics[0].detail
    assert "This run added version 5" in outcome.diagnostics[0].detail


def test_it_is_sent_five_times_at_most() -> None:
    api = Api()
    api.faults[CallKind.CREATE] = failed(500)
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.FAILED, MOST_SENDS)
    assert results(outcome)[0] == (CallKind.CREATE, CallResult.REFUSED)
    assert outcome.reason == "nothing was written; the project does not exist on Scale"
    assert (
        "The request was sent 5 times. The project's history shows that the write did not land."
        in outcome.diagnostics[0].detail
    )


def test_nor_is_it_after_90_seconds() -> None:
    """Silence is watched for 30 seconds each time."""
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = UNCLEAR
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.FAILED, 3)
    assert 1000 + 3 * SILENCE_SECONDS <= api.clock.time < 1000 + 90 + SILENCE_SECONDS


def test_nor_if_reads_took_it_past_90_seconds() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = failed(500)

    def slowly(api: Api) -> None:
        api.clock.time += 29.0 if api.reads > 1 else 0.0

    api.before_read = slowly
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.FAILED, 2)
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.REFUSED)]


def test_what_the_server_asked_to_wait_is_not_counted() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [failed(503, 100.0), failed(503, 100.0), too_many(200.0), None]
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.DONE, 4)
    assert api.clock.time >= 1400


def test_nor_is_a_read_that_waited_for_longer_than_a_read_may_take() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [failed(500), None]

    def slowly(api: Api) -> None:
        api.clock.time += 200.0 if api.reads == 2 else 0.0

    api.before_read = slowly
    assert one(api).status is Status.DONE


def test_waits_that_the_server_asks_for_end() -> None:
    for fault in (failed(503, 250.0), too_many(250.0)):
        api = Api(live())
        api.faults[CallKind.SET_PARAMS] = fault
        outcome = one(api)
        assert (outcome.status, len(api.sent)) == (Status.FAILED, 3)
        assert api.clock.time < 1000 + 600


def test_too_many_requests_without_a_time_end_after_five_minutes() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = too_many()
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert len(api.sent) > MOST_SENDS
    assert 1000 + 240 < api.clock.time <= 1000 + 310


def test_too_many_requests_are_not_counted() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [*[too_many()] * 4, *[failed(500)] * 4, too_many(1.0), None]
    outcome = one(api)
    assert (outcome.status, len(api.sent)) == (Status.DONE, 10)


@pytest.mark.parametrize(
    ("answer", "status", "result"),
    [
        (too_many(301.0), Status.FAILED, CallResult.REFUSED),
        (failed(503, 301.0), Status.UNCLEAR, CallResult.UNCLEAR),
    ],
)
def test_a_wait_that_is_too_long_is_an_error_at_once(answer: ScaleError, status: Status, result: CallResult) -> None:
    """One look, and no more: after a failure it is not known then whether the write landed."""
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = answer
    outcome = one(api)
    assert (outcome.status, results(outcome)) == (status, [(CallKind.SET_PARAMS, result)])
    assert (api.clock.slept, len(api.sent)) == ([], 1)


def test_a_write_that_is_held_back_is_read_for_again_and_not_counted() -> None:
    api = Api(live())
    held = UnavailableError("its turn", worth_repeating=True, held_back=True)
    api.faults[CallKind.SET_PARAMS] = [*[held] * 7, failed(500), held, None]
    outcome = one(api)
    assert (outcome.status, len(api.sent), outcome.params_version) == (Status.DONE, 10, 4)


def test_a_failed_read_among_several_does_not_matter() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = [failed(500), None]

    def once(api: Api) -> None:
        if api.reads == 2:
            raise UnavailableError("no answer to a read")

    api.before_read = once
    assert one(api).status is Status.DONE


def test_without_a_read_nothing_is_sent_again() -> None:
    """Neither where it may have landed, nor where it surely did not."""
    for fault, status, result in (
        (failed(500), Status.UNCLEAR, CallResult.UNCLEAR),
        (too_many(), Status.UNCLEAR, CallResult.UNCLEAR),
        (NO_CONNECTION, Status.FAILED, CallResult.REFUSED),
    ):
        api = Api(live())
        api.unreadable_from = 2
        api.faults[CallKind.SET_PARAMS] = [fault]
        outcome = one(api)
        assert (outcome.status, results(outcome)) == (status, [(CallKind.SET_PARAMS, result)])
        assert len(api.sent) == 1


@pytest.mark.parametrize("in_doubt", [False, True])
def test_a_refusal_of_a_write_that_the_history_shows_is_not_believed(in_doubt: bool) -> None:
    """Such as a redirect by something on the way, after the API had done it."""
    api = Api(live())
    api.later[CallKind.SET_PARAMS] = lambda api: RejectedError("refused", status=302, in_doubt=in_doubt)
    outcome = one(api)
    assert (outcome.status, results(outcome)) == (Status.DONE, [(CallKind.SET_PARAMS, CallResult.LANDED)])
    assert len(api.sent) == 1


def test_a_refusal_in_another_form_is_looked_for_as_long_as_a_failure() -> None:
    api = Api(live())
    api.faults[CallKind.SET_PARAMS] = RejectedError("refused", status=413, in_doubt=True)
    outcome = one(api)
    assert (outcome.status, results(outcome)) == (Status.FAILED, [(CallKind.SET_PARAMS, CallResult.REFUSED)])
    assert (len(api.sent), api.clock.time >= 10) == (1, True)
    api = Api(live())
    api.unreadable_from = 2
    api.faults[CallKind.SET_PARAMS] = RejectedError("refused", status=413, in_doubt=True)
    assert one(api).status is Status.UNCLEAR


def test_someone_elses_version_is_fenced_before_it_is_sent_again() -> None:
    """It changes nothing of what was approved, and what is sent next keeps it: no lost race."""
    api = Api(live(params={"a": 0, "theirs": 1, "gone": 1}))

    def refuse(api: Api) -> None:
        if len(api.sent) == 1 and api.reads == 2:
            edited(api, {"a": 0, "theirs": 2, "gone": 1})

    api.before_read = refuse
    api.faults[CallKind.SET_PARAMS] = [failed(500), None]
    outcome = one(api, mask=Mask(ignore=(Ignore(parse_pattern("params.theirs")),)))
    assert (outcome.status, codes(outcome)) == (Status.DONE, [])
    assert [dict(call.body) for call in api.sent] == [
        {"a": 1, "theirs": 1, "patch": False},
        {"a": 1, "theirs": 2, "patch": False},
    ]


def test_what_someone_else_wrote_alike_is_not_sent_again() -> None:
    """Not exactly what was sent, but as the manifest says."""
    for choices, status, sent in ((["X"], Status.UNCHANGED, 1), (["Y"], Status.DONE, 2)):
        api = Api(live(params={"a": 0, "theirs": 1}, ontology=choices))

        def refuse(api: Api) -> None:
            if len(api.sent) == 1 and api.reads == 2:
                edited(api, {"a": 1, "theirs": 2})

        api.before_read = refuse
        api.faults[CallKind.SET_PARAMS] = [failed(500), None]
        outcome = one(api, mask=Mask(params=ParamsMode.MERGE))
        assert (outcome.status, codes(outcome), len(api.sent)) == (status, [], sent)


def test_a_version_that_has_only_some_of_what_was_sent_is_not_written_over() -> None:
    """It may be ours, as Scale changed it."""
    before = live(params={"a": 0})

    class Pruning(Api):
        async def send(self, call: Call) -> None:
            self.sent.append(call)
            self.projects["p"] = carry_out(Call(CallKind.SET_PARAMS, "p", {"a": 1, "patch": True}), before)
            raise failed(500)

    pruning = Pruning(before)
    outcome = one(pruning, params={"a": 1, "empty": []})
    assert (outcome.status, codes(outcome), len(pruning.sent)) == (Status.UNCLEAR, ["someone-else"], 1)
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.UNCLEAR)]


def test_a_refusal_after_an_earlier_sending_is_looked_at() -> None:
    """The earlier one landed after it had been given up: the refused repeat is then not a failure."""
    api = Lagging(live(), lag=0.0)
    api.faults[CallKind.SET_PARAMS] = [failed(500), ScaleError("no", status=400)]
    api.late = [10.2]
    api.slow = 1.0
    outcome = one(api)
    assert (outcome.status, results(outcome)) == (Status.DONE, [(CallKind.SET_PARAMS, CallResult.LANDED)])


def test_a_project_that_vanishes_while_it_is_watched_is_left() -> None:
    api = Api(live())

    def rename(api: Api) -> None:
        if api.reads == 2:
            api.projects["p"] = None

    api.before_read = rename
    api.faults[CallKind.SET_PARAMS] = [failed(500)]
    outcome = one(api)
    assert (outcome.status, codes(outcome), len(api.sent)) == (Status.FAILED, ["unavailable"], 1)
    assert "no longer exists" in outcome.reason


def test_a_project_that_vanishes_between_its_calls_is_left() -> None:
    api = Api(live(ontology=["Y"]))

    def rename(api: Api) -> None:
        if len(api.sent) == 2:
            api.projects["p"] = None

    api.before_read = rename
    api.faults[CallKind.SET_ONTOLOGY] = [failed(500)]
    outcome = one(api)
    assert (outcome.status, codes(outcome), len(api.sent)) == (Status.FAILED, ["unavailable"], 2)
    assert results(outcome) == [(CallKind.SET_PARAMS, CallResult.LANDED), (CallKind.SET_ONTOLOGY, CallResult.REFUSED)]


def test_parameters_that_come_after_a_create_are_never_the_creates() -> None:
    api = Api()

    def theirs(api: Api) -> None:
        edited(api, {"theirs": 1})

    api.later[CallKind.SET_ONTOLOGY] = theirs
    api.faults[CallKind.CREATE] = [failed(500), None]
    outcome = one(api, params=None)
    assert (outcome.status, codes(outcome), outcome.params_version) == (Status.DONE, [], 0)


def test_a_project_that_is_archived_while_it_is_watched_is_left() -> None:
    api = Api(live())

    def archive(api: Api) -> None:
        if api.reads == 2:
            api.projects["p"] = live(archived=True)

    api.before_read = archive
    api.faults[CallKind.SET_PARAMS] = [failed(500)]
    outcome = one(api)
    assert (outcome.status, codes(outcome), len(api.sent)) == (Status.FAILED, ["unavailable", "archived"], 1)


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
    """No answer, and the version that appeared is not what was sent: nothing is sent again."""
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
        assert "version 4 at 2026-11-24 00:00:00 UTC" in outcome.diagnostics[0].detail


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
    assert f"version {4 if first == 'theirs' else 5}" in outcome.diagnostics[0].detail
    assert len(api.sent) == 1


def test_an_ontology_lost_in_a_race() -> None:
    api = Api(live(params={"a": 1}, ontology=["Y"]))

    def theirs(api: Api) -> None:
        api.projects["p"] = carry_out(Call(CallKind.SET_ONTOLOGY, "p", {"ontology": ["Z"]}), api.projects["p"])

    api.later[CallKind.SET_ONTOLOGY] = theirs
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["lost-race"])
    assert "version 2" in outcome.diagnostics[0].detail


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
    assert "the ontology from version 0 to version 1" in outcome.reason


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
    assert "limit of 20 minutes" in outcome.reason
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
            now,
            ontology=live_ontology([1]),
            ontology_history=(Version(0, None, ontology(["Y"])), Version(1, None, None)),
        )

    api.later[CallKind.SET_ONTOLOGY] = spoil
    outcome = one(api)
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["ontology-unreadable"])


@pytest.mark.parametrize(
    ("wanted", "kept", "words"),
    [("x\n", "x", "whitespace"), ("x", "y", "the values that Scale stored"), ("x", 1, "the values that Scale stored")],
)
def test_what_is_not_kept_is_no_success(wanted: str, kept: object, words: str) -> None:
    api = Api(live())

    def keep(api: Api) -> None:
        api.projects["p"] = live(params={"a": kept}, params_version=4)

    api.later[CallKind.SET_PARAMS] = keep
    outcome = one(api, params={"a": wanted})
    assert (outcome.status, codes(outcome)) == (Status.FAILED, ["not-kept"])
    assert words in outcome.diagnostics[0].detail
    assert "params.a" in outcome.diagnostics[0].detail


def test_a_long_list_of_what_is_not_kept_is_cut() -> None:
    api = Api(live(params={}))
    api.later[CallKind.SET_PARAMS] = lambda api: api.projects.update(p=live(params={}, params_version=4))
    outcome = one(api, params={f"k{number:02}": number for number in range(14)})
    assert "params.k09, and 4 more. " in outcome.diagnostics[0].detail


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


def asking(*answers: str | None) -> tuple[Callable[[], Awaitable[str | None]], list[int]]:
    """A permission that is answered in turn, the last answer again and again; and how many writes each saw sent."""
    asked: list[int] = []

    async def permit() -> str | None:
        asked.append(len(asked))
        return answers[min(len(asked), len(answers)) - 1]

    return permit, asked


def test_permission_is_asked_right_before_each_sending() -> None:
    api = Api(live(ontology=["Y"]))
    order: list[str] = []

    async def permit() -> str | None:
        order.append("permit")
        return None

    def read(api: Api) -> None:
        order.append("read")

    class Ordered(Api):
        async def send(self, call: Call) -> None:
            order.append("send")
            await super().send(call)

    api = Ordered(live(ontology=["Y"]))
    api.before_read = read
    api.faults[CallKind.SET_PARAMS] = [failed(500)]
    [outcome] = applied(plan_of(api, desired("p")), api, permit=permit).projects
    assert outcome.status is Status.DONE
    assert [order[at - 1] for at, what in enumerate(order) if what == "send"] == ["permit"] * 3
    assert [order[at - 2] for at, what in enumerate(order) if what == "send"] == ["read"] * 3


def test_without_permission_nothing_is_written() -> None:
    api = Api(live("p"), live("q"))
    permit, asked = asking("the lease could not be renewed")
    outcome = applied(plan_of(api, desired("p"), desired("q")), api, permit=permit)
    assert [(project.status, project.reason) for project in outcome.projects] == [
        (Status.NOT_STARTED, "the lease could not be renewed")
    ] * 2
    assert (api.sent, len(asked)) == ([], 2)


@pytest.mark.parametrize("fault", [None, failed(500)])
def test_a_permission_that_ends_leaves_the_rest(fault: ScaleError | None) -> None:
    api = Api(live(ontology=["Y"]))
    permit, _ = asking(None, "the lease could not be renewed")
    if fault:
        api.faults[CallKind.SET_PARAMS] = [fault]
    [outcome] = applied(plan_of(api, desired("p")), api, permit=permit).projects
    assert outcome.status is Status.FAILED
    assert outcome.reason == "the lease could not be renewed, so the project was not finished"
    assert results(outcome) == [
        (CallKind.SET_PARAMS, CallResult.REFUSED if fault else CallResult.LANDED),
        (CallKind.SET_ONTOLOGY, CallResult.NOT_SENT),
    ]
    assert codes(outcome) == (["unavailable"] if fault else [])
    assert len(api.sent) == 1


def test_permission_is_not_asked_for_once_a_signal_came() -> None:
    api = Api(live(ontology=["Y"]))
    stop = Stop()
    permit, asked = asking(None)
    api.later[CallKind.SET_PARAMS] = lambda api: stop.request(signal.SIGTERM)
    [outcome] = applied(plan_of(api, desired("p")), api, stop=stop, permit=permit).projects
    assert outcome.reason == "the run was interrupted, so the project was not finished"
    assert len(asked) == 1


def test_a_signal_that_comes_while_permission_is_asked_for_counts() -> None:
    api = Api(live())
    stop = Stop()

    async def permit() -> str | None:
        stop.request(signal.SIGINT)
        return None

    [outcome] = applied(plan_of(api, desired("p")), api, stop=stop, permit=permit).projects
    assert (outcome.status, outcome.reason, api.sent) == (Status.NOT_STARTED, "the run was interrupted", [])


@pytest.mark.parametrize(
    ("answer", "seconds"), [(failed(500), FAILURE_SECONDS), (failed(503, 290.0), FAILURE_SECONDS), (too_many(290.0), 5)]
)
def test_a_signal_ends_the_wait_for_another_sending_and_not_the_look(answer: ScaleError, seconds: float) -> None:
    api = Api(live())
    stop = Stop()

    class Signaled(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            if self.time > 1001:
                stop.request(signal.SIGTERM)

    api.clock = Signaled()
    api.faults[CallKind.SET_PARAMS] = [answer, None]
    [outcome] = applied(plan_of(api, desired("p")), api, stop=stop).projects
    assert (outcome.status, results(outcome)) == (Status.FAILED, [(CallKind.SET_PARAMS, CallResult.REFUSED)])
    assert 1000 + seconds <= api.clock.time <= 1000 + seconds + 1
    assert (len(api.sent), api.reads > 1) == (1, True)


def test_a_connection_that_can_never_be_made_counts_as_no_answer() -> None:
    api = Api(*(live(f"p{at:04}") for at in range(20)))
    api.faults[CallKind.SET_PARAMS] = UnavailableError("the certificate is not trusted")
    outcome = applied(many(api), api, parallelism=1)
    assert sum(project.status is Status.FAILED for project in outcome.projects) == 5
    assert len(api.sent) == 5


def many(api: Api, number: int = 20) -> Plan:
    return plan_of(api, *(desired(f"p{at:04}", ontology=None) for at in range(number)))


def test_after_five_projects_in_a_row_that_gave_up_no_further_one_is_started() -> None:
    api = Api(*(live(f"p{at:04}") for at in range(20)))
    api.faults[CallKind.SET_PARAMS] = failed(500)
    outcome = applied(many(api), api, parallelism=1)
    statuses = [project.status for project in outcome.projects]
    assert statuses == [Status.FAILED] * 5 + [Status.NOT_STARTED] * 15
    assert "no usable response for 5 projects in a row" in outcome.projects[-1].reason
    assert outcome.interrupted_by is None


@pytest.mark.parametrize(
    ("answer", "started"),
    [(None, 20), (ScaleError("no", status=400), 20), ("not needed", 6), ("unreadable", 6)],
)
def test_an_answer_that_proves_something_starts_the_count_again(answer: object, started: int) -> None:
    """A project that wrote nothing changes nothing in the count."""

    class Sick(Api):
        async def get_project(self, name: str) -> LiveProject | None:
            if name == "p0004" and answer == "unreadable":
                raise UnreadableAnswerError("no JSON")
            if name == "p0004" and answer == "not needed":
                return live(name, params={"a": 1})
            return await super().get_project(name)

        async def send(self, call: Call) -> None:
            self.sent.append(call)
            if call.project not in ("p0004", "p0009", "p0014", "p0019"):
                raise failed(500)
            if isinstance(answer, ScaleError):
                raise answer
            self.projects[call.project] = carry_out(call, self.projects[call.project])

    api = Sick(*(live(f"p{at:04}") for at in range(20)))
    outcome = applied(many(api), api, parallelism=1)
    assert sum(project.status is not Status.NOT_STARTED for project in outcome.projects) == started


@pytest.mark.parametrize("reads_work", [True, False])
def test_a_thousand_projects_and_an_api_that_is_down(reads_work: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Through the real client, on a virtual clock: 8 at once, so at most 5 and those that were under way with it."""
    loop = VirtualLoop()
    clock = VirtualClock(loop)
    plan = many(Api(*(live(f"p{at:04}") for at in range(1000))), 1000)
    asked: Counter[str] = Counter()

    def answer(request: httpx.Request) -> httpx.Response:
        asked[f"{request.method} {request.url.path}"] += 1
        if request.method == "POST" or not reads_work:
            return httpx.Response(503)
        name = request.url.path.rpartition("/")[2]
        history = [{"version": number, "old": number} for number in range(3)] + [{"version": 3, "a": 0}]
        return httpx.Response(
            200,
            json={
                "name": name,
                "type": "imageannotation",
                "param_history": history,
                "ontologyHistory": [{"version": 0, "ontology": ["X"]}],
            },
        )

    async def steps() -> Outcome:
        async with ScaleClient(
            endpoint="http://down/v1",
            key="k",
            key_variable=None,
            transport=httpx.MockTransport(answer),
            clock=clock,
            random=Random(1),
        ) as client:
            return await apply_plan(
                plan,
                client,
                parallelism=8,
                emit=lambda event: None,
                stop=Stop(),
                now=clock.now,
                clock=clock,
                random=Random(1),
            )

    outcome = run_on(loop, steps())
    started = sum(project.status is not Status.NOT_STARTED for project in outcome.projects)
    with capsys.disabled():
        sys.stdout.write(f"\nreads work: {reads_work}: {started} of 1,000 started, {loop.time():.0f} s\n")
    assert 5 <= started <= 5 + 7
    assert all(project.status in (Status.FAILED, Status.NOT_STARTED) for project in outcome.projects)
    assert loop.time() < (120 if reads_work else 60)
    assert sum(count for what, count in asked.items() if what.startswith("POST")) <= 5 * started


def test_a_plan_that_was_declined() -> None:
    api = Api(live("q", params={"a": 1}))
    outcome = not_applied(plan_of(api, desired("p"), desired("q")), "declined", NOW)
    assert [project.status for project in outcome.projects] == [Status.NOT_STARTED, Status.UNCHANGED]
    assert outcome.summary.not_started == 1


def test_somebody_writes_after_us_and_before_the_end() -> None:
    """Neither a value that Scale did not keep nor a success: the run reports whose the last version is."""
    api = Api(live(ontology=["Y"]))

    def theirs(api: Api) -> None:
        edited(api, {"a": 7})

    api.later[CallKind.SET_ONTOLOGY] = theirs
    outcome = one(api)
    assert (outcome.status, codes(outcome), outcome.not_kept) == (Status.FAILED, ["lost-race"], ())
    assert "added params version 5" in outcome.diagnostics[0].detail
    assert "setParams and setOntology landed" in outcome.reason


def test_what_this_run_wrote_is_not_called_somebody_elses() -> None:
    api = Api()

    def theirs(api: Api) -> None:
        api.projects["p"] = carry_out(Call(CallKind.SET_ONTOLOGY, "p", {"ontology": ["Z"]}), api.projects["p"])

    api.later[CallKind.CREATE] = theirs
    outcome = one(api)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "another writer changed the ontology from no version to version 0"


def versions(*contents: str, numbers: tuple[int, ...] = ()) -> LiveProject:
    """A project whose history of ontologies shows these, one choice each; without numbers they are positions."""
    history = tuple(
        Version(number, None, ontology([content]))
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
    assert "".join(version.content.choices[0].choice for version in found) == new


def test_what_an_outcome_would_be_at_any_moment() -> None:
    """Nothing has begun while the project is read; a call that was sent is unclear until a read shows it."""
    stop = Stop()
    seen: list[tuple[Status, list[str]]] = []

    def look(*_: object) -> None:
        assert stop.so_far is not None
        outcome = stop.so_far()
        assert outcome.finished_at is None
        [project] = outcome.projects
        seen.append((project.status, [call.result.value for call in project.calls]))

    class Seen(Api):
        async def send(self, call: Call) -> None:
            look()
            await super().send(call)
            look()

    api = Seen(live())
    api.before_read = look
    [done] = applied(plan_of(api, desired(ontology=["X", "Y"])), api, stop=stop).projects
    look()
    assert seen == [
        (Status.NOT_STARTED, []),
        *[(Status.UNCLEAR, ["unclear", "not-sent"])] * 3,
        *[(Status.UNCLEAR, ["landed", "unclear"])] * 3,
        (Status.DONE, ["landed", "landed"]),
    ]
    assert done.status is Status.DONE


def test_between_two_calls_a_project_is_half_done() -> None:
    stop = Stop()
    seen: list[Status] = []

    async def permit() -> None:
        assert stop.so_far is not None
        seen.append(stop.so_far().projects[0].status)

    api = Api(live())
    applied(plan_of(api, desired(ontology=["X", "Y"])), api, stop=stop, permit=permit)
    assert seen == [Status.NOT_STARTED, Status.FAILED]
