"""How often and how long a request is tried.

A read is repeated while a retry can help. A write is sent once. All requests share one pace. Clock, sleep, and
randomness are parameters. This module does not know what a request means, and does not turn answers into errors.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from reconciler.clock import Clock
from reconciler.frozen import dataclass
from reconciler.http.answer import Answer, Lost, retry_after

LONGEST_WAIT = 300.0
"""Seconds. A longer `Retry-After` is an error at once."""

PATIENCE = 600.0
"""Seconds that a read, or a write with its repeats, may spend in all on 429s and on waits for `Retry-After`."""

WORTH_TELLING = 5.0
"""Seconds. A shorter wait is not reported."""

FRESH_SECONDS = 30.0
"""A write that waited longer for its turn is not sent, because the state that was read before it is too old."""

MOST_TRIES = 50
"""The most tries of one read, for any reason."""

FIRST_BACKOFF = 0.5
LARGEST_BACKOFF = 30.0
"""Seconds. A wait is drawn evenly from zero to a ceiling ("full jitter"), which doubles with each wait."""


READ_TRIES = 10
READ_SECONDS = 30.0
"""How often a read is tried, and for how many seconds without an answer. 429s and waits that the server asked for do
not count."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of the last try, the number of tries, and how many seconds they took with their waits.

    `wait` is how many seconds the last answer asked to wait, None if it did not ask. A write that was held back has no
    tries.
    """

    result: Answer | Lost
    tries: int
    seconds: float
    wait: float | None = None


def is_failure(status: int) -> bool:
    """Whether a status is a server failure rather than an answer to the request: 5xx, or 408 (the server timed out
    waiting for the request)."""
    return status >= 500 or status == 408


class Pace:
    """The pace of all requests of a run together.

    At most `most` are in flight. After a 429, none starts before the time that it asks for, and only half as many may
    be in flight. Every other answer raises that number a little again.
    """

    def __init__(self, *, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._limit = float(most)
        self._in_flight = 0
        self._not_before = 0.0
        self._left = asyncio.Event()

    @property
    def limit(self) -> int:
        """How many requests may be in flight now."""
        return max(1, int(self._limit))

    async def enter(self) -> float:
        """Wait for a turn, and return the seconds that it took."""
        begun = self._clock.monotonic()
        while True:
            while self._in_flight >= self.limit:
                self._left.clear()
                await self._left.wait()
            pause = self._not_before - self._clock.monotonic()
            if pause <= 0:
                break
            await self._clock.sleep(pause)
        self._in_flight += 1
        return self._clock.monotonic() - begun

    def leave(self) -> None:
        """Mark a request as finished: it has its answer, or will not get one."""
        self._in_flight -= 1
        self._left.set()

    def slow_down(self, pause: float) -> float:
        """After a 429, make all requests wait for `pause` seconds. Returns how much longer that is than they wait
        already."""
        self._limit = max(1.0, self._limit / 2)
        now = self._clock.monotonic()
        longer = now + pause - max(self._not_before, now)
        self._not_before = max(self._not_before, now + pause)
        return longer

    def speed_up(self) -> None:
        """After any other answer, allow a little more."""
        self._limit = min(float(self._most), self._limit + 1 / self._limit)


@dataclass(eq=False)
class Retries:
    """Sends reads with repeats, and writes once. It remembers only the pace.

    `waiting` is called with the seconds if a 429 makes all requests wait for long.
    """

    clock: Clock
    random: Random
    parallelism: int = 8
    waiting: Callable[[float], None] = lambda seconds: None

    def __post_init__(self) -> None:
        self._pace = Pace(clock=self.clock, most=self.parallelism)
        self._refusals = 0

    async def once(self, attempt: Callable[[float], Awaitable[Answer | Lost]], seconds: float) -> Outcome:
        """Try once when the request's turn comes, or not at all if that takes too long. `seconds` limits the wait for
        an answer."""
        if await self._pace.enter() > FRESH_SECONDS:
            self._pace.leave()
            return Outcome(Lost("the wait for other requests was too long", sent=False), tries=0, seconds=0.0)
        started = self.clock.monotonic()
        try:
            result = await attempt(seconds)
        finally:
            self._pace.leave()
        wait = self._asked_wait(result)
        if isinstance(result, Answer) and result.status == 429:
            self._refusals += 1
            if (wait or 0.0) <= LONGEST_WAIT:
                self._slow_down((wait or 0.0) + self._backoff(self._refusals))
        elif isinstance(result, Answer):
            self._refusals = 0
            self._pace.speed_up()
        return Outcome(result, tries=1, seconds=self.clock.monotonic() - started, wait=wait)

    async def run(self, attempt: Callable[[float], Awaitable[Answer | Lost]]) -> Outcome:
        """Repeat a read while a retry can help. `attempt` gets the seconds for which it may wait for an answer. If the
        result is a 429, a failure, or Lost, it was tried as often, or as long, as a read may be.
        """
        started = self.clock.monotonic()
        uncounted = 0.0
        counted_tries = 0
        tries = 0
        while True:
            uncounted += await self._pace.enter()
            try_started = self.clock.monotonic()
            left = READ_SECONDS - (try_started - started - uncounted)
            try:
                result = await attempt(max(left, 1.0))
            finally:
                self._pace.leave()
            tries += 1
            wait = self._asked_wait(result)
            now = self.clock.monotonic()
            outcome = Outcome(result=result, tries=tries, seconds=now - started, wait=wait)
            too_many = isinstance(result, Answer) and result.status == 429
            if isinstance(result, Answer) and not too_many:
                self._pace.speed_up()
            if not _is_repeated(result) or tries >= MOST_TRIES:
                return outcome

            counted_tries += not too_many
            if counted_tries >= READ_TRIES:
                return outcome
            backoff = self._backoff(tries - counted_tries if too_many else counted_tries)
            if too_many or wait is not None:
                pause = (wait or 0.0) + backoff
                if (wait or 0.0) > LONGEST_WAIT or uncounted + (now - try_started) + pause > PATIENCE:
                    return outcome
                if too_many:
                    self._slow_down(pause)
                await self.clock.sleep(pause)
                uncounted += self.clock.monotonic() - try_started
            else:
                if now - started - uncounted + backoff >= READ_SECONDS:
                    return outcome
                await self.clock.sleep(backoff)

    def _asked_wait(self, result: Answer | Lost) -> float | None:
        return retry_after(result, self.clock.now()) if isinstance(result, Answer) else None

    def _slow_down(self, pause: float) -> None:
        if self._pace.slow_down(pause) >= WORTH_TELLING:
            self.waiting(pause)

    def _backoff(self, number: int) -> float:
        """The seconds before the next try. `number` counts the waits of its kind, from 1."""
        return self.random.uniform(0.0, min(LARGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (number - 1)))


def _is_repeated(result: Answer | Lost) -> bool:
    if isinstance(result, Lost):
        return not result.final
    return result.status == 429 or is_failure(result.status)
