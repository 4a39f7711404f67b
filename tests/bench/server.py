"""An account in memory behind HTTP on 127.0.0.1, cheap enough to be no part of what is measured against it.

It knows what the Projects API does with list, get, create, setParams and setOntology, holds every answer back for some
milliseconds, and counts. Beside the API: `GET /counts` returns how many requests came since the last reset and how many
were in flight at most, `POST /reset` makes the account and the counts as they were. A request is in flight from its
last byte until its answer is written. Usage: python tests/bench/server.py LIST.json MILLISECONDS; the first line on
stdout is the base URL, and it serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

_AT = "2026-10-01T12:00:00.000Z"


class Account:
    """The projects by name, as `file` lists them, and what is counted."""

    def __init__(self, file: Path) -> None:
        self._text = file.read_bytes()
        self.reset()

    def reset(self) -> None:
        self._list = self._text
        self._projects: dict[str, dict[str, Any]] = {project["name"]: project for project in json.loads(self._text)}
        self._changed = False
        self.requests: dict[str, int] = {}
        self.in_flight = 0
        self.most_in_flight = 0

    def arrives(self, kind: str) -> None:
        self.requests[kind] = self.requests.get(kind, 0) + 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)

    def leaves(self) -> None:
        self.in_flight -= 1

    def answer(self, kind: str, path: list[str], body: bytes) -> tuple[int, bytes]:
        """The status and the body."""
        if kind == "list":
            if self._changed:
                self._list, self._changed = json.dumps(list(self._projects.values())).encode(), False
            return 200, self._list
        if kind == "create":
            return 200, json.dumps(self._create(json.loads(body))).encode()
        project = self._projects.get(path[1]) if len(path) > 1 else None
        if project is None:
            return 404, b'{"status_code": 404, "error": "There is no such project."}'
        if kind != "get":
            self._write(project, kind, json.loads(body))
        return 200, json.dumps(project).encode()

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        self._changed = True
        history = [{**body.pop("params", {}), "version": 0, "created_at": _AT}]
        self._projects[body["name"]] = {"created_at": _AT, "archived": False, "param_history": history, **body}
        return self._projects[body["name"]]

    def _write(self, project: dict[str, Any], kind: str, body: dict[str, Any]) -> None:
        self._changed = True
        if kind == "setOntology":
            project.setdefault("ontologyHistory", []).append(body)
            return
        history = project["param_history"]
        kept = history[-1] if body.pop("patch", False) and history else {}
        history.append({**kept, **body, "version": len(history), "created_at": _AT})

    def counts(self) -> bytes:
        return json.dumps({"requests": self.requests, "most_in_flight": self.most_in_flight}).encode()


class _Connection(asyncio.Protocol):
    """One connection that is kept; requests come one after the other, as HTTP/1.1 without pipelining has them."""

    def __init__(self, account: Account, latency: float) -> None:
        self._account = account
        self._latency = latency
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end or len(rest) < _length(head):
            return
        self._received = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode("ascii").split(" ")
        path = [unquote(part) for part in target.removeprefix("/v1").strip("/").split("/")]
        if path == ["counts"]:
            self._send(200, self._account.counts())
        elif path == ["reset"]:
            self._account.reset()
            self._send(200, b"{}")
        else:
            kind = path[2] if len(path) > 2 else ("get" if len(path) > 1 else "list") if method == "GET" else "create"
            self._account.arrives(kind)
            asyncio.get_running_loop().call_later(self._latency, self._answer, kind, path, rest)

    def _answer(self, kind: str, path: list[str], body: bytes) -> None:
        status, text = self._account.answer(kind, path, body)
        self._account.leaves()
        self._send(status, text)

    def _send(self, status: int, body: bytes) -> None:
        head = f"HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode("ascii") + body)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(file: Path, latency: float) -> None:
    account = Account(file)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(account, latency), "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    loop.add_reader(sys.stdin, ended.set)
    await ended.wait()
    server.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), float(sys.argv[2]) / 1000))
