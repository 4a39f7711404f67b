"""Refs that hold files, with real repositories, a real remote, and clones of every kind."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError
from reconciler.forge.github.login import git_login
from reconciler.git.discovery import SETTINGS
from reconciler.git.objects import NotACommitError, Objects, TooLargeError, UnreadableRefError
from reconciler.git.refs import Held, Refs
from reconciler.record.stores import open_record
from tests.git.conftest import Trap
from tests.git.test_ending import eventually, processes
from tests.repositories import git as run

REF = "refs/reconciler/record/t"
ABSENT = "0123456789012345678901234567890123456789"
MOST = 1000


@pytest.fixture
def clone(tmp_path: Path, checkout: Path, remote: Path) -> Path:
    """A clone of a remote that has a branch with a commit."""
    run(checkout, "push", "-q", str(remote), "main")
    run(tmp_path, "clone", "-q", str(remote), "clone")
    return tmp_path / "clone"


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The subcommands of git that ran since it was called last."""
    tools = tmp_path / "counting"
    tools.mkdir()
    (tools / "git").write_text(f'#!/bin/sh\necho "$*" >> "{tools}/log"\nexec "{shutil.which("git")}" "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")

    def since() -> list[str]:
        lines = (tools / "log").read_text().splitlines() if (tools / "log").exists() else []
        (tools / "log").write_text("")
        return [line.split()[len(SETTINGS)] for line in lines]

    return since


def read(root: Path, remote: str | None = "origin", *, most: int = MOST) -> Held | None:
    return Refs(root, remote).read(REF, most=most)


def write(root: Path, content: bytes, remote: str | None = "origin") -> str:
    """Put a file into the ref, on top of what is there."""
    refs = Refs(root, remote)
    held = refs.read(REF, most=MOST)
    made = refs.commit(held.commit if held else None, {"a": content}, "x")
    assert refs.swap(REF, made, held.commit if held else None)
    return made


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below one, with its mode and content."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }


def all_refs(folder: Path) -> str:
    return run(folder, "for-each-ref")


# ---- Commits and swaps


@pytest.mark.parametrize("where", [None, "origin"])
def test_a_commit_is_the_reconcilers_whatever_identity_there_is(
    clone: Path, remote: Path, trap: Trap, monkeypatch: pytest.MonkeyPatch, where: str | None
) -> None:
    run(clone, "config", "user.name", "Someone")
    run(clone, "config", "commit.gpgSign", "true")
    run(clone, "config", "gpg.program", trap.command)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Another")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00Z")
    before = all_refs(clone)
    refs = Refs(clone, where)
    first = refs.commit(None, {"a.json": b"1\n", "b/c.json": b""}, "first: ü")
    second = refs.commit(first, {"a.json": b"2\xff\n", "b/c.json": None}, "")
    third = refs.commit(second, {"d": b"3"}, "third\n\nmore\n")
    assert all_refs(clone) == before
    assert refs.swap(REF, third, None)
    monkeypatch.undo()
    folder = remote if where else clone
    said = run(folder, "log", "--format=%an %ae %cn %ce %ad|%s", "--date=format:%Y", REF).split("\n")
    who = f"reconciler reconciler@localhost reconciler reconciler@localhost {time.strftime('%Y')}"
    assert said == [f"{who}|third", f"{who}|", f"{who}|first: ü"]
    assert run(folder, "ls-tree", "-r", "--name-only", third).split() == ["a.json", "d"]
    assert run(folder, "ls-tree", "-r", "--name-only", first).split() == ["a.json", "b/c.json"]
    assert refs.read(REF, most=MOST) == Held(third, {"a.json": b"2\xff\n", "d": b"3"})
    assert run(folder, "cat-file", "commit", first).count("gpgsig") == 0
    assert refs.holds(REF, first)
    assert not refs.holds(REF, refs.commit(None, {"a": b"3"}, "x"))
    assert not trap.sprung
    run(folder, "fsck", "--strict")


