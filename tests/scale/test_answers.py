"""Which error each answer, and each lack of one, becomes; and how many requests it took."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from reconciler.errors import (
    CredentialsError,
    NameTakenError,
    NotEnabledError,
    NotFoundError,
    RejectedError,
    ScaleError,
    UnavailableError,
    UnreadableAnswerError,
)
from reconciler.model.plan import Call, CallKind
from reconciler.scale.client import ScaleClient
from tests.scale.loopback import (
    CUT,
    PROJECT,
    SET_PARAMS,
    VARIABLE,
    FakeClock,
    Highest,
    answer,
    client_of,
    getting,
    listing,
    refusal,
    run,
    seen,
    sending,
    serving,
)


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, RejectedError, "bad request"),
        (401, CredentialsError, VARIABLE),
        (402, NotEnabledError, "not enabled"),
        (403, RejectedError, "status 403"),
        (404, NotFoundError, "status 404"),
        (409, RejectedError, "conflict"),
        (413, RejectedError, "contact Scale support"),
    ],
)
@pytest.mark.parametrize("steps", [listing, sending])
def test_refusals(steps: Callable[[ScaleClient], Any], status: int, kind: type[ScaleError], words: str) -> None:
    error, server = seen(refusal(status, "because\n::of this"), steps=steps)
    assert type(error) is kind
    assert (error.status, error.may_have_landed) == (status, False)
    assert words in error.summary + error.detail
    assert "The server reports: because\n::of this" in error.detail
    assert len(server.requests) == 1


def test_what_a_refusal_means_depends_on_what_was_asked() -> None:
    def refused(status: int, steps: Callable[[ScaleClient], Any]) -> ScaleError:
        error, _ = seen(refusal(status, "no"), steps=steps)
        assert isinstance(error, ScaleError)
        return error

    async def creating(client: ScaleClient) -> None:
        await client.send(Call(CallKind.CREATE, "p", {"name": "p", "type": "imageannotation"}))

    taken = refused(409, creating)
    assert type(taken) is NameTakenError
    assert "already taken" in taken.summary
    assert "task type is not enabled" in refused(402, creating).summary
    assert "task type" not in refused(402, listing).summary
    assert "ends in /v1" in refused(404, listing).detail
    assert "ends in /v1" in refused(404, creating).detail
    assert "renamed" in refused(404, sending).detail


def test_a_redirect_is_not_followed() -> None:
    for steps in (listing, sending):
        error, server = seen(answer({}, status=307, location="https://elsewhere.example/v1"), steps=steps)
        assert type(error) is RejectedError
        assert "redirect" in error.summary
        assert "https://elsewhere.example/v1" in error.detail
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"status_code": 400, "error": {"code": "é"}}, 'The server reports: {"code": "é"}'),
        ({"status_code": 400}, "The server gave no reason."),
        ({"error": ""}, "The server gave no reason."),
        ({"message": "no such plan"}, "The server reports: no such plan"),
        (["x"], "The API returns JSON objects, but this response has content of type application/json"),
        ({"error": "x" * 2000}, "x" * 500 + "…"),
    ],
)
def test_a_server_s_words(body: object, words: str) -> None:
    error, _ = seen(answer(body, status=400), steps=listing)
    assert words in error.detail
    assert len(error.detail) < 700


@pytest.mark.parametrize(
    "broken",
    [
        refusal(500),
        refusal(502),
        refusal(503),
        refusal(408),
        CUT,
        b"gibberish\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[",
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n[]",
    ],
)
def test_failures_are_tried_again_for_reads_and_never_for_writes(broken: bytes) -> None:
    async def read() -> None:
        for steps in (listing, getting):
            good = answer([PROJECT] if steps is listing else PROJECT)
            # A connection that is left half-answered has to be closed by the server for the client to see it.
            async with serving(broken, good) as server, client_of(server) as client:
                server.close_after = 1
                await steps(client)
                assert len(server.requests) == 2

    async def write() -> None:
        async with serving(broken, answer({})) as server, client_of(server) as client:
            server.close_after = 1
            with pytest.raises(UnavailableError) as caught:
                await client.send(SET_PARAMS)
            assert caught.value.may_have_landed
            assert "might have landed" in caught.value.detail
            assert len(server.requests) == 1

    run(read())
    run(write())


def test_a_server_that_keeps_failing() -> None:
    clock = FakeClock()
    error, server = seen(refusal(500, "out of order"), steps=listing, clock=clock)
    assert type(error) is UnavailableError
    assert error.status == 500
    assert "out of order" in error.detail
    assert f"Tried {len(server.requests)} times" in error.detail
    assert sum(clock.slept) < 30.0


@pytest.mark.parametrize(
    ("status", "landed"), [(429, False), (503, True)], ids=["too many requests", "a failure that names a time"]
)
def test_a_write_that_is_asked_to_come_back(status: int, landed: bool) -> None:
    """It is sent once. Who sent it learns how long to wait, and whether to look first."""
    clock = FakeClock()
    error, server = seen(refusal(status, retry_after="7"), answer({}), steps=sending, clock=clock)
    assert type(error) is UnavailableError
    assert (error.status, error.retry_after, error.may_have_landed) == (status, 7.0, landed)
    assert error.worth_repeating
    assert ("might have landed" in error.detail, "Nothing was written." in error.detail) == (landed, not landed)
    assert "Tried" not in error.detail
    assert (len(server.requests), clock.slept) == (1, [])


@pytest.mark.parametrize("steps", [listing, sending])
@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_that_is_too_long_is_named_at_once(steps: Callable[[ScaleClient], Any], status: int) -> None:
    clock = FakeClock()
    error, server = seen(refusal(status, retry_after="86400"), steps=steps, clock=clock)
    assert type(error) is UnavailableError
    assert "Retry-After: 86400" in error.detail
    assert error.may_have_landed is (steps is sending and status == 503)
    assert (len(server.requests), clock.slept) == (1, [])


def test_a_retry_after_that_is_absurd_is_not_printed_whole() -> None:
    error, _ = seen(refusal(429, retry_after="9" * 400), steps=listing)
    assert f"Retry-After: {'9' * 40}…)" in error.detail


def test_too_many_requests_for_too_long() -> None:
    clock = FakeClock()
    error, _ = seen(refusal(429, retry_after="200"), steps=listing, clock=clock)
    assert type(error) is UnavailableError
    assert (error.status, error.may_have_landed) == (429, False)
    assert "parallelism" in error.detail
    assert sum(clock.slept) <= 600.0


def test_a_write_behind_too_many_requests_is_held_back() -> None:
    async def steps(client: ScaleClient) -> None:
        with pytest.raises(UnavailableError):
            await client.send(SET_PARAMS)
        await client.send(SET_PARAMS)

    error, server = seen(refusal(429, retry_after="60"), steps=steps)
    assert type(error) is UnavailableError
    assert (error.held_back, error.worth_repeating, error.may_have_landed) == (True, True, False)
    assert "the wait for other requests was too long" in error.summary
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("raised", "again", "landed"),
    [
        (httpx.ConnectError("refused"), True, False),
        (httpx.ConnectError(""), True, False),
        (httpx.ConnectTimeout(""), True, False),
        (httpx.PoolTimeout(""), True, False),
        (httpx.ProxyError("503 Busy"), True, False),
        (httpx.ProxyError("407 Proxy Authentication Required"), False, False),
        (httpx.UnsupportedProtocol("x"), False, False),
        (httpx.ReadTimeout(""), True, True),
        (httpx.WriteTimeout(""), True, True),
        (httpx.ReadError(""), True, True),
        (httpx.WriteError("broken pipe"), True, True),
        (httpx.RemoteProtocolError("x"), True, True),
    ],
)
def test_connections_that_fail_under_a_write(raised: httpx.HTTPError, again: bool, landed: bool) -> None:
    count = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal count
        count += 1
        raise raised

    async def steps() -> None:
        async with client_of(handler) as client:
            with pytest.raises(UnavailableError) as caught:
                await client.send(SET_PARAMS)
        assert (caught.value.status, caught.value.may_have_landed) == (None, landed)
        assert caught.value.worth_repeating is again
        assert caught.value.__context__ is None

    run(steps())
    assert count == 1


def test_a_real_refused_connection() -> None:
    async def steps() -> None:
        async with serving() as server:
            pass
        clock = FakeClock()
        async with client_of(server, clock=clock) as client:
            with pytest.raises(UnavailableError) as caught:
                await client.send(SET_PARAMS)
        assert not caught.value.may_have_landed
        assert "cannot connect" in caught.value.summary
        assert clock.slept == []

    run(steps())


def test_making_the_connection_is_not_sending() -> None:
    """What is known of a silent write counts from when the request left."""
    clock = FakeClock()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            clock.time += 9.0
            await request.extensions["trace"]("http11.send_request_headers.started", {})
            clock.time += 15.0
            raise httpx.ReadTimeout("")

    async def steps() -> None:
        client = ScaleClient(
            endpoint="http://x/v1", key="k", key_variable=None, transport=Slow(), clock=clock, random=Highest()
        )
        async with client:
            with pytest.raises(UnavailableError) as caught:
                await client.send(SET_PARAMS)
        assert caught.value.sent_ago == 15.0

    run(steps())


def test_a_real_connection_says_when_a_request_leaves() -> None:
    """By the event whose name the client looks for, once, after the connection is there."""
    events: list[str] = []

    async def trace(event: str, _: object) -> None:
        events.append(event)

    async def steps() -> None:
        async with serving(answer({})) as server, httpx.AsyncClient(trust_env=False) as client:
            await client.post(server.endpoint, json={}, extensions={"trace": trace})

    run(steps())
    [leaves] = [at for at, event in enumerate(events) if event.endswith(".send_request_headers.started")]
    assert leaves > events.index("connection.connect_tcp.complete")


def test_an_answer_that_trickles_is_given_up() -> None:
    clock = FakeClock()

    class Trickle(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                clock.time += 25.0
                yield b" "

    async def steps() -> None:
        async with client_of(lambda request: httpx.Response(200, stream=Trickle()), clock=clock) as client:
            with pytest.raises(UnavailableError, match="took longer than 600 seconds"):
                await client.list_projects()

    run(steps())


@pytest.mark.parametrize(
    ("text", "content_type", "words"),
    [
        (b"<html>log in</html>", "text/html", "/v1"),
        (b"", "application/json", "not JSON"),
        (b"[1,", "application/json", "not JSON"),
        (b'{"a":NaN}', "application/json", "not JSON"),
    ],
)
def test_a_200_without_json(text: bytes, content_type: str, words: str) -> None:
    for steps, landed in ((listing, False), (getting, False), (sending, True)):
        error, server = seen(answer(text=text, content_type=content_type), steps=steps)
        assert type(error) is UnreadableAnswerError
        assert (error.status, error.may_have_landed) == (200, landed)
        assert words in error.summary + error.detail
        assert content_type in error.detail
        assert len(server.requests) == 1


def test_a_list_that_is_no_array() -> None:
    error, _ = seen(answer({"projects": []}), steps=listing)
    assert type(error) is UnreadableAnswerError
    assert "not a JSON array" in error.summary


def test_a_401_without_a_variable() -> None:
    async def steps() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(401, json={"error": "no"}))
        client = ScaleClient(endpoint="http://x/v1", key="k", key_variable=None, transport=transport)
        async with client:
            with pytest.raises(CredentialsError, match="is not valid"):
                await client.list_projects()

    run(steps())


def test_a_compressed_answer_is_read_and_cookies_are_not_kept() -> None:
    text = gzip.compress(b"[]")
    script = [answer(text=text, content_encoding="gzip", set_cookie="session=1; Path=/")]

    async def steps() -> list[dict[str, str]]:
        async with serving(*script) as server, client_of(server.endpoint) as client:
            assert await client.list_projects() == []
            assert await client.list_projects() == []
            return [request.headers for request in server.requests]

    for headers in run(steps()):
        assert headers["accept-encoding"] == "gzip, deflate"
        assert "cookie" not in headers
