"""The text of documents: what is too large, nested too deep, or of another kind is not taken."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.documents import text
from reconciler.documents.drift import KIND, DriftShape, read_drift_file
from reconciler.documents.result import ResultShape, read_result_file
from reconciler.documents.text import Kind
from reconciler.errors import ResultFileError
from reconciler.model.printed import printed
from reconciler.model.values import Json, digest
from tests.documents.nonsense import nested
from tests.render import plans, test_drift

DRIFT: Final = DriftShape.document(printed(test_drift.drift(test_drift.PROJECT), base="/r"))
SEALED: Final = replace(KIND, sealed=True)
RESULT: Final = ResultShape.document(printed(plans.happened(), base=plans.BASE))


def written(folder: Path, document: Any) -> Path:
    file = folder / "document.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


@pytest.mark.parametrize("read", [read_result_file, read_drift_file])
@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a"),
        ("{}", "is not a"),
        ('{"projects": [], "vanished": [], "format_version": "2.0"}', "has format version 2.0"),
        ('{"projects": [], "vanished": [], "format_version": "1.0"}', "does not match the format"),
    ],
)
def test_what_is_none_is_not_taken(tmp_path: Path, read: Any, text: str, reported: str) -> None:
    with pytest.raises(ResultFileError, match=reported) as caught:
        read(written(tmp_path, text), base=tmp_path)
    said = caught.value.diagnostic().explanation
    assert re.search(r"(?m)^Create a new one(?: from the output of this command)?:\nreconciler ", said)


@pytest.mark.parametrize("read", [read_drift_file, read_result_file])
def test_a_document_that_is_nested_too_deep(tmp_path: Path, read: Callable[..., object]) -> None:
    document = {**(DRIFT if read is read_drift_file else RESULT), "more": nested(300)}
    (tmp_path / "it.json").write_text(json.dumps(document))
    with pytest.raises(ResultFileError, match="more than 220 levels deep"):
        read(tmp_path / "it.json", base=Path("/r"))


@pytest.mark.parametrize(
    ("small", "why"),
    [
        (replace(KIND, most_bytes=20), "a drift document can have at most 20"),
        (replace(KIND, most_values=3), "more than 3 values"),
    ],
)
def test_what_is_too_large_is_neither_written_nor_read(small: Kind, why: str) -> None:
    with pytest.raises(ResultFileError, match=f"a drift document cannot be written: it .*{why}"):
        small.write(DRIFT)
    with pytest.raises(ResultFileError, match=f"x.json .*{why}"):
        small.read(KIND.write(DRIFT), DriftShape, place="x.json")


def test_a_seal_is_made_and_checked_over_the_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = SEALED.write(DRIFT)
    start, _, seal = whole.rpartition(b',"digest":"')
    assert hashlib.sha256(start + b"}").hexdigest().encode() + b'"}\n' == seal
    monkeypatch.setattr(text, "digest", None)  # which would hash the value
    assert SEALED.read(whole, DriftShape, place="x.json") == KIND.read(KIND.write(DRIFT), DriftShape, place="x.json")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole: whole.replace(b'"complete":true', b'"complete":false'),
        lambda whole: whole.replace(b"{", b'{"masked":false,', 1),
        lambda whole: whole.replace(b',"digest":"', b',"digest":"0', 1),
        lambda whole: whole[:-3] + b',"digest":"' + hashlib.sha256(whole[:-3] + b"}").hexdigest().encode() + b'"}\n',
        lambda whole: json.dumps(json.loads(whole)).encode(),
    ],
)
def test_a_changed_byte_breaks_the_seal(spoil: Callable[[bytes], bytes]) -> None:
    whole = SEALED.write(DRIFT)
    assert spoil(whole) != whole
    with pytest.raises(ResultFileError):
        SEALED.read(spoil(whole), DriftShape, place="x.json")


def test_a_seal_over_the_value_as_earlier_versions_made_it() -> None:
    former = json.dumps({**DRIFT, "digest": digest(DRIFT)}, indent=1).encode()
    assert SEALED.read(former, DriftShape, place="x.json") == KIND.read(KIND.write(DRIFT), DriftShape, place="x.json")


@pytest.mark.parametrize(
    "more",
    [float("inf"), -float("inf"), "\ud800", {"\udfff": "Infinity"}, nested(300), 10**40, [1e16, 1e-7, -0.0, 0.1]],
)
def test_values_that_are_hard_to_write(more: Json) -> None:
    found = json.loads(KIND.write({**DRIFT, "more": more}).decode("utf-8", "surrogatepass"))
    assert repr(found["more"]) == repr(more)


def test_the_place_of_a_mistake_is_named(tmp_path: Path) -> None:
    wrong: Json = {**DRIFT, "target": {"name": "t"}}
    with pytest.raises(ResultFileError) as refused:
        read_drift_file(written(tmp_path, wrong), base=tmp_path)
    assert refused.value.detail.startswith("The first mistake is at target.endpoint.")
