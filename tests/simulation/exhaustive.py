"""Every order of a few requests, and every single fault among them: a search over sequences of choices.

Promises: `explore` yields each path once; a path is the numbers that were chosen, so that one can be walked again. Two
orders are one where they differ only in neighbours of which neither can notice the other: two reads, or a request that
never arrives beside any other. Of these one is walked ("sleep sets": what was tried at a choice and cannot notice what
is chosen now needs no second try below).

A path goes on from where it parts from the one before it, which needs two things. The server is copied at each choice.
And what a run does next depends on its own answers alone: runs share nothing but the server, and a run's clock counts
its own answers. So each run is on a loop of its own, and what it does after the same answers is looked up.
"""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from random import Random

import httpx

from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.project import DesiredProject
from reconciler.scale.client import ScaleClient
from reconciler.scale.wire import read_projects
from tests.simulation.checker import Run, Verdict, check
from tests.simulation.server import Json, Read, Refusal, Server
from tests.simulation.virtual import START, HastyClock, VirtualLoop
from tests.simulation.world import ENDPOINT, apply_with, plan_from

NAME = "p"

Answer = tuple[int, bytes] | None
"""Status and body, or None for a connection that was cut."""


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
    """The choices, what happened, and what the checker says."""

    taken: list[int]
    trace: list[str]
    faults: int
    verdict: Verdict

    def __str__(self) -> str:
        return "\n".join([f"Choices {self.taken}", *self.trace, "Found:", *self.verdict.violations])


def explore(scene: Scene, client: type[ScaleClient] = ScaleClient) -> Iterator[Path]:
    """All paths of a scene."""
    return _below(_opening(scene, client))


def walk(scene: Scene, choices: Sequence[int], client: type[ScaleClient] = ScaleClient) -> Path:
    """One path."""
    place = _opening(scene, client)
    for number in choices:
        place = place.after(place.options(), number)
    return place.path()


def _below(place: _Place) -> Iterator[Path]:
    if not place.held:
        yield place.path()
        return
    # Where all are asleep, what could follow has been walked in another order.
    options = place.options()
    for number in range(len(options)):
        yield from _below(place.after(options, number))


@dataclass(frozen=True, slots=True)
class _Option:
    """What a choice may be. An actor has one request at a time; the person's edit has no request."""

    actor: str
    request: httpx.Request | None
    fault: Fault | None

    @property
    def arrives(self) -> bool:
        return self.fault is None or (self.writes and self.fault is Fault.LOST_AFTER)

    @property
    def writes(self) -> bool:
        return self.request is None or self.request.method == "POST"

    def notices(self, other: _Option) -> bool:
        """Whether it makes a difference which of the two comes first. There is one fault in a path."""
        if self.actor == other.actor or (self.fault and other.fault):
            return True
        return self.arrives and other.arrives and (self.writes or other.writes)


@dataclass(slots=True)
class _Place:
    """Everyone waits. `steps` has what each run has come to; `held` has who waits, in the order of their requests."""

    scene: Scene
    server: Server
    runs: list[Run]
    steps: dict[str, _Step]
    held: list[str]
    at: float = 0.0
    taken: list[int] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    faults: int = 0
    asleep: list[_Option] = field(default_factory=list)

    def options(self) -> list[_Option]:
        options = [_Option(actor, self.request(actor), fault) for actor in self.held for fault in self.fates(actor)]
        return [option for option in options if option not in self.asleep]

    def request(self, actor: str) -> httpx.Request | None:
        if actor not in self.steps:
            return None
        request = self.steps[actor].request
        assert request is not None
        return request

    def fates(self, actor: str) -> list[Fault | None]:
        request = self.request(actor)
        if request is None or self.faults:
            return [None]
        if request.method == "GET":
            return [None, Fault.LOST_BEFORE, Fault.FAILED]
        return [None, *Fault]

    def after(self, options: Sequence[_Option], number: int) -> _Place:
        """Where the choice leads: somebody's request goes on, by itself or into a fault."""
        chosen = options[number]
        place = replace(
            self,
            server=_copied(self.server),
            runs=[copy.copy(run) for run in self.runs],
            steps=dict(self.steps),
            held=[actor for actor in self.held if actor != chosen.actor],
            at=self.at + 0.001,
            taken=[*self.taken, number],
            trace=list(self.trace),
            faults=self.faults + (chosen.fault is not None),
            asleep=[option for option in (*self.asleep, *options[:number]) if not chosen.notices(option)],
        )
        if chosen.request is None:
            place.save(chosen.actor)
        else:
            place.move(chosen.actor, place.answer(chosen.actor, chosen.request, chosen.fault))
        return place

    def save(self, actor: str) -> None:
        try:
            self.scene.edit(self.server, self.at)
            self.trace.append(f"{actor}  saves")
        except Refusal:
            self.trace.append(f"{actor}  finds nothing to save")

    def answer(self, actor: str, request: httpx.Request, fault: Fault | None) -> Answer:
        self.trace.append(f"{actor}  {request.method} {request.url.path}" + (f"  !! {fault}" if fault else ""))
        if fault is Fault.FAILED:
            return 500, b""
        if fault is not Fault.LOST_BEFORE:
            # Dates count the writes, not the choices, so that fewer answers differ.
            now = START + timedelta(seconds=len(self.server.writes))
            answer, event = self.server.handle(request, actor, self.at, self.at, now)
            if fault is None:
                if isinstance(event, Read):
                    event.delivered_at = self.at
                return answer.status_code, answer.content
        return None

    def move(self, actor: str, answer: Answer) -> None:
        """The run has its answer, and goes on until it waits again or ends."""
        step = self.steps[actor] = self.steps[actor].after(answer)
        if step.outcome is None:
            self.held.append(actor)
            return
        [run] = [run for run in self.runs if run.name == actor]
        run.outcome = step.outcome
        run.ended_at = self.at
        self.trace.append(_reported(actor, step.outcome))

    def path(self) -> Path:
        return Path(self.taken, self.trace, self.faults, check(self.server, self.runs))


