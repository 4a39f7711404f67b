"""One comment for each pull request and target, and no comment of anyone else is touched; requests are counted."""

from __future__ import annotations

import pytest

from reconciler.errors import GithubError, GithubForbiddenError, GithubLockedError, GithubUnavailableError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import keep_comment
from reconciler.forge.github.marker import Body, write_body
from reconciler.forge.github.posts import Kept
from tests.forge.github.conftest import Clock
from tests.forge.github.double import BOT, Fault, Github

TARGET = "production"
HOSTILE = 'eu--> <!-- "\n@all #1 $x$ 日本'


def keep(
    client: GithubClient, text: str | None, *, target: str = TARGET, run: int = 100, data: str = "", author: str = BOT
) -> Kept:
    def write(old: Body | None) -> Body | None:
        if text is None:
            return None if old is None else Body({"content": ""}, "no changes")
        return Body({"content": data or text}, text)

    return keep_comment(client, 7, kind="plan", target=target, author=author, run=run, write=write)[0]


def texts(github: Github) -> list[str]:
    return [comment["body"].partition("\n")[2] for comment in github.thread(7)]


def test_made_edited_and_left_alone(client: GithubClient, github: Github) -> None:
    assert keep(client, "one") is Kept.CREATED
    assert github.counts == {"GET": 2, "POST": 1}
    github.log.clear()
    assert keep(client, "one") is Kept.UNCHANGED
    assert keep(client, "one, at another time", data="one", run=101) is Kept.UNCHANGED
    assert github.counts == {"GET": 2}
    github.log.clear()
    assert keep(client, "two") is Kept.EDITED
    assert github.counts == {"GET": 1, "PATCH": 1}
    assert texts(github) == ["two"]
    assert keep(client, None) is Kept.EDITED
    assert keep(client, None) is Kept.UNCHANGED
    assert texts(github) == ["no changes"]


def test_nothing_to_say_makes_none(client: GithubClient, github: Github) -> None:
    assert keep(client, None) is Kept.NONE
    assert github.counts == {"GET": 1}
    assert github.comments == {}


@pytest.mark.parametrize("target", [HOSTILE, "", "a b", "prod -->", "--", "x" * 300])
def test_several_targets_are_several_comments(client: GithubClient, github: Github, target: str) -> None:
    keep(client, "one")
    keep(client, "other", target=target)
    assert keep(client, "other", target=target) is Kept.UNCHANGED
    assert keep(client, "changed", target=target) is Kept.EDITED
    assert texts(github) == ["one", "changed"]


def test_found_on_a_later_page(client: GithubClient, github: Github) -> None:
    github.page = 2
    for number in range(3):
        github.add_comment(7, f"talk {number}", login="somebody")
    keep(client, "one")
    github.log.clear()
    assert keep(client, "two") is Kept.EDITED
    assert github.counts == {"GET": 2, "PATCH": 1}


@pytest.mark.parametrize("login", ["somebody", "github-actions", "evil[bot]"])
def test_a_copied_marker_of_somebody_else(client: GithubClient, github: Github, login: str) -> None:
    copied = github.add_comment(7, write_body("plan", TARGET, Body({"content": "one"}, "one")), login=login)
    before = dict(copied)
    assert keep(client, "one") is Kept.CREATED
    assert keep(client, "two") is Kept.EDITED
    assert github.comments[copied["id"]] == before
    assert len(github.thread(7)) == 2


def test_a_quoted_marker_is_no_marker(client: GithubClient, github: Github) -> None:
    quoted = github.add_comment(7, "> " + write_body("plan", TARGET, Body({}, "one")))
    assert keep(client, "one") is Kept.CREATED
    assert github.comments[quoted["id"]]["body"].startswith("> ")


def test_a_viewer_without_the_suffix_of_bots(client: GithubClient, github: Github) -> None:
    keep(client, "one", author="github-actions")
    assert keep(client, "one", author="github-actions") is Kept.UNCHANGED


