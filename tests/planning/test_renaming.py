"""Choices that look renamed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
import yaml

from reconciler.fieldpath import format_path, parse_pattern
from reconciler.model.characters import look_alike
from reconciler.model.likeness import normal_form
from reconciler.model.plan import ProjectChange, Rename
from reconciler.model.values import Json
from reconciler.planning.intent import compare
from reconciler.planning.planner import plan_project
from reconciler.planning.renaming import never_named, warn_of_renamed
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
    "below a new heading": (
        [{"choice": "Animals", "subchoices": ["Small cat"]}],
        [{"choice": "animals", "subchoices": ["Small cat"]}],
        [("Animals", "animals")],
    ),
    "somewhere else": (
        [{"choice": "A", "subchoices": ["Small cat"]}, {"choice": "B", "subchoices": ["Fox"]}],
        [{"choice": "A", "subchoices": ["Dog"]}, {"choice": "B", "subchoices": ["Fox", "Small cats"]}],
        [],
    ),
    "nothing alike": ([f"ab{n}" for n in range(201)], [f"{n}x{n}" for n in range(201)], []),
}


@pytest.mark.parametrize("case", CASES)
def test_renamings(case: str) -> None:
    before, after, expected = CASES[case]
    reported = warn_of_renamed(change(before, after), ())
    assert [diagnostic.summary for diagnostic in reported] == [
        f'project.p: a choice appears to be renamed: "{old}" -> "{new}"' for old, new in expected
    ]


@pytest.mark.parametrize(
    ("old", "new"), [("Caf\u00e9", "Cafe\u0301"), ("Cat walk", "\u0421at walk"), ("\u26a0", "\u26a0\ufe0f")]
)
def test_both_names_look_different(old: str, new: str) -> None:
    [found] = warn_of_renamed(change([old], [new]), ())
    left, right = plain(found.summary).removeprefix("project.p: a choice appears to be renamed: ").split(" -> ")
    assert [json.loads(left), json.loads(right)] == [old, new]
    assert left.isascii() or right.isascii()
    assert normal_form(old) == normal_form(new) or not look_alike(left, right)


@pytest.mark.parametrize("number", [2, 4, 300])
def test_many_renamings_are_one_message(number: int) -> None:
    old, new = [f"thing {n}" for n in range(number)], [f"Thing {n}" for n in range(number)]
    [found] = warn_of_renamed(change(old, new), ())
    assert found.summary == f"project.p: {number} choices appear to be renamed"
    separator = " and " if number == 2 else ", "
    assert found.detail.startswith(f'Probably renamed: "thing 0" -> "Thing 0"{separator}"thing 1" -> "Thing 1"')
    assert (f", and {number - 3} more.\n" in found.detail) == (number > 3)
    assert found.detail.count("{choice:") == min(number, 3)


NAMES = [
    ("tench, Tinca tinca", "tench, Tinca tincas"), ("2.10", "2.100"), ("Lane: solid", "Lane: Solid"),
    ("Car #1", "Car #2"), ("\U0001f3f4\U000e0067 flag", "\U0001f3f4 flag"), ("del\x7f", "dels\x7f"),
    (" Car", "Car"), ("\u26a0\ufe0f x", "\u26a0 x"), ("Caf\u00e9", "Cafe\u0301"), ("Car\n(any)", "Car (any)"),
    ("Yes or no", "yes or no"), ("a\"b\\c", "a\"b\\cd"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new"), NAMES)
def test_the_snippet_loads_to_the_two_names(old: str, new: str) -> None:
    [found] = warn_of_renamed(change([old], [new]), ())
    assert "\n" not in found.summary
    *_, display, _, declared = plain_lines(found.detail)
    assert yaml.safe_load(display) == {"choice": old, "display": new}
    assert yaml.safe_load(declared) == {"reconcile": {"renames": {old: new}}}


def plain_lines(detail: str) -> list[str]:
    return [plain(line) for line in detail.split("\n")]


def test_a_create_renames_nothing() -> None:
    created = plan_project(desired(choices=["a"]), None)
    assert warn_of_renamed(created, ()) == []


def test_what_is_sensitive_is_not_named() -> None:
    assert warn_of_renamed(change(["Pedestrain"], ["Pedestrian"]), [parse_pattern("ontology.Ped*")]) == []


def marked(
    renames: dict[str, str],
    before: Sequence[object] | None = None,
    after: Sequence[object] | None = None,
    params: tuple[Json, Json] | None = None,
) -> dict[tuple[str, str], Rename]:
    """The marks of the fields by kind and path."""
    old, new = params or ({}, None)
    wanted = desired(new, None if after is None else list(after), renames=renames)
    shown = live(old, ontologies=() if before is None else (list(before),))
    made = plan_project(wanted, shown)
    assert made.hash == compare(wanted, shown).hash
    return {(field.kind.value, format_path(field.path)): field.renamed for field in made.fields if field.renamed}


def test_a_declared_rename_marks_both_fields() -> None:
    rename = Rename("Dog", "Fox")
    found = marked({"Dog": "Fox"}, ["Dog", "Cat"], ["Fox", "Cat", "Cow"])
    assert found == {("add", "ontology.Fox"): rename, ("remove", "ontology.Dog"): rename}


def test_a_declared_rename_to_another_parent_and_a_chain() -> None:
    before, after = [{"choice": "A", "subchoices": ["x"]}, "B"], ["A", {"choice": "B", "subchoices": ["z"]}]
    rename = Rename("x", "z")
    assert marked({"x": "y", "y": "z"}, before, after) == {
        ("add", "ontology.B.z"): rename,
        ("remove", "ontology.A.x"): rename,
    }
    assert marked({"x": "y", "y": "x"}, before, after) == {}


def test_two_choices_become_one() -> None:
    found = marked({"Kitty": "Cat", "Kitten": "Cat"}, ["Kitty", "Kitten"], ["Cat"])
    assert found[("add", "ontology.Cat")] == Rename("Kitty", "Cat")
    assert found[("remove", "ontology.Kitten")] == Rename("Kitten", "Cat")
    found = marked({"Kitty": "Cat"}, ["Kitty", "Cat"], ["Cat"])
    assert found == {("remove", "ontology.Kitty"): Rename("Kitty", "Cat")}


def test_what_is_not_renamed() -> None:
    assert marked({"Dog": "Fox"}, ["Dog"], ["Cat"]) == {}
    assert marked({"Dog": "Fox"}, ["Cat"], ["Fox"]) == {}
    assert marked({"Dog": "Fox"}, [{"choice": "A", "display": "Dog"}], ["A", "Fox"]) == {}
    assert marked({"a": "b"}, params=({"a": 1}, {"b": 1})) == {}


@pytest.mark.parametrize("key", ["choice", "name", "label", "value"])
def test_labels_in_params(key: str) -> None:
    rename = Rename("Dog", "Fox")
    found = marked({"Dog": "Fox"}, params=({"x": ["Cow", "Dog"]}, {"x": ["Cow", "Fox", "Cat"]}))
    assert found == {("add", "params.x[1]"): rename, ("remove", "params.x[1]"): rename}
    old, new = {"x": ["k", {key: "Dog", "a": 1}]}, {"x": [{key: "Fox", "c": 3}, "k"]}
    assert set(marked({"Dog": "Fox"}, params=(old, new)).values()) == {rename}


def test_a_declared_rename_is_no_warning() -> None:
    made = plan_project(desired(choices=["Kittens"], renames={"Kitten": "Kittens"}), live(ontologies=(["Kitten"],)))
    assert warn_of_renamed(made, ()) == []


def test_old_names_that_no_version_had() -> None:
    renames = {"Kitty": "Kitten", "Kitten": "Cat", "Pupy": "Dog", "Mouse": "Rat"}
    shown = live({"x": [{"label": "Mouse"}, 1]}, {}, ontologies=(["Kitty"], ["Cat"]))
    assert never_named(renames, shown) == ["Pupy"]
    assert never_named({"Kitty": "Kitten"}, shown) == []
    cut = replace(shown, params_history=shown.params_history[1:])
    assert never_named(renames, cut) == []
    assert never_named(renames, replace(shown, origins={})) == []
    hidden = replace(shown, ontology_history=(replace(shown.ontology_history[0], content=None),))
    assert never_named(renames, hidden) == []
