"""A git server over HTTP, as GitHub is one: `git http-backend` behind tokens that may read, or push as well."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.sandbox.exchange import Answer, Request
from tests.serving import serve

READER, WRITER, EXPIRED = "reader-token", "writer-token", "expired-token"


@dataclass
class GitHost:
    """The repositories in a folder. `words` is what it says to a push that it refuses."""

    folder: Path
    port: int = 0
    words: str = "Permission to o/r.git denied to github-actions[bot]."
    closed: set[str] = field(default_factory=set)
    """Tokens that may not even read."""

    @property
    def server(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __call__(self, request: Request) -> Answer:
        kind, _, login = request.headers.get("authorization", "").partition(" ")
        token = base64.b64decode(login).decode().partition(":")[2] if kind.lower() == "basic" else ""
        if token not in (READER, WRITER):
            return Answer(401, b"", {"www-authenticate": 'Basic realm="GitHub"'})
        if token in self.closed or (token == READER and b"git-receive-pack" in request.target):
            return Answer(403, self.words.encode(), {"content-type": "text/plain"})
        return await asyncio.to_thread(self._run, request)

    def _run(self, request: Request) -> Answer:
        path, _, query = request.target.decode().partition("?")
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "someone",
        }
        command = ["git", "-c", "safe.directory=*", "http-backend"]
        done = subprocess.run(command, env=environment, input=request.body, capture_output=True)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(headers.pop("Status", "200").split()[0])
        return Answer(status, body, {name.lower(): value for name, value in headers.items()})


@contextlib.contextmanager
def git_host(folder: Path) -> Iterator[GitHost]:
    """The bare repositories in a folder, on a free port of loopback."""
    host = GitHost(folder)
    with serve(host) as host.port:
        yield host
