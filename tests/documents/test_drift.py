"""Drift documents, read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import error
from reconciler.documents.drift import DriftShape, read_drift_file
from reconciler.errors import ResultFileError
from reconciler.forge.github.event import Event
from reconciler.model.drift import ProjectDrift, Unit
from reconciler.model.plan import Cause
from reconciler.model.printed import printed
from reconciler.model.project import Source
from reconciler.model.values import ABSENT, to_json
from reconciler.operations.github_drift import drift_text
from reconciler.operations.github_writer import Writer
from tests.documents.nonsense import spoiled
from tests.documents.test_text import written
from tests.render import test_drift
from tests.render.shown import render_drift
from tests.render.test_drift import PROJECT, drift

DRIFT: Final = DriftShape.document(
    printed(
        test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,), vanished=("lost",), unmanaged=("old",)),
        base="/r",
    )
)
EVENT: Final = Event(
    "schedule", "o/r", "token", "https://api", "https://api/graphql", "https://github.example", "b" * 40
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_drift_document_with_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "drift.json").write_text(json.dumps(spoiled(DRIFT, seed)).replace("Infinity", "1e999"))
    try:
        drift = read_drift_file(tmp_path / "drift.json", base=Path("/r"))
    except ResultFileError:
        return
    to_json(DriftShape.document(printed(drift, base="/r"))).encode("utf-8", "surrogatepass")
    render_drift(drift, base="/r", now=test_drift.NOW)
    drift_text(drift, EVENT, Writer("/r", test_drift.NOW), limit=50_000)


@pytest.mark.parametrize("path", ["params", "params.a.b", "params[0]", "ontology.A", "x", "a b"])
def test_what_is_no_unit_of_a_project(tmp_path: Path, path: str) -> None:
    document = json.loads(json.dumps(DRIFT))
    (tmp_path / "it.json").write_text(json.dumps(document))
    assert read_drift_file(tmp_path / "it.json", base=Path("/r")).projects[0].units
    document["projects"][0]["units"][0]["path"] = path
    (tmp_path / "it.json").write_text(json.dumps(document))
    with pytest.raises(ResultFileError, match="does not match the format of a drift document"):
        read_drift_file(tmp_path / "it.json", base=Path("/r"))


def test_a_drift(tmp_path: Path) -> None:
    here = Source("/r/projects/p.yaml", 4)
    units = (
        Unit("params.a", Cause.DRIFT, None, None, ABSENT, version=3, source=here),
        Unit("params.b", Cause.DRIFT, ABSENT, ABSENT, None),
    )
    reported = ProjectDrift("reported", Source("/r/projects/t.yaml", 1), diagnostics=(error("e", "s"),))
    clean = ProjectDrift("clean", Source("/r/projects/c.yaml", 1))
    found = drift(replace(PROJECT, units=units), reported, clean, vanished=("lost",), unmanaged=("old",))
    document = DriftShape.document(printed(found, base="/r"))
    read = read_drift_file(written(tmp_path, document), base=Path("/r"))
    assert DriftShape.document(printed(read, base="/r")) == document
    assert (read.summary, read.project_count, read.unlisted) == (found.summary, 3, 1)
    assert [(unit.base, unit.live) for unit in read.projects[0].units] == [(None, ABSENT), (ABSENT, None)]
    bare = written(tmp_path, DriftShape.document(printed(drift(baseline=None), base="/r")))
    assert read_drift_file(bare, base=Path("/r")).baseline is None
    old = drift(PROJECT, snapshot_at=datetime(2026, 11, 24, 9, tzinfo=UTC))
    document = DriftShape.document(printed(old, base="/r"))
    assert read_drift_file(written(tmp_path, document), base=Path("/r")).snapshot_at == old.snapshot_at


def test_a_path_that_is_none(tmp_path: Path) -> None:
    document: Any = DriftShape.document(printed(drift(PROJECT), base="/r"))
    document["projects"][0]["units"][0]["path"] = "params..a"
    with pytest.raises(ResultFileError):
        read_drift_file(written(tmp_path, document), base=tmp_path)
