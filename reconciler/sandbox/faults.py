"""What goes wrong between a client and the API, on demand: a wrapper of the application.

Promises: a call is counted by every fault that it matches; the first one in the plan that is due takes it, all others
let it through untouched. What is committed is committed as by any call; the answer alone is what the fault makes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.app import ROOT, error_response
from reconciler.sandbox.faultplan import STATUSES, Fault
from reconciler.sandbox.jsontext import parse
from reconciler.sandbox.names import split_path
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.store import Store, StoreError

_COMMITTED = frozenset({"no-answer-after", "garbage", *(f"{status}-after" for status in STATUSES)})
"""Those that let the call happen and spoil its answer."""

_PAGE = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"


class ConnectionCutError(ConnectionError):
    """The connection ends without an answer."""


class FaultyApp:
    """An ASGI application: `app` with the faults of `plan`.

    `store` is where other writers write: the account of `app`. `sleep` gets the seconds of a slow answer. A cut
    connection is raised as ConnectionCutError, before anything is sent; a server has to close the connection then.
    """

    def __init__(
        self, app: ASGIApp, plan: Sequence[Fault], store: Store, *, sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._app = app
        self._plan = [_Counted(fault) for fault in plan]
        self._store = store
        self._sleep = sleep
        self._others = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _whole_body(receive)
        if body is None:
            return
        replay = _replaying(body, receive)
        call, project = _call_of(scope, body)
        fault = self._due(call, project) if call is not None else None
        if fault is None:
            await self._app(scope, replay, send)
        else:
            assert call is not None
            await self._fail(fault, call, project, scope, replay, send)

    def _due(self, call: str, project: str | None) -> Fault | None:
        """The fault that takes this call; every one that matches counts it."""
        matching = [counted for counted in self._plan if counted.fault.matches(call, project)]
        due = [counted for counted in matching if counted.is_due()]
        for counted in matching:
            counted.seen += 1
        if not due:
            return None
        due[0].taken += 1
        return due[0].fault

    async def _fail(
        self, fault: Fault, call: str, project: str | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        what = fault.what
        if what == "slow":
            await self._sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif what == "other-before":
            await run_in_threadpool(self._write_as_another, call, project)
            await self._app(scope, receive, send)
        elif what == "other-after":
            answer = await self._commit(scope, receive)
            await run_in_threadpool(self._write_as_another, call, project)
            for message in answer:
                await send(message)
        else:
            if what in _COMMITTED:
                await self._commit(scope, receive)
            if what.startswith("no-answer"):
                raise ConnectionCutError(f"The connection of a {call} was cut by a fault ({what}).")
            await _wrong_answer(fault)(scope, receive, send)

    async def _commit(self, scope: Scope, receive: Receive) -> list[Message]:
        """Lets the call happen. Its answer is kept here."""
        answer: list[Message] = []

        async def keep(message: Message) -> None:
            answer.append(message)

        await self._app(scope, receive, keep)
        return answer

    def _write_as_another(self, call: str, project: str | None) -> None:
        """A setOntology around a setOntology, a setParams around all others; nothing where there is no such project."""
        if project is None:
            return
        try:
            shown = cast("dict[str, Any]", parse(self._store.get(project)))
            if call == "setOntology":
                self._add_choice(project, _latest_choices(shown))
            else:
                self._set_param(project, shown["param_history"])
        except (Refusal, StoreError):
            return

    def _set_param(self, project: str, history: list[dict[str, Any]]) -> None:
        taken = history[-1].get("other_writer") if history else None
        self._count(lambda number: number != taken)
        self._store.edit_params(project, {"other_writer": self._others})

    def _add_choice(self, project: str, choices: list[Any]) -> None:
        taken = set(_names(choices))
        self._count(lambda number: _other_choice(number) not in taken)
        self._store.edit_ontology(project, [*choices, _other_choice(self._others)])

    def _count(self, is_free: Callable[[int], bool]) -> None:
        """A number that no earlier write here has had, nor, after another start, the project still shows."""
        self._others += 1
        while not is_free(self._others):
            self._others += 1


@dataclass(slots=True)
class _Counted:
    """A fault, the calls that matched it so far, and those that it took."""

    fault: Fault
    seen: int = 0
    taken: int = 0

    def is_due(self) -> bool:
        left = self.fault.times is None or self.taken < self.fault.times
        return left and self.seen >= self.fault.after


def _call_of(scope: Scope, body: bytes) -> tuple[str | None, str | None]:
    """Which call of the API this is, None for none, and the project that it is about."""
    try:
        root, *segments = split_path(scope["raw_path"])
    except Refusal:
        return None, None
    if root != ROOT:
        return None, None
    match scope["method"], segments:
        case "GET", ["projects"]:
            return "list", None
        case "POST", ["projects"]:
            return "create", _name_in(body)
        case "GET", ["projects", name]:
            return "get", name
        case "POST", ["projects", name, ("setParams" | "setOntology") as call]:
            return call, name
        case _:
            return None, None


def _name_in(body: bytes) -> str | None:
    try:
        sent = parse(body)
    except ValueError:
        return None
    name = sent.get("name") if isinstance(sent, dict) else None
    return name if isinstance(name, str) else None


def _wrong_answer(fault: Fault) -> Response:
    if fault.what.startswith("garbage"):
        return Response(_PAGE, media_type="text/html")
    if fault.what.startswith("429"):
        response = error_response(429, "Too many requests (a fault).")
        if fault.what == "429-retry-after":
            response.headers["Retry-After"] = fault.retry_after
        return response
    status = int(fault.what.partition("-")[0])
    return error_response(status, f"The server failed (a fault: {fault.what}).")


async def _whole_body(receive: Receive) -> bytes | None:
    """None where the client goes away before its end."""
    chunks = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Gives the body once more, and after it whatever comes."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _latest_choices(shown: Mapping[str, Any]) -> list[Any]:
    """Those of the last ontology; none where there is none, or none that can be read."""
    history = shown.get("ontologyHistory") or []
    latest = history[-1].get("ontology") if history and isinstance(history[-1], dict) else None
    return latest if isinstance(latest, list) else []


def _names(choices: Sequence[Any]) -> list[Any]:
    names = []
    for choice in choices:
        if isinstance(choice, dict):
            names += [choice.get("choice"), *_names(choice.get("subchoices") or [])]
        else:
            names.append(choice)
    return [name for name in names if isinstance(name, str)]


def _other_choice(number: int) -> str:
    return f"Other {number}"
