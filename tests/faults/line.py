"""The line to the sandbox in this process: what a real connection does that a call of a function does not.

Promises: no thread, no socket, no real waiting; what the client no longer waits for still happens, as on a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from reconciler.sandbox.exchange import ConnectionCutError, Handler
from tests.sandbox.calling import Line as DirectLine

T = TypeVar("T")


class Line(httpx.AsyncBaseTransport):
    """Ends in `application`. A cut is a ReadError, and an answer that takes longer than the time limit a ReadTimeout.

    Closing it waits for what is still under way.
    """

    def __init__(self, application: Handler) -> None:
        self._inner = DirectLine(application)
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        task = asyncio.get_running_loop().create_task(self._inner.handle_async_request(request))
        self._under_way.add(task)
        done, _ = await asyncio.wait([task], timeout=request.extensions["timeout"]["read"])
        if not done:
            raise httpx.ReadTimeout("no answer", request=request)
        self._under_way.remove(task)
        try:
            return task.result()
        except ConnectionCutError as cut:
            raise httpx.ReadError(str(cut), request=request) from None

    async def aclose(self) -> None:
        await asyncio.gather(*self._under_way, return_exceptions=True)
        await self._inner.aclose()


async def at_once(function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    """Calls a function in the event loop, as the sandbox must on a virtual one, which does not wait for threads."""
    return function(*arguments, **named)
