"""The command line in processes of its own, and a served sandbox that holds requests back until a test lets them go."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Request
from tests.preloaded import COMMAND, Popen
from tests.sandbox.dashboard import Dashboard
from tests.serving import serve

LIMIT = 120
"""Seconds after which a process or a request that a test waits for is given up."""


class Gate:
    """A sandbox whose requests of one method wait at a gate. `arrived` counts those that came to it."""

    def __init__(self, file: Path, method: str) -> None:
        self.store = Dashboard(file)
        self._inner = create_app(file)
        self._method = method
        self._change = threading.Condition()
        self._open = threading.Event()
        self.arrived = 0

    def wait_for(self, number: int) -> None:
        """Until so many requests have come to the gate."""
        with self._change:
            assert self._change.wait_for(lambda: self.arrived >= number, LIMIT), f"{self.arrived} of {number} came"

    def open(self) -> None:
        self._open.set()

    async def __call__(self, request: Request) -> Answer:
        if request.method == self._method:
            with self._change:
                self.arrived += 1
                self._change.notify_all()
            await asyncio.to_thread(self._open.wait, LIMIT)
        return await self._inner(request)


@contextlib.contextmanager
def gated(file: Path, method: str) -> Iterator[tuple[Gate, dict[str, str]]]:
    """A gate, and the environment of a process that goes through it."""
    gate = Gate(file, method)
    with serve(gate) as port:
        try:
            yield gate, environment(f"http://127.0.0.1:{port}/v1")
        finally:
            gate.open()


def environment(endpoint: str) -> dict[str, str]:
    return {
        **os.environ,
        "RECONCILER_ENDPOINT": endpoint,
        "RECONCILER_TARGET": "production",
        "SCALE_API_KEY": "key",
    }


@contextlib.contextmanager
def started(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """`reconciler ARGUMENTS`, its outputs piped unless `options` say otherwise; killed where a test leaves it."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **options}
    with Popen([*COMMAND, *arguments], text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(*arguments: str, **options: Any) -> tuple[int, str, str]:
    """The exit code, stdout and stderr of a run to its end."""
    with started(*arguments, **options) as process:
        out, err = process.communicate(timeout=LIMIT)
        return process.returncode, out or "", err or ""
