"""The record of a story: one remote that all runs share, and the clones that they run in. All that touches a Recorder.

Promises: a write to the remote compares and swaps; one that fails leaves the remote as it was. Every change of the
remote's record is looked at: a run must touch no section of another account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from reconciler.errors import RecordError
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.project import LiveProject
from reconciler.model.record import Record, RecordedProject, Section
from reconciler.operations.recording import Recorder
from reconciler.planning.planner import account_of
from reconciler.record.merging import Changes, differences, lay_over
from reconciler.scale.transport import Clock
from reconciler.settings import Settings, Target

ENDPOINT = "http://simulated/v1"
FOLDER = Path("/repository")
SETTINGS = Settings(folder=FOLDER, root=FOLDER, base=FOLDER, manifests=FOLDER / "projects")
TARGET = Target("simulated", ENDPOINT)

_SECONDS = 0.3
"""How long a fetch or a push takes at most."""


class RecordHouse:
    """`failures` is the share of pushes that the remote refuses. `writes_ahead`: runs record what they intend."""

    def __init__(self, clock: Clock, random: Random, *, failures: float = 0.0, writes_ahead: bool = True) -> None:
        self.clock = clock
        self.random = random
        self.failures = failures
        self.writes_ahead = writes_ahead
        self.record = Record()
        self.violations: list[str] = []
        self._clones: dict[str, _Clone] = {}
        self._owners: dict[tuple[str, str | None], str] = {}

    async def open(self, run: str, clone: str, account: str) -> Recording:
        """The record as a run reads it at its start."""
        await asyncio.sleep(self.random.uniform(0.0, _SECONDS))
        store = _Store(self, self._clones.setdefault(clone, _Clone()), run, account)
        return Recording(self, Recorder(SETTINGS, TARGET, store))

    def section_of(self, listed: Iterable[LiveProject]) -> Section:
        """What the remote has recorded for the account that shows these projects."""
        return self.record.section(ENDPOINT, account_of(listed))

    def swap(self, before: Record, after: Record, run: str, account: str) -> bool:
        """The remote's own compare and swap."""
        if self.record is not before:
            return False
        for key in before.sections.keys() | after.sections.keys():
            owner = self._owners.setdefault(key, account)
            if owner != account and before.sections.get(key) != after.sections.get(key):
                names = _differing(before.sections.get(key, {}), after.sections.get(key, {}))
                self.violations.append(
                    f"{run}: with the key of {account}, changes {', '.join(names)} in the record of {owner}"
                )
        self.record = after
        return True


class Recording:
    """One run's recorder. Raises RecordError where the record cannot be written."""

    def __init__(self, house: RecordHouse, recorder: Recorder) -> None:
        self._house = house
        self._recorder = recorder
        self.permit = None

    @property
    def record(self) -> Record:
        return self._recorder.record

    async def announce(self, plan: Plan) -> None:
        if self._house.writes_ahead:
            await asyncio.sleep(self._house.random.uniform(0.0, _SECONDS))
            self._recorder.announce(plan, self._house.clock.now())

    async def conclude(self, plan: Plan, outcome: Outcome) -> None:
        await asyncio.sleep(self._house.random.uniform(0.0, _SECONDS))
        self._recorder.conclude(plan, outcome, self._house.clock.now())


class _Clone:
    """What a clone has and never pushed: `local`, which went on from `shared`. Both None where there is nothing."""

    def __init__(self) -> None:
        self.local: Record | None = None
        self.shared: Record | None = None


class _Store:
    """A record with a remote, as one run in one clone sees it."""

    def __init__(self, house: RecordHouse, clone: _Clone, run: str, account: str) -> None:
        self._house = house
        self._clone = clone
        self._run = run
        self._account = account
        self._seen: Record | None = None

    def read(self) -> Record:
        self._seen = self._combined(self._house.record)
        return self._seen

    def write(self, changes: Changes, message: str, *, keep: bool = True) -> None:
        there = self._house.record
        if self._house.random.random() < self._house.failures:
            if keep:
                self._clone.local = lay_over(self._clone.local or there, changes, seen=self._seen)
                self._clone.shared = self._clone.shared or there
            raise RecordError("the record cannot be pushed")
        record = lay_over(self._combined(there), changes, seen=self._seen)
        assert self._house.swap(there, record, self._run, self._account)
        self._clone.local = self._clone.shared = None
        self._seen = record

    def missing_hint(self) -> str | None:
        return None

    def _combined(self, there: Record) -> Record:
        if self._clone.local is None or self._clone.shared is None:
            return there
        for changes in differences(self._clone.shared, self._clone.local):
            there = lay_over(there, changes, seen=self._clone.shared)
        return there


def _differing(before: Mapping[str, RecordedProject], after: Mapping[str, RecordedProject]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
