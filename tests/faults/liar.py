"""An API whose answers lie: reads lag behind the writes, and a write that lands is answered as if it had not.

Promises: what is committed is committed as by any call, once, `late` seconds after its answer; a read shows what was
there `lag` seconds ago.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.sandbox.faults import ConnectionCutError
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.store import Store
from tests.faults.account import NAME

CUT = "cut"
ANSWERS: Mapping[str, Response] = {
    **{str(status): Response("failed", status) for status in (408, 500, 502, 503, 504)},
    "503-retry-after": Response("failed", 503, {"retry-after": "1"}),
    "429": Response("too many", 429),
    "429-retry-after": Response("too many", 429, {"retry-after": "1"}),
    "garbage": Response("<html>", 200, media_type="text/html"),
}


@dataclass
class Liar:
    """The first write by `call` is answered by `answer` (a key of ANSWERS, or CUT), and lands all the same."""

    app: ASGIApp
    store: Store
    call: str
    answer: str
    lag: float
    late: float
    _told: bool = False
    _states: list[tuple[float, str | None]] = field(default_factory=list)
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._states.append((float("-inf"), self._state()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await self._shown(scope)(scope, receive, send)
            return
        path = scope["path"].rsplit("/", 1)[-1]
        if self._told or path != {"create": "projects"}.get(self.call, self.call):
            await self.app(scope, receive, send)
            self._remember()
            return
        self._told = True
        message = await receive()
        task = asyncio.get_running_loop().create_task(self._commit(scope, message))
        self._late.add(task)
        await asyncio.sleep(0)  # what lands at once lands before its answer
        if self.answer == CUT:
            raise ConnectionCutError("cut")
        await ANSWERS[self.answer](scope, receive, send)

    async def _commit(self, scope: Scope, message: Any) -> None:
        async def replay() -> Any:
            return message

        async def nobody(message: Any) -> None:
            pass

        if self.late:
            await asyncio.sleep(self.late)
        await self.app(scope, replay, nobody)
        self._remember()

    def _state(self) -> str | None:
        try:
            return self.store.get(NAME)
        except Refusal:
            return None

    def _remember(self) -> None:
        self._states.append((asyncio.get_running_loop().time(), self._state()))

    def _shown(self, scope: Scope) -> Response:
        seen = asyncio.get_running_loop().time() - self.lag
        state = next(state for at, state in reversed(self._states) if at <= seen)
        if scope["path"].endswith("/projects"):
            return Response(f"[{state or ''}]", media_type="application/json")
        if state is None:
            return Response(json.dumps({"status_code": 404, "error": "none"}), 404, media_type="application/json")
        return Response(state, media_type="application/json")
