"""A repository and its account: runs of the real plan and apply, and what the server's history says of them.

Promises: the record is kept in a file, the sandbox in another; time is virtual, and goes on from run to run. What is
asked of the history needs nothing of what a run reports.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.applying.applier import Stop
from reconciler.errors import ScaleError
from reconciler.model.outcome import Outcome, ProjectOutcome
from reconciler.model.plan import Plan, ProjectChange
from reconciler.operations.apply import carry_out
from reconciler.operations.plan import plan_live
from reconciler.operations.preparing import prepare
from reconciler.operations.recording import Recorder
from reconciler.operations.session import SANDBOX_ENDPOINT, Session
from reconciler.record.stores import open_record
from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Handler
from reconciler.sandbox.faults import Fault, FaultyApp
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target, choose_target, read_settings
from tests.faults.line import Line, at_once
from tests.sandbox.dashboard import Dashboard
from tests.simulation.virtual import START, VirtualLoop, run_on

NAME = "p"
OTHER_PARAM = "other_writer"
OTHER_CHOICE = "Other "

Between = Callable[[Handler, Dashboard], Handler]
"""Puts something more between the faults and the sandbox."""


class _Clock:
    """The loop's time, after all the time of earlier runs."""

    def __init__(self, loop: VirtualLoop, passed: float) -> None:
        self._loop = loop
        self._passed = passed

    def monotonic(self) -> float:
        return self._passed + self._loop.time()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Run:
    """One run: its plan, and its result; `problem` is why it could not plan."""

    before: History
    after: History
    plan: Plan | None = None
    outcome: Outcome | None = None
    problem: ScaleError | None = None

    @property
    def change(self) -> ProjectChange:
        assert self.plan is not None
        [change] = self.plan.changes
        return change

    @property
    def project(self) -> ProjectOutcome:
        assert self.outcome is not None
        [project] = self.outcome.projects
        return project

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.project.diagnostics]

    @property
    def complete(self) -> bool:
        """Whether it would end with exit code 0."""
        return self.outcome is not None and self.outcome.summary.complete and not self.outcome.diagnostics


@dataclass(frozen=True, slots=True)
class History:
    """The contents of all versions, oldest first; an ontology's are the names of its choices."""

    exists: bool = False
    params: tuple[Mapping[str, Any], ...] = ()
    ontologies: tuple[tuple[str, ...], ...] = ()

    @property
    def live(self) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        return (self.params or ({},))[-1], (self.ontologies or ((),))[-1]

    @property
    def other_params(self) -> list[int]:
        """The positions of another writer's: each brings a number that no version before it had."""
        seen: set[Any] = {None}
        found = []
        for position, content in enumerate(self.params):
            if content.get(OTHER_PARAM) not in seen:
                found.append(position)
            seen.add(content.get(OTHER_PARAM))
        return found

    @property
    def other_ontologies(self) -> list[int]:
        seen: set[str] = set()
        found = []
        for position, names in enumerate(self.ontologies):
            new = {name for name in names if name.startswith(OTHER_CHOICE)} - seen
            if new:
                found.append(position)
            seen |= new
        return found

    @property
    def theirs(self) -> dict[tuple[str, str], Any]:
        """The live values that another writer brought, by their place."""
        params, ontology = self.live
        found: dict[tuple[str, str], Any] = {
            ("ontology", name): name for name in ontology if name.startswith(OTHER_CHOICE)
        }
        for position in self.other_params:
            before = self.params[position - 1] if position else {}
            for key, value in self.params[position].items():
                if before.get(key) != value and params.get(key) == value:
                    found["params", key] = value
        return found

    def made_since(self, before: History) -> tuple[int, int]:
        """How many versions of params and of ontology are neither in `before` nor another writer's."""
        params = [at for at in range(len(before.params), len(self.params)) if at not in self.other_params]
        ontologies = [
            at for at in range(len(before.ontologies), len(self.ontologies)) if at not in self.other_ontologies
        ]
        return len(params), len(ontologies)


@dataclass
class Account:
    """`folder` holds `projects/`, the record and the sandbox."""

    folder: Path
    passed: float = 0.0
    settings: Settings = field(init=False)
    target: Target = field(init=False)
    file: Path = field(init=False)
    store: Dashboard = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.settings = read_settings(self.folder)
        self.target = choose_target(self.settings, name="sandbox", endpoint=None, environment={})
        assert self.target.sandbox is not None
        self.file = self.target.sandbox
        self.store = Dashboard(self.file)

    def declare(self, manifest: str) -> None:
        (self.folder / "projects").mkdir(exist_ok=True)
        (self.folder / "projects" / "p.yaml").write_text(manifest, "utf-8")

    def history(self) -> History:
        listed = json.loads(self.store.list_projects())
        shown = next((project for project in listed if project["name"] == NAME), None)
        if shown is None:
            return History()
        params = tuple(
            {key: value for key, value in entry.items() if key not in ("version", "created_at")}
            for entry in shown["param_history"]
        )
        ontologies = tuple(_names(entry["ontology"]) for entry in shown.get("ontologyHistory", []))
        return History(True, params, ontologies)

    def run(
        self,
        *,
        faults: Sequence[Fault] = (),
        between: Between | None = None,
        pending: bool = False,
        allowed: Collection[str] = (),
    ) -> Run:
        """A plan, approved, and its apply. At its end nothing is under way any more."""
        before = self.history()
        loop = VirtualLoop()
        clock = _Clock(loop, self.passed)
        made = run_on(loop, self._run(clock, faults, between, pending=pending, allowed=allowed))
        self.passed = clock.monotonic() + 3600.0
        return Run(before, self.history(), *made)

    async def _run(
        self,
        clock: _Clock,
        faults: Sequence[Fault],
        between: Between | None,
        *,
        pending: bool,
        allowed: Collection[str],
    ) -> tuple[Plan | None, Outcome | None, ScaleError | None]:
        record = open_record(self.settings.git_root, self.target.name, self.target.record)
        recorder = Recorder(self.settings.git_root, self.target, record, clock=clock, random=Random(1), aside=at_once)
        session = Session(self.settings, self.target, {}, now=clock.now)
        prepared = prepare(session, (), (recorder.record, ()), pending=pending, allowed=allowed)
        store = Dashboard(self.file, now=clock.now)
        app = create_app(self.file, now=clock.now, aside=at_once)
        if between is not None:
            app = between(app, store)
        app = FaultyApp(app, faults, store, sleep=clock.sleep, aside=at_once)
        random = Random(0)
        async with ScaleClient(
            endpoint=SANDBOX_ENDPOINT,
            key="test_faults",
            key_variable=None,
            parallelism=self.target.parallelism,
            transport=Line(app),
            clock=clock,
            random=random,
        ) as client:
            try:
                made = await plan_live(session, client, prepared)
            except ScaleError as problem:
                return None, None, problem
            outcome = await carry_out(
                session, client, made, recorder, emit=lambda event: None, stop=Stop(), clock=clock, random=random
            )
            return made, outcome, None


def _names(choices: list[Any]) -> tuple[str, ...]:
    """In order, whatever their depth."""
    found: list[str] = []
    for choice in choices:
        found.append(choice if isinstance(choice, str) else choice["choice"])
        if isinstance(choice, dict):
            found += _names(choice.get("subchoices", []))
    return tuple(found)
