"""How long the intent of a run holds. It is renewed while the run lasts, and ends with it.

Promises: no write starts in the last part of a lease, and an intent that has expired is never renewed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any, Final

from reconciler.clock import Clock
from reconciler.errors import GitRefusedError, RecordError
from reconciler.instants import moment_of, to_the_second
from reconciler.model.record import Run, Section
from reconciler.record.stores import RecordStore

LEASE: Final = timedelta(minutes=2)
"""How long an intent holds without a renewal."""

LAST_SECONDS: Final = timedelta(seconds=30)
"""No write is started in this last part of a lease, so that none lands after it."""

RENEWED_BEFORE: Final = timedelta(seconds=60)
"""A run renews its lease this long before the end."""

CLOCKS_DIFFER: Final = timedelta(minutes=1)
"""How much the clocks of two runs may differ. An intent of another clone counts as expired only this much later."""

LONGEST_LEASE: Final = timedelta(hours=1)
"""A lease that ends later than this from now does not count. It is forged, or a clock is wrong."""


class Lease:
    """The lease of one run. `run` is None before it begins. `aside` runs blocking calls, such as git, in a thread."""

    def __init__(self, store: RecordStore, clock: Clock, aside: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._clock = clock
        self._aside = aside
        self.run: Run | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._renewing = asyncio.Lock()
        self._is_renewed = False
        self._why = ""
        self.problem: RecordError | GitRefusedError | None = None
        """The error that keeps the lease from being renewed."""

    async def begin(self) -> Run:
        """Begin a lease. Returns the run, whose intent holds from now on."""
        now = self._clock.now()
        if self.run is None:
            name = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"
            host = socket.gethostname()
            words = f"reconciler apply on {host}, process {os.getpid()}, since {to_the_second(now)}\n"
            clone = await self._aside(self._store.liveness.hold, name, words)
            self.run = Run(name, host, clone, started_at=to_the_second(now), until="")
        self.run = replace(self.run, until=to_the_second(now + LEASE))
        return self.run

    def keep(self) -> None:
        """Renew the lease from now on, in a separate task."""
        self._renewal = asyncio.get_running_loop().create_task(self._keep_renewing())

    async def others(self, section: Section) -> dict[str, Run]:
        """The other runs whose intents are live. A run in this clone shows it by its lock, any other by its lease."""
        alive = {}
        for run in section.runs.values():
            if self.run is not None and run.id == self.run.id:
                continue
            if await self._aside(self._store.liveness.is_alive, run) is False:
                await self._clean_up(run)
                continue
            if self._holds(run.until) or self._holds(await self._aside(self._store.renewed, run)):
                alive[run.id] = run
            else:
                await self._clean_up(run)
        return alive

    def _holds(self, until: str) -> bool:
        now = self._clock.now()
        return now - CLOCKS_DIFFER <= moment_of(until) <= now + LONGEST_LEASE

    async def _clean_up(self, run: Run) -> None:
        """Remove what a dead run left outside the record."""
        with contextlib.suppress(RecordError, GitRefusedError):
            await self._aside(self._store.liveness.release, run.id)
            await self._aside(self._store.end, run)

    async def permit(self) -> str | None:
        """Awaited right before a write. Returns None if the write may start, else the reason why not."""
        assert self.run is not None
        if self._clock.now() < moment_of(self.run.until) - LAST_SECONDS or await self._renew():
            return None
        return self._why

    async def _keep_renewing(self) -> None:
        while True:
            assert self.run is not None
            left = moment_of(self.run.until) - RENEWED_BEFORE - self._clock.now()
            await self._clock.sleep(max(left.total_seconds(), 5.0))
            if not await self._renew() and self._clock.now() >= moment_of(self.run.until):
                return

    async def _renew(self) -> bool:
        """Hold the intent for another lease, unless it has expired. Another run may then have taken its place."""
        async with self._renewing:
            assert self.run is not None
            now, until = self._clock.now(), moment_of(self.run.until)
            if now < until - RENEWED_BEFORE:
                return True
            if now >= until:
                self._why = self._why or "this run's intent has expired"
                return False
            renewed = replace(self.run, until=to_the_second(now + LEASE))
            self._is_renewed = True
            try:
                await self._aside(self._store.renew, renewed)
            except (RecordError, GitRefusedError) as problem:
                self.problem, self._why = problem, "this run's intent cannot be renewed"
                return False
            if self._clock.now() >= until:
                self._why = "this run's intent expired before the renewal finished"
                return False
            self.run, self.problem = renewed, None
            return True

    async def end(self) -> None:
        """End the run in this clone, even after a failure: its intent no longer counts as live here."""
        async with self._renewing:  # a renewal under way would land after the end
            if self._renewal is not None:
                self._renewal.cancel()
        if self.run is not None:
            with contextlib.suppress(RecordError, GitRefusedError):
                if self._is_renewed:
                    await self._aside(self._store.end, self.run)
            await self._aside(self._store.liveness.release, self.run.id)
