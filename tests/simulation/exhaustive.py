"""Every order of a few requests, and every single fault among them: a search without memory over sequences of choices.

Promises: `explore` walks each path once, from the start; a path is the numbers that were chosen, so that one can be
walked again. Two orders are one where they differ only in neighbours of which neither can notice the other: two reads,
or a request that never arrives beside any other. Of these one is walked ("sleep sets": what was tried at a choice and
cannot notice what is chosen now needs no second try below).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from random import Random

import httpx

from reconciler.model.outcome import Outcome
from reconciler.model.project import DesiredProject
from reconciler.scale.client import ScaleClient
from reconciler.scale.wire import read_projects
from tests.simulation.checker import Run, Verdict, check
from tests.simulation.server import Json, Read, Refusal, Server
from tests.simulation.virtual import START, HastyClock, VirtualLoop, run_on
from tests.simulation.world import ENDPOINT, apply_with, plan_from

NAME = "p"


class Fault(StrEnum):
    LOST_BEFORE = "lost before it landed"
    LOST_AFTER = "lost after it landed"
    FAILED = "answered with a 500"


@dataclass(frozen=True, slots=True)
class Scene:
    """What is there before (`params` None: no project), what the two runs want of it, and what the person saves."""

    params: dict[str, Json] | None
    ontology: list[Json] | None
    wishes: tuple[DesiredProject, DesiredProject]
    edit: Callable[[Server, float], object]


@dataclass(slots=True)
class Path:
    """One walk: the choices, how many there were each time, what happened, and what the checker says.

    `repeats` is true where the walk was given up: all that could follow has been walked in another order.
    """

    taken: list[int] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    faults: int = 0
    repeats: bool = False
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        return "\n".join([f"Choices {self.taken}", *self.trace, "Found:", *self.verdict.violations])


def explore(scene: Scene, client: type[ScaleClient] = ScaleClient) -> Iterator[Path]:
    """All paths of a scene."""
    prefix: list[int] = []
    while True:
        path = walk(scene, prefix, client)
        if not path.repeats:
            yield path
        last = len(path.taken) - 1
        while last >= 0 and path.taken[last] + 1 == path.widths[last]:
            last -= 1
        if last < 0:
            return
        prefix = [*path.taken[:last], path.taken[last] + 1]


def walk(scene: Scene, prefix: Sequence[int], client: type[ScaleClient] = ScaleClient) -> Path:
    """One path: the choices of `prefix`, then always the first."""
    loop = VirtualLoop()
    stage = _Stage(scene, prefix, loop, client)
    loop.on_idle = stage.choose
    return run_on(loop, stage.play())


@dataclass(frozen=True, slots=True)
class _Held:
    """Something that waits to be chosen. The person's edit has no request."""

    actor: str
    request: httpx.Request | None
    done: asyncio.Future[httpx.Response]


@dataclass(frozen=True, slots=True)
class _Option:
    """What a choice may be. An actor has one request at a time."""

    held: _Held
    fault: Fault | None

    @property
    def arrives(self) -> bool:
        return self.fault is None or (self.writes and self.fault is Fault.LOST_AFTER)

    @property
    def writes(self) -> bool:
        return self.held.request is None or self.held.request.method == "POST"

    def notices(self, other: _Option) -> bool:
        """Whether it makes a difference which of the two comes first. There is one fault in a path."""
        if self.held is other.held or (self.fault and other.fault):
            return True
        return self.arrives and other.arrives and (self.writes or other.writes)


