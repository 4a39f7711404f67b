"""What goes wrong between a client and the API, on demand: a wrapper of the application, and the file that plans it.

Promises: a call is counted by every fault that it matches; the first one in the plan that is due takes it, all others
let it through untouched. What is committed is committed as by any call; the answer alone is what the fault makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal, cast

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reconciler.sandbox.app import ROOT, error_response
from reconciler.sandbox.jsontext import Json, NumberText, parse, parse_file
from reconciler.sandbox.names import split_path
from reconciler.sandbox.refusals import Refusal
from reconciler.sandbox.store import Store, StoreError

CALLS = ("list", "get", "create", "setParams", "setOntology")
ANY = "any"
_STATUSES = (500, 502, 503, 504)
WHATS = (
    "no-answer-before",
    "no-answer-after",
    *(f"{status}-{when}" for when in ("before", "after") for status in _STATUSES),
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
"""The calls that another writer can come before or after: those of one project, which must be there."""

_COMMITTED = frozenset({"no-answer-after", "garbage", *(f"{status}-after" for status in _STATUSES)})
"""Those that let the call happen and spoil its answer."""

_KEYS = frozenset({"call", "project", "what", "times", "after", "retry_after", "seconds"})
_PAGE = "<!DOCTYPE html>\n<html><body><h1>Something went wrong</h1></body></html>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong: `what`, for `times` calls that match (None: for all), once `after` of them passed.

    `project` is a name in which `*` stands for any text; None matches every call, those without a project included.
    `retry_after` belongs to `429-retry-after`, `seconds` to `slow`.
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


class ConnectionCutError(ConnectionError):
    """The connection ends without an answer."""


def read_faults(text: str | bytes) -> list[Fault]:
    """The plan that a file holds; docs/sandbox.md has the format.

    ValueError says what the file is not, or has, as the rest of a sentence that starts with its name.
    """
    document = parse_file(text.encode() if isinstance(text, str) else text)
    if not isinstance(document, list):
        raise ValueError("is no JSON array of faults")
    found = []
    for number, entry in enumerate(document, 1):
        try:
            found.append(_read_fault(entry))
        except ValueError as problem:
            raise ValueError(f"has a mistake in fault {number}: {problem}") from None
    return found


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
        assert project is not None
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


def _read_fault(entry: Json) -> Fault:
    if not isinstance(entry, dict):
        raise ValueError("it is not an object")
    unknown = sorted(entry.keys() - _KEYS)
    if unknown:
        raise ValueError(f'the key "{unknown[0]}" is not known; there are {", ".join(sorted(_KEYS))}')
    call = _one_of(entry, "call", (*CALLS, ANY))
    what = _one_of(entry, "what", WHATS)
    if call != ANY and call not in _OTHERS.get(what, CALLS):
        raise ValueError(f'"{what}" goes with {", ".join(c for c in CALLS if c in _OTHERS[what])}, not with {call}')
    for key, only in (("retry_after", "429-retry-after"), ("seconds", "slow")):
        if key in entry and what != only:
            raise ValueError(f'"{key}" goes with "{only}" only')
    return Fault(
        call=call,
        what=what,
        project=_project(entry, call),
        times=_times(entry),
        after=_whole(entry, "after", least=0, default=0),
        retry_after=_retry_after(entry),
        seconds=_seconds(entry),
    )


def _one_of(entry: Mapping[str, Json], key: str, values: Sequence[str]) -> str:
    if key not in entry:
        raise ValueError(f'"{key}" is missing')
    value = entry[key]
    if not isinstance(value, str) or value not in values:
        raise ValueError(f'"{key}" must be one of {", ".join(values)}')
    return value


def _project(entry: Mapping[str, Json], call: str) -> str | None:
    project = entry.get("project")
    if "project" in entry and (not isinstance(project, str) or not project):
        raise ValueError('"project" must be a name, or a pattern with *')
    if project is not None and call == "list":
        raise ValueError('"project" does not go with list, which is about all of them')
    return cast("str | None", project)


def _times(entry: Mapping[str, Json]) -> int | None:
    if entry.get("times") == "always":
        return None
    try:
        return _whole(entry, "times", least=1, default=1)
    except ValueError:
        raise ValueError('"times" must be a whole number from 1 on, or "always"') from None


def _whole(entry: Mapping[str, Json], key: str, *, least: Literal[0, 1], default: int) -> int:
    value = entry.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f'"{key}" must be a whole number from {least} on')
    return value


def _retry_after(entry: Mapping[str, Json]) -> str:
    value = entry.get("retry_after", "1")
    if isinstance(value, str) and (re.fullmatch("[0-9]+", value) or _is_http_date(value)):
        return value
    raise ValueError('"retry_after" must be a string: seconds such as "1", or an HTTP date')


def _is_http_date(text: str) -> bool:
    try:
        parsedate_to_datetime(text)
    except ValueError:
        return False
    return text.isascii() and text.isprintable()


def _seconds(entry: Mapping[str, Json]) -> float:
    value = entry.get("seconds", 2)
    number = float(value.text) if isinstance(value, NumberText) else value
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= 86_400:
        raise ValueError('"seconds" must be a number from 0 to 86400')
    return float(number)
