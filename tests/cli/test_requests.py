"""How many requests an apply sends, and how many at once: counted where they arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.sandbox.app import create_app
from reconciler.sandbox.exchange import Answer, Handler, Request
from reconciler.sandbox.store import Store
from tests.cli.conftest import Cli, live
from tests.serving import path_of, serve

UPDATES = 30
_LIMIT = 60.0


class Counting:
    """Counts requests by what they ask for, and the most that were in flight.

    The first gets wait until `parallelism` are in flight, so that a count below it is no matter of speed.
    """

    def __init__(self, inner: Handler, parallelism: int) -> None:
        self._inner = inner
        self._parallelism = parallelism
        self._full = asyncio.Event()
        self._in_flight = 0
        self.most = 0
        self.requests: Counter[str] = Counter()

    async def __call__(self, request: Request) -> Answer:
        self._in_flight += 1
        self.most = max(self.most, self._in_flight)
        parts = path_of(request).removeprefix("/v1/projects").split("/")
        kind = "list" if len(parts) == 1 else "get" if len(parts) == 2 else parts[2]
        self.requests[kind] += 1
        if self._in_flight >= self._parallelism:
            self._full.set()
        try:
            if kind == "get":
                await asyncio.wait_for(self._full.wait(), _LIMIT)
            return await self._inner(request)
        finally:
            self._in_flight -= 1


@pytest.mark.untraced
@pytest.mark.parametrize("parallelism", [1, 3, 8])
def test_an_update_is_a_fence_a_write_and_a_look(
    cli: Cli,
    repository: Path,
    write: Callable[[str, str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parallelism: int,
) -> None:
    file = tmp_path / "account" / "sandbox.db"
    Store(file).seed([live(f"p{number:02}", {"a": 1, "n": number}) for number in range(UPDATES)])
    for number in range(UPDATES):
        write(f"{number}.yaml", f"name: p{number:02}\ntype: imageannotation\nparams: {{a: 2, n: {number}}}\n")
    monkeypatch.setenv("SCALE_API_KEY", "k")
    # However slow the machine: a read is not given up, and so not sent twice.
    monkeypatch.setattr("reconciler.scale.transport.READ_SECONDS", 600.0)
    monkeypatch.setattr("reconciler.scale.client.CONNECT_SECONDS", 600.0)
    counting = Counting(create_app(file), parallelism)
    with serve(counting) as port:
        arguments = ["--parallelism", str(parallelism), "--endpoint", f"http://127.0.0.1:{port}/v1"]
        applied = cli("apply", "--auto-approve", "--allow", "max-change-ratio", *arguments)
    assert applied.last == f"Apply complete! Projects: 0 added, {UPDATES} changed, 0 destroyed.", applied.err
    assert counting.requests == {"list": 1, "get": 2 * UPDATES, "setParams": UPDATES}
    assert counting.most == parallelism