class _Stage:
    def __init__(self, scene: Scene, prefix: Sequence[int], loop: VirtualLoop, client: type[ScaleClient]) -> None:
        self.scene = scene
        self.prefix = prefix
        self.loop = loop
        self.client = client
        self.server = Server()
        self.path = Path()
        self.held: list[_Held] = []
        self.asleep: list[_Option] = []
        self.main: asyncio.Task[None] | None = None

    async def play(self) -> Path:
        scene = self.scene
        if scene.params is not None:
            self.server.create({"name": NAME, "type": "chat", "params": scene.params}, "before", 0.0, 0.0, START)
        if scene.params is not None and scene.ontology is not None:
            self.server.set_ontology(NAME, {"ontology": scene.ontology}, "before", 0.0, 0.0, START)
        runs = [Run(f"r{number + 1}", {NAME: wish}, 0.0) for number, wish in enumerate(scene.wishes)]
        self.main = self.loop.create_task(self.act(runs))
        await asyncio.wait([self.main])
        if not self.path.repeats:
            self.main.result()
            self.path.verdict = check(self.server, runs)
        return self.path

    async def act(self, runs: Sequence[Run]) -> None:
        async with asyncio.TaskGroup() as everyone:
            for run in runs:
                everyone.create_task(self.run(run))
            everyone.create_task(self.hold("d", None))

    async def run(self, run: Run) -> None:
        answer, read = self.server.handle(httpx.Request("GET", f"{ENDPOINT}/projects"), run.name, 0.0, 0.0, START)
        assert isinstance(read, Read)
        read.delivered_at = 0.0
        clock = HastyClock(self.loop)
        run.plan = plan_from(read_projects(answer.content), run.desired, clock)
        async with self.client(
            endpoint=ENDPOINT,
            key="test_simulated",
            key_variable=None,
            transport=_Gate(self, run.name),
            clock=clock,
            random=Random(0),
        ) as client:
            run.outcome = await apply_with(client, run.plan, clock=clock, random=Random(0), parallelism=1)
        run.ended_at = self.loop.time()
        self.path.trace.append(_reported(run.name, run.outcome))

    async def hold(self, actor: str, request: httpx.Request | None) -> httpx.Response:
        done: asyncio.Future[httpx.Response] = self.loop.create_future()
        self.held.append(_Held(actor, request, done))
        return await done

    def choose(self) -> bool:
        """Called when everyone waits: somebody's request goes on, by itself or into a fault."""
        if not self.held:
            return False
        options = [_Option(held, fault) for held in self.held for fault in self.fates(held)]
        options = [option for option in options if option not in self.asleep]
        if not options:
            assert self.main is not None
            self.path.repeats = True
            self.held.clear()
            self.main.cancel()
            return True
        number = len(self.path.taken)
        taken = self.prefix[number] if number < len(self.prefix) else 0
        self.path.taken.append(taken)
        self.path.widths.append(len(options))
        chosen = options[taken]
        self.asleep = [option for option in (*self.asleep, *options[:taken]) if not chosen.notices(option)]
        self.held.remove(chosen.held)
        self.loop.advance(0.001)
        self.go_on(chosen.held, chosen.fault)
        return True

    def fates(self, held: _Held) -> list[Fault | None]:
        if held.request is None or self.path.faults:
            return [None]
        if held.request.method == "GET":
            return [None, Fault.LOST_BEFORE, Fault.FAILED]
        return [None, *Fault]

    def go_on(self, held: _Held, fault: Fault | None) -> None:
        at = self.loop.time()
        if held.request is None:
            try:
                self.scene.edit(self.server, at)
                self.path.trace.append(f"{held.actor}  saves")
            except Refusal:
                self.path.trace.append(f"{held.actor}  finds nothing to save")
            held.done.set_result(httpx.Response(200))
            return
        what = f"{held.request.method} {held.request.url.path}"
        self.path.trace.append(f"{held.actor}  {what}" + (f"  !! {fault}" if fault else ""))
        self.path.faults += fault is not None
        if fault is Fault.FAILED:
            held.done.set_result(httpx.Response(500))
            return
        if fault is not Fault.LOST_BEFORE:
            answer, event = self.server.handle(held.request, held.actor, at, at, START + timedelta(seconds=at))
            if fault is None:
                if isinstance(event, Read):
                    event.delivered_at = at
                held.done.set_result(answer)
                return
        held.done.set_exception(httpx.ReadError("cut"))


class _Gate(httpx.AsyncBaseTransport):
    """Holds each request of one run until it is chosen."""

    def __init__(self, stage: _Stage, actor: str) -> None:
        self._stage = stage
        self._actor = actor

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return await self._stage.hold(self._actor, request)


def _reported(name: str, outcome: Outcome) -> str:
    [project] = outcome.projects
    calls = ", ".join(f"{call.call.value} {call.result.value}" for call in project.calls)
    problems = "; ".join(f"{problem.code}: {problem.summary}" for problem in project.diagnostics)
    return f"{name} reports {project.status.value} [{calls}] {project.reason} {problems}".rstrip()
