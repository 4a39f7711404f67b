"""The log of the record, in real git."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.git.refs import Refs
from reconciler.model.history import Step
from reconciler.model.record import EMPTY_ACCOUNT, Intended, Record, RecordedProject, Section, SectionKey
from reconciler.record.log import read_log
from reconciler.record.stores import LoggedStore, Seen, open_record
from tests.repositories import git

pytestmark = pytest.mark.usefixtures("no_identity")

END = "https://api.scale.com/v1"
KEY: SectionKey = (END, "k")
NOON = "2026-03-01T12:00:00Z"
ENTRY = RecordedProject("projects/p.yaml", 0, None, "c" * 40, NOON)
OTHER = replace(ENTRY, file="projects/other.yaml")
INTENDING = replace(ENTRY, intents=(Intended("r1", 0, None, "h"),))


@pytest.fixture(params=["local", "origin"])
def store(request: pytest.FixtureRequest, clone: Path) -> LoggedStore:
    return open_record(clone, "production", request.param)


def kept(*entries: tuple[str, RecordedProject], key: SectionKey = KEY) -> Record:
    return Record({key: Section(dict(entries))})


def write(store: LoggedStore, *records: Record, message: str = "m") -> Seen:
    seen = store.read()
    for record in records:
        after = store.swap(seen, record, message)
        assert after is not None
        seen = after
    return store.read()


def entries(steps: Iterable[Step] | None) -> list[RecordedProject | None]:
    assert steps is not None
    return [step.entry for step in steps]


def test_only_commits_that_changed_the_entry_are_read(store: LoggedStore) -> None:
    later = replace(ENTRY, params_version=1)
    seen = write(
        store,
        kept(("other", OTHER)),
        kept(("p", ENTRY), ("other", OTHER)),
        kept(("p", ENTRY), ("other", replace(OTHER, params_version=7))),
        kept(("p", later)),
        kept(("q", OTHER)),
    )
    assert entries(store.log(seen, KEY, "p")) == [ENTRY, later, None]
    assert entries(store.log(seen, KEY, "nobody")) == []
    assert entries(store.log(seen, (END, "another"), "p")) == []


def test_an_intent_comes_with_the_commit_that_its_message_names(store: LoggedStore) -> None:
    seen = write(store, kept(("p", INTENDING)), message=f"intend: p\n\nManifests at {'a' * 40}\n")
    seen = write(store, kept(("p", ENTRY)), message=f"apply\n\nManifests at {'b' * 40}\n")
    begun, ended = store.log(seen, KEY, "p") or iter(())
    assert begun.manifests == {"r1": ("a" * 40, False)}
    assert begun.entry == INTENDING
    assert ended.manifests == {}
    dirty = f"intend: p\n\nManifests at {'a' * 40}, with uncommitted changes\n"
    seen = write(store, kept(("p", INTENDING)), message=dirty)
    assert [*(store.log(seen, KEY, "p") or ())][-1].manifests == {"r1": ("a" * 40, True)}


def test_a_section_that_is_renamed_keeps_its_past(store: LoggedStore) -> None:
    empty: SectionKey = (END, EMPTY_ACCOUNT)
    seen = write(store, kept(("p", INTENDING), key=empty), kept(("p", ENTRY)))
    assert entries(store.log(seen, KEY, "p")) == [INTENDING, ENTRY]
    assert entries(store.log(seen, (END, "other"), "p")) == []
    # The empty account of another key: its entry did not move here.
    other = kept(("p", OTHER), key=empty)
    seen = write(store, Record({**kept(("p", ENTRY)).sections, **other.sections}), kept(("p", ENTRY)))
    assert entries(store.log(seen, KEY, "p")) == [INTENDING, ENTRY]


def test_an_old_record_and_damaged_files(clone: Path) -> None:
    refs = Refs(clone, None)
    sections = [{"endpoint": END, "account": None, "projects": {"p": {**_old(3), "intended": None}}}]
    old = json.dumps({"format_version": "1.0", "sections": sections}).encode()
    first = refs.commit(None, {"record.json": old}, "old")
    assert [step.entry and step.entry.params_version for step in read_log(refs, first, KEY, "p")] == [3]
    assert list(read_log(refs, first, KEY, "q")) == []
    refs.swap("refs/reconciler/record/production", first, None)
    store = open_record(clone, "production", "local")
    seen = write(store, kept(("p", ENTRY)))
    assert seen.token is not None
    path = next(path for path in seen.files if "/projects/" in path)
    broken = refs.commit(seen.token, {path: b"{", "record.json": b"["}, "broken")
    assert [step.entry and step.entry.params_version for step in read_log(refs, broken, KEY, "p")] == [3, 0]


def _old(version: int) -> dict[str, object]:
    facts = {"file": "projects/p.yaml", "params_version": version, "ontology_version": None, "commit": None}
    return {**facts, "recorded_at": NOON, "older": {}, "not_kept": {}, "written": True}


def test_without_a_ref_and_without_git_there_is_no_log(clone: Path, tmp_path: Path) -> None:
    store = open_record(clone, "production", "local")
    assert entries(store.log(store.read(), KEY, "p")) == []
    apart = tmp_path / "apart"
    apart.mkdir()
    file = open_record(apart, "production", "local")
    assert file.log(file.read(), KEY, "p") is None
    assert git(clone, "for-each-ref") == ""
