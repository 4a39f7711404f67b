"""The places that a record is kept in: real git, a real remote, a file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.documents.record import HEAD, encode
from reconciler.errors import GitRefusedError, RecordError
from reconciler.git.keptref import ref_name
from reconciler.git.refs import Refs
from reconciler.model.record import Record, RecordedProject, Run, Section
from reconciler.record.stores import RecordStore, Seen, open_record, run_ref
from tests.repositories import git as run

pytestmark = pytest.mark.usefixtures("no_identity")

END = "https://api.scale.com/v1"
NOON, LATE = "2026-03-01T12:00:00Z", "2026-03-01T20:00:00Z"
REF = "refs/reconciler/record/production"
RUN = Run("20260301T120000Z-1", "host", "clone", NOON, NOON)


def record(*names: str, **versions: int) -> Record:
    entries = {name: RecordedProject("projects/a.yaml", 1, None, "c", NOON) for name in (*names, *versions)}
    entries |= {name: replace(entries[name], params_version=number) for name, number in versions.items()}
    return Record({(END, "k"): Section(entries, {RUN.id: RUN})})


@pytest.fixture
def second(tmp_path: Path, remote: Path) -> Path:
    run(tmp_path, "clone", "--quiet", str(remote), "second")
    return tmp_path / "second"


def opened(root: Path, remote: str = "origin", target: str = "production") -> RecordStore:
    return open_record(root, target, remote)


def write(store: RecordStore, new: Record, message: str = "entry") -> Seen:
    """Read and swap, as a run does that no other run overtakes."""
    after = store.swap(store.read(), new, message)
    assert after is not None
    return after


def log(folder: Path) -> list[str]:
    return run(folder, "log", "--format=%s", REF).split("\n")


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- In git


def test_each_local_write_is_a_commit_on_top_of_the_last(clone: Path) -> None:
    store = opened(clone, "local")
    assert store.read() == Seen(Record(), None, {})
    write(store, record("a"), "first")
    write(store, record("a", "b"), "second\n\nwith more")
    write(store, record("a", "b"), "nothing new")
    assert log(clone) == ["second", "first"]
    assert run(clone, "log", "-1", "--format=%an <%ae> %cn <%ce>", REF) == (
        "reconciler <reconciler@localhost> reconciler <reconciler@localhost>"
    )
    assert opened(clone, "local").read().record == record("a", "b")
    write(store, record("b"), "third")
    assert opened(clone, "local").read().record == record("b")
    assert run(clone, "ls-tree", "-r", "--name-only", REF).split("\n") == sorted(encode(record("b")))
    assert run(clone, "status", "--porcelain") == ""
    assert run(clone, "for-each-ref", "--format=%(refname)") == REF


def test_the_log_of_a_projects_file_is_its_history(clone: Path) -> None:
    store = opened(clone, "local")
    for number, names in enumerate((("a",), ("a", "b"), ("a", "b", "c"))):
        write(store, record(*names), f"apply {number}")
    [path] = [path for path in encode(record("b")) if path.endswith("b.json")]
    assert run(clone, "log", "--format=%s", REF, "--", path) == "apply 1"


def test_who_was_overtaken_writes_nothing(clone: Path, remote: Path) -> None:
    for where, folder in (("local", clone), ("origin", remote)):
        one, other = opened(clone, where), opened(clone, where)
        seen = one.read()
        write(other, record("b"), "other")
        assert one.swap(seen, record("a"), "one") is None
        assert log(folder) == ["other"]
        assert one.swap(one.read(), record("a", "b"), "one") is not None
        assert log(folder) == ["one", "other"]


def test_what_a_swap_leaves_is_what_the_next_one_starts_from(clone: Path, remote: Path) -> None:
    store = opened(clone)
    after = write(store, record("a"), "first")
    again = store.swap(after, record("a", "b"), "second")
    assert again is not None
    assert again == opened(clone).read()
    assert log(remote) == ["second", "first"]


def test_a_local_ref_that_stays_locked_is_not_swapped(clone: Path) -> None:
    lock = clone / ".git" / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    store = opened(clone, "local")
    assert store.swap(store.read(), record("a"), "first") is None


@pytest.mark.parametrize(
    "target", ["a b", "x..y", "p.lock", ".a", "a.", "...", "a/b", "@", "@{", "a~^:?*[\\", "%20", "ä\x7f\n", "-x"]
)
def test_every_target_name_has_a_ref_and_a_file(clone: Path, tmp_path: Path, target: str) -> None:
    run(clone, "check-ref-format", ref_name("record", target))
    for root in (clone, tmp_path):
        write(opened(root, "local", target), record("a"))
        assert opened(root, "local", target).read().record == record("a")
    assert len(list((tmp_path / ".reconciler").glob("*.json"))) == 1


def test_target_names_stay_apart() -> None:
    names = ["a b", "a%20b", "a.", "a%2E", "a/b", "a%2Fb", "x..y", "x.y", "p.lock", "p%2Elock"]
    assert len({ref_name("record", name) for name in names}) == len(names)
    assert ref_name("record", "my-prod_2.eu") == "refs/reconciler/record/my-prod_2.eu"


def test_every_project_name_has_a_file(clone: Path) -> None:
    names = ("", "a b/c", 'say "hi"', "x\ny", "*", "..", "ä\u202e", "n" * 1000, "\ud800")
    write(opened(clone, "local"), record(*names))
    assert opened(clone, "local").read().record == record(*names)


def test_a_clone_without_the_record_says_how_to_fetch_it(clone: Path, second: Path, remote: Path) -> None:
    write(opened(second), record("a"))
    store = opened(clone, "local")
    assert store.read().record == Record()
    hint = store.missing_hint(store.read())
    assert hint is not None
    assert hint.run == ("git", "fetch", "origin", f"{REF}:{REF}")
    run(clone, *hint.run[1:])
    assert store.missing_hint(store.read()) is None
    assert store.read().record == record("a")
    assert opened(clone).missing_hint(opened(clone).read()) is None
    run(remote, "update-ref", "-d", REF)
    run(clone, "update-ref", "-d", REF)
    run(clone, "remote", "remove", "origin")
    assert store.missing_hint(store.read()) is None


# ---- With a remote


def test_a_remote_without_the_ref_is_an_empty_record(clone: Path) -> None:
    assert opened(clone).read().record == Record()
    assert run(clone, "for-each-ref") == ""


def test_reading_and_pushing_leave_the_clone_as_it_was(clone: Path, second: Path, remote: Path) -> None:
    before = files(second)
    write(opened(clone), record("a"), "first")
    assert opened(second).read().record == record("a")
    write(opened(second), record("a", "b"), "second")
    assert opened(clone).read().record == record("a", "b")
    assert log(remote) == ["second", "first"]
    assert files(second) == before


def test_a_push_whose_answer_was_lost_has_landed(clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    swap = Refs.swap

    def lost(self: Refs, ref: str, new: str | None, old: str | None) -> bool:
        swap(self, ref, new, old)
        raise GitRefusedError("git push failed: the connection was lost")

    monkeypatch.setattr(Refs, "swap", lost)
    write(opened(clone), record("a"), "first")
    assert log(remote) == ["first"]


def test_a_push_that_never_arrived_is_an_error(clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(self: Refs, ref: str, new: str | None, old: str | None) -> bool:
        raise GitRefusedError("git push failed: the connection was lost")

    monkeypatch.setattr(Refs, "swap", lost)
    store = opened(clone)
    seen = store.read()
    with pytest.raises(RecordError, match="cannot be pushed to origin: git push failed: the connection was lost"):
        store.swap(seen, record("a"), "first")
    away = remote.rename(remote.parent / "away.git")
    with pytest.raises(RecordError, match="the connection was lost"):
        store.swap(seen, record("a"), "first")
    away.rename(remote)


def test_an_unreachable_remote(clone: Path, remote: Path) -> None:
    store = opened(clone)
    seen = store.read()
    remote.rename(remote.parent / "away.git")
    for attempt in (
        store.read,
        lambda: store.swap(seen, record("a"), "first"),
        lambda: store.renew(RUN),
        lambda: store.renewed(RUN),
        lambda: store.end(RUN),
    ):
        with pytest.raises(RecordError, match="does not appear to be a git repository"):
            attempt()
    with pytest.raises(RecordError, match="the record of production cannot be fetched from origin"):
        store.read()
    assert run(clone, "for-each-ref") == ""


def test_a_remote_that_refuses_the_push_says_why(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'records are closed' >&2\nexit 1\n")
    hook.chmod(0o755)
    store = opened(clone)
    with pytest.raises(RecordError, match="cannot be pushed to origin") as caught:
        store.swap(store.read(), record("a"), "first")
    assert "records are closed" in caught.value.detail


@pytest.mark.parametrize("where", ["local", "origin"])
@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_a_ref_that_is_not_a_record_is_named_and_can_be_repaired(
    clone: Path, remote: Path, where: str, kind: str
) -> None:
    folder = clone if where == "local" else remote
    write(opened(clone, where), record("a"))
    good = run(folder, "rev-parse", REF)
    other = {
        "tree": run(folder, "rev-parse", f"{REF}^{{tree}}"),
        "blob": run(folder, "rev-parse", f"{REF}:{HEAD}"),
    }
    if kind == "tag":
        run(folder, "-c", "user.name=x", "-c", "user.email=x@y", "tag", "-a", "-m", "x", "t", good)
        other["tag"] = run(folder, "rev-parse", "t")
    run(folder, "update-ref", REF, other[kind])
    store = opened(clone, where)
    with pytest.raises(RecordError, match=f"{REF} points to a {kind}, not to a commit") as caught:
        store.read()
    *point, delete = (remedy.run[1:] for remedy in caught.value.remedies)
    assert len(point) == (kind == "tag" and where == "local")
    for command in point:
        run(clone, *command)
        assert store.read().record == record("a")
    run(clone, *delete)
    assert store.read().record == Record()


@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_damaged_record_can_be_taken_back_to_its_last_good_commit(
    clone: Path, remote: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.record.stores.LARGEST_SAVED", 2_000)
    write(opened(clone, where), record("a"))
    write(opened(clone, where), record("b"))
    store = opened(clone, where)
    for content in (b"{", b" " * 2_001):
        held = opened(clone, where)
        seen = held.read()
        refs = Refs(clone, None if where == "local" else where)
        refs.read(REF, most=10_000)
        assert refs.swap(REF, refs.commit(seen.token, {HEAD: content}, "damaged"), seen.token)
        with pytest.raises(RecordError) as caught:
            store.read()
        *repair, _ = (remedy.run[1:] for remedy in caught.value.remedies)
        for command in repair:
            run(clone, *command)
        assert store.read().record == record("b")
    assert log(clone if where == "local" else remote)[0] != "damaged"


def test_a_damaged_record_without_a_good_commit_can_only_be_deleted(clone: Path) -> None:
    damaged = Refs(clone, None).commit(None, {HEAD: b"{"}, "damaged")
    run(clone, "update-ref", REF, damaged)
    with pytest.raises(RecordError) as caught:
        opened(clone, "local").read()
    (remedy,) = caught.value.remedies
    assert remedy.text.startswith("Delete the ref.")


def test_a_damaged_record_is_an_error_with_its_place(clone: Path, remote: Path) -> None:
    for name, content, says in ((HEAD, b"{", "not JSON"), (HEAD, b"\xff", "not UTF-8"), ("x", b"", "has no record")):
        damaged = Refs(clone, None).commit(None, {name: content}, "damaged")
        run(clone, "push", "--quiet", "--force", "origin", f"{damaged}:{REF}")
        with pytest.raises(RecordError, match=says) as caught:
            opened(clone).read()
        assert f"{REF} on origin, commit " in caught.value.summary
        assert any(remedy.text.endswith(f"git push origin --delete {REF}") for remedy in caught.value.remedies)


@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_record_that_is_too_large_is_named_and_not_read(
    clone: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr("reconciler.record.stores.LARGEST_SAVED", 1000)
    forged = Refs(clone, None).commit(None, {HEAD: b" " * 1001}, "forged")
    run(clone, "update-ref", REF, forged)
    run(clone, "push", "--quiet", "origin", REF)
    with pytest.raises(RecordError, match=f"{REF} has 1,001 bytes; the limit is 1,000 bytes") as caught:
        opened(clone, where).read()
    (*_, remedy) = caught.value.remedies
    assert remedy.run[-1] == REF
    run(clone, *remedy.run[1:])
    assert opened(clone, where).read().record == Record()


def test_shallow_and_partial_clones_read_and_write_like_any(clone: Path, tmp_path: Path, remote: Path) -> None:
    run(remote, "config", "uploadpack.allowFilter", "true")
    for number in ("1", "2"):
        (clone / "a").write_text(number)
        run(clone, "add", "a")
        run(clone, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", "-m", number)
    run(clone, "push", "--quiet", "origin", "HEAD")
    write(opened(clone), record("a"), "first")
    write(opened(clone), record(a=2), "second")
    names = {"a"}
    for option in ("--depth=1", "--filter=blob:none", "--filter=tree:0"):
        run(tmp_path, "clone", "--quiet", option, remote.as_uri(), option.strip("-"))
        folder = tmp_path / option.strip("-")
        before = files(folder / ".git")
        assert opened(folder).read().record.sections[END, "k"].projects.keys() == names
        names |= {option}
        write(opened(folder), record(*names), option)
        assert files(folder / ".git") == before
    assert log(remote) == ["--filter=tree:0", "--filter=blob:none", "--depth=1", "second", "first"]


def test_a_clone_whose_path_has_a_colon(tmp_path: Path, remote: Path) -> None:
    for name in ("a:b", 'say "hi"'):
        run(tmp_path, "clone", "--quiet", str(remote), name)
        write(opened(tmp_path / name), record(name))
        assert opened(tmp_path / name).read().record == record(name)


def test_a_remote_that_is_not_configured(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="has no git remote"):
        opened(clone, "upstream")
    with pytest.raises(RecordError, match="needs a git repository"):
        opened(tmp_path, "origin")


def test_a_git_that_refuses_is_let_through(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="dubious ownership"):
        opened(clone, "local")


def test_a_broken_local_ref_is_an_error_and_not_an_empty_record(clone: Path) -> None:
    write(opened(clone, "local"), record("a"))
    (clone / ".git" / REF).write_text("garbage\n")
    with pytest.raises(GitRefusedError, match=f"ignoring broken ref {REF}"):
        opened(clone, "local").read()


# ---- Renewals


@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_run_renews_its_intent_in_a_ref_of_its_own(clone: Path, second: Path, remote: Path, where: str) -> None:
    store, other = opened(clone, where), opened(second if where == "origin" else clone, where)
    write(store, record("a"))
    assert other.renewed(RUN) == NOON
    store.renew(replace(RUN, until="2026-03-01T12:03:00Z"))
    store.renew(replace(RUN, until="2026-03-01T12:04:00Z"))
    assert other.renewed(RUN) == "2026-03-01T12:04:00Z"
    folder = clone if where == "local" else remote
    assert run(folder, "for-each-ref", "--format=%(refname)").split("\n") == [REF, run_ref(RUN.id)]
    assert log(folder) == ["entry"]
    store.end(RUN)
    store.end(RUN)
    assert other.renewed(RUN) == NOON
    assert run(folder, "for-each-ref", "--format=%(refname)") == REF


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"until": 3}', b'{"until": "2020-01-01T00:00:00Z"}'])
def test_a_renewal_that_is_not_one_counts_for_nothing(clone: Path, content: bytes) -> None:
    run(clone, "update-ref", run_ref(RUN.id), Refs(clone, None).commit(None, {"run.json": content}, "x"))
    assert opened(clone, "local").renewed(RUN) == NOON


@pytest.mark.parametrize("where", ["local", "origin"])
def test_a_forged_renewal_counts_for_nothing_and_is_replaced(clone: Path, where: str) -> None:
    ref = run_ref(RUN.id)
    later = json.dumps({"until": LATE}).encode()
    large = Refs(clone, None).commit(None, {"run.json": later, "x": b" " * 10_000}, "x")
    for forged in (large, run(clone, "rev-parse", f"{large}:run.json")):
        run(clone, "update-ref", ref, forged)
        run(clone, "push", "--quiet", "--force", "origin", ref)
        store = opened(clone, where)
        assert store.renewed(RUN) == NOON
        store.renew(replace(RUN, until=LATE))
        assert opened(clone, where).renewed(RUN) == LATE
        run(clone, "update-ref", ref, forged)
        run(clone, "push", "--quiet", "--force", "origin", ref)
        store.end(RUN)
        assert Refs(clone, None if where == "local" else where).tip(ref) is None


def test_a_renewal_that_something_else_moved_is_an_error(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = opened(clone)
    monkeypatch.setattr(Refs, "swap", lambda *arguments: False)
    with pytest.raises(RecordError, match="another process changed"):
        store.renew(RUN)


# ---- Outside git


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    (tmp_path / "plain").mkdir()
    return tmp_path / "plain"


def test_outside_git_the_record_is_a_file(plain: Path) -> None:
    store = opened(plain, "local")
    assert store.read().record == Record()
    assert list(plain.iterdir()) == []
    seen = write(store, record("a"))
    write(opened(plain, "local"), record("a", "b"))
    assert store.swap(seen, record("c"), "late") is None
    after = write(store, record("c"))
    assert store.swap(after, record("c"), "nothing new") == after
    file = plain / ".reconciler/record-production.json"
    assert opened(plain, "local").read().record == record("c")
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["record-production.json", "record-production.lock"]
    assert store.missing_hint(store.read()) is None
    store.renew(replace(RUN, until=LATE))
    renewed = opened(plain, "local").read().record.sections[END, "k"].runs[RUN.id]
    assert store.renewed(renewed) == LATE
    store.end(RUN)
    file.write_text(json.dumps({"format_version": "1.0", "sections": []}))
    assert store.read().record == Record()


def test_a_file_that_cannot_be_used_is_named(plain: Path) -> None:
    file = plain / ".reconciler/record-production.json"
    file.mkdir(parents=True)
    store = opened(plain, "local")
    attempts: list[Callable[[], object]] = [
        store.read,
        lambda: store.swap(Seen(Record(), None, {}), record("a"), "first"),
    ]
    for attempt in attempts:
        with pytest.raises(RecordError, match=r"record-production\.json"):
            attempt()
    file.rmdir()
    file.write_text("{")
    with pytest.raises(RecordError, match=r"record-production\.json, record\.json is damaged"):
        store.read()
    file.unlink()
    file.parent.joinpath("record-production.lock").unlink(missing_ok=True)
    file.parent.rmdir()
    file.parent.write_text("")
    with pytest.raises(RecordError, match=r"cannot be read: \.reconciler is not a folder"):
        store.read()


def test_a_record_behind_a_link_is_refused(plain: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (plain / ".reconciler").symlink_to(elsewhere)
    store = opened(plain, "local")
    attempts: list[Callable[[], object]] = [
        store.read,
        lambda: store.swap(Seen(Record(), None, {}), record("a"), "first"),
    ]
    for attempt in attempts:
        with pytest.raises(RecordError, match="is a link"):
            attempt()
    assert list(elsewhere.iterdir()) == []