def test_a_ref_moves_only_from_where_it_is_expected(clone: Path) -> None:
    refs = Refs(clone, None)
    first = refs.commit(None, {"a": b"1"}, "first")
    second = refs.commit(first, {"a": b"2"}, "second")
    assert refs.tip(REF) is None
    assert not refs.holds(REF, first)
    assert not refs.swap(REF, second, first)
    assert not refs.swap(REF, None, first)
    assert refs.swap(REF, None, None)
    assert refs.swap(REF, first, None)
    assert not refs.swap(REF, second, None)
    assert refs.swap(REF, second, first)
    assert not refs.swap(REF, second, first)
    assert refs.tip(REF) == second
    lock = clone / ".git" / f"{REF}.lock"
    lock.touch()
    assert not refs.swap(REF, first, second)
    lock.unlink()
    with pytest.raises(GitRefusedError, match="update-ref"):
        refs.swap(REF, ABSENT, second)
    assert refs.swap(REF, None, second)
    assert refs.tip(REF) is None


def test_a_push_wins_or_loses_and_never_overwrites(clone: Path, remote: Path) -> None:
    refs = Refs(clone, "origin")
    first = refs.commit(None, {"a": b"1"}, "first")
    second = refs.commit(first, {"a": b"2"}, "second")
    other = refs.commit(first, {"a": b"3"}, "other")
    assert refs.swap(REF, first, None)
    assert not refs.swap(REF, second, None)
    assert refs.swap(REF, second, first)
    assert not refs.swap(REF, other, first)
    assert refs.swap(REF, second, second)
    assert run(remote, "rev-parse", REF) == second
    assert not refs.swap(REF, None, first)
    assert refs.swap(REF, other, second)
    assert run(remote, "rev-parse", REF) == other
    assert refs.swap(REF, None, other)
    assert refs.tip(REF) is None
    lock = remote / f"{REF}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert not refs.swap(REF, first, None)


def test_a_ref_of_a_name_that_ends_alike_is_another(clone: Path, remote: Path) -> None:
    """Git itself takes a branch or a tag for a ref that is missing."""
    refs = Refs(clone, None)
    alike = refs.commit(None, {"a": b"0"}, "alike")
    for name in (f"refs/heads/{REF}", f"refs/tags/{REF}", f"{REF}/below"):
        run(clone, "update-ref", name, alike)
        run(remote, "fetch", "-q", str(clone), f"{name}:{name}")
    for where in (None, "origin"):
        assert read(clone, where) is None
        assert Refs(clone, where).tip(REF) is None
    before = all_refs(remote)
    pushing = Refs(clone, "origin")
    commit = pushing.commit(None, {"a": b"1"}, "x")
    with pytest.raises(GitRefusedError, match="matches more than one"):
        pushing.swap(REF, commit, None)
    assert all_refs(remote) == before
    for folder in (clone, remote):
        for name in (f"refs/tags/{REF}", f"{REF}/below"):
            run(folder, "update-ref", "-d", name)
    before = all_refs(remote)
    with pytest.raises(GitRefusedError, match="conflicts with a branch or tag"):
        pushing.swap(REF, commit, None)
    assert all_refs(remote) == before
    run(remote, "update-ref", "-d", f"refs/heads/{REF}")
    for where in (None, "origin"):
        made = write(clone, b"1", where)
        assert read(clone, where) == Held(made, {"a": b"1"})
    run(remote, "update-ref", f"refs/heads/{REF}", "main")
    with pytest.raises(GitRefusedError, match="matches more than one"):
        write(clone, b"2")
    assert read(clone) == Held(made, {"a": b"1"})


