"""The sandbox as a server on 127.0.0.1, for as long as no signal ends it."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.app import ROOT, create_app
from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.faultplan import Fault
from reconciler.sandbox.faults import ConnectionCutError, FaultyApp
from reconciler.sandbox.store import Store

HOST = "127.0.0.1"
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SECONDS_TO_FINISH = 3


def serve(
    file: Path,
    *,
    port: int,
    announce: Callable[[str], None],
    assumptions: Assumptions = DEFAULT,
    faults: Sequence[Fault] = (),
) -> None:
    """Answers until SIGINT or SIGTERM, then finishes what it was answering and returns.

    `faults` go wrong as `faults.FaultyApp` says. Port 0 picks a free one. `announce` gets the base URL as soon as
    connections are accepted. OSError for a port that cannot be had. In another thread than the main one no signal
    reaches it, so nothing ends it but the process.
    """
    with socket.create_server((HOST, port)) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/{ROOT}"
        config = uvicorn.Config(
            _application(file, assumptions, faults),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_graceful_shutdown=_SECONDS_TO_FINISH,
        )
        server = _AnnouncingServer(config, lambda: announce(url))
        with _signals_end(server):
            server.run(sockets=[listener])


def _application(file: Path, assumptions: Assumptions, faults: Sequence[Fault]) -> ASGIApp:
    app = create_app(file, assumptions=assumptions)
    if not faults:
        return app
    faulty = FaultyApp(app, faults, Store(file, assumptions=assumptions), sleep=asyncio.sleep)

    async def hang_up(scope: Scope, receive: Receive, send: Send) -> object:
        """uvicorn closes the connection, and sends nothing, where an application returns a value."""
        try:
            await faulty(scope, receive, send)
        except ConnectionCutError as cut:
            return str(cut)
        return None

    return cast("ASGIApp", hang_up)


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._announce()


@contextmanager
def _signals_end(server: uvicorn.Server) -> Iterator[None]:
    """Covers the moments before and after uvicorn's own handlers: it raises a signal once more when it has ended."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        server.should_exit = True

    previous = {number: signal.signal(number, end) for number in _ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
