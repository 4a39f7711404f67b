"""The Projects API as three verbs: list, get, send.

Reads return LiveProjects, or raise an error of reconciler.errors. A write is sent once. The API key leaves this module
only in the Authorization header. This module does not decide what to write or whether to repeat a write, and it does
not trust the answer to a write.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from random import Random
from types import TracebackType
from typing import Self, TypeVar

from reconciler.clock import SYSTEM_CLOCK, Clock
from reconciler.diagnostics import quoted
from reconciler.errors import CredentialsError, RejectedError, UnreadableAnswerError
from reconciler.http.answer import Answer, Lost, http_date
from reconciler.http.connection import Connection, Limits, Transport, is_url
from reconciler.http.mask import Mask
from reconciler.model.plan import Call, project_path
from reconciler.model.project import LiveProject, Shown, UnreadableProject
from reconciler.model.values import Json
from reconciler.scale.answers import Asked, error_of, is_documented_error, unreadable
from reconciler.scale.transport import READ_SECONDS, Outcome, Retries
from reconciler.scale.wire import parse_json, read_project, read_projects, read_raw_project, read_raw_projects

_Value = TypeVar("_Value")

CONNECT_SECONDS = 10.0
WRITE_SECONDS = 15.0
"""How long connecting may take, and how long a write may go without progress."""

LARGEST_ANSWER = 2_000_000_000
"""Bytes. The list of 10,000 large projects has about 100 MB."""


class ScaleClient:
    """An asynchronous context manager, for one event loop.

    `endpoint` includes `/v1`. Whitespace around the API key `key` is ignored. `key_variable` is where it came from, for
    messages. At most `parallelism` requests are in flight, and a 429 slows all of them down. A `transport` is closed
    with the client; with it, no environment variable is read. `waiting` is called with the seconds if a 429 makes all
    requests wait for long.

    Raises:
        CredentialsError: HTTP cannot carry the key.
        ConnectionSetupError: an endpoint, a proxy, or a certificate variable does not work.
    """

    def __init__(
        self,
        *,
        endpoint: str,
        key: str,
        key_variable: str | None,
        parallelism: int = 8,
        transport: Transport | None = None,
        clock: Clock = SYSTEM_CLOCK,
        random: Random | None = None,
        waiting: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        key = _checked_key(key, key_variable)
        self._key_variable = key_variable
        self._mask = Mask(key, user=True)
        self._clock = clock
        self._retries = Retries(clock=clock, random=random or Random(), parallelism=parallelism, waiting=waiting)
        # Requests wait for their turn here, in order, so that few wake up at once.
        self._slots = asyncio.Semaphore(parallelism)
        # Latin-1 as in the official SDK's HTTP library; Scale's own keys are ASCII, by assumption.
        token = base64.b64encode(f"{key}:".encode("latin-1")).decode("ascii")
        headers = {"authorization": f"Basic {token}"}
        self._connection = Connection(endpoint, headers=headers, connections=parallelism, transport=transport)
        self.last_date: datetime | None = None
        """The `Date` of the last answer, None if it had none."""

    def __repr__(self) -> str:
        return f"ScaleClient({self._connection.address})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    async def list_projects(self) -> list[Shown]:
        """Every project, archived ones included: `GET /projects` without a query means all ([S]), in one array."""
        return [self._redacted(project) for project in _read(await self._list(), read_projects)]

    async def list_raw(self) -> tuple[list[dict[str, Json]], list[UnreadableProject]]:
        """The readable projects as the answer shows them, and the unreadable ones. The request is sent once, even if it
        fails."""
        return _read(await self._list(once=True), read_raw_projects)

    async def get_project(self, name: str) -> LiveProject | None:
        """The project of exactly that name, or None if the API answers with its own form of 404 ([D]).

        Raises:
            UnreadableAnswerError: also for a project that cannot be read.
        """
        got = await self._get(name)
        if got is None:
            return None
        project = _read(got, partial(read_project, name=name))
        if isinstance(project, UnreadableProject):
            answer, asked = got
            raise unreadable(answer, UnreadableAnswerError(project.why), asked)
        return project

    async def find_project(self, name: str) -> Shown | None:
        """Like get_project, but returns an UnreadableProject if the project cannot be read."""
        got = await self._get(name)
        return None if got is None else self._redacted(_read(got, partial(read_project, name=name)))

    async def get_raw(self, name: str) -> dict[str, Json] | None:
        """The project in the answer to a get of `name`, even if its name differs; None as for `get_project`."""
        got = await self._get(name)
        return None if got is None else _read(got, read_raw_project)

    async def send(self, call: Call) -> Json:
        """Send one write, once, and return the JSON value of a 2xx, which is not reliable ([D]).

        The attributes of a ScaleError report what is known of the write.
        """
        _path_of(call.project)
        asked = self._asked(f"the {call.kind.value} call for project {quoted(call.project)}", "POST", call.path)
        answer = _succeeded(await self._exchange(asked, call.path, _encoded(call)), asked)
        return _read((answer, asked), parse_json)

    def _redacted(self, project: Shown) -> Shown:
        if isinstance(project, LiveProject):
            return project
        return replace(project, path=self._mask(project.path), problem=self._mask(project.problem))

    async def _list(self, *, once: bool = False) -> tuple[Answer, Asked]:
        asked = self._asked("the request to list projects", "GET", "/projects")
        return _succeeded(await self._exchange(asked, "/projects", once=once), asked), asked

    async def _get(self, name: str) -> tuple[Answer, Asked] | None:
        """The answer for a name, or None if there is no such project.

        A 404 of another form (a gateway's page, a wrong endpoint) is an UnreadableAnswerError. If it counted as "no
        such project", a plan would create the project, and nothing can undo that.
        """
        path = _path_of(name)
        asked = self._asked(f"the request to get project {quoted(name)}", "GET", path)
        outcome = await self._exchange(asked, path)
        if isinstance(outcome.result, Answer) and outcome.result.status == 404:
            if is_documented_error(outcome.result):
                return None
            raise unreadable(
                outcome.result, UnreadableAnswerError("the response does not show whether the project exists"), asked
            )
        return _succeeded(outcome, asked), asked

    def _asked(self, what: str, method: str, path: str) -> Asked:
        return Asked(
            what=what,
            request=f"{method} {path}",
            write=method != "GET",
            key_variable=self._key_variable,
            mask=self._mask,
            proxy=self._connection.proxy,
        )

    async def _exchange(self, asked: Asked, path: str, content: bytes | None = None, *, once: bool = False) -> Outcome:
        """Send a read as its policy says, or `once`, and a write once. Each takes one of the slots."""
        url = f"{self._connection.address}{path}"
        if not is_url(url):
            raise RejectedError(
                f"{asked.what} failed: the name is too long for a URL", "Nothing was sent. Use a shorter name."
            )

        sent_at: float | None = None

        def sending() -> None:
            nonlocal sent_at
            sent_at = self._clock.monotonic()

        async def attempt(seconds: float) -> Answer | Lost:
            result = await self._connection.send(
                "POST" if asked.write else "GET",
                url,
                content=content,
                clock=self._clock,
                limits=Limits(connect=min(CONNECT_SECONDS, seconds), idle=seconds, bytes=LARGEST_ANSWER),
                sending=sending if asked.write else None,
            )
            if isinstance(result, Answer):
                self.last_date = http_date(result.headers.get("date", ""))
            return result

        async with self._slots:
            if not asked.write and not once:
                return await self._retries.run(attempt)
            outcome = await self._retries.once(attempt, WRITE_SECONDS if asked.write else READ_SECONDS)
            # Making the connection is not sending.
            return outcome if sent_at is None else replace(outcome, seconds=self._clock.monotonic() - sent_at)


def _read(got: tuple[Answer, Asked], read: Callable[[bytes], _Value]) -> _Value:
    """The value that `read` returns for the body of an answer.

    Raises:
        UnreadableAnswerError: the body is not as `read` expects. The error says which answer it was.
    """
    answer, asked = got
    try:
        return read(answer.body)
    except UnreadableAnswerError as problem:
        error = unreadable(answer, problem, asked)
    raise error from None


def _succeeded(outcome: Outcome, asked: Asked) -> Answer:
    error = error_of(outcome, asked)
    if error is not None:
        raise error
    assert isinstance(outcome.result, Answer)
    return outcome.result


def _path_of(name: str) -> str:
    """The path of a project.

    Raises:
        RejectedError: the name breaks the URL even if it is encoded ([T]), or cannot be encoded.
    """
    try:
        path = None if name in ("", ".", "..") else project_path(name)
    except UnicodeEncodeError:
        path = None
    if path is None:
        raise RejectedError(
            f"the API does not support a project named {quoted(name)}",
            "A name must be valid Unicode, and cannot be empty, `.`, or `..`.",
        )
    return path


def _encoded(call: Call) -> bytes:
    """The body as JSON, with exact whole numbers.

    Raises:
        RejectedError: JSON cannot hold a value. Nothing is sent.
    """
    try:
        return json.dumps(dict(call.body), allow_nan=False, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError) as error:
        reason = str(error)
    raise RejectedError(
        f"{call.kind.value} for project {quoted(call.project)} has a value that JSON cannot hold",
        f"Nothing was sent. The JSON encoder reports: {reason}. A number must be finite and have at most 4,300 digits.",
    )


def _checked_key(key: str, variable: str | None) -> str:
    """The key, without whitespace around it.

    A user name of HTTP Basic has no colon and no control characters (RFC 7617, 2).

    Raises:
        CredentialsError: HTTP Basic cannot carry the key. The error never shows it.
    """
    key = key.strip()
    source = f"the API key in {variable}" if variable else "the API key"
    if not key:
        raise CredentialsError(
            f"{source} is empty", f"Set {variable or 'it'} to a live or test API key from Scale's dashboard."
        )
    for position, character in enumerate(key, 1):
        code = ord(character)
        if character == ":" or code < 0x20 or 0x7F <= code < 0xA0 or code > 0xFF:
            raise CredentialsError(
                f"{source} has a character that cannot be sent over HTTP",
                f"Character {position} of {len(key)} is U+{code:04X}. Copy the key from Scale's dashboard again.",
            )
    return key
