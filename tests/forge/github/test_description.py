"""Requests and answers that GitHub's own description of its API does not know are reported."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.sandbox.exchange import Answer, Request
from tests.forge.github import answers
from tests.forge.github.description import deviations
from tests.npm import module
from tests.serving import as_json

HERE = "/repos/octo/farm"
COMMENT = answers.comment(
    {"id": 1, "thread": 7, "body": "x", "html_url": "https://x", "user": {"login": "a"}}, "octo/farm"
)


@pytest.fixture(autouse=True)
def _described() -> None:
    module("@octokit/openapi")


def found(method: str, target: str, body: Any = None, answer: Answer | None = None) -> list[str]:
    headers = {"content-type": "application/json"} if body is not None else {}
    content = json.dumps(body).encode() if body is not None else b""
    path = target.partition("?")[0]
    reported = deviations(Request(method, target.encode(), headers, content), path, answer)
    return [problem.removeprefix(f"{method} {path}") for problem in reported]


def test_what_github_describes() -> None:
    comments, one = f"{HERE}/issues/7/comments", f"{HERE}/issues/comments/1"
    assert found("GET", f"{comments}?per_page=100", None, as_json([COMMENT])) == []
    assert found("POST", comments, {"body": "x"}, as_json(COMMENT, 201)) == []
    assert found("DELETE", one, None, Answer(204, b"", {})) == []
    assert found("GET", comments, None, as_json({"message": "x"}, 403)) == []
    closed = {"state": "closed", "state_reason": "not_planned"}
    assert found("PATCH", f"{HERE}/issues/7", closed) == []


@pytest.mark.parametrize(
    ("method", "target", "body", "problem"),
    [
        ("GET", "/issues/7/comment", None, ": there is no such operation"),
        ("PUT", "/issues/7/comments", {}, ": there is no such operation"),
        ("GET", "/issues/seven/comments", None, ": $: 'seven' is not of type 'integer'"),
        ("GET", "/issues?state=any", None, ": $: 'any' is not one of ['open', 'closed', 'all']"),
        ("GET", "/issues?label=x", None, ": there is no parameter label"),
        ("GET", "/issues", {"state": "open"}, ": there must be no body"),
        ("POST", "/issues/7/comments", {}, ": $: 'body' is a required property"),
        ("POST", "/issues", {"title": "t", "label": ["x"]}, ": the body has no key label"),
        ("PATCH", "/issues/7", {"state": "done"}, ": $.state: 'done' is not one of ['open', 'closed']"),
    ],
)
def test_a_request_that_github_would_not_understand(method: str, target: str, body: Any, problem: str) -> None:
    assert found(method, HERE + target, body) == [problem]


def test_an_answer_that_github_would_not_send() -> None:
    comments = f"{HERE}/issues/7/comments"
    without = {key: value for key, value in COMMENT.items() if key != "node_id"}
    assert found("GET", comments, None, as_json([without])) == [" (200): $[0]: 'node_id' is a required property"]
    assert found("GET", comments, None, as_json([COMMENT | {"id": "1"}])) == [
        " (200): $[0].id: '1' is not of type 'integer'"
    ]
    assert found("GET", comments, None, as_json([COMMENT | {"user": None}])) == []
    assert " (202): there is no such answer" in found("GET", comments, None, as_json([], 202))
    assert found("DELETE", f"{HERE}/issues/comments/1", None, Answer(204, b"x", {})) == [
        " (204): there must be no body"
    ]
