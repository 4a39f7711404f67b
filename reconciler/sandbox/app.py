"""Maps requests to the calls of the API, and answers them.

Every answer is JSON. Every failure is `{"status_code": …, "error": …}`, even if the file cannot be used. Paths are
matched before they are decoded, so a name may contain an encoded slash.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import parse_qsl

from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.bodies import read_create, read_set_ontology, read_set_params
from reconciler.sandbox.exchange import (
    Answer,
    Handler,
    Refusal,
    Request,
    bad_request,
    error_answer,
    json_answer,
    name_problem,
    split_path,
)
from reconciler.sandbox.store import Store, StoreError, utc_now

ROOT = "v1"

Aside: TypeAlias = Callable[..., Awaitable[str]]
"""Calls a function with its arguments without blocking the event loop, such as `asyncio.to_thread`."""


def create_app(
    file: Path,
    *,
    now: Callable[[], datetime] = utc_now,
    assumptions: Assumptions = DEFAULT,
    aside: Aside = asyncio.to_thread,
) -> Handler:
    """The account in `file`, at `/v1`. `now` returns the aware times of projects and versions.

    The first write that creates something also creates the file and its folder. Several applications may share a file,
    in this process or in others.
    """
    store = Store(file, now=now, assumptions=assumptions)

    async def answer(request: Request) -> Answer:
        try:
            return json_answer(await _call(store, request, aside))
        except Refusal as refusal:
            return error_answer(refusal.status, refusal.error, **refusal.headers)
        except StoreError as error:
            return error_answer(500, f"{str(error)[0].upper()}{str(error)[1:]}.")

    return answer


async def _call(store: Store, request: Request, aside: Aside) -> str:
    if split_path(request.target)[0] != ROOT:
        raise _no_such_path()
    _authenticate(request)
    match route(request):
        case "list", _:
            return await aside(store.list_projects, archived=_archived(request))
        case "create", _:
            return await aside(store.create, read_create(request.body, store.assumptions))
        case "get", name:
            return await aside(store.get, name)
        case "setParams", name:
            return await aside(store.set_params, name, read_set_params(request.body))
        case _, name:
            return await aside(store.set_ontology, name, read_set_ontology(request.body, store.assumptions))


def route(request: Request) -> tuple[str, str]:
    """The call of the API that a request makes, and the project in its path (empty for list and create).

    Raises:
        Refusal: it is not a call of the API.
    """
    name = ""
    match split_path(request.target):
        case [root, "projects"] if root == ROOT:
            calls = {"GET": "list", "POST": "create"}
        case [root, "projects", name] if root == ROOT:
            calls = {"GET": "get"}
        case [root, "projects", name, ("setParams" | "setOntology") as call] if root == ROOT:
            calls = {"POST": call}
        case _:
            raise _no_such_path()
    if "list" not in calls.values() and (problem := name_problem(name)):
        raise bad_request(f"A project's name {problem}.")
    if request.method not in calls:
        raise Refusal(405, f"This path accepts only {' and '.join(calls)}.", allow=", ".join(calls))
    return calls[request.method], name


def _authenticate(request: Request) -> None:
    """HTTP Basic with the API key as user name [D]. Every key is accepted, because a file has only one account."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        key, colon, _ = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except ValueError:
        key, colon = b"", b""
    if scheme.lower() != "basic" or not colon or not key.strip():
        raise Refusal(401, "The API key is missing. Send it as the user name of HTTP Basic, with an empty password.")


def _archived(request: Request) -> bool | None:
    """The filter of list: `true` or `false` in lower case. Without it, archived projects are listed too [S]."""
    query = dict(parse_qsl(request.target.partition(b"?")[2].decode("latin-1"), keep_blank_values=True))
    values = {None: None, "true": True, "false": False}
    archived = query.get("archived")
    if archived not in values:
        raise bad_request('"archived" must be true or false.')
    return values[archived]


def _no_such_path() -> Refusal:
    return Refusal(404, "This path does not exist.")
