"""What an apply writes into the record, beside others that do the same, on a clock of its own."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from reconciler.errors import RecordError
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import CallKind, Commit, Plan, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Source, Version
from reconciler.model.record import EMPTY_ACCOUNT, Intended, Record, RecordedProject, Run, Section
from reconciler.operations.recording import Recorder
from reconciler.planning.live import Live
from reconciler.planning.planner import Declared, Terms, make_plan
from reconciler.record.stores import RecordStore, Seen, open_record
from reconciler.settings import Target

END = "http://127.0.0.1:9/v1"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = (END, "k")
COMMIT = "c0ffee" * 6 + "abcd"


def stamp(seconds: float = 0.0) -> str:
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class FakeClock:
    """Sleeping is over at once. `when` are called as soon as so many seconds have passed."""

    seconds: float = 0.0
    when: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def pass_to(self, seconds: float) -> None:
        self.seconds = seconds
        due = [call for at, call in self.when if at <= seconds]
        self.when = [one for one in self.when if one[0] > seconds]
        for call in due:
            call()

    async def sleep(self, seconds: float) -> None:
        self.pass_to(self.seconds + seconds)
        await asyncio.sleep(0)


async def inline(call: Callable[..., Any], *arguments: Any) -> Any:
    return call(*arguments)


@dataclass
class Place:
    """Where a record is kept, and the runs that use it."""

    root: Path
    clock: FakeClock
    said: list[str] = field(default_factory=list)

    def store(self) -> RecordStore:
        return open_record(self.root, "production", "local")

    def recorder(self, store: RecordStore | None = None) -> Recorder:
        target = Target("production", END)
        return Recorder(
            self.root,
            target,
            store or self.store(),
            waiting=self.said.append,
            clock=self.clock,
            random=Random(1),
            aside=inline,
        )

    def write(self, record: Record) -> None:
        store = self.store()
        assert store.swap(store.read(), record, "another run")

    def section(self, account: str | None = "k") -> Section:
        return self.store().read().record.sections[END, account]

    def lay_intent(self, until: str, *, clone: str | None = None, name: str = "p") -> Run:
        """Another run, with its intent."""
        run = Run("other", "elsewhere", clone, stamp(-10), until)
        project = RecordedProject("p.yaml", recorded_at=stamp(), intents=(Intended("other"),), written=False)
        self.write(Record({KEY: Section({name: project}, {"other": run})}))
        return run

    def end_other(self) -> None:
        """The other run ends without having entered anything."""
        self.write(Record({KEY: Section({"q": entry()})}))


@pytest.fixture(params=["git", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    root = tmp_path / "repository"
    root.mkdir()
    if request.param == "git":
        subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return Place(root, FakeClock())


def entry(params: int = 0) -> RecordedProject:
    return RecordedProject("q.yaml", params, None, None, stamp())


def live(*versions: dict[str, Any], created_at: str = "2026-01-01") -> LiveProject:
    history = tuple(Version(number, None, content) for number, content in enumerate(versions))
    return LiveProject(
        "p", "t", params=versions[-1], params_version=len(versions) - 1, params_history=history, created_at=created_at
    )


def plan(
    found: LiveProject | None = None,
    *,
    names: tuple[str, ...] = ("p",),
    account: str | None = "k",
    commit: str = COMMIT,
) -> Plan:
    """A plan that makes `a` 2 in each of the projects."""
    wanted = [DesiredProject(name, "t", Source(f"/{name}.yaml", 1), params={"a": 2}) for name in names]
    declared = Declared(wanted, {one.name: one.source.file for one in wanted}, "projects", len(names), Commit(commit))
    terms = Terms(TargetInfo("production", END, account), START)
    made = make_plan(declared, Live({"p": found}, whole=True), {}, terms)
    changes = tuple(replace(change, commit=commit) for change in made.changes)
    return replace(made, changes=changes, section=(END, account))


def outcome(made: Plan, *statuses: Status, **more: Any) -> Outcome:
    """The outcome of the plan's projects."""
    results = {Status.DONE: CallResult.LANDED, Status.FAILED: CallResult.REFUSED}
    projects = tuple(
        ProjectOutcome(
            change.name,
            change.action,
            status,
            params_version=1,
            calls=(CallOutcome(CallKind.SET_PARAMS, results[status]),) if status in results else (),
            live=live({"a": 1}, {"a": 2}) if status is Status.DONE else None,
            **more,
        )
        for change, status in zip(made.changes, statuses, strict=True)
    )
    return Outcome(made.target, made.commit, made.hash, START, START, projects)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


