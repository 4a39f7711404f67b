"""Where snapshots are kept: files, and refs of real repositories with a real remote."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.documents.snapshot import encode, write_snapshot_file
from reconciler.errors import GitRefusedError, SnapshotError
from reconciler.git.keptref import left_lock, ref_name
from reconciler.git.objects import Objects
from reconciler.git.refs import Refs
from reconciler.model.plan import TargetInfo
from reconciler.model.snapshot import Snapshot
from reconciler.record.snapshots import open_snapshot, publish, read_file, read_ref
from tests.repositories import git as run

pytestmark = pytest.mark.usefixtures("no_identity")

AT = datetime(2026, 11, 25, 10, 2, 11, tzinfo=UTC)
REF = "refs/reconciler/snapshot/production"
PUBLISH = "reconciler snapshot --publish --target production"


def snapshot(minutes: int = 0) -> Snapshot:
    return Snapshot(TargetInfo("production", "https://api.scale.com/v1"), AT + timedelta(minutes=minutes))


def now() -> datetime:
    return AT + timedelta(hours=1)


def forge(clone: Path, files: dict[str, bytes], remote: str = "local") -> None:
    """Put a commit with these files into the ref."""
    forged = Refs(clone, None).commit(None, files, "x")
    if remote == "local":
        run(clone, "update-ref", REF, forged)
    else:
        run(clone, "push", "--quiet", "--force", remote, f"{forged}:{REF}")


def put(root: Path, at: Snapshot, remote: str = "origin", between: Callable[[], None] = lambda: None) -> bool:
    kept = open_snapshot(root, "production", remote)
    return publish(kept, at, now=now, sleep=lambda seconds: between(), draw=lambda: 0.5)


def test_a_file_is_private_and_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    write_snapshot_file(snapshot(), file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_file(file) == snapshot()
    with pytest.raises(SnapshotError, match="cannot be saved"):
        write_snapshot_file(snapshot(), tmp_path / "none" / "s.json")
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
    forge(clone, {"snapshot.json": content}, "origin")
    with pytest.raises(SnapshotError, match="the snapshot of production"):
        read_ref(clone, "production", "origin")
    assert put(clone, snapshot())


@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_commit_without_the_file(clone: Path, where: str) -> None:
    forge(clone, {"other.json": b"1"}, where)
    with pytest.raises(SnapshotError, match=r"has no snapshot\.json") as caught:
        read_ref(clone, "production", where)
    assert PUBLISH in caught.value.diagnostic().explanation.split("\n")
    assert put(clone, snapshot(), where)
    assert read_ref(clone, "production", where) == snapshot()


@pytest.mark.untraced
@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_huge_one_is_not_even_read(clone: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forge(clone, {"snapshot.json": b" " * 64 * 1024 * 1024 + b" "}, where)
    with monkeypatch.context() as patch:
        patch.setattr(Objects, "_contents", lambda *arguments: pytest.fail("it was read"))
        with pytest.raises(SnapshotError, match="has 67,108,865 bytes; a snapshot can have at most 67,108,864"):
            read_ref(clone, "production", where)
    assert put(clone, snapshot(), where)
    assert read_ref(clone, "production", where) == snapshot()


def test_one_of_endless_files_is_not_even_listed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.record.snapshots.MOST_BYTES", 1000)
    monkeypatch.setattr("reconciler.git.objects._LEAST_LISTING", 1000)
    forge(clone, {f"{number}.json": b"" for number in range(100)})
    with pytest.raises(
        SnapshotError, match=r"the snapshot of production \(refs/.*\) has too many files for a snapshot"
    ):
        read_ref(clone, "production", "local")
    assert put(clone, snapshot(), "local")


@pytest.mark.parametrize("where", ["local", "origin"])
@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_a_ref_that_is_not_a_snapshot_is_named_and_can_be_repaired(
    clone: Path, remote: Path, where: str, kind: str
) -> None:
    folder = clone if where == "local" else remote
    put(clone, snapshot(), where)
    run(folder, "tag", "-a", "-m", "x", "t", REF)
    other = run(folder, "rev-parse", {"tree": f"{REF}^{{tree}}", "blob": f"{REF}:snapshot.json", "tag": "t"}[kind])
    run(folder, "update-ref", REF, other)
    with pytest.raises(SnapshotError, match=f"{REF} points to a {kind}, not to a commit") as caught:
        read_ref(clone, "production", where)
    assert caught.value.summary.endswith("to a commit" if where == "local" else "to a commit on origin")
    lines = caught.value.diagnostic().explanation.split("\n")
    assert lines[1] == PUBLISH
    assert put(clone, snapshot(1), where)
    assert read_ref(clone, "production", where) == snapshot(1)
    run(folder, "update-ref", REF, other)
    run(clone, *lines[3].split()[1:])
    with pytest.raises(SnapshotError, match="there is no snapshot of production"):
        read_ref(clone, "production", where)


def test_a_commit_that_has_lost_its_file_is_replaced(clone: Path) -> None:
    put(clone, snapshot(), "local")
    name = run(clone, "rev-parse", f"{REF}:snapshot.json")
    (clone / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    with pytest.raises(SnapshotError, match="is damaged") as caught:
        read_ref(clone, "production", "local")
    assert [each.summary for each in caught.value.causes] == [f"the git object {name[:8]} is missing"]
    assert len(caught.value.remedies) == 2
    assert put(clone, snapshot(), "local")
    assert read_ref(clone, "production", "local") == snapshot()


@pytest.mark.parametrize("remote_name", ["origin", "local"])
def test_a_clone_that_fetches_every_ref_stays_whole(clone: Path, remote_name: str) -> None:
    """Git would write a remote-tracking ref at a push, to a commit that the clone does not have."""
    run(clone, "config", "remote.origin.fetch", "+refs/*:refs/remotes/origin/*")
    put(clone, snapshot(), remote_name)
    put(clone, snapshot(1), remote_name)
    run(clone, "gc", "--quiet")
    run(clone, "fsck", "--strict")


def test_local_is_this_clone_alone(clone: Path, remote: Path) -> None:
    assert put(clone, snapshot(), "local")
    assert put(clone, snapshot(1), "local")
    assert run(clone, "rev-list", "--count", REF) == "1"
    assert read_ref(clone, "production", "local") == snapshot(1)
    assert run(remote, "for-each-ref") == ""


@pytest.mark.parametrize("remote_name", ["origin", "local"])
def test_the_later_of_two_that_race_wins(clone: Path, remote_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = Refs.commit

    def overtaken(self: Refs, *arguments: object) -> str:
        made: str = commit(self, *arguments)  # type: ignore[arg-type]
        monkeypatch.setattr(Refs, "commit", commit)
        assert put(clone, others.pop(0), remote_name)
        return made

    others = [snapshot(1), snapshot(9)]
    for kept in (snapshot(5), snapshot(9)):
        monkeypatch.setattr(Refs, "commit", overtaken)
        assert put(clone, snapshot(5), remote_name) is (kept == snapshot(5))
        assert read_ref(clone, "production", remote_name) == kept


class Clock:
    """Time that passes only while it is slept."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


