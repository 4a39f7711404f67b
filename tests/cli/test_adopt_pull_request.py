"""`reconciler github adopt-pull-request`: a real repository, the served sandbox, GitHub on a bare one."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli, Result, Served
from tests.forge.github.double import REPOSITORY, Fault, Github, pull_request, served, variables
from tests.forge.github.objects import Objects
from tests.repositories import commit_all, git

BRANCH = "reconciler/adopt/production"
PETS = "# pets\nname: pets\ntype: imageannotation\nparams: {a: 1, b: 1, secret: x}   # kept\n"
Write = Callable[[str, str], Path]


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Github]:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    objects = Objects(tmp_path_factory.mktemp("hub") / "farm.git", REPOSITORY)
    app = "farm-adopter[bot]"
    double = Github(login=app, viewer=app, may_write={"contents", "pull-requests"}, objects=objects)
    with served(double):
        yield double


@pytest.fixture
def keep(
    cli: Cli, repository: Path, github: Github, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs the command in a scheduled job on the newest commit of main, which GitHub has."""

    def call(*options: str, event: str = "schedule", payload: str = "{}", push: bool = True) -> Result:
        folder = tmp_path / ".git" / "runner"
        folder.mkdir(exist_ok=True)
        (folder / "event.json").write_text(payload)
        head = git(repository, "rev-parse", "HEAD")
        for name, value in variables(github, event, str(folder / "event.json"), GITHUB_SHA=head).items():
            monkeypatch.setenv(name, value)
        if push:
            git(repository, "push", "-qf", str(objects(github).folder), "HEAD:main")
        github.log.clear()
        result = cli("github", "adopt-pull-request", *options)
        monkeypatch.delenv("GITHUB_ACTIONS")
        return result

    return call


