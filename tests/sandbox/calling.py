"""A caller of an application in this process, and the start of a served one in another."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

import reconciler
from reconciler.sandbox.exchange import Handler, Request

KEY = ("test_key", "")
_SERVE = """
import sys
from pathlib import Path
from reconciler.sandbox.server import serve
serve(Path(sys.argv[1]), port=int(sys.argv[2]), announce=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: httpx.Headers

    @property
    def body(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Caller:
    """One request at a time, without a network."""

    app: Handler

    def get(self, path: str) -> Answer:
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.call("POST", path, json.dumps(body))

    def call(
        self, method: str, path: str, content: str | bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        async def send() -> httpx.Response:
            async with in_process_client(self.app) as client:
                request = client.build_request(method, f"http://sandbox{path}", content=content)
                if headers is None:
                    return await client.send(request, auth=httpx.BasicAuth(*KEY))
                request.headers.update(headers)
                return await client.send(request)

        response = asyncio.run(send())
        assert response.headers["content-type"] == "application/json"
        return Answer(response.status_code, response.text, response.headers)


class Line(httpx.AsyncBaseTransport):
    """Ends in a handler of this process; what the handler raises goes through."""

    def __init__(self, app: Handler) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.aread()
        answer = await self._app(Request(request.method, request.url.raw_path, headers, body))
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)


def in_process_client(app: Handler) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=Line(app), base_url="http://sandbox/v1")


@contextmanager
def served(file: Path, *, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The base URL of a sandbox that another process serves, and that process."""
    environment = {**os.environ, "PYTHONPATH": str(Path(reconciler.__file__).parents[1])}
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", _SERVE, str(file), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.terminate()
            process.wait()
