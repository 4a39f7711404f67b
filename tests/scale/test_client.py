"""List, get and send: what goes over the wire and what comes back."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from reconciler import __version__
from reconciler.errors import (
    ConnectionSetupError,
    RejectedError,
    UnreadableAnswerError,
)
from reconciler.model.plan import Call, CallKind
from reconciler.scale.client import ScaleClient
from tests.scale.loopback import (
    PROJECT,
    SET_PARAMS,
    TOKEN,
    Server,
    answer,
    client_of,
    getting,
    listing,
    refusal,
    run,
    seen,
    serving,
)


def test_a_list() -> None:
    projects, server = seen(answer([PROJECT, {**PROJECT, "name": "q", "archived": True}]), steps=listing)
    assert [project.name for project in projects] == ["p", "q"]
    assert server.lines == ["GET /v1/projects HTTP/1.1"]
    (request,) = server.requests
    assert request.headers["authorization"] == f"Basic {TOKEN}"
    assert request.headers["user-agent"] == f"reconciler/{__version__}"
    assert request.body == b""


def test_a_get_and_its_absence() -> None:
    project, _ = seen(answer(PROJECT), steps=getting)
    assert project.name == "p"
    nothing, server = seen(refusal(404), steps=getting)
    assert nothing is None
    assert server.lines == ["GET /v1/projects/p HTTP/1.1"]


def test_a_404_that_is_not_the_api_s_own_is_no_absence() -> None:
    error, server = seen(answer(text=b"Not Found", status=404, content_type="text/plain"), steps=getting)
    assert type(error) is UnreadableAnswerError
    assert "/v1" in error.detail
    assert len(server.requests) == 1


def test_a_get_that_answers_another_project() -> None:
    error, _ = seen(answer({**PROJECT, "name": "P"}), steps=getting)
    assert type(error) is UnreadableAnswerError
    assert 'project.name is "P", so the response is about a different project' in error.summary


NAMES = [
    "a b/c",
    "100%",
    "50%25",
    "é",
    "e\u0301",
    "a+b",
    "~x",
    "..a",
    "a?b#c",
    "a&b=c;d",
    "\U0001f600",
    "x" * 300,
    "é" * 300,
    "a\\b",
    "'\"<>[]{}|^`",
    "...",
    "a/../b",
    "%2F",
]


@pytest.mark.parametrize("name", NAMES)
def test_names_go_over_the_wire_encoded_with_nothing_safe(name: str) -> None:
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    encoded = "".join(c if c in unreserved else "".join(f"%{byte:02X}" for byte in c.encode()) for c in name)

    async def steps(client: ScaleClient) -> None:
        project = await client.get_project(name)
        assert project is not None
        await client.send(Call(CallKind.SET_ONTOLOGY, name, {"ontology": ["A"]}))

    result, server = seen(answer({**PROJECT, "name": name}), steps=steps)
    assert result is None
    assert server.lines == [
        f"GET /v1/projects/{encoded} HTTP/1.1",
        f"POST /v1/projects/{encoded}/setOntology HTTP/1.1",
    ]


@pytest.mark.parametrize("name", ["", ".", "..", "caf\udce9", "x" * 70_000])
def test_names_that_no_url_can_hold_are_refused_before_anything_is_sent(name: str) -> None:
    for steps in (
        lambda client: client.get_project(name),
        lambda client: client.send(Call(CallKind.SET_PARAMS, name, {})),
    ):
        error, server = seen(answer(PROJECT), steps=steps)
        assert type(error) is RejectedError
        assert server.requests == []


def test_writes_and_their_bodies() -> None:
    params = {"i": 9007199254740993, "j": 10**100, "s": "a\u2028\ud800\0", "n": None}
    body = {"type": "t", "name": "é", "params": params}

    async def steps(client: ScaleClient) -> None:
        await client.send(Call(CallKind.CREATE, "é", body))
        await client.send(SET_PARAMS)

    _, server = seen(answer({}), steps=steps)
    assert server.lines == ["POST /v1/projects HTTP/1.1", "POST /v1/projects/p/setParams HTTP/1.1"]
    create, set_params = server.requests
    assert json.loads(create.body) == body
    assert b'"i":9007199254740993,"j":1000' in create.body
    assert set_params.body == b'{"a":1,"patch":false}'
    assert create.headers["content-type"] == "application/json"
    assert server.connections == 1


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 10**5000], ids=["inf", "nan", "5001 digits"])
def test_a_value_that_json_cannot_carry_is_never_sent(value: object) -> None:
    error, server = seen(answer({}), steps=lambda c: c.send(Call(CallKind.SET_PARAMS, "p", {"v": [value]})))
    assert type(error) is RejectedError
    assert not error.may_have_landed
    assert server.requests == []


def test_time_limits_of_each_step() -> None:
    limits: list[dict[str, float]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        limits.append(request.extensions["timeout"])
        return httpx.Response(200, json=[])

    async def steps() -> None:
        async with client_of(handler) as client:
            await client.list_projects()
            await client.send(SET_PARAMS)

    run(steps())
    assert limits == [
        {"connect": 10.0, "read": 30.0, "write": 30.0, "pool": None},
        {"connect": 10.0, "read": 15.0, "write": 15.0, "pool": None},
    ]


def test_requests_in_flight_are_bounded() -> None:
    async def steps() -> Server:
        gate = asyncio.Event()
        async with serving(answer(PROJECT), gate=gate) as server, client_of(server, parallelism=3) as client:
            reads = [asyncio.create_task(client.get_project("p")) for _ in range(20)]
            while server.in_flight < 3:
                await asyncio.sleep(0)
            for _ in range(50):
                await asyncio.sleep(0)
            assert server.in_flight == 3
            gate.set()
            await asyncio.gather(*reads)
            return server

    server = run(steps())
    assert (len(server.requests), server.most_in_flight) == (20, 3)
    assert server.connections <= 3


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "api.scale.com/v1",
        "ftp://x/v1",
        "http://",
        "https://u:pass@x/v1",
        "https://x/v1?a=1",
        "https://x:abc/v1",
        "http://[::1",
    ],
)
def test_an_endpoint_that_is_none(endpoint: str) -> None:
    with pytest.raises(ConnectionSetupError, match="endpoint") as caught:
        client_of(endpoint)
    assert "pass@" not in caught.value.summary + caught.value.detail


def test_an_endpoint_with_a_slash_at_its_end() -> None:
    async def steps() -> list[str]:
        async with serving(answer([])) as server, client_of(server.endpoint + "/") as client:
            await client.list_projects()
            return server.lines

    assert run(steps()) == ["GET /v1/projects HTTP/1.1"]


def test_what_an_in_process_server_raises_is_its_own() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise OSError("a bug of the sandbox")

    async def steps() -> None:
        async with client_of(handler) as client:
            with pytest.raises(OSError, match="a bug of the sandbox"):
                await client.list_projects()

    run(steps())
