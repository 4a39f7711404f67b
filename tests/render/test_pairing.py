"""Removed and added values that are one line to a reader, in every format."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.model.plan import Field, Kind, Rename
from reconciler.model.values import Json
from reconciler.planning.planner import plan_project
from reconciler.render.signs import Sign
from reconciler.render.view.ontology import tree as merged_tree
from tests.building import desired, live
from tests.render import plans
from tests.render.pages import Page
from tests.render.shown import render_page, render_plan, render_plan_markdown

TEXT = "Draw a box around every vehicle that is at least ten pixels wide, and skip reflections in windows."
SIGNED = re.compile(r"^ {3,}([-+~>]) (?!params|ontology|project)(.*?)(?: +# projects/.*)?$", re.MULTILINE)


def lines(before: Json, after: Json, ontology: tuple[Json, Json] | None = None) -> list[str]:
    """The signed lines of an update in text."""
    old, new = ontology or (None, None)
    change = plan_project(
        desired({"x": after} if ontology is None else None, new),
        live({"x": before} if ontology is None else {}, ontologies=() if old is None else (old,)),
    )
    plan = plans.plan(change)
    for render in (render_plan_markdown, render_page):
        render(plan, base=plans.BASE, now=plans.NOW)
    text = render_plan(plan, base=plans.BASE, now=plans.NOW)
    return [re.sub(" {2,}", "  ", f"{sign} {line.strip()}") for sign, line in SIGNED.findall(text)]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        # M9: the value is the identity of a choice, and an added item is one line.
        ({"fields": [{"type": "category", "field_id": "q", "choices": [{"label": "Yes", "value": "y"}]}]},
         {"fields": [{"type": "category", "field_id": "q", "choices": [{"label": "Yes, fully", "value": "y"}]}]},
         ['~ x.fields[0].choices[0].label = "Yes" -> "Yes, fully"']),
        ([{"name": "PER"}], [{"name": "ORG", "description": "d"}, {"name": "PER"}],
         ['+ x[0] = {"name": "ORG", "description": "d"}']),
        ({"features": [{"type": "text", "label": "Total", "choices": [{"label": "No", "value": "n"}]}]},
         {"features": [{"type": "text", "label": "Total", "choices": [{"label": "None", "value": "n"}]}]},
         ['~ x.features[0].choices[0].label = "No" -> "None"']),
        ([{"label": "Yes", "value": "y"}], [{"label": "Yes", "value": "yes"}], ['~ x[0].value = "y" -> "yes"']),
        (["cat", "traffic light"], ["cat", "Traffic Light"], ['~ x[1] = "traffic light" -> "Traffic Light"']),
        ([{"choice": "Kitty", "a": 1}], [{"choice": "kitty", "a": 1}],
         ['~ x[0] = {"choice": "Kitty", "a": 1} -> {"choice": "kitty", "a": 1}']),
        ({"box": ["Cat", "Dog"], "polygon": ["Car"]}, {"box": ["Dog"], "polygon": ["Car", "Cat"]},
         ['> x.polygon[1] = "Cat"  # moved here from x.box[0]']),
        ({"colour": {"type": "text"}}, {"color": {"type": "text"}},
         ['> x.color = {"type": "text"}  # moved here from x.colour']),
        ({"min_widht": 1}, {"min_width": 1}, ["> x.min_width = 1  # moved here from x.min_widht"]),
        ({"a": 1}, {"b": 1}, ["+ x.b = 1", "- x.a = 1"]),
        ({"a": {}}, {"b": {}}, ["+ x.b = {}", "- x.a = {}"]),
        ([1, 2], [2, 3], ["+ x[1] = 3", "- x[0] = 1"]),
        (["Dog"], ["Fox"], ['+ x[0] = "Fox"', '- x[0] = "Dog"']),
    ],
)  # fmt: skip
def test_params(before: Json, after: Json, shown: list[str]) -> None:
    assert lines(before, after) == shown


@pytest.mark.parametrize("name", ["rules", "x"])
def test_a_text_in_a_list_is_compared_line_by_line(name: str) -> None:
    old, new = f"{TEXT}\n{TEXT} One.\nLast.", f"{TEXT}\n{TEXT} Two.\nLast."
    shown = lines({name: ["Other words.", old]}, {name: ["Other words.", new]})
    assert shown == [f"~ x.{name}[1] = <<-EOT", f"- {TEXT} One.", f"+ {TEXT} Two."]


def test_a_parameter_with_a_new_name() -> None:
    change = plan_project(desired({"rule": TEXT, "n": 2}), live({"rules": TEXT, "m": 2}))
    text = render_plan(plans.plan(change), base=plans.BASE, now=plans.NOW)
    assert f'> rule = "{TEXT}"   # moved here from rules' in text
    assert "+ n    = 2\n" in text


def tree(before: list[Any], after: list[Any]) -> list[str]:
    return lines(None, None, (before, after))


def test_renamed_choices_are_one_line_each() -> None:
    assert tree(["Pedestrain", "Car"], ["Pedestrian", "Car"]) == ["~ Pedestrain -> Pedestrian"]
    names = [f"thing of kind {n}" for n in range(300)]
    assert tree(names, [name.title() for name in names]) == [f"~ {name} -> {name.title()}" for name in names]
    assert tree(["Caf\u00e9", "x"], ["Cafe\u0301", "x"]) == ['~ Caf\u00e9 -> "Cafe\\u0301"']
    assert tree(["Dog"], ["Fox"]) == ["- Dog", "+ Fox"]


def test_a_renamed_heading_keeps_what_is_below_it() -> None:
    old = [{"choice": "Vehicles", "description": "d", "display": "v", "subchoices": ["Car", "Bus", "Tram"]}]
    new = [{"choice": "Vehicle", "description": "e", "subchoices": ["Car", "Buses", "Van"]}]
    shown = tree(old, new)
    assert shown[0] == "~ Vehicles -> Vehicle"
    assert sorted(shown[1:]) == sorted(
        ['~ description = "d" -> "e"', '- display = "v"', "~ Bus -> Buses", "- Tram", "+ Van"]
    )
    moved = tree([{"choice": "A", "subchoices": ["b"]}, "C"], ["A", {"choice": "C", "subchoices": ["b"]}])
    assert moved == ["~ C", "> b  # moved here from A"]


def test_what_goes_with_a_choice_is_shown() -> None:
    gone = [{"choice": "Dog", "description": "a dog", "display": "D"}, "Cat"]
    assert tree(gone, ["Cat"]) == ['- Dog: display "D", description "a dog"']


def test_a_renamed_choice_shows_only_the_attributes_that_differ() -> None:
    old = [{"choice": "Kitty", "display": "Small cat", "description": "Under a year"}]
    new = [{"choice": "kitty", "display": "Small cat", "description": "Under two years"}]
    shown = "\n".join(lines({}, {}, (old, new)))
    assert "Under two years" in shown
    assert "Small cat" not in shown


def declared(renames: dict[str, str], old: list[Any], new: list[Any]) -> list[str]:
    change = plan_project(desired(choices=new, renames=renames), live({}, ontologies=(old,)))
    plan = plans.plan(change)
    page = render_page(plan, base=plans.BASE, now=plans.NOW)
    assert "finished tasks keep the old name" in render_plan_markdown(plan, base=plans.BASE, now=plans.NOW)
    assert "finished tasks keep the old name" in page
    text = render_plan(plan, base=plans.BASE, now=plans.NOW)
    assert "finished tasks keep the old name" in text
    shown = [re.sub(" {2,}", "  ", f"{sign} {line.strip()}") for sign, line in SIGNED.findall(text)]
    for line in shown:
        assert "(renamed)" not in line or line[2:].split(" (")[0] in Page(page).text
    return shown


def test_a_declared_rename_is_one_line_wherever_the_choice_is() -> None:
    assert declared({"Dog": "Fox"}, ["Dog", "Cat"], ["Fox", "Cat"]) == ["~ Dog -> Fox (renamed)"]
    old = [{"choice": "A", "subchoices": [{"choice": "Dog", "subchoices": ["x", "y"]}]}, "B"]
    new = ["A", {"choice": "B", "subchoices": [{"choice": "Fox", "description": "d", "subchoices": ["x", "z"]}]}]
    shown = declared({"Dog": "Fox"}, old, new)
    assert shown == ["~ B", '~ Dog -> Fox (renamed): + description "d"  # moved here from A', "- y", "+ z"]


def test_a_declared_rename_is_not_guessed_otherwise() -> None:
    shown = declared({"Bus stop": "Stop"}, ["Bus stop", "bus_stops"], ["Bus stops", "Stop"])
    assert sorted(shown) == ["~ Bus stop -> Stop (renamed)", "~ bus_stops -> Bus stops"]


def test_a_choice_that_becomes_another_one() -> None:
    shown = declared({"Kitty": "Cat", "Kitten": "Cat"}, ["Kitty", "Kitten"], ["Cat"])
    assert shown == ["~ Kitty -> Cat (renamed)", "- Kitten  # renamed to Cat"]


def test_a_declared_rename_of_a_label() -> None:
    wanted = desired({"x": [{"choice": "Fox", "b": 2}, "k"]}, renames={"Dog": "Fox"})
    change = plan_project(wanted, live({"x": ["k", {"choice": "Dog", "a": 1}]}))
    text = render_plan(plans.plan(change), base=plans.BASE, now=plans.NOW)
    assert '~ x[0] = {"a": 1, "choice": "Dog"}' in text or '~ x[0] = {"choice": "Dog", "a": 1}' in text
    assert "# renamed" in text


def test_only_what_is_gone_is_lost_in_every_format() -> None:
    old, new = ["banner", "Dog", "traffic light"], ["Banner", "Traffic Light", "Fox"]
    change = plan_project(desired(None, new), live({}, ontologies=(old,)))
    for render in (render_plan, render_plan_markdown, render_page):
        shown = render(plans.plan(change), base=plans.BASE, now=plans.NOW)
        assert "loses 2" not in shown
        assert "loses 3" not in shown
        assert "removes 3" not in shown
    comment = render_plan_markdown(plans.plan(change), base=plans.BASE, now=plans.NOW)
    assert "**loses the choice** `Dog`." in comment
    assert (
        "**probably renames 2 choices** `banner` -> `Banner` and `traffic light` -> `Traffic Light`. "
        "Finished tasks keep the old names."
    ) in comment
    page = render_page(plans.plan(change), base=plans.BASE, now=plans.NOW)
    assert (
        '<span class="mark danger">removes 1 choice</span> <span class="mark caution">probably renames 2 choices</span>'
        in page
    )


def test_both_sides_of_a_rename_look_different_in_every_format() -> None:
    for old, new in (
        ("Caf\u00e9", "Cafe\u0301"),
        ("\u26a0 warning", "\u26a0\ufe0f warning"),
        ("Cat walk", "\u0421at walk"),
    ):
        change = plan_project(desired(None, [new, "x"]), live({}, ontologies=([old, "x"],)))
        for render in (render_plan, render_plan_markdown, render_page):
            shown = render(plans.plan(change), base=plans.BASE, now=plans.NOW)
            assert "\\u" in shown
            assert f"~ {old} -> {new}" not in shown


def test_an_addition_that_is_renamed_from_nothing_shown_is_an_addition() -> None:
    fresh = Field(("ontology", "Fox"), Kind.ADD, after={"choice": "Fox"}, renamed=Rename("Dog", "Fox"))
    [choice] = merged_tree(before=[], after=["Fox"], fields=[fresh]).choices
    assert (choice.sign, choice.renamed_from) == (Sign.ADD, None)
