"""Drift: the class of each unit, what came and went, who takes turns, and what a vanished project may be called now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.diagnostics import error
from reconciler.fieldpath import parse_pattern
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift, Transient, Unit
from reconciler.model.ontology import Unreadable
from reconciler.model.plan import Cause, Kind, TargetInfo
from reconciler.model.project import (
    DesiredProject,
    Ignore,
    LiveProject,
    Mask,
    ParamsMode,
    Shown,
    Source,
    UnreadableProject,
    Version,
)
from reconciler.model.record import RecordedProject, Section
from reconciler.model.values import ABSENT
from reconciler.planning.blocking import unreadable_advice
from reconciler.planning.drift import baseline_of, project_drift, renames, with_fields
from reconciler.planning.intent import compare
from tests.building import KNOWN, desired, live

AT = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)


def drift_of(wanted: DesiredProject, shown: Shown | None, known: RecordedProject | None) -> ProjectDrift:
    drift = project_drift(wanted, shown, known)
    assert isinstance(drift, ProjectDrift)
    return drift


def classes_of(drift: ProjectDrift) -> dict[str, str]:
    return {unit.path: unit.cause.value for unit in drift.units}


@pytest.mark.parametrize(
    ("history", "wanted", "expected"),
    [
        ([{"a": 1}], {"a": 1}, {}),
        ([{"a": 1}], {"a": 2}, {"params.a": "pending"}),
        ([{"a": 1}, {"a": 2}], {"a": 1}, {"params.a": "drift"}),
        ([{"a": 1}, {"a": 2}], {"a": 3}, {"params.a": "conflict"}),
        ([{"a": 1}, {"a": 2}], {"a": 2}, {"params.a": "same"}),
        ([{"a": 1}, {"a": 1, "b": 2}], {"a": 1}, {"params.b": "drift"}),
        ([{"a": 1, "b": 2}, {"a": 1}], {"a": 1, "b": 2}, {"params.b": "drift"}),
        ([{"a": 1, "b": 2}, {"a": 1}], {"a": 1}, {"params.b": "same"}),
    ],
)
def test_parameters(history: list[Any], wanted: Any, expected: dict[str, str]) -> None:
    assert classes_of(drift_of(desired(wanted), live(*history), KNOWN)) == expected


@pytest.mark.parametrize(
    ("history", "wanted", "expected"),
    [
        ((["A"],), ["A"], {}),
        ((["A"],), ["B"], {"ontology": "pending"}),
        ((["A"], ["B"]), ["A"], {"ontology": "drift"}),
        ((["A"], ["B"]), ["C"], {"ontology": "conflict"}),
        ((["A"], ["B"]), ["B"], {"ontology": "same"}),
        (([1], ["B"]), ["B"], {}),
        (([1], ["B"]), ["C"], {"ontology": "unknown"}),
    ],
)
def test_ontologies(history: tuple[Any, ...], wanted: Any, expected: dict[str, str]) -> None:
    assert classes_of(drift_of(desired(choices=wanted), live(ontologies=history), KNOWN)) == expected


def test_without_a_record_what_differs_is_unknown() -> None:
    wanted = desired({"a": 1, "b": 1}, ["A"])
    now = live({"a": 2, "b": 1}, ontologies=(["B"],))
    for known in (None, replace(KNOWN, written=False)):
        assert classes_of(drift_of(wanted, now, known)) == {"params.a": "unknown", "ontology": "unknown"}
    [first, _] = drift_of(wanted, now, None).units
    assert [(field.before, field.after) for field in first.fields] == [(1, 2)]
    assert first.base is ABSENT
    assert drift_of(desired({"a": 2, "b": 1}, ["B"]), now, None).is_clean


def test_a_unit_says_what_it_was_is_and_should_be_and_who_brought_it() -> None:
    drift = drift_of(desired({"g": {"w": 1, "h": 1}}), live({"g": {"w": 1, "h": 1}}, {"g": {"w": 2, "h": 1}}), KNOWN)
    [unit] = drift.units
    assert (unit.base, unit.desired, unit.live) == ({"w": 1, "h": 1}, {"w": 1, "h": 1}, {"w": 2, "h": 1})
    assert unit.version == 1
    [field] = unit.fields
    assert (field.path, field.before, field.after) == (("params", "g", "w"), 1, 2)


def test_pending_fields_lead_from_live_to_git() -> None:
    [unit] = drift_of(desired({"a": 2}), live({"a": 1}), KNOWN).units
    assert [(field.before, field.after) for field in unit.fields] == [(1, 2)]
    [unit] = drift_of(desired(choices=["B"]), live(ontologies=(["A"],)), KNOWN).units
    assert [field.kind for field in unit.fields] == [Kind.ADD, Kind.REMOVE]


def test_what_is_not_managed_or_ignored_does_not_drift() -> None:
    now = live(
        {"a": 1, "b": 1, "c": {"d": 1, "e": 1}}, {"a": 1, "b": 2, "c": {"d": 2, "e": 1}}, ontologies=(["A"], ["B"])
    )
    assert drift_of(desired(), now, KNOWN).is_clean
    merged = desired({"a": 1}, mask=Mask(params=ParamsMode.MERGE))
    assert drift_of(merged, now, KNOWN).is_clean
    ignores = tuple(Ignore(parse_pattern(path)) for path in ("params.b", "params.c.d", "ontology"))
    ignoring = desired({"a": 1, "c": {"d": 1, "e": 1}}, ["A"], mask=Mask(ignore=ignores))
    assert drift_of(ignoring, now, KNOWN).is_clean


def test_what_came_and_went_is_transient() -> None:
    now = live({"a": 1}, {"a": 2, "n": 1}, {"a": 3}, {"a": 1}, ontologies=(["A"], ["B"], [1], ["A"]))
    drift = drift_of(desired({"a": 1}, ["A"]), now, KNOWN)
    assert drift.units == ()
    assert drift.transient == (
        Transient("params.a", (1, 2)),
        Transient("params.n", (1,)),
        Transient("ontology", (1,)),
    )
    assert drift.is_clean
    quiet = live({"a": 1}, {"a": 1}, {"a": 1}, ontologies=(["A"], ["A"], ["A"]))
    assert drift_of(desired({"a": 1}, ["A"]), quiet, KNOWN).transient == ()
    first = replace(KNOWN, params_version=None, ontology_version=None)
    assert [unit.path for unit in drift_of(desired({"a": 2}), live({"a": 1}, {"a": 1}), first).units] == ["params.a"]


@pytest.mark.parametrize(
    ("values", "turns"),
    [([1, 2, 1, 2], True), ([1, 2, 2, 1, 2], True), ([1, 2, 1, 3], False), ([1, 2], False), ([2, 1, 3, 2], False)],
)
def test_two_writers_taking_turns(values: list[int], turns: bool) -> None:
    drift = drift_of(desired({"a": 0}), live(*({"a": value} for value in values)), KNOWN)
    assert [reported.code for reported in drift.diagnostics] == (["taking-turns"] if turns else [])


def test_two_writers_taking_turns_with_an_ontology() -> None:
    now = live([1], ontologies=(["A"], ["B"], ["A"], [{"choice": "B"}]))
    [reported] = drift_of(desired(choices=["A"]), now, KNOWN).diagnostics
    assert "ontology of project.p" in reported.summary
    assert "Versions 0, 1, 2, 3 " in reported.detail
    unreadable = live(ontologies=([1], [2], ["A"], ["B"]))
    assert drift_of(desired(choices=["A"]), unreadable, replace(KNOWN, ontology_version=2)).diagnostics == ()


def test_a_blocked_project_is_an_error() -> None:
    drift = project_drift(desired({"a": 1}), replace(live({"a": 2}), archived=True), KNOWN)
    assert isinstance(drift, BlockedProject)
    assert (drift.name, drift.path, drift.diagnostic.code) == ("p", "archived", "archived")


@pytest.mark.parametrize(
    ("shown", "path", "code"),
    [
        (UnreadableProject("p", "projects[3].type", "is null"), "projects[3].type", "unreadable"),
        (live(ontologies=(["A", {"no": "choice"}],)), "ontology[1]", "ontology-unreadable"),
        (
            live(ontologies=([{"choice": "A", "subchoices": ["B", {"choice": "C", "display": 1}]}],)),
            "ontology[0].subchoices[1]",
            "ontology-unreadable",
        ),
        (
            replace(live(), ontology=Unreadable("ontologyHistory", "is not a list")),
            "ontologyHistory",
            "ontology-unreadable",
        ),
        (replace(live(), type="other"), "type", "type-differs"),
    ],
)
def test_what_cannot_be_compared_is_named_with_its_path(shown: Shown, path: str, code: str) -> None:
    drift = project_drift(desired(choices=["A"]), shown, KNOWN)
    assert isinstance(drift, BlockedProject)
    assert (drift.path, drift.diagnostic.code, drift.diagnostic.is_error) == (path, code, True)
    unmanaged = project_drift(desired({"a": 1}), live({"a": 1}, ontologies=([{"no": "choice"}],)), KNOWN)
    assert isinstance(unmanaged, ProjectDrift)


def test_a_project_that_is_not_there() -> None:
    wanted = desired({"a": 1}, ["A"])
    assert classes_of(drift_of(wanted, None, None)) == {"params.a": "pending", "ontology": "pending"}
    assert classes_of(drift_of(desired(), None, None)) == {}
    assert drift_of(wanted, None, KNOWN).units == ()
    assert classes_of(drift_of(wanted, None, replace(KNOWN, written=False))) != {}


def test_the_newest_entry_is_the_baseline() -> None:
    older = RecordedProject("a.yaml", commit="old", recorded_at="2026-11-01T00:00:00Z")
    newer = RecordedProject("b.yaml", commit=None, recorded_at="2026-11-02T00:00:00Z")
    intended = RecordedProject("c.yaml", commit=None, recorded_at="2026-11-09T00:00:00Z", written=False)
    section = Section({"a": older, "b": newer, "c": intended})
    assert baseline_of(section) == Baseline(None, "2026-11-02T00:00:00Z")
    assert baseline_of(Section()) is None
    earlier = replace(section, commit="c0", completed_at="2026-11-01T12:00:00Z")
    assert baseline_of(earlier) == Baseline(None, "2026-11-02T00:00:00Z")
    later = replace(section, commit="c1", completed_at="2026-11-03T00:00:00Z")
    assert baseline_of(later) == Baseline("c1", "2026-11-03T00:00:00Z")


def named(name: str, params: Any = None, kind: str = "imageannotation") -> LiveProject:
    return replace(live(*([params] if params else [])), name=name, type=kind)


@pytest.mark.parametrize(
    ("name", "params", "others", "found"),
    [
        ("kitten_labels", {"a": 1}, [named("cats"), named("dogs", {"a": 1})], "dogs"),
        ("kitten_labels", {"a": 1}, [named("Kitten-Labels")], "Kitten-Labels"),
        ("kitten_labels", {"a": 1}, [named("kitten_label")], "kitten_label"),
        ("kitten_labels", {"a": 1}, [named("dogs", {"a": 1}, "categorization")], None),
        ("kitten_labels", {}, [named("dogs", {})], None),
        ("kitten_labels", {"a": 1}, [], None),
    ],
)
def test_a_probable_rename(name: str, params: Any, others: list[LiveProject], found: str | None) -> None:
    wanted = DesiredProject(name, "imageannotation", Source("/p.yaml", 1), params=params)
    reported = [diagnostic.summary for diagnostic in renames([(wanted, KNOWN)], others)]
    assert reported == ([f'project.{name} has probably been renamed to "{found}" on Scale'] if found else [])


def test_the_summary() -> None:
    drifted = drift_of(desired({"a": 1, "b": 2}), live({"a": 1, "b": 1}, {"a": 2, "b": 1}), KNOWN)
    clean = ProjectDrift("q", Source("/q.yaml", 1), transient=(Transient("params.x", (1,)),))
    drift = Drift(TargetInfo("t", "e"), AT, projects=(drifted, clean))
    summary = drift.summary
    assert (summary.drift, summary.pending, summary.transient, summary.clean) == (1, 1, 1, 1)
    assert drift.has_drifted
    assert not drift.errored
    assert not replace(drift, projects=(clean,)).has_drifted
    assert replace(drift, projects=(), vanished=("x",)).has_drifted
    broken = project_drift(desired(), replace(live(), archived=True), None)
    assert isinstance(broken, BlockedProject)
    blocked = replace(drift, blocked=(broken,))
    assert blocked.errored
    assert (blocked.summary.blocked, blocked.summary.clean, blocked.project_count) == (1, 1, 3)
    assert replace(drift, diagnostics=(error("e", "s"),)).errored
    assert {unit.cause for unit in drifted.units} == {Cause.DRIFT, Cause.PENDING}


def test_a_version_that_holds_no_parameters_is_passed_over() -> None:
    now = replace(
        live({"a": 1}, {"a": 2}),
        params_history=(
            Version(0, AT, {"a": 1}),
            Version(1, AT, None),
            Version(2, AT, {"a": 1}),
            Version(3, AT, {"a": 2}),
        ),
    )
    drift = drift_of(desired({"a": 1}), now, KNOWN)
    assert classes_of(drift) == {"params.a": "drift"}


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (Unit("params.a", Cause.DRIFT, {"b": 1}, 9, {"b": 2}), [("change", 1, 2)]),
        (Unit("params.a", Cause.UNKNOWN, ABSENT, 1, 2), [("change", 1, 2)]),
        (Unit("params.a", Cause.PENDING, 1, 2, 1), [("change", 1, 2)]),
        (Unit('params."a b"', Cause.DRIFT, ABSENT, ABSENT, None), [("add", ABSENT, None)]),
        (Unit("params.a", Cause.DRIFT, "(masked)", 1, "(masked)"), [("change", "(masked)", "(masked)")]),
        (Unit("ontology", Cause.DRIFT, ["A"], ["A"], ["A", "B"]), [("add", ABSENT, {"choice": "B", "index": 1})]),
        (Unit("ontology", Cause.DRIFT, ABSENT, ["A"], ["B"]), [("add", ABSENT, {"choice": "B", "index": 0})]),
        (Unit("ontology", Cause.DRIFT, "(masked)", ["A"], ["B"]), []),
        (Unit("ontology", Cause.DRIFT, ["A"], ["A"], "(masked)"), []),
    ],
)
def test_a_unit_alone_tells_its_differences(unit: Unit, expected: list[tuple[str, Any, Any]]) -> None:
    assert [(field.kind.value, field.before, field.after) for field in with_fields(unit).fields] == expected


def test_an_ontology_that_only_got_another_name() -> None:
    shown = live(ontologies=(["A"], ["A"]), ontology_names=("git's", "theirs"))
    [unit] = drift_of(desired(None, ["A"], "git's"), shown, KNOWN).units
    assert (unit.path, unit.cause) == ("ontology", Cause.DRIFT)
    assert (unit.live, unit.desired) == (
        {"name": "theirs", "choices": ["A"]},
        {"name": "git's", "choices": ["A"]},
    )


def test_an_empty_ontology_is_none() -> None:
    """No manifest declares one, and no call is made for it."""
    intent = compare(desired(None, []), live())
    assert (intent.fields, intent.calls) == ((), ())


def test_the_advice_counts_the_values() -> None:
    one = UnreadableProject("p", "projects[3].type", "is null")
    assert unreadable_advice([one]).endswith(
        "import this project. Fix the value on Scale, or report it to Scale's support."
    )
    several = unreadable_advice([one, one])
    assert several.endswith("import these projects. Fix the values on Scale, or report them to Scale's support.")
