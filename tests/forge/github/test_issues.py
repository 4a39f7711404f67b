"""One issue a target, through the life of a drift; requests are counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.errors import GithubError, GithubForbiddenError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.coverage import Coverage
from reconciler.forge.github.issues import LABEL, ShownDrift, keep_issue
from reconciler.forge.github.marker import Body, Scope, write_body
from reconciler.forge.github.posts import Kept
from tests.forge.github.double import BOT, Fault, Github

NOW = datetime(2026, 11, 25, 10, tzinfo=UTC)
LISTS = ["GET /issues", "GET /issues"]
"""By label, and by the login."""


def keep(
    client: GithubClient,
    *drifts: str,
    text: str = "",
    target: str = "production",
    folder: str = ".",
    job: str = "",
    author: str = BOT,
    minute: int = 0,
    notes: list[str] | None = None,
    checked: str | None = None,
    unchecked: str = "",
    workflow: str = "",
) -> Kept:
    """A drift is named by its project. `checked` and `unchecked` are projects, separated by spaces."""
    shown = ShownDrift(
        scope=Scope(target, folder, job),
        drifts=drifts,
        title=f"Drift: {target}",
        data={"content": text or ",".join(drifts)},
        text=text or f"drift: {', '.join(drifts)}",
        changed=lambda change: "it changed" if change is None else f"{change[0]} new, {change[1]} gone",
        over="it is over",
        remark=lambda number: f"{number} left",
        drifting=drifts,
        coverage=Coverage.of((checked or "").split(), complete=checked is None),
        unchecked=unchecked.split(),
        job=workflow,
    )
    at = NOW + timedelta(minutes=minute)
    kept, _, found = keep_issue(client, shown, author=author, at=at, now=NOW + timedelta(minutes=60))
    assert notes is not None or found == []
    (notes if notes is not None else []).extend(note.summary for note in found)
    return kept


def said(github: Github, number: int) -> list[str]:
    return [comment["body"].partition("\n")[2] for comment in github.thread(number)]


def test_the_life_of_a_drift(client: GithubClient, github: Github) -> None:
    assert keep(client) is Kept.NONE
    assert github.log == LISTS

    github.log.clear()
    assert keep(client, "a") is Kept.OPENED
    assert github.log == [*LISTS, "POST /labels", "POST /issues", *LISTS]
    [issue] = github.issues.values()
    number = issue["number"]
    assert (issue["title"], issue["labels"]) == ("Drift: production", [{"name": LABEL}])

    github.log.clear()
    assert keep(client, "a") is Kept.UNCHANGED
    assert github.log == LISTS

    github.log.clear()
    assert keep(client, "a", text="version and age") is Kept.EDITED
    assert github.log == [*LISTS, f"PATCH /issues/{number}"]
    assert said(github, number) == []

    github.log.clear()
    assert keep(client, "b", "c") is Kept.EDITED
    assert github.log == [*LISTS, f"PATCH /issues/{number}", f"POST /issues/{number}/comments"]
    assert said(github, number) == ["2 new, 1 gone"]

    issue["state"] = "closed"  # by hand, while drift lasts
    assert keep(client, "b", "c") is Kept.REOPENED
    assert (issue["state"], issue["state_reason"]) == ("open", "reopened")
    assert len(said(github, number)) == 1

    github.log.clear()
    assert keep(client, text="no drift") is Kept.CLOSED
    assert github.log == [*LISTS, f"PATCH /issues/{number}", f"POST /issues/{number}/comments"]
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


URLS = ("url", "html_url", "diff_url", "patch_url")


def test_an_issue_of_somebody_else(client: GithubClient, github: Github) -> None:
    """Anybody can copy a marker. Only who may label is believed to mean it, and a person decides."""
    marked = write_body("drift", Scope("production"), Body({"set": "x"}, "t"))
    theirs = github.add_issue(marked, login="somebody", labels=(LABEL,))
    copied = github.add_issue(marked, login="stranger")
    pull = github.add_issue(marked, labels=(LABEL,), pull_request=dict.fromkeys(URLS, "x"))
    notes: list[str] = []
    assert keep(client, "a", notes=notes) is Kept.OPENED
    assert notes == [f"drift issue #{theirs['number']} was opened by somebody, not by this job"]
    assert all(issue["body"] == marked and issue["state"] == "open" for issue in (theirs, copied, pull))


def test_two_targets_folders_and_jobs_keep_an_issue_each(client: GithubClient, github: Github) -> None:
    """lnccbrown/HSSM#1220: a run without drift closed the issue of another slot."""
    scopes: list[dict[str, Any]] = [
        {},
        {"target": "staging"},
        {"folder": "team-a"},
        {"folder": "team-b"},
        {"job": "a"},
        {"job": "b"},
    ]
    for scope in scopes:
        assert keep(client, "a", **scope) is Kept.OPENED
    assert keep(client, folder="team-b") is Kept.CLOSED
    assert keep(client, job="a") is Kept.CLOSED
    assert [issue["state"] for issue in github.issues.values()] == ["open", "open", "open", "closed", "closed", "open"]


