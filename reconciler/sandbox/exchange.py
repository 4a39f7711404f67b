"""One request and its answer, as the sandbox's parts pass them on: the server, the faults and the API itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.sandbox.jsontext import Json, write

_JSON: Mapping[str, str] = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path and the query as they were sent. The names of `headers` are in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]


class ConnectionCutError(ConnectionError):
    """Raised by a handler that sends no answer: a server closes the connection."""


def json_answer(text: str, status: int = 200, **headers: str) -> Answer:
    """An answer whose body is JSON text. Underscores in header names stand for hyphens."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, text.encode(), {**_JSON, **more})


def error_answer(status: int, error: Json, **headers: str) -> Answer:
    """A failure as the API words it [D]."""
    return json_answer(write({"status_code": status, "error": error}), status, **headers)
