"""Sensitive texts in the words of a server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.diagnostics import error
from reconciler.fieldpath import parse_pattern
from reconciler.model.printed import printed, with_masked_words
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.planning.planner import plan_project
from tests.ontologies import live_ontology, ontology
from tests.render import plans

WANTED = DesiredProject(
    "p",
    "imageannotation",
    Source("/p.yaml", 1),
    params={"url": "https://new", "deep": {"list": ["one-1", "two-2"]}, "x": "y", "n": 1},
    ontology=ontology(["Cat", {"choice": "Open", "description": "hidden words", "subchoices": ["Secret"]}]),
)
LIVE = LiveProject(
    "p",
    "imageannotation",
    params={"url": "https://old"},
    params_version=0,
    ontology=ontology([{"choice": "Open", "display": "Old display"}]),
    ontology_version=0,
)


def reported(text: str, *patterns: str, live: LiveProject | None = LIVE) -> str:
    change = plan_project(WANTED, live)
    diagnostic = with_masked_words(
        error("rejected", text, detail=text), change, [parse_pattern(pattern) for pattern in patterns]
    )
    assert diagnostic.detail == diagnostic.summary
    return diagnostic.summary


@pytest.mark.parametrize(
    ("patterns", "text", "shown"),
    [
        ((), "https://new", "https://new"),
        (("params.url",), "https://new and https://old", "(sensitive value) and (sensitive value)"),
        (("params.deep",), "one-1, two-2, https://new", "(sensitive value), (sensitive value), https://new"),
        (("params.deep.list[1]",), "one-1, two-2", "one-1, (sensitive value)"),
        (("params.n",), "1 and https://new", "1 and https://new"),
        (("params.x",), "y, of which one letter masks nothing", "y, of which one letter masks nothing"),
        (("ontology.**.Secret",), "Cat, Secret, hidden words", "Cat, (sensitive value), hidden words"),
        (("ontology.*.@description",), "Open: hidden words", "Open: (sensitive value)"),
        (("ontology.Open",), "Old display of Open", "(sensitive value) of (sensitive value)"),
    ],
)
def test_what_is_covered_is_masked(patterns: tuple[str, ...], text: str, shown: str) -> None:
    assert reported(text, *patterns) == shown


def test_a_create_and_an_ontology_that_cannot_be_read() -> None:
    assert reported("https://new, https://old", "params.url", live=None) == "(sensitive value), https://old"
    broken = replace(LIVE, ontology=live_ontology([{"no": "choice"}]))
    assert reported("Open", "ontology.Open", live=broken) == "(sensitive value)"


@pytest.mark.parametrize(
    ("pattern", "is_shown"),
    [
        ("params.x", (True, False)),
        ("params.x[*]", (True, False)),
        ("params.y", (True, True)),
        ("ontology.Kitty", (False, True)),
        ("ontology.**", (False, True)),
    ],
)
def test_a_rename_is_not_shown_if_one_of_its_names_may_be_sensitive(pattern: str, is_shown: tuple[bool, bool]) -> None:
    wanted = replace(WANTED, params={"x": ["Kitten"]}, ontology=ontology(["Kitten"]), renames={"Kitty": "Kitten"})
    live = replace(LIVE, params={"x": ["Kitty", "Dog"]}, ontology=ontology(["Kitty"]))
    shown = printed(plans.plan(plan_project(wanted, live)), sensitive=[parse_pattern(pattern)], base="/")
    [change] = shown.changes
    marks = {field.path[0]: field.renamed is not None for field in change.fields if field.path[-1] != 1}
    assert (marks["ontology"], marks["params"]) == is_shown
