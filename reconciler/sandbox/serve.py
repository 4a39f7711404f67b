"""Serves the sandbox on 127.0.0.1 until a signal stops it."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.sandbox.app import ROOT, create_app
from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.faults import Fault, FaultyApp
from reconciler.sandbox.server import Server
from reconciler.sandbox.store import Store

HOST = "127.0.0.1"
_ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve(
    file: Path,
    *,
    port: int,
    announce: Callable[[str], None],
    assumptions: Assumptions = DEFAULT,
    faults: Sequence[Fault] = (),
) -> None:
    """Serve until SIGINT or SIGTERM. Requests that have arrived are answered before it returns.

    For `faults`, see `faults.FaultyApp`. Port 0 picks a free port. `announce` is called with the base URL as soon as
    connections are accepted. Outside the main thread, no signal arrives, so only the end of the process ends it.

    Raises:
        OSError: the port is not available.
    """
    app = create_app(file, assumptions=assumptions)
    if faults:
        app = FaultyApp(app, faults, Store(file, assumptions=assumptions), sleep=asyncio.sleep)
    with socket.create_server((HOST, port)) as listener:
        url = f"http://{HOST}:{listener.getsockname()[1]}/{ROOT}"
        server = Server(app, listener, announce=lambda: announce(url))
        with _signals_end(server):
            server.run()


@contextmanager
def _signals_end(server: Server) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = (number for number in _ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN)
    previous = {number: signal.signal(number, lambda *_: server.stop()) for number in heeded}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