# ---- The life of an intent


def test_an_intent_is_there_before_the_first_write_and_gone_after_the_last(place: Place) -> None:
    async def test() -> None:
        recorder, made = place.recorder(), plan(live({"a": 1}))
        assert await recorder.announce(made)
        section = place.section()
        [intent] = section.projects["p"].intents
        assert (intent.params_version, section.projects["p"].written) == (0, False)
        running = section.runs[intent.run]
        assert (running.started_at, running.until) == (stamp(), stamp(120))
        assert place.store().liveness.is_alive(running) is True
        await recorder.conclude(made, outcome(made, Status.DONE))
        project = replace(entry(1), file="../../../../p.yaml", commit=COMMIT, created_at="2026-01-01")
        assert replace(place.section().projects["p"], file=project.file) == project
        assert place.section() == Section(place.section().projects, {}, COMMIT, stamp())
        assert place.store().liveness.is_alive(running) is False

    run(test)


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNCLEAR, Status.NOT_STARTED, Status.STALE])
def test_an_unfinished_project_keeps_its_entry(place: Place, status: Status) -> None:
    async def test() -> None:
        before = replace(entry(), intents=(Intended("dead", 0, None, "h"),))
        place.write(Record({KEY: Section({"p": before}, {}, "old", stamp(-60))}))
        recorder, made = place.recorder(), plan(live({"a": 1}))
        assert await recorder.announce(made)
        await recorder.conclude(made, outcome(made, status))
        section = place.section()
        assert replace(section.projects["p"], intents=before.intents) == before
        assert len(section.projects["p"].intents) == (2 if status is Status.FAILED else 1)
        assert (section.runs, section.commit, section.completed_at) == ({}, "old", stamp(-60))

    run(test)


def test_an_apply_without_writes_records_only_what_is_new(place: Place) -> None:
    async def applied(commit: str) -> tuple[RecordedProject, str | None]:
        made = plan(live({"a": 2}), commit=commit)
        recorder = place.recorder()
        assert await recorder.announce(made)
        result = replace(
            outcome(made, Status.UNCHANGED),
            projects=(ProjectOutcome("p", made.changes[0].action, Status.UNCHANGED, params_version=0),),
        )
        await recorder.conclude(made, result)
        return place.section().projects["p"], place.section().commit

    async def test() -> None:
        first, commit = await applied("one")
        assert (first.params_version, first.commit, first.created_at, commit) == (0, "one", "2026-01-01", "one")
        place.clock.pass_to(60)
        seen = place.store().read()
        await applied("one")
        assert place.store().read() == seen, "nothing is new"
        assert await applied("two") == (first, "two"), "a newer commit alone changes no entry"

    run(test)


def test_a_commit_that_was_not_completed_is_not_noted(place: Place) -> None:
    async def test() -> None:
        made = plan(live({"a": 1}))
        for result, given in (
            (outcome(made, Status.FAILED), made),
            (replace(outcome(made, Status.DONE), interrupted_by=15), made),
            (outcome(made, Status.DONE), replace(made, commit=Commit(COMMIT, dirty=True))),
        ):
            recorder = place.recorder()
            assert await recorder.announce(given)
            await recorder.conclude(given, result)
            assert place.section().commit is None

    run(test)


# ---- Others


