"""One issue a target, through the life of a drift; requests are counted."""

from __future__ import annotations

import pytest

from reconciler.errors import GithubError, GithubForbiddenError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.issues import LABEL, Finding, keep_issue
from reconciler.forge.github.marker import Body, write_body
from reconciler.forge.github.posts import Kept
from tests.forge.github.double import BOT, Fault, Github


def keep(client: GithubClient, *drifts: str, text: str = "", target: str = "production", run: int = 100) -> Kept:
    finding = Finding(
        target=target,
        drifts=drifts,
        title=f"Drift: {target}",
        data={"content": text or ",".join(drifts)},
        text=text or f"drift: {', '.join(drifts)}",
        changed=lambda change: "it changed" if change is None else f"{change[0]} new, {change[1]} gone",
        over="it is over",
    )
    return keep_issue(client, finding, author=BOT, run=run)[0]


def said(github: Github, number: int) -> list[str]:
    return [comment["body"].partition("\n")[2] for comment in github.thread(number)]


def test_the_life_of_a_drift(client: GithubClient, github: Github) -> None:
    assert keep(client) is Kept.NONE
    assert github.log == ["GET /issues"]

    github.log.clear()
    assert keep(client, "a") is Kept.OPENED
    assert github.log == ["GET /issues", "POST /labels", "POST /issues", "GET /issues"]
    [issue] = github.issues.values()
    number = issue["number"]
    assert (issue["title"], issue["labels"]) == ("Drift: production", [{"name": LABEL}])

    github.log.clear()
    assert keep(client, "a") is Kept.UNCHANGED
    assert github.log == ["GET /issues"]

    github.log.clear()
    assert keep(client, "a", text="version and age") is Kept.EDITED
    assert github.log == ["GET /issues", f"PATCH /issues/{number}"]
    assert said(github, number) == []

    github.log.clear()
    assert keep(client, "b", "c") is Kept.EDITED
    assert github.log == ["GET /issues", f"POST /issues/{number}/comments", f"PATCH /issues/{number}"]
    assert said(github, number) == ["2 new, 1 gone"]

    issue["state"] = "closed"  # by hand, while drift lasts
    assert keep(client, "b", "c") is Kept.REOPENED
    assert (issue["state"], issue["state_reason"]) == ("open", "reopened")
    assert len(said(github, number)) == 1

    github.log.clear()
    assert keep(client, text="no drift") is Kept.CLOSED
    assert github.log == ["GET /issues", f"POST /issues/{number}/comments", f"PATCH /issues/{number}"]
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert issue["body"].endswith("\nno drift")
    assert said(github, number)[-1] == "it is over"
    assert keep(client, text="no drift") is Kept.UNCHANGED

    assert keep(client, "a") is Kept.REOPENED
    assert said(github, number)[-1] == "1 new, 0 gone"
    assert list(github.issues) == [number]


def test_closed_by_hand_and_over_since(client: GithubClient, github: Github) -> None:
    keep(client, "a")
    [issue] = github.issues.values()
    issue["state"] = "closed"
    assert keep(client, text="over") is Kept.EDITED
    assert issue["state"] == "closed"
    assert said(github, issue["number"]) == []
    assert keep(client, "a") is Kept.REOPENED
    assert said(github, issue["number"]) == ["1 new, 0 gone"]


def test_whose_issue_it_is(client: GithubClient, github: Github) -> None:
    marked = write_body("drift", "production", Body({"set": "x"}, "t"))
    theirs = github.add_issue(marked, login="somebody", labels=(LABEL,))
    unlabelled = github.add_issue(marked)
    pull = github.add_issue(marked, labels=(LABEL,), pull_request={"url": "x"})
    assert keep(client, "a") is Kept.OPENED
    assert all(issue["body"] == marked for issue in (theirs, unlabelled, pull))
    assert keep(client, "b", target="staging") is Kept.OPENED
    assert len(github.issues) == 5


def test_the_label_is_there_already(client: GithubClient, github: Github) -> None:
    github.labels.add(LABEL)
    assert keep(client, "a") is Kept.OPENED
    assert keep(client, "a") is Kept.UNCHANGED


def test_a_thousand_drifts_are_reported_by_their_hash(client: GithubClient, github: Github) -> None:
    keep(client, *(f"d{number}" for number in range(1000)), text="many")
    [issue] = github.issues.values()
    assert len(issue["body"].split("\n")[0]) < 6_000
    assert keep(client, *(f"d{number}" for number in range(999)), text="x") is Kept.EDITED
    assert said(github, issue["number"]) == ["it changed"]
    assert keep(client, *(f"d{number}" for number in reversed(range(999))), text="x") is Kept.UNCHANGED


def test_two_runs_at_once_leave_one_issue(client: GithubClient, github: Github) -> None:
    def other(request: str) -> None:
        if request == "POST /issues":
            github.meanwhile = lambda request: None
            github.add_issue(write_body("drift", "production", Body({"set": "x"}, "t")), labels=(LABEL,))

    github.meanwhile = other
    assert keep(client, "a") is Kept.EDITED
    first, second = github.issues.values()
    assert (first["state"], second["state"], second["state_reason"]) == ("open", "closed", "not_planned")
    assert first["body"].endswith("drift: a")
    assert keep(client, "a") is Kept.UNCHANGED


def test_the_other_of_two_runs(client: GithubClient, github: Github) -> None:
    def other(request: str) -> None:
        if request == "GET /issues" and len(github.issues) == 1:
            github.meanwhile = lambda request: None
            github.add_issue(write_body("drift", "production", Body({"set": "x"}, "t")), labels=(LABEL,))

    github.meanwhile = other
    assert keep(client, "a") is Kept.OPENED
    assert [issue["state"] for issue in github.issues.values()] == ["open", "closed"]


def test_lost_answers(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/issues$", landed=True, dropped=True))
    assert keep(client, "a") is Kept.OPENED
    [issue] = github.issues.values()
    github.faults.append(Fault("POST", "/comments$", landed=True))
    assert keep(client, "b") is Kept.EDITED
    assert said(github, issue["number"]) == ["1 new, 1 gone"]
    github.faults.append(Fault("POST", "/comments$"))
    assert keep(client, text="over") is Kept.CLOSED
    assert said(github, issue["number"]) == ["1 new, 1 gone", "it is over"]


def test_an_update_that_github_drops_is_seen(client: GithubClient, github: Github) -> None:
    keep(client, "a")
    with pytest.raises(GithubError, match="kept the old text"):
        keep(client, "a", text="x" * 262_144)


def test_a_late_run_writes_nothing(client: GithubClient, github: Github) -> None:
    keep(client, "a", run=101)
    github.log.clear()
    assert keep(client, run=100) is Kept.NEWER
    assert github.log == ["GET /issues"]


def test_refusals(client: GithubClient, github: Github) -> None:
    github.may_write = set()
    with pytest.raises(GithubForbiddenError) as caught:
        keep(client, "a")
    assert "`issues: write`" in caught.value.detail
    github.issues_on = False
    with pytest.raises(GithubError) as off:
        keep(client, "a")
    assert "disabled" in off.value.detail


def test_an_answer_that_is_another_issue(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/issues$", 201, body={"id": 1, "body": "what?"}))
    with pytest.raises(GithubError, match="returned different text"):
        keep(client, "a")
