"""A branch that is kept through GitHub's git data API, on a real bare repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import GithubError, GithubUnprocessableError
from reconciler.forge.github.branches import Content, MovedBranchError, put, tip_of
from reconciler.forge.github.client import GithubClient
from tests.forge.github.double import REPOSITORY, Fault, Github
from tests.forge.github.objects import Objects

B = "reconciler/adopt/x"
FILES = [Content("a/b.yaml", "100755", b"a: 1\r\n\xff"), Content("c", "100644", b"")]


@pytest.fixture
def base(github: Github, tmp_path: Path) -> str:
    github.objects = Objects(tmp_path / "farm.git", REPOSITORY)
    github.may_write = {"contents"}
    return commit(github, "main", {"kept": b"kept\n"})


def commit(github: Github, branch: str, files: dict[str, bytes], *parents: str) -> str:
    """A commit of someone, as the new tip of a branch."""
    assert github.objects is not None
    run, index = github.objects.run, github.objects.folder / "someone.index"
    index.unlink(missing_ok=True)
    for name, data in files.items():
        blob = run("hash-object", "-w", "--stdin", data=data)
        run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}", index=index)
    before = [word for parent in parents for word in ("-p", parent)]
    new = run("commit-tree", run("write-tree", index=index), *before, "-m", "someone")
    run("update-ref", f"refs/heads/{branch}", new)
    return new


def listing(github: Github) -> list[str]:
    assert github.objects is not None
    return [line.split()[0] + " " + line.split("\t")[1] for line in github.objects.run("ls-tree", "-r", B).splitlines()]


def test_a_new_branch_and_one_that_is_the_same(client: GithubClient, github: Github, base: str) -> None:
    assert tip_of(client, B) is None
    assert put(client, B, None, base=base, files=FILES, message="Adopt\n")
    tip = tip_of(client, B)
    assert tip is not None
    assert (tip.ours, tip.parents) == (True, (base,))
    assert listing(github) == ["100755 a/b.yaml", "100644 c", "100644 kept"]
    github.log.clear()
    assert not put(client, B, tip, base=base, files=FILES, message="Adopt\n")
    assert github.log == []


def test_a_commit_that_someone_amended_is_theirs(client: GithubClient, github: Github, base: str) -> None:
    put(client, B, None, base=base, files=FILES, message="Adopt")
    assert github.objects is not None
    message = github.objects.run("log", "-1", "--format=%B", B)
    tree = github.objects.run("rev-parse", f"{base}^{{tree}}")
    amended = github.objects.run("commit-tree", tree, "-p", base, "-F", "-", data=message.encode())
    github.objects.run("update-ref", f"refs/heads/{B}", amended)
    tip = tip_of(client, B)
    assert tip is not None
    assert not tip.ours


def test_someone_is_first(client: GithubClient, github: Github, base: str) -> None:
    theirs = commit(github, B, {"x": b"x"})
    with pytest.raises(MovedBranchError):
        put(client, B, None, base=base, files=FILES, message="Adopt")
    assert github.objects is not None
    assert github.objects.tip(B) == theirs


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_lost_answer_is_no_race(client: GithubClient, github: Github, base: str, method: str) -> None:
    tip = None
    if method == "PATCH":
        put(client, B, None, base=base, files=FILES[1:], message="Adopt")
        tip = tip_of(client, B)
    github.faults.append(Fault(method, "/git/refs", landed=True))
    assert put(client, B, tip, base=base, files=FILES, message="Adopt")
    assert listing(github) == ["100755 a/b.yaml", "100644 c", "100644 kept"]


def test_a_rule_that_refuses_is_no_race(client: GithubClient, github: Github, base: str) -> None:
    github.faults.append(Fault("POST", "/git/refs", 422, body={"message": "Repository rule violations found"}))
    with pytest.raises(GithubUnprocessableError, match="rule violations"):
        put(client, B, None, base=base, files=FILES, message="Adopt")


def test_an_answer_that_is_something_else(client: GithubClient, github: Github, base: str) -> None:
    github.faults.append(Fault("GET", "/git/ref/", 200, body={"object": []}))
    with pytest.raises(GithubError, match="does not contain sha"):
        tip_of(client, B)
