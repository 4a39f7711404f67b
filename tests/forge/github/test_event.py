"""What a job's variables and event file say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import GithubSetupError
from reconciler.forge.github.event import read_event
from tests.forge.github.double import REPOSITORY, TOKEN, Github, pull_request, push, variables

DOUBLE = Github(url="http://127.0.0.1:9")


def environment(folder: Path, name: str, payload: str, **more: str) -> dict[str, str]:
    file = folder / "event.json"
    file.write_text(payload)
    return variables(DOUBLE, name, str(file), **more)


def test_a_pull_request(tmp_path: Path) -> None:
    event = read_event(environment(tmp_path, "pull_request", pull_request(7)))
    assert (event.number, event.fork, event.sha, event.branch, event.run) == (7, False, "b" * 40, "main", "100")
    assert (event.repository, event.api) == (REPOSITORY, "http://127.0.0.1:9")
    assert TOKEN not in repr(event)


@pytest.mark.parametrize(
    ("repo", "fork"),
    [
        ({"fork": True, "full_name": "someone/farm"}, True),
        ({"fork": False, "full_name": "someone/farm"}, True),
        # The repository is itself a fork of another one, and the branch is its own.
        ({"fork": True, "full_name": REPOSITORY}, False),
        ({"fork": True, "full_name": REPOSITORY.upper()}, False),
        (None, True),
        ({"fork": True}, False),
        ("x", False),
    ],
)
def test_a_fork(tmp_path: Path, repo: Any, fork: bool) -> None:
    payload = {"pull_request": {"number": 7, "head": {"sha": "b" * 40, "repo": repo}}}
    assert read_event(environment(tmp_path, "pull_request", json.dumps(payload))).fork is fork


def test_a_push(tmp_path: Path) -> None:
    event = read_event(environment(tmp_path, "push", push("c" * 40, "d" * 40, "e" * 40, "d" * 40)))
    assert (event.number, event.before, event.after) == (None, "c" * 40, "d" * 40)
    assert (event.pushed, event.sha, event.branch) == (("e" * 40, "d" * 40), "a" * 40, "main")
    assert read_event(environment(tmp_path, "push", push("0" * 40, "d" * 40))).before is None


@pytest.mark.parametrize("payload", ["{}", "[]", '{"schedule": "5 4 * * *"}', '{"commits": [3], "before": 1}'])
def test_a_schedule_or_a_dispatch_has_neither(tmp_path: Path, payload: str) -> None:
    event = read_event(environment(tmp_path, "schedule", payload, GITHUB_RUN_ID="x"))
    assert (event.number, event.before, event.after, event.pushed, event.run) == (None, None, None, (), "x")


def test_addresses(tmp_path: Path) -> None:
    given = environment(tmp_path, "push", "{}")
    for name in ("GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL"):
        del given[name]
    event = read_event(given)
    assert (event.api, event.graphql) == ("https://api.github.com", "https://api.github.com/graphql")
    assert event.server == "https://github.com"
    event = read_event({**given, "GITHUB_API_URL": "https://git.example/api/v3"})
    assert event.graphql == "https://git.example/api/graphql"


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"GITHUB_TOKEN": " "}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_TOKEN": "a\nb"}, "a character that is not allowed in a token"),
        ({"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY is not set"),
        ({"GITHUB_REPOSITORY": "a/../b"}, "is not in the form OWNER/NAME"),
        ({"GITHUB_EVENT_PATH": ""}, "GITHUB_EVENT_PATH is not set"),
        ({"GITHUB_EVENT_PATH": "/nowhere"}, "cannot be read"),
        ({"GITHUB_API_URL": "http://evil.example"}, "plain http"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, change: dict[str, str], shown: str) -> None:
    with pytest.raises(GithubSetupError) as caught:
        read_event({**environment(tmp_path, "push", "{}"), **change})
    assert shown in "\n".join(each.summary for each in caught.value.diagnostics)


@pytest.mark.parametrize("payload", ["{", '{"pull_request": {"number": "7"}}'])
def test_an_event_file_that_is_none(tmp_path: Path, payload: str) -> None:
    with pytest.raises(GithubSetupError):
        read_event(environment(tmp_path, "pull_request", payload))
