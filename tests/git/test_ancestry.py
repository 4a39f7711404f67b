"""Whether a commit contains another one, with real repositories and clones of every kind."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from http.server import HTTPServer
from pathlib import Path

import pytest

from reconciler.errors import GitRefusedError
from reconciler.git import ancestry
from reconciler.git.ancestry import Ancestry, reaches
from reconciler.git.process import connection, output
from reconciler.model.guards import Standing
from tests.git.test_refs import Recording
from tests.repositories import git

COMMITS = 8


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A remote with a line of commits on `main`, and one beside it on `other`."""
    folder = tmp_path_factory.mktemp("line")
    git(folder, "init", "-q", "--bare", "-b", "main", "remote.git")
    remote = folder / "remote.git"
    tree = git(remote, "hash-object", "-t", "tree", "-w", "/dev/null")
    commits: list[str] = []
    for number in range(COMMITS):
        parent = ("-p", commits[-1]) if commits else ()
        commits.append(git(remote, "commit-tree", *parent, "-m", str(number), tree))
    git(remote, "update-ref", "refs/heads/main", commits[-1])
    beside = git(remote, "commit-tree", "-p", commits[2], "-m", "beside", tree)
    git(remote, "update-ref", "refs/heads/other", beside)
    git(remote, "config", "uploadpack.allowFilter", "true")
    return remote, [*commits, beside]


def clone(tmp_path: Path, line: tuple[Path, list[str]], *options: str) -> Path:
    git(tmp_path, "clone", "-q", *options, f"file://{line[0]}", "clone")
    return tmp_path / "clone"


@pytest.fixture(autouse=True)
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ancestry, "_DEPTHS", (2, 4, 0x7FFFFFFF))


HEAD, BESIDE, GONE = COMMITS - 1, COMMITS, -1
CASES = [
    (HEAD, HEAD, Standing.CONTAINED),
    (HEAD, 2, Standing.CONTAINED),
    (1, HEAD, Standing.OLDER),
    (BESIDE, HEAD, Standing.OLDER),
    (HEAD, BESIDE, Standing.ELSEWHERE),
]


@pytest.mark.parametrize("options", [("--depth=1",), ("--filter=tree:0", "--single-branch")])
def test_every_kind_of_clone(tmp_path: Path, line: tuple[Path, list[str]], options: tuple[str, ...]) -> None:
    root = clone(tmp_path, line, *options)
    before = {file: file.stat().st_mtime_ns for file in (root / ".git").rglob("*")}
    commits = line[1]
    for head, applied, standing in CASES:
        assert Ancestry(root, "origin").standing(commits[head], commits[applied]) is standing, (head, applied)
    assert Ancestry(root, "origin").standing(commits[HEAD], "12" * 20) is Standing.ELSEWHERE
    assert {file: file.stat().st_mtime_ns for file in (root / ".git").rglob("*")} == before


@pytest.mark.parametrize("forged", ["--output=x", "HEAD", "", "main~1"])
def test_what_is_not_a_commit_is_not_given_to_git(tmp_path: Path, forged: str) -> None:
    for head, applied in ((forged, "12" * 20), ("12" * 20, forged)):
        assert Ancestry(tmp_path / "nowhere", "origin").standing(head, applied) is Standing.UNKNOWN


def test_the_branch_that_is_checked_out(tmp_path: Path, line: tuple[Path, list[str]]) -> None:
    """Its remote branch counts beside the default branch."""
    root = clone(tmp_path, line, "--branch=other")
    commits = line[1]
    assert Ancestry(root, "origin").standing(commits[2], commits[BESIDE]) is Standing.OLDER
    git(root, "checkout", "-q", "main")
    assert Ancestry(root, "origin").standing(commits[2], commits[BESIDE]) is Standing.ELSEWHERE


