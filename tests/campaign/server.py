"""The sandbox over loopback: slow by some milliseconds, and carrying out what it has received, whoever waits for it."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.app import create_app
from reconciler.sandbox.store import Store

LATENCY = 0.015
"""Seconds that a request waits before it is carried out, and its answer after that."""

_LIMIT = 60.0


class Account:
    """A sandbox's account, the writes that it carried out for the run that is on, and what is to happen at one of them.

    `arrived` counts the writes that came, `done` those that were carried out.
    """

    def __init__(self, file: Path) -> None:
        self.store = Store(file)
        self._inner: ASGIApp = create_app(file)
        self._idle = threading.Event()
        self._idle.set()
        self._in_flight = 0
        self.refuses_next: str | None = None
        """The end of the path of a write that is refused once, as for a value that the API does not like."""
        self.begin()

    def begin(self, *, write: int = 0, seconds: float = 0.0, action: Callable[[], None] | None = None) -> None:
        """A run begins. `seconds` after its write of that number, 0 for its first read, `action` is called."""
        self.arrived = 0
        self.done = 0
        self._trigger = (write, seconds, action) if action is not None else None

    def wait_until_idle(self) -> None:
        """Until nothing that a killed run has sent is still to be carried out."""
        assert self._idle.wait(_LIMIT), "a request never ended"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await _whole_body(receive)
        if body is None:
            return
        self._in_flight += 1
        self._idle.clear()
        writes = scope["method"] == "POST"
        self.arrived += writes
        self._pull_trigger()

        async def received() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                if writes:
                    self.done += 1
                await asyncio.sleep(LATENCY)
            await send(message)

        try:
            await asyncio.sleep(LATENCY)
            if self.refuses_next is not None and scope["path"].endswith(self.refuses_next):
                self.refuses_next = None
                await JSONResponse({"status_code": 400, "error": "not allowed"}, 400)(scope, received, send)
                return
            await self._inner(scope, received, answer)
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    def _pull_trigger(self) -> None:
        if self._trigger is not None and self.arrived >= self._trigger[0]:
            _, seconds, action = self._trigger
            self._trigger = None
            asyncio.get_running_loop().call_later(seconds, action)


class Accounts:
    """Several accounts behind one endpoint: the key of a request says whose it is."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._by_credentials = {b64encode(f"{key}:".encode()): account for key, account in accounts.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            credentials = dict(scope["headers"]).get(b"authorization", b"").partition(b" ")[2]
            await self._by_credentials[credentials](scope, receive, send)


async def _whole_body(receive: Receive) -> bytes | None:
    """None where the client is gone before the request is whole."""
    body: bytes = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


@contextmanager
def served(account: Account | Accounts) -> Iterator[str]:
    """The base URL of an account, or of several."""
    config = uvicorn.Config(account, host="127.0.0.1", port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
        assert thread.is_alive()
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join()
