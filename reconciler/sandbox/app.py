"""The API's calls over HTTP, as a Starlette application.

Promises: every answer is JSON; every failure is `{"status_code": …, "error": …}`, a file that cannot be used included.
Paths are matched in their raw form, so that a name may hold an encoded slash.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.bodies import read_create, read_set_ontology, read_set_params
from reconciler.sandbox.jsontext import write
from reconciler.sandbox.names import name_problem, split_path
from reconciler.sandbox.refusals import Refusal, bad_request, no_such_path, unauthorized, wrong_method
from reconciler.sandbox.store import Store, StoreError, utc_now

ROOT = "v1"


def create_app(file: Path, *, now: Callable[[], datetime] = utc_now, assumptions: Assumptions = DEFAULT) -> Starlette:
    """The account kept in `file`, below `/v1`. `now` dates projects and versions; its answers are aware.

    The file and its folder are made by the first write that creates something. More than one application, in this
    process or others, may share a file.
    """
    store = Store(file, now=now, assumptions=assumptions)
    return Starlette(routes=[_EveryPath(store)], exception_handlers={Exception: _answer_unforeseen_error})


class _EveryPath(BaseRoute):
    """Takes every request, since Starlette's own routes match paths that are decoded already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] == "http" else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            text = await _answer(self._store, Request(scope, receive))
        except ClientDisconnect:
            return
        except Refusal as refusal:
            response = error_response(refusal.status, refusal.error)
            if refusal.allowed:
                response.headers["Allow"] = ", ".join(refusal.allowed)
        except StoreError as error:
            response = error_response(500, str(error))
        else:
            response = Response(text, media_type="application/json")
        await response(scope, receive, send)


async def _answer(store: Store, request: Request) -> str:
    root, *segments = split_path(request.scope["raw_path"])
    if root != ROOT:
        raise no_such_path()
    _authenticate(request)
    match segments:
        case ["projects"]:
            if _method(request, "GET", "POST") == "GET":
                return await run_in_threadpool(store.list_projects, archived=_archived(request))
            project = read_create(await request.body(), store.assumptions)
            return await run_in_threadpool(store.create, project)
        case ["projects", name]:
            _check_name(name)
            _method(request, "GET")
            return await run_in_threadpool(store.get, name)
        case ["projects", name, "setParams"]:
            _check_name(name)
            _method(request, "POST")
            params = read_set_params(await request.body())
            return await run_in_threadpool(store.set_params, name, params)
        case ["projects", name, "setOntology"]:
            _check_name(name)
            _method(request, "POST")
            ontology = read_set_ontology(await request.body(), store.assumptions)
            return await run_in_threadpool(store.set_ontology, name, ontology)
        case _:
            raise no_such_path()


def _authenticate(request: Request) -> None:
    """HTTP Basic with the API key as user name [D]. Any key will do: a file holds one account."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    try:
        key, colon, _ = base64.b64decode(credentials.strip(), validate=True).partition(b":")
    except ValueError:
        raise unauthorized() from None
    if scheme.lower() != "basic" or not colon or not key.strip():
        raise unauthorized()


def _method(request: Request, *allowed: str) -> str:
    if request.method not in allowed:
        raise wrong_method(allowed)
    return request.method


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem:
        raise bad_request(f"A project's name {problem}.")


def _archived(request: Request) -> bool | None:
    """The list's filter: `true` or `false`, lowercase; left out, archived projects are listed too [S]."""
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    match query.get("archived"):
        case None:
            return None
        case "true":
            return True
        case "false":
            return False
        case _:
            raise bad_request("'archived' must be true or false.")


async def _answer_unforeseen_error(request: Request, error: Exception) -> Response:
    return error_response(500, f"The sandbox has a bug: {type(error).__name__}: {error}")


def error_response(status: int, error: str) -> Response:
    """A failure as the API words it [D]."""
    return Response(write({"status_code": status, "error": error}), status_code=status, media_type="application/json")
