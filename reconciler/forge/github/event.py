"""The event that a run is for: repository, addresses, and token, read from variables and the event file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import Any, Final

from reconciler.endpoint import check_endpoint
from reconciler.errors import GithubSetupError, UsageError
from reconciler.frozen import dataclass
from reconciler.model.values import members

_REPOSITORY: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REMEDY: Final = "Run this command in a GitHub Actions job, which sets the GITHUB_* variables."


@dataclass(frozen=True, slots=True)
class Event:
    """Why a run was started, and where.

    `number` is the number of the pull request, or None. `fork` is true if its head is in another repository, or in one
    that was deleted. `sha` is the pull request's head commit, or else GITHUB_SHA. `before` and `after` are commits of a
    push; `before` is None for a new branch. `pushed` are the commits that the event lists, oldest first. `branch` is
    the base of the pull request, or the branch that was pushed. `default_branch` is the repository's. `job` names the
    workflow's file and the job, `run` the run. What is not known is empty.
    """

    name: str
    repository: str
    token: str = field(repr=False)
    api: str
    graphql: str
    server: str
    sha: str
    number: int | None = None
    fork: bool = False
    before: str | None = None
    after: str | None = None
    pushed: tuple[str, ...] = ()
    branch: str = ""
    default_branch: str = ""
    job: str = ""
    run: str = ""


def read_event(environment: Mapping[str, str]) -> Event:
    """The event of a job, from GITHUB_* variables and the file that GITHUB_EVENT_PATH names.

    On pull_request, GITHUB_SHA is the test merge. The head commit is in the event [D].

    Raises:
        GithubSetupError: a variable is missing or unusable, or the file cannot be read.
    """
    repository = _variable(environment, "GITHUB_REPOSITORY")
    if not _REPOSITORY.fullmatch(repository):
        raise GithubSetupError("GITHUB_REPOSITORY is not in the form OWNER/NAME", _REMEDY)
    token = environment.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise GithubSetupError(
            "GITHUB_TOKEN is not set",
            "Set the variable in the step's env:\nGITHUB_TOKEN: ${{ github.token }}",
        )
    if not re.fullmatch(r"[!-~]+", token):
        raise GithubSetupError(
            "GITHUB_TOKEN contains a character that is not allowed in a token",
            "Set GITHUB_TOKEN to ${{ github.token }}.",
        )
    payload = _payload(_variable(environment, "GITHUB_EVENT_PATH"))
    api = _address(environment, "GITHUB_API_URL", "https://api.github.com")
    server = environment.get("GITHUB_SERVER_URL") or "https://github.com"
    pull = members(payload.get("pull_request"))
    default = members(payload.get("repository")).get("default_branch")
    workflow = environment.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    event = Event(
        name=environment.get("GITHUB_EVENT_NAME", ""),
        repository=repository,
        token=token,
        api=api,
        graphql=_address(environment, "GITHUB_GRAPHQL_URL", _graphql(api)),
        server=server.rstrip("/"),
        sha=environment.get("GITHUB_SHA", ""),
        branch=environment.get("GITHUB_REF_NAME", ""),
        default_branch=default if isinstance(default, str) else "",
        job=f"{workflow} {environment.get('GITHUB_JOB', '')}".strip() if workflow else "",
        run=environment.get("GITHUB_RUN_ID", ""),
    )
    return _of_pull_request(event, pull) if pull else _of_push(event, payload)


def _of_pull_request(event: Event, pull: Mapping[str, Any]) -> Event:
    number, head, base = pull.get("number"), members(pull.get("head")), members(pull.get("base"))
    if not isinstance(number, int):
        raise GithubSetupError("the pull request in the event file has no number", _REMEDY)
    return replace(
        event,
        number=number,
        fork=is_fork(head, event.repository),
        sha=_commit(head.get("sha")) or event.sha,
        branch=base["ref"] if isinstance(base.get("ref"), str) else event.branch,
    )


def is_fork(head: Mapping[str, Any], repository: str) -> bool:
    """Whether a pull request's head is in another repository. Its `repo` is null if that was deleted.

    `head.repo.fork` says something else: that a repository is itself a fork of another one [D].
    """
    home = head.get("repo", {})
    name = members(home).get("full_name")
    return home is None or (isinstance(name, str) and name.casefold() != repository.casefold())


def read_push(environment: Mapping[str, str]) -> tuple[str | None, str | None] | None:
    """The commits before and after a push, each None if it is unknown. None instead of both if the event is not a push.

    Raises:
        GithubSetupError: the event file cannot be read.
    """
    if environment.get("GITHUB_EVENT_NAME") != "push":
        return None
    payload = _payload(_variable(environment, "GITHUB_EVENT_PATH"))
    return _before(payload), _commit(payload.get("after"))


def _before(payload: Mapping[str, Any]) -> str | None:
    before = _commit(payload.get("before"))
    return before if before and before.strip("0") else None


def _of_push(event: Event, payload: Mapping[str, Any]) -> Event:
    commits = payload.get("commits")
    listed = [_commit(members(commit).get("id")) for commit in commits] if isinstance(commits, list) else []
    return replace(
        event,
        before=_before(payload),
        after=_commit(payload.get("after")),
        pushed=tuple(commit for commit in listed if commit),
    )


def _payload(file: str) -> Mapping[str, Any]:
    try:
        payload = json.loads(Path(file).read_bytes())
    except OSError as problem:
        raise GithubSetupError(f"the event file {file} cannot be read: {problem.strerror}", _REMEDY) from None
    except (ValueError, RecursionError):
        raise GithubSetupError(f"the event file {file} is not JSON", _REMEDY) from None
    return members(payload)


def _commit(value: Any) -> str | None:
    return value if isinstance(value, str) and _COMMIT.fullmatch(value) else None


def _variable(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise GithubSetupError(f"{name} is not set", _REMEDY)
    return value


def _graphql(api: str) -> str:
    """GitHub Enterprise has GraphQL next to `/api/v3` ([D], its own manual). For other addresses, this is assumed."""
    return f"{api.removesuffix('/v3')}/graphql"


def _address(environment: Mapping[str, str], name: str, default: str) -> str:
    try:
        return check_endpoint(environment.get(name) or default)
    except UsageError as problem:
        raise GithubSetupError(f"{name} cannot be used", _REMEDY, causes=problem.diagnostics) from None