def test_a_run_waits_for_another_one_that_writes_the_same_project(place: Place) -> None:
    async def test() -> None:
        place.lay_intent(stamp(120))
        place.clock.when.append((40, place.end_other))
        assert await place.recorder().announce(plan(live({"a": 1})))
        assert 40 <= place.clock.seconds < 60
        assert len(place.said) == 1
        assert "other on elsewhere" in place.said[0]

    run(test)


def test_after_five_minutes_it_ends_and_names_the_other_run(place: Place) -> None:
    async def test() -> None:
        place.lay_intent(stamp(3600))
        recorder = place.recorder()
        with pytest.raises(RecordError, match="another apply is writing to the same projects") as caught:
            await recorder.announce(plan(live({"a": 1})))
        assert "Run other on elsewhere" in caught.value.detail
        assert "5 minutes and wrote nothing" in caught.value.detail
        assert 300 <= place.clock.seconds < 315
        assert list(place.section().runs) == ["other"]

    run(test)


def test_runs_on_different_projects_do_not_wait_for_each_other(place: Place) -> None:
    async def test() -> None:
        other = place.lay_intent(stamp(120), name="q")
        one, two = place.recorder(), place.recorder()
        assert await one.announce(plan(live({"a": 1})))
        assert place.clock.seconds < 1
        assert not place.said
        assert place.section().runs["other"] == other
        assert len(place.section().runs) == 2
        place.clock.when.append((10, lambda: None))
        with pytest.raises(RecordError, match="another apply is writing to the same projects"):
            await two.announce(plan(live({"a": 1})))

    run(test)


@pytest.mark.parametrize(("until", "waits"), [(-59, 2), (-61, 0), (30, 91), (3700, 0), (10**9, 0)])
def test_a_lease_has_expired_one_minute_after_its_time_and_is_never_long(
    place: Place, until: float, waits: float
) -> None:
    async def test() -> None:
        place.lay_intent(stamp(until))
        assert await place.recorder().announce(plan(live({"a": 1})))
        assert waits - 1 <= place.clock.seconds <= waits + 10
        assert "other" not in place.section().runs
        assert place.section().projects["p"].intents[0].run == "other"

    run(test)


def test_a_renewal_holds_an_intent_for_longer(place: Place) -> None:
    async def test() -> None:
        other = place.lay_intent(stamp(30))
        place.store().renew(replace(other, until=stamp(150)))
        assert await place.recorder().announce(plan(live({"a": 1})))
        assert 210 <= place.clock.seconds <= 225

    run(test)


def test_a_dead_run_of_this_clone_is_not_waited_for(place: Place) -> None:
    async def test() -> None:
        first = place.recorder()
        made = plan(live({"a": 1}))
        assert await first.announce(made)
        [dead] = place.section().runs.values()
        first.store.liveness.release(dead.id)  # as the end of its process would
        assert await place.recorder().announce(made)
        assert place.clock.seconds < 1
        assert dead.id not in place.section().runs
        assert [intent.run for intent in place.section().projects["p"].intents][:1] == [dead.id]

    run(test)


def test_a_signal_ends_the_wait_and_nothing_is_recorded(place: Place) -> None:
    async def test() -> None:
        place.lay_intent(stamp(120))
        before = place.store().read()
        assert not await place.recorder().announce(plan(live({"a": 1})), lambda: place.clock.seconds > 3)
        assert place.clock.seconds < 6
        assert place.store().read() == before

    run(test)


class Overtaken:
    """A store in which another run is always faster, until `times` are over."""

    def __init__(self, place: Place, times: float) -> None:
        self._inner = place.store()
        self._place = place
        self._left = times
        self.liveness = self._inner.liveness

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def swap(self, seen: Seen, record: Record, message: str) -> Seen | None:
        if self._left <= 0:
            return self._inner.swap(seen, record, message)
        self._left -= 1
        self._place.write(Record({KEY: Section({"q": entry(int(1000 - self._left))})}))
        return self._inner.swap(seen, record, message)


