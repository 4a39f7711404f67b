"""A loopback HTTP server that answers from a script and remembers the bytes it got; and a clock that never waits."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

import httpx

from reconciler.errors import ScaleError
from reconciler.model.plan import Call, CallKind
from reconciler.scale.client import ScaleClient

T = TypeVar("T")

KEY = "live_5ecret-Key"
VARIABLE = "SCALE_API_KEY"
CUT = b""
"""The scripted answer that closes the connection without a word."""


class FakeClock:
    """Sleeping moves the time and nothing else."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.time

    def now(self) -> datetime:
        return datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(seconds=self.time - 1000.0)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


class Highest(Random):
    """Draws the upper end always, so that waits are known."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Lowest(Random):
    """Draws the lower end always."""

    def uniform(self, a: float, b: float) -> float:
        return a


@dataclass
class Received:
    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """The last scripted answer repeats. `most_in_flight` counts requests that had no answer yet."""

    script: list[bytes]
    gate: asyncio.Event | None = None
    requests: list[Received] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    connections: int = 0
    port: int = 0
    close_after: int = 0
    """The connection is closed after the answer to this many requests."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.requests.append(Received(head[0], headers, body))
                answer = self.script[min(len(self.requests), len(self.script)) - 1]
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                if self.gate is not None:
                    await self.gate.wait()
                self.in_flight -= 1
                if answer == CUT:
                    return
                writer.write(answer)
                await writer.drain()
                if len(self.requests) == self.close_after:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def answer(body: Any = None, *, status: int = 200, text: bytes | None = None, **headers: str) -> bytes:
    """The bytes of an answer: `body` as JSON, or `text` as it is. Underscores in header names stand for hyphens."""
    content = json.dumps(body).encode() if text is None else text
    fields = {"content-type": "application/json", "content-length": str(len(content))}
    fields.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"HTTP/1.1 {status} Scripted", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def refusal(status: int, words: object = "some words", **headers: str) -> bytes:
    """An error in the API's documented form."""
    return answer({"status_code": status, "error": words}, status=status, text=None, **headers)


@asynccontextmanager
async def serving(*script: bytes, gate: asyncio.Event | None = None) -> AsyncIterator[Server]:
    server = Server(list(script), gate)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


def client_of(
    target: Server | Callable[[httpx.Request], httpx.Response] | str,
    *,
    clock: FakeClock | None = None,
    random: Random | None = None,
    key: str = KEY,
    parallelism: int = 8,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> ScaleClient:
    """A client of a loopback server (or of an endpoint), reading the environment, or of a function in-process."""
    transport = None
    if isinstance(target, Server):
        endpoint = target.endpoint
    elif isinstance(target, str):
        endpoint = target
    else:
        endpoint, transport = "http://in-process/v1", httpx.MockTransport(target)
    return ScaleClient(
        endpoint=endpoint,
        key=key,
        key_variable=VARIABLE,
        parallelism=parallelism,
        transport=transport,
        clock=clock or FakeClock(),
        waiting=waiting,
        random=random or Highest(),
    )


def run(steps: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(steps)


PROJECT = {"type": "imageannotation", "name": "p", "param_history": []}


TOKEN = base64.b64encode(f"{KEY}:".encode()).decode()
SET_PARAMS = Call(CallKind.SET_PARAMS, "p", {"a": 1, "patch": False})


def seen(*script: bytes, steps: Callable[[ScaleClient], Any], clock: FakeClock | None = None) -> tuple[Any, Server]:
    """What `steps` gave, or the ScaleError that it raised, against a loopback server; and that server."""

    async def all_steps() -> tuple[Any, Server]:
        async with serving(*script) as server, client_of(server, clock=clock) as client:
            try:
                return await steps(client), server
            except ScaleError as error:
                return error, server

    return run(all_steps())


def listing(client: ScaleClient) -> Any:
    return client.list_projects()


def getting(client: ScaleClient) -> Any:
    return client.get_project("p")


def sending(client: ScaleClient) -> Any:
    return client.send(SET_PARAMS)