def test_an_issue_without_its_label(client: GithubClient, github: Github) -> None:
    """aryamthecodebreaker/FixMap#77: a property that people edit was the identity."""
    keep(client, "a")
    [issue] = github.issues.values()
    issue["labels"].clear()
    assert keep(client, "a") is Kept.UNCHANGED
    assert issue["labels"] == [{"name": LABEL}]
    issue["labels"].clear()
    assert keep(client, text="over") is Kept.CLOSED
    issue["labels"].clear()
    assert keep(client, text="over") is Kept.UNCHANGED
    assert issue["labels"] == []
    github.faults.append(Fault("POST", "/labels$", 404))
    notes: list[str] = []
    assert keep(client, "a", notes=notes) is Kept.REOPENED
    assert len(notes) == 1
    assert list(github.issues.values()) == [issue]


def test_an_issue_of_the_jobs_earlier_login(client: GithubClient, github: Github) -> None:
    """JiRaska/open-bank-oss#3891: the job got a token of an App, and opened a second issue."""
    keep(client, "a")
    github.login = "farm-hand[bot]"
    assert keep(client, "a", "b", author="farm-hand") is Kept.EDITED
    [issue] = github.issues.values()
    assert keep(client, text="over", author="farm-hand") is Kept.CLOSED
    assert issue["state"] == "closed"


def test_a_filter_by_creator_that_github_refuses(client: GithubClient, github: Github) -> None:
    def second(request: str) -> None:
        if len(github.log) == 2:
            github.faults.append(Fault("GET", "/issues$", 422))

    keep(client, "a")
    github.log.clear()
    github.meanwhile = second
    assert keep(client, "a") is Kept.UNCHANGED
    assert github.faults[0].times == 0


def test_two_issues_become_one(client: GithubClient, github: Github) -> None:
    keep(client, "a")
    second = github.add_issue(write_body("drift", Scope("production"), Body({"set": "x"}, "t")))
    assert keep(client, "a") is Kept.UNCHANGED
    assert (second["state"], second["state_reason"]) == ("closed", "not_planned")
    assert said(github, second["number"]) == ["Continued in #1."]


def test_a_locked_conversation(client: GithubClient, github: Github) -> None:
    """actions/stale#51: a bot locks old closed issues. The drift is shown all the same."""
    keep(client, "a")
    [issue] = github.issues.values()
    keep(client, text="over")
    github.locked.add(issue["number"])
    notes: list[str] = []
    assert keep(client, "b", notes=notes) is Kept.REOPENED
    assert issue["state"] == "open"
    assert issue["body"].endswith("drift: b")
    [note, _] = notes
    assert note == "the drift issue is up to date, but no comment was posted"
    assert keep(client, "b") is Kept.UNCHANGED
    assert keep(client, text="over", notes=notes) is Kept.CLOSED
    assert len(notes) == 4


def test_the_label_is_there_already(client: GithubClient, github: Github) -> None:
    github.labels.add(LABEL)
    assert keep(client, "a") is Kept.OPENED
    assert keep(client, "a") is Kept.UNCHANGED


def test_a_thousand_drifts_are_reported_by_their_hash(client: GithubClient, github: Github) -> None:
    keep(client, *(f"d{number}" for number in range(1000)), text="many")
    [issue] = github.issues.values()
    assert len(issue["body"].split("\n")[0]) < 10_000
    assert keep(client, *(f"d{number}" for number in range(999)), text="x") is Kept.EDITED
    assert said(github, issue["number"]) == ["it changed"]
    assert keep(client, *(f"d{number}" for number in reversed(range(999))), text="x") is Kept.UNCHANGED