def test_who_is_overtaken_lays_its_entries_over_those_of_others(place: Place) -> None:
    async def test() -> None:
        made = plan(live({"a": 1}))
        store: Any = Overtaken(place, 7)
        recorder = place.recorder(store)
        assert await recorder.announce(made)
        assert recorder._lease._renewal is not None
        recorder._lease._renewal.cancel()  # on this clock, its sleep would be everyone's
        store._left = 8
        await recorder.conclude(made, outcome(made, Status.DONE))
        section = place.section()
        assert section.projects["q"].params_version == 1000
        assert section.projects["p"].params_version == 1
        assert section.runs == {}

    run(test)


@pytest.mark.untraced
def test_who_loses_for_a_minute_gives_up_with_nothing_written(place: Place) -> None:
    async def test() -> None:
        made = plan(live({"a": 1}))
        store: Any = Overtaken(place, 10_000)
        with pytest.raises(RecordError, match="could not be written"):
            await place.recorder(store).announce(made)
        assert 60 <= place.clock.seconds < 66
        store._left = 0
        recorder = place.recorder(store)
        assert await recorder.announce(made)
        store._left = 10_000
        begun = place.clock.seconds
        with pytest.raises(RecordError, match="could not be written"):
            await recorder.conclude(made, outcome(made, Status.DONE))
        assert place.clock.seconds - begun >= 60

    run(test)


# ---- Leases


class Renewing:
    """A store whose renewals take `seconds`, and fail with `problem` if there is one."""

    def __init__(self, place: Place) -> None:
        self._inner = place.store()
        self._place = place
        self.liveness = self._inner.liveness
        self.renewals: list[str] = []
        self.seconds = 0.0
        self.problem = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def renew(self, run: Run) -> None:
        self._place.clock.seconds += self.seconds
        if self.problem:
            raise RecordError(self.problem)
        self.renewals.append(run.until)
        self._inner.renew(run)


async def leased(place: Place, test: Callable[[Recorder, Any], Awaitable[None]]) -> None:
    """A run whose background renewals stand still, so that the test decides when there is one."""
    store: Any = Renewing(place)
    recorder = place.recorder(store)
    assert await recorder.announce(plan(live({"a": 1})))
    assert recorder._lease._renewal is not None
    recorder._lease._renewal.cancel()
    await test(recorder, store)


def test_a_write_needs_thirty_seconds_of_the_lease(place: Place) -> None:
    async def test(recorder: Recorder, store: Any) -> None:
        place.clock.pass_to(89)
        assert await recorder.permit() is None
        assert store.renewals == []
        place.clock.pass_to(91)
        assert await recorder.permit() is None
        assert store.renewals == [stamp(91 + 120)]
        assert await recorder.permit() is None
        assert len(store.renewals) == 1

    run(lambda: leased(place, test))


def test_who_cannot_renew_starts_no_write(place: Place) -> None:
    async def test(recorder: Recorder, store: Any) -> None:
        store.problem = "the remote is away"
        place.clock.pass_to(91)
        assert await recorder.permit() == "this run's intent cannot be renewed"
        assert [each.summary for each in recorder.unrenewed] == ["the remote is away"]
        store.problem = ""
        assert await recorder.permit() is None

    run(lambda: leased(place, test))


def test_a_lease_that_has_expired_is_never_renewed(place: Place) -> None:
    async def test(recorder: Recorder, store: Any) -> None:
        place.clock.pass_to(120)
        assert await recorder.permit() == "this run's intent has expired"
        assert store.renewals == []

    run(lambda: leased(place, test))


def test_a_renewal_that_comes_too_late_does_not_count(place: Place) -> None:
    async def test(recorder: Recorder, store: Any) -> None:
        place.clock.pass_to(100)
        store.seconds = 25.0
        said = await recorder.permit()
        assert said == "this run's intent expired before the renewal finished"
        assert await recorder.permit() is not None

    run(lambda: leased(place, test))


