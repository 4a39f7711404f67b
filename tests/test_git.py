"""The git functions that the record stands on, with real repositories and a real remote."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError

REF = "refs/reconciler/record/t"
ABSENT = "0123456789012345678901234567890123456789"


def run(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def refs(folder: Path) -> str:
    return run(folder, "for-each-ref")


@pytest.fixture(autouse=True)
def no_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in list(os.environ):
        if name.startswith(("GIT_", "EMAIL", "XDG_CONFIG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    run(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Path:
    run(tmp_path, "clone", "--quiet", str(remote), "clone")
    return tmp_path / "clone"


def test_a_commit_is_the_reconcilers_whatever_identity_there_is(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(clone, "config", "user.name", "Someone")
    run(clone, "config", "commit.gpgSign", "true")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Another")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    first = git.commit_file(clone, "a.json", b"1\n", None, "first: ü")
    second = git.commit_file(clone, "a.json", b"2\xff\n", first, "")
    said = run(clone, "log", "--format=%an %ae %cn %ce %ad %s", "--date=format:%Y", second).split("\n")
    year = time.strftime("%Y")
    who = "reconciler reconciler@localhost reconciler reconciler@localhost"
    assert said == [f"{who} {year} ", f"{who} {year} first: ü"] or said == [f"{who} {year}", f"{who} {year} first: ü"]
    assert run(clone, "ls-tree", "-r", "--name-only", second) == "a.json"
    assert git.read_file_at(clone, second, "a.json") == b"2\xff\n"
    assert git.read_file_at(clone, first, "a.json") == b"1\n"
    assert git.read_file_at(clone, first, "b.json") is None
    assert git.file_size_at(clone, second, "a.json") == 3
    assert git.file_size_at(clone, first, "b.json") is None
    assert git.common_ancestor(clone, first, second) == first
    assert git.common_ancestor(clone, first, git.commit_file(clone, "a.json", b"3", None, "x")) is None
    assert refs(clone) == ""
    with pytest.raises(GitRefusedError):
        git.read_file_at(clone, ABSENT, "a.json")


def test_a_ref_moves_only_from_where_it_is_expected(clone: Path) -> None:
    first = git.commit_file(clone, "a", b"1", None, "first")
    second = git.commit_file(clone, "a", b"2", first, "second")
    assert git.read_ref(clone, REF) is None
    assert not git.move_ref(clone, REF, second, first)
    assert git.move_ref(clone, REF, first, None)
    assert not git.move_ref(clone, REF, second, None)
    assert git.move_ref(clone, REF, second, first)
    assert not git.move_ref(clone, REF, second, first)
    assert git.read_ref(clone, REF) == second
    lock = clone / ".git" / f"{REF}.lock"
    lock.touch()
    assert not git.move_ref(clone, REF, first, second)
    lock.unlink()
    with pytest.raises(GitRefusedError, match="update-ref"):
        git.move_ref(clone, REF, ABSENT, second)


def test_fetch_writes_no_ref_even_where_the_remote_is_mirrored(clone: Path, remote: Path, tmp_path: Path) -> None:
    assert git.remotes(clone) == ("origin",)
    assert git.fetch(clone, "origin", REF) is None
    other = tmp_path / "other"
    run(tmp_path, "clone", "--quiet", str(remote), str(other))
    commit = git.commit_file(other, "a", b"1", None, "first")
    alike = git.commit_file(other, "a", b"0", None, "a name that ends alike")
    run(other, "push", "--quiet", "origin", f"{commit}:{REF}", f"{alike}:refs/heads/{REF}")
    run(clone, "config", "remote.origin.fetch", "+refs/*:refs/*")
    run(clone, "config", "remote.origin.prune", "true")
    run(clone, "update-ref", "refs/tags/mine", git.commit_file(clone, "a", b"2", None, "mine"))
    before = refs(clone)
    assert git.fetch(clone, "origin", REF) == commit
    assert git.read_file_at(clone, commit, "a") == b"1"
    assert refs(clone) == before
    assert not (clone / ".git/FETCH_HEAD").exists()


def test_push_wins_or_loses_and_never_overwrites(clone: Path, remote: Path) -> None:
    first = git.commit_file(clone, "a", b"1", None, "first")
    second = git.commit_file(clone, "a", b"2", first, "second")
    other = git.commit_file(clone, "a", b"3", first, "other")
    run(clone, "config", "push.followTags", "true")
    assert git.push(clone, "origin", first, REF, None)
    assert not git.push(clone, "origin", second, REF, None)
    assert git.push(clone, "origin", second, REF, first)
    assert not git.push(clone, "origin", other, REF, first)
    assert git.push(clone, "origin", second, REF, second)
    assert run(remote, "rev-parse", REF) == second


def test_what_a_remote_refuses_is_an_error_and_not_a_lost_race(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'records are closed' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitRefusedError, match="hook declined") as caught:
        git.push(clone, "origin", git.commit_file(clone, "a", b"1", None, "first"), REF, None)
    assert "records are closed" in caught.value.detail


def test_an_unreachable_remote_is_an_error_without_its_keys(clone: Path) -> None:
    run(clone, "remote", "set-url", "origin", "http://someone:secret@127.0.0.1:9/x.git")
    with pytest.raises(GitRefusedError, match="git ls-remote failed") as fetched:
        git.fetch(clone, "origin", REF)
    with pytest.raises(GitRefusedError, match="git push failed") as pushed:
        git.push(clone, "origin", git.commit_file(clone, "a", b"1", None, "first"), REF, None)
    assert "secret" not in fetched.value.summary + fetched.value.detail + pushed.value.summary + pushed.value.detail


def test_an_interrupt_is_raised_when_the_push_has_ended(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    started = remote / "started"
    hook.write_text(f"#!/bin/sh\n: > '{started}'\nsleep 1\n")
    hook.chmod(0o755)
    commit = git.commit_file(clone, "a", b"1", None, "first")

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        git.push(clone, "origin", commit, REF, None)
    watcher.join()
    assert run(remote, "rev-parse", REF) == commit


def test_ssh_is_told_not_to_prompt_unless_someone_chose_a_command(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("ssh", "chosen"):
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*" >&2\nexit 255\n')
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    run(clone, "remote", "set-url", "origin", "ssh://host.invalid/x")

    def command() -> str:
        with pytest.raises(GitRefusedError) as caught:
            git.fetch(clone, "origin", REF)
        return caught.value.detail.split("\n")[0]

    assert command().startswith("ssh -oBatchMode=yes ")
    run(clone, "config", "core.sshCommand", "chosen")
    assert command().startswith("chosen ")
    run(clone, "config", "--unset", "core.sshCommand")
    monkeypatch.setenv("GIT_SSH_COMMAND", "chosen -x")
    assert command().startswith("chosen -x ")


def test_outside_git_and_without_git(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / "below").mkdir()
    assert git.is_repository(clone / "below")
    assert not git.is_repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "home"))
    assert git.version(clone) is None
    assert not git.is_repository(tmp_path)
    asked = (git.is_repository, git.common_folder, git.remotes, lambda clone: git.move_ref(clone, REF, ABSENT, None))
    for ask in asked:
        with pytest.raises(GitRefusedError, match="git is missing"):
            ask(clone)


def test_a_git_that_refuses_is_never_outside_git(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "home/git"
    fake.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="dubious ownership") as caught:
        git.is_repository(clone)
    assert caught.value.detail == "Allow it: git config --global --add safe.directory /x"


class _Recording(BaseHTTPRequestHandler):
    """Answers every request with 404 and remembers the Authorization headers that it came with."""

    seen: ClassVar[list[list[str]]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get_all("Authorization") or [])
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_a_jobs_token_goes_to_its_server_alone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Recording, "seen", [])
    login = base64.b64encode(b"x-access-token:t0ken").decode()
    with HTTPServer(("127.0.0.1", 0), _Recording) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        run(clone, "remote", "add", "hub", f"{address}/o/r.git")
        run(clone, "config", f"http.{address}/.extraheader", "AUTHORIZATION: basic kept")
        monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
        monkeypatch.setenv("GITHUB_SERVER_URL", address)
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "x.y")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", "z")
        for environment in ({}, {"GITHUB_ACTIONS": "true"}, {"GITHUB_SERVER_URL": "https://elsewhere.invalid"}):
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            with pytest.raises(GitRefusedError) as refused:
                git.fetch(clone, "hub", REF)
            assert "t0ken" not in f"{refused.value} {refused.value.detail}"
            assert login not in f"{refused.value} {refused.value.detail}"
        server.shutdown()
    assert [header for headers in _Recording.seen for header in headers] == [
        "basic kept",
        f"basic {login}",
        "basic kept",
    ]
    assert login not in (clone / ".git" / "config").read_text()


def test_the_first_parent_line(clone: Path, tmp_path: Path) -> None:
    commits: list[str] = []
    for name in "abc":
        commits.append(git.commit_file(clone, name, b"", commits[-1] if commits else None, name))
    side = git.commit_file(clone, "side", b"", commits[0], "side")
    merged = run(clone, "-c", "user.name=x", "-c", "user.email=x@y", "commit-tree", f"{side}^{{tree}}",
                 "-p", commits[2], "-p", side, "-m", "merge")  # fmt: skip
    assert git.first_parents(clone, commits[0], merged, most=9) == (merged, commits[2], commits[1])
    assert git.first_parents(clone, commits[0], merged, most=1) == (merged,)
    assert git.first_parents(clone, merged, commits[0], most=9) == ()
    assert git.first_parents(clone, ABSENT, merged, most=9) is None
    assert git.first_parents(clone, merged, "-x", most=9) is None
    assert git.first_parents(tmp_path, commits[0], merged, most=9) is None
