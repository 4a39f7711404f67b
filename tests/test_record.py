"""The record: its text, entries laid over entries, and the places it is kept in (real git, a real remote)."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError, RecordError
from reconciler.model.record import Intended, Record, RecordedProject
from reconciler.record.merging import Changes, lay_over
from reconciler.record.stores import RecordStore, open_record, ref_name
from reconciler.record.text import decode, encode

END = "https://api.scale.com/v1"
EARLY, NOON, LATE = "2026-03-01T08:00:00Z", "2026-03-01T12:00:00Z", "2026-03-01T20:00:00Z"
REF = "refs/reconciler/record/production"


def run(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def entry(params: int | None = 1, ontology: int | None = None, at: str = NOON, commit: str = "c") -> RecordedProject:
    return RecordedProject("projects/a.yaml", params, ontology, commit, at)


def changes(entries: dict[str, RecordedProject], *forgotten: str, at: str = NOON, account: str | None = "k") -> Changes:
    return Changes(END, account, entries, frozenset(forgotten), at)


def record(entries: dict[str, RecordedProject], account: str | None = "k") -> Record:
    return Record({(END, account): entries})


# ---- The text

FULL = Record(
    {
        (END, "k"): {
            "käse \U0001f9c0": RecordedProject(
                "projects/ä.yaml",
                3,
                None,
                None,
                NOON,
                {"params.x": 2, "ontology": None},
                {"params.x[0]": "ab"},
                Intended(3, None, "h", None),
                False,
                "d1ce",
            ),
            "b": entry(),
        },
        (END, None): {},
        ("http://127.0.0.1:8/v1", "z"): {"b": entry(2, 3)},
    }
)


def test_a_record_comes_back_from_its_text() -> None:
    assert decode(encode(FULL)) == FULL
    turned = Record(
        {key: dict(reversed(list(section.items()))) for key, section in reversed(list(FULL.sections.items()))}
    )
    assert encode(turned) == encode(FULL)


def test_the_text_says_no_more_than_there_is() -> None:
    assert encode(record({"b": entry()})) == (
        '{\n "format_version": "1.0",\n "sections": [\n  {\n   "account": "k",\n   "endpoint": '
        '"https://api.scale.com/v1",\n   "projects": {\n    "b": {\n     "commit": "c",\n     "file": '
        '"projects/a.yaml",\n     "ontology_version": null,\n     "params_version": 1,\n     "recorded_at": '
        '"2026-03-01T12:00:00Z"\n    }\n   }\n  }\n ]\n}\n'
    )


def test_unknown_keys_are_passed_over() -> None:
    text = encode(FULL).replace('"format_version"', '"new": 1, "format_version"').replace('"file"', '"new": [], "file"')
    assert decode(text) == FULL


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "does not hold"),
        ("{}", "does not hold"),
        ('{"format_version": "2.0", "sections": []}', "format version 2.0"),
        ('{"format_version": 1.0, "sections": []}', "does not hold"),
        ('{"format_version": "1.0"}', "does not hold"),
        (encode(FULL).replace('"params_version": 1', '"params_version": "1"'), "does not hold"),
        (encode(FULL).replace('"params_version": 1', '"params_version": true'), "does not hold"),
        (encode(FULL).replace('"file"', '"fil"'), "does not hold"),
        (encode(FULL).replace('"account": null', '"account": "k"'), "two sections"),
    ],
)
def test_what_is_no_record_is_an_error(text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        decode(text)


# ---- Laying over


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        (entry(1, 1), entry(2, 1), entry(2, 1)),
        (entry(3, 1, LATE), entry(4, 1, EARLY), entry(4, 1, EARLY)),
        (entry(3, 1, EARLY), entry(2, 1, LATE), entry(3, 1, EARLY)),
        (entry(3, 2, EARLY), entry(2, 1, LATE), entry(3, 2, EARLY)),
        (entry(1, None, LATE), entry(1, None, EARLY), entry(1, None, LATE)),
        (entry(1, None, "2026-03-01T12:00:00+00:00"), entry(1, None, NOON), entry(1, None, NOON)),
        (entry(None, None, LATE), entry(1, None, EARLY), entry(1, None, EARLY)),
        (entry(5, 2, EARLY, "x"), entry(4, 3, LATE, "y"), replace(entry(5, 3, LATE), commit=None)),
    ],
)
def test_the_higher_version_then_the_later_time_wins(
    theirs: RecordedProject, ours: RecordedProject, expected: RecordedProject
) -> None:
    assert lay_over(record({"a": theirs, "b": entry()}), changes({"a": ours})) == record({"a": expected, "b": entry()})


def test_each_part_brings_its_own_notes() -> None:
    theirs = replace(entry(5, 2), older={"params.x": 4, "ontology": 1}, not_kept={"params.y": "t", "ontology[0]": "t"})
    theirs = replace(theirs, ontology_hash="t")
    ours = replace(entry(4, 3, LATE), older={"params.z": 3}, not_kept={"ontology[1]": "o"}, ontology_hash="o")
    joined = lay_over(record({"a": theirs}), changes({"a": ours})).section(END, "k")["a"]
    assert joined.older == {"params.x": 4}
    assert joined.not_kept == {"params.y": "t", "ontology[1]": "o"}
    assert joined.ontology_hash == "o"


def test_an_entry_that_was_seen_gives_way_to_a_project_made_anew() -> None:
    seen = record({"a": entry(7, 3, LATE)})
    assert lay_over(seen, changes({"a": entry(1, 1)}), seen=seen) == record({"a": entry(1, 1)})
    moved = record({"a": entry(8, 3, LATE)})
    assert lay_over(moved, changes({"a": entry(1, 1)}), seen=seen) == moved


def test_what_a_run_intends_replaces_what_was_intended() -> None:
    theirs, ours = Intended(1, None, "t"), Intended(1, None, "o")

    def result(there: RecordedProject, here: RecordedProject) -> RecordedProject:
        return lay_over(record({"a": there}), changes({"a": here})).section(END, "k")["a"]

    assert result(replace(entry(), intended=theirs), replace(entry(), intended=ours)).intended == ours
    assert result(replace(entry(), intended=theirs), entry()).intended is None
    assert result(replace(entry(2, None, LATE), intended=theirs), replace(entry(), intended=ours)).intended == ours
    assert result(replace(entry(2), intended=theirs), entry()) == entry(2)
    assert result(replace(entry(1, None, LATE), intended=theirs), entry()).intended == theirs
    assert result(entry(), replace(entry(1, None, LATE), intended=ours, written=False)).written


def test_forgetting() -> None:
    there = record({"a": entry(), "b": entry(at=LATE), "c": entry()})
    assert lay_over(there, changes({}, "a", "b", "unknown")) == record({"b": entry(at=LATE), "c": entry()})
    assert lay_over(there, changes({}, "b"), seen=there) == record({"a": entry(), "c": entry()})


def test_sections_of_others_are_untouched() -> None:
    laid = lay_over(FULL, Changes("http://127.0.0.1:8/v1", "z", {"b": entry(9)}, frozenset(), NOON))
    assert laid.sections[END, "k"] == FULL.sections[END, "k"]
    assert laid.sections.keys() == FULL.sections.keys()
    other = lay_over(FULL, changes({"n": entry()}, account="other"))
    assert other.sections[END, "k"] == FULL.sections[END, "k"]
    assert lay_over(Record(), changes({}, "gone")) == Record()


def test_a_section_without_an_account_becomes_the_known_ones() -> None:
    laid = lay_over(record({"a": entry()}, None), changes({"b": entry()}))
    assert laid == record({"a": entry(), "b": entry()})
    assert lay_over(laid, changes({"b": entry(2)}, account=None)) == record({"a": entry(), "b": entry(2)})
    assert lay_over(Record(), changes({"b": entry()}, account=None)) == record({"b": entry()}, None)


# ---- In git


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


@pytest.fixture
def second(tmp_path: Path, remote: Path) -> Path:
    run(tmp_path, "clone", "--quiet", str(remote), "second")
    return tmp_path / "second"


def opened(root: Path, remote: str = "origin", target: str = "production", read_only: bool = False) -> RecordStore:
    return open_record(root, target, remote, read_only, sleep=lambda seconds: None, draw=lambda: 0.5)


def log(folder: Path) -> list[str]:
    return run(folder, "log", "--format=%s", REF).split("\n")


def test_each_local_write_is_a_commit_on_top_of_the_last(clone: Path) -> None:
    store = opened(clone, "local")
    assert store.read() == Record()
    store.write(changes({"a": entry()}), "first")
    store.write(changes({"b": entry()}), "second")
    store.write(changes({"b": entry()}), "nothing new")
    assert log(clone) == ["second", "first"]
    assert run(clone, "log", "-1", "--format=%an <%ae> %cn <%ce>", REF) == (
        "reconciler <reconciler@localhost> reconciler <reconciler@localhost>"
    )
    assert opened(clone, "local", read_only=True).read() == record({"a": entry(), "b": entry()})
    assert run(clone, "show", f"{REF}:record.json") + "\n" == encode(record({"a": entry(), "b": entry()}))
    assert run(clone, "status", "--porcelain") == ""


def test_two_runs_in_one_clone_lose_nothing(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = opened(clone, "local"), opened(clone, "local")
    one.read()
    other.read()
    commit_file = git.commit_file
    overtaken: list[bool] = []

    def overtake(root: Path, name: str, content: bytes, parent: str | None, message: str) -> str:
        if message == "one" and not overtaken:
            overtaken.append(True)
            other.write(changes({"b": entry()}), "other")
        return commit_file(root, name, content, parent, message)

    monkeypatch.setattr(git, "commit_file", overtake)
    one.write(changes({"a": entry()}), "one")
    assert log(clone) == ["one", "other"]
    assert one.read() == record({"a": entry(), "b": entry()})


def test_a_local_ref_that_stays_locked_is_an_error(clone: Path) -> None:
    lock = clone / ".git" / f"{REF}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(RecordError, match="cannot be written"):
        opened(clone, "local").write(changes({"a": entry()}), "first")


@pytest.mark.parametrize(
    "target", ["a b", "x..y", "p.lock", ".a", "a.", "...", "a/b", "@", "@{", "a~^:?*[\\", "%20", "ä\x7f\n", "-x"]
)
def test_every_target_name_has_a_ref_and_a_file(clone: Path, tmp_path: Path, target: str) -> None:
    run(clone, "check-ref-format", ref_name(target))
    for root in (clone, tmp_path):
        opened(root, "local", target).write(changes({"a": entry()}), "first")
        assert opened(root, "local", target).read() == record({"a": entry()})
    assert len(list((tmp_path / ".reconciler").glob("*.json"))) == 1


def test_target_names_stay_apart() -> None:
    names = ["a b", "a%20b", "a.", "a%2E", "a/b", "a%2Fb", "x..y", "x.y", "p.lock", "p%2Elock"]
    assert len({ref_name(name) for name in names}) == len(names)
    assert ref_name("my-prod_2.eu") == "refs/reconciler/record/my-prod_2.eu"


def test_a_clone_without_the_record_says_how_to_fetch_it(clone: Path, second: Path, remote: Path) -> None:
    opened(second).write(changes({"a": entry()}), "first")
    store = opened(clone, "local")
    assert store.read() == Record()
    hint = store.missing_hint()
    assert hint is not None
    assert hint.endswith(f"git fetch origin {REF}:{REF}")
    run(clone, *hint.split("git ")[-1].split())
    assert store.missing_hint() is None
    assert store.read() == record({"a": entry()})
    assert opened(clone).missing_hint() is None
    run(remote, "update-ref", "-d", REF)
    run(clone, "update-ref", "-d", REF)
    run(clone, "remote", "remove", "origin")
    assert store.missing_hint() is None


# ---- With a remote


def test_a_remote_without_the_ref_is_an_empty_record(clone: Path) -> None:
    assert opened(clone).read() == Record()
    assert run(clone, "for-each-ref") == ""


def test_a_write_is_pushed_and_read_by_the_next_clone(clone: Path, second: Path, remote: Path) -> None:
    store = opened(clone)
    store.read()
    store.write(changes({"a": entry()}), "first")
    store.write(changes({"b": entry()}), "second")
    assert log(remote) == log(clone) == ["second", "first"]
    assert opened(second).read() == record({"a": entry(), "b": entry()})
    assert run(second, "rev-parse", REF) == run(remote, "rev-parse", REF)


def test_reading_for_a_plan_writes_no_ref(clone: Path, second: Path) -> None:
    opened(clone).write(changes({"a": entry()}), "first")
    store = opened(second, read_only=True)
    assert store.read() == record({"a": entry()})
    assert run(second, "for-each-ref") == ""
    assert not (second / ".git/FETCH_HEAD").exists()
    opened(second).read()
    opened(clone).write(changes({"b": entry()}), "second")
    before = run(second, "for-each-ref")
    assert store.read() == record({"a": entry(), "b": entry()})
    assert run(second, "for-each-ref") == before
    with pytest.raises(ValueError, match="for reading"):
        store.write(changes({}), "never")


def test_a_lost_race_is_run_again_and_both_entries_are_there(
    clone: Path, second: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = opened(clone), opened(second)
    slow.read()
    fast.read()
    push = git.push
    calls = []

    def overtaken(root: Path, name: str, commit: str, ref: str, old: str | None) -> bool:
        if root == clone:
            calls.append(commit)
            if len(calls) == 1:
                fast.write(changes({"b": entry(), "c": entry(4)}), "fast")
        return push(root, name, commit, ref, old)

    monkeypatch.setattr(git, "push", overtaken)
    slow.write(changes({"a": entry(), "c": entry(3)}), "slow")
    assert len(calls) == 2
    assert log(remote) == ["slow", "fast"]
    assert opened(second, read_only=True).read() == record({"a": entry(), "b": entry(), "c": entry(4)})
    assert run(clone, "rev-parse", REF) == run(remote, "rev-parse", REF)


def test_who_loses_every_race_is_told_and_pauses_between(
    clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(git, "push", lambda *arguments: False)
    store = open_record(clone, "production", "origin", sleep=pauses.append, draw=lambda: 0.5)
    with pytest.raises(RecordError, match="others were faster 5 times") as caught:
        store.write(changes({"a": entry()}), "first", keep=False)
    assert "Nothing was written" in caught.value.detail
    assert pauses == [0.55] * 4
    assert run(clone, "for-each-ref") == run(remote, "for-each-ref") == ""


def test_an_unreachable_remote(clone: Path, remote: Path) -> None:
    away = remote.rename(remote.parent / "away.git")
    store = opened(clone)
    with pytest.raises(RecordError, match="cannot be fetched from origin"):
        store.read()
    with pytest.raises(RecordError, match="cannot be fetched") as caught:
        store.write(changes({"x": entry()}), "intent", keep=False)
    assert "Nothing was written to the record on origin. Run it again." in caught.value.detail
    assert run(clone, "for-each-ref") == ""
    with pytest.raises(RecordError) as caught:
        store.write(changes({"a": entry()}), "outcome")
    assert "This clone keeps the entries" in caught.value.detail
    away.rename(remote)
    assert opened(clone, read_only=True).read() == record({"a": entry()})
    opened(clone).write(changes({"b": entry()}), "next")
    assert log(remote) == ["next", "outcome"]
    assert opened(clone).read() == record({"a": entry(), "b": entry()})


def test_what_was_never_pushed_is_laid_over_what_others_wrote(clone: Path, second: Path, remote: Path) -> None:
    start = {name: entry() for name in ("a", "b", "c", "d", "e")}
    mine, theirs = opened(clone), opened(second)
    mine.write(changes(start), "start")
    theirs.read()
    run(clone, "remote", "set-url", "origin", str(remote.parent / "nowhere"))
    with pytest.raises(RecordError):
        mine.write(changes({"a": entry(2), "b": entry(2)}, "e"), "unpushed")
    run(clone, "remote", "set-url", "origin", str(remote))
    theirs.write(changes({"b": entry(3), "c": entry(5)}, "d"), "theirs")
    local = run(clone, "rev-parse", REF)
    expected = record({"a": entry(2), "b": entry(3), "c": entry(5)})
    again = opened(clone)
    assert again.read() == expected
    assert run(clone, "rev-parse", REF) == local
    again.write(changes({"f": entry()}), "again")
    assert log(remote) == ["again", "theirs", "start"]
    assert theirs.read() == record({**expected.section(END, "k"), "f": entry()})


def test_what_another_clone_forgot_does_not_come_back(clone: Path, second: Path) -> None:
    opened(clone).write(changes({"a": entry(), "b": entry()}), "start")
    other = opened(second)
    other.read()
    other.write(changes({}, "a", at=LATE), "forget")
    assert opened(clone).read() == record({"b": entry()})


def test_a_push_whose_answer_was_lost_has_landed(clone: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    push = git.push

    def lost(root: Path, name: str, commit: str, ref: str, old: str | None) -> bool:
        push(root, name, commit, ref, old)
        raise GitRefusedError("git push failed: the connection was lost")

    monkeypatch.setattr(git, "push", lost)
    opened(clone).write(changes({"a": entry()}), "first")
    assert log(remote) == log(clone) == ["first"]


def test_a_remote_that_refuses_the_push_says_why(clone: Path, remote: Path) -> None:
    hook = remote / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'records are closed' >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RecordError, match="cannot be pushed to origin") as caught:
        opened(clone).write(changes({"a": entry()}), "first")
    assert "records are closed" in caught.value.detail


def test_a_damaged_record_is_an_error_with_its_place(clone: Path, remote: Path) -> None:
    for name, content, says in (
        ("record.json", b"{", "not JSON"),
        ("record.json", b"\xff", "not UTF-8"),
        ("other", b"", "not there"),
    ):
        run(
            clone, "push", "--quiet", "--force", "origin", f"{git.commit_file(clone, name, content, None, 'bad')}:{REF}"
        )
        with pytest.raises(RecordError, match=says) as caught:
            opened(clone, read_only=True).read()
        assert REF in caught.value.summary
        with pytest.raises(RecordError, match=says):
            opened(clone).write(changes({"a": entry()}), "never", keep=False)


def test_a_shallow_clone_reads_and_writes_like_any(clone: Path, tmp_path: Path, remote: Path) -> None:
    for content in (b"1", b"2"):
        old = git.read_ref(clone, "HEAD")
        run(clone, "reset", "--quiet", "--hard", git.commit_file(clone, "a", content, old, "x"))
    run(clone, "push", "--quiet", "origin", "HEAD")
    opened(clone).write(changes({"a": entry()}), "first")
    opened(clone).write(changes({"a": entry(2)}), "second")
    run(tmp_path, "clone", "--quiet", "--depth=1", remote.as_uri(), "shallow")
    shallow = tmp_path / "shallow"
    assert opened(shallow).read() == record({"a": entry(2)})
    opened(shallow).write(changes({"b": entry()}), "third")
    assert log(remote) == ["third", "second", "first"]
    assert run(shallow, "rev-list", "--count", "HEAD") == "1"


def test_a_remote_that_is_not_configured(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such remote"):
        opened(clone, "upstream")
    with pytest.raises(RecordError, match="no git repository"):
        opened(tmp_path, "origin")


def test_a_git_that_refuses_is_let_through(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "home/git"
    fake.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="dubious ownership"):
        opened(clone, "local")


# ---- Outside git


def test_outside_git_the_record_is_a_file(tmp_path: Path) -> None:
    root = tmp_path / "plain"
    root.mkdir()
    store = opened(root, "local")
    assert store.read() == Record()
    assert list(root.iterdir()) == []
    store.write(changes({"a": entry()}), "first")
    opened(root, "local").write(changes({"b": entry()}), "second")
    store.write(changes({"c": entry()}, "a"), "third")
    file = root / ".reconciler/record-production.json"
    assert file.read_text("utf-8") == encode(record({"b": entry(), "c": entry()}))
    assert file.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in file.parent.iterdir()) == ["record-production.json", "record-production.lock"]
    assert store.missing_hint() is None
    with pytest.raises(ValueError, match="for reading"):
        opened(root, "local", read_only=True).write(changes({}), "never")


def test_a_file_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".reconciler/record-production.json"
    file.mkdir(parents=True)
    store = opened(tmp_path, "local")
    for attempt in (store.read, lambda: store.write(changes({"a": entry()}), "first")):
        with pytest.raises(RecordError, match=r"record-production\.json"):
            attempt()
    file.rmdir()
    file.write_text("{")
    with pytest.raises(RecordError, match=r"record-production\.json is damaged"):
        store.read()
    file.unlink()
    file.parent.joinpath("record-production.lock").unlink(missing_ok=True)
    file.parent.rmdir()
    file.parent.write_text("")
    with pytest.raises(RecordError, match="cannot be written to"):
        store.write(changes({"a": entry()}), "first")
