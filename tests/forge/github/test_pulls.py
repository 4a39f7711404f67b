"""Which pull requests brought commits."""

from __future__ import annotations

from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.pulls import Merged, merged_pulls
from tests.forge.github.conftest import Clock
from tests.forge.github.double import Github


def test_those_that_were_merged_into_the_branch(client: GithubClient, github: Github, clock: Clock) -> None:
    github.merge("c1", 5)
    github.merge("c1", 6, merged=False)
    github.merge("c1", 8, branch="develop")
    github.merge("c2", 5)
    github.merge("c2", 4, fork=True)
    github.pulls["c3"] = [{"number": 3, "merged_at": "x", "base": {"ref": "main"}, "head": {"repo": None}}]
    found = merged_pulls(client, ["c1", "c2", "c3"], branch="main")
    assert found == (Merged(3, True), Merged(4, True), Merged(5, False))
    assert github.counts == {"GET": 3}
    assert clock.slept == []
    assert all("head.repo" in each for each in github.deviations)
    github.deviations.clear()  # GitHub's description does not know that a fork can be deleted


def test_an_answer_that_lags(client: GithubClient, github: Github, clock: Clock) -> None:
    def late(request: str) -> None:
        if len(github.log) == 4:
            github.merge("c2", 9)

    github.meanwhile = late
    assert merged_pulls(client, ["c1", "c2"], branch="main", fresh=["c2"]) == (Merged(9, False),)
    assert clock.slept == [2.0, 5.0]
    assert github.counts == {"GET": 4}


def test_a_push_without_a_pull_request(client: GithubClient, github: Github, clock: Clock) -> None:
    commits = [f"c{number}" for number in range(150)]
    assert merged_pulls(client, commits, branch="main", fresh=commits[:1]) == ()
    assert clock.slept == [2.0, 5.0, 10.0]
    assert github.counts == {"GET": 103}
