"""The files of a record: what is written of it, and read again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.documents.record import HEAD, decode, encode
from reconciler.errors import RecordError
from reconciler.model.record import Intended, Record, RecordedProject, Run, Section

END = "https://api.scale.com/v1"
NOON = "2026-03-01T12:00:00Z"
ENTRY = RecordedProject("projects/a.yaml", 1, None, "c", NOON)

FULL = Record(
    {
        (END, "k"): Section(
            {
                "käse \U0001f9c0": RecordedProject(
                    "projects/ä.yaml",
                    3,
                    None,
                    None,
                    NOON,
                    "2026-01-01T00:00:00Z",
                    {"params.x": 2, "ontology": None},
                    {"params.x[0]": "ab"},
                    (
                        Intended("r1", 3, None, "h", None, {"params.x": 2, "ontology": None}),
                        Intended("r2", None, 0, None, "o"),
                    ),
                    False,
                    "d1ce",
                ),
                "b": ENTRY,
                "n" * 1000: ENTRY,
                "n" * 999 + "m": ENTRY,
            },
            {"r1": Run("r1", "host", None, NOON, NOON), "r/2": Run("r/2", "host", "clone", NOON, NOON)},
            "c0ffee",
            NOON,
        ),
        (END, None): Section(),
        ("http://127.0.0.1:8/v1", "z"): Section({"b": replace(ENTRY, params_version=2)}),
    }
)

OLD = {
    "format_version": "1.0",
    "sections": [
        {
            "endpoint": END,
            "account": None,
            "projects": {
                "p": {
                    "file": "projects/p.yaml",
                    "params_version": 4,
                    "ontology_version": 1,
                    "commit": "c",
                    "recorded_at": NOON,
                    "older": {"params.b": 2},
                    "intended": {"params_version": 4, "ontology_version": 1, "params_hash": "h", "ontology_hash": None},
                }
            },
        }
    ],
}


def test_a_record_comes_back_from_its_files() -> None:
    assert decode(encode(FULL)) == FULL
    turned = Record(
        {
            key: replace(section, projects=dict(reversed(list(section.projects.items()))))
            for key, section in reversed(list(FULL.sections.items()))
        }
    )
    assert encode(turned) == encode(FULL)


def test_each_project_has_a_file_and_no_name_is_too_long_for_one() -> None:
    files = encode(FULL)
    assert len(files) == 1 + 3 + 5 + 2
    assert all(len(part.encode()) <= 200 for path in files for part in path.split("/"))
    assert all(path.isascii() and " " not in path for path in files)


def test_a_file_says_no_more_than_there_is() -> None:
    files = encode(Record({(END, "k"): Section({"b": ENTRY})}))
    [path] = [path for path in files if "/projects/" in path]
    assert files[path].decode() == (
        '{\n "commit": "c",\n "file": "projects/a.yaml",\n "name": "b",\n "ontology_version": null,\n '
        '"params_version": 1,\n "recorded_at": "2026-03-01T12:00:00Z"\n}\n'
    )


def test_a_change_of_one_project_changes_one_file() -> None:
    before = encode(FULL)
    section = FULL.sections[END, "k"]
    changed = {**section.projects, "b": replace(ENTRY, params_version=2)}
    after = encode(Record({**FULL.sections, (END, "k"): replace(section, projects=changed)}))
    assert [path.split("/")[-1] for path in before if before[path] != after[path]] == ["b.json"]


def test_unknown_keys_and_files_are_passed_over() -> None:
    files = {path: content.replace(b'"file"', b'"new": [], "file"') for path, content in encode(FULL).items()}
    folder = next(path for path in files if "/" in path).split("/")[0]
    assert decode({**files, "notes": b"{", f"{folder}/more/x": b"{", f"{folder}/other.json": b"{"}) == FULL


def test_a_record_of_the_old_format_is_read() -> None:
    record = decode({HEAD: json.dumps(OLD).encode()})
    intent = Intended("", 4, 1, "h", None, {"params.b": 2})
    project = RecordedProject("projects/p.yaml", 4, 1, "c", NOON, older={"params.b": 2}, intents=(intent,))
    assert record == Record({(END, None): Section({"p": project})})
    assert decode(encode(record)) == record


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not match the format"),
        ("{}", "not match the format"),
        ('{"format_version": "3.0"}', "format version 3.0"),
        ('{"format_version": 2.0}', "not match the format"),
        ('{"format_version": "1.0"}', "not match the format"),
        (
            json.dumps(OLD).replace('"params_version": 4, "ont', '"params_version": "4", "ont'),
            "not match the format",
        ),
        (json.dumps(OLD).replace('"file"', '"fil"'), "not match the format"),
        (json.dumps({**OLD, "sections": OLD["sections"] * 2}), "two sections"),  # type: ignore[operator]
    ],
)
def test_what_is_not_a_record_is_an_error(text: str, says: str) -> None:
    with pytest.raises(RecordError, match=says):
        decode({HEAD: text.encode()})


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"params_version": 1', b'"params_version": "1"', r"b\.json is damaged: it does not match"),
        (b'"params_version": 1', b'"params_version": true', r"b\.json is damaged: it does not match"),
        (b'"file"', b'"fil"', "not match the format"),
        (b'"until"', b'"unti"', "not match the format"),
        (b'"endpoint"', b'"end"', r"section\.json is damaged"),
        (b"{", b"", "not JSON"),
        (b"{", b"\xff{", "not UTF-8"),
    ],
)
def test_a_damaged_file_is_named(old: bytes, new: bytes, says: str) -> None:
    files = {path: content.replace(old, new) if path != HEAD else content for path, content in encode(FULL).items()}
    with pytest.raises(RecordError, match=says):
        decode(files, place="the record of production")


def test_a_file_that_is_missing_is_damage() -> None:
    files = encode(FULL)
    with pytest.raises(RecordError, match=r"has no record\.json"):
        decode({path: content for path, content in files.items() if path != HEAD})
    heads = [path for path in files if path.endswith("section.json")]
    with pytest.raises(RecordError, match=r"has no section\.json"):
        decode({path: content for path, content in files.items() if path not in heads})
