"""Apply results and drift documents, read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.diagnostics import error, warning
from reconciler.documents.drift import drift_document, read_drift_file
from reconciler.documents.result import outcome_document, read_result_file
from reconciler.errors import ResultFileError
from reconciler.model.drift import ProjectDrift, Unit
from reconciler.model.plan import Cause
from reconciler.model.printed import printed
from reconciler.model.project import Source
from reconciler.model.values import ABSENT
from tests.render.plans import BASE, happened, source
from tests.render.test_drift import PROJECT, drift


def written(folder: Path, document: Any) -> Path:
    file = folder / "document.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_a_result(tmp_path: Path) -> None:
    outcome = replace(happened(), previous_commit="a" * 40, diagnostics=(warning("w", "s", detail="d"),))
    first, *others = outcome.projects
    outcome = replace(outcome, projects=(replace(first, hash="abc", source=source("projects/cats.yaml")), *others))
    document = outcome_document(printed(outcome, base=BASE))
    read = read_result_file(written(tmp_path, document), base=Path(BASE))
    assert outcome_document(printed(read, base=BASE)) == document
    assert read.projects[0].source == source("projects/cats.yaml")
    assert (read.summary, read.interrupted_by, read.previous_commit) == (outcome.summary, 2, "a" * 40)
    assert read.projects[1].stale_fields == ()


def test_a_drift(tmp_path: Path) -> None:
    here = Source("/r/projects/p.yaml", 4)
    units = (
        Unit("params.a", Cause.DRIFT, None, None, ABSENT, version=3, source=here),
        Unit("params.b", Cause.DRIFT, ABSENT, ABSENT, None),
    )
    told = ProjectDrift("told", Source("/r/projects/t.yaml", 1), diagnostics=(error("e", "s"),))
    clean = ProjectDrift("clean", Source("/r/projects/c.yaml", 1))
    found = drift(replace(PROJECT, units=units), told, clean, vanished=("lost",), unmanaged=("old",))
    document = drift_document(printed(found, base="/r"))
    read = read_drift_file(written(tmp_path, document), base=Path("/r"))
    assert drift_document(printed(read, base="/r")) == document
    assert (read.summary, read.project_count, read.unlisted) == (found.summary, 3, 1)
    assert [(unit.base, unit.live) for unit in read.projects[0].units] == [(None, ABSENT), (ABSENT, None)]
    bare = written(tmp_path, drift_document(printed(drift(baseline=None), base="/r")))
    assert read_drift_file(bare, base=Path("/r")).baseline is None
    old = drift(PROJECT, snapshot_at=datetime(2026, 11, 24, 9, tzinfo=UTC))
    document = drift_document(printed(old, base="/r"))
    assert read_drift_file(written(tmp_path, document), base=Path("/r")).snapshot_at == old.snapshot_at


@pytest.mark.parametrize("read", [read_result_file, read_drift_file])
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is not a"),
        ("{}", "is not a"),
        ('{"projects": [], "vanished": [], "format_version": "2.0"}', "has the format version 2.0"),
        ('{"projects": [], "vanished": [], "format_version": "1.0"}', "does not hold what"),
    ],
)
def test_what_is_none_is_not_taken(tmp_path: Path, read: Any, text: str, told: str) -> None:
    with pytest.raises(ResultFileError, match=told) as caught:
        read(written(tmp_path, text), base=tmp_path)
    assert "Make a new one: reconciler " in caught.value.detail


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match="cannot be read: No such file"):
        read_result_file(tmp_path / "none", base=tmp_path)


def test_a_path_that_is_none(tmp_path: Path) -> None:
    document: Any = drift_document(printed(drift(PROJECT), base="/r"))
    document["projects"][0]["units"][0]["path"] = "params..a"
    with pytest.raises(ResultFileError):
        read_drift_file(written(tmp_path, document), base=tmp_path)
