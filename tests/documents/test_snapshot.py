"""The text of a snapshot: all of it comes back, and nothing damaged, huge or deep is taken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.documents import snapshot as text
from reconciler.documents.snapshot import decode, encode, too_large
from reconciler.errors import SnapshotError
from reconciler.model.ontology import Unreadable
from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, Version
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.model.values import canonical_json
from tests.ontologies import ontology

AT = datetime(2026, 11, 25, 10, 2, 11, tzinfo=UTC)
HASH = "ab" * 32


def project(**more: Any) -> LiveProject:
    params = (Version(3, AT, None), Version(4, AT + timedelta(milliseconds=5), {"a": [1.5, None, 10**30]}, digest=HASH))
    ontologies = (Version(0, None, ontology(["A", {"choice": "B", "links": [1]}], "n"), HASH),)
    values: dict[str, Any] = {
        "name": "käse \U0001f9c0\x1b[31m",
        "type": "imageannotation",
        "params": params[-1].content,
        "params_version": 4,
        "params_at": params[-1].at,
        "ontology": ontologies[0].content,
        "ontology_version": 0,
        "pipeline": "standard_task",
        "created_at": "2026-01-01T00:00:00Z",
        "params_history": params,
        "ontology_history": ontologies,
        "origins": {"params.a": (1, AT), "ontology": (0, None)},
    }
    return LiveProject(**{**values, **more})


BARE = LiveProject("b", "x", archived=True, ontology=Unreadable("ontologyHistory", "is not an array"), origins={})
WHOLE = Snapshot(
    TargetInfo("production", "https://api.scale.com/v1", "2026-01-01T00:00:00Z"),
    AT,
    "3f2c1abd" + "0" * 32,
    (SnapshotProject(BARE), SnapshotProject(project(), ("ontology.**.@display", "params.x[*].key"))),
)


def test_all_of_it_comes_back() -> None:
    content = encode(WHOLE)
    assert decode(content, place="it") == WHOLE
    assert text.KIND.sign in content[:100]
    assert content.count(b"\n") == 1
    empty = Snapshot(TargetInfo("t", "e"), AT)
    assert decode(encode(empty), place="it") == empty


def test_numbers_and_texts_of_any_kind_come_back() -> None:
    odd = {"inf": float("inf"), "big": int("9" * 4000), "text": "\x00‮\r\n", "": {"": [[]]}, "nested": _nested(190)}
    version = Version(0, None, odd)
    live = project(params=odd, params_version=0, params_at=None, params_history=(version,))
    whole = Snapshot(WHOLE.target, AT, None, (SnapshotProject(live),))
    assert decode(encode(whole), place="it") == whole


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def forged(change: Callable[[Any], object]) -> bytes:
    """A snapshot that somebody changed, with the digest that fits."""
    document = json.loads(encode(WHOLE))
    change(document)
    document.pop("digest")
    document["digest"] = hashlib.sha256(canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (encode(WHOLE)[:-20], "not JSON"),
        (b"[]", "is not a snapshot"),
        (b"{}", "is not a snapshot"),
        (b'{"kind":"plan","format_version":"1.0"}', "is not a snapshot"),
        (b'{"format_version": "1.0", "resource_changes": []}', "is not a snapshot"),
        (b"[" * 100_000 + b"]" * 100_000, "not JSON"),
        (b'{"kind":"snapshot","a":' + b"[" * 300 + b"]" * 300 + b"}", "more than 220 levels"),
        (b'{"kind":"snapshot","a":' + b"9" * 20_000 + b"}", "not JSON"),
        (b'{"kind":"snapshot","a":NaN}', "not JSON"),
        (b'{"kind":"snapshot","a":"' + b"," * 5_000_001, "might have more than 5,000,000 values"),
        (encode(WHOLE).replace(b"standard", b"nonstandard"), "changed or truncated"),
        (b'{"kind":"snapshot","format_version":"1.0"}', "changed or truncated"),
        (forged(lambda d: d.update(format_version="9.0")), "format version 9.0"),
        (forged(lambda d: d.update(format_version=1)), "format version 1, not"),
        (forged(lambda d: d.update(timestamp="yesterday")), "timestamp"),
        (forged(lambda d: d.update(timestamp="2026-11-25T10:02:11")), "timestamp"),
        (forged(lambda d: d.update(timestamp="0001-01-01T00:00:00+14:00")), "timestamp"),
        (forged(lambda d: d.update(commit="main")), "commit"),
        (forged(lambda d: d.update(target={"name": "t"})), "target.endpoint"),
        (forged(lambda d: d.update(projects={})), "projects"),
        (forged(lambda d: d["projects"][0].update(name="")), "projects.0.name"),
        (forged(lambda d: d["projects"][0].update(archived="yes")), "projects.0.archived"),
        (forged(lambda d: d["projects"][1]["params"][1].update(content=None)), "projects.1.params"),
        (forged(lambda d: d["projects"][1]["params"][1].update(content=[1])), "projects.1.params.1.content"),
        (forged(lambda d: d["projects"][1]["params"][1].update(version=True)), "projects.1.params.1.version"),
        (forged(lambda d: d["projects"][1]["params"][1].update(version=-1)), "projects.1.params.1.version"),
        (forged(lambda d: d["projects"][1]["params"][1].update(digest="x")), "projects.1.params.1.digest"),
        (forged(lambda d: d["projects"][1]["ontology"][0].update(created_at="x")), "projects.1.ontology.0.created_at"),
        (forged(lambda d: d["projects"][1].update(left_out=["params..a"])), "projects.1.left_out"),
        (forged(lambda d: d["projects"][1].update(left_out=["params.a"] * 10_001)), "projects.1.left_out"),
        (forged(lambda d: d["projects"][1].update(origins={"a": 1})), "projects.1.origins.a"),
    ],
)
def test_anything_else_is_refused_and_reported(content: bytes, words: str) -> None:
    with pytest.raises(SnapshotError) as problem:
        decode(content, place="the snapshot s.json")
    said = f"{problem.value.summary}\n{problem.value.diagnostic().explanation}"
    assert words in said
    assert said.startswith("the snapshot s.json ")
    assert "reconciler snapshot --publish" in said


def test_one_that_is_too_large_is_neither_written_nor_read(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encode(WHOLE)
    monkeypatch.setattr(text, "KIND", replace(text.KIND, most_bytes=len(content) - 1))
    with pytest.raises(SnapshotError, match="can have at most"):
        encode(WHOLE)
    with pytest.raises(SnapshotError, match="can have at most"):
        decode(content, place="it")


def test_keys_that_are_not_known_are_passed_over() -> None:
    assert decode(forged(lambda d: d.update(more=1)), place="it") == WHOLE


def test_one_that_is_too_large_says_how_large() -> None:
    assert too_large(70_000_000, place="the snapshot").summary.startswith(
        "the snapshot has 70,000,000 bytes; a snapshot can have at most"
    )
    assert too_large(None, place="the snapshot").summary == "the snapshot has too many files for a snapshot"
