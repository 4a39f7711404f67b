"""The record of a story: one remote that all runs share, and the clones that they run in. All that touches a Recorder.

Promises: the remote compares and swaps; a fetch or a push takes its time, may fail, may land although it failed, and
may land after its sender died. In one clone it is known at once whether a run is alive. Clocks differ by less than a
minute. Every change of the remote's record is looked at: a run must touch no section of another account.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from reconciler.clock import Clock
from reconciler.documents.record import decode, encode
from reconciler.errors import RecordError
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.project import LiveProject
from reconciler.model.record import Entries, Record, Run, SectionKey
from reconciler.operations.recording import Recorder
from reconciler.planning.live import account_of
from reconciler.record.liveness import Liveness
from reconciler.record.stores import Seen
from reconciler.settings import Settings, Target
from tests.simulation.ownership import Entered, Turn

ENDPOINT = "http://simulated/v1"
FOLDER = Path("/repository")
SETTINGS = Settings(cwd=FOLDER, repo_root=FOLDER, git_root=FOLDER, manifests=FOLDER / "projects")
TARGET = Target("simulated", ENDPOINT)

_SECONDS = 0.3
"""How long a fetch or a push takes, there and back each, unless it is slow."""

_SLOWEST = 60.0
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]+")


class RecordHouse:
    """The remote.

    `failures` is the share of fetches and pushes that fail, `slow` that of those that take long. `mistake` is one that
    the runs make, to see that it is found: see `Mistake`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        random: Random,
        tell: Callable[[str, str], None],
        *,
        failures: float = 0.0,
        slow: float = 0.0,
        mistake: str = "",
    ) -> None:
        self.loop = loop
        self.clock = clock
        self.random = random
        self.say = tell
        self.failures = failures
        self.may_fail = failures > 0.0
        self.slow = slow
        self.mistake = mistake
        self.record = Record()
        self.number = 0
        self.renewals: dict[str, str] = {}
        self.violations: list[str] = []
        self._owners: dict[SectionKey, str] = {}
        self._clocks: dict[str, Clock] = {}
        self._holders: dict[str, set[str]] = {}
        self._recorders: dict[str, Recorder] = {}
        self._turns: list[Turn] = []

    async def open(self, turn: Turn) -> Recorder:
        """The record as a run reads it at its start. Raises RecordError."""
        await asyncio.sleep(self.random.uniform(0.0, _SECONDS))
        offset = timedelta(seconds=self.random.uniform(-29.0, 29.0))
        clock = self._clocks.setdefault(turn.clone, _Offset(self.clock, offset))
        store = _Store(self, turn, self._holders.setdefault(turn.clone, set()))
        self._turns.append(turn)
        recorder = self._recorders[turn.name] = _Recorder(self, turn, store, clock)
        turn.read_at = turn.read_at or self.loop.time()
        return recorder

    def entries_of(self, listed: Iterable[LiveProject]) -> Entries:
        """What the remote has recorded for the account that shows these projects."""
        live = list(listed)
        key = self.record.find(ENDPOINT, account_of(live), {project.name: project.created_at for project in live})
        return self.record.sections[key].projects if key is not None else {}

    def died(self, turn: Turn) -> None:
        """A killed process holds nothing in its clone any more, and renews nothing."""
        self._holders.get(turn.clone, set()).difference_update(turn.ids)
        if (recorder := self._recorders.get(turn.name)) is not None and recorder._lease._renewal is not None:
            recorder._lease._renewal.cancel()

    def change(self, after: Record, turn: Turn) -> None:
        """The remote takes a record that was pushed."""
        assert decode(encode(after), place="the record") == after
        before = self.record
        for key in before.sections.keys() | after.sections.keys():
            owner = self._owners.setdefault(key, turn.account)
            if owner != turn.account and before.sections.get(key) != after.sections.get(key):
                self.violations.append(f"{turn.name}: with the key of {turn.account}, changes the record of {owner}")
            if key not in after.sections:
                del self._owners[key]
        self.record = after
        self.number += 1

    def left_behind(self) -> list[str]:
        """Renewals of runs that have ended by themselves, unless taking one away may have failed."""
        if self.may_fail:
            return []
        ended = {name for turn in self._turns if not turn.end.startswith("killed") for name in turn.ids}
        return [
            f"the ref of a run was left behind until {until}" for name, until in self.renewals.items() if name in ended
        ]

    async def aside(self, turn: Turn, function: Callable[..., Any], *arguments: Any) -> Any:
        """What git does beside the event loop; it goes on if nobody waits for it any more."""
        if isinstance(getattr(function, "__self__", None), _Liveness):
            return function(*arguments)
        draw = self.random
        there, back = (
            draw.uniform(0.0, _SLOWEST if draw.random() < self.slow else _SECONDS) for _ in ("there", "back")
        )
        failure, lands, survives = draw.random() < self.failures, draw.random() < 0.3, draw.random() < 0.5
        answer: asyncio.Future[Any] = self.loop.create_future()

        def land() -> None:
            if turn.end == "killed" and not survives:
                return
            result: Any = None
            problem: RecordError | None = RecordError("the remote does not answer") if failure else None
            if problem is None or lands:
                try:
                    result = function(*arguments)
                except RecordError as raised:
                    problem = problem or raised
            self.loop.call_later(back, hear, result, problem)

        def hear(result: Any, problem: RecordError | None) -> None:
            if answer.done():
                return
            if problem is None:
                answer.set_result(result)
            else:
                answer.set_exception(problem)

        self.loop.call_later(there, land)
        return await answer


