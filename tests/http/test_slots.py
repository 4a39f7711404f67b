"""A connection for each request in flight: how many are opened, and when each is free again."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from reconciler.http.slots import Slots


class _One(httpx.AsyncBaseTransport):
    """Answers when it may, and fails for the path `/broken`."""

    def __init__(self, may: asyncio.Event) -> None:
        self.may = may
        self.requests = 0
        self.closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        await self.may.wait()
        if request.url.path == "/broken":
            raise httpx.ReadError("lost")
        return httpx.Response(200, stream=_Words())

    async def aclose(self) -> None:
        self.closed = True


class _Words(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"words"

    async def aclose(self) -> None:
        pass


def _slots(most: int) -> tuple[Slots, list[_One], asyncio.Event]:
    opened: list[_One] = []
    may = asyncio.Event()

    def open_one() -> _One:
        opened.append(_One(may))
        return opened[-1]

    return Slots(open_one, most), opened, may


def test_as_many_are_opened_as_are_in_flight_up_to_the_limit() -> None:
    asyncio.run(_in_flight())


async def _in_flight() -> None:
    slots, opened, may = _slots(2)
    async with httpx.AsyncClient(transport=slots) as client:
        assert len(opened) == 1
        asked = [asyncio.create_task(client.get(f"http://h/{number}")) for number in range(5)]
        await asyncio.sleep(0.01)
        assert [one.requests for one in opened] == [1, 1]
        may.set()
        assert {(await each).text for each in asked} == {"words"}
        for _ in range(3):
            await client.get("http://h/more")
        assert sum(one.requests for one in opened) == 8
    assert [one.closed for one in opened] == [True, True]


def test_it_is_free_after_a_failure_and_after_an_answer_that_is_closed_unread() -> None:
    asyncio.run(_one_after_the_other())


async def _one_after_the_other() -> None:
    slots, opened, may = _slots(1)
    may.set()
    async with httpx.AsyncClient(transport=slots) as client:
        with pytest.raises(httpx.ReadError):
            await client.get("http://h/broken")
        response = await client.send(client.build_request("GET", "http://h/"), stream=True)
        await response.aclose()
        await response.aclose()
        assert (await client.get("http://h/")).text == "words"
    assert [one.requests for one in opened] == [3]


def test_the_console_script_does_not_search_for_sniffio() -> None:
    """httpcore would for each request. A library leaves its caller's modules as they are."""
    script = "import sys\nsys.argv = ['reconciler', '--version']\nfrom reconciler.cli import main\n"
    script += (
        "assert 'sniffio' not in sys.modules\ntry:\n    main()\nexcept SystemExit:\n    print(sys.modules['sniffio'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "None"
