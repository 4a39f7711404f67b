"""Where snapshots are kept: files, and refs of real repositories with a real remote."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError, SnapshotError
from reconciler.model.plan import TargetInfo
from reconciler.model.snapshot import Snapshot
from reconciler.snapshot import stores
from reconciler.snapshot.stores import publish, read_file, read_ref, ref_name, write_file
from reconciler.snapshot.text import encode

AT = datetime(2026, 11, 25, 10, 2, 11, tzinfo=UTC)
REF = "refs/reconciler/snapshot/production"


def snapshot(minutes: int = 0) -> Snapshot:
    return Snapshot(TargetInfo("production", "https://api.scale.com/v1"), AT + timedelta(minutes=minutes))


def now() -> datetime:
    return AT + timedelta(hours=1)


def run(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    run(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Path:
    run(tmp_path, "clone", "--quiet", str(remote), "clone")
    return tmp_path / "clone"


def put(root: Path, at: Snapshot, remote: str = "origin", between: Callable[[], None] = lambda: None) -> bool:
    return publish(root, "production", remote, at, now=now, sleep=lambda seconds: between(), draw=lambda: 0.5)


def test_a_file_is_private_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    write_file(snapshot(), file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_file(file) == snapshot()
    with pytest.raises(SnapshotError, match="cannot be saved"):
        write_file(snapshot(), tmp_path / "none" / "s.json")
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_file(tmp_path / "none.json")
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_file(tmp_path)


def test_three_publishes_are_one_root_commit(clone: Path, remote: Path) -> None:
    for minutes in (0, 1, 1):
        assert put(clone, snapshot(minutes))
    assert run(remote, "rev-list", "--count", REF) == "1"
    assert run(remote, "ls-tree", "--name-only", REF) == "snapshot.json"
    assert run(remote, "log", "--format=%an %ae %cn", REF) == "reconciler reconciler@localhost reconciler"
    assert read_ref(clone, "production", "origin") == snapshot(1)
    assert run(clone, "for-each-ref") == ""


def test_a_later_one_is_kept(clone: Path) -> None:
    assert put(clone, snapshot(10))
    assert not put(clone, snapshot(5))
    assert read_ref(clone, "production", "origin") == snapshot(10)


def test_one_that_claims_a_time_to_come_is_replaced(clone: Path) -> None:
    """Else whoever writes the ref once would stop it for good."""
    assert put(clone, snapshot(60 * 24 * 365))
    assert put(clone, snapshot())
    assert read_ref(clone, "production", "origin") == snapshot()


@pytest.mark.parametrize("content", [b"", b"{}", encode(snapshot(30))[:-9]])
def test_a_damaged_one_is_replaced(clone: Path, content: bytes) -> None:
    bad = git.commit_file(clone, "snapshot.json", content, None, "x")
    run(clone, "push", "--quiet", "origin", f"{bad}:{REF}")
    with pytest.raises(SnapshotError, match="the snapshot of production"):
        read_ref(clone, "production", "origin")
    assert put(clone, snapshot())


def test_a_commit_without_the_file(clone: Path) -> None:
    bad = git.commit_file(clone, "other.json", b"1", None, "x")
    run(clone, "update-ref", REF, bad)
    with pytest.raises(SnapshotError, match=r"holds no snapshot\.json"):
        read_ref(clone, "production", "local")
    assert put(clone, snapshot(), "local")


def test_a_huge_one_is_not_even_read(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = git.commit_file(clone, "snapshot.json", b" " * 64 * 1024 * 1024 + b" ", None, "x")
    run(clone, "update-ref", REF, bad)
    monkeypatch.setattr(git, "read_file_at", lambda *arguments: pytest.fail("it was read"))
    with pytest.raises(SnapshotError, match="67,108,865 bytes"):
        read_ref(clone, "production", "local")


def test_local_is_this_clone_alone(clone: Path, remote: Path) -> None:
    assert put(clone, snapshot(), "local")
    assert put(clone, snapshot(1), "local")
    assert run(clone, "rev-list", "--count", REF) == "1"
    assert read_ref(clone, "production", "local") == snapshot(1)
    assert run(remote, "for-each-ref") == ""


@pytest.mark.parametrize("remote_name", ["origin", "local"])
def test_the_later_of_two_that_race_wins(clone: Path, remote_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = git.commit_file

    def overtaken(root: Path, *arguments: object) -> str:
        made: str = commit(root, *arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(git, "commit_file", commit)
        assert put(clone, others.pop(0), remote_name)
        return made

    others = [snapshot(1), snapshot(9)]
    for kept in (snapshot(5), snapshot(9)):
        monkeypatch.setattr(git, "commit_file", overtaken)
        assert put(clone, snapshot(5), remote_name) is (kept == snapshot(5))
        assert read_ref(clone, "production", remote_name) == kept


def test_always_overtaken(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "push", lambda *arguments: False)
    with pytest.raises(SnapshotError, match="others were faster 5 times"):
        put(clone, snapshot())


def test_what_is_missing_is_told_with_what_to_do(clone: Path, tmp_path: Path) -> None:
    for root, remote, words in (
        (clone, "origin", "there is no snapshot of production on origin"),
        (clone, "local", "there is no snapshot of production in this clone"),
        (clone, "nowhere", "has no such remote"),
        (tmp_path, "local", "this is no git repository"),
    ):
        with pytest.raises(SnapshotError, match=words) as problem:
            read_ref(root, "production", remote)
        assert "reconciler snapshot" in problem.value.detail or "git remote add" in problem.value.detail
    with pytest.raises(SnapshotError) as problem:
        read_ref(clone, "sandbox", "local")
    assert "--target" not in problem.value.detail
    assert 'record = "origin"' in problem.value.detail
    run(clone, "remote", "remove", "origin")
    with pytest.raises(SnapshotError) as problem:
        read_ref(clone, "production", "local")
    assert "record =" not in problem.value.detail


def test_a_remote_that_does_not_answer(clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.rename(remote, remote.with_name("gone.git"))
    with pytest.raises(SnapshotError, match="cannot be fetched"):
        read_ref(clone, "production", "origin")
    with pytest.raises(SnapshotError, match="cannot be published"):
        put(clone, snapshot())
    os.rename(remote.with_name("gone.git"), remote)

    def refuse(*arguments: object) -> bool:
        raise GitRefusedError("no")

    monkeypatch.setattr(git, "push", refuse)
    with pytest.raises(SnapshotError, match="cannot be pushed to origin: no"):
        put(clone, snapshot())


def test_names_of_targets_in_refs() -> None:
    assert ref_name("a b/ü") == "refs/reconciler/snapshot/a%20b%2F%C3%BC"
    assert stores.LOCAL == "local"