@pytest.fixture(autouse=True)
def applied(cli: Cli, served: Served, write: Write, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('sensitive = ["params.secret"]\n')
    write("pets.yaml", PETS)
    write("cars.yaml", "name: cars\ntype: imageannotation\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0


def objects(github: Github) -> Objects:
    assert github.objects is not None
    return github.objects


def tip(github: Github) -> str:
    found = objects(github).tip(BRANCH)
    assert found is not None
    return found


def changed(github: Github, branch: str = BRANCH) -> list[str]:
    """What merging the branch changes."""
    lines = objects(github).run("diff", "-U0", f"main...{branch}").splitlines()
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def only(github: Github) -> dict[str, Any]:
    [pull] = github.heads.values()
    return pull


def push_of_a_person(github: Github, file: str = "README.md") -> str:
    """A commit on top of the branch, made without a working tree."""
    hub, old = objects(github), tip(github)
    blob = hub.run("hash-object", "-w", "--stdin", data=b"mine\n")
    index = hub.folder / "person.index"
    hub.run("read-tree", old, index=index)
    hub.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{file}", index=index)
    new = hub.run("commit-tree", hub.run("write-tree", index=index), "-p", old, "-m", "Mine")
    hub.run("update-ref", f"refs/heads/{BRANCH}", new)
    return new


def test_opened_updated_and_closed(
    cli: Cli, served: Served, keep: Callable[..., Result], github: Github, repository: Path, write: Write
) -> None:
    nothing = keep()
    assert (nothing.code, nothing.out) == (0, "No pull request for production.\n")
    assert github.writes == []

    served.store.edit_params("pets", {"a": 2})
    opened = keep()
    assert opened.code == 0
    assert opened.out.startswith("Pull request for production opened. https://github.example/octo/farm/pull/")
    pull = only(github)
    assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == ("Adopt drift: `production`", BRANCH, "main")
    assert "### `production`: adopts 1 change in 1 file" in pull["body"]
    assert "params.a" in pull["body"]
    assert changed(github) == [
        "-params: {a: 1, b: 1, secret: x}   # kept",
        "+params: {a: 2, b: 1, secret: x}   # kept",
    ]
    message = objects(github).run("log", "-1", "--format=%B", BRANCH)
    assert message.startswith("Adopt 1 change made on Scale (production)\n")
    assert '- "pets": params.a, version 1 of ' in message
    assert git(repository, "status", "--porcelain") == ""

    first = tip(github)
    assert keep().out.startswith("Pull request for production unchanged.")
    assert (github.writes, tip(github)) == ([], first)

    # Another edit, and a commit on main: one commit on top of both. Nothing on main is undone.
    served.store.edit_params("pets", {"b": 5})
    write("cars.yaml", "# new\nname: cars\ntype: imageannotation\n")
    head = commit_all(repository, "second")
    assert keep().out.startswith("Pull request for production edited.")
    assert objects(github).run("log", "-1", "--format=%P", BRANCH).split() == [first, head]
    assert changed(github) == [
        "-params: {a: 1, b: 1, secret: x}   # kept",
        "+params: {a: 2, b: 5, secret: x}   # kept",
    ]
    assert "adopts 2 changes in 1 file" in only(github)["body"]

    # Merged: the plan is empty, the branch goes away, and nothing is said.
    git(repository, "fetch", "-q", str(objects(github).folder), BRANCH)
    git(repository, "merge", "-q", "--no-edit", "FETCH_HEAD")
    pull["state"] = "closed"
    assert cli("plan").last == "No changes. Your projects match the manifests."
    assert keep().out == "No pull request for production.\n"
    assert objects(github).tip(BRANCH) is None
    assert github.comments == {}


def test_it_is_closed_when_the_drift_is_gone(
    cli: Cli, served: Served, keep: Callable[..., Result], github: Github
) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    served.store.edit_params("pets", {"a": 1})
    closed = keep()
    assert (closed.code, closed.out.partition(".")[0]) == (0, "Pull request for production closed")
    assert (only(github)["state"], objects(github).tip(BRANCH)) == ("closed", None)
    [comment] = github.comments.values()
    assert comment["body"].endswith("\nClosed: `production` no longer drifts.")
    served.store.edit_params("pets", {"a": 2})
    assert keep().out.startswith("Pull request for production opened.")
    assert [pull["state"] for pull in github.heads.values()] == ["closed", "open"]


def test_a_commit_of_a_person_is_never_lost(served: Served, keep: Callable[..., Result], github: Github) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    theirs = push_of_a_person(github)
    served.store.edit_params("pets", {"b": 7})
    kept = keep()
    assert (kept.code, tip(github)) == (0, theirs)
    assert "has a commit that reconciler did not create" in kept.err
    assert "Reconciler no longer updates the branch" in only(github)["body"]
    assert "adopts 2 changes" in only(github)["body"]
    assert [request.split()[0] for request in github.writes] == ["PATCH"]
    # The drift is gone: it is closed, and the branch stays.
    served.store.edit_params("pets", {"a": 1, "b": 1})
    assert keep().out.startswith("Pull request for production closed.")
    assert tip(github) == theirs
    served.store.edit_params("pets", {"a": 3})
    assert keep().out.startswith("No pull request for production.")
    assert tip(github) == theirs


def test_a_commit_that_is_pushed_during_the_run_is_never_lost(
    served: Served, keep: Callable[..., Result], github: Github
) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    served.store.edit_params("pets", {"b": 7})
    theirs: list[str] = []

    def meanwhile(request: str) -> None:
        if request.startswith("POST /git/commits"):
            theirs.append(push_of_a_person(github))

    github.meanwhile = meanwhile
    kept = keep()
    assert (kept.code, [tip(github)]) == (0, theirs)
    assert "has a commit that reconciler did not create" in kept.err


def test_a_closed_one_stays_closed_until_something_else_drifts(
    served: Served, keep: Callable[..., Result], github: Github
) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    only(github)["state"] = "closed"
    declined = keep()
    assert "not opened again" in declined.out
    assert github.writes == []
    served.store.edit_params("pets", {"a": 3})
    assert keep().out.startswith("Pull request for production opened.")


def test_conflicts_and_secrets_are_named_and_left(
    served: Served, keep: Callable[..., Result], github: Github, repository: Path, write: Write
) -> None:
    write("pets.yaml", PETS.replace("a: 1", "a: 4"))
    commit_all(repository)
    served.store.edit_params("pets", {"a": 2})
    alone = keep()
    assert (alone.err, alone.code, alone.out) == ("", 0, "No pull request for production.\n")
    assert github.writes == []
    served.store.edit_params("pets", {"b": 7, "secret": "hidden"})
    both = keep()
    assert both.code == 0
    assert "params.secret of project.pets cannot be adopted" in both.err
    body = only(github)["body"]
    assert "1 unit is not adopted, because git has changed it too: `pets`: `params.a`." in body
    assert "reconciler adopt" in body
    assert "hidden" not in body + both.out + both.err
    assert changed(github) == [
        "-params: {a: 4, b: 1, secret: x}   # kept",
        "+params: {a: 4, b: 7, secret: x}   # kept",
    ]
    served.store.edit_params("pets", {"b": 1})
    assert keep().out.startswith("Pull request for production closed.")
    [comment] = github.comments.values()
    assert comment["body"].endswith("2 units of `production` still differ, and a person must decide about them.")


@pytest.mark.parametrize("may_write", [set(), {"contents"}])
def test_a_token_that_may_not_names_the_permission(
    served: Served, keep: Callable[..., Result], github: Github, may_write: set[str]
) -> None:
    served.store.edit_params("pets", {"a": 2})
    github.may_write = may_write
    refused = keep()
    assert refused.code == 1
    missing = "pull-requests: write" if may_write else "contents: write"
    assert f"Give the job the permission {missing}." in refused.err
    github.may_write = {"contents", "pull-requests"}
    assert keep().out.startswith("Pull request for production opened.")


def test_a_setting_of_the_repository_is_named(served: Served, keep: Callable[..., Result], github: Github) -> None:
    served.store.edit_params("pets", {"a": 2})
    words = {"message": "GitHub Actions is not permitted to create or approve pull requests."}
    github.faults.append(Fault("POST", "/pulls$", 403, body=words))
    assert "Use the token of a GitHub App" in keep().err


def test_an_older_checkout_changes_nothing(
    served: Served, keep: Callable[..., Result], github: Github, repository: Path, write: Write
) -> None:
    served.store.edit_params("pets", {"a": 2})
    old = git(repository, "rev-parse", "HEAD")
    write("cars.yaml", "# new\nname: cars\ntype: imageannotation\n")
    commit_all(repository, "second")
    keep()
    git(repository, "checkout", "-q", old)
    served.store.edit_params("pets", {"a": 3})
    late = keep(push=False)
    assert late.code == 0
    assert "this checkout is at" in late.err
    assert github.writes == []
    assert "the branch nowhere does not exist" in keep("--base", "nowhere", push=False).err
    fork = keep(event="pull_request", payload=pull_request(), push=False)
    assert (fork.code, github.writes) == (0, [])


def test_uncommitted_changes_are_not_pushed(
    served: Served, keep: Callable[..., Result], github: Github, write: Write
) -> None:
    write("pets.yaml", PETS + "# mine\n")
    served.store.edit_params("pets", {"a": 2})
    refused = keep()
    assert refused.code == 1
    assert "projects/pets.yaml has uncommitted changes" in refused.err
    assert github.log == []


def test_an_unreadable_project_keeps_it_open(served: Served, keep: Callable[..., Result], github: Github) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    served.store.archive("pets")
    blocked = keep()
    assert (blocked.code, only(github)["state"]) == (1, "open")
    assert github.writes == []


def test_a_job_of_its_own_has_a_branch_of_its_own(served: Served, keep: Callable[..., Result], github: Github) -> None:
    served.store.edit_params("pets", {"a": 2})
    keep()
    assert keep("--id", "Team A").out.startswith("Pull request for production, Team A opened.")
    first, second = (pull["head"]["ref"] for pull in github.heads.values())
    assert (first, second[:34]) == (BRANCH, "reconciler/adopt/production-team-a")


@pytest.mark.parametrize(
    "name",
    [
        "fixes #1",
        "closes GH-1",
        "resolves farm/x#1",
        "fixes https://github.com/farm/x/issues/1",
        "@octocat",
        "a\u202eb",
    ],
)
def test_no_name_acts_in_the_message_of_the_commit(
    cli: Cli, served: Served, keep: Callable[..., Result], github: Github, repository: Path, write: Write, name: str
) -> None:
    write("x.yaml", f"name: {json.dumps(name)}\ntype: imageannotation\nparams: {{a: 1}}\n")
    commit_all(repository)
    assert cli("apply", "--auto-approve").code == 0
    served.store.edit_params(name, {"a": 2, name: 3})
    assert keep().code == 0
    message = objects(github).run("log", "-1", "--format=%B", BRANCH)
    assert "Adopt 2 changes" in message
    assert not re.search(r"#|@|GH-|https:|\u202e", message)


def test_the_names_and_line_ends_that_git_stores(
    cli: Cli, served: Served, keep: Callable[..., Result], github: Github, repository: Path, write: Write
) -> None:
    (repository / ".gitattributes").write_text("*.yaml text eol=crlf\n")
    (repository / "projects" / "pets.yaml").write_bytes(PETS.replace("\n", "\r\n").encode())
    commit_all(repository)
    served.store.edit_params("pets", {"fixes #1": 2})
    assert keep().code == 0
    assert changed(github) == [
        "-params: {a: 1, b: 1, secret: x}   # kept",
        '+params: {a: 1, b: 1, secret: x, "fixes #1": 2}   # kept',
    ]
    assert "#1" not in objects(github).run("log", "-1", "--format=%B", BRANCH)
