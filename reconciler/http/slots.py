"""A connection for each request in flight.

httpcore's own pool looks at all of its connections, and asks the system about each idle one, whenever a request begins
or ends. With 32 of them, that takes longer than the request. Here each connection is in a pool of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

import httpx

Open: TypeAlias = Callable[[], httpx.AsyncBaseTransport]


class Slots(httpx.AsyncBaseTransport):
    """At most `most` transports, each of which `open_one` opens when a request finds no idle one, the first at once.

    Further requests wait. The transport that was used last is used first, so that as few as possible are open.
    """

    def __init__(self, open_one: Open, most: int) -> None:
        self._open_one = open_one
        self._free = asyncio.Semaphore(most)
        self._idle = [open_one()]
        self._all = [*self._idle]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._free.acquire()
        slot = self._idle.pop() if self._idle else self._opened()
        try:
            response = await slot.handle_async_request(request)
        except BaseException:
            self._release(slot)
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Body(response.stream, lambda: self._release(slot))
        return response

    async def aclose(self) -> None:
        for slot in self._all:
            await slot.aclose()

    def _opened(self) -> httpx.AsyncBaseTransport:
        slot = self._open_one()
        self._all.append(slot)
        return slot

    def _release(self, slot: httpx.AsyncBaseTransport) -> None:
        self._idle.append(slot)
        self._free.release()


class _Body(httpx.AsyncByteStream):
    """The body of an answer. Once it is closed, its connection is free."""

    def __init__(self, body: httpx.AsyncByteStream, release: Callable[[], None]) -> None:
        self._body = body
        self._release: Callable[[], None] | None = release

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        release, self._release = self._release, None
        if release is not None:
            try:
                await self._body.aclose()
            finally:
                release()
