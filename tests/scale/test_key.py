"""The API key: what it may be, and that it is never shown."""

from __future__ import annotations

import logging
import traceback

import httpx
import pytest

from reconciler.errors import (
    CredentialsError,
    ScaleError,
)
from tests.scale.loopback import (
    KEY,
    PROJECT,
    TOKEN,
    VARIABLE,
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


def text_of(error: BaseException) -> str:
    """Everything that could ever be printed of an error."""
    details = getattr(error, "detail", "")
    return "".join(traceback.format_exception(error)) + repr(error) + str(error) + details + repr(vars(error))


ECHOES = [
    refusal(400, f"bad key {KEY} or Basic {TOKEN}"),
    refusal(400, "x" * 495 + KEY),
    refusal(401, {"key": KEY}),
    refusal(404, f"user {KEY}"),
    refusal(409, KEY),
    refusal(429, KEY, retry_after="9999"),
    refusal(500, f"{TOKEN} {TOKEN.rstrip('=')}"),
    answer({}, status=302, location=f"https://{KEY}@example.com"),
    answer(text=KEY.encode(), content_type=f"text/{KEY}"),
    answer({**PROJECT, "name": KEY}, x_echo=KEY),
    answer([{**PROJECT, "name": KEY, "type": 1}], x_echo=TOKEN),
    answer([{"name": KEY, "v": "\ud800"}]),
    f"HTTP/1.1 400 {KEY}\r\ncontent-length: 0\r\nx: {TOKEN}\r\n\r\n".encode(),
    f"{KEY}\r\n\r\n".encode(),
]


@pytest.mark.untraced
@pytest.mark.parametrize("script", ECHOES, ids=range(len(ECHOES)))
def test_the_key_is_in_nothing_that_is_ever_printed(script: bytes, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for steps in (listing, getting, sending):
        error, _ = seen(script, steps=steps)
        printed = caplog.text + repr(error) + (text_of(error) if isinstance(error, ScaleError) else "")
        if isinstance(error, ScaleError):
            assert KEY not in printed
            assert TOKEN.rstrip("=") not in printed
            assert KEY[:5] not in printed
            assert error.__context__ is None or KEY not in repr(error.__context__)
        assert KEY not in caplog.text


def test_the_key_is_in_no_repr() -> None:
    async def steps() -> None:
        async with client_of(lambda request: httpx.Response(200, json=[])) as client:
            assert KEY not in repr(client) + repr(client._mask) + repr(client._connection._headers)

    run(steps())


def test_white_space_around_a_key_is_dropped() -> None:
    async def steps() -> None:
        async with serving(answer([])) as server, client_of(server.endpoint, key=f" {KEY}\r\n") as client:
            await client.list_projects()
            assert server.requests[0].headers["authorization"] == f"Basic {TOKEN}"

    run(steps())


@pytest.mark.parametrize(
    "key", ["", " \n", "qqq\nzzz", "qqq:zzz", "qqq…zzz", "qqq\x7fzzz", "qqq\x85zzz", "qqq\u200bzzz"]
)
def test_a_key_that_http_cannot_carry(key: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        client_of("http://127.0.0.1:9/v1", key=key)
    assert VARIABLE in caught.value.summary
    reported = caught.value.summary + caught.value.detail + repr(caught.value)
    assert "qqq" not in reported
    assert "zzz" not in reported
    assert caught.value.__context__ is None


def test_a_project_that_cannot_be_read_does_not_show_the_key() -> None:
    """A server may echo the key in any text, so also in what names the place that cannot be read."""
    history = f'"param_history":[{{"{KEY}":NaN}}]'
    list_body = f'[{{"name":"p","type":"t",{history}}}]'.encode()
    get_body = f'{{"name":"{KEY}","type":"t"}}'.encode()

    async def steps() -> None:
        async with client_of(lambda request: httpx.Response(200, content=list_body)) as client:
            [found] = await client.list_projects()
        async with client_of(lambda request: httpx.Response(200, content=get_body)) as client:
            got = await client.find_project("p")
            with pytest.raises(ScaleError) as caught:
                await client.get_project("p")
        for reported in (repr(found), repr(got), text_of(caught.value)):
            assert "***" in reported
            assert KEY not in reported

    run(steps())
