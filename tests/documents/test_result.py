"""Apply results, read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import warning
from reconciler.documents.result import ResultShape, check_result, read_result_file
from reconciler.errors import ResultFileError, UsageError
from reconciler.model.printed import printed
from reconciler.model.values import to_json
from tests.documents.nonsense import spoiled
from tests.documents.test_text import written
from tests.render import plans
from tests.render.plans import BASE, happened, source
from tests.render.shown import render_outcome_markdown

RESULT: Final = ResultShape.document(printed(plans.happened(), base=plans.BASE))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**64))
def test_a_result_with_a_nonsense_body(tmp_path: Path, seed: int) -> None:
    (tmp_path / "result.json").write_text(json.dumps(spoiled(RESULT, seed)).replace("Infinity", "1e999"))
    try:
        outcome = read_result_file(tmp_path / "result.json", base=Path(plans.BASE))
    except ResultFileError:
        return
    to_json(ResultShape.document(printed(outcome, base=plans.BASE))).encode("utf-8", "surrogatepass")
    render_outcome_markdown(outcome, base=plans.BASE, now=plans.NOW)


def test_where_a_result_cannot_be_saved(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="it is a folder"):
        check_result(tmp_path)
    with pytest.raises(UsageError, match="its folder is missing or not writable"):
        check_result(tmp_path / "no" / "result.json")
    check_result(tmp_path / "result.json")


def test_a_result(tmp_path: Path) -> None:
    outcome = replace(happened(), previous_commit="a" * 40, diagnostics=(warning("w", "s", detail="d"),))
    first, *others = outcome.projects
    outcome = replace(outcome, projects=(replace(first, hash="abc", source=source("projects/cats.yaml")), *others))
    document = ResultShape.document(printed(outcome, base=BASE))
    read = read_result_file(written(tmp_path, document), base=Path(BASE))
    assert ResultShape.document(printed(read, base=BASE)) == document
    assert read.projects[0].source == source("projects/cats.yaml")
    assert (read.summary, read.interrupted_by, read.previous_commit) == (outcome.summary, 2, "a" * 40)
    assert read.projects[1].stale_fields == ()


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ResultFileError, match="cannot be read: No such file"):
        read_result_file(tmp_path / "none", base=tmp_path)
