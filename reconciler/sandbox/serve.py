"""The sandbox as a server on 127.0.0.1, for as long as no signal ends it."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import uvicorn

from reconciler.sandbox.app import ROOT, create_app

HOST = "127.0.0.1"
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SECONDS_TO_FINISH = 3


def serve(file: Path, *, port: int, announce: Callable[[str], None]) -> None:
    """Answers until SIGINT or SIGTERM, then finishes what it was answering and returns.

    Port 0 picks a free one. `announce` gets the base URL as soon as connections are accepted. OSError for a port that
    cannot be had. In another thread than the main one no signal reaches it, so nothing ends it but the process.
    """
    with socket.create_server((HOST, port)) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/{ROOT}"
        config = uvicorn.Config(
            create_app(file),
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