class _Recorder(Recorder):
    """One run's recorder, which notes in the run when it did what."""

    def __init__(self, house: RecordHouse, turn: Turn, store: _Store, clock: Clock) -> None:
        async def aside(function: Callable[..., Any], *arguments: Any) -> Any:
            return await house.aside(turn, function, *arguments)

        def waiting(words: str) -> None:
            house.say(turn.name, _RUN_ID.sub("RUN", words))

        random = Random(f"{house.random.random()}")
        super().__init__(FOLDER, TARGET, store, waiting=waiting, clock=clock, random=random, aside=aside)
        self._house = house
        self._turn = turn

    async def announce(self, plan: Plan, stopped: Callable[[], bool] = lambda: False) -> Plan | None:
        if self._house.mistake == Mistake.NOT_AHEAD:
            return plan
        if self._house.mistake == Mistake.OWN_BASES_LOST:
            plan = replace(plan, changes=tuple(replace(change, kept={}) for change in plan.changes))
        announced = await super().announce(plan, stopped)
        if announced:
            self._turn.announced_at = self._house.loop.time()
        return announced

    async def permit(self) -> str | None:
        return None if self._house.mistake == Mistake.NOT_AHEAD else await super().permit()

    async def conclude(self, plan: Plan, outcome: Outcome) -> None:
        self._turn.concluding_at = self._house.loop.time()
        await super().conclude(plan, outcome)
        now = self._house.loop.time()
        entered = (Status.DONE, Status.UNCHANGED)
        self._turn.entered = {
            reported.name: Entered(now, reported.params_version, reported.ontology_version)
            for reported in outcome.projects
            if reported.status in entered
        }


class Mistake:
    """Mistakes that a reconciler could make with the record."""

    NOT_AHEAD = "records nothing ahead"
    OWN_BASES_LOST = "forgets which units it leaves drifting"
    NO_LOCK = "takes every other run for dead"
    OTHER_SECTION = "takes another account's section for its own"


class _Confusing(Record):
    def find(self, endpoint: str, account: str | None, created: Mapping[str, str | None]) -> SectionKey | None:
        return next((key for key, _ in self.at(endpoint)), None)


class _Store:
    """The remote, as one run in one clone sees it."""

    def __init__(self, house: RecordHouse, turn: Turn, holders: set[str]) -> None:
        self.liveness: Liveness = _Liveness(house, turn, holders)
        self._house = house
        self._turn = turn

    def read(self) -> Seen:
        record = self._house.record
        if self._house.mistake == Mistake.OTHER_SECTION:
            record = _Confusing(record.sections)
        return Seen(record, str(self._house.number), {})

    def swap(self, seen: Seen, record: Record, message: str) -> Seen | None:
        if seen.token != str(self._house.number):
            self._house.say(self._turn.name, "loses a push")
            return None
        if record != self._house.record:
            self._house.say(self._turn.name, f"records: {message.splitlines()[0]}")
            self._house.change(record, self._turn)
            if message.startswith("apply:"):
                self._turn.is_recorded = True
        return self.read()

    def renew(self, run: Run) -> None:
        self._house.say(self._turn.name, "renews its intent")
        self._house.renewals[run.id] = run.until

    def renewed(self, run: Run) -> str:
        return max(run.until, self._house.renewals.get(run.id, ""))

    def end(self, run: Run) -> None:
        self._house.renewals.pop(run.id, None)

    def missing_hint(self, seen: Seen) -> None:
        return None


class _Liveness(Liveness):
    """`holders` are the IDs of the runs in this clone that are alive."""

    def __init__(self, house: RecordHouse, turn: Turn, holders: set[str]) -> None:
        super().__init__(FOLDER, "reconciler")
        self._house = house
        self._turn = turn
        self._holders = holders

    def hold(self, run: str, words: str) -> str | None:
        self._holders.add(run)
        self._turn.ids.append(run)
        return self._turn.clone

    def release(self, run: str) -> None:
        self._holders.discard(run)

    def is_alive(self, run: Run) -> bool | None:
        if self._house.mistake == Mistake.NO_LOCK:
            return False
        return run.id in self._holders if run.clone == self._turn.clone else None


class _Offset:
    """A clock that differs from the true one."""

    def __init__(self, clock: Clock, offset: timedelta) -> None:
        self._clock = clock
        self._offset = offset

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def now(self) -> datetime:
        return self._clock.now() + self._offset

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
