"""At a terminal, lines are folded between words. Nothing is lost, and a continuation never looks like another line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from unicodedata import east_asian_width

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Location, Remedy, error
from reconciler.model.doctor import CheckResult, CheckStatus, DoctorReport
from reconciler.model.history import Pin, Pins
from reconciler.model.plan import Plan
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.planning.planner import plan_project
from reconciler.render.layout import Ink, Line, Paint, commands, folded, lay_out, width
from reconciler.render.signs import Sign
from reconciler.render.text.diagnostics import snippet
from reconciler.render.text.doctor import lay_out_doctor
from reconciler.render.text.pins import lay_out_pins
from tests import strategies
from tests.building import desired, live
from tests.render import plans, test_drift
from tests.render.shown import render_diagnostics, render_drift, render_outcome, render_plan

WIDTHS = (60, 80, 100, 120, 200)
SIGNS = frozenset(Sign)
URL = "https://docs.example.com/labeling/guidelines/animals/how-to-draw-a-tight-box.html"
CJK = "子猫が写っているすべての画像に、ぴったりとした枠を描いてください。「ぼやけた画像」は飛ばしてください。"
LONG = (
    "a name - or rather a sentence - that goes on + on + on until it is much wider than a terminal = too long ! or not"
)


def nested(depth: int, last: str) -> list[object]:
    return [{"choice": f"level {depth}", "subchoices": nested(depth - 1, last) if depth else [last]}]


def update(before: dict[str, object], after: dict[str, object], old: object = None, new: object = None) -> Plan:
    then = live(before, ontologies=() if old is None else (old,))
    return plans.plan(plan_project(desired(after, new), then))


PLANS = {
    "picture": plans.picture(),
    "long lines": update(
        {"instruction": f"# Cats\n\n- {LONG}\n    - {LONG}\n{CJK}\nSee {URL}\n", "url": URL, "a": LONG},
        {"instruction": f"# Cats\n\n- {LONG}!\n    - {LONG}.\n{CJK}{CJK}\nSee {URL}?", "url": f"{URL}?", "a": LONG[1:]},
    ),
    "choices": update({"a": 1}, {"a": 1}, ["A", LONG, CJK], ["A", f"{LONG} again", f"{CJK}{CJK}", URL]),
    "descriptions": update({"a": 1}, {"a": 1}, [{"choice": LONG, "description": LONG}],
                           [{"choice": LONG, "description": f"{LONG} and on"}]),
    "deep": update({"a": 1}, {"a": 1}, nested(12, "leaf"), nested(12, f"leaf {LONG}")),
    "long file": plans.plan(plans.updated("p" * 50, f"{'folder_' * 5}/{'manifest_' * 6}.yaml",
                                          [plans.changed(("params", "a"), 1, 2, plans.source("x/" * 40, 3))])),
    "long names": plans.plan(plans.created("n" * 90, "a.yaml"), plans.created("two words " * 12, "b.yaml")),
}  # fmt: skip


DOCTOR = DoctorReport(
    "production",
    "https://api.scale.com/v1",
    [CheckResult("manifests", CheckStatus.WARNING, LONG, remedies=(Remedy("To see them:", ("validate",)),))],
    hint=Remedy(f"{LONG}:", ("doctor", "--assumptions", "--write")),
)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def check(flat: str, narrow: str, columns: int, *, odd: bool = True) -> None:
    """Line by line: the rows of a line have its sign and all of it, no word is broken, and no row looks like a line."""
    rows = iter(narrow.split("\n"))
    for line in flat.split("\n"):
        want, got, first = squeezed(line), "", next(rows)
        words, legend = line.split(), line.startswith("  + ") and "   - " in line
        assert words[:1] == first.split()[:1] or is_wide(words[0])
        row = first
        while True:
            assert width(row) <= columns or len(row.split()) <= 2, row
            pasted = row.removesuffix(" \\")
            assert all(word in words or is_wide(word) for word in pasted.split()), row
            got += squeezed(pasted)
            if got == want:
                break
            row = next(rows)
            assert legend or row.split()[0] not in SIGNS, row
            indent = len(row) - len(row.lstrip(" "))
            assert not odd or legend or indent % 2 or not indent or indent == columns - width(row.strip()), row
    assert [*rows] == []


def is_wide(word: str) -> bool:
    return any(east_asian_width(character) in "WF" for character in word)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("name", PLANS)
def test_a_plan_at_a_terminal(name: str, columns: int) -> None:
    def at(columns: int | None) -> str:
        return render_plan(PLANS[name], base=plans.BASE, now=plans.NOW, columns=columns)

    check(at(None), at(columns), columns)


@pytest.mark.untraced
@given(strategies.desired_projects(), strategies.live_projects(), st.sampled_from(WIDTHS))
def test_any_plan_at_a_terminal(wanted: DesiredProject, there: LiveProject, columns: int) -> None:
    made = plans.plan(plan_project(wanted, there))
    flat = render_plan(made, base=plans.BASE, now=plans.NOW)
    assert squeezed(flat) == squeezed(
        render_plan(made, base=plans.BASE, now=plans.NOW, columns=columns).replace(" \\\n", "\n")
    )


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize(
    "render",
    [
        lambda columns: render_drift(
            test_drift.drift(test_drift.PROJECT, blocked=(test_drift.BLOCKED,)),
            base="/r",
            now=test_drift.NOW,
            columns=columns,
        ),
        lambda columns: render_outcome(plans.happened(), base=plans.BASE, now=plans.NOW, columns=columns)[0],
        lambda columns: render_diagnostics(
            (replace(one, location=None) for one in plans.diagnosed()), base=plans.BASE, columns=columns
        ),
        lambda columns: lay_out_doctor(DOCTOR, colour=False, columns=columns),
    ],
    ids=["drift", "outcome", "diagnostics", "doctor"],
)
def test_others_at_a_terminal(render: Callable[[int | None], str], columns: int) -> None:
    check(render(None), render(columns), columns, odd=False)


def test_failures_at_a_terminal() -> None:
    flat = render_outcome(plans.happened(), base=plans.BASE, now=plans.NOW)[1]
    narrow = render_outcome(plans.happened(), base=plans.BASE, now=plans.NOW, columns=60)[1]
    assert {width(row) <= 60 or len(row.split()) == 1 for row in narrow.split("\n")} == {True}
    assert set(re.findall(r"[\w.]+", narrow)) == set(re.findall(r"[\w.]+", flat))


def rows(line: str, columns: int, **more: bool) -> list[str]:
    return [*Paint(False, columns).fold(line, 5, **more)]


def test_a_command_can_be_pasted() -> None:
    command = "  reconciler apply 'two words' plain --target production --allow choice-removal"
    assert rows(command, 40, command=True) == [
        "  reconciler apply 'two words' plain \\",
        "     --target production \\",
        "     --allow choice-removal",
    ]


def test_what_is_a_command() -> None:
    text = "To see them:\nreconciler validate\nreconciler reads them\nIn git:\n  git fetch"
    assert [line for line, pasted in commands(text) if pasted] == ["reconciler validate", "  git fetch"]
    assert [*commands("")] == []


def test_a_text_of_our_own() -> None:
    assert folded("Next:\n  1. one two three four five\nTo see it:\n  cd a && reconciler plan", 24) == (
        "Next:\n  1. one two three four\n     five\nTo see it:\n  cd a && reconciler \\\n      plan"
    )
    assert folded("one two three four", None) == "one two three four"


@pytest.mark.parametrize(
    ("line", "columns", "expected"),
    [
        ("  + one two three", 12, ["  + one two", "     three"]),
        ("  + a - b", 8, ["  + a -", "     b"]),
        ("  + averylongword", 14, ["  +", " averylongword"]),
        ("  + anevenlongerword", 14, ["  + anevenlongerword"]),
        ("      + a.path.of.parts = 1", 18, ["      + a.path.of.", "     parts = 1"]),
        ("  + reads/10:02.txt", 18, ["  +", "   reads/10:02.txt"]),
        ("live, read 10:02 UTC)", 19, ["live, read", "     10:02 UTC)"]),
        ("  猫「猫」猫、猫", 12, ["  猫「猫」", "     猫、猫"]),
        ("a averylongword b", 14, ["a", " averylongword", "     b"]),
        ("short", 14, ["short"]),
    ],
)
def test_folding(line: str, columns: int, expected: list[str]) -> None:
    assert rows(line, columns) == expected


def test_a_remark_has_a_row_of_its_own_if_there_is_no_room() -> None:
    lines = [Line("one", Sign.ADD, 0, "# a.yaml:1"), Line("much wider than the others are", Sign.ADD, 0, "# a.yaml:2")]
    assert [*lay_out(lines, Paint(False, 40))] == [
        "  + one                       # a.yaml:1",
        "  + much wider than the others are",
        "         # a.yaml:2",
    ]


def test_deep_levels_are_numbered_and_nothing_is_lost() -> None:
    plan = update({"a": 1}, {"a": 1}, nested(40, "leaf"), nested(40, "a new leaf"))
    flat, narrow = (render_plan(plan, base=plans.BASE, now=plans.NOW, columns=columns) for columns in (None, 60))
    rows = [row for row in narrow.split("\n") if "level" in row or "leaf" in row]
    assert max(map(width, rows)) <= 60
    assert rows[18:21] == [f"{' ' * 42}~ level 22", f"{' ' * 38}20: ~ level 21", f"{' ' * 38}21: ~ level 20"]
    assert rows[-2:] == [f"{' ' * 38}42: - leaf", f"{' ' * 42}+ a new leaf"]
    assert squeezed(re.sub(r"\d+: ", "", narrow)) == squeezed(flat)


def test_a_detail_of_a_deep_choice_is_below_it() -> None:
    lines = [
        Line("one", Sign.CHANGE, level=30),
        Line("order", Sign.MOVE, 1, level=30),
        Line("two", Sign.ADD, level=31),
    ]
    assert [*lay_out(lines, Paint(False, 40))] == [
        f"{' ' * 16}31: ~ one",
        f"{' ' * 22}> order",
        f"{' ' * 16}32: + two",
    ]


def test_a_remark_with_a_long_word_starts_further_left() -> None:
    line = Line("a.b", Sign.ADD, 3, "# 45 lines, projects/city_lidar_objects.yaml:5")
    assert [*lay_out([line], Paint(False, 40))][1:] == ["     # 45 lines,", "     projects/city_lidar_objects.yaml:5"]


def test_colour_does_not_count() -> None:
    line = Line(f"{LONG} {CJK}", Sign.REMOVE, 1, "# a.yaml:1", Ink.RED)
    painted = "\n".join(lay_out([line], Paint(True, 60)))
    assert re.sub("\x1b\\[[0-9;]*m", "", painted) == "\n".join(lay_out([line], Paint(False, 60)))


@pytest.mark.parametrize(
    ("text", "word", "room", "shown"),
    [
        ("one two three four", "one", 12, "one two …"),
        ("one two three four five", "three", 12, "… three …"),
        ("one two three four", "four", 12, "… three four"),
        ("one two three four", "two three", 13, "… two three …"),
        ("one averyveryverylongword four", "averyveryverylongword", 12, "… averyvery…"),
        ("one", "one", 12, "one"),
    ],
)
def test_a_source_line_is_cut_between_words(text: str, word: str, room: int, shown: str) -> None:
    column = text.index(word) + 1
    found, before, carets = snippet(text, Location("/f", 1, column, column + len(word), text), room)
    assert found == shown
    assert word.startswith(found[before : before + carets].rstrip("…"))


def test_a_label_without_room_is_below_its_carets() -> None:
    text = f"key: {'x ' * 20}parms"
    location = Location("/r/a.yaml", 12, 46, 51, text)
    shown = render_diagnostics([error("unknown", "s", location=location, label=LONG)], base="/r", columns=60)
    assert shown.split("\n")[2].endswith(" ^^^^^")
    assert all(row.startswith("     | ") for row in shown.split("\n")[2:-1])
    assert " ".join(row[7:].strip() for row in shown.split("\n")[3:-1]) == LONG


def test_only_signs_are_yellow() -> None:
    """On a light background, many terminals show yellow with a contrast of less than 2."""
    shown = "".join(render_plan(plan, base=plans.BASE, now=plans.NOW, colour=True) for plan in PLANS.values())
    shown += "".join(render_outcome(plans.happened(), base=plans.BASE, now=plans.NOW, colour=True))
    shown += render_diagnostics(plans.diagnosed(), base=plans.BASE, colour=True)
    assert {*re.findall("\x1b\\[[0-9;]*33m(.*?)\x1b", shown)} == {"~"}


def test_pins_at_a_narrow_terminal() -> None:
    pins = Pins((Pin("kitten_labeling", 1, "e431ba3" + "0" * 33, "e7b74a93b422" + "0" * 52, "2026-11-28T13:41:00Z"),))
    assert lay_out_pins(pins, columns=40).split("\n")[:4] == [
        "PROJECT          VERSION  COMMIT",
        "     CONTENT       RECORDED",
        "kitten_labeling  1        e431ba3",
        "     e7b74a93b422  2026-11-28T13:41:00Z",
    ]
