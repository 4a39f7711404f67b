"""One comment for each pull request and target, and no comment of anyone else is touched; requests are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from reconciler.errors import GithubError, GithubForbiddenError, GithubLockedError, GithubUnavailableError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import comments_on, job_hash, keep_comment, of_outcome, of_plan
from reconciler.forge.github.coverage import Coverage
from reconciler.forge.github.marker import Body, Scope, write_body
from reconciler.forge.github.posts import Kept
from tests.forge.github.conftest import Clock, event_of
from tests.forge.github.double import BOT, Fault, Github

TARGET = "production"
HOSTILE = 'eu--> <!-- "\n@all #1 $x$ 日本'


NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
EVENT = event_of(Github())


def keep(
    client: GithubClient,
    text: str | None,
    *,
    target: str = TARGET,
    minute: int = 0,
    data: str = "",
    author: str = BOT,
    covers: str | None = None,
    job: str = "",
    run: str = "100",
    names: str = "",
    kind: str = "plan",
) -> Kept:
    """`covers` has the projects, separated by spaces; None for all. `names` is the job's own name."""
    coverage = Coverage.of((covers or "").split(), complete=covers is None)
    event = replace(EVENT, job=job, run=run)
    remembered = {"covers": coverage.remembered(), "job": job_hash(event), "run": run}

    def write(old: Sequence[Body]) -> Body | None:
        if text is None:
            return None if not old else Body({"content": "", **remembered}, "no changes")
        return Body({"content": data or text, **remembered}, text)

    find = partial(of_plan, event=event, coverage=coverage)
    if kind == "outcome":
        find = partial(of_outcome, coverage=coverage)
    at = NOW + timedelta(minutes=minute)
    scope = Scope(target, ".", names)
    posts = comments_on(client, 7, scope=scope, author=author, at=at, now=NOW + timedelta(minutes=60))
    return keep_comment(posts, find, coverage, write)[0]


def texts(github: Github) -> list[str]:
    return [comment["body"].partition("\n")[2] for comment in github.thread(7)]


def test_made_edited_and_left_alone(client: GithubClient, github: Github) -> None:
    assert keep(client, "one") is Kept.CREATED
    assert github.counts == {"GET": 2, "POST": 1}
    github.log.clear()
    assert keep(client, "one") is Kept.UNCHANGED
    assert keep(client, "one, at another time", data="one", minute=1) is Kept.UNCHANGED
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
    copied = github.add_comment(7, write_body("plan", Scope(TARGET), Body({"content": "one"}, "one")), login=login)
    before = dict(copied)
    assert keep(client, "one") is Kept.CREATED
    assert keep(client, "two") is Kept.EDITED
    assert github.comments[copied["id"]] == before
    assert len(github.thread(7)) == 2


def test_a_quoted_marker_is_no_marker(client: GithubClient, github: Github) -> None:
    quoted = github.add_comment(7, "> " + write_body("plan", Scope(TARGET), Body({}, "one")))
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


def test_a_late_check_does_not_write_over_a_later_one(client: GithubClient, github: Github) -> None:
    keep(client, "checked later", minute=1, run="100")
    assert keep(client, "checked before", minute=0, run="101") is Kept.NEWER
    assert texts(github) == ["checked later"]


def test_a_run_that_is_repeated_looks_again(client: GithubClient, github: Github) -> None:
    """A run keeps its ID when it is run again, so a higher ID is not a later check."""
    keep(client, "of the second run", run="101")
    assert keep(client, "the first run, again", minute=1, run="100") is Kept.EDITED
    assert texts(github) == ["the first run, again"]


def test_two_jobs_of_one_folder_show_their_own_projects(client: GithubClient, github: Github) -> None:
    """pulumi/actions#563: the last of two runs had the comment for itself."""
    for minute in (0, 1):
        keep(client, f"a{minute}", covers="p1 p2", run="1", minute=minute)
        keep(client, f"b{minute}", covers="q1", run="2", minute=minute)
    assert texts(github) == ["a1", "b1"]
    # A job that covers all of it takes both over; the oldest stays.
    assert keep(client, "all", minute=2) is Kept.EDITED
    assert texts(github) == ["all"]


@pytest.mark.parametrize("then", ["p1 p3", "p1", "p1 p2 p3", None, "q"])
def test_a_list_of_names_that_changes_orphans_nothing(client: GithubClient, github: Github, then: str | None) -> None:
    keep(client, "before", covers="p1 p2", job="plan.yml plan", run="1")
    assert keep(client, "after", covers=then, job="plan.yml plan", run="2", minute=1) is Kept.EDITED
    assert texts(github) == ["after"]


def test_two_legs_of_a_matrix(client: GithubClient, github: Github) -> None:
    for run in "12":
        keep(client, f"p{run}", covers="p", job="plan.yml plan", run=run)
        keep(client, f"q{run}", covers="q", job="plan.yml plan", run=run)
    assert texts(github) == ["p2", "q2"]


def test_jobs_with_names_of_their_own(client: GithubClient, github: Github) -> None:
    for names in ("", "a", "b"):
        assert keep(client, f"of {names}", names=names) is Kept.CREATED
    assert keep(client, "of a, again", names="a", covers="p", minute=1) is Kept.EDITED
    assert texts(github) == ["of ", "of a, again", "of b"]


def test_an_outcome_takes_the_place_of_all_that_it_covers(client: GithubClient, github: Github) -> None:
    keep(client, "of a", names="a", covers="p")
    keep(client, "of b", names="b", covers="q")
    keep(client, "of c", names="c", covers="r")
    assert keep(client, "applied", covers="p q", kind="outcome", minute=1) is Kept.EDITED
    assert texts(github) == ["applied", "of c"]
    assert keep(client, "applied by c", covers="p r", kind="outcome", names="c", minute=1) is Kept.EDITED
    assert texts(github) == ["applied", "applied by c"]


def test_very_many_projects_are_recognized_by_some(client: GithubClient, github: Github) -> None:
    many = " ".join(f"p{number}" for number in range(1_000))
    keep(client, "many", covers=many)
    assert len(github.thread(7)[0]["body"]) < 3_500
    assert keep(client, "many, again", covers=f"{many} more", minute=1) is Kept.EDITED
    keep(client, "other", covers="q")
    assert texts(github) == ["many, again", "other"]


def test_a_comment_of_the_jobs_earlier_login(client: GithubClient, github: Github) -> None:
    keep(client, "one")
    github.login = "farm-hand[bot]"
    assert keep(client, "two", author="farm-hand") is Kept.EDITED
    assert texts(github) == ["two"]


def test_two_runs_at_once_leave_one_comment(client: GithubClient, github: Github) -> None:
    def other(request: str) -> None:
        if request == "POST /issues/7/comments":
            github.meanwhile = lambda request: None
            github.add_comment(7, write_body("plan", Scope(TARGET), Body({"content": "theirs"}, "theirs")))

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
    assert "pull-requests: write" in caught.value.detail
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
    body = write_body("plan", Scope(TARGET), Body({}, ""))
    items = [{"id": "x", "body": None, "user": None}, {"id": 91, "body": body, "user": None}]
    github.faults.append(Fault("GET", "/comments", 200, body=items))
    assert keep(client, "one") is Kept.CREATED
