"""Serves HTTP/1.1 for a handler on one listening socket, as far as API clients need it.

Connections are reused, and served concurrently. A request that has arrived is handled even if its client is gone. A
request that is not HTTP gets a 400, and a failure of the handler gets a 500. `serve` serves the sandbox on 127.0.0.1
until a signal stops it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path

from reconciler.sandbox.app import ROOT, create_app
from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.exchange import Answer, ConnectionCutError, Handler, Request, error_answer
from reconciler.sandbox.faults import Fault, FaultyApp
from reconciler.sandbox.store import Store

_LONGEST_HEAD = 1 << 16
"""The maximum size of a request line with its headers, or of a chunk's first line, in bytes."""

_SECONDS_TO_FINISH = 3.0
"""The number of seconds that requests in progress may still take after `stop`."""

_REQUEST_LINE = re.compile(rb"([!-~]+) ([!-~]+) HTTP/1\.([01])")


class _NotHttpError(Exception):
    """The received data is not an HTTP request."""


class Server:
    """Answers on `listener` until `stop` is called. `announce` is called as soon as connections are accepted."""

    def __init__(
        self, handler: Handler, listener: socket.socket, *, announce: Callable[[], None] = lambda: None
    ) -> None:
        self._handler = handler
        self._listener = listener
        self._announce = announce
        self._stopped = False
        self._wake: Callable[[], object] = lambda: None
        self._conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._busy: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Serve until `stop` is called. Requests that have arrived by then are answered before it returns."""
        asyncio.run(self._serve())

    def stop(self) -> None:
        """Stop `run`, even before it has started. This can be called in a signal handler or a different thread."""
        self._stopped = True
        self._wake()

    async def _serve(self) -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(end.set)
        server = await asyncio.start_server(self._converse, sock=self._listener, limit=_LONGEST_HEAD)
        try:
            self._announce()
            if not self._stopped:
                await end.wait()
        finally:
            self._stopped = True
            self._wake = lambda: None
            server.close()
            await self._finish()

    async def _finish(self) -> None:
        for conversation, writer in self._conversations.items():
            if conversation not in self._busy:
                writer.close()
        if self._conversations:
            _, late = await asyncio.wait(self._conversations, timeout=_SECONDS_TO_FINISH)
            for conversation in late:
                conversation.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its first request to its last one."""
        conversation = asyncio.current_task()
        assert conversation is not None
        self._conversations[conversation] = writer
        try:
            while not self._stopped:
                request, is_last = await _receive(reader, writer)
                self._busy.add(conversation)
                try:
                    _send(writer, request.method, await self._answer(request), is_last=is_last or self._stopped)
                    await writer.drain()
                finally:
                    self._busy.discard(conversation)
                if is_last:
                    break
        except _NotHttpError as problem:
            _send(writer, "", error_answer(400, f"This is not an HTTP request: {problem}."), is_last=True)
        except (EOFError, OSError):
            pass  # the client is gone, or the connection is to be cut
        finally:
            del self._conversations[conversation]
            writer.close()

    async def _answer(self, request: Request) -> Answer:
        try:
            return await self._handler(request)
        except ConnectionCutError:
            raise
        except Exception as error:
            return error_answer(500, f"The sandbox has a bug: {type(error).__name__}: {error}")


async def _receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[Request, bool]:
    """The next request, and whether it is the last one of the connection. Raises EOFError if there is none."""
    line, *fields = (await _until(reader, b"\r\n\r\n")).removesuffix(b"\r\n\r\n").split(b"\r\n")
    if (found := _REQUEST_LINE.fullmatch(line)) is None:
        raise _NotHttpError("its first line is not a request line")
    headers: dict[str, str] = {}
    for name, colon, value in (field.decode("latin-1").partition(":") for field in fields):
        if not colon or not name.strip() or name.strip() != name:
            raise _NotHttpError("a header is not valid")
        known = headers.get(name.lower())
        headers[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _receive_body(reader, headers)
    is_last = found[3] == b"0" or headers.get("connection", "").lower() == "close"
    return Request(found[1].decode("ascii"), found[2], headers, body), is_last


async def _receive_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "transfer-encoding" not in headers:
        return await reader.readexactly(_number(headers.get("content-length", "0"), 10))
    if headers["transfer-encoding"].lower() != "chunked" or "content-length" in headers:
        raise _NotHttpError("the length of its body is ambiguous")
    chunks: list[bytes] = []
    while size := _number((await _until(reader, b"\r\n")).partition(b";")[0].decode("latin-1").strip(), 16):
        chunks.append((await reader.readexactly(size + 2))[:size])
    while await _until(reader, b"\r\n") != b"\r\n":
        pass  # the trailer is not part of the request
    return b"".join(chunks)


async def _until(reader: asyncio.StreamReader, end: bytes) -> bytes:
    try:
        return await reader.readuntil(end)
    except asyncio.LimitOverrunError:
        raise _NotHttpError("its headers are too long") from None


def _number(text: str, base: int) -> int:
    if re.fullmatch("[0-9]{1,18}" if base == 10 else "[0-9A-Fa-f]{1,15}", text) is None:
        raise _NotHttpError("the length of its body is not a number")
    return int(text, base)


def _send(writer: asyncio.StreamWriter, method: str, answer: Answer, *, is_last: bool) -> None:
    """Send an answer. The answer to a HEAD request and a 204 have no body."""
    status = HTTPStatus(answer.status)
    headers = {"date": formatdate(usegmt=True), **answer.headers}
    if status is not HTTPStatus.NO_CONTENT:
        headers["content-length"] = str(len(answer.body))
    if is_last:
        headers["connection"] = "close"
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    with contextlib.suppress(OSError):
        writer.write(head if method == "HEAD" else head + answer.body)


HOST = "127.0.0.1"
_ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


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