@pytest.mark.parametrize("drawn", [0.5, 1.0])
@pytest.mark.parametrize(("where", "place"), [("origin", "on origin"), ("local", "in this clone")])
def test_one_that_is_always_overtaken_tries_for_a_minute_in_growing_pauses(
    clone: Path, monkeypatch: pytest.MonkeyPatch, where: str, place: str, drawn: float
) -> None:
    for name, answer in (("read", None), ("commit", "c"), ("swap", False)):
        monkeypatch.setattr(Refs, name, lambda *arguments, answer=answer, **options: answer)
    clock = Clock()
    with pytest.raises(SnapshotError, match="the snapshot of production was not published") as caught:
        publish(
            open_snapshot(clone, "production", where),
            snapshot(),
            now=now,
            monotonic=clock.monotonic,
            sleep=clock.sleep,
            draw=lambda: drawn,
        )
    assert caught.value.detail.startswith(f"{REF} {place} could not be updated for 60 seconds, probably because other ")
    assert caught.value.detail.endswith(f" {left_lock(REF)}")
    assert 60 <= sum(clock.pauses) < 66
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[0] == pytest.approx(0.05 + 0.15 * drawn)
    assert clock.pauses[-1] == pytest.approx(0.05 + 4.95 * drawn)


def test_one_that_is_overtaken_many_times_is_published_in_the_end(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap, lost = Refs.swap, iter(range(12))
    monkeypatch.setattr(Refs, "swap", lambda *arguments: next(lost, None) is None and swap(*arguments))
    clock = Clock()
    assert publish(
        open_snapshot(clone, "production", "origin"), snapshot(), now=now, monotonic=clock.monotonic, sleep=clock.sleep
    )
    assert len(clock.pauses) == 12
    assert read_ref(clone, "production", "origin") == snapshot()


@pytest.mark.parametrize("where", ["origin", "local"])
def test_of_many_at_once_the_latest_is_kept(clone: Path, where: str) -> None:
    snapshots = [snapshot(minutes) for minutes in range(4)]
    with ThreadPoolExecutor(len(snapshots)) as apart:
        published = list(apart.map(lambda one: put(clone, one, where), snapshots))
    assert published[-1]
    assert read_ref(clone, "production", where) == snapshots[-1]


def test_what_is_missing_is_reported_with_what_to_do(clone: Path, tmp_path: Path) -> None:
    for root, remote, words in (
        (clone, "origin", "there is no snapshot of production on origin"),
        (clone, "local", "there is no snapshot of production in this clone"),
        (clone, "nowhere", "has no git remote"),
        (tmp_path, "local", "needs a git repository"),
    ):
        with pytest.raises(SnapshotError, match=words) as problem:
            read_ref(root, "production", remote)
        said = problem.value.diagnostic().explanation
        assert "snapshot --" in said or "git remote add" in said
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
    with pytest.raises(SnapshotError, match="cannot be fetched from origin"):
        put(clone, snapshot())
    os.rename(remote.with_name("gone.git"), remote)

    def refuse(*arguments: object) -> bool:
        raise GitRefusedError("no")

    monkeypatch.setattr(Refs, "swap", refuse)
    with pytest.raises(SnapshotError, match="cannot be pushed to origin: no"):
        put(clone, snapshot())
    with pytest.raises(GitRefusedError, match=r"^no$"):
        put(clone, snapshot(), "local")


def test_names_of_targets_in_refs() -> None:
    assert ref_name("snapshot", "a b/ü") == "refs/reconciler/snapshot/a%20b%2F%C3%BC"


@pytest.mark.parametrize("where", ["local", "origin"])
def test_the_command_that_is_named_deletes_it(clone: Path, where: str) -> None:
    assert put(clone, snapshot(), where)
    kept = open_snapshot(clone, "production", where)
    run(clone, *kept.deletion()[1:])
    assert kept.read(1000) is None


def test_a_push_without_an_answer_may_have_landed(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap = Refs.swap

    def swap_and_fail(self: Refs, ref: str, new: str | None, old: str | None) -> bool:
        assert swap(self, ref, new, old)
        raise GitRefusedError("git push failed: the connection was lost")

    monkeypatch.setattr(Refs, "swap", swap_and_fail)
    assert put(clone, snapshot())
    assert read_ref(clone, "production", "origin") == snapshot()