def test_what_somebody_edited_is_written_again(client: GithubClient, github: Github) -> None:
    keep(client, "removes a choice", data="hash")
    [comment] = github.thread(7)
    comment["body"] = comment["body"].replace("removes a choice", "nothing to see")
    assert keep(client, "removes a choice", data="hash") is Kept.EDITED
    assert texts(github) == ["removes a choice"]
    comment["body"] = comment["body"].split("\n")[0].split("{")[0] + "{} -->\nx"
    assert keep(client, "removes a choice", data="hash") is Kept.EDITED


def test_a_late_run_does_not_write_over_a_later_one(client: GithubClient, github: Github) -> None:
    keep(client, "of the second push", run=101)
    assert keep(client, "of the first push", run=100) is Kept.NEWER
    assert texts(github) == ["of the second push"]
    assert keep(client, "where runs have no id", run=0) is Kept.EDITED


def test_two_runs_at_once_leave_one_comment(client: GithubClient, github: Github) -> None:
    def other(request: str) -> None:
        if request == "POST /issues/7/comments":
            github.meanwhile = lambda request: None
            github.add_comment(7, write_body("plan", TARGET, Body({"content": "theirs", "run": 99}, "theirs")))

    github.meanwhile = other
    assert keep(client, "ours") is Kept.CREATED
    assert texts(github) == ["ours"]
    assert github.counts == {"DELETE": 1, "GET": 2, "PATCH": 1, "POST": 1}


def test_a_lost_create_is_looked_for(client: GithubClient, github: Github, clock: Clock) -> None:
    github.faults.append(Fault("POST", "/comments", landed=True, dropped=True))
    assert keep(client, "one") is Kept.CREATED
    assert texts(github) == ["one"]
    assert github.counts == {"GET": 3, "POST": 1}
    assert clock.slept == [2.0]


def test_a_create_that_did_not_land_is_sent_again(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/comments", 502))
    assert keep(client, "one") is Kept.CREATED
    assert texts(github) == ["one"]
    assert github.counts == {"GET": 3, "POST": 2}


def test_a_create_that_never_lands(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/comments", 502, times=9))
    with pytest.raises(GithubUnavailableError):
        keep(client, "one")
    assert github.counts == {"GET": 4, "POST": 3}


def test_a_lost_update_is_repeated(client: GithubClient, github: Github) -> None:
    keep(client, "one")
    github.faults.append(Fault("PATCH", "/comments", landed=True))
    assert keep(client, "two") is Kept.EDITED
    assert texts(github) == ["two"]


def test_refusals(client: GithubClient, github: Github) -> None:
    github.may_write = set()
    with pytest.raises(GithubForbiddenError) as caught:
        keep(client, "one")
    assert "`pull-requests: write`" in caught.value.detail
    github.may_write = {"pull-requests"}
    github.locked.add(7)
    with pytest.raises(GithubLockedError):
        keep(client, "one")
    github.locked.clear()
    with pytest.raises(GithubError, match="body is too long"):
        keep(client, "x" * 262_144)


def test_an_answer_that_is_another_comment(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/comments", 201, body={"id": 1, "body": "what?"}))
    with pytest.raises(GithubError, match="returned different text"):
        keep(client, "one")
    keep(client, "one")
    github.faults.append(Fault("PATCH", "/comments", 200, body={"id": 1, "body": "the old one"}))
    with pytest.raises(GithubError, match="kept the old text"):
        keep(client, "two")


def test_items_that_are_none_are_passed_over(client: GithubClient, github: Github) -> None:
    github.comments[90] = {"id": "x", "body": None, "user": None, "thread": 7}
    github.comments[91] = {"id": 91, "body": write_body("plan", TARGET, Body({}, "")), "user": None, "thread": 7}
    assert keep(client, "one") is Kept.CREATED
