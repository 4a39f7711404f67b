"""What goes wrong between a client and the API, on demand: a handler around another one.

Every fault counts each call that it matches. The first fault in the plan that is due takes the call; all other calls
pass through untouched. What is committed is committed as by any call; a fault changes only the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from reconciler.sandbox.app import route
from reconciler.sandbox.exchange import Answer, ConnectionCutError, Handler, Request, error_answer
from reconciler.sandbox.faultplan import STATUSES, Fault
from reconciler.sandbox.jsontext import parse
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.store import Store, StoreError

_COMMITTED = frozenset({"no-answer-after", "garbage", *(f"{status}-after" for status in STATUSES)})
"""The faults that let the call happen and replace its answer."""

_PAGE = b"<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"


class FaultyApp:
    """`app` with the faults of `plan`. A handler; a connection that is cut is raised as ConnectionCutError.

    `store` is where the other writer writes: the account of `app`. `sleep` gets the seconds of a slow answer. `aside`
    calls a function where it does not hold up the event loop.
    """

    def __init__(
        self,
        app: Handler,
        plan: Sequence[Fault],
        store: Store,
        *,
        sleep: Callable[[float], Awaitable[object]],
        aside: Callable[..., Awaitable[object]] = asyncio.to_thread,
    ) -> None:
        self._app = app
        self._plan = [_Counted(fault) for fault in plan]
        self._store = store
        self._sleep = sleep
        self._aside = aside
        self._others = 0

    async def __call__(self, request: Request) -> Answer:
        call, project = _call_of(request)
        fault = self._due(call, project) if call is not None else None
        if call is None or fault is None:
            return await self._app(request)
        return await self._fail(fault, call, project, request)

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

    async def _fail(self, fault: Fault, call: str, project: str | None, request: Request) -> Answer:
        what = fault.what
        if what == "slow":
            await self._sleep(fault.seconds)
        elif what == "other-before":
            await self._aside(self._write_as_another, call, project)
        elif what == "other-after":
            answer = await self._app(request)
            await self._aside(self._write_as_another, call, project)
            return answer
        else:
            if what in _COMMITTED:
                await self._app(request)
            if what.startswith("no-answer"):
                raise ConnectionCutError(f"The connection of a {call} was cut by a fault ({what}).")
            return _wrong_answer(fault)
        return await self._app(request)

    def _write_as_another(self, call: str, project: str | None) -> None:
        """A setOntology around a setOntology, a setParams around any other call. Nothing without the project."""
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
        """Count to a number that no earlier write had, and that the project does not show from before a restart."""
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


def _call_of(request: Request) -> tuple[str | None, str | None]:
    """Which call of the API a request is, None if it is none, and the project that it is about."""
    try:
        call, name = route(request)
    except Refusal:
        return None, None
    return call, (_name_in(request.body) if call == "create" else name or None)


def _name_in(body: bytes) -> str | None:
    try:
        sent = parse(body)
    except ValueError:
        return None
    name = sent.get("name") if isinstance(sent, dict) else None
    return name if isinstance(name, str) else None


def _wrong_answer(fault: Fault) -> Answer:
    if fault.what.startswith("garbage"):
        return Answer(200, _PAGE, {"content-type": "text/html; charset=utf-8"})
    if fault.what.startswith("429"):
        headers = {"retry_after": fault.retry_after} if fault.what == "429-retry-after" else {}
        return error_answer(429, "Too many requests (a fault).", **headers)
    status = int(fault.what.partition("-")[0])
    return error_answer(status, f"The server failed (a fault: {fault.what}).")


def _latest_choices(shown: Mapping[str, Any]) -> list[Any]:
    """The choices of the last ontology; none if there is no ontology, or if it cannot be read."""
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
