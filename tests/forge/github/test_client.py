"""Each request as often as is safe, to GitHub's own host alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reconciler.errors import (
    GithubError,
    GithubForbiddenError,
    GithubLockedError,
    GithubSetupError,
    GithubUnavailableError,
)
from reconciler.forge.github.client import GithubClient
from reconciler.http.connection import Limits
from tests.forge.github.conftest import Clock, event_of
from tests.forge.github.double import BOT, REPOSITORY, TOKEN, Fault, Github, served

NEEDS = "pull-requests: write"
THREAD = "/issues/7/comments"


def test_what_is_sent_with_each_request(client: GithubClient, github: Github) -> None:
    assert list(client.list(THREAD, needs=NEEDS)) == []
    [headers] = github.headers
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["accept"] == "application/vnd.github+json"
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["user-agent"].startswith("reconciler/")


def test_every_page_is_read(client: GithubClient, github: Github) -> None:
    github.page = 2
    for number in range(5):
        github.add_comment(7, str(number))
    assert [item["body"] for item in client.list(THREAD, needs=NEEDS)] == ["0", "1", "2", "3", "4"]
    assert github.counts == {"GET": 3}


@pytest.mark.parametrize("link", ["http://evil.example/x", "https://127.0.0.1:1/x", "http://a@127.0.0.1/x", "http://["])
def test_a_page_elsewhere_gets_no_token(client: GithubClient, github: Github, link: str) -> None:
    github.faults.append(Fault("GET", THREAD, 200, {"link": f'<{link}>; rel="next"'}, []))
    with pytest.raises(GithubError, match="points to a different server") as caught:
        list(client.list(THREAD, needs=NEEDS))
    assert TOKEN not in str(caught.value) + caught.value.detail
    assert len(github.log) == 1


@pytest.mark.untraced
def test_pages_without_end_end(client: GithubClient, github: Github) -> None:
    link = f'<{github.url}/repos/{REPOSITORY}{THREAD}>; rel="next"'
    github.faults.append(Fault("GET", THREAD, 200, {"link": link}, [], times=1000))
    with pytest.raises(GithubError, match="more than 100 pages"):
        list(client.list(THREAD, needs=NEEDS))


def test_redirects_stay_at_home(client: GithubClient, github: Github) -> None:
    here = f"{github.url}/repos/{REPOSITORY}"
    github.faults.append(Fault("GET", "/issues/6/", 301, {"location": f"{here}{THREAD}"}))
    assert list(client.list("/issues/6/comments", needs=NEEDS)) == []
    github.faults.append(Fault("GET", "/issues/6/", 302, {"location": "https://evil.example/"}))
    with pytest.raises(GithubError, match="different server"):
        list(client.list("/issues/6/comments", needs=NEEDS))
    github.faults.append(Fault("POST", "/issues/6/", 307, {"location": f"{here}{THREAD}"}))
    client.create("/issues/6/comments", {"body": "x"}, needs=NEEDS)
    assert len(github.thread(7)) == 1
    github.faults.append(Fault("POST", "/issues/6/", 302, {"location": f"{here}{THREAD}"}))
    with pytest.raises(GithubError, match="GitHub redirected"):
        client.create("/issues/6/comments", {"body": "x"}, needs=NEEDS)
    github.faults.append(Fault("GET", "/", 301, {"location": f"{here}{THREAD}"}, times=9))
    with pytest.raises(GithubError, match="GitHub redirected"):
        list(client.list(THREAD, needs=NEEDS))


@pytest.mark.parametrize(
    ("fault", "slept"),
    [
        (Fault("GET", THREAD, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000042"}), [42.0]),
        (Fault("GET", THREAD, 429, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "5"}), [1.0]),
        (Fault("GET", THREAD, 429, {"retry-after": "7"}, times=2), [7.0, 7.0]),
        (Fault("GET", THREAD, 403, {"retry-after": "0"}), [1.0]),
        (Fault("GET", THREAD, 403, body={"message": "You have exceeded a secondary rate limit"}, times=2), [60.0, 120]),
        (Fault("GET", THREAD, 429, {"x-ratelimit-remaining": "0"}), [60.0]),
        (Fault("GET", THREAD, 502, times=2), [1.0, 3.0]),
        (Fault("GET", THREAD, dropped=True), [1.0]),
    ],
)
def test_what_passes_is_waited_for(
    client: GithubClient, github: Github, clock: Clock, fault: Fault, slept: list[float]
) -> None:
    github.faults.append(fault)
    assert list(client.list(THREAD, needs=NEEDS)) == []
    assert clock.slept == slept
    assert len(github.log) == len(slept) + 1


@pytest.mark.parametrize(
    ("fault", "requests"),
    [
        (Fault("GET", THREAD, 429, {"retry-after": "301"}), 1),
        (Fault("GET", THREAD, 403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1003600"}), 1),
        (Fault("GET", THREAD, 429, times=99), 4),
        (Fault("GET", THREAD, 503, times=99), 4),
    ],
)
def test_what_does_not_pass_is_an_error(client: GithubClient, github: Github, fault: Fault, requests: int) -> None:
    github.faults.append(fault)
    with pytest.raises(GithubUnavailableError, match=r"rate limit lasts|did not complete"):
        list(client.list(THREAD, needs=NEEDS))
    assert len(github.log) == requests


def test_people_are_told_of_a_wait(github: Github, clock: Clock) -> None:
    shown: list[float] = []
    client = GithubClient(event_of(github), clock=clock, waiting=shown.append)
    github.faults.append(Fault("GET", THREAD, 429, {"retry-after": "9"}))
    list(client.list(THREAD, needs=NEEDS))
    client.close()
    assert shown == [9.0]


@pytest.mark.parametrize("fault", [Fault("POST", THREAD, landed=True), Fault("POST", THREAD, dropped=True)])
def test_a_create_is_not_repeated_blindly(client: GithubClient, github: Github, fault: Fault) -> None:
    github.faults.append(fault)
    with pytest.raises(GithubUnavailableError) as caught:
        client.create(THREAD, {"body": "x"}, needs=NEEDS)
    assert caught.value.may_have_landed
    assert len(github.log) == 1


def test_a_create_after_a_rate_limit_is(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", THREAD, 429, {"retry-after": "1"}))
    assert client.create(THREAD, {"body": "x"}, needs=NEEDS)["body"] == "x"


def test_a_create_that_never_left_is_tried_again(github: Github, clock: Clock) -> None:
    gone = Github(url="http://127.0.0.1:1")
    client = GithubClient(event_of(gone), clock=clock)
    with pytest.raises(GithubUnavailableError, match="cannot connect") as caught:
        client.create(THREAD, {"body": "x"}, needs=NEEDS)
    client.close()
    assert not caught.value.may_have_landed
    assert clock.slept == [1.0, 3.0, 8.0]


def test_a_refusal_names_the_permission(client: GithubClient, github: Github) -> None:
    github.may_write = set()
    with pytest.raises(GithubForbiddenError) as caught:
        client.create(THREAD, {"body": "x"}, needs=NEEDS)
    assert "Resource not accessible by integration" in caught.value.summary
    assert caught.value.detail == "Give the job the permission pull-requests: write."
    assert len(github.log) == 1


def test_a_locked_conversation(client: GithubClient, github: Github) -> None:
    github.locked.add(7)
    with pytest.raises(GithubLockedError, match="issue is locked"):
        client.create(THREAD, {"body": "x"}, needs=NEEDS)


@pytest.mark.parametrize(
    ("status", "body", "kind", "shown"),
    [
        (401, {"message": f"Bad credentials {TOKEN}"}, GithubSetupError, "Bad credentials \\*\\*\\*"),
        (404, {"message": "Not Found"}, GithubError, "Not Found"),
        (410, {"message": "gone"}, GithubError, "gone"),
        (422, {"message": "no", "errors": [{"code": "c"}, "text", 3]}, GithubError, "no; c; text"),
        (400, "<html>", GithubError, r"\(400\)$"),
        (200, {"no": "list"}, GithubError, "is not a list"),
        (200, [1], GithubError, "is not a list"),
    ],
)
def test_other_answers(
    client: GithubClient, github: Github, status: int, body: object, kind: type[GithubError], shown: str
) -> None:
    github.faults.append(Fault("GET", THREAD, status, body=body))
    with pytest.raises(kind, match=shown) as caught:
        list(client.list(THREAD, needs=NEEDS))
    assert TOKEN not in caught.value.summary + caught.value.detail


def test_an_answer_that_is_no_object(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", THREAD, 201, body=[]))
    with pytest.raises(GithubError, match="is not an object"):
        client.create(THREAD, {"body": "x"}, needs=NEEDS)


def test_a_delete_of_what_is_gone(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("DELETE", "/issues/comments/1", 404, body=1))
    client.delete("/issues/comments/1", needs=NEEDS)


def test_who_writes(client: GithubClient, github: Github) -> None:
    github.viewer = "octo-app[bot]"
    assert client.author() == "octo-app[bot]"
    assert github.log == ["POST /graphql"]
    github.viewer, github.user = None, "a-person"
    assert client.author() == "a-person"
    github.user = None
    assert client.author() == BOT
    github.faults.append(Fault("POST", "/graphql", 404, body={"message": "Not Found"}))
    assert client.author() == BOT
    github.faults.append(Fault("POST", "/graphql", 401, body={"message": "Bad credentials"}))
    with pytest.raises(GithubSetupError):
        client.author()


@pytest.fixture
def enterprise() -> Iterator[Github]:
    with served(Github(base="/api/v3", page=1)) as double:
        yield double


def test_enterprise(enterprise: Github, clock: Clock) -> None:
    client = GithubClient(event_of(enterprise), clock=clock)
    assert client.author() == BOT
    client.create(THREAD, {"body": "x"}, needs=NEEDS)
    client.create(THREAD, {"body": "y"}, needs=NEEDS)
    assert [item["body"] for item in client.list(THREAD, needs=NEEDS)] == ["x", "y"]
    client.close()


def test_two_hosts_are_one_too_many(github: Github, clock: Clock) -> None:
    from dataclasses import replace

    with pytest.raises(GithubSetupError, match="different servers"):
        GithubClient(replace(event_of(github), graphql="https://evil.example/graphql"), clock=clock)


def test_a_proxy_that_does_not_work(github: Github, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:9")
    far = replace(event_of(github), api="https://github.example/api/v3", graphql="https://github.example/api/graphql")
    with pytest.raises(GithubSetupError, match="variable HTTPS_PROXY names a SOCKS proxy"):
        GithubClient(far, clock=clock)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http_proxy", "http://127.0.0.1:9"),
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("NO_PROXY", "127.0.0.1,::1/128"),
        ("NO_PROXY", "fd00::/8"),
    ],
)
def test_loopback_needs_no_proxy(
    github: Github, clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with GithubClient(event_of(github), clock=clock) as client:
        assert client.author() == "github-actions[bot]"


def test_an_answer_that_is_not_json(client: GithubClient, github: Github) -> None:
    github.plain = "<html>"
    with pytest.raises(GithubError, match="is not JSON"):
        list(client.list(THREAD, needs=NEEDS))


def test_an_answer_without_end(client: GithubClient, github: Github, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.forge.github.client._LIMITS", Limits(connect=10, idle=30, bytes=2_000_000))
    github.plain = " " * 2_000_001
    with pytest.raises(GithubUnavailableError, match="the response is larger than 2 MB"):
        list(client.list(THREAD, needs=NEEDS))
    assert len(github.log) == 1


def test_a_wait_that_is_absurd_is_not_printed_whole(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("GET", THREAD, 429, {"retry-after": "9" * 400}))
    with pytest.raises(GithubUnavailableError, match="lasts another 1000000000 s"):
        list(client.list(THREAD, needs=NEEDS))


def test_an_archived_repository(client: GithubClient, github: Github) -> None:
    """No permission helps."""
    body = {"message": "Repository was archived so is read-only."}
    github.faults.append(Fault("POST", THREAD, 403, body=body))
    with pytest.raises(GithubError, match="archived") as caught:
        client.create(THREAD, {"body": "x"}, needs=NEEDS)
    assert caught.value.detail == "Unarchive the repository in its settings, or disable the workflow."
