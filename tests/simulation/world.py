"""One simulated story: an account, reconcilers, people in the dashboard, a failing network, kills; then peace.

Promises: all of it follows from the seed. `play` tells what was found, and every line of what happened.
"""

from __future__ import annotations

import asyncio
import inspect
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.applying.applier import Stop, apply_plan
from reconciler.errors import ScaleError
from reconciler.fieldpath import parse_pattern
from reconciler.model.outcome import Event, Outcome
from reconciler.model.plan import Commit, Plan, TargetInfo
from reconciler.model.project import DesiredProject, Ignore, Mask, ParamsMode, Shown, Source
from reconciler.model.record import Record, Section
from reconciler.operations.recording import Recorder
from reconciler.planning.planner import Live, by_name, make_plan
from reconciler.record.merging import Changes, lay_over
from reconciler.scale.client import ScaleClient
from reconciler.scale.transport import Clock
from reconciler.settings import Settings, Target
from tests.simulation.checker import Run, check, check_converged, check_named
from tests.simulation.network import LANDS_WITHIN, Line, Network, Parcel
from tests.simulation.server import Json, Server
from tests.simulation.virtual import START, VirtualClock, VirtualLoop, run_on

ENDPOINT = "http://simulated/v1"
TYPE = "imageannotation"
QUIET_RUNS = 2


@dataclass(slots=True)
class Report:
    """What one seed gave. `steps` counts requests, edits and kills; `too_many` versions that no change asked for."""

    seed: int
    runs: int = 0
    steps: int = 0
    faults: int = 0
    kills: int = 0
    too_many: int = 0
    violations: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        found = [f"  {violation}" for violation in self.violations]
        return "\n".join([f"Seed {self.seed}", *self.trace, "Found:", *(found or ["  nothing"])])


def play(seed: int, client: type[ScaleClient] = ScaleClient, *, writes_ahead: bool = True) -> Report:
    """Plays one story to its end. `client` is what the runs talk through; `writes_ahead`: they record their intents."""
    loop = VirtualLoop()
    return run_on(loop, _World(seed, loop, client, writes_ahead=writes_ahead).play())


class SharedRecord:
    """The record of all runs, as on a remote: each lays its entries over what is there."""

    def __init__(self) -> None:
        self.record = Record()

    def recorder(self) -> Recorder:
        """One run's view of it, as of now."""
        return Recorder(_SETTINGS, _TARGET, _View(self))


class _View:
    def __init__(self, shared: SharedRecord) -> None:
        self._shared = shared
        self._seen = shared.record

    def read(self) -> Record:
        return self._seen

    def write(self, changes: Changes, message: str, *, keep: bool = True) -> None:
        self._shared.record = self._seen = lay_over(self._shared.record, changes, seen=self._seen)

    def missing_hint(self) -> str | None:
        return None


async def plan_with(
    client: ScaleClient, desired: Mapping[str, DesiredProject], clock: Clock, known: Section | None = None
) -> Plan:
    """What `reconciler plan` does: one list, one plan."""
    return plan_from(await client.list_projects(), desired, clock, known)


def plan_from(
    live: Iterable[Shown], desired: Mapping[str, DesiredProject], clock: Clock, known: Section | None = None
) -> Plan:
    return make_plan(
        desired.values(),
        Live(by_name(live), whole=True),
        target=TargetInfo("simulated", ENDPOINT),
        commit=Commit(),
        made_at=clock.now(),
        managed_names=frozenset(desired),
        complete=True,
        manifests="projects",
        manifest_count=len(desired),
        known=known,
    )


async def apply_with(
    client: ScaleClient, plan: Plan, *, clock: Clock, random: Random, parallelism: int, stop: Stop | None = None
) -> Outcome:
    """What `reconciler apply` does with a plan that was approved."""
    events: list[Event] = []
    world: dict[str, Any] = {"clock": clock, "random": random}
    known = inspect.signature(apply_plan).parameters
    return await apply_plan(
        plan,
        client,
        parallelism=parallelism,
        emit=events.append,
        stop=stop or Stop(),
        now=clock.now,
        **{name: value for name, value in world.items() if name in known},
    )


