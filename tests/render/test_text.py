"""The plan's text: its counts, its sentences, its bounds, its masks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import error, warning
from reconciler.fieldpath import Attribute, parse_pattern
from reconciler.model.plan import Action, Cause, Commit, Field, Kind, Plan, Reason, State, Summary
from reconciler.model.printed import mask
from reconciler.model.values import Json
from reconciler.render.view.plan import last_line
from tests import strategies
from tests.calls import GROWTH, calls_of
from tests.render import plans
from tests.render.plans import added, changed, choice, created, moved, updated
from tests.render.shown import render_plan

CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")


def text(plan: Plan, **more: Any) -> str:
    return render_plan(plan, base=plans.BASE, now=more.pop("now", plans.NOW), **more)


def of(*fields: Field, **more: Any) -> str:
    """The lines of one updated project, without the heading."""
    whole = text(plans.plan(updated("p", "p.yaml", fields, **more)), sensitive=SENSITIVE)
    return whole[whole.index('project "p"') :]


SENSITIVE = tuple(
    map(parse_pattern, ["params.secret", "params.deep[*].key", "ontology.Hidden", "ontology.**.@display"])
)


@pytest.mark.parametrize(
    ("summary", "line"),
    [
        (Summary(unchanged=3, unmanaged=1), "No changes. Your projects match the manifests."),
        (Summary(add=1, change=2), "Plan: 1 to add, 2 to change, 0 to destroy."),
        (
            Summary(forget=1, held=2, blocked=3, protected=4),
            "Plan: 0 to add, 0 to change, 0 to destroy, 1 to forget, 2 held, 3 blocked, 4 protected.",
        ),
    ],
)
def test_last_line(summary: Summary, line: str) -> None:
    assert last_line(summary) == line


def test_the_last_line_of_pending_changes() -> None:
    assert last_line(Summary(), pending=True) == "No pending changes."
    assert last_line(Summary(), pending=True, kept=1) == "No pending changes. 1 change made on Scale is kept."
    assert last_line(Summary(), pending=True, kept=2) == "No pending changes. 2 changes made on Scale are kept."


def test_a_project_that_is_forgotten() -> None:
    gone = replace(plans.unchanged("gone"), action=Action.FORGET)
    lines = text(plans.plan(gone)).split("\n")
    assert "  # project.gone will no longer be managed        projects/gone.yaml:1" in lines
    assert (
        '  . project "gone": no manifest declares it anymore. Nothing is sent, and the project stays on Scale.' in lines
    )
    unread = text(plans.plan(replace(gone, before=None, after=None)))
    assert '"gone": no manifest declares it anymore. Nothing is sent.\n' in unread
    assert '  ~ project "gone" {' not in lines


@pytest.mark.parametrize(
    ("moved_by", "note"),
    [(None, "drift"), ((8, None), "drift: version 8"), ((8, plans.READ_AT), "drift: version 8, 2026-11-25 10:02 UTC")],
)
def test_who_moved_a_value(moved_by: tuple[int, datetime | None] | None, note: str) -> None:
    field = replace(changed(("params", "a"), 1, 2), cause=Cause.DRIFT, moved_by=moved_by)
    assert of(field).split("\n")[2].endswith(f"# {note}")


def test_a_long_name_stays_on_one_line() -> None:
    name = "n" * 90
    lines = text(plans.plan(updated(name, "p.yaml", [changed(("params", "a"), 1, 2)]))).split("\n")
    assert f"  # project.{name} will be updated in-place   projects/p.yaml:1" in lines


def test_header() -> None:
    plan = plans.plan(
        created("p", "p.yaml"), live_count=None, commit=Commit("a" * 40, True), manifests="", manifest_count=1
    )
    lines = text(plan, now=plans.NOW + timedelta(hours=3)).split("\n")
    assert lines[0] == "Target: production  https://api.scale.com/v1  (read 10:02:11 UTC, 3 h ago)"
    assert lines[1] == "Manifests: at aaaaaaa with uncommitted changes, 1 project"
    bare = plans.plan(created("p", "p.yaml"), commit=Commit(), manifests="", made_at=datetime(2026, 11, 25, 10, 2, 11))
    assert text(bare).split("\n")[1] == "Manifests: 41 projects"
    late = text(plans.plan(made_at=plans.READ_AT), now=datetime(2026, 11, 26, 0, 0, tzinfo=UTC))
    assert "(42 live projects, read 2026-11-25 10:02:11 UTC, 13 h ago)" in late
    midnight = datetime(2026, 11, 25, 23, 59, 59, tzinfo=UTC)
    close = text(plans.plan(made_at=midnight), now=midnight + timedelta(seconds=2))
    assert "read 2026-11-25 23:59:59 UTC)" in close


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            Reason.TYPE_DIFFERS,
            'its type is "categorization" on Scale and "imageannotation" in the manifest, '
            "and a project's type cannot be changed.",
        ),
        (
            Reason.PIPELINE_DIFFERS,
            'its pipeline is not "standard_task" on Scale, and a project\'s pipeline cannot be changed.',
        ),
        (Reason.ARCHIVED, "a project with this name is archived on Scale, and an archived project keeps its name."),
        (Reason.ONTOLOGY_UNREADABLE, "the planner's words."),
        (Reason.UNREADABLE, "the planner's words."),
        (Reason.NOT_SENDABLE, "the planner's words."),
        (None, "the planner's words."),
    ],
)
def test_blocked(reason: Reason | None, words: str) -> None:
    reported = error("x", "the planner's words", detail="and why\n\nin lines")
    also = warning("y", "a warning")
    change = plans.blocked("p", "p.yaml", reason, also, reported, create_only={"pipeline": "standard_task"})
    shown = text(plans.plan(change))
    assert re.search(rf'\n  x project "p": {re.escape(words)}   +# projects/p.yaml:1\n    ', shown)
    assert "Reconciler will not write any of these changes:\n  x blocked\n" in shown
    assert "    Warning: a warning\n" in shown
    assert shown.count("the planner's words") <= 1
    assert shown.endswith("Plan: 0 to add, 0 to change, 0 to destroy, 1 blocked.\n")


def test_several_creates_are_warned_of_once() -> None:
    shown = text(plans.plan(created("a", "a.yaml"), created("b", "b.yaml"), created("c", "c.yaml", protect=True)))
    assert shown.count("cannot delete or rename") == 1
    assert "2 projects would be created (a and b). The API cannot delete or rename a project." in shown
    assert "project.c would be created" in shown


def test_versions_and_calls() -> None:
    gone = [Field(("params", key), Kind.REMOVE, before=1) for key in "ab"]
    assert "params   (version 3 -> 4, all parameters sent: 2 parameters are removed) {" in of(*gone, patch=False)
    assert "params   (first version, all parameters sent) {" in of(added("a", 1), patch=False, params_version=None)
    assert "~ params {" in of(added("a", 1), patch=None)
    assert "ontology (first version; reaches work in flight) {" in of(choice("A"), ontology_version=None)
    protected = updated("p", "p.yaml", [choice("A")], protect=True)
    assert "~ ontology {" in text(plans.plan(replace(protected, calls=())))


def test_values() -> None:
    shown = of(
        added("nested", {"a": {"b": 1, "c": [1]}, "d": "x"}),
        added("empty", {"a": {}}),
        added("wide", {str(n): n for n in range(100)}),
        added("k" * 500, 1),
        Field(("params", "gone"), Kind.REMOVE, before={"a": 1}),
        changed(("params", "short"), "a\n", "a"),
        changed(("params", "kind"), "a\nb", 1),
    )
    for line in (
        '          + nested = {"a": {"b": 1, "c": [1]}, "d": "x"}',
        '          + empty  = {"a": {}}',
        '          - gone   = {"a": 1}',
        '          ~ short  = "a\\n" -> "a"',
        '          ~ kind   = "a\\nb" -> 1',
    ):
        assert f"{line}\n" in shown
    assert f'"98": 98, "99": 99{"}"}' in shown
    assert f"{'k' * 500} = 1" in shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (["a", "b"], ["b", "a"], '"a", "b" -> "b", "a"'),
        (["x", "a", "b", "y"], ["x", "b", "a", "y"], '…, "a", "b", … -> …, "b", "a", …'),
        (list("abcde"), list("edcba"), '"a", "b", "c", "d", "e" -> "e", "d", "c", "b", "a"'),
        (["é", "e\u0301"], ["e\u0301", "é"], '"é", "e\\u0301" -> "e\\u0301", "é"'),
        ("odd", 1, '"odd" -> 1'),
    ],
)
def test_order(before: Json, after: Json, shown: str) -> None:
    assert f"> fields: order {shown}" in of(Field(("params", "fields"), Kind.REORDER, before, after))


def test_masks() -> None:
    shown = of(
        changed(("params", "secret"), "s3cr3t", "t3rc3s"),
        changed(("params", "secret", "below"), "s3cr3t\nx", "t3rc3s\nx"),
        added("deep", [{"key": "s3cr3t", "open": 1}]),
        Field(("params", "deep"), Kind.REORDER, ["s3cr3t", "b"], ["b", "s3cr3t"]),
        choice("Hidden", kind=Kind.REMOVE),
        choice("Open", display="s3cr3t"),
        moved(["Hidden", "Dog"], ["Dog"]),
        changed(("ontology", "Cat", Attribute("display")), "s3cr3t", "t3rc3s"),
        before=State("x", {}, ["Hidden", "Cat"]),
        after=State("x", {}, ["Open", "Dog", "Cat"]),
    )
    assert "s3cr3t" not in shown
    assert "Hidden" not in shown
    assert "~ secret       = (sensitive value, changed)" in shown
    assert '+ deep         = [{"key": (sensitive value), "open": 1}]' in shown
    assert "> deep: order (sensitive value, changed)" in shown
    assert "- (sensitive value)" in shown
    assert "+ Open: display (sensitive value)" in shown
    assert "moved here from (sensitive value)" in shown


def test_mask_keeps_what_it_does_not_cover() -> None:
    value = {"a": [1, {"b": 2}], "secret": 1}
    assert mask(value, ("params", "x"), SENSITIVE) is value
    assert mask(value, ("params",), ()) is value
    assert mask(value, ("params",), SENSITIVE) == {"a": [1, {"b": 2}], "secret": "(sensitive value)"}
    listed = [{"open": 1}]
    assert mask(listed, ("params", "deep"), SENSITIVE) is listed
    assert mask(1, ("params", "deep"), SENSITIVE) == 1


def test_mask_of_an_ontology_goes_by_names() -> None:
    ontology = ["Hidden", {"choice": "A", "display": "x", "subchoices": [{"choice": "B", "display": "y"}, 7]}]
    assert mask(ontology, ("ontology",), SENSITIVE) == [
        "(sensitive value)",
        {
            "choice": "A",
            "display": "(sensitive value)",
            "subchoices": [{"choice": "B", "display": "(sensitive value)"}, 7],
        },
    ]
    reported = {"path": "not a path", "index": 1}
    assert mask(reported, ("ontology", "A"), SENSITIVE) is reported


def test_tree() -> None:
    before = [
        {"choice": "A", "subchoices": ["A1", {"choice": "A2", "subchoices": ["A2x", "A2y"]}, "A3"]},
        {"choice": "B", "description": "old\ntext", "display": "b"},
        "C",
        "D",
    ]
    after = [
        {"choice": "B", "description": "new\ntext", "subchoices": ["A3"]},
        {"choice": "A", "subchoices": [{"choice": "A4", "display": "four"}, "A1"]},
        {"choice": "C", "display": "c"},
        {"choice": "D", "description": "d"},
        7,
    ]
    removed = Field(("ontology", "D", Attribute("display")), Kind.REMOVE, before="gone")
    shown = of(
        choice("A", "A2", kind=Kind.REMOVE),
        choice("A", "A2", "A2x", kind=Kind.REMOVE),
        moved(["A", "A3"], ["B", "A3"]),
        changed(("ontology", "B", Attribute("description")), "old\ntext", "new\ntext"),
        Field(("ontology", "B", Attribute("display")), Kind.REMOVE, before="b"),
        choice("A", "A4", display="four"),
        Field(("ontology",), Kind.REORDER, ["A", "B"], ["B", "A"]),
        Field(("ontology", "A"), Kind.REORDER, ["x", "y"], ["y", "x"]),
        Field(("ontology", "C", Attribute("display")), Kind.ADD, after="c"),
        removed,
        before=State("x", {}, before),
        after=State("x", {}, after),
    )
    assert (
        shown
        == """project "p" {
      ~ ontology (version 1 -> 2; reaches work in flight) {
          > order: "A", "B" -> "B", "A"
          ~ B
              ~ description = <<-EOT
                  - old
                  + new
                    text
                EOT
              - display = (sensitive value)
              > A3                                # moved here from A
          ~ A
              > order: "x", "y" -> "y", "x"
              + A4: display (sensitive value)
              - A2
                  - A2x
          ~ C: + display (sensitive value)
          ~ D: - display (sensitive value)
            # (2 unchanged choices hidden)
        }
    }

