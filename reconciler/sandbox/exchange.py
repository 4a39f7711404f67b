"""A request, its answer, and a refusal in the form of the API's errors [D]."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import unquote_to_bytes

from reconciler.sandbox.jsontext import Json, quoted, write

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_JSON: Mapping[str, str] = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Request:
    """`target` is the path and the query, as they were sent. The names of `headers` are in lower case."""

    method: str
    target: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)


class Refusal(Exception):
    """Raised when the API refuses a request, with the status, words, and headers of the answer."""

    def __init__(self, status: int, error: str, **headers: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers


Handler: TypeAlias = Callable[[Request], Awaitable[Answer]]


class ConnectionCutError(ConnectionError):
    """Raised by a handler that sends no answer. The server closes the connection."""


def json_answer(text: str, status: int = 200, **headers: str) -> Answer:
    """An answer whose body is JSON text. Underscores in header names become hyphens."""
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, text.encode(), {**_JSON, **more})


def error_answer(status: int, error: Json, **headers: str) -> Answer:
    """A failure in the form of the API [D]."""
    return json_answer(write({"status_code": status, "error": error}), status, **headers)


def bad_request(error: str) -> Refusal:
    return Refusal(400, error)


def no_such_project(name: str) -> Refusal:
    return Refusal(404, f"There is no project named {quoted(name)}.")


def name_problem(name: object) -> str | None:
    """The reason why a value cannot be a project's name. It continues a sentence that starts with "the name"."""
    if not isinstance(name, str):
        return "must be a string"
    if name in ("", ".", ".."):
        return 'must not be empty, ".", or ".."'  # these break the URL even when encoded [T]
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return "must be valid Unicode"
    return None


def split_path(raw: bytes) -> list[str]:
    """The decoded segments of a raw request path such as `/v1/projects/a%2Fb?archived=true`.

    The path is split before it is decoded, because a name may contain `%2F` [S].
    """
    return [_decode(segment) for segment in raw.partition(b"?")[0].removeprefix(b"/").split(b"/")]


def _decode(segment: bytes) -> str:
    try:
        if _BROKEN_ESCAPE.search(segment):
            raise ValueError
        return unquote_to_bytes(segment).decode("utf-8")
    except ValueError:
        raise bad_request("The path is not percent-encoded UTF-8.") from None
