"""Handlers on a port of loopback, and what tests need to write one."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from reconciler.sandbox.exchange import Answer, Handler, Request
from reconciler.sandbox.server import Server


@contextlib.contextmanager
def serve(handler: Handler) -> Iterator[int]:
    """A handler on a free port of loopback."""
    accepting = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(handler, listener, announce=accepting.set)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            assert accepting.wait(120)
            yield listener.getsockname()[1]
        finally:
            server.stop()
            thread.join()


def path_of(request: Request) -> str:
    """The path of a request, decoded, without its query."""
    return unquote(request.target.partition(b"?")[0].decode("latin-1"))


def as_json(value: Any, status: int = 200, headers: Mapping[str, str] = MappingProxyType({})) -> Answer:
    """An answer that is JSON."""
    return Answer(status, json.dumps(value).encode(), {"content-type": "application/json", **headers})
