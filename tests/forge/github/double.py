"""The GitHub endpoints that reconciler uses, served: written from GitHub's documentation, not our code.

What it is asked and what it answers is compared with GitHub's own description of its API. A test fails if they differ.

Comments and issues (list, create, update; delete of a comment), labels, pull requests, git data (on a real repository,
if a test gives one), GraphQL's viewer, `GET /user` (403, as for GITHUB_TOKEN). Lists are paged, with a `Link` header.
Bodies over 262,144 bytes are a 422, an issue's update over it a 200 that keeps the old one. Unknown labels are
dropped without a word.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode

from reconciler.sandbox.exchange import Answer, ConnectionCutError, Request
from tests.forge.github import answers
from tests.forge.github.description import deviations
from tests.forge.github.objects import Objects
from tests.serving import as_json, path_of, serve

REPOSITORY = "octo/farm"
TOKEN = "ghs_token-that-nobody-must-see"
BOT = "github-actions[bot]"
MOST_BYTES = 262_144


@dataclass
class Fault:
    """What happens to the next request that matches, instead of the answer, or (`landed`) after it took effect."""

    method: str
    path: str
    status: int = 502
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=lambda: {"message": "Bad Gateway"})
    landed: bool = False
    dropped: bool = False
    times: int = 1


@dataclass
class Github:
    """One repository. `log` has each request as `METHOD path`, without the base path; `writes` what the token may."""

    base: str = ""
    page: int = 100
    login: str = BOT
    viewer: str | None = BOT
    user: str | None = None
    may_write: set[str] = field(default_factory=lambda: {"pull-requests", "issues"})
    may_read: bool = True
    issues_on: bool = True
    plain: str = ""
    """Answers everything with this text, as a proxy may."""
    log: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    comments: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    locked: set[int] = field(default_factory=set)
    pulls: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heads: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Pull requests by number, as `pull` makes them. A number that is not here is a 404."""
    objects: Objects | None = None
    meanwhile: Callable[[str], None] = lambda request: None
    url: str = ""
    server: str = ""
    deviations: set[str] = field(default_factory=set)
    """How requests and answers differ from GitHub's description."""
    _next: int = 0
    _is_faulty: bool = False

    async def __call__(self, request: Request) -> Answer:
        path = path_of(request)
        self._is_faulty = bool(self.plain)
        answer = self._answer(request, path)
        if not path.endswith("/graphql"):
            own = None if self._is_faulty else answer
            self.deviations |= set(deviations(request, path.removeprefix(self.base), own))
        return answer

    def _answer(self, request: Request, path: str) -> Answer:
        here = re.escape(f"{self.base}/repos/{REPOSITORY}")
        ends: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            (f"{here}/issues/([0-9]+)/comments", "GET POST", self._thread),
            (f"{here}/issues/comments/([0-9]+)", "PATCH DELETE", self._comment),
            (f"{here}/issues", "GET POST", self._issues),
            (f"{here}/issues/([0-9]+)", "PATCH", self._issue),
            (f"{here}/issues/([0-9]+)/labels", "POST", self._issue_labels),
            (f"{here}/labels", "POST", self._labels),
            (f"{here}/pulls", "GET POST", self._all_pulls),
            (f"{here}/pulls/([0-9]+)", "GET PATCH", self._pull),
            (f"{here}/git/(ref|refs|commits)/(.+)", "GET PATCH DELETE", self._object),
            (f"{here}/git/(blobs|trees|commits|refs)", "POST", self._object),
            (f"{here}/commits/([^/]+)/pulls", "GET", self._pulls),
            (re.escape(f"{self.base.removesuffix('/v3')}/graphql"), "POST", self._graphql),
            (re.escape(f"{self.base}/user"), "GET", self._user),
        )
        for pattern, methods, end in ends:
            if found := re.fullmatch(pattern, path):
                if request.method not in methods.split():
                    return Answer(405, b"Method Not Allowed", {})
                return self._faulty(request, path, partial(end, request, *found.groups()))
        return Answer(404, b"Not Found", {})

    @property
    def counts(self) -> dict[str, int]:
        """How often each method was used, GraphQL aside."""
        methods = [request.split()[0] for request in self.log if "/graphql" not in request]
        return {method: methods.count(method) for method in sorted(set(methods))}

    @property
    def writes(self) -> list[str]:
        return [request for request in self.log if not request.startswith("GET") and "/graphql" not in request]

    def add_comment(self, number: int, body: str, *, login: str = BOT) -> dict[str, Any]:
        """A comment of anybody's."""
        comment: dict[str, Any] = {
            "id": self._id(),
            "body": body,
            "user": {"login": login},
            "html_url": f"https://github.example/{REPOSITORY}/pull/{number}#issuecomment",
            "thread": number,
        }
        self.comments[comment["id"]] = comment
        return comment

    def add_issue(self, body: str, *, login: str = BOT, labels: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
        """An issue of anybody's."""
        number = self._id()
        issue: dict[str, Any] = {
            "id": number + 1000,
            "number": number,
            "title": "t",
            "body": body,
            "user": {"login": login},
            "labels": [{"name": label} for label in labels],
            "state": "open",
            "state_reason": None,
            "html_url": f"https://github.example/{REPOSITORY}/issues/{number}",
            **more,
        }
        self.issues[number] = issue
        return issue

    def thread(self, number: int) -> list[dict[str, Any]]:
        return [comment for comment in self.comments.values() if comment["thread"] == number]

    def merge(self, sha: str, number: int, *, branch: str = "main", merged: bool = True, fork: bool = False) -> None:
        """A pull request that brought a commit."""
        home = "someone/farm" if fork else REPOSITORY
        head: dict[str, Any] = {"sha": sha, "repo": {"fork": fork, "full_name": home}}
        at = "2026-11-25T10:00:00Z" if merged else None
        self.pulls.setdefault(sha, []).append(
            {"number": number, "merged_at": at, "base": {"ref": branch}, "head": head}
        )

    def pull(self, number: int, sha: str, *, merged: bool = False) -> None:
        """A pull request as it is now."""
        head = {"sha": sha, "repo": {"fork": False, "full_name": REPOSITORY}}
        self.heads[number] = {"number": number, "merged": merged, "head": head, "base": {"ref": "main"}}

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _faulty(self, request: Request, path: str, end: Callable[[], Answer]) -> Answer:
        path = path.removeprefix(self.base).removeprefix(f"/repos/{REPOSITORY}")
        said = f"{request.method} {path}"
        self.log.append(said)
        self.headers.append(dict(request.headers))
        self.bodies.append(json.loads(request.body) if request.method in ("POST", "PATCH") else None)
        self.meanwhile(said)
        if self.plain:
            return Answer(200, self.plain.encode(), {})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refuse(401, "Bad credentials")
        for fault in self.faults:
            if fault.times and fault.method == request.method and re.search(fault.path, path):
                fault.times -= 1
                self._is_faulty = True
                if fault.landed:
                    end()
                if fault.dropped:
                    raise ConnectionCutError
                return as_json(fault.body, fault.status, fault.headers)
        if not self.may_read and request.method == "GET":
            return _refuse(403, "Resource not accessible by integration")
        return end()

    def _refused(self, *permissions: str) -> Answer | None:
        if self.may_write.intersection(permissions):
            return None
        return _refuse(403, "Resource not accessible by integration")

    def _paged(self, request: Request, items: list[dict[str, Any]]) -> Answer:
        query = _query(request)
        size = min(self.page, int(query.get("per_page", "30")), 100)
        number = int(query.get("page", "1"))
        shown = items[(number - 1) * size : number * size]
        headers = {}
        if number * size < len(items):
            url = f"{self.server}{path_of(request)}?{urlencode({**query, 'page': number + 1})}"
            headers["link"] = f'<{url}>; rel="next", <{url}>; rel="last"'
        return as_json(shown, headers=headers)

    def _thread(self, request: Request, issue: str) -> Answer:
        number = int(issue)
        if request.method == "GET":
            return self._paged(request, [answers.comment(each, REPOSITORY) for each in self.thread(number)])
        if (refused := self._refused("pull-requests", "issues")) is not None:
            return refused
        if number in self.locked:
            return _refuse(403, "Unable to create comment because issue is locked.")
        body = (json.loads(request.body))["body"]
        if (refused := _too_long(body)) is not None:
            return refused
        return as_json(answers.comment(self.add_comment(number, body, login=self.login), REPOSITORY), 201)

    def _comment(self, request: Request, number: str) -> Answer:
        comment = self.comments.get(int(number))
        if comment is None:
            return _refuse(404, "Not Found")
        if (refused := self._refused("pull-requests", "issues")) is not None:
            return refused
        if request.method == "DELETE":
            del self.comments[comment["id"]]
            return Answer(204, b"", {})
        body = (json.loads(request.body))["body"]
        if (refused := _too_long(body)) is not None:
            return refused
        comment["body"] = body
        return as_json(answers.comment(comment, REPOSITORY))

    def _issues(self, request: Request) -> Answer:
        if not self.issues_on:
            return _refuse(410, "Issues has been disabled in this repository.")
        if request.method == "GET":
            wanted, creator = _query(request).get("labels"), _query(request).get("creator")
            state = _query(request).get("state", "open")
            found = [
                issue
                for issue in self.issues.values()
                if state in ("all", issue["state"])
                and (wanted is None or wanted in [label["name"] for label in issue["labels"]])
                and (creator is None or creator == issue["user"]["login"])
            ]
            return self._paged(request, [answers.issue(each, REPOSITORY) for each in found])
        if (refused := self._refused("issues")) is not None:
            return refused
        new = json.loads(request.body)
        if (refused := _too_long(new["body"])) is not None:
            return refused
        known = tuple(label for label in new.get("labels", ()) if label in self.labels)
        issue = self.add_issue(new["body"], login=self.login, labels=known, title=new["title"])
        return as_json(answers.issue(issue, REPOSITORY), 201)

    def _issue(self, request: Request, number: str) -> Answer:
        issue = self.issues[int(number)]
        if (refused := self._refused("issues")) is not None:
            return refused
        change = json.loads(request.body)
        if len(change.get("body", "").encode()) > MOST_BYTES:
            del change["body"]
        issue.update(change)
        return as_json(answers.issue(issue, REPOSITORY))

    def _issue_labels(self, request: Request, number: str) -> Answer:
        if (refused := self._refused("issues")) is not None:
            return refused
        labels = self.issues[int(number)]["labels"]
        labels += [{"name": name} for name in json.loads(request.body)["labels"] if {"name": name} not in labels]
        return as_json([answers.label(label["name"]) for label in labels])

    def _pull(self, request: Request, number: str) -> Answer:
        pull = self.heads.get(int(number))
        if request.method == "PATCH" and pull is not None:
            if (refused := self._refused("pull-requests")) is not None:
                return refused
            change = json.loads(request.body)
            if len(change.get("body", "").encode()) > MOST_BYTES:
                del change["body"]
            pull.update(change | ({"base": {"ref": change["base"]}} if "base" in change else {}))
        return as_json(answers.whole_pull(pull, REPOSITORY)) if pull is not None else _refuse(404, "Not Found")

    def _all_pulls(self, request: Request) -> Answer:
        owner = REPOSITORY.partition("/")[0]
        if request.method == "GET":
            query = _query(request)
            state, head = query.get("state", "open"), query.get("head")
            found = [
                pull
                for pull in reversed(self.heads.values())
                if state in ("all", pull.get("state", "open")) and head in (None, f"{owner}:{pull['head'].get('ref')}")
            ]
            return self._paged(request, [answers.pull(each, REPOSITORY) for each in found])
        if (refused := self._refused("pull-requests")) is not None:
            return refused
        new = json.loads(request.body)
        if (refused := _too_long(new["body"])) is not None:
            return refused
        assert self.objects is not None
        tips = [self.objects.tip(new[side]) for side in ("head", "base")]
        problem = ""
        if None in tips or self.objects.contains(tips[1], tips[0]):
            problem = f"No commits between {new['base']} and {new['head']}"
        if any(pull["head"].get("ref") == new["head"] and pull["state"] == "open" for pull in self.heads.values()):
            problem = f"A pull request already exists for {owner}:{new['head']}."
        if problem:
            errors = [{"resource": "PullRequest", "code": "custom", "message": problem}]
            return _refuse(422, "Validation Failed", errors=errors)
        number = self._id()
        self.heads[number] = {
            "number": number,
            "merged": False,
            "state": "open",
            "title": new["title"],
            "body": new["body"],
            "user": {"login": self.login},
            "head": {"ref": new["head"], "sha": tips[0], "repo": {"fork": False, "full_name": REPOSITORY}},
            "base": {"ref": new["base"]},
        }
        return as_json(answers.whole_pull(self.heads[number], REPOSITORY), 201)

    def _object(self, request: Request, kind: str, name: str = "") -> Answer:
        assert self.objects is not None
        if request.method != "GET" and (refused := self._refused("contents")) is not None:
            return refused
        if request.method == "DELETE":
            for pull in self.heads.values():
                if f"heads/{pull['head'].get('ref')}" == name:
                    pull["state"] = "closed"
        return self.objects.answer(request.method, kind, name, json.loads(request.body) if request.body else {})

    def _labels(self, request: Request) -> Answer:
        if (refused := self._refused("issues")) is not None:
            return refused
        label = json.loads(request.body)
        if label["name"] in self.labels:
            errors = [{"resource": "Label", "code": "already_exists", "field": "name"}]
            return _refuse(422, "Validation Failed", errors=errors)
        self.labels.add(label["name"])
        return as_json(answers.label(label["name"], label), 201)

    def _pulls(self, request: Request, sha: str) -> Answer:
        return self._paged(request, [answers.pull(each, REPOSITORY) for each in self.pulls.get(sha, [])])

    def _graphql(self, request: Request) -> Answer:
        assert "viewer" in (json.loads(request.body))["query"]
        if self.viewer is None:
            return as_json({"data": None, "errors": [{"type": "FORBIDDEN", "message": "no viewer"}]})
        return as_json({"data": {"viewer": {"login": self.viewer}}})

    def _user(self, request: Request) -> Answer:
        if self.user is None:
            return _refuse(403, "Resource not accessible by integration")
        return as_json(answers.private_user(self.user))


def _query(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.target.partition(b"?")[2].decode()))


