"""One pull request for each scope: what it does about other pull requests and refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.errors import GithubError
from reconciler.forge.github.adoptions import Proposed, branch_of, keep_pull
from reconciler.forge.github.branches import Content
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.marker import Scope
from reconciler.forge.github.posts import Kept
from tests.forge.github.double import BOT, REPOSITORY, Fault, Github
from tests.forge.github.objects import Objects
from tests.forge.github.test_branches import commit

NOW = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def proposed(github: Github, tmp_path: Path) -> Proposed:
    github.objects = Objects(tmp_path / "farm.git", REPOSITORY)
    github.may_write = {"contents", "pull-requests"}
    return Proposed(
        Scope("production"),
        base="main",
        commit=commit(github, "main", {"kept": b"kept\n"}),
        drifts=["a"],
        files=[Content("p.yaml", "100644", b"a: 1\n")],
        title="t",
        message="m",
        data={},
        text=lambda theirs: f"text {theirs}",
        over="over",
    )


def keep(client: GithubClient, proposed: Proposed, *, at: datetime = NOW) -> tuple[Kept, list[Diagnostic]]:
    kept, _, notes = keep_pull(client, proposed, author=BOT, at=at, now=NOW)
    return kept, notes


def nothing(proposed: Proposed) -> Proposed:
    return replace(proposed, drifts=(), files=())


def test_what_another_account_opened_is_left(client: GithubClient, github: Github, proposed: Proposed) -> None:
    keep(client, proposed)
    [pull] = github.heads.values()
    pull["user"] = {"login": "mallory"}
    github.log.clear()
    kept, [note] = keep(client, replace(proposed, drifts=["b"]))
    assert (kept, note.code, github.writes) == (Kept.UNCHANGED, "strange-pull-request", [])


def test_what_a_later_run_wrote_is_left(client: GithubClient, github: Github, proposed: Proposed) -> None:
    keep(client, proposed)
    github.log.clear()
    late = keep(client, replace(proposed, drifts=["b"]), at=NOW - timedelta(hours=1))
    assert (late, github.writes) == ((Kept.NEWER, []), [])


def test_one_whose_marker_was_removed_is_named(client: GithubClient, github: Github, proposed: Proposed) -> None:
    keep(client, proposed)
    [pull] = github.heads.values()
    pull["body"] = "mine"
    with pytest.raises(GithubError, match="already exists") as caught:
        keep(client, proposed)
    assert branch_of(proposed.scope) in caught.value.detail


def test_another_base(client: GithubClient, github: Github, proposed: Proposed) -> None:
    keep(client, proposed)
    assert github.objects is not None
    github.objects.run("branch", "release", "main")
    assert keep(client, replace(proposed, base="release")) == (Kept.EDITED, [])
    [pull] = github.heads.values()
    assert pull["base"] == {"ref": "release"}


def test_a_description_that_someone_edited_is_put_back(
    client: GithubClient, github: Github, proposed: Proposed
) -> None:
    keep(client, proposed)
    [pull] = github.heads.values()
    pull["body"] += "!"
    assert keep(client, proposed) == (Kept.EDITED, [])
    assert pull["body"].endswith("\ntext False")


def test_closing_is_done_even_if_the_rest_is_refused(client: GithubClient, github: Github, proposed: Proposed) -> None:
    keep(client, proposed)
    github.faults += [
        Fault("POST", "/comments", 403, body={"message": "locked"}),
        Fault("DELETE", "/git/refs", 422, body={"message": "Repository rule violations found"}),
    ]
    kept, notes = keep(client, nothing(proposed))
    [pull] = github.heads.values()
    assert (kept, pull["state"]) == (Kept.CLOSED, "closed")
    assert [note.code for note in notes] == ["github-locked", "github-locked", "github", "github"]


def test_what_is_unknown_closes_nothing(client: GithubClient, github: Github, proposed: Proposed) -> None:
    unknown = replace(nothing(proposed), complete=False)
    assert keep(client, unknown) == (Kept.NONE, [])
    keep(client, proposed)
    assert keep(client, unknown) == (Kept.UNCHANGED, [])


def test_scopes_never_share_a_branch() -> None:
    scopes = [
        Scope("production"),
        Scope("Production"),
        Scope("production", "teams/a"),
        Scope("production", ".", "teams/a"),
        Scope("production-teams-a"),
        Scope("日本"),
        Scope("a.lock"),
        Scope("x" * 300),
    ]
    branches = [branch_of(scope) for scope in scopes]
    assert branches[0] == "reconciler/adopt/production"
    assert len({branch.lower() for branch in branches}) == len(scopes)
    assert max(map(len, branches)) < 150
    assert all(branch.isascii() and not branch.endswith(".lock") for branch in branches)
