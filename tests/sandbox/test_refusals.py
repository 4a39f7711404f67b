"""Everything that is refused, and that it leaves the account as it was."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox.exchange import Answer, Request
from tests.sandbox.calling import Caller
from tests.sandbox.dashboard import Dashboard

DEEP = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
QUITE_DEEP = '{"a":' + "[" * 200 + "]" * 200 + "}"
DEEPEST = '{"a":' + "[" * 199 + "]" * 199 + "}"

BAD_CREATES: list[dict[str, Any]] = [
    {"name": "n"},
    {"type": "", "name": "n"},
    {"type": None, "name": "n"},
    {"type": 1, "name": "n"},
    {"type": "chat"},
    {"type": "chat", "name": None},
    {"type": "chat", "name": 5},
    {"type": "chat", "name": ""},
    {"type": "chat", "name": "."},
    {"type": "chat", "name": ".."},
    {"type": "chat", "name": "\ud800"},
    {"type": "chat", "name": "n", "rapid": "true"},
    {"type": "chat", "name": "n", "studio": 1},
    {"type": "chat", "name": "n", "params": []},
    {"type": "chat", "name": "n", "params": "x"},
    {"type": "chat", "name": "n", "params": {"patch": True}},
    {"type": "chat", "name": "n", "params": {"version": 1}},
    {"type": "chat", "name": "n", "params": {"created_at": "x"}},
    {"type": "chat", "name": "n", "studio": True, "pipeline": "other_task"},
    {"type": "chat", "name": "n", "studio": True, "pipeline": 1},
    {"type": "chat", "name": "n", "pipeline": "standard_task"},
    {"type": "chat", "name": "n", "consensus_attempts": "3"},
    {"type": "chat", "name": "n", "consensus_attempts": True},
    {"type": "chat", "name": "n", "consensus_attempts": 1.0},
    {"type": "chat", "name": "n", "consensus_attempts": -1},
    {"type": "chat", "name": "n", "datasetId": 1},
    {"type": "chat", "name": "n", "consensusAttempts": 1},
]
BAD_PARAMS: list[dict[str, Any]] = [
    {"patch": 1},
    {"patch": None},
    {"patch": "yes"},
    {"patch": "True"},
    {"version": 3},
    {"created_at": "now", "a": 1},
]
BAD_ONTOLOGIES: list[dict[str, Any]] = [
    {},
    {"ontology": None},
    {"ontology": {"choice": "a"}},
    {"ontology": [1]},
    {"ontology": [{}]},
    {"ontology": [{"choice": 1}]},
    {"ontology": ["a", "a"]},
    {"ontology": ["a", {"choice": "b", "subchoices": [{"choice": "c", "subchoices": ["a"]}]}]},
    {"ontology": [{"choice": "a", "display": 1}]},
    {"ontology": [{"choice": "a", "description": []}]},
    {"ontology": [{"choice": "a", "subchoices": "b"}]},
    {"ontology": ["a"], "name": 1},
    {"ontology": ["a"], "patch": True},
]
NOT_JSON = [
    b"",
    b"{",
    b"nonsense",
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": "\xff"}',
    b"\xef\xbb\xbf{}",
    b"[]",
    b"1",
]
POSTS = ["/v1/projects", "/v1/projects/kittens/setParams", "/v1/projects/kittens/setOntology"]


@pytest.fixture(autouse=True)
def kittens(store: Dashboard) -> None:
    store.seed([{"type": "chat", "name": "kittens"}])


def refused(caller: Caller, method: str, path: str, content: str | bytes | None = None) -> tuple[int, str]:
    before = caller.get("/v1/projects").body
    answer = caller.call(method, path, content)
    assert answer.body == {"status_code": answer.status, "error": answer.body["error"]}
    assert caller.get("/v1/projects").body == before
    return answer.status, answer.body["error"]


@pytest.mark.parametrize("body", BAD_CREATES, ids=json.dumps)
def test_a_bad_create(caller: Caller, body: dict[str, Any]) -> None:
    assert refused(caller, "POST", "/v1/projects", json.dumps(body))[0] == 400


@pytest.mark.parametrize("body", BAD_PARAMS, ids=json.dumps)
def test_bad_parameters(caller: Caller, body: dict[str, Any]) -> None:
    assert refused(caller, "POST", "/v1/projects/kittens/setParams", json.dumps(body))[0] == 400


@pytest.mark.parametrize("body", BAD_ONTOLOGIES, ids=json.dumps)
def test_a_bad_ontology(caller: Caller, body: dict[str, Any]) -> None:
    assert refused(caller, "POST", "/v1/projects/kittens/setOntology", json.dumps(body))[0] == 400


def test_a_doubled_choice_is_named_with_its_place(caller: Caller) -> None:
    body = {"ontology": ["a", {"choice": "b", "subchoices": ["a"]}]}
    error = refused(caller, "POST", "/v1/projects/kittens/setOntology", json.dumps(body))[1]
    assert "ontology[1].subchoices[0]" in error
    assert '"a"' in error


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("content", NOT_JSON)
def test_a_body_that_is_no_json_object(caller: Caller, path: str, content: bytes) -> None:
    assert refused(caller, "POST", path, content)[0] == 400


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("content", [DEEP, QUITE_DEEP], ids=["deep", "quite deep"])
def test_a_body_that_is_too_deep(caller: Caller, path: str, content: str) -> None:
    status, error = refused(caller, "POST", path, content)
    assert status == 400
    assert "deep" in error


def test_the_deepest_body_is_taken_and_patched(caller: Caller) -> None:
    for patch in ("", '"patch": true,'):
        assert caller.call("POST", POSTS[1], DEEPEST.replace("{", f'{{{patch}"number":0.5,', 1)).status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Bearer " + base64.b64encode(b"key:").decode(),
        "Basic " + base64.b64encode(b":").decode(),
        "Basic " + base64.b64encode(b"  :").decode(),
        "Basic " + base64.b64encode(b":key").decode(),
        "Basic " + base64.b64encode(b"key").decode(),
    ],
)
@pytest.mark.parametrize("path", ["/v1/projects", "/v1/projects/kittens", "/v1/elsewhere"])
def test_no_key(caller: Caller, authorization: str | None, path: str) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = caller.call("GET", path, headers=headers)
    assert (answer.status, answer.body["status_code"]) == (401, 401)


def test_any_key_will_do(caller: Caller) -> None:
    for credentials in (b"live_1:", b"test_2:", b"x:password"):
        headers = {"Authorization": "basic " + base64.b64encode(credentials).decode()}
        assert caller.call("GET", "/v1/projects/kittens", headers=headers).status == 200


def test_a_task_type_that_is_not_enabled(caller: Caller, store: Dashboard) -> None:
    store.disable({"chat", "multichat"})
    body = {"type": "chat", "name": "kittens"}
    assert refused(caller, "POST", "/v1/projects", json.dumps(body))[0] == 402
    assert caller.post("/v1/projects", {"type": "made-up", "name": "n"}).status == 200
    store.disable([])
    assert caller.post("/v1/projects", {"type": "chat", "name": "m"}).status == 200


def test_a_name_that_is_not_there(caller: Caller) -> None:
    assert refused(caller, "GET", "/v1/projects/Kittens")[0] == 404
    assert refused(caller, "POST", "/v1/projects/dogs/setParams", "{}")[0] == 404
    assert refused(caller, "POST", "/v1/projects/dogs/setOntology", '{"ontology": []}')[0] == 404


@pytest.mark.parametrize("archived", [False, True])
def test_a_name_that_is_taken(caller: Caller, store: Dashboard, archived: bool) -> None:
    store.archive("kittens", archived=archived)
    body = {"type": "imageannotation", "name": "kittens", "params": {"a": 1}}
    status, error = refused(caller, "POST", "/v1/projects", json.dumps(body))
    assert status == 409
    assert '"kittens"' in error


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/projects", 404),
        ("GET", "/v2/projects", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/tasks", 404),
        ("GET", "/v1%2Fprojects", 404),
        ("GET", "/v1/a%0Ab", 404),
        ("POST", "/v1/projects/kittens/archive", 404),
        ("GET", "/v1/projects/kittens/setParams/", 404),
        ("GET", "/v1/projects/", 400),
        ("GET", "/v1/projects/%2E", 400),
        ("GET", "/v1/projects/%2e%2E", 400),
        ("POST", "/v1/projects//setParams", 400),
        ("POST", "/v1/projects/%2E%2E/setOntology", 400),
        ("GET", "/v1/projects/%FF", 400),
        ("GET", "/v1/projects/%F", 400),
        ("GET", "/v1/projects/%ED%A0%80", 400),
        ("GET", "/v1/projects?archived=True", 400),
        ("GET", "/v1/projects?archived=", 400),
        ("GET", "/v1/projects?archived=1&archived=yes", 400),
    ],
)
def test_a_path_that_leads_nowhere(caller: Caller, method: str, path: str, status: int) -> None:
    assert refused(caller, method, path)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/projects", "GET, POST"),
        ("DELETE", "/v1/projects/kittens", "GET"),
        ("POST", "/v1/projects/kittens", "GET"),
        ("PATCH", "/v1/projects/kittens", "GET"),
        ("GET", "/v1/projects/kittens/setParams", "POST"),
        ("GET", "/v1/projects/kittens/setOntology", "POST"),
    ],
)
def test_a_method_that_a_path_does_not_take(caller: Caller, method: str, path: str, allowed: str) -> None:
    assert refused(caller, method, path)[0] == 405
    assert caller.call(method, path).headers["allow"] == allowed


def test_a_file_that_cannot_be_used_is_a_500_that_says_so(caller: Caller, file: Path) -> None:
    file.write_text("This was never a database. " * 50)
    answer = caller.get("/v1/projects")
    assert answer.status == 500
    assert str(file) in answer.body["error"]
    assert "not a SQLite database" in answer.body["error"]


def test_a_key_that_http_cannot_carry(caller: Caller) -> None:
    request = Request("POST", b"/v1/projects", {"authorization": "Basic \xe9"}, b"{}")

    async def ask() -> Answer:
        return await caller.app(request)

    assert asyncio.run(ask()).status == 401