def _opening(scene: Scene, client: type[ScaleClient]) -> _Place:
    server = Server()
    if scene.params is not None:
        server.create({"name": NAME, "type": "chat", "params": scene.params}, "before", 0.0, 0.0, START)
    if scene.params is not None and scene.ontology is not None:
        server.set_ontology(NAME, {"ontology": scene.ontology}, "before", 0.0, 0.0, START)
    place = _Place(scene, server, [], {}, [])
    for number, wish in enumerate(scene.wishes):
        run = Run(f"r{number + 1}", {NAME: wish}, 0.0)
        answer, read = server.handle(httpx.Request("GET", f"{ENDPOINT}/projects"), run.name, 0.0, 0.0, START)
        assert isinstance(read, Read)
        read.delivered_at = 0.0
        with closing(VirtualLoop()) as loop:
            run.plan = plan_from(read_projects(answer.content), run.desired, HastyClock(loop))
        place.runs.append(run)
        place.steps[run.name] = _Script(run.plan, client).step(())
        place.held.append(run.name)
    place.held.append("d")
    return place


def _copied(server: Server) -> Server:
    """What is in its lists does not change any more."""
    projects = {
        name: replace(project, params=list(project.params), ontologies=list(project.ontologies))
        for name, project in server.projects.items()
    }
    return replace(server, projects=projects, writes=list(server.writes), reads=list(server.reads))


@dataclass(slots=True)
class _Step:
    """What a run does after `answers`: its next request, or else its end."""

    script: _Script
    answers: tuple[Answer, ...]
    request: httpx.Request | None
    outcome: Outcome | None
    known: dict[Answer, _Step] = field(default_factory=dict)

    def after(self, answer: Answer) -> _Step:
        if answer not in self.known:
            self.known[answer] = self.script.step((*self.answers, answer))
        return self.known[answer]


class _Script:
    """All that one run may do: it is run again from its start for each answer that it has not had at that point."""

    def __init__(self, plan: Plan, client: type[ScaleClient]) -> None:
        self.plan = plan
        self.client = client

    def step(self, answers: tuple[Answer, ...]) -> _Step:
        loop = VirtualLoop()
        gate = _Gate(loop, answers)
        loop.on_idle = gate.pause
        run = loop.create_task(self.run(loop, gate))
        try:
            loop.run_forever()
            if run.done():
                return _Step(self, answers, None, run.result())
            run.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(run)
            return _Step(self, answers, gate.request, None)
        finally:
            loop.close()

    async def run(self, loop: VirtualLoop, gate: _Gate) -> Outcome:
        clock = HastyClock(loop)
        try:
            async with self.client(
                endpoint=ENDPOINT,
                key="test_simulated",
                key_variable=None,
                transport=gate,
                clock=clock,
                random=Random(0),
            ) as client:
                return await apply_with(client, self.plan, clock=clock, random=Random(0), parallelism=1)
        finally:
            loop.stop()


class _Gate(httpx.AsyncBaseTransport):
    """Answers the first requests, and holds the next one."""

    def __init__(self, loop: VirtualLoop, answers: Sequence[Answer]) -> None:
        self.request: httpx.Request | None = None
        self._loop = loop
        self._answers = list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        if not self._answers:
            self.request = request
            await self._loop.create_future()
        answer = self._answers.pop(0)
        self._loop.advance(0.001)
        if answer is None:
            raise httpx.ReadError("cut")
        status, body = answer
        return httpx.Response(status, content=body)

    def pause(self) -> bool:
        """Called when the run waits."""
        self._loop.stop()
        return True


def _reported(name: str, outcome: Outcome) -> str:
    [project] = outcome.projects
    calls = ", ".join(f"{call.call.value} {call.result.value}" for call in project.calls)
    problems = "; ".join(f"{problem.code}: {problem.summary}" for problem in project.diagnostics)
    return f"{name} reports {project.status.value} [{calls}] {project.reason} {problems}".rstrip()
