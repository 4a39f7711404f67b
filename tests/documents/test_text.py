"""The text of documents: what is too large, nested too deep, or of another kind is not taken."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from reconciler.documents.drift import KIND, DriftShape, read_drift_file
from reconciler.documents.result import ResultShape, read_result_file
from reconciler.documents.text import Kind
from reconciler.errors import ResultFileError
from reconciler.model.printed import printed
from reconciler.model.values import Json
from tests.documents.nonsense import nested
from tests.render import plans, test_drift

DRIFT: Final = DriftShape.document(printed(test_drift.drift(test_drift.PROJECT), base="/r"))
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


def test_the_place_of_a_mistake_is_named(tmp_path: Path) -> None:
    wrong: Json = {**DRIFT, "target": {"name": "t"}}
    with pytest.raises(ResultFileError) as refused:
        read_drift_file(written(tmp_path, wrong), base=tmp_path)
    assert refused.value.detail.startswith("The first mistake is at target.endpoint.")
