"""Who moved since the record, by the table in the contract."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.fieldpath import format_path, parse_pattern
from reconciler.model.plan import Action, CallKind, Cause, TargetInfo
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, ParamsMode, Version
from reconciler.model.record import Intended, RecordedProject
from reconciler.planning.bases import (
    base_hash,
    base_of,
    content_hash,
    intended_by,
    left_drifting,
    origin_of,
    outside,
    unseen,
)
from reconciler.planning.live import Live
from reconciler.planning.planner import Declared, Terms, make_plan, plan_project
from tests.building import AT, KNOWN, desired, live
from tests.ontologies import hash_of


def classes_of(wanted: DesiredProject, now: LiveProject, known: RecordedProject | None) -> dict[str, str]:
    return {format_path(f.path): f.cause.value for f in plan_project(wanted, now, known=known).fields}


@pytest.mark.parametrize(
    ("base", "now", "wanted", "expected"),
    [
        ({"a": 1}, {"a": 1}, {"a": 2}, {"params.a": "pending"}),
        ({"a": 1}, {"a": 2}, {"a": 1}, {"params.a": "drift"}),
        ({"a": 1}, {"a": 2}, {"a": 3}, {"params.a": "conflict"}),
        ({"a": 1}, {"a": 2}, {"a": 2}, {}),
        ({}, {"a": 2}, {}, {"params.a": "drift"}),
        ({"a": 2}, {}, {"a": 2}, {"params.a": "drift"}),
        ({"a": 1}, {}, {"a": 2}, {"params.a": "conflict"}),
        ({}, {}, {"a": 2}, {"params.a": "pending"}),
        ({"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 2, "b": 1}, {"params.a": "pending", "params.b": "drift"}),
    ],
)
def test_parameters(base: Any, now: Any, wanted: Any, expected: dict[str, str]) -> None:
    assert classes_of(desired(wanted), live(base, now), KNOWN) == expected


def test_every_field_of_a_unit_has_its_class() -> None:
    found = classes_of(desired({"g": {"w": 1, "h": 1}}), live({"g": {"w": 1, "h": 2}}, {"g": {"w": 2, "h": 2}}), KNOWN)
    assert found == {"params.g.w": "conflict", "params.g.h": "conflict"}


@pytest.mark.parametrize(
    ("ontologies", "wanted", "expected"),
    [
        ((["A"], ["A"]), ["B"], "pending"),
        ((["A"], ["B"]), ["A"], "drift"),
        ((["A"], ["B"]), ["C"], "conflict"),
        ((["A"], [{"choice": "A", "display": ""}]), ["B"], "pending"),
    ],
)
def test_an_ontology(ontologies: tuple[Any, ...], wanted: Any, expected: str) -> None:
    found = classes_of(desired(choices=wanted), live(ontologies=ontologies), KNOWN)
    assert set(found.values()) == {expected}


def test_a_named_ontology() -> None:
    moved = live(ontologies=(["A"], ["A"]), ontology_names=("one", "two"))
    assert classes_of(desired(choices=["A"], ontology_name="one"), moved, KNOWN) == {"ontology.@name": "drift"}
    assert classes_of(desired(choices=["A"], ontology_name="new"), moved, KNOWN) == {"ontology.@name": "conflict"}


def test_without_a_base_it_is_unknown() -> None:
    both = desired({"a": 2}, ["B"])
    now = live({"a": 1}, ontologies=(["A"],))
    nobody_knows = [None, replace(KNOWN, written=False), replace(KNOWN, params_version=7, ontology_version=7)]
    for known in nobody_knows:
        assert set(classes_of(both, now, known).values()) == {"unknown"}
    unreadable = live(ontologies=([1], ["A"]))
    assert set(classes_of(desired(choices=["B"]), unreadable, KNOWN).values()) == {"unknown"}
    broken = replace(live({"a": 1}), params_history=(Version(0, None, None), Version(1, None, {"a": 1})))
    assert classes_of(desired({"a": 2}), broken, KNOWN) == {"params.a": "unknown"}


def test_where_there_was_none() -> None:
    known = replace(KNOWN, params_version=None, ontology_version=None)
    assert classes_of(desired({"a": 2}), live({"a": 1}), known) == {"params.a": "conflict"}
    assert set(classes_of(desired(choices=["B"]), live(ontologies=(["A"],)), known).values()) == {"conflict"}
    assert set(classes_of(desired(choices=["B"]), live(), known).values()) == {"pending"}


@pytest.mark.parametrize(
    ("ontologies", "number", "expected"),
    [
        ((["A"], ["B"]), 0, "drift"),
        ((["B"], ["C"], ["A"], ["D"]), 0, "drift"),  # the number is that of another one: the content shows it
        ((["A"], ["B"], ["A"]), 7, "pending"),  # the last one with that content
        ((["C"], ["B"]), 0, "unknown"),
    ],
)
def test_an_ontology_is_known_by_its_content(ontologies: Any, number: int, expected: str) -> None:
    """Where the API gives no numbers, they are positions in what it shows."""
    known = replace(KNOWN, ontology_version=number, ontology_hash=hash_of(["A"]))
    wanted = desired(choices=["A"] if expected == "drift" else ["E"])
    assert set(classes_of(wanted, live(ontologies=ontologies), known).values()) == {expected}


def test_a_base_that_is_no_longer_shown() -> None:
    """It is unknown who changed it: that is reported, and with `--pending` the guard conflict holds it."""
    now = replace(live({"a": 5, "b": 1}), params_history=(Version(7, AT, {"a": 4}), Version(8, AT, {"a": 5, "b": 1})))
    change = plan_project(desired({"a": 1, "b": 1}), now, known=KNOWN)
    assert unseen(change.base, change.fields) == ("params.a",)
    [said] = change.diagnostics
    assert said.code == "base-not-shown"
    assert "the version of params.a that" in said.detail
    assert unseen(None, change.fields) == ()
    assert unseen(replace(KNOWN, written=False), change.fields) == ()
    created = plan_project(desired({"a": 1}), None, known=KNOWN)
    assert unseen(KNOWN, (replace(created.fields[0], cause=Cause.UNKNOWN),)) == ()


def test_what_moved_while_pending_changes_were_applied_keeps_its_base() -> None:
    """The plan saw it as declared in version 0: that is its base, not the version that the apply made over it."""
    wanted = desired({"a": 2, "b": 1}, ["A"])
    change = plan_project(wanted, live({"a": 1, "b": 1}, ontologies=(["A"],)), known=KNOWN, pending=True)
    hashed = hash_of(["A"])
    after = live({"a": 1, "b": 1}, {"a": 1, "b": 9}, {"a": 2, "b": 9}, ontologies=(["A"], ["B"]))
    left = left_drifting(change, after)
    assert left == {"params.b": 0, "ontology": 0}
    assert base_hash(change, after, KNOWN, left) == hashed
    known = replace(KNOWN, params_version=2, older=left, ontology_hash=hashed)
    assert classes_of(wanted, after, known) == {"params.b": "drift", "ontology.A": "drift", "ontology.B": "drift"}
    kept_otherwise = live({"a": 1, "b": 1}, {"a": 3, "b": 1}, ontologies=(["A"],))
    assert left_drifting(change, kept_otherwise) == {}
    assert left_drifting(plan_project(wanted, live({"a": 1}), known=KNOWN), after) == {}


def test_what_drifts_keeps_its_older_base() -> None:
    now = live({"a": 1}, {"a": 2}, ontologies=(["A"], ["B"]))
    known = replace(KNOWN, older={"params.a": 0}, params_version=1, ontology_hash=hash_of(["A"]))
    change = plan_project(desired({"a": 1}, ["A"]), now, known=known, pending=True)
    left = left_drifting(change, None)
    assert left == {"params.a": 0, "ontology": 0}
    assert base_hash(change, None, known, left) == known.ontology_hash
    assert base_hash(change, None, None, left) is None
    other = replace(known, ontology_version=1)
    assert base_hash(change, None, other, left) is None, "its hash is that of another version"


def test_the_base_of_an_ontology() -> None:
    wanted = desired(choices=["A"])
    unchanged = plan_project(wanted, live(ontologies=(["A"],)), known=KNOWN)
    assert base_hash(unchanged, None, KNOWN, {}) == hash_of([{"choice": "A"}])
    assert base_hash(unchanged, live(ontologies=(["A"], ["B"])), KNOWN, {}) == hash_of(["B"])
    assert base_hash(plan_project(desired(), live()), None, None, {}) is None
    assert base_hash(plan_project(desired(), live(ontologies=([1],))), None, None, {}) is None
    assert base_hash(plan_project(wanted, None), None, None, {}) is None


def test_what_is_ignored_is_nobodys_move() -> None:
    mask = Mask(ignore=(Ignore(parse_pattern("params.g.seen")),))
    now = live({"g": {"w": 1, "seen": 1}}, {"g": {"w": 1, "seen": 2}})
    assert classes_of(desired({"g": {"w": 5}}, mask=mask), now, KNOWN) == {"params.g.w": "pending"}


def test_a_unit_that_was_left_drifting_keeps_its_older_base() -> None:
    now = live({"a": 1}, {"a": 2}, {"a": 2, "b": 1})
    known = replace(KNOWN, params_version=2, older={"params.a": 0})
    assert classes_of(desired({"a": 1, "b": 1}), now, known) == {"params.a": "drift"}


def test_pending_leaves_drift_alone() -> None:
    now = live({"a": 1, "b": 1, "c": 1}, {"a": 1, "b": 2, "d": 4}, ontologies=(["A"], ["B"]))
    change = plan_project(desired({"a": 2, "b": 1, "c": 1}, ["A"]), now, known=KNOWN, pending=True)
    assert [format_path(field.path) for field in change.fields] == ["params.a"]
    assert tuple(change.kept) == ("ontology", "params.b", "params.c", "params.d")
    assert [dict(call.body) for call in change.calls] == [{"a": 2, "patch": True}]
    nothing = plan_project(desired({"b": 1}), live({"b": 1}, {"b": 2}), known=KNOWN, pending=True)
    assert (nothing.action, tuple(nothing.kept)) == (Action.NO_OP, ("params.b",))


def test_pending_removes_what_git_removed() -> None:
    change = plan_project(desired({"b": 1}), live({"a": 1, "b": 1}, {"a": 1, "b": 2}), known=KNOWN, pending=True)
    assert [dict(call.body) for call in change.calls] == [{"b": 2, "patch": False}]


def test_who_brought_the_live_value() -> None:
    now = live({"a": 1}, {"a": 2}, {"a": 2, "b": 1}, ontologies=(["A"], ["B"], ["B"]))
    assert origin_of(now, "params.a") == (1, AT)
    assert origin_of(now, "params.b") == (2, AT)
    assert origin_of(now, "ontology") == (1, AT)
    assert origin_of(live(), "ontology") is None
    field = plan_project(desired({"a": 1, "b": 1}), now, known=KNOWN).fields[0]
    assert (field.cause, field.moved_by) == (Cause.DRIFT, (1, AT))


def test_what_a_killed_run_had_written_is_ours() -> None:
    wanted = desired({"a": 2}, ["B"])
    before = live({"a": 1}, ontologies=(["A"],))
    intended = intended_by(plan_project(wanted, before, known=KNOWN), "r")
    known = replace(KNOWN, intents=(intended,))
    landed = live({"a": 1}, {"a": 2}, ontologies=(["A"], ["B"]))
    change = plan_project(desired({"a": 3}, ["B"]), landed, known=known)
    assert [field.cause for field in change.fields] == [Cause.PENDING]
    assert [diagnostic.code for diagnostic in change.diagnostics] == ["interrupted-run"]
    assert "setParams (version 1) and setOntology (version 1)" in change.diagnostics[0].detail
    archived = plan_project(wanted, replace(landed, archived=True), known=known)
    assert [diagnostic.code for diagnostic in archived.diagnostics] == ["interrupted-run", "archived"]
    theirs = live({"a": 1}, {"a": 9}, ontologies=(["A"], [1]))
    assert base_of(known, theirs).landed == ()
    assert base_of(known, before).landed == ()
    assert base_of(known, None).known == known
    behind_another = base_of(known, live({"a": 1}, {"a": 9}, {"a": 2}, {"a": 9}, ontologies=(["A"],)))
    assert behind_another.landed == ((CallKind.SET_PARAMS, 2),)


def test_what_a_killed_first_run_did_not_write_has_no_base() -> None:
    before = live({"a": 1}, ontologies=(["A"],))
    intended = intended_by(plan_project(desired({"a": 2}, ["B"]), before), "r")
    known = RecordedProject("projects/p.yaml", written=False, intents=(intended,))
    assert base_of(known, before).known == known

    def found(*ontologies: list[str]) -> list[Cause]:
        now = live({"a": 1}, {"a": 2}, ontologies=ontologies)
        return [field.cause for field in plan_project(desired({"a": 2}, ["B"]), now, known=known).fields]

    assert set(found(["A"])) == {Cause.UNKNOWN}
    assert set(found(["A"], ["C"])) == {Cause.UNKNOWN}
    created = replace(known, intents=(replace(intended, params_version=None, ontology_version=None),))
    half = plan_project(desired({"a": 2}, ["B"]), live({"a": 2}), known=created)
    assert {field.cause for field in half.fields} == {Cause.PENDING}


def test_an_intent_that_is_older_than_the_entry_moves_no_base_back() -> None:
    known = replace(KNOWN, params_version=2, intents=(Intended("late", 0, None, content_hash({"a": 2})),))
    base = base_of(known, live({"a": 1}, {"a": 2}, {"a": 3}))
    assert base.known is not None
    assert (base.known.params_version, base.landed) == (2, ())


def test_an_intent_of_an_old_plan_is_found_after_the_recorded_version() -> None:
    """Its content was live once before, and another apply has entered the project since then."""
    known = replace(KNOWN, params_version=1, intents=(Intended("late", None, None, content_hash({"a": 1})),))
    base = base_of(known, live({"a": 1}, {"a": 2}, {"a": 1}))
    assert base.known is not None
    assert base.known.params_version == 2
    assert base.landed == ((CallKind.SET_PARAMS, 2),)


def test_a_killed_create() -> None:
    wanted = desired({"a": 2}, ["B"])
    intended = intended_by(plan_project(wanted, None), "r")
    assert intended == Intended("r", None, None, content_hash({"a": 2}), hash_of([{"choice": "B"}]))
    known = RecordedProject("projects/p.yaml", written=False, intents=(intended,))
    base = base_of(known, live({"a": 2})).known
    assert base is not None
    assert (base.written, base.params_version, base.ontology_version) == (True, 0, None)
    base = base_of(known, live({"a": 2}, ontologies=(["B"],))).known
    assert base is not None
    assert (base.ontology_version, base.ontology_hash) == (0, hash_of(["B"]))
    only = intended_by(plan_project(desired(choices=["B"]), live({"a": 2})), "r")
    assert only.params_hash is None
    landed = base_of(replace(known, intents=(only,)), live({"a": 2}, {"a": 3}, ontologies=(["B"],))).landed
    assert landed == ((CallKind.SET_ONTOLOGY, 0),)


EDITED = ({"a": 1, "b": 1}, {"a": 1, "b": 2})
"""The versions of a project in which somebody edited `b` after the apply that KNOWN records."""


def kept_by(*runs: tuple[dict[str, Any], LiveProject]) -> RecordedProject:
    """The record after `--pending` runs that did not finish, each with what git said and what it found."""
    known = KNOWN
    for number, (params, found) in enumerate(runs):
        change = plan_project(desired(params, ["B"]), found, known=known, pending=True)
        assert tuple(change.kept) == ("params.b",)
        known = replace(known, intents=(*known.intents, intended_by(change, f"r{number}")))
    return known


def test_an_edit_that_unfinished_runs_kept_keeps_its_own_base() -> None:
    first = live(*EDITED, ontologies=(["A"],))
    known = kept_by(({"a": 5, "b": 1}, first))
    second = live(*EDITED, {"a": 5, "b": 2}, ontologies=(["A"],))
    again = plan_project(desired({"a": 5, "b": 1}, ["B"]), second, known=known, pending=True)
    assert (tuple(again.kept), [field.path for field in again.fields]) == (
        ("params.b",),
        [("ontology", "B"), ("ontology", "A")],
    )
    known = kept_by(({"a": 5, "b": 1}, first), ({"a": 6, "b": 1}, second))
    third = live(*EDITED, {"a": 5, "b": 2}, {"a": 6, "b": 2}, ontologies=(["A"],))
    base = base_of(known, third)
    assert base.known is not None
    assert (base.known.params_version, dict(base.known.older)) == (3, {"params.b": 0})
    change = plan_project(desired({"a": 7, "b": 1}, ["B"]), third, known=known)
    found = {field.path: field.cause for field in change.fields}
    assert found[("params", "a")] is Cause.PENDING
    assert found[("params", "b")] is Cause.DRIFT


def test_an_ontology_that_landed_is_a_base_of_its_own() -> None:
    """What an earlier run left drifting in the ontology ends there, and in the parameters it stays."""
    known = replace(KNOWN, params_version=1, older={"ontology": 0, "params.b": 0})
    intent = Intended("r", 1, 1, None, hash_of(["C"]), {"params.b": 0})
    found = base_of(replace(known, intents=(intent,)), live(*EDITED, ontologies=(["A"], ["B"], ["C"]))).known
    assert found is not None
    assert (found.ontology_version, found.ontology_hash, dict(found.older)) == (
        2,
        hash_of(["C"]),
        {"params.b": 0},
    )


def test_an_entry_of_another_project_of_this_name_says_nothing() -> None:
    known = replace(KNOWN, created_at="2026-01-01T00:00:00Z")
    same = replace(live({"a": 1}), created_at="2026-01-01T00:00:00Z")
    assert base_of(known, same).known == known
    assert base_of(known, replace(same, created_at="2026-02-01T00:00:00Z")).known is None
    assert base_of(KNOWN, same).known == KNOWN
    assert base_of(known, live({"a": 1})).known == known


MERGED = Mask(params=ParamsMode.MERGE)
IGNORING = Mask(ignore=(Ignore(parse_pattern("params.b")), Ignore(parse_pattern("ontology"))))


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (desired({"a": 1, "b": 1}, ["A"]), {}),
        (desired(None, ["A"]), {"params.b": 0, "params.c": 0}),
        (desired({"a": 1}, ["A"], mask=MERGED), {"params.b": 0, "params.c": 0}),
        (desired({"a": 1, "b": 1}, ["A"], mask=MERGED), {"params.c": 0}),
        (desired({"a": 1}, mask=IGNORING), {"params.b": 0, "ontology": 0}),
        (desired({"a": 1, "b": 1}), {"ontology": 0}),
    ],
)
def test_what_the_manifest_does_not_own_keeps_its_base(wanted: DesiredProject, expected: dict[str, int]) -> None:
    """Only what changed since: for the rest, the base may move on."""
    now = live({"a": 1, "b": 1}, {"a": 1, "b": 2, "c": 3}, ontologies=(["A"], ["A", "B"]))
    assert outside(wanted, now, KNOWN) == expected
    again = replace(KNOWN, params_version=1, ontology_version=1, older=expected)
    assert outside(wanted, now, again) == expected
    assert outside(wanted, now, replace(KNOWN, params_version=1, ontology_version=1)) == {}
    assert outside(wanted, now, None) == outside(wanted, None, KNOWN) == {}
    assert outside(wanted, now, replace(KNOWN, written=False)) == {}


def test_a_base_that_the_history_does_not_show_stays_the_base_of_what_is_not_owned() -> None:
    cut = replace(live({"b": 2}), params_history=(Version(7, None, {"b": 2}),))
    assert outside(desired(None), cut, replace(KNOWN, params_version=5)) == {"params.b": 5, "ontology": 0}
    odd = live({"b": 1}, ontologies=([1],))
    assert outside(desired({"b": 1}), odd, KNOWN) == {"ontology": 0}
    unknown = replace(KNOWN, params_version=-1, ontology_version=-1)
    assert outside(desired(None), live({"b": 1}, ontologies=(["A"],)), unknown) == {}


def plan_with(known: dict[str, RecordedProject], now: LiveProject | None, *wanted: DesiredProject) -> Any:
    names = {project.name: project.source.file for project in wanted}
    declared = Declared(wanted, names, "projects", len(wanted), gone=[name for name in known if name not in names])
    return make_plan(declared, Live({"p": now}, whole=True), known, Terms(TargetInfo("t", "e"), AT))


@pytest.mark.parametrize("now", [live({"a": 1}), None])
def test_a_manifest_that_is_gone_is_forgotten(now: LiveProject | None) -> None:
    plan = plan_with({"p": KNOWN}, now)
    [change] = plan.changes
    assert (change.action, change.forgets, change.writes, change.calls) == (Action.FORGET, True, False, ())
    assert (plan.summary.forget, plan.applyable) == (1, True)


def test_edits_of_others_are_counted_once_a_unit() -> None:
    now = live({"g": {"a": 1, "b": 1}}, {"g": {"a": 2, "b": 2}})
    plan = plan_with({"p": KNOWN}, now, desired({"g": {"a": 1, "b": 1}}))
    assert plan.reverted == (("p", "params.g"),)
    assert plan.kept == ()