def test_a_long_run_renews_by_itself_and_leaves_nothing_behind(place: Place) -> None:
    async def test() -> None:
        store: Any = Renewing(place)
        recorder, made = place.recorder(store), plan(live({"a": 1}))
        assert await recorder.announce(made)
        while place.clock.seconds < 600:
            await asyncio.sleep(0)
        assert len(store.renewals) >= 8
        assert await recorder.permit() is None
        await recorder.conclude(made, outcome(made, Status.DONE))
        assert place.section().runs == {}
        if (place.root / ".git").exists():
            command = ["git", "for-each-ref", "--format=%(refname)"]
            refs = subprocess.run(command, cwd=place.root, check=True, capture_output=True, text=True).stdout
            assert refs == "refs/reconciler/record/production\n"

    run(test)


def test_a_run_that_cannot_renew_stops_trying_when_it_has_expired(place: Place) -> None:
    async def test() -> None:
        store: Any = Renewing(place)
        store.problem = "the remote is away"
        recorder = place.recorder(store)
        assert await recorder.announce(plan(live({"a": 1})))
        assert recorder._lease._renewal is not None
        await recorder._lease._renewal
        assert 120 <= place.clock.seconds < 130

    run(test)


# ---- Accounts


def test_the_section_of_an_empty_account_becomes_the_accounts(place: Place) -> None:
    async def test() -> None:
        made = replace(plan(None, account=EMPTY_ACCOUNT), section=None)
        recorder = place.recorder()
        assert await recorder.announce(made)
        assert list(place.store().read().record.sections) == [(END, EMPTY_ACCOUNT)]
        done = outcome(made, Status.DONE)
        await recorder.conclude(made, replace(done, target=replace(done.target, account="k")))
        assert list(place.store().read().record.sections) == [KEY]

    run(test)


def test_a_narrowed_first_run_finds_the_section_that_another_has_made_meanwhile(place: Place) -> None:
    """It knew no section when it planned a create, and has listed the account since."""

    async def test() -> None:
        made = replace(plan(None), section=None)
        recorder = place.recorder()
        theirs = replace(entry(1), created_at="2026-01-01")
        place.write(Record({(END, EMPTY_ACCOUNT): Section({"q": theirs})}))
        recorder.created = {"q": "2026-01-01"}
        assert await recorder.announce(made)
        assert list(place.store().read().record.sections) == [KEY]
        assert place.section().projects["q"] == theirs
        await recorder.conclude(made, outcome(made, Status.DONE))
        assert sorted(place.section().projects) == ["p", "q"]

    run(test)


def test_a_section_that_is_gone_is_an_error_and_nothing_is_written(place: Place) -> None:
    async def test() -> None:
        place.write(Record({(END, EMPTY_ACCOUNT): Section({"q": entry(1)})}))
        made = replace(plan(live({"a": 1}), account=None), section=(END, EMPTY_ACCOUNT))
        recorder = place.recorder()
        place.write(Record({(END, "other"): Section({"q": entry(1)})}))
        before = place.store().read()
        with pytest.raises(RecordError, match="no longer has a section for this account"):
            await recorder.announce(made)
        assert place.store().read() == before

    run(test)


def test_a_run_finds_its_section_after_another_has_named_it(place: Place) -> None:
    async def test() -> None:
        made = replace(plan(None, account=EMPTY_ACCOUNT), section=None)
        late = place.recorder()
        recorder = place.recorder()
        assert await recorder.announce(made)
        section = place.section(EMPTY_ACCOUNT)
        place.write(Record({KEY: section}))
        with pytest.raises(RecordError, match="another apply is writing"):
            await late.announce(made)
        await recorder.conclude(made, outcome(made, Status.DONE))
        assert list(place.store().read().record.sections) == [KEY]
        assert place.section().projects["p"].written
        assert place.section().runs == {}

    run(test)
