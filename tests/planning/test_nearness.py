"""Names that are one edit apart, however many there are."""

from __future__ import annotations

import pytest

from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import ProjectChange
from reconciler.model.project import LiveProject
from reconciler.planning import nearness
from reconciler.planning.nearness import neighbours, renamed_choices
from reconciler.planning.planner import plan_project
from tests.building import desired, live


@pytest.mark.parametrize("most", [1, 20, 500_000])
def test_neighbours_are_found_however_much_is_indexed_at_once(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(nearness, "_MOST_KEYS", most)
    live = {name: [LiveProject(name, "t")] for name in ("kittens", "puppys", "horses", "cats", "lane12")}
    found = neighbours({"kitten", "puppy", "horsse", "lane13", "whales", "ab"}, live)
    assert {form: [project.name for project in projects] for form, projects in found.items()} == {
        "kitten": ["kittens"],
        "puppy": ["puppys"],
        "horsse": ["horses"],
    }


def change(before: list[object], after: list[object]) -> ProjectChange:
    return plan_project(desired(choices=after), live(ontologies=(before,)))


CASES: dict[str, tuple[list[object], list[object], list[tuple[str, str]]]] = {
    "case and spaces": (["Traffic light"], ["traffic_light"], [("Traffic light", "traffic_light")]),
    "a letter": (["Pedestrain", "Car"], ["Pedestrian", "Car"], [("Pedestrain", "Pedestrian")]),
    "another thing": (["Dog"], ["Fox"], []),
    "only gone": (["Dog", "Cat"], ["Dog"], []),
    "only come": (["Dog"], ["Dog", "Cat"], []),
    "each pair once": (["Lorry 1", "Lorry 2"], ["lorry 1"], [("Lorry 1", "lorry 1")]),
    "one of two": (["Bus stop", "Dog"], ["Bus-stop", "Fox"], [("Bus stop", "Bus-stop")]),
    "below a heading": (
        [{"choice": "A", "subchoices": ["Small cat"]}],
        [{"choice": "A", "subchoices": ["Small cats"]}],
        [("Small cat", "Small cats")],
    ),
    "too many to be a renaming": ([f"a{n}" for n in range(201)], [f"b{n}" for n in range(201)], []),
}


@pytest.mark.parametrize("case", CASES)
def test_renamings(case: str) -> None:
    before, after, expected = CASES[case]
    reported = renamed_choices(change(before, after), ())
    assert [diagnostic.summary for diagnostic in reported] == [
        f'project.p: the choice "{old}" is removed, and the similar "{new}" is added' for old, new in expected
    ]


def test_a_create_renames_nothing() -> None:
    created = plan_project(desired(choices=["a"]), None)
    assert renamed_choices(created, ()) == []


def test_what_is_sensitive_is_not_named() -> None:
    assert renamed_choices(change(["Pedestrain"], ["Pedestrian"]), [parse_pattern("ontology.Ped*")]) == []
