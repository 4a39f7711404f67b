"""Choices that look renamed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import yaml

from reconciler.fieldpath import parse_pattern
from reconciler.model.plan import ProjectChange
from reconciler.planning.planner import plan_project
from reconciler.planning.renaming import renamed_choices
from reconciler.render.escape import plain
from tests.building import desired, live


def change(before: Sequence[object], after: Sequence[object]) -> ProjectChange:
    return plan_project(desired(choices=list(after)), live(ontologies=(list(before),)))


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
    "nothing alike": ([f"ab{n}" for n in range(201)], [f"{n}x{n}" for n in range(201)], []),
}


@pytest.mark.parametrize("case", CASES)
def test_renamings(case: str) -> None:
    before, after, expected = CASES[case]
    reported = renamed_choices(change(before, after), ())
    assert [diagnostic.summary for diagnostic in reported] == [
        f'project.p: the choice "{old}" is removed, and the similar "{new}" is added' for old, new in expected
    ]


@pytest.mark.parametrize("number", [2, 4, 300])
def test_many_renamings_are_one_message(number: int) -> None:
    old, new = [f"thing {n}" for n in range(number)], [f"Thing {n}" for n in range(number)]
    [found] = renamed_choices(change(old, new), ())
    assert found.summary.startswith(f'project.p: {number} choices look renamed: "thing 0" -> "Thing 0", "thing 1" -> ')
    assert found.summary.endswith(f" and {number - 3} more") == (number > 3)
    assert found.detail.count("{choice:") == min(number, 3)


NAMES = [
    ("tench, Tinca tinca", "tench, Tinca tincas"), ("2.10", "2.100"), ("Lane: solid", "Lane: Solid"),
    ("Car #1", "Car #2"), ("\U0001f3f4\U000e0067 flag", "\U0001f3f4 flag"), ("del\x7f", "dels\x7f"),
    (" Car", "Car"), ("\u26a0\ufe0f x", "\u26a0 x"), ("Caf\u00e9", "Cafe\u0301"), ("Car\n(any)", "Car (any)"),
    ("Yes or no", "yes or no"), ("a\"b\\c", "a\"b\\cd"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), NAMES)
def test_the_snippet_loads_to_the_two_names(old: str, new: str) -> None:
    [found] = renamed_choices(change([old], [new]), ())
    assert "\n" not in found.summary
    *_, snippet = plain_lines(found.detail)
    assert yaml.safe_load(snippet) == {"choice": old, "display": new}


def plain_lines(detail: str) -> list[str]:
    return [plain(line) for line in detail.split("\n")]


def test_a_create_renames_nothing() -> None:
    created = plan_project(desired(choices=["a"]), None)
    assert renamed_choices(created, ()) == []


def test_what_is_sensitive_is_not_named() -> None:
    assert renamed_choices(change(["Pedestrain"], ["Pedestrian"]), [parse_pattern("ontology.Ped*")]) == []
