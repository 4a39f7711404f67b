"""How often, and for how long, one request is tried.

Promises: a read is repeated while that can help; a write is sent once. All requests share one pace. Clock, sleep and
randomness are parameters. Must not know what a request means, nor turn an answer into an error.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from reconciler.clock import Clock
from reconciler.http.answer import Answer, Lost, retry_after

LONGEST_WAIT = 300.0
"""Seconds. A `Retry-After` above it is an error at once."""

PATIENCE = 600.0
"""Seconds that one read, or one write with its repeats, may spend on 429s and on waiting for `Retry-After`, in all."""

WORTH_TELLING = 5.0
"""Seconds. A shorter wait is not reported."""

FRESH_SECONDS = 30.0
"""A write that waited longer for its turn is not sent: what was read before it is too old by then."""

MOST_TRIES = 50
"""Tries of one read, for any reason."""

FIRST_BACKOFF = 0.5
LARGEST_BACKOFF = 30.0
"""Seconds; a wait is drawn evenly from zero to the ceiling ("full jitter"), and the ceiling doubles with each wait."""


@dataclass(frozen=True, slots=True)
class Policy:
    """`seconds` bounds the time without an answer; 429s and waits that the server asked for are not counted in it."""

    tries: int
    seconds: float


READ = Policy(tries=10, seconds=30.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the last try gave, how many tries there were, and how long (seconds) they took with their waits.

    `wait` is how long the last answer asked to wait, in seconds, None if it did not ask. If there was no try, a
    write was held back.
    """

    result: Answer | Lost
    tries: int
    seconds: float
    wait: float | None = None


def is_failure(status: int) -> bool:
    """Whether a status says nothing about the request itself: 5xx, and 408, by which the server gave up waiting."""
    return status >= 500 or status == 408


class Pace:
    """How fast the requests of one run go, all of them together.

    At most `most` are in flight. A 429 lets none start before the time that it asks for, and halves how many may be in
    flight; each answer that is none lets a little more again.
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
        """Wait for one's turn; the seconds that it took."""
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
        """The request has its answer, or none is to come."""
        self._in_flight -= 1
        self._left.set()

    def slow_down(self, pause: float) -> float:
        """A 429 came; `pause` is how long (seconds) to wait. How much longer that is than all wait already."""
        self._limit = max(1.0, self._limit / 2)
        now = self._clock.monotonic()
        longer = now + pause - max(self._not_before, now)
        self._not_before = max(self._not_before, now + pause)
        return longer

    def speed_up(self) -> None:
        """An answer came that is no 429."""
        self._limit = min(float(self._most), self._limit + 1 / self._limit)


class Retries:
    """Runs one request after another: reads with repeats, writes once. Between requests it holds only their pace.

    `waiting` is called with the seconds if a 429 makes all requests wait for long.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        random: Random,
        parallelism: int = 8,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self._clock = clock
        self._waiting = waiting
        self._random = random
        self._pace = Pace(clock=clock, most=parallelism)
        self._refusals = 0

    async def once(self, attempt: Callable[[float], Awaitable[Answer | Lost]], seconds: float) -> Outcome:
        """One try, when its turn comes; none if it does not come soon. `seconds` is its time without an answer."""
        if await self._pace.enter() > FRESH_SECONDS:
            self._pace.leave()
            return Outcome(Lost("too many requests before it", sent=False), tries=0, seconds=0.0)
        started = self._clock.monotonic()
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
        return Outcome(result, tries=1, seconds=self._clock.monotonic() - started, wait=wait)

    async def run(self, attempt: Callable[[float], Awaitable[Answer | Lost]], policy: Policy) -> Outcome:
        """Repeats a read: calls `attempt` (with the seconds it may stay without an answer) while that can help.

        The outcome's result may be a 429, a failure or Lost: then the policy is exhausted, or does not repeat it.
        """
        started = self._clock.monotonic()
        uncounted = 0.0
        counted_tries = 0
        tries = 0
        while True:
            uncounted += await self._pace.enter()
            try_started = self._clock.monotonic()
            left = policy.seconds - (try_started - started - uncounted)
            try:
                result = await attempt(max(left, 1.0))
            finally:
                self._pace.leave()
            tries += 1
            wait = self._asked_wait(result)
            now = self._clock.monotonic()
            outcome = Outcome(result=result, tries=tries, seconds=now - started, wait=wait)
            too_many = isinstance(result, Answer) and result.status == 429
            if isinstance(result, Answer) and not too_many:
                self._pace.speed_up()
            if not _is_repeated(result) or tries >= MOST_TRIES:
                return outcome

            counted_tries += not too_many
            if counted_tries >= policy.tries:
                return outcome
            backoff = self._backoff(tries - counted_tries if too_many else counted_tries)
            if too_many or wait is not None:
                pause = (wait or 0.0) + backoff
                if (wait or 0.0) > LONGEST_WAIT or uncounted + (now - try_started) + pause > PATIENCE:
                    return outcome
                if too_many:
                    self._slow_down(pause)
                await self._clock.sleep(pause)
                uncounted += self._clock.monotonic() - try_started
            else:
                if now - started - uncounted + backoff >= policy.seconds:
                    return outcome
                await self._clock.sleep(backoff)

    def _asked_wait(self, result: Answer | Lost) -> float | None:
        return retry_after(result, self._clock.now()) if isinstance(result, Answer) else None

    def _slow_down(self, pause: float) -> None:
        if self._pace.slow_down(pause) >= WORTH_TELLING:
            self._waiting(pause)

    def _backoff(self, number: int) -> float:
        """The seconds before the next try, `number` counting the waits of its kind from 1."""
        return self._random.uniform(0.0, min(LARGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (number - 1)))


def _is_repeated(result: Answer | Lost) -> bool:
    if isinstance(result, Lost):
        return not result.final
    return result.status == 429 or is_failure(result.status)
