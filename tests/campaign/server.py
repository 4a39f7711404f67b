"""The sandbox over loopback: slow by some milliseconds, and carrying out what it has received, whoever waits for it."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Request, error_answer
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of, serve

LATENCY = 0.015
"""Seconds that a request waits before it is carried out, and its answer after that."""

_LIMIT = 60.0


class Account:
    """A sandbox's account, the writes that it carried out for the run that is on, and what is to happen at one of them.

    `arrived` counts the writes that came, `done` those that were carried out.
    """

    def __init__(self, file: Path) -> None:
        self.store = Dashboard(file)
        self._inner = create_app(file)
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

    async def __call__(self, request: Request) -> Answer:
        self._in_flight += 1
        self._idle.clear()
        writes = request.method == "POST"
        self.arrived += writes
        self._pull_trigger()
        try:
            await asyncio.sleep(LATENCY)
            if self.refuses_next is not None and path_of(request).endswith(self.refuses_next):
                self.refuses_next = None
                return error_answer(400, "not allowed")
            answer = await self._inner(request)
            self.done += writes
            await asyncio.sleep(LATENCY)
            return answer
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

    async def __call__(self, request: Request) -> Answer:
        credentials = request.headers.get("authorization", "").partition(" ")[2]
        return await self._by_credentials[credentials.encode()](request)


@contextmanager
def served(account: Account | Accounts) -> Iterator[str]:
    """The base URL of an account, or of several."""
    with serve(account) as port:
        yield f"http://127.0.0.1:{port}/v1"
