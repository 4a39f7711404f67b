"""429s slow all requests of a run down together, and it speeds up again."""

from __future__ import annotations

import asyncio

from reconciler.scale.client import ScaleClient
from reconciler.scale.transport import Pace
from tests.scale.loopback import PROJECT, FakeClock, answer, client_of, refusal, run, serving


def test_a_429_holds_every_request_back() -> None:
    clock = FakeClock()
    pace = Pace(clock=clock, most=8)
    pace.slow_down(30.0)

    async def steps() -> list[float]:
        return [await pace.enter(), await pace.enter()]

    assert run(steps()) == [30.0, 0.0]
    assert clock.slept == [30.0]


def test_it_halves_and_grows_again() -> None:
    pace = Pace(clock=FakeClock(), most=8)
    limits = []
    for _ in range(5):
        pace.slow_down(0)
        limits.append(pace.limit)
    assert limits == [4, 2, 1, 1, 1]
    for _ in range(60):
        pace.speed_up()
    assert pace.limit == 8


def test_no_more_than_the_limit_are_in_flight() -> None:
    pace = Pace(clock=FakeClock(), most=3)
    most = now = 0

    async def request() -> None:
        nonlocal most, now
        await pace.enter()
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        pace.leave()

    async def steps() -> None:
        await asyncio.gather(*(request() for _ in range(20)))

    run(steps())
    assert most == 3


def test_one_request_that_is_told_to_wait_holds_back_the_others() -> None:
    """Counted at the server: while the first waits, none of the others comes."""
    clock = FakeClock()

    async def read(client: ScaleClient) -> None:
        assert await client.get_project("p") is not None

    async def steps() -> tuple[int, int]:
        async with (
            serving(refusal(429, retry_after="7"), answer(PROJECT)) as server,
            client_of(server, clock=clock, parallelism=4) as client,
        ):
            await read(client)
            await asyncio.gather(*(read(client) for _ in range(6)))
            return len(server.requests), server.most_in_flight

    requests, most = run(steps())
    assert requests == 8
    assert most <= 4
    assert clock.time >= 1007


def test_a_long_wait_is_reported() -> None:
    """Once for all who wait for the same; short waits are nobody's business."""
    reported: list[float] = []

    async def steps() -> None:
        replies = (refusal(429, retry_after="30"), refusal(429, retry_after="1"), answer(PROJECT))
        async with serving(*replies) as server, client_of(server, waiting=reported.append) as client:
            assert await client.get_project("p") is not None

    run(steps())
    assert [int(seconds) for seconds in reported] == [30]
    pace = Pace(clock=FakeClock(), most=8)
    assert [pace.slow_down(30.0), pace.slow_down(31.0), pace.slow_down(2.0)] == [30.0, 1.0, -29.0]
