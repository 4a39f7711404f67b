"""Injects faults between a client and the API: a list of faults, and a handler that carries them out.

Every fault counts each call that it matches. The first fault in the list that is due affects the call; all other calls
pass through. A call that happens is carried out as usual: a fault changes only its answer.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

from reconciler.sandbox.app import route
from reconciler.sandbox.bodies import NewOntology, NewParams
from reconciler.sandbox.exchange import Answer, ConnectionCutError, Handler, Refusal, Request, error_answer
from reconciler.sandbox.jsontext import Json, NumberText, parse, parse_file, quoted
from reconciler.sandbox.store import Store, StoreError

CALLS = ("list", "get", "create", "setParams", "setOntology")
ANY = "any"
STATUSES = (500, 502, 503, 504)
WHATS = (
    "no-answer-before",
    "no-answer-after",
    *(f"{status}-{when}" for when in ("before", "after") for status in STATUSES),
    "429",
    "429-retry-after",
    "garbage",
    "garbage-before",
    "slow",
    "other-before",
    "other-after",
)
_OTHERS: Mapping[str, frozenset[str]] = {
    "other-before": frozenset({"get", "setParams", "setOntology"}),
    "other-after": frozenset({"get", "create", "setParams", "setOntology"}),
}
"""The calls before or after which another writer can write. Each is about one project that exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: `what` happens to `times` matching calls (None: to all), after the first `after` of them.

    `project` is a name in which `*` matches any text. None matches every call, even one without a project.
    `retry_after` belongs to `429-retry-after`, and `seconds` to `slow`.
    """

    call: str
    what: str
    project: str | None = None
    times: int | None = 1
    after: int = 0
    retry_after: str = "1"
    seconds: float = 2.0

    def matches(self, call: str, project: str | None) -> bool:
        if self.call not in (ANY, call) or call not in _OTHERS.get(self.what, CALLS):
            return False
        if self.project is None:
            return True
        pattern = ".*".join(map(re.escape, self.project.split("*")))
        return project is not None and re.fullmatch(pattern, project, re.DOTALL) is not None


def read_faults(text: str | bytes) -> list[Fault]:
    """The faults in a file. docs/sandbox.md describes the format.

    Raises:
        ValueError: the file has a mistake. Its text continues a sentence that starts with the file's name.
    """
    document = parse_file(text.encode() if isinstance(text, str) else text)
    if not isinstance(document, list):
        raise ValueError("is not a JSON array of faults")
    found = []
    for number, entry in enumerate(document, 1):
        try:
            found.append(_read_fault(entry))
        except ValueError as problem:
            raise ValueError(f"has a mistake in fault {number}: {problem}") from None
    return found


def _read_fault(entry: Json) -> Fault:
    if not isinstance(entry, dict):
        raise ValueError("the fault is not an object")
    for key, value in entry.items():
        if key not in _KEYS:
            raise ValueError(f"unknown key {quoted(key)}. Known keys: {', '.join(_KEYS)}")
        allows, values = _KEYS[key]
        if not allows(value):
            raise ValueError(f'"{key}" must be {values}')
    for key in ("call", "what"):
        if key not in entry:
            raise ValueError(f'"{key}" is missing')
    call, what = str(entry["call"]), str(entry["what"])
    if call != ANY and call not in (calls := _OTHERS.get(what, CALLS)):
        known = ", ".join(one for one in CALLS if one in calls)
        raise ValueError(f'"{what}" can be used with {known}, but not with {call}')
    if call == "list" and "project" in entry:
        raise ValueError('"project" cannot be used with list, which returns all projects')
    for key, only in (("retry_after", "429-retry-after"), ("seconds", "slow")):
        if key in entry and what != only:
            raise ValueError(f'"{key}" can be used only with "{only}"')
    given: dict[str, Any] = dict(entry)
    if given.get("times") == "always":
        given["times"] = None
    if "seconds" in given:
        given["seconds"] = _seconds(given["seconds"])
    return Fault(**given)


def _is_whole(value: Json, *, least: int) -> bool:
    return type(value) is int and value >= least


def _is_wait(value: Json) -> bool:
    """Whether a Retry-After header can have this value."""
    if not isinstance(value, str) or re.fullmatch("[0-9]+", value):
        return isinstance(value, str)
    try:
        parsedate_to_datetime(value)
    except ValueError:
        return False
    return value.isascii() and value.isprintable()


def _seconds(value: Json) -> float | None:
    """The value as a number of seconds; None if it is not one."""
    number = float(value.text) if isinstance(value, NumberText) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 86_400:
        return None
    return float(number)


_KEYS: Mapping[str, tuple[Callable[[Json], bool], str]] = {
    "call": (lambda value: value in (*CALLS, ANY), f"one of {', '.join((*CALLS, ANY))}"),
    "what": (lambda value: value in WHATS, f"one of {', '.join(WHATS)}"),
    "project": (lambda value: isinstance(value, str) and value != "", "a name, or a pattern with *"),
    "times": (
        lambda value: value == "always" or _is_whole(value, least=1),
        'a whole number of 1 or more, or "always"',
    ),
    "after": (lambda value: _is_whole(value, least=0), "a whole number of 0 or more"),
    "retry_after": (_is_wait, 'a string: seconds such as "1", or an HTTP date'),
    "seconds": (lambda value: _seconds(value) is not None, "a number from 0 to 86400"),
}
"""The keys of a fault, each with a check of its value and a description of the allowed values."""


_COMMITTED = frozenset({"no-answer-after", "garbage", *(f"{status}-after" for status in STATUSES)})
"""The faults that let the call happen but replace its answer."""

_PAGE = b"<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"


@dataclass(eq=False)
class FaultyApp:
    """A handler: `app` with the faults of `plan`. It raises ConnectionCutError to cut a connection.

    `store` is the account of `app`, where the other writer writes. `sleep` gets the seconds of a slow answer. `aside`
    calls a function without blocking the event loop.
    """

    app: Handler
    plan: Sequence[Fault]
    store: Store
    sleep: Callable[[float], Awaitable[object]]
    aside: Callable[..., Awaitable[object]] = asyncio.to_thread

    def __post_init__(self) -> None:
        self._counted = [_Counted(fault) for fault in self.plan]
        self._others = 0

    async def __call__(self, request: Request) -> Answer:
        call, project = _call_of(request)
        fault = self._due(call, project) if call is not None else None
        if call is None or fault is None:
            return await self.app(request)
        return await self._fail(fault, call, project, request)

    def _due(self, call: str, project: str | None) -> Fault | None:
        """The fault that affects this call. Every fault that matches counts the call."""
        matching = [counted for counted in self._counted if counted.fault.matches(call, project)]
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
            await self.sleep(fault.seconds)
        elif what == "other-before":
            await self.aside(self._write_as_another, call, project)
        elif what == "other-after":
            answer = await self.app(request)
            await self.aside(self._write_as_another, call, project)
            return answer
        else:
            if what in _COMMITTED:
                await self.app(request)
            if what.startswith("no-answer"):
                raise ConnectionCutError(f"The connection of a {call} was cut by an injected fault ({what}).")
            return _wrong_answer(fault)
        return await self.app(request)

    def _write_as_another(self, call: str, project: str | None) -> None:
        """Lets the other writer write: a setOntology around a setOntology, otherwise a setParams. A missing project is
        skipped."""
        if project is None:
            return
        try:
            text = self.store.get(project)
            # A number that the project does not show yet, even from before a restart.
            mark = '"Other {}"' if call == "setOntology" else '"other_writer":{}'
            self._others += 1
            while mark.format(self._others) in text:
                self._others += 1
            if call == "setOntology":
                choices = [*_latest_choices(text), f"Other {self._others}"]
                self.store.set_ontology(project, NewOntology(choices, name=None))
            else:
                self.store.set_params(project, NewParams({"other_writer": self._others}, patch=True))
        except (Refusal, StoreError):
            return


@dataclass(slots=True)
class _Counted:
    """A fault, how many calls matched it so far, and how many it affected."""

    fault: Fault
    seen: int = 0
    taken: int = 0

    def is_due(self) -> bool:
        left = self.fault.times is None or self.taken < self.fault.times
        return left and self.seen >= self.fault.after


def _call_of(request: Request) -> tuple[str | None, str | None]:
    """The call of the API that a request makes (None if it makes none), and its project."""
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
        return error_answer(429, "Too many requests (an injected fault).", **headers)
    status = int(fault.what.partition("-")[0])
    return error_answer(status, f"The server failed (an injected fault: {fault.what}).")


def _latest_choices(project: str) -> list[Any]:
    """The choices of the last ontology; empty if there is no ontology or it cannot be read."""
    shown = cast("dict[str, Any]", parse(project))
    latest = (shown.get("ontologyHistory") or [None])[-1]
    choices = latest.get("ontology") if isinstance(latest, dict) else None
    return choices if isinstance(choices, list) else []