Plan: 0 to add, 1 to change, 0 to destroy.
"""
    )


def test_a_field_that_fits_no_tree_is_shown_all_the_same() -> None:
    shown = of(
        choice("X", "Y"),
        choice("X", "Z", kind=Kind.REMOVE),
        moved(["X", "Q"], ["W", "Q"]),
        Field(("ontology", "V"), Kind.MOVE, {"path": "not a path"}, {}),
        Field(("ontology", "U"), Kind.MOVE, "odd", 1),
        Field(("ontology", "T"), Kind.MOVE, 1, 1),
        changed(("ontology", "S", Attribute("description")), "a", "b"),
        Field(("ontology", "S", Attribute("note")), Kind.ADD, after="b"),
        Field(("ontology", "R"), Kind.REORDER, ["a", "b"], ["b", "a"]),
        changed(("ontology", "P"), 1, 2),
        choice("Same"),
        choice("Same"),
        Field(("ontology", "V2"), Kind.ADD, after="V2"),
        before=State("x", {}, None),
        after=State("x", {}, ["V", "Same", "V2"]),
    )
    for line in (
        "+ X.Y",
        "+ V2",
        "- X.Z",
        "> W.Q                                   # moved here from X",
        "> V                                     # moved here from not a path",
        "> U                                     # moved here from the top level",
        '~ S.@description: "a" -> "b"',
        '+ S.@note: "b"',
        '> order: "a", "b" -> "b", "a"',
        "~ P: 1 -> 2",
    ):
        assert f"{line}\n" in shown
    assert shown.count("+ Same\n") == 2


def test_a_large_ontology_is_bounded() -> None:
    names = [f"C{n}" for n in range(1_000)]
    fields = [choice(name, index=n) for n, name in enumerate(names)]
    shown = text(plans.plan(created("p", "p.yaml", ontology=names, fields=fields)))
    assert "          + C23\n            … 976 more\n        }\n" in shown
    assert "# 1,000 choices\n" in shown
    gone = ["n" * 300, *names]
    lost = of(*(choice(name, kind=Kind.REMOVE) for name in gone), before=State("x", {}, names))
    assert [line.split()[1] for line in lost.split("\n") if line.startswith("          - ")] == gone


def test_many_parameters_are_all_shown() -> None:
    fields = [changed(("params", f"k{n}"), 1, 2) for n in range(1_000)]
    shown = of(*fields, Field(("params", "gone"), Kind.REMOVE, before=1), patch=False)
    assert shown.count(" = 1 -> 2\n") == 1_000
    assert "- gone" in shown


@pytest.mark.untraced
def test_twice_the_plan_is_at_most_twice_the_work() -> None:
    once, twice = (
        [
            added("huge", {f"only here {n}": n for n in range(size)}),
            changed(("params", "text"), "ab\n" * 10 * size, "ab\n" * 10 * size + "cd\n"),
        ]
        for size in (30_000, 60_000)
    )
    assert calls_of(of, *twice) <= GROWTH * calls_of(of, *once)
    assert "unchanged lines hidden" in of(*once)


@pytest.mark.untraced
@given(st.data())
def test_nothing_foreign_acts(data: st.DataObject) -> None:
    name = data.draw(st.text(st.characters(), min_size=1, max_size=8))
    key = data.draw(st.text(st.characters(), max_size=8))
    one, other = data.draw(strategies.values), data.draw(st.one_of(strategies.values, st.text(st.characters())))
    fields = [
        changed(("params", key), one, other),
        Field(("params", key, 0), Kind.ADD, after=other),
        Field(("params", "r"), Kind.REORDER, [one, other], [other, one]),
        Field(("params", "g"), Kind.REMOVE, before=f"{key}\n{name}\nx"),
        changed(("params", "t"), f"{key}\nx", f"{name}\nx"),
        choice(name),
        changed(("ontology", key, Attribute("description")), one, other),
    ]
    change = updated(name, f"{key}.yaml", fields, after=State("x", {}, [name, other]))
    plain = text(plans.plan(change, unmanaged=(key,)))
    assert not CONTROL.search(plain)
    assert not [line for line in plain.split("\n") if line != line.rstrip() and not line.endswith(" ")]
    colour = text(plans.plan(change, unmanaged=(key,)), colour=True)
    assert re.sub(r"\x1b\[[0-9;]+m", "", colour) == plain


def test_warnings_of_a_change_stand_below_it() -> None:
    shown = text(plans.hostile())
    assert "    Warning: it says a\\u001b[31mred" in shown