class _World:
    def __init__(self, seed: int, loop: VirtualLoop, client: type[ScaleClient], *, writes_ahead: bool) -> None:
        self.seed = seed
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.client = client
        self.report = Report(seed)
        self.runs: list[Run] = []
        draw = self.random("world")
        self.server = Server(choices_as_objects=draw.random() < 0.3, bare_ontologies=draw.random() < 0.2)
        self.network = Network(
            loop, self.server, self.random("network"), draw.choice((0.0, 0.05, 0.15, 0.3, 0.6)), self.tell
        )
        self.desired = self.manifests(draw)
        self.edits = 0
        self.edit_share = 0.0
        self.overhearing = self.random("overhearing")
        self.record = SharedRecord()
        self.is_alone = False
        self.writes_ahead = writes_ahead

    def random(self, name: str) -> Random:
        """Chance of its own for everyone, so that one more draw here changes nothing there."""
        return Random(f"{self.seed}/{name}")

    def tell(self, who: str, what: str) -> None:
        self.report.trace.append(f"{self.loop.time():10.3f}  {who:<6} {what}")

    async def play(self) -> Report:
        draw = self.random("story")
        self.populate(self.random("populate"))
        people = draw.randint(0, 2)
        self.edit_share = draw.choice((0.0, 0.05, 0.2)) if people else 0.0
        if people:
            self.network.heard = self.overhear
        async with asyncio.TaskGroup() as everyone:
            reconcilers = draw.randint(1, 3)
            self.is_alone = reconcilers == 1
            for number in range(reconcilers):
                everyone.create_task(self.reconciler(f"r{number + 1}"))
            for number in range(people):
                everyone.create_task(self.person(f"d{number + 1}"))
        await self.peace()
        verdict = check(self.server, self.runs)
        self.report.violations += verdict.violations
        if self.is_alone:
            self.report.violations += check_named(self.server, self.runs, with_people=people > 0)
        self.report.too_many = verdict.too_many
        self.report.runs = len(self.runs)
        self.report.faults = self.network.faults
        self.report.steps = self.network.requests + self.edits + self.report.kills
        return self.report

    def manifests(self, draw: Random) -> dict[str, DesiredProject]:
        found = {}
        for number in range(draw.randint(2, 4)):
            name = f"p{number + 1}"
            params = {key: draw.randint(0, 3) for key in ("a", "b", "c")[: draw.randint(1, 3)]}
            mask = draw.choice((Mask(), Mask(), Mask(params=ParamsMode.MERGE), _IGNORING))
            ontology: list[Json] | None = draw.choice(
                (None, ["Cat", "Dog"], ["Cat", {"choice": "Dog", "display": "D"}])
            )
            found[name] = DesiredProject(name, TYPE, Source(f"/{name}.yaml", 1), params=params, ontology=ontology)
            found[name] = replace(found[name], mask=mask)
        return found

    def populate(self, draw: Random) -> None:
        """Some projects are there already, most of them not as they should be."""
        for name, wanted in self.desired.items():
            if draw.random() < 0.4:
                continue
            body = {"name": name, "type": TYPE, "params": {"a": draw.randint(0, 3), "theirs": 0, "old": 1}}
            if draw.random() < 0.2:
                del body["params"]
            self.server.create(body, "before", 0.0, 0.0, START - timedelta(days=1))
            if draw.random() < 0.5:
                choices = draw.choice((wanted.ontology or ["Cat"], ["Cat"], ["Dog", "Cow"]))
                self.server.set_ontology(name, {"ontology": choices}, "before", 0.0, 0.0, START - timedelta(days=1))
        self.tell("before", f"manifests want {_spelled(self.desired)}")
        self.tell("before", f"there are {self.described()}")

    def described(self) -> str:
        return "; ".join(
            f"{project.name} {[version.content for version in (*project.params[-1:], *project.ontologies[-1:])]}"
            for project in self.server.projects.values()
        )

    async def reconciler(self, name: str) -> None:
        draw = self.random(name)
        desired = self.desired
        if draw.random() < 0.4:
            desired = {
                key: replace(wanted, params={**(wanted.params or {}), "a": draw.randint(0, 3)})
                for key, wanted in desired.items()
            }
            self.tell(name, f"has manifests of another commit: {_spelled(desired)}")
        await asyncio.sleep(draw.uniform(0.0, 1.0))
        for number in range(draw.randint(1, 3)):
            await self.maybe_killed_run(f"{name}.{number + 1}", desired, draw)
            await asyncio.sleep(draw.expovariate(0.5))

    async def maybe_killed_run(self, name: str, desired: Mapping[str, DesiredProject], draw: Random) -> None:
        stop = Stop()
        line = Line(self.network, name)
        run = Run(name, desired, self.loop.time())
        self.runs.append(run)
        task = self.loop.create_task(self.run(run, line, draw, stop))
        fate, when = draw.random(), draw.choice((draw.uniform(0.0, 2.0), draw.uniform(0.0, 30.0)))
        if fate < 0.3:
            await asyncio.wait([task], timeout=when)
            if not task.done():
                line.is_cut = True
                task.cancel()
                run.end = "killed"
                self.report.kills += 1
                self.tell(name, "is KILLED")
        elif fate < 0.4:
            self.loop.call_later(when, stop.request, signal.SIGTERM)
        await asyncio.wait([task])
        if not task.cancelled():
            run.outcome = task.result() if run.end != "killed" else None
        run.ended_at = self.loop.time()

    async def run(self, run: Run, line: Line, draw: Random, stop: Stop | None = None) -> Outcome | None:
        parallelism = draw.randint(1, 4)
        async with self.client(
            endpoint=ENDPOINT,
            key="test_simulated",
            key_variable=None,
            parallelism=parallelism,
            transport=line,
            clock=self.clock,
            random=self.random(f"{run.name}/client"),
        ) as client:
            try:
                recorder = self.record.recorder()
                run.plan = await plan_with(client, run.desired, self.clock, recorder.record.section(ENDPOINT, None))
            except ScaleError as problem:
                run.end = problem.code
                self.tell(run.name, f"cannot plan: {problem.summary}")
                return None
            self.tell(run.name, f"plans {', '.join(change.name for change in run.plan.changes if change.writes)}")
            if stop is not None:
                await asyncio.sleep(draw.choice((0.0, draw.uniform(0.0, 5.0))))
            if self.writes_ahead:
                recorder.announce(run.plan, self.clock.now())
            outcome = await apply_with(
                client,
                run.plan,
                clock=self.clock,
                random=self.random(f"{run.name}/applier"),
                parallelism=parallelism,
                stop=stop,
            )
        recorder.conclude(run.plan, outcome, self.clock.now())
        for project in outcome.projects:
            calls = ", ".join(f"{call.call.value} {call.result.value}" for call in project.calls)
            codes = "; ".join(f"{problem.code}: {problem.summary}" for problem in project.diagnostics)
            self.tell(
                run.name, f"reports {project.name} {project.status.value} [{calls}] {project.reason} {codes}".rstrip()
            )
        return outcome

    async def person(self, name: str) -> None:
        draw = self.random(name)
        for _ in range(draw.randint(0, 3)):
            await asyncio.sleep(draw.uniform(0.0, 4.0))
            if self.server.projects:
                self.edit(name, draw.choice(list(self.server.projects)), draw)

    def overhear(self, parcel: Parcel) -> None:
        """Edits like to come between a run's read and its write: there they do the most harm."""
        draw = self.overhearing
        if parcel.read is not None and len(parcel.read.seen) == 1 and draw.random() < self.edit_share:
            [project] = parcel.read.seen
            self.loop.call_later(draw.expovariate(5.0), self.edit, "d1", project, draw)

    def edit(self, name: str, project: str, draw: Random) -> None:
        """One save in the dashboard."""
        if project not in self.server.projects:
            return
        self.edits += 1
        now, at = self.clock.now(), self.loop.time()
        what = draw.random()
        if what < 0.05:
            self.server.archive(project, name, at)
            self.tell(name, f"archives {project}")
        elif what < 0.3:
            live = self.server.projects[project].ontologies
            choices = list(live[-1].content) if live else []
            choices = [*choices, f"New{self.edits}"] if draw.random() < 0.6 or not choices else choices[1:] or ["Cow"]
            write = self.server.set_ontology(project, {"ontology": choices}, name, at, at, now)
            self.tell(name, f"saves the ontology of {project} as {choices}, version {write.version}")
        else:
            wanted = (self.desired[project].params or {}).get("a", 0)
            key = draw.choice(("a", "a", "theirs", "mine"))
            value = wanted if key == "a" and draw.random() < 0.2 else 100 + self.edits
            write = self.server.set_params(project, {key: value, "patch": True}, name, at, at, now)
            self.tell(name, f"saves {key} of {project} as {value}, version {write.version}")

    async def peace(self) -> None:
        """Nobody else, no fault, nothing under way: a run brings everything there, and the next finds nothing to do."""
        self.network.intensity = 0.0
        self.edit_share = 0.0
        await asyncio.sleep(LANDS_WITHIN + 1.0)
        self.tell("peace", f"there are {self.described()}")
        for number in range(QUIET_RUNS):
            run = Run(f"q.{number + 1}", self.desired, self.loop.time())
            self.runs.append(run)
            run.outcome = await self.run(run, Line(self.network, run.name), self.random(run.name))
            run.ended_at = self.loop.time()
        assert self.runs[-1].plan is not None
        self.report.violations += check_converged(self.server, self.desired, self.runs[-1].plan)


_SETTINGS = Settings(folder=Path("/"), root=Path("/"), base=Path("/"), manifests=Path("/"))
_TARGET = Target("simulated", ENDPOINT)
_IGNORING = Mask(ignore=(Ignore(parse_pattern("params.theirs")),))


def _spelled(desired: Mapping[str, DesiredProject]) -> str:
    return "; ".join(
        f"{name} {dict(wanted.params or {})} {wanted.ontology} {wanted.mask.params.value}"
        + (" ignoring theirs" if wanted.mask.ignore else "")
        for name, wanted in desired.items()
    )