def test_what_a_remote_refuses_is_an_error_and_not_a_lost_race(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'records are closed' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(GitRefusedError, match="hook declined") as caught:
        write(clone, b"1")
    assert "records are closed" in caught.value.detail


def test_a_push_without_an_answer_may_have_landed(clone: Path, remote: Path) -> None:
    """As when a connection breaks after the remote has moved the ref."""
    hook = remote / "hooks/post-receive"
    hook.write_text("#!/bin/sh\nkill -KILL $PPID\n")
    hook.chmod(0o755)
    refs = Refs(clone, "origin")
    first = refs.commit(None, {"a": b"1"}, "first")
    with pytest.raises(GitRefusedError, match="git push failed"):
        refs.swap(REF, first, None)
    assert refs.holds(REF, first)
    hook.unlink()
    write(clone, b"2")
    assert refs.holds(REF, first)
    assert not refs.holds(REF, refs.commit(first, {"a": b"3"}, "x"))


def test_an_unreachable_remote_is_an_error_without_its_keys(clone: Path) -> None:
    run(clone, "remote", "set-url", "origin", "http://someone:secret@127.0.0.1:9/x.git")
    refs = Refs(clone, "origin")
    commit = refs.commit(None, {"a": b"1"}, "first")
    for attempt, words in (
        (lambda: refs.tip(REF), "git ls-remote failed"),
        (lambda: refs.read(REF, most=MOST), "git ls-remote failed"),
        (lambda: refs.swap(REF, commit, None), "git push failed"),
    ):
        with pytest.raises(GitRefusedError, match=words) as caught:
            attempt()
        assert "secret" not in caught.value.summary + caught.value.detail


def test_an_interrupt_is_raised_when_the_push_has_ended(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    started = remote / "started"
    hook.write_text(f"#!/bin/sh\n: > '{started}'\nsleep 1\n")
    hook.chmod(0o755)
    refs = Refs(clone, "origin")
    commit = refs.commit(None, {"a": b"1"}, "first")

    def interrupt() -> None:
        while not started.exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        refs.swap(REF, commit, None)
    watcher.join()
    assert run(remote, "rev-parse", REF) == commit


# ---- The connection


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
            read(clone)
        return caught.value.detail.split("\n")[0]

    assert command().startswith("ssh -oBatchMode=yes ")
    run(clone, "config", "core.sshCommand", "chosen")
    assert command().startswith("chosen ")
    run(clone, "config", "--unset", "core.sshCommand")
    monkeypatch.setenv("GIT_SSH_COMMAND", "chosen -x")
    assert command().startswith("chosen -x ")


class Recording(BaseHTTPRequestHandler):
    """Answers every request with 404 and remembers the Authorization headers that it came with."""

    seen: ClassVar[list[list[str]]] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get_all("Authorization") or [])
        self.send_response(404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


def test_a_jobs_token_goes_to_its_server_alone(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recording, "seen", [])
    login = base64.b64encode(b"x-access-token:t0ken").decode()
    with HTTPServer(("127.0.0.1", 0), Recording) as server:
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
                Refs(clone, "hub", git_login(os.environ).settings).read(REF, most=MOST)
            assert "t0ken" not in f"{refused.value} {refused.value.detail}"
            assert login not in f"{refused.value} {refused.value.detail}"
        server.shutdown()
    assert [header for headers in Recording.seen for header in headers] == [
        "basic kept",
        f"basic {login}",
        "basic kept",
    ]
    assert login not in (clone / ".git" / "config").read_text()


def test_a_remote_is_reached_as_it_is_configured(clone: Path, remote: Path, tmp_path: Path, trap: Trap) -> None:
    """The settings that say how to reach it are used; those of a remote with a longer name are not."""
    log = tmp_path / "log"
    for name in ("upload-pack", "receive-pack"):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {name} >> "{log}"\nexec git {name} "$@"\n')
        (tmp_path / name).chmod(0o755)
    run(clone, "config", "remote.origin.uploadpack", str(tmp_path / "upload-pack"))
    run(clone, "config", "remote.origin.receivepack", str(tmp_path / "receive-pack"))
    run(clone, "config", "remote.origin.url", "away:remote.git")
    run(clone, "config", "remote.origin.pushurl", "push:remote.git")
    run(clone, "config", f"url.{tmp_path}/.insteadOf", "away:")
    run(clone, "config", "--add", f"url.{tmp_path}/.insteadOf", "push:")
    run(clone, "config", "remote.origin.more.url", "/nowhere")
    run(clone, "config", "remote.origin.more.uploadpack", trap.command)
    made = write(clone, b"1")
    assert read(clone) == Held(made, {"a": b"1"})
    assert log.read_text().split() == [*["upload-pack"], "receive-pack", *["upload-pack"] * 2]
    assert not trap.sprung
    run(clone, "config", "remote.near.proxy", "")
    shutil.copytree(remote, clone / "near")
    assert read(clone, "near") == Held(made, {"a": b"1"})


# ---- Forged and damaged refs


def point(folder: Path, ref: str, name: str) -> str:
    run(folder, "update-ref", ref, name)
    return run(folder, "rev-parse", ref)


@pytest.mark.parametrize("where", [None, "origin"])
def test_a_ref_that_is_no_commit_is_named_with_its_tip(clone: Path, remote: Path, where: str | None) -> None:
    folder = remote if where else clone
    run(folder, "tag", "-a", "-m", "x", "t", "main")
    for kind, name in (("tree", "main^{tree}"), ("blob", "main:reconciler.toml"), ("tag", "t")):
        tip = point(folder, REF, name)
        with pytest.raises(NotACommitError) as caught:
            read(clone, where)
        assert (caught.value.summary, caught.value.tip) == (f"{REF} points to a {kind}, not to a commit", tip)
        assert Refs(clone, where).tip(REF) == tip
    refs = Refs(clone, where)
    good = refs.commit(None, {"a": b"1"}, "x")
    assert refs.swap(REF, good, tip)
    assert refs.read(REF, most=MOST) == Held(good, {"a": b"1"})


@pytest.mark.parametrize("where", [None, "origin"])
def test_files_are_bounded_before_one_is_read(
    clone: Path, where: str | None, commands: Callable[[], list[str]]
) -> None:
    refs = Refs(clone, where)
    half, rest = b"1" * 500, b"2" * 501
    fits = refs.commit(None, {"a": half, "b": half}, "x")
    assert refs.swap(REF, fits, None)
    assert read(clone, where) == Held(fits, {"a": half, "b": half})
    large = refs.commit(fits, {"b": rest}, "x")
    assert refs.swap(REF, large, fits)
    commands()
    with pytest.raises(TooLargeError, match=f"{REF} has 1,001 bytes; the limit is 1,000 bytes") as caught:
        read(clone, where)
    assert (caught.value.tip, caught.value.size) == (large, 1001)
    assert "cat-file" not in commands()
    assert read(clone, where, most=1001) == Held(large, {"a": half, "b": rest})


def test_a_tree_that_unfolds_without_end_is_not_listed(clone: Path, temporary: Path) -> None:
    """Ten trees of ten times the one below them: ten thousand million files in a few hundred bytes."""
    entry = f"100644 blob {run(clone, 'hash-object', '-w', 'reconciler.toml')}"
    for _ in range(10):
        lines = "".join(f"{entry}\t{number}\n" for number in range(10))
        made = subprocess.run(["git", "mktree"], cwd=clone, input=lines, check=True, capture_output=True, text=True)
        entry = f"040000 tree {made.stdout.strip()}"
    forged = point(clone, REF, run(clone, "commit-tree", entry.split()[2], "-m", "x"))
    run(clone, "push", "-q", "origin", REF)
    for where in (None, "origin"):
        with pytest.raises(TooLargeError, match="has too many files; the limit is 1,000,000 bytes") as caught:
            read(clone, where, most=1_000_000)
        assert (caught.value.tip, caught.value.size) == (forged, None)
        del caught
        assert eventually(lambda: not processes(f"{forged}^0"))
    assert list(temporary.iterdir()) == []


_PEAK = """\
import re, resource, sys
from pathlib import Path
from reconciler.git.objects import TooLargeError
from reconciler.git.refs import Refs
try:
    Refs(Path(sys.argv[1]), "origin").read(sys.argv[2], most=1000)
except TooLargeError as problem:
    own = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]
    print(problem.size, own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""The size of what was not read, and the peak of memory of this process and of the largest child, in KB.

The peak in getrusage of a process includes that of the process which started it.
"""


@pytest.mark.untraced
def test_a_forged_file_costs_no_memory(clone: Path, remote: Path) -> None:
    """Neither here nor in the git that fetches it."""
    size = 100_000_000
    run(clone, "config", "core.compression", "1")
    with (clone / "large").open("wb") as file:
        file.truncate(size)
    run(clone, "add", "large")
    run(clone, "commit", "-q", "-m", "large")
    run(clone, "push", "-q", "origin", f"HEAD:{REF}")
    run(remote, "config", "core.bigFileThreshold", "1m")  # the remote here is a child of this process
    reported = subprocess.run([sys.executable, "-c", _PEAK, clone, REF], check=True, capture_output=True, text=True)
    shown_size, *peaks = map(int, reported.stdout.split())
    assert shown_size > size
    assert max(peaks) < 75_000


def test_only_plain_files_are_read(clone: Path) -> None:
    blob = run(clone, "hash-object", "-w", "reconciler.toml")
    head = run(clone, "rev-parse", "HEAD")
    lines = f"100644 blob {blob}\ta\n100755 blob {blob}\tb\n120000 blob {blob}\tc\n160000 commit {head}\td\n"
    made = subprocess.run(["git", "mktree"], cwd=clone, input=lines, check=True, capture_output=True, text=True)
    forged = point(clone, REF, run(clone, "commit-tree", made.stdout.strip(), "-m", "x"))
    assert read(clone, None) == Held(forged, {"a": b"", "b": b""})


def test_a_clone_that_has_lost_objects_or_refs(clone: Path) -> None:
    def lose(name: str) -> bytes:
        file = clone / f".git/objects/{name[:2]}/{name[2:]}"
        content = file.read_bytes()
        file.unlink()
        return content

    def restore(name: str, content: bytes) -> None:
        (clone / f".git/objects/{name[:2]}/{name[2:]}").write_bytes(content)

    refs = Refs(clone, None)
    commit = refs.commit(None, {"a/b": b"1"}, "x")
    assert refs.swap(REF, commit, None)
    for part, words in ((":a/b", "git object .* is missing"), (":a", "git ls-tree failed: ")):
        name = run(clone, "rev-parse", f"{commit}{part}")
        content = lose(name)
        with pytest.raises(UnreadableRefError, match=words) as caught:
            refs.read(REF, most=MOST)
        assert caught.value.tip == commit
        assert name[:8] in caught.value.summary + caught.value.detail
        restore(name, content)
    assert refs.read(REF, most=MOST) == Held(commit, {"a/b": b"1"})
    lose(commit)
    with pytest.raises(GitRefusedError, match=f"missing object {commit} for {REF}"):
        refs.read(REF, most=MOST)
    (clone / ".git" / REF).write_text("garbage\n")
    for ask in (lambda: refs.read(REF, most=MOST), lambda: refs.tip(REF), lambda: refs.swap(REF, ABSENT, None)):
        with pytest.raises(GitRefusedError, match=f"ignoring broken ref {REF}"):
            ask()


def test_a_file_that_vanishes_between_listing_and_reading(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = write(clone, b"1", None)
    contents = Objects._contents
    monkeypatch.setattr(Objects, "_contents", lambda self, tip, names: contents(self, tip, [ABSENT.encode()]))
    with pytest.raises(UnreadableRefError, match=f"git object {ABSENT[:8]} is missing") as caught:
        read(clone, None)
    assert caught.value.tip == commit


def test_a_ref_that_is_replaced_while_it_is_read(clone: Path, checkout: Path, remote: Path) -> None:
    run(checkout, "remote", "add", "origin", str(remote))
    first = write(clone, b"1")
    refs = Refs(clone, "origin")
    fetch, others = refs._fetch, [b"2"]

    def overtaken(ref: str) -> None:
        if others:
            replace(others.pop(0))
        fetch(ref)
        if others:
            replace(others.pop(0))

    def replace(content: bytes) -> None:
        other = Refs(checkout, "origin")
        assert other.swap(REF, other.commit(None, {"a": content}, "x"), other.tip(REF))

    refs._fetch = overtaken  # type: ignore[method-assign]
    held = refs.read(REF, most=MOST)
    assert held is not None
    assert (held.commit != first, held.files) == (True, {"a": b"2"})
    others.extend([b"3", b"4", b"5", b"6", b"7"])
    replace(b"0")
    with pytest.raises(GitRefusedError, match=f"{REF} on origin kept changing"):
        refs.read(REF, most=MOST)


# ---- What reading leaves of a clone


def refspecs(clone: Path, trap: Trap) -> None:
    """Fetch everything, and remove what is gone."""
    run(clone, "config", "--replace-all", "remote.origin.fetch", "+refs/*:refs/*")
    run(clone, "config", "--add", "remote.origin.fetch", "+refs/*:refs/remotes/origin/*")
    for key in ("prune", "pruneTags"):
        run(clone, "config", f"remote.origin.{key}", "true")
        run(clone, "config", f"fetch.{key}", "true")
    run(clone, "config", "remote.origin.tagOpt", "--tags")
    run(clone, "config", "remote.origin.followRemoteHEAD", "always")
    run(clone, "tag", "mine")


def mirror(clone: Path, trap: Trap) -> None:
    run(clone, "config", "remote.origin.mirror", "true")
    run(clone, "config", "--replace-all", "remote.origin.fetch", "+refs/*:refs/*")
    run(clone, "config", "remote.origin.push", "+refs/*:refs/*")


def partial(clone: Path, trap: Trap) -> None:
    run(clone, "config", "remote.origin.promisor", "true")
    run(clone, "config", "remote.origin.partialclonefilter", "blob:none")
    run(clone, "config", "extensions.partialClone", "origin")


def checked(clone: Path, trap: Trap) -> None:
    for key in ("fetch.fsckObjects", "transfer.fsckObjects", "receive.fsckObjects", "core.commitGraph"):
        run(clone, "config", key, "true")
    for key in ("fetch.unpackLimit", "transfer.unpackLimit", "fastimport.unpackLimit"):
        run(clone, "config", key, "1")


def fetching(clone: Path, trap: Trap) -> None:
    for key in ("fetch.writeCommitGraph", "fetch.recurseSubmodules", "submodule.recurse", "core.logAllRefUpdates"):
        run(clone, "config", key, "true")
    for key in ("gc.auto", "maintenance.auto", "maintenance.gc.enabled", "gc.autoPackLimit"):
        run(clone, "config", key, "1")
    run(clone, "config", "fetch.negotiationAlgorithm", "noop")
    run(clone, "config", "fetch.output", "compact")


def pushing(clone: Path, trap: Trap) -> None:
    run(clone, "tag", "-a", "-m", "x", "annotated")
    for key in ("push.followTags", "push.useForceIfIncludes", "push.negotiate", "push.autoSetupRemote"):
        run(clone, "config", key, "true")
    run(clone, "config", "push.default", "nothing")
    run(clone, "config", "push.recurseSubmodules", "only")
    run(clone, "config", "remote.pushDefault", "elsewhere")


def signing(clone: Path, trap: Trap) -> None:
    for key in ("commit.gpgSign", "tag.gpgSign", "push.gpgSign"):
        run(clone, "config", key, "true")
    run(clone, "config", "gpg.program", trap.command)


def hooks(clone: Path, trap: Trap) -> None:
    folder = clone / "hooks"
    folder.mkdir()
    for name in ("reference-transaction", "pre-push", "post-index-change", "pre-auto-gc", "pre-commit", "post-commit"):
        shutil.copy(trap.command, folder / name)
        shutil.copy(trap.command, clone / ".git/hooks" / name)
    run(clone, "-c", "core.hooksPath=/dev/null", "config", "core.hooksPath", "hooks")


def read_only(clone: Path, trap: Trap) -> None:
    run(clone, "pack-refs", "--all")
    run(clone, "gc", "-q")
    for path in [clone, *clone.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)


def nothing(clone: Path, trap: Trap) -> None:
    pass


SETUPS = (nothing, refspecs, mirror, partial, checked, fetching, pushing, signing, hooks)


@contextlib.contextmanager
def unchanged(folder: Path, temporary: Path) -> Iterator[None]:
    """The folder is as it was, to the byte, and no temporary folder is left."""
    before = state(folder)
    yield
    assert state(folder) == before
    assert list(temporary.iterdir()) == []


def use(folder: Path, top: Path, other: Path, remote: Path, temporary: Path) -> None:
    """Read, write, fail and read again, in `folder` of the clone at `top`; `other` is another clone."""
    with unchanged(top, temporary):
        assert read(folder) is None
    first = write(other, b"1")
    with unchanged(top, temporary):
        assert read(folder) == Held(first, {"a": b"1"})
    with unchanged(top, temporary):
        second = write(folder, b"2")
    with unchanged(top, temporary):
        assert read(folder) == Held(second, {"a": b"2"})
        assert Refs(folder, "origin").holds(REF, first)
    assert read(other) == Held(second, {"a": b"2"})
    with unchanged(top, temporary), pytest.raises(TooLargeError):
        read(folder, most=0)
    away = remote.rename(remote.with_name("away.git"))
    with unchanged(top, temporary), pytest.raises(GitRefusedError, match="git ls-remote failed"):
        read(folder)
    away.rename(remote)
    assert run(remote, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main", REF]
    run(remote, "fsck", "--strict")


@pytest.mark.untraced
@pytest.mark.parametrize("traced", [False, True], ids=["quiet", "traced"])
@pytest.mark.parametrize("setup", SETUPS)
def test_no_configuration_makes_reading_write(
    clone: Path,
    checkout: Path,
    remote: Path,
    trap: Trap,
    temporary: Path,
    monkeypatch: pytest.MonkeyPatch,
    setup: Callable[[Path, Trap], None],
    traced: bool,
) -> None:
    run(checkout, "remote", "add", "origin", str(remote))
    setup(clone, trap)
    trap.mark.unlink(missing_ok=True)
    if traced:
        monkeypatch.setenv("GIT_TRACE", "1")
    use(clone, clone, checkout, remote, temporary)
    assert not trap.sprung
    run(clone, "-c", "core.hooksPath=/dev/null", "fsck")


def test_a_trace_is_no_part_of_an_error(clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TRACE", "1")
    assert read(clone, None) is None
    with pytest.raises(GitRefusedError) as caught:
        Refs(clone, None).swap(REF, ABSENT, None)
    assert caught.value.summary.startswith("git update-ref failed: fatal: ")
    assert "trace" not in caught.value.detail


@pytest.mark.untraced
@pytest.mark.parametrize("shape", ["linked", "submodule", "sha256", "shallow", "borrowing"])
def test_clones_of_every_shape(
    clone: Path, checkout: Path, remote: Path, temporary: Path, tmp_path: Path, shape: str
) -> None:
    run(checkout, "remote", "add", "origin", str(remote))
    other, folder, top = checkout, tmp_path / shape, tmp_path / shape
    if shape == "linked":
        run(clone, "worktree", "add", "-q", "--detach", str(clone / "linked"))
        folder, top = clone / "linked", clone
    elif shape == "submodule":
        run(checkout, "checkout", "-q", "-b", "outer")
        run(checkout, "submodule", "--quiet", "add", str(remote), "inner")
        folder, top, other = checkout / "inner", checkout, clone
    elif shape == "sha256":
        shutil.rmtree(remote)
        run(tmp_path, "init", "-q", "--bare", "-b", "main", "--object-format=sha256", "remote.git")
        other = tmp_path / "other"
        run(tmp_path, "init", "-q", "--object-format=sha256", "other")
        run(other, "remote", "add", "origin", str(remote))
        run(other, "commit", "-q", "--allow-empty", "-m", "x")
        run(other, "push", "-q", "origin", "HEAD:main")
        run(tmp_path, "clone", "-q", str(remote), shape)
    elif shape == "shallow":
        run(tmp_path, "clone", "-q", "--depth=1", remote.as_uri(), shape)
    else:
        run(tmp_path, "clone", "-q", "--reference", str(clone), str(remote), shape)
    use(folder, top, other, remote, temporary)
    assert git.common_folder(folder) is not None


def test_a_sha256_clone_keeps_local_refs(tmp_path: Path) -> None:
    run(tmp_path, "init", "-q", "--object-format=sha256", "sha256")
    first = write(tmp_path / "sha256", b"1", None)
    assert len(first) == 64
    second = write(tmp_path / "sha256", b"2", None)
    assert read(tmp_path / "sha256", None) == Held(second, {"a": b"2"})
    assert all_refs(tmp_path / "sha256").split() == [second, "commit", REF]


@contextlib.contextmanager
def as_nobody() -> Iterator[None]:
    """As a user who may write nothing here. Without the right to become one, git is set up to believe it."""
    if os.geteuid() != 0:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
            yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(65534, 65534, 0)
    os.setresuid(65534, 65534, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


@pytest.fixture
def public(clone: Path, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that everyone can read, with a read-only clone of a remote in it, which its owner has written to."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    run(folder, "clone", "-q", "--bare", str(remote), "remote.git")
    run(folder, "clone", "-q", str(folder / "remote.git"), "clone")
    (folder / "temporary").mkdir()
    write(folder / "clone", b"1")
    read_only(folder / "clone", Trap("", folder))
    if os.geteuid() == 0:
        for path in [folder / "remote.git", *(folder / "remote.git").rglob("*")]:
            os.chown(path, 65534, 65534)
    folder.chmod(0o755)
    (folder / "temporary").chmod(0o777)
    (folder / "home").mkdir()
    (folder / "home/.gitconfig").write_text(f"[safe]\n\tdirectory = {folder}/remote.git\n")
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "temporary"))
    monkeypatch.setenv("HOME", str(folder / "home"))
    yield folder
    for path in [folder / "clone", *(folder / "clone").rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    shutil.rmtree(folder)


def test_a_read_only_clone_of_someone_else(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = public / "clone"
    with unchanged(clone, public / "temporary"), as_nobody():
        with pytest.raises(GitRefusedError, match="dubious ownership") as caught:
            read(clone)
        assert str(clone) in caught.value.detail
        del caught
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(clone))
        held = read(clone)
        assert held is not None
        assert held.files == {"a": b"1"}
        made = write(clone, b"2")
        assert read(clone) == Held(made, {"a": b"2"})
        with pytest.raises(TooLargeError):
            read(clone, most=0)
        with pytest.raises(PermissionError):
            (clone / ".git/x").touch()


# ---- What it costs


def test_a_read_costs_one_question_and_one_fetch(
    clone: Path, checkout: Path, remote: Path, commands: Callable[[], list[str]]
) -> None:
    run(checkout, "remote", "add", "origin", str(remote))
    write(checkout, b"1")
    commands()
    refs = Refs(clone, "origin")
    held = refs.read(REF, most=MOST)
    assert held is not None
    assert commands() == ["config", "rev-parse", "ls-remote", "fetch", "ls-tree", "cat-file"]
    assert refs.read(REF, most=MOST) == held
    assert commands() == ["ls-remote", "ls-tree", "cat-file"]
    made = refs.commit(held.commit, {"a": b"2"}, "x")
    assert refs.swap(REF, made, held.commit)
    assert commands() == ["fast-import", "push"]
    assert refs.read(REF, most=MOST) == Held(made, {"a": b"2"})
    assert commands() == ["ls-remote", "ls-tree", "cat-file"]
    assert refs.holds(REF, made)
    assert commands() == ["ls-remote"]
    assert refs.tip(REF) == made
    assert commands() == ["ls-remote"]
    assert read(clone, None) is None
    assert commands() == ["for-each-ref"]
    local = write(clone, b"1", None)
    assert commands() == ["for-each-ref", "rev-parse", "fast-import", "update-ref"]
    assert read(clone, None) == Held(local, {"a": b"1"})
    assert commands() == ["for-each-ref", "ls-tree", "cat-file"]


def test_reading_a_record_costs_eight_processes(clone: Path, commands: Callable[[], list[str]]) -> None:
    open_record(clone, "t", "origin").read()
    assert commands() == ["rev-parse", "remote", "config", "rev-parse", "ls-remote"]
    write(clone, b"1")
    commands()
    with pytest.raises(Exception, match=r"has no record\.json"):
        open_record(clone, "t", "origin").read()
    reading = ["rev-parse", "remote", "config", "rev-parse", "ls-remote", "fetch", "ls-tree", "cat-file"]
    assert commands() == [*reading, "rev-list", "ls-tree", "cat-file"], "its log is searched for a commit that is good"
