"""An event loop in which time passes only by being waited for, and the clock that reads it.

Promises: no real waiting, no thread, no socket; the order of events depends on the program and its seeds alone.
"""

from __future__ import annotations

import asyncio
from asyncio import base_events
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""When every simulation begins."""


class _Selector:
    """Stands where an event loop waits for its sockets: there are none, so that waiting is moving the time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout == 0 or self._loop.on_idle():
            return []
        if timeout is None:
            raise RuntimeError("Everything waits, and nothing is left that could wake it")
        self._loop.advance(timeout)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(base_events.BaseEventLoop):
    """`on_idle` is called when nothing can go on; where it says True it has woken somebody, and time stands still."""

    def __init__(self, on_idle: Callable[[], bool] = lambda: False) -> None:
        super().__init__()
        self._selector = _Selector(self)
        self._virtual_time = 0.0
        self.on_idle = on_idle

    def time(self) -> float:
        return self._virtual_time

    def advance(self, seconds: float) -> None:
        self._virtual_time += seconds

    def _process_events(self, event_list: list[Any]) -> None:
        """Nothing comes from outside."""

    def _write_to_self(self) -> None:
        """No other thread wakes this loop."""


class VirtualClock:
    """A `reconciler.clock.Clock` on the loop's time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def monotonic(self) -> float:
        return self._loop.time()

    def now(self) -> datetime:
        return START + timedelta(seconds=self._loop.time())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class HastyClock(VirtualClock):
    """Sleeping is over at once, and only its sleeper believes in it: for schedulers that decide who goes next."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__(loop)
        self._slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._slept

    async def sleep(self, seconds: float) -> None:
        self._slept += seconds
        await asyncio.sleep(0)


def run_on(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Runs to the end and closes the loop."""
    try:
        return loop.run_until_complete(main)
    finally:
        loop.close()