@pytest.mark.parametrize("remote", [None, "origin"])
def test_without_a_branch_to_ask(tmp_path: Path, line: tuple[Path, list[str]], remote: str | None) -> None:
    """Without a remote, or with an empty one, only an ancestor is older."""
    commits = line[1]
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    root = clone(tmp_path, line)
    git(root, "remote", "set-url", "origin", "../empty.git")
    ask = Ancestry(root, remote)
    assert ask.standing(commits[HEAD - 1], commits[HEAD]) is Standing.OLDER
    assert ask.standing(commits[BESIDE], commits[HEAD]) is Standing.ELSEWHERE
    assert ask.standing(commits[HEAD], "12" * 20) is Standing.UNKNOWN
    shutil.rmtree(root)
    root = clone(tmp_path, line, "--depth=1")
    assert Ancestry(root, None).standing(commits[HEAD], commits[0]) is Standing.UNKNOWN


@pytest.mark.parametrize("setting", ["uploadpack.allowFilter=false", "uploadpackfilter.tree.allow=false"])
def test_a_server_that_refuses_filters(tmp_path: Path, line: tuple[Path, list[str]], setting: str) -> None:
    remote = tmp_path / "remote.git"
    shutil.copytree(line[0], remote)
    git(remote, "config", *setting.split("="))
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{remote}", "clone")
    commits = line[1]
    assert Ancestry(tmp_path / "clone", "origin").standing(commits[HEAD], commits[1]) is Standing.CONTAINED
    assert Ancestry(tmp_path / "clone", "origin").standing(commits[1], commits[HEAD]) is Standing.OLDER


def test_no_more_is_fetched_than_needed(
    tmp_path: Path, line: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is fetched, no commit beyond the answer, and nothing is left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    commits, seen = line[1], []
    original = ancestry._Fetched.fetch

    def fetch(self: ancestry._Fetched, *arguments: object) -> object:
        found = original(self, *arguments)  # type: ignore[arg-type]
        said = git(self._folder, "cat-file", "--batch-check=%(objecttype)", "--batch-all-objects")
        seen.append(said.split())
        return found

    monkeypatch.setattr(ancestry._Fetched, "fetch", fetch)
    root = clone(tmp_path, line, "--depth=1")
    assert Ancestry(root, "origin").standing(commits[HEAD], commits[HEAD - 1]) is Standing.CONTAINED
    assert [set(kinds) for kinds in seen] == [{"commit"}]
    assert len(seen[0]) < COMMITS
    assert not [name for name in os.listdir(tmp_path) if name.startswith("reconciler-")]


def test_connection_settings_of_the_clone_are_used(tmp_path: Path, line: tuple[Path, list[str]]) -> None:
    root = clone(tmp_path, line, "--depth=1")
    git(root, "config", f"url.file://{tmp_path}/.insteadOf", "short:")
    (tmp_path / "remote.git").symlink_to(line[0])
    git(root, "remote", "set-url", "origin", "short:remote.git")
    commits = line[1]
    assert Ancestry(root, "origin").standing(commits[HEAD], commits[0]) is Standing.CONTAINED


def test_a_token_that_the_checkout_keeps_is_sent_once(
    tmp_path: Path, line: tuple[Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """actions/checkout keeps it in a file that the configuration of this one repository includes."""
    root = clone(tmp_path, line)
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "-q")
    monkeypatch.setattr(Recording, "seen", [])
    with HTTPServer(("127.0.0.1", 0), Recording) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        git(tmp_path, "config", "-f", "kept", f"http.{address}/.extraheader", "AUTHORIZATION: basic kept")
        git(root, "config", f"includeIf.gitdir:{root}/.git.path", str(tmp_path / "kept"))
        git(root, "remote", "set-url", "origin", f"{address}/o/r.git")
        remote, environment = connection(root, "origin", (), elsewhere=True)
        with pytest.raises(GitRefusedError):
            output(other, "ls-remote", remote, environment=environment)
        server.shutdown()
    assert Recording.seen == [["basic kept"]]


def test_what_is_known_decides() -> None:
    known = {"d": ("c",), "c": ("b", "x"), "b": ("a",), "a": ()}
    assert reaches("d", "a", known) is True
    assert reaches("a", "d", known) is False
    assert reaches("d", "y", known) is None  # `x` may have any parent
    assert reaches("c", "d", known) is False  # `x` is an ancestor of `d`, so it does not contain it
