"""Nothing that changes is hidden: random plans, and taxonomies and instructions as large as real ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from reconciler.model.plan import Plan
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.planning.planner import plan_project
from reconciler.render.markdown.page import WholePage, lay_out_view
from reconciler.render.view.plan import view_plan
from tests import strategies
from tests.building import desired, live
from tests.render import plans
from tests.render.everything import missing
from tests.render.shown import reader, render_page, render_plan, render_plan_markdown

OBJECTS = ("adult", "child", "barrier", "debris", "bicycle", "bendy bus", "car", "ambulance", "trailer", "truck")


def _rules(bullet: str) -> str:
    """An instruction of 370 lines, as those for boxes in driving scenes are written."""
    lines: list[str] = []
    for number, name in enumerate(OBJECTS):
        lines += [f"## {number + 1}. {name.capitalize()}", "", f"Annotate every {name} with one cuboid.", ""]
        for step in range(18):
            lines += [f"{bullet} If the {name} is seen in camera {step}, then draw its whole size.", ""][: 1 + step % 2]
        lines += ["![an example](https://example.com/box.png)", "", "---", "", "", "", ""][: 37 - 4 - 27]
    return "\n".join(lines[:370])


KINDS = ("aerosol can", "air conditioner", "alarm clock", "barrow", "cream pitcher", "date (fruit)", "hand towel")
LVIS = [f"{KINDS[number % len(KINDS)]} {number // len(KINDS)}" for number in range(1_230)]
STUFF = [f"{a}-{b}" for a in ("wall", "floor", "ceiling", "water", "ground") for b in (
    "brick", "concrete", "tile", "wood", "panel", "stone", "marble", "other", "drops", "grass")]  # fmt: skip
LONG = "Skip reflections. " * 100


def update(before: Any, after: Any, old: Any = None, new: Any = None) -> Plan:
    then = live(before, ontologies=() if old is None else (old,))
    return plans.plan(plan_project(desired(after, new), then))


REAL = {
    "nuScenes": update({"instruction": _rules("+")}, {"instruction": _rules("-")}),
    "LVIS": update({"a": 1}, {"a": 1}, LVIS, LVIS[:400]),
    "LVIS labels": update({"geometries": {"box": {"objects_to_annotate": LVIS}}},
                          {"geometries": {"box": {"objects_to_annotate": LVIS[:400]}}}),
    "COCO-Stuff": update({"a": 1}, {"a": 1}, STUFF, [name.title() for name in STUFF]),
    "sixty lines": update({"instruction": "".join(f"line {n}\n" for n in range(60))},
                          {"instruction": "".join(f"Line {n}\n" for n in range(60))}),
    "one long line": update({"x": f"One. {LONG}Two. {LONG}Three."}, {"x": f"First. {LONG}Second. {LONG}Third."}),
    "a text in a list": update({"x": ["a", f"{LONG}One. {LONG}\nb"]}, {"x": ["a", f"{LONG}Two. {LONG}\nb"]}),
    "a description": update({"a": 1}, {"a": 1}, [{"choice": "A", "description": f"{LONG}One. {LONG}"}],
                            [{"choice": "A", "description": f"{LONG}Two. {LONG}"}]),
    "an object in a list": update({"labels": [{"name": "PER"}]},
                                  {"labels": [{"name": "ORG", "description": "d"}, {"name": "PER"}]}),
    "a text in an object": update({"x": {"hint": f"{LONG}One."}}, {"x": {"hint": f"{LONG}Two."}, "y": {"z": LONG}}),
    "an order": update({"a": 1}, {"a": 1}, LVIS[:300], LVIS[:300][::-1]),
}  # fmt: skip


@pytest.mark.parametrize("name", REAL)
def test_every_change_of_a_real_input_is_in_every_format(name: str) -> None:
    assert missing(REAL[name]) == []


@pytest.mark.untraced
@given(strategies.desired_projects(), strategies.live_projects())
def test_every_change_of_any_plan_is_in_every_format(wanted: DesiredProject, there: LiveProject) -> None:
    assert missing(plans.plan(plan_project(wanted, there))) == []


def test_the_check_finds_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.render.textdiff._MOST_LINES", 20)
    assert len(missing(REAL["sixty lines"])) == 3 * 100


def test_a_rename_is_one_line_at_any_number() -> None:
    comment = render_plan_markdown(REAL["COCO-Stuff"], base=plans.BASE, now=plans.NOW)
    assert comment.count("\n~ ") == len(STUFF)
    assert "\n- " not in comment
    assert f"| ~{len(STUFF)}" in comment.replace("`", "")
    assert render_page(REAL["COCO-Stuff"], base=plans.BASE, now=plans.NOW).count(" -&gt; ") == len(STUFF)


def test_a_comment_that_is_too_long_is_cut_on_both_sides_alike() -> None:
    old, new = ("\n".join(f"{n} {'word ' * 20}{end}" for n in range(600)) for end in ("old", "new"))
    comment = render_plan_markdown(update({"x": old}, {"x": new}), base=plans.BASE, now=plans.NOW)
    removed, added = comment.count(" old\n"), comment.count(" new\n")
    assert len(comment) < 60_000
    assert 200 < added <= removed <= added + 1
    assert f"({600 - removed} removed, {600 - added} added)" in comment


def test_what_a_comment_leaves_out_is_on_the_page() -> None:
    old, new = ("\n".join(f"{n} {'word ' * 20}{end}" for n in range(600)) for end in ("old", "new"))
    plan = update({"x": old}, {"x": new})
    address = "https://github.com/o/r/actions/runs/1/artifacts/2"
    view = view_plan(plan, reader(base=plans.BASE, now=plans.NOW))
    comment = lay_out_view(view, page=WholePage(address, 14))
    assert f"added): see [the page]({address})\n" in comment
    assert f"[The page]({address}) shows every change. It is kept for 14 days. Anyone who is signed in" in comment
    assert "14 days" not in lay_out_view(view, page=WholePage(address))
    crowd = plans.plan(
        *(plan_project(desired({"x": n}, name=f"p{n}"), replace(live({"x": -n}), name=f"p{n}")) for n in range(1, 900))
    )
    view = view_plan(crowd, reader(base=plans.BASE, now=plans.NOW))
    assert "are not shown here. The page shows all of them." in lay_out_view(view, page=WholePage(address))


def test_a_line_that_is_longer_than_a_comment_is_cut_on_both_sides() -> None:
    comment = render_plan_markdown(update({"x": "a" * 90_000}, {"x": "b" * 90_000}), base=plans.BASE, now=plans.NOW)
    assert comment.count("a" * 10_000 + "a") == comment.count("b" * 10_000 + "b") == 1
    assert len(comment) < 60_000
    assert "… the rest of the long lines: see the job's log" in comment


EMOJI = (
    "1\ufe0f\u20e3 Step",
    "\u26a0\ufe0f warn",
    "👨\u200d👩\u200d👧",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
)


def test_an_emoji_is_shown_as_it_is_in_every_format() -> None:
    before, after = ("".join(f"{line}{end}\n" for line in EMOJI) for end in ("", " now"))
    plan = update({"instruction": before}, {"instruction": after}, ["x", *EMOJI], ["x", *EMOJI, "🏳\ufe0f\u200d🌈"])
    for render in (render_plan, render_plan_markdown, render_page):
        shown = render(plan, base=plans.BASE, now=plans.NOW)
        assert "🏳\ufe0f\u200d🌈" in shown
        assert [line for line in EMOJI if line not in shown] == []
        assert "\\u" not in shown
    stray = update({"instruction": "a"}, {"instruction": "a\ufe0f👨\u200dx🏴\U000e0067\U000e007f\u200c"})
    for render in (render_plan, render_plan_markdown, render_page):
        shown = render(stray, base=plans.BASE, now=plans.NOW)
        assert "a\\ufe0f👨\\u200dx🏴\\udb40\\udc67\\udb40\\udc7f\\u200c" in shown
