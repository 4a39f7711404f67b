"""Nothing that is sensitive is in a view, so no format can show it. Files are named as the reader sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.model.drift import ProjectDrift
from reconciler.model.outcome import ProjectOutcome, Status
from reconciler.model.plan import Action, Field, Kind, State
from reconciler.model.project import Source
from reconciler.render.view.drift import view_drift
from reconciler.render.view.outcome import view_outcome
from reconciler.render.view.parts import Reader
from reconciler.render.view.plan import view_plan
from tests.render import plans, test_drift
from tests.render.plans import added, changed, choice, created, moved, outcome, updated

SECRET = "s3cr3t"
FIELDS = (
    changed(("params", "key"), SECRET, f"other {SECRET}"),
    changed(("params", "open"), {"inner": SECRET, "b": 1}, {"inner": 1}),
    added("new", {"inner": [SECRET]}),
    Field(("params", "listed"), Kind.REORDER, [SECRET, "b"], ["b", SECRET]),
    choice(SECRET, "below", kind=Kind.REMOVE),
    choice(SECRET),
    choice("Cat", display=SECRET),
    moved([SECRET, "Dog"], ["Dog"]),
    changed(("ontology", "Cow", Attribute("display")), SECRET, f"other {SECRET}"),
    changed(("ontology", Attribute("name")), SECRET, f"other {SECRET}"),
)
ONTOLOGY = ["Dog", {"choice": SECRET, "subchoices": ["below"]}, {"choice": "Cow", "display": SECRET}, "Cat"]
STATE = State("x", {"key": SECRET, "open": {"inner": SECRET}, "new": {"inner": [SECRET]}}, ONTOLOGY, SECRET)
SENSITIVE = tuple(
    map(
        parse_pattern,
        (
            "params.key",
            "params.*.inner",
            "params.listed[*]",
            f"ontology.{SECRET}",
            "ontology.**.@display",
            "ontology.@name",
        ),
    )
)
WHOLE = tuple(map(parse_pattern, ("params", "ontology", "ontology.@name")))


def texts(value: Any) -> Iterator[str]:
    """Every text in a view."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts(list(value.items()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)
    elif is_dataclass(value):
        for each in fields(value):
            yield from texts(getattr(value, each.name))


@pytest.mark.parametrize("sensitive", [SENSITIVE, WHOLE], ids=["parts", "whole"])
def test_nothing_sensitive_is_in_a_view(sensitive: tuple[Any, ...]) -> None:
    reader = Reader(plans.BASE, plans.NOW, sensitive=sensitive)
    change = updated("p", "p.yaml", FIELDS, before=STATE, after=STATE)
    new = created("new", "n.yaml", params=STATE.params, ontology=ONTOLOGY, fields=FIELDS[2:3] + FIELDS[5:7])
    plan = view_plan(plans.plan(change, replace(new, after=STATE)), reader)
    units = tuple(
        replace(test_drift.unit("params.key" if field.path[0] == "params" else "ontology"), fields=(field,))
        for field in FIELDS
    )
    drift = view_drift(test_drift.drift(ProjectDrift("p", plans.source("p.yaml"), units)), reader)
    stale = ProjectOutcome("p", Action.UPDATE, Status.STALE, stale_fields=FIELDS)
    for view in (plan, drift, view_outcome(outcome(stale), reader)):
        found = list(texts(view))
        assert not [text for text in found if SECRET in text]
        assert any("(sensitive value)" in text for text in found)


def test_what_a_masked_project_has_is_still_counted() -> None:
    new = created("new", "n.yaml", fields=[added("key", SECRET), added("b", 1), choice("A"), choice("A", "B")])
    masked = replace(new, after=STATE)
    view = view_plan(plans.plan(masked), Reader(plans.BASE, plans.NOW, sensitive=WHOLE))
    assert [section.total_words for section in view.projects[0].sections[1:]] == ["2 parameters", "2 choices"]


def test_the_address_of_a_line_is_made_of_its_absolute_name() -> None:
    seen: list[Source] = []

    def link(source: Source) -> str:
        seen.append(source)
        return f"{'https' if source.line == 1 else 'javascript'}://x"

    reader = Reader("/repo/below", plans.NOW, link)
    assert reader.address(Source("../projects/p.yaml", 1)) == "https://x"
    assert reader.address(Source("p.yaml", 2)) is None
    assert seen == [Source("/repo/projects/p.yaml", 1), Source("/repo/below/p.yaml", 2)]
    assert Reader("/repo", plans.NOW).address(Source("p.yaml", 1)) is None