def test_two_runs_at_once_leave_one_issue(client: GithubClient, github: Github) -> None:
    def other(request: str) -> None:
        if request == "POST /issues":
            github.meanwhile = lambda request: None
            github.add_issue(write_body("drift", Scope("production"), Body({"set": "x"}, "t")), labels=(LABEL,))

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
            github.add_issue(write_body("drift", Scope("production"), Body({"set": "x"}, "t")), labels=(LABEL,))

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


def test_a_late_check_writes_nothing(client: GithubClient, github: Github) -> None:
    keep(client, "a", minute=1)
    github.log.clear()
    assert keep(client, minute=0) is Kept.NEWER
    assert github.log == LISTS


def test_a_time_to_come_is_no_time(client: GithubClient, github: Github) -> None:
    """A machine whose clock is wrong does not silence the others until then."""
    keep(client, "a", minute=66)
    assert keep(client, text="over") is Kept.CLOSED


def test_refusals(client: GithubClient, github: Github) -> None:
    github.may_write = set()
    with pytest.raises(GithubForbiddenError) as caught:
        keep(client, "a")
    assert "issues: write" in caught.value.detail
    github.issues_on = False
    with pytest.raises(GithubError) as off:
        keep(client, "a")
    assert "Enable issues" in off.value.detail


def test_an_answer_that_is_another_issue(client: GithubClient, github: Github) -> None:
    github.faults.append(Fault("POST", "/issues$", 201, body={"id": 1, "body": "what?"}))
    with pytest.raises(GithubError, match="returned different text"):
        keep(client, "a")


def test_each_set_of_projects_has_an_issue_of_its_own(client: GithubClient, github: Github) -> None:
    """Two jobs for parts of one folder, and one for all of it: each closes only what it has looked at."""
    assert keep(client, "a", checked="a b", unchecked="c d", workflow="ab") is Kept.OPENED
    assert keep(client, "c", checked="c d", unchecked="a b", workflow="cd") is Kept.OPENED
    assert keep(client, "a", "c") is Kept.OPENED
    ab, cd, every = github.issues.values()
    assert keep(client, checked="a b", unchecked="c d", workflow="ab") is Kept.CLOSED
    assert [issue["state"] for issue in (ab, cd, every)] == ["closed", "open", "open"]
    assert keep(client, "b", checked="a b", unchecked="c d", workflow="ab") is Kept.REOPENED
    assert keep(client, "b", "c") is Kept.EDITED
    assert [issue["state"] for issue in (ab, cd, every)] == ["open", "open", "open"]
    # All of them were looked at, and only b drifts: the issue about c and d is over, whether its job runs again or not.
    assert keep(client, "b") is Kept.EDITED
    assert [issue["state"] for issue in (ab, cd, every)] == ["open", "closed", "open"]
    assert said(github, cd["number"]) == ["it is over"]
    assert len(github.issues) == 3


def test_a_changed_list_of_names_orphans_nothing(client: GithubClient, github: Github) -> None:
    keep(client, "a", "b", checked="a b", unchecked="c", workflow="w")
    [issue] = github.issues.values()
    # b is no longer checked: what drifted there is not over.
    assert keep(client, checked="a", unchecked="b c", workflow="w") is Kept.EDITED
    assert issue["body"].endswith("\n1 left\n")
    assert said(github, issue["number"]) == ["it changed"]
    assert keep(client, checked="a", unchecked="b c", workflow="w") is Kept.UNCHANGED
    assert keep(client, "a", checked="a", unchecked="b c", workflow="w") is Kept.EDITED
    # Its manifest is gone, and with it the drift.
    assert keep(client, checked="a", unchecked="c", workflow="w") is Kept.CLOSED
    # Quite other projects, or all of them, in the same job.
    assert keep(client, "c", checked="c", unchecked="a", workflow="w") is Kept.REOPENED
    assert keep(client, workflow="w") is Kept.CLOSED
    assert len(github.issues) == 1


def test_an_issue_whose_projects_are_not_all_remembered_stays_open(client: GithubClient, github: Github) -> None:
    many = [f"p{number}" for number in range(400)]
    keep(client, *many, checked=" ".join(many), unchecked="x", workflow="w")
    [issue] = github.issues.values()
    for _ in range(2):
        keep(client, checked=" ".join(many), unchecked="x", workflow="w")
        assert issue["state"] == "open"
    keep(client, checked="x", unchecked=" ".join(many), workflow="w")
    assert issue["state"] == "open"
    keep(client)
    assert issue["state"] == "closed"
