"""One simulated story: accounts, clones, reconcilers, people in the dashboard, a failing network, kills; then peace.

Promises: all of it follows from the seed. `play` returns what was found, and every line of what happened.

Git moves on meanwhile. A reconciler works in one clone with the key of one account; its runs are at the newest commit
or at an older one, of all changes or of pending ones, of all projects or of a few; many do not finish. The accounts
have projects of the same names; there is one record for all.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from reconciler.applying.applier import Stop, apply_plan
from reconciler.clock import Clock
from reconciler.errors import PlanFileError, RecordError, ScaleError
from reconciler.model.outcome import Event, Outcome
from reconciler.model.plan import Plan, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Shown
from reconciler.model.record import Entries
from reconciler.operations.apply import carry_out, check_saved
from reconciler.operations.plan import plan_live
from reconciler.operations.session import Session
from reconciler.planning.guards import GUARDS
from reconciler.planning.live import Live, by_name
from reconciler.planning.planner import Declared, Terms, make_plan
from reconciler.scale.client import ScaleClient
from reconciler.scale.wire import read_projects
from tests.simulation.checker import check, check_converged, check_named
from tests.simulation.commits import EDITED, TYPE, Commits, spelled
from tests.simulation.network import LANDS_WITHIN, Line, Network, Parcel
from tests.simulation.ownership import Ownership, Turn
from tests.simulation.recordhouse import ENDPOINT as ENDPOINT
from tests.simulation.recordhouse import SETTINGS, TARGET, RecordHouse
from tests.simulation.server import Json, Refusal, Server, Write
from tests.simulation.virtual import START, VirtualClock, VirtualLoop, run_on

QUIET_RUNS = 2
ACCOUNTS = ("live", "test")

_ALL_GUARDS = frozenset(name for name, _ in GUARDS)


@dataclass(slots=True)
class Report:
    """What one seed gave. `steps` counts requests, edits and kills; `too_many` versions that no change asked for.

    `kept` counts edits that plans of pending changes left, `refused` writes that the API refused.
    """

    seed: int
    runs: int = 0
    steps: int = 0
    faults: int = 0
    kills: int = 0
    kept: int = 0
    refused: int = 0
    too_many: int = 0
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = [f"  {violation}" for violation in self.violations]
        return "\n".join([f"Seed {self.seed}", *self.trace, "Found:", *(found or ["  nothing"])])


def play(seed: int, client: type[ScaleClient] = ScaleClient, *, mistake: str = "") -> Report:
    """Plays one story to its end. `client` is what the runs talk through; `mistake` one of `Mistake`."""
    loop = VirtualLoop()
    return run_on(loop, _World(seed, loop, client, mistake).play())


def plan_from(
    live: Iterable[Shown], desired: Mapping[str, DesiredProject], clock: Clock, known: Entries | None = None
) -> Plan:
    """The plan of all changes from a list of the account, without guards."""
    declared = Declared(list(desired.values()), dict.fromkeys(desired, ""), "projects", len(desired))
    terms = Terms(TargetInfo("simulated", ENDPOINT), clock.now())
    return make_plan(declared, Live(by_name(live), whole=True), known or {}, terms)


async def apply_with(
    client: ScaleClient, plan: Plan, *, clock: Clock, random: Random, parallelism: int, stop: Stop | None = None
) -> Outcome:
    """What `reconciler apply` does with a plan that was approved, but for the record."""
    events: list[Event] = []
    return await apply_plan(
        plan,
        client,
        parallelism=parallelism,
        emit=events.append,
        stop=stop or Stop(),
        now=clock.now,
        clock=clock,
        random=random,
    )


class _Account(Server):
    """A server that refuses `refusals` more writes of what exists, with a 400, as for a value that it does not like."""

    refusals = 0
    refused = 0

    def listed(self) -> list[LiveProject]:
        """All projects as a list of them shows them now."""
        shown = read_projects(json.dumps([self._shown(project) for project in self.projects.values()]).encode())
        return [project for project in shown if isinstance(project, LiveProject)]

    def set_params(self, name: str, body: dict[str, Json], actor: str, *when: Any) -> Write:
        self._maybe_refuse(actor)
        return super().set_params(name, body, actor, *when)

    def set_ontology(self, name: str, body: dict[str, Json], actor: str, *when: Any) -> Write:
        self._maybe_refuse(actor)
        return super().set_ontology(name, body, actor, *when)

    def _maybe_refuse(self, actor: str) -> None:
        if self.refusals and "." in actor:
            self.refusals -= 1
            self.refused += 1
            raise Refusal(400, "this value is not allowed")


class _World:
    def __init__(self, seed: int, loop: VirtualLoop, client: type[ScaleClient], mistake: str) -> None:
        self.seed = seed
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.client = client
        self.report = Report(seed)
        self.runs: list[Turn] = []
        draw = self.random("world")
        intensity = draw.choice((0.0, 0.05, 0.15, 0.3, 0.6))
        self.accounts: dict[str, _Account] = {}
        self.networks: dict[str, Network] = {}
        for account in ACCOUNTS[: 2 if draw.random() < 0.3 else 1]:
            server = _Account(choices_as_objects=draw.random() < 0.3, bare_ontologies=draw.random() < 0.2)
            self.accounts[account] = server
            self.networks[account] = Network(loop, server, self.random(f"network/{account}"), intensity, self.tell)
        self.commits = Commits(self.random("commits"))
        self.people = [f"d{number + 1}" for number in range(draw.randint(0, 2))]
        self.edit_share = draw.choice((0.0, 0.05, 0.2)) if self.people else 0.0
        self.pending_share = draw.choice((0.0, 0.5, 1.0))
        self.edits = 0
        self.overhearing = self.random("overhearing")
        self.house = RecordHouse(
            loop,
            self.clock,
            self.random("record"),
            self.tell,
            failures=draw.choice((0.0, 0.0, 0.1)),
            slow=draw.choice((0.0, 0.0, 0.02)),
            mistake=mistake,
        )
        lagging = frozenset(account for account, network in self.networks.items() if network._lags)
        people = frozenset(self.people)
        self.ownership = Ownership(self.accounts, lambda: self.commits.contents, people, lagging)

    def random(self, name: str) -> Random:
        """Chance of its own for everyone, so that one more draw here changes nothing there."""
        return Random(f"{self.seed}/{name}")

    def tell(self, who: str, what: str) -> None:
        self.report.trace.append(f"{self.loop.time():10.3f}  {who:<6} {what}")

    async def play(self) -> Report:
        draw = self.random("story")
        self.tell("git", f"commit 0: {spelled(self.commits.contents[0])}")
        for account in self.accounts:
            self.populate(account, self.random(f"populate/{account}"))
            if draw.random() < 0.7:
                await self.quiet_run(f"first-{account}.1", account, pending=False)
        for network in self.networks.values():
            network.heard = self.overhearer(network)
        reconcilers = draw.randint(1, 3)
        clones = draw.randint(1, reconcilers)
        is_alone = reconcilers == 1 and len(self.accounts) == 1
        async with asyncio.TaskGroup() as everyone:
            for number in range(reconcilers):
                account = draw.choice(list(self.accounts))
                everyone.create_task(
                    self.reconciler(f"r{number + 1}", account, f"clone{number % clones + 1}", is_alone)
                )
            for name in self.people:
                everyone.create_task(self.person(name))
            everyone.create_task(self.committer(draw.randint(0, 4)))
        await self.peace()
        self.judge(is_alone)
        return self.report

    def judge(self, is_alone: bool) -> None:
        report = self.report
        for account, server in self.accounts.items():
            runs = [run for run in self.runs if run.account == account]
            verdict = check(server, runs)
            report.violations += verdict.violations
            report.too_many += verdict.too_many
            report.faults += self.networks[account].faults
            report.steps += self.networks[account].requests
            report.refused += server.refused
            if is_alone:
                for run in runs:
                    run.end = "killed at its very end" if run.end == "killed" and run.is_recorded else run.end
                report.violations += check_named(server, runs, with_people=bool(self.people))
        report.violations += [
            *self.house.violations,
            *self.house.left_behind(),
            *self.ownership.check_writes(),
            *self.ownership.check_meetings(),
        ]
        report.violations = list(dict.fromkeys(report.violations))
        report.kept = self.ownership.kept
        report.runs = len(self.runs)
        report.steps += self.edits + report.kills

    def find(self, violation: str) -> None:
        self.report.violations.append(violation)
        self.tell("judge", f"!!! {violation}")

    def populate(self, account: str, draw: Random) -> None:
        """Some projects are there already, most of them not as they should be. No two accounts are of one age."""
        server = self.accounts[account]
        made_at = START - timedelta(days=1 + ACCOUNTS.index(account))
        for number, (name, wanted) in enumerate(self.commits.contents[0].items()):
            if draw.random() < 0.4 and (number or len(self.accounts) == 1):
                continue
            body = {"name": name, "type": TYPE, "params": {"a": draw.randint(0, 3), "theirs": 0, "old": 1}}
            if draw.random() < 0.2:
                del body["params"]
            server.create(body, "before", 0.0, 0.0, made_at)
            if draw.random() < 0.5:
                choices = draw.choice(
                    ((wanted.ontology and wanted.ontology.spelled) or ["Cat"], ["Cat"], ["Dog", "Cow"])
                )
                server.set_ontology(name, {"ontology": choices}, "before", 0.0, 0.0, made_at)
        self.tell("before", f"{account} has {self.described(account)}")

    def described(self, account: str) -> str:
        return "; ".join(
            f"{project.name} {[version.content for version in (*project.params[-1:], *project.ontologies[-1:])]}"
            for project in self.accounts[account].projects.values()
        )

    async def committer(self, number: int) -> None:
        draw = self.random("committer")
        for _ in range(number):
            await asyncio.sleep(draw.expovariate(0.2))
            self.tell("git", self.commits.commit(lambda name: self.saved(name, draw)))

    def saved(self, name: str, draw: Random) -> tuple[str, Any] | None:
        """A parameter that a person has saved in a project, as git may adopt it."""
        project = self.accounts[draw.choice(list(self.accounts))].projects.get(name)
        found = [
            (key, value)
            for key, value in (project.params[-1].content.items() if project and project.params else ())
            if value > EDITED
        ]
        return draw.choice(found) if found else None

    async def reconciler(self, name: str, account: str, clone: str, is_alone: bool) -> None:
        draw = self.random(name)
        await asyncio.sleep(draw.uniform(0.0, 1.0))
        for number in range(draw.randint(1, 4)):
            older = 0.1 if is_alone else 0.2
            commit = draw.randint(0, self.commits.newest) if draw.random() < older else self.commits.newest
            run = Turn(f"{name}.{number + 1}", self.commits.contents[commit], self.loop.time())
            run.account, run.clone, run.commit = account, clone, commit
            run.pending = draw.random() < self.pending_share
            names: tuple[str, ...] = ()
            if not is_alone and draw.random() < 0.25:
                names = tuple(draw.sample(sorted(run.desired), min(len(run.desired), draw.randint(1, 2))))
                run.desired = {key: run.desired[key] for key in names}
            await self.maybe_killed_run(run, names, draw)
            await asyncio.sleep(draw.expovariate(0.5))

    async def maybe_killed_run(self, run: Turn, names: tuple[str, ...], draw: Random) -> None:
        stop = Stop()
        line = Line(self.networks[run.account], run.name)
        self.runs.append(run)
        task = self.loop.create_task(self.run(run, names, line, draw, stop))
        fate, when = draw.random(), draw.choice((draw.uniform(0.0, 2.0), draw.uniform(0.0, 30.0)))
        if fate < 0.3:
            await asyncio.wait([task], timeout=when)
            if not task.done():
                line.is_cut = True
                task.cancel()
                run.end = "killed"
                self.report.kills += 1
                self.house.died(run)
                self.tell(run.name, "is KILLED")
        elif fate < 0.4:
            self.loop.call_later(when, stop.request, signal.SIGTERM)
        elif fate < 0.55:
            self.accounts[run.account].refusals = 1
        await asyncio.wait([task])
        if not task.cancelled():
            run.outcome = task.result() if run.end != "killed" else None
        run.ended_at = self.loop.time()
        self.accounts[run.account].refusals = 0
        self.look(run)

    def look(self, run: Turn) -> None:
        """What drift would say right after a run."""
        live = self.accounts[run.account].listed()
        entries = self.house.entries_of(live)
        newest = self.commits.contents[-1]
        for violation in self.ownership.check_drift(run.account, live, entries, newest, f"after {run.name}"):
            self.find(violation)

    async def run(
        self, run: Turn, names: tuple[str, ...], line: Line, draw: Random, stop: Stop | None = None
    ) -> Outcome | None:
        parallelism = draw.randint(1, 4)
        self.ownership.runs.append(run)
        async with self.client(
            endpoint=ENDPOINT,
            key=f"{run.account}_simulated",
            key_variable=None,
            parallelism=parallelism,
            transport=line,
            clock=self.clock,
            random=self.random(f"{run.name}/client"),
        ) as client:
            try:
                recorder = await self.house.open(run)
                session = Session(SETTINGS, replace(TARGET, parallelism=parallelism), {}, now=self.clock.now)
                prepared = replace(
                    self.commits.prepared(run.commit, names),
                    record=recorder.record,
                    pending=run.pending,
                    allowed=frozenset() if run.pending else _ALL_GUARDS,
                )
                run.plan = await plan_live(session, client, prepared)
                self.planned(run)
                if stop is not None:
                    await asyncio.sleep(draw.choice((0.0, draw.uniform(0.0, 5.0))))
                    if draw.random() < 0.15:
                        await asyncio.sleep(draw.uniform(0.0, 60.0))
                        self.tell(run.name, "applies the plan as it was saved")
                        recorder = await self.house.open(run)
                        run.plan = await check_saved(run.plan, TARGET, client, recorder.record)
                outcome = await carry_out(
                    session,
                    client,
                    run.plan,
                    recorder,
                    emit=lambda event: None,
                    stop=stop or Stop(),
                    clock=self.clock,
                    random=self.random(f"{run.name}/applier"),
                )
            except (PlanFileError, ScaleError, RecordError) as problem:
                run.end = problem.code
                self.tell(run.name, f"ends: {problem.summary}")
                return None
        self.tell_outcome(run, outcome)
        return outcome

    def planned(self, run: Turn) -> None:
        assert run.plan is not None
        run.planned_at = self.loop.time()
        run.desired = {change.name: change.desired for change in run.plan.changes}
        changes = ", ".join(change.name for change in run.plan.changes if change.writes)
        held = ", ".join(f"{change.name} ({held.guard})" for change in run.plan.changes for held in change.held_by)
        left = ", ".join(f"{name} {unit}" for name, unit in run.plan.kept)
        self.tell(
            run.name,
            f"plans{' pending' if run.pending else ''} for {run.account} in {run.clone or 'a clone'} at commit "
            f"{run.commit}: {changes}" + (f"; holds {held}" if held else "") + (f"; leaves {left}" if left else ""),
        )
        for violation in self.ownership.check_plan(run, self.loop.time()):
            self.find(violation)

    def tell_outcome(self, run: Turn, outcome: Outcome) -> None:
        for project in outcome.projects:
            calls = ", ".join(f"{call.call.value} {call.result.value}" for call in project.calls)
            codes = "; ".join(f"{problem.code}: {problem.summary}" for problem in project.diagnostics)
            self.tell(
                run.name, f"reports {project.name} {project.status.value} [{calls}] {project.reason} {codes}".rstrip()
            )

    async def person(self, name: str) -> None:
        draw = self.random(name)
        pause = draw.choice((0.5, 4.0, 20.0))
        for _ in range(draw.randint(0, 3)):
            await asyncio.sleep(draw.uniform(0.0, pause))
            account = draw.choice(list(self.accounts))
            if self.accounts[account].projects:
                self.edit(name, account, draw.choice(list(self.accounts[account].projects)), draw)

    def overhearer(self, network: Network) -> Any:
        """Edits like to come between a run's read and its write: there they do the most harm."""
        account = next(account for account, other in self.networks.items() if other is network)

        def overhear(parcel: Parcel) -> None:
            draw = self.overhearing
            if parcel.read is not None and len(parcel.read.seen) == 1 and draw.random() < self.edit_share:
                [project] = parcel.read.seen
                self.loop.call_later(draw.expovariate(5.0), self.edit, "d1", account, project, draw)

        return overhear

    def edit(self, name: str, account: str, project: str, draw: Random) -> None:
        """One save in the dashboard."""
        server = self.accounts[account]
        if project not in server.projects:
            return
        self.edits += 1
        now, at = self.clock.now(), self.loop.time()
        what = draw.random()
        newest = self.commits.contents[-1][project].params or {}
        if what < 0.02:
            server.archive(project, name, at)
            self.tell(name, f"archives {project} of {account}")
        elif what < 0.3:
            live = server.projects[project].ontologies
            choices = list(live[-1].content) if live else []
            choices = [*choices, f"New{self.edits}"] if draw.random() < 0.6 or not choices else choices[1:] or ["Cow"]
            write = server.set_ontology(project, {"ontology": choices}, name, at, at, now)
            self.tell(name, f"saves the ontology of {project} of {account} as {choices}, version {write.version}")
        elif what < 0.35 and server.projects[project].params:
            params = dict(server.projects[project].params[-1].content)
            if params:
                key = draw.choice(sorted(params))
                del params[key]
                write = server.set_params(project, params, name, at, at, now)
                self.tell(name, f"removes {key} of {project} of {account}, version {write.version}")
        else:
            key = draw.choice((*sorted(newest), *sorted(newest), "theirs", "mine"))
            value = newest[key] if key in newest and draw.random() < 0.15 else EDITED + self.edits
            write = server.set_params(project, {key: value, "patch": True}, name, at, at, now)
            self.tell(name, f"saves {key} of {project} of {account} as {value}, version {write.version}")

    async def quiet_run(self, name: str, account: str, *, pending: bool) -> Turn:
        network = self.networks[account]
        before, network.intensity = network.intensity, 0.0
        run = Turn(name, self.commits.contents[-1], self.loop.time())
        run.account, run.clone, run.commit, run.pending = account, "quiet", self.commits.newest, pending
        self.runs.append(run)
        run.outcome = await self.run(run, (), Line(network, name), self.random(name))
        run.ended_at = self.loop.time()
        network.intensity = before
        self.look(run)
        return run

    async def peace(self) -> None:
        """Nobody else, no fault, nothing under way: runs bring everything there, and the next find nothing to do.

        First those of pending changes, twice, then those of all.
        """
        self.edit_share = self.house.failures = self.house.slow = 0.0
        await asyncio.sleep(LANDS_WITHIN + 1.0)
        newest = self.commits.contents[-1]
        for account, server in self.accounts.items():
            self.tell("peace", f"{account} has {self.described(account)}")
            if self.pending_share:
                for number in range(QUIET_RUNS):
                    run = await self.quiet_run(f"p-{account}.{number + 1}", account, pending=True)
                assert run.plan is not None
                for change in run.plan.changes:
                    if change.writes:
                        self.find(f"the last quiet plan of pending changes still changes {change.name} of {account}")
            for number in range(QUIET_RUNS):
                run = await self.quiet_run(f"q-{account}.{number + 1}", account, pending=False)
            assert run.plan is not None
            self.report.violations += check_converged(server, newest, run.plan)
