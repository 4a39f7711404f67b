"""What people see, word for word. To take what is rendered now: UPDATE_GOLDEN=1 pytest tests/render/test_golden.py"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.documents.drift import DriftShape
from reconciler.documents.plan import PlanShape
from reconciler.documents.result import ResultShape
from reconciler.forge.github.commands import shield
from reconciler.model.printed import printed
from reconciler.model.project import Source
from reconciler.model.values import Json
from tests.render import plans, test_drift
from tests.render.shown import (
    render_drift,
    render_drift_markdown,
    render_drift_page,
    render_outcome,
    render_outcome_markdown,
    render_page,
    render_plan,
    render_plan_markdown,
    render_validation,
)

GOLDEN = Path(__file__).parent / "golden"


def _outcome(*, colour: bool = False) -> str:
    done, failures = render_outcome(plans.happened(), base=plans.BASE, now=plans.NOW, colour=colour)
    return f"{done}----- stderr\n{failures}"


def _page(page: str) -> str:
    """A page without its style sheet and script, which are files of their own."""
    page = re.sub(r"'sha256-[^']*'", "'sha256-…'", page)
    return re.sub(r"<(style|script)>.*?</\1>", r"<\1>…</\1>", page, flags=re.DOTALL)


def _link(source: Source) -> str:
    return f"https://github.com/o/r/blob/3f2c1ab/{source.file.removeprefix(plans.BASE + '/')}#L{source.line}"


def _document(document: dict[str, Json]) -> str:
    return json.dumps({**document, "tool_version": "…"}, indent=1, ensure_ascii=True) + "\n"


CASES: dict[str, Callable[[], str]] = {
    "picture": lambda: render_plan(plans.picture(), base=plans.BASE, now=plans.NOW),
    "picture-in-colour": lambda: render_plan(plans.picture(), base=plans.BASE, now=plans.NOW, colour=True),
    "hostile": lambda: render_plan(plans.hostile(), base=plans.BASE, now=plans.NOW),
    "hostile-on-a-runner": lambda: shield(render_plan(plans.hostile(), base=plans.BASE, now=plans.NOW)),
    "quiet": lambda: render_plan(plans.plan(plans.unchanged("a")), base=plans.BASE, now=plans.NOW),
    "narrowed": lambda: render_plan(
        plans.plan(plans.unchanged("a"), complete=False), base=plans.BASE, now=plans.NOW + timedelta(days=3)
    ),
    "validation": lambda: render_validation(plans.diagnosed(), manifests=41, base=plans.BASE),
    "validation-in-colour": lambda: render_validation(plans.diagnosed(), manifests=41, base=plans.BASE, colour=True),
    "picture.json": lambda: _document(PlanShape.document(printed(plans.picture(), base=plans.BASE))),
    "hostile.json": lambda: _document(PlanShape.document(printed(plans.hostile(), base=plans.BASE))),
    "outcome.json": lambda: _document(ResultShape.document(printed(plans.happened(), base=plans.BASE))),
    "drift.json": lambda: _document(
        DriftShape.document(printed(test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,)), base="/r"))
    ),
    "drift": lambda: render_drift(
        test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,)), base="/r", now=test_drift.NOW
    ),
    "markdown-drift": lambda: render_drift_markdown(
        test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,)), base="/r", now=test_drift.NOW
    ),
    "markdown": lambda: render_plan_markdown(plans.picture(), base=plans.BASE, now=plans.NOW),
    "markdown-hostile": lambda: render_plan_markdown(plans.hostile(), base=plans.BASE, now=plans.NOW),
    "markdown-outcome": lambda: render_outcome_markdown(plans.happened(), base=plans.BASE, now=plans.NOW),
    "picture.html": lambda: _page(render_page(plans.picture(), base=plans.BASE, now=plans.NOW, links=_link)),
    "hostile.html": lambda: _page(render_page(plans.hostile(), base=plans.BASE, now=plans.NOW)),
    "quiet.html": lambda: _page(render_page(plans.plan(plans.unchanged("a")), base=plans.BASE, now=plans.NOW)),
    "drift.html": lambda: _page(
        render_drift_page(
            test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,)), base="/r", now=test_drift.NOW
        )
    ),
    "outcome": _outcome,
    "outcome-in-colour": lambda: _outcome(colour=True),
}


@pytest.mark.parametrize("name", CASES)
def test_looks_as_the_golden_file_says(name: str) -> None:
    file = GOLDEN / (name if name.endswith(".html") else f"{name}.txt")
    text = CASES[name]()
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode()


@pytest.mark.parametrize("name", ["picture", "validation", "outcome"])
def test_colour_only_adds_codes(name: str) -> None:
    assert re.sub(r"\x1b\[[0-9;]*m", "", CASES[f"{name}-in-colour"]()) == CASES[name]()


def test_no_line_on_a_runner_is_a_command() -> None:
    text = CASES["hostile-on-a-runner"]()
    assert "##[" not in text
    assert not [line for line in text.split("\n") if line.strip().startswith("::")]


def test_no_sentence_ends_twice() -> None:
    twice = re.compile(r"[\w)\"`]\.\.(?=\s|$)", re.MULTILINE)
    assert {file.name: twice.findall(file.read_text("utf-8")) for file in GOLDEN.iterdir()} == {
        file.name: [] for file in GOLDEN.iterdir()
    }
