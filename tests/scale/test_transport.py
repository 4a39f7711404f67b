"""How often one request is tried, and how long."""

from __future__ import annotations

from random import Random

import httpx
import pytest

from reconciler.clock import SYSTEM_CLOCK
from reconciler.http.answer import Answer, Lost, retry_after
from reconciler.scale.transport import READ_SECONDS, Outcome, Retries
from tests.scale.loopback import FakeClock, Highest, Lowest, run

LOST = Lost("cut", sent=True)
REFUSED = Lost("no connection", sent=False)


def reply(status: int, **headers: str) -> Answer:
    return Answer(status, httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()}), b"")


def tried(
    *script: Answer | Lost,
    clock: FakeClock | None = None,
    random: Random | None = None,
    seconds_each: float = 0.0,
) -> tuple[Outcome, list[float]]:
    """The outcome, and the time limits that the tries were given. The last scripted result repeats."""
    clock = clock or FakeClock()
    limits: list[float] = []

    async def attempt(seconds: float) -> Answer | Lost:
        limits.append(seconds)
        clock.time += min(seconds, seconds_each)
        return script[min(len(limits), len(script)) - 1]

    return run(Retries(clock=clock, random=random or Highest()).run(attempt)), limits


@pytest.mark.parametrize("failure", [LOST, REFUSED, reply(500), reply(502), reply(503), reply(408), reply(429)])
def test_a_read_is_tried_again(failure: Answer | Lost) -> None:
    outcome, _ = tried(failure, failure, reply(200))
    assert (outcome.result, outcome.tries) == (reply(200), 3)


@pytest.mark.parametrize("final", [reply(200), reply(302), reply(400), reply(404), Lost("x", sent=False, final=True)])
def test_what_is_final_is_final(final: Answer | Lost) -> None:
    assert tried(final)[0].tries == 1


def sent(retries: Retries, *script: Answer | Lost) -> list[Outcome]:
    """What becomes of one write after another, each with the next scripted result."""
    outcomes = []
    for result in script:

        async def attempt(seconds: float, result: Answer | Lost = result) -> Answer | Lost:
            assert seconds == 15.0
            return result

        outcomes.append(run(retries.once(attempt, 15.0)))
    return outcomes


@pytest.mark.parametrize(
    "result",
    [LOST, REFUSED, *(reply(status) for status in (200, 400, 408, 429, 500, 502, 503)), reply(503, retry_after="0")],
)
def test_a_write_is_sent_once(result: Answer | Lost) -> None:
    clock = FakeClock()
    [outcome] = sent(Retries(clock=clock, random=Highest()), result)
    assert (outcome.result, outcome.tries, clock.slept) == (result, 1, [])


def test_too_many_writes_hold_back_what_comes_next() -> None:
    """Each 429 in a row for longer, up to 30 seconds; another answer ends the row."""
    clock = FakeClock()
    retries = Retries(clock=clock, random=Highest())
    sent(retries, reply(429, retry_after="2"), reply(429), reply(429), reply(200), reply(429), LOST)
    assert clock.slept == [2.5, 1.0, 2.0, 0.5]


def test_a_write_that_waits_long_for_its_turn_is_not_sent() -> None:
    """By then, what was read before it is too old."""
    clock = FakeClock()
    reported: list[float] = []
    retries = Retries(clock=clock, random=Lowest(), waiting=reported.append)
    refused, held, done = sent(retries, reply(429, retry_after="31"), reply(200), reply(200))
    assert (refused.tries, refused.wait) == (1, 31.0)
    assert (held.tries, held.result) == (0, Lost("the wait for other requests was too long", sent=False))
    assert (done.tries, done.result) == (1, reply(200))
    assert (clock.slept, reported) == ([31.0], [31.0])


def test_a_write_that_is_asked_to_wait_too_long_holds_back_nothing() -> None:
    clock = FakeClock()
    refused, done = sent(Retries(clock=clock, random=Lowest()), reply(429, retry_after="301"), reply(200))
    assert (refused.wait, done.tries, clock.slept) == (301.0, 1, [])


def test_a_read_stays_within_30_seconds() -> None:
    clock = FakeClock()
    outcome, limits = tried(LOST, clock=clock, seconds_each=7.0)
    assert outcome.seconds <= 30.0
    assert outcome.tries == 4
    assert limits == [30.0, 22.5, 14.5, 5.5]
    assert clock.slept == [0.5, 1.0, 2.0]


def test_a_silent_server_takes_the_whole_time_once() -> None:
    outcome, limits = tried(LOST, seconds_each=60.0)
    assert (limits, outcome.seconds) == ([30.0], 30.0)


def test_tries_are_bounded_where_chance_never_waits() -> None:
    assert tried(LOST, random=Lowest())[0].tries == 10
    assert tried(reply(429), random=Lowest())[0].tries == 50


def test_backoff_doubles_with_full_jitter() -> None:
    clock = FakeClock()
    tried(*[reply(429)] * 9, reply(200), clock=clock)
    assert clock.slept == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    drawn = FakeClock()
    tried(*[reply(429)] * 9, reply(200), clock=drawn, random=Random(1))
    assert all(0 <= some <= most for some, most in zip(drawn.slept, clock.slept, strict=True))
    assert len(set(drawn.slept)) == 9


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_waited_for_on_top(status: int) -> None:
    clock = FakeClock()
    outcome, limits = tried(reply(status, retry_after="290"), reply(200), clock=clock, random=Lowest())
    assert outcome.tries == 2
    assert clock.slept == [290.0]
    assert limits == [READ_SECONDS, READ_SECONDS]


def test_a_longer_retry_after_is_final() -> None:
    clock = FakeClock()
    outcome, _ = tried(reply(429, retry_after="301"), clock=clock)
    assert (outcome.tries, outcome.wait, clock.slept) == (1, 301.0, [])


def test_patience_ends() -> None:
    clock = FakeClock()
    outcome, _ = tried(reply(429, retry_after="250"), clock=clock, random=Lowest())
    assert (outcome.tries, clock.slept) == (3, [250.0, 250.0])
    outcome, _ = tried(reply(429), seconds_each=400.0)
    assert outcome.seconds <= 700.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry_after": "0"}, 0.0),
        ({"retry_after": " 12 "}, 12.0),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "9" * 5000}, float("inf")),
        ({"retry_after": "Tue, 24 Nov 2026 12:01:00 GMT"}, 60.0),
        ({"retry_after": "Tue, 24 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry_after": "Tue, 24 Nov 2026 12:01:00 -0000"}, 60.0),
        ({"retry_after": "Tue, 24 Nov 2026 12:01:00 GMT", "date": "Tue, 24 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry_after": "Tue, 24 Nov 2026 12:01:00 GMT", "date": "gibberish"}, 60.0),
        ({"retry_after": "Tue, 99 Nov 2026 12:01:00 GMT"}, None),
    ],
)
def test_both_forms_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(reply(429, **headers), FakeClock().now()) == seconds


def test_the_system_clock() -> None:
    assert SYSTEM_CLOCK.monotonic() <= SYSTEM_CLOCK.monotonic()
    assert SYSTEM_CLOCK.now().tzinfo is not None
    run(SYSTEM_CLOCK.sleep(0))


def test_an_answer_keeps_its_content_out_of_its_repr() -> None:
    assert repr(reply(200, x_echo="secret")) == "Answer(200)"
