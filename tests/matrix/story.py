"""One change, one fault, one account: a run that meets the fault, then quiet runs; told by what the server has then.

Promises: the real client and applier, the sandbox in this process behind `FaultyApp`, and no real time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx

from reconciler.applying.applier import Stop, apply_plan
from reconciler.errors import ScaleError
from reconciler.model.outcome import CallResult, ProjectOutcome
from reconciler.model.plan import CallKind, Plan
from reconciler.model.project import DesiredProject, Source
from reconciler.sandbox.app import create_app
from reconciler.sandbox.faults import ConnectionCutError, Fault, FaultyApp
from reconciler.sandbox.store import Store
from reconciler.scale.client import ScaleClient
from tests.simulation.world import ENDPOINT, SharedRecord, plan_with

NAME = "p"
TYPE = "imageannotation"
BEFORE = {"a": 0, "gone": 1}
AFTER = {"a": 1, "b": 2}
OLD_CHOICES = ["Cat"]
NEW_CHOICES = ["Cat", "Dog"]

Versions = tuple[int, int]
"""How many versions of params and of ontology there are."""


class Clock:
    """Sleeping moves the time, and lets what the network still has under way come to its end first."""

    def __init__(self) -> None:
        self.time = 0.0
        self.late: list[tuple[float, asyncio.Event, asyncio.Task[None]]] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(seconds=self.time)

    async def sleep(self, seconds: float) -> None:
        end = self.time + seconds
        for due in sorted((entry for entry in self.late if entry[0] <= end), key=lambda entry: entry[0]):
            self.late.remove(due)
            self.time = max(self.time, due[0])
            due[1].set()
            await due[2]
        self.time = end


class Network(httpx.AsyncBaseTransport):
    """Requests end in the faulty application. A cut is a read that fails; a slow answer may come too late."""

    def __init__(self, file: Path, faults: Sequence[Fault], clock: Clock) -> None:
        self._clock = clock
        self._slow: dict[asyncio.Task[Any], asyncio.Future[float]] = {}
        app = FaultyApp(create_app(file), faults, Store(file), sleep=self._sleep)
        self._inner = httpx.ASGITransport(app)
        self._released: dict[asyncio.Task[Any], asyncio.Event] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        limit = request.extensions["timeout"]["read"]
        slow: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        release = asyncio.Event()
        task = asyncio.ensure_future(self._inner.handle_async_request(request))
        self._slow[task], self._released[task] = slow, release
        both: list[asyncio.Future[Any]] = [task, slow]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if slow.done() and slow.result() > limit:
            ending = asyncio.ensure_future(self._ended(task))
            self._clock.late.append((self._clock.time + slow.result(), release, ending))
            await self._clock.sleep(limit)
            raise httpx.ReadTimeout("no answer", request=request)
        if slow.done():
            await self._clock.sleep(slow.result())
            release.set()
        try:
            return await task
        except ConnectionCutError as cut:
            raise httpx.ReadError(str(cut), request=request) from None

    async def _sleep(self, seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._slow[task].set_result(seconds)
        await self._released[task].wait()

    async def _ended(self, task: asyncio.Task[httpx.Response]) -> None:
        await task


@dataclass(slots=True)
class Run:
    """`outcome` is None where it could not plan; `problem` then says why."""

    plan: Plan | None = None
    outcome: ProjectOutcome | None = None
    problem: str = ""

    def result(self, kind: CallKind) -> CallResult | None:
        calls = self.outcome.calls if self.outcome else ()
        return next((call.result for call in calls if call.call is kind), None)


@dataclass
class Story:
    """An account in `file`, with the project as it was before unless it is to be created."""

    file: Path
    create: bool
    clock: Clock = field(default_factory=Clock)
    record: SharedRecord = field(default_factory=SharedRecord)

    def __post_init__(self) -> None:
        self.store = Store(self.file)
        if not self.create:
            at = "2026-01-02T03:04:05.000Z"
            params = {**BEFORE, "version": 0, "created_at": at}
            project = {"name": NAME, "type": TYPE, "created_at": at, "param_history": [params]}
            self.store.seed([{**project, "ontologyHistory": [{"ontology": OLD_CHOICES}]}])

    def run(self, *faults: Fault) -> Run:
        """One `plan`, approved, and its `apply`; then whatever is still under way comes to its end."""
        return asyncio.run(self._run(faults))

    async def _run(self, faults: Sequence[Fault]) -> Run:
        desired = {NAME: DesiredProject(NAME, TYPE, Source("/p.yaml", 1), params=AFTER, ontology=NEW_CHOICES)}
        run = Run()
        recorder = self.record.recorder()
        network = Network(self.file, faults, self.clock)
        async with ScaleClient(
            endpoint=ENDPOINT,
            key="test_matrix",
            key_variable=None,
            transport=network,
            clock=self.clock,
            random=Random(0),
        ) as client:
            try:
                known = recorder.record.section(ENDPOINT, None)
                run.plan = await plan_with(client, desired, self.clock, known)
            except ScaleError as problem:
                run.problem = problem.summary
                return run
            recorder.announce(run.plan, self.clock.now())
            outcome = await apply_plan(
                run.plan,
                client,
                parallelism=1,
                emit=lambda event: None,
                stop=Stop(),
                now=self.clock.now,
                clock=self.clock,
                random=Random(0),
            )
            recorder.conclude(run.plan, outcome, self.clock.now())
            [run.outcome] = outcome.projects
            await self.clock.sleep(10_000.0)
        return run

    def history(self) -> tuple[list[Any], list[Any]]:
        """The contents of each version of params and ontology; none where there is no such project."""
        listed = json.loads(self.store.list_projects())
        shown = next((project for project in listed if project["name"] == NAME), None)
        if shown is None:
            return [], []
        params = [
            {key: value for key, value in entry.items() if key not in ("version", "created_at")}
            for entry in shown["param_history"]
        ]
        return params, [_names(entry["ontology"]) for entry in shown.get("ontologyHistory", [])]

    def exists(self) -> bool:
        return any(project["name"] == NAME for project in json.loads(self.store.list_projects()))


def _names(choices: list[Any]) -> list[str]:
    return [choice if isinstance(choice, str) else choice["choice"] for choice in choices]
