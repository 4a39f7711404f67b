"""An API whose answers lie: reads lag behind the writes, and a write that lands is answered as if it had not.

Promises: what is committed is committed as by any call, once, `late` seconds after its answer; a read shows what was
there `lag` seconds ago.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.sandbox.exchange import Answer, ConnectionCutError, Handler, Refusal, Request, error_answer, json_answer
from tests.faults.account import NAME
from tests.sandbox.dashboard import Dashboard
from tests.serving import path_of

CUT = "cut"
ANSWERS: Mapping[str, Answer] = {
    **{str(status): Answer(status, b"failed", {}) for status in (408, 500, 502, 503, 504)},
    "503-retry-after": Answer(503, b"failed", {"retry-after": "1"}),
    "429": Answer(429, b"too many", {}),
    "429-retry-after": Answer(429, b"too many", {"retry-after": "1"}),
    "garbage": Answer(200, b"<html>", {"content-type": "text/html"}),
}


@dataclass
class Liar:
    """The first write by `call` is answered by `answer` (a key of ANSWERS, or CUT), and lands all the same."""

    app: Handler
    store: Dashboard
    call: str
    answer: str
    lag: float
    late: float
    _reported: bool = False
    _states: list[tuple[float, str | None]] = field(default_factory=list)
    _late: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._states.append((float("-inf"), self._state()))

    async def __call__(self, request: Request) -> Answer:
        if request.method == "GET":
            return self._shown(request)
        path = path_of(request).rsplit("/", 1)[-1]
        if self._reported or path != {"create": "projects"}.get(self.call, self.call):
            answer = await self.app(request)
            self._remember()
            return answer
        self._reported = True
        task = asyncio.get_running_loop().create_task(self._commit(request))
        self._late.add(task)
        await asyncio.sleep(0)  # what lands at once lands before its answer
        if self.answer == CUT:
            raise ConnectionCutError("cut")
        return ANSWERS[self.answer]

    async def _commit(self, request: Request) -> None:
        if self.late:
            await asyncio.sleep(self.late)
        await self.app(request)
        self._remember()

    def _state(self) -> str | None:
        try:
            return self.store.get(NAME)
        except Refusal:
            return None

    def _remember(self) -> None:
        self._states.append((asyncio.get_running_loop().time(), self._state()))

    def _shown(self, request: Request) -> Answer:
        seen = asyncio.get_running_loop().time() - self.lag
        state = next(state for at, state in reversed(self._states) if at <= seen)
        if path_of(request).endswith("/projects"):
            return json_answer(f"[{state or ''}]")
        return error_answer(404, "none") if state is None else json_answer(state)