def _refuse(status: int, message: str, **more: Any) -> Answer:
    return as_json({"message": message, "documentation_url": "https://docs.github.com/rest", **more}, status)


def _too_long(body: str) -> Answer | None:
    if len(body.encode()) <= MOST_BYTES:
        return None
    errors = [{"resource": "IssueComment", "code": "unprocessable", "message": "body is too long (maximum is 65536)"}]
    return _refuse(422, "Validation Failed", errors=errors)


@contextlib.contextmanager
def served(github: Github) -> Iterator[Github]:
    """The double on loopback; `url` and `server` then say where."""
    with serve(github) as port:
        github.server = f"http://127.0.0.1:{port}"
        github.url = f"{github.server}{github.base}"
        yield github
    assert not github.deviations


def variables(github: Github, event: str, payload_file: str, **more: str) -> dict[str, str]:
    """What GitHub sets in a job."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": github.url,
        "GITHUB_GRAPHQL_URL": f"{github.url.removesuffix('/v3')}/graphql",
        "GITHUB_SERVER_URL": "https://github.example",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_EVENT_NAME": event,
        "GITHUB_EVENT_PATH": payload_file,
        "GITHUB_SHA": "a" * 40,
        "GITHUB_REF_NAME": "main",
        "GITHUB_RUN_ID": "100",
        **more,
    }


def pull_request(number: int = 7, *, fork: bool = False, sha: str = "b" * 40) -> str:
    """The event file of a pull request."""
    head = {"sha": sha, "repo": {"fork": fork, "full_name": "someone/farm" if fork else REPOSITORY}}
    return json.dumps({"number": number, "pull_request": {"number": number, "head": head, "base": {"ref": "main"}}})


def push(before: str, after: str, *commits: str) -> str:
    """The event file of a push."""
    return json.dumps({"before": before, "after": after, "commits": [{"id": commit} for commit in commits]})
