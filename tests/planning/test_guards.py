"""The guards: what each holds, what passes at its border, and who waives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

import pytest

from reconciler.diagnostics import Severity, warning
from reconciler.fieldpath import parse_path, parse_pattern
from reconciler.model.guards import GUARD_NAMES, OLDER_COMMIT, GuardSettings, Waiver
from reconciler.model.likeness import normal_form
from reconciler.model.plan import (
    Action,
    Cause,
    Field,
    Held,
    Kind,
    ProjectChange,
    Waived,
)
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Mask, Source
from reconciler.model.record import RecordedProject
from reconciler.model.values import ABSENT, Json
from reconciler.planning import nearness
from reconciler.planning.guards import GUARDS, WHOLE_PLAN, value_hash
from reconciler.planning.holds import with_holds
from reconciler.planning.planner import plan_project
from reconciler.planning.situation import Rules, Situation
from tests.ontologies import live_ontology, ontology

TODAY = date(2027, 3, 1)
KIND = "imageannotation"


def desired(name: str, **more: object) -> DesiredProject:
    declared = ontology(more.pop("ontology", None))
    project = DesiredProject(name, KIND, Source(f"/repo/projects/{name}.yaml", 1), ontology=declared)
    return replace(project, **more)  # type: ignore[arg-type]


def live(name: str, params: dict[str, Json] | None = None, **more: object) -> LiveProject:
    choices = more.pop("ontology", None)
    shown = LiveProject(name, KIND, params or {}, params_version=0, ontology=live_ontology(choices))
    return replace(shown, **more)  # type: ignore[arg-type]


def recorded(**more: object) -> RecordedProject:
    return replace(RecordedProject("projects/p.yaml", 0), **more)  # type: ignore[arg-type]


def create(name: str, **more: object) -> ProjectChange:
    return plan_project(desired(name, **more), None)


def update(name: str = "p", *, old: dict[str, Json] | None = None, **more: object) -> ProjectChange:
    """By default a change of one parameter."""
    wanted = {"params": {"a": 1}} | more
    return plan_project(desired(name, **wanted), live(name, {"a": 0} if old is None else old))


def unchanged(name: str = "p", **more: object) -> ProjectChange:
    return plan_project(desired(name, **more), live(name))


def forget(name: str) -> ProjectChange:
    source = Source("projects/p.yaml", 1)
    return ProjectChange(name, Action.FORGET, source, DesiredProject(name, "", source), None, None)


def choices(wanted: list[Json], before: list[Json]) -> ProjectChange:
    return plan_project(desired("p", ontology=wanted), live("p", ontology=before, ontology_version=0))


def with_field(path: str, kind: Kind, before: Json = ABSENT, after: Json = ABSENT) -> ProjectChange:
    return replace(update(), fields=(Field(parse_path(path), kind, before, after),))


def classed(change: ProjectChange, cause: Cause) -> ProjectChange:
    return replace(change, fields=tuple(replace(field, cause=cause) for field in change.fields))


def ignoring(until: date | None) -> Mask:
    return Mask(ignore=(Ignore(parse_pattern("params.x"), "owned by ops", until),))


def situation(*projects: LiveProject, **more: object) -> Situation:
    """The updates' project is recorded unless a case says otherwise, so that they take nothing over."""
    live = {project.name: project for project in projects}
    return ruled(Situation(live=live, listed=True, managed={}, known={}, rules=Rules(), today=TODAY), **more)


def ruled(situation: Situation, **more: object) -> Situation:
    """The situation with other values, or with other rules."""
    of_rules = {field.name for field in fields(Rules)}
    rules = {name: more.pop(name) for name in [*more] if name in of_rules}
    return replace(situation, rules=replace(situation.rules, **rules), **more)  # type: ignore[arg-type]


RECORDED = {"p": recorded()}
HOLDING = GuardSettings(choice_removal="hold")


@dataclass(frozen=True)
class Case:
    """`changes` are held by `guard` for the reason that `why` ends in; those of `passing`, each for itself, are not."""

    guard: str
    changes: list[ProjectChange]
    situation: Situation
    why: str
    remedy: str = ""


CREATES = [create(f"project {number}") for number in range(3)]
UPDATES = [update(f"project {number}") for number in range(6)]
EQUAL = [unchanged(f"equal {number}") for number in range(4)]
FORGETS = [forget(f"project {number}") for number in range(4)]
TWIN: dict[str, Any] = {
    "params": {"a": 1, "b": [True, {"c": None}]},
    "ontology": ["x", {"choice": "y", "subchoices": ["z"]}],
}
ONLY_IN = 'only in case, Unicode form, invisible characters, "-", "_", or spaces'
SAME = f"A live project without a manifest has a name that differs {ONLY_IN}"
NEAR = "A live project without a manifest has a similar name"
ALIKE = "A live project without a manifest has the same type, params, and ontology"
UNWRITTEN = "The first apply to this project would"
NEVER = "According to the record, no apply has written the project yet."
FOREVER = " The API cannot delete or rename a project."
IN_ONE_FILE = {"new": "/p.yaml"}
LEFT = {"old": "/p.yaml"}
STAYS = '"old" stays on Scale: the API cannot delete or rename a project.'
SAME_PROJECT = (
    'If both names refer to the same project, rename "old" to the new name in the dashboard, then plan again.'
)
ALL_KNOWN = {change.name: recorded() for change in UPDATES}

CASES = [
    Case(
        "near-name",
        [create("kitten-labeling")],
        situation(live("Kitten_Labeling")),
        f'{SAME}: "Kitten_Labeling".{FOREVER}',
        'To manage "Kitten_Labeling" instead, change the name in the manifest to that name.',
    ),
    Case(
        "near-name",
        [create("cat")],
        situation(live("CAT", archived=True)),
        f'{SAME}: "CAT" (archived).{FOREVER}',
        'To use "CAT" instead, unarchive it in Scale\'s dashboard, and change the name in the manifest to that name.',
    ),
    Case(
        "near-name",
        [create("kittens")],
        situation(live("kitens", archived=True), live("kittesn")),
        f'2 live projects without a manifest have similar names: "kitens" (archived) and "kittesn".{FOREVER}',
        'To manage "kittesn" instead, change the name in the manifest to that name.',
    ),
    Case(
        "near-name",
        [create("cat")],
        situation(*(live(name) for name in ("c_at", "c-at", "ca t", "Cat", "cat\u200b"))),
        f'5 live projects without a manifest have names that differ {ONLY_IN}: "Cat", "c-at", "c_at", and 2 more.'
        f"{FOREVER}",
    ),
    *(
        Case("near-name", [create(name)], situation(live(other)), f'{NEAR}: "{other}".{FOREVER}')
        for name, other in [
            ("kitten", "kiten"),
            ("kiten", "kitten"),
            ("kitten", "mitten"),
            ("kitten", "kittne"),
            ("kitten", "iktten"),
            ("kitten_12_a", "kitten_12_b"),
            ("abcde", "abcdef"),
            ("カタカナと", "カタカナを"),
        ]
    ),
    Case("near-name", [create("new", **TWIN)], situation(live("old", **TWIN)), f'{ALIKE}: "old".{FOREVER}'),
    Case(
        "near-name",
        [create("new", params={"a": 1})],
        situation(live("old", {"a": 1.0}), live("older", {"a": 1}), live("other", {"a": True})),
        f'2 live projects without a manifest have {ALIKE.partition(" has ")[2]}: "old" and "older".{FOREVER}',
    ),
    Case(
        "near-name",
        [create("new", ontology=["x", "y"])],
        situation(live("old", ontology=[{"choice": "x", "display": "x", "links": [1]}, "y"])),
        f'{ALIKE}: "old".{FOREVER}',
    ),
    Case(
        "vanished",
        [create("p")],
        situation(known=RECORDED),
        "An earlier apply wrote this project, but it no longer exists on Scale. If the project was renamed in the "
        "dashboard, this apply would create a second project.",
        "If the project was renamed, use the new name in the manifest.",
    ),
    Case(
        "takeover",
        [update("-my p", old={"a": 0, "b": 1, "c": 2, "d": 3, "e": 4, "f": 5})],
        situation(),
        f"{UNWRITTEN} remove 5 of 6 parameters (b, c, d, and 2 more). {NEVER}",
        "To keep the values on Scale, write them to the manifest with reconciler adopt.",
    ),
    Case(
        "takeover",
        [update(old={"b": 1})],
        situation(known={"p": recorded(written=False)}),
        f"{UNWRITTEN} remove 1 of 1 parameter (b). {NEVER}",
    ),
    Case(
        "takeover",
        [choices(["A"], ["A", {"choice": "B", "subchoices": ["C"]}])],
        situation(),
        f'{UNWRITTEN} remove 2 of 3 choices ("B" and "C"). {NEVER}',
    ),
    Case(
        "takeover",
        [update(old={"a": 0, "b": 1})],
        situation(pending=True),
        f"{UNWRITTEN} remove 1 of 2 parameters (b); change 1 value (params.a). {NEVER}",
        "To keep the values on Scale, write them to the manifest with reconciler adopt.",
    ),
    *(
        Case(
            "takeover",
            [with_field("params.a.b", kind, 1, 2)],
            situation(pending=True),
            f"would change 1 value (params.a.b). {NEVER}",
        )
        for kind in (Kind.REMOVE, Kind.CHANGE, Kind.MOVE, Kind.REORDER)
    ),
    Case(
        "takeover",
        [with_field("ontology.A.@display", Kind.REMOVE, "a")],
        situation(pending=True),
        f"would change 1 value (ontology.A.@display). {NEVER}",
    ),
    Case(
        "not-kept",
        [update()],
        situation(known={"p": recorded(not_kept={"params.a": value_hash(1.0)})}),
        "Scale did not keep 1 value that an earlier apply wrote: params.a. The manifest still declares the same value.",
        "Declare what Scale keeps, or add params.a to reconcile.ignore.",
    ),
    Case(
        "not-kept",
        [with_field("ontology.A.@display", Kind.ADD, ABSENT, "a ")],
        situation(known={"p": recorded(not_kept={"ontology.A.@display": value_hash("a ")})}),
        "Scale did not keep 1 value that an earlier apply wrote: ontology.A.@display. The manifest still declares the "
        "same value.",
        "Declare what Scale keeps, or add ontology.**.@display to reconcile.ignore.",
    ),
    Case(
        "not-kept",
        [update(old={"a": 1, "b": 2, "c": 3})],
        situation(known={"p": recorded(not_kept={"params.b": value_hash(ABSENT), "params.c": value_hash(ABSENT)})}),
        "Scale did not keep 2 values that an earlier apply wrote: params.b and params.c. The manifest still declares "
        "the same values.",
    ),
    Case(
        "choice-removal",
        [choices(["A"], ["A", "B"])],
        situation(known=RECORDED, settings=HOLDING),
        'The update removes 1 choice from the ontology: "B". Work in flight loses removed choices immediately.',
    ),
    Case(
        "choice-removal",
        [choices(["A", "Banner"], ["A", "B", "banner"])],
        situation(known=RECORDED, settings=HOLDING),
        'The update removes 1 choice from the ontology: "B"; it probably renames 1 choice in the ontology: "banner" -> '
        '"Banner". Work in flight loses removed choices immediately. '
        "Work in flight loses the old name immediately, and finished tasks keep the old name.",
    ),
    Case(
        "takeover",
        [choices(["Banner", "Cats"], ["banner", "cats", "B"])],
        situation(),
        f'{UNWRITTEN} remove 1 of 3 choices ("B"); probably rename 2 of 3 choices ("banner" -> "Banner" and "cats" -> '
        f'"Cats"). {NEVER}',
        "To keep the values on Scale, write them to the manifest with reconciler adopt.",
    ),
    Case(
        "conflict",
        [classed(update(old={"a": 0, "b": {"x": 1, "y": 2}}, params={"a": 1, "b": {}}), Cause.CONFLICT)],
        situation(known=RECORDED, pending=True),
        "Git and Scale have both changed params.a and params.b since the last apply.",
        "To keep the values on Scale, write them to the manifest with reconciler adopt.",
    ),
    *(
        Case(
            "expired-ignore",
            [make("p", mask=ignoring(TODAY - timedelta(days=1)))],
            situation(known=known),
            "An expired ignore still applies: params.x (until 2027-02-28).",
            "Remove the ignore, or set until to a later date.",
        )
        for make, known in ((create, {}), (update, RECORDED))
    ),
    *(
        Case(
            "near-type", [create("new", type=typo)], situation(), why, f'If "{typo}" is a typo, write "type: {meant}".'
        )
        for typo, meant in (
            ("imageanotation", "imageannotation"),
            ("image_Annotation", "imageannotation"),
            ("lidar-lnking", "lidarlinking"),
            ("caht", "chat"),
        )
        for why in [
            f'"{typo}" is not a known task type, but "{meant}" is. The API can neither change a project\'s '
            "type nor delete a project."
        ]
    ),
    Case(
        "renamed",
        [create("new"), forget("old")],
        situation(live("old", {"a": 1}), known={"old": recorded()}, managed=IN_ONE_FILE, undeclared=LEFT),
        f'The manifest file that declared "old" now declares "new". {STAYS}',
        SAME_PROJECT,
    ),
    Case(
        "renamed",
        [create("new")],
        situation(listed=False, known={"old": recorded()}, managed=IN_ONE_FILE, undeclared=LEFT),
        f'The manifest file that declared "old" now declares "new". {STAYS}',
        SAME_PROJECT,
    ),
    Case(
        "renamed",
        [create("new", **TWIN)],
        situation(
            live("old", **TWIN),
            listed=False,
            known={"old": recorded()},
            managed={"new": "/moved.yaml"},
            undeclared=LEFT,
        ),
        f'The project has the same content as "old", which no longer has a manifest. {STAYS}',
        SAME_PROJECT,
    ),
    Case(
        "max-creates",
        CREATES,
        situation(settings=GuardSettings(max_creates=2)),
        f"3 projects would be created (project 0, project 1, and project 2), which exceeds max_creates (2).{FOREVER}",
    ),
    Case(
        "max-creates",
        CREATES[:1],
        situation(settings=GuardSettings(max_creates=0)),
        f"1 project would be created (project 0), which exceeds max_creates (0).{FOREVER}",
    ),
    Case(
        "max-change-ratio",
        [*UPDATES, *EQUAL, *FORGETS],
        situation(known=ALL_KNOWN),
        "6 of 10 selected projects would be updated (project 0, project 1, project 2, and 3 more), which exceeds "
        "max_change_ratio (0.5).",
    ),
    Case(
        "max-forgets",
        FORGETS,
        situation(settings=GuardSettings(max_forgets=3)),
        "4 projects would be forgotten (project 0, project 1, project 2, and 1 more), which exceeds max_forgets (3).",
        "If the manifests were removed by mistake, restore them.",
    ),
    Case(
        "max-forgets",
        FORGETS[:1],
        situation(settings=GuardSettings(max_forgets=0)),
        "1 project would be forgotten (project 0), which exceeds max_forgets (0).",
        "If the manifest was removed by mistake, restore it.",
    ),
]


def held_names(case: Case) -> list[str]:
    changes, _ = with_holds(case.changes, case.situation)
    return [change.name for change in changes if any(held.guard == case.guard for held in change.held_by)]


every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.guard} {at}" for at, case in enumerate(CASES)])


@every_case
def test_it_holds(case: Case) -> None:
    changes, diagnostics = with_holds(case.changes, case.situation)
    assert not diagnostics
    held = [change for change in changes if change.held_by]
    assert held
    for change in held:
        (verdict,) = change.held_by
        assert verdict.guard == case.guard
        assert verdict.why.endswith(case.why)
        assert not case.remedy or verdict.remedy == case.remedy
        assert (change.writes, change.forgets, change.waived_by) == (False, False, ())
        assert case.guard not in {reported.code for reported in change.diagnostics}


@every_case
def test_it_is_waived_by_allow(case: Case) -> None:
    names = held_names(case)
    allowed = ruled(case.situation, allowed=frozenset({case.guard}))
    changes, diagnostics = with_holds(case.changes, allowed)
    waived = {change.name: change.waived_by for change in changes if change.waived_by}
    assert waived == {name: (Waived(case.guard, f"--allow {case.guard}"),) for name in names}
    assert not diagnostics
    assert not any(change.held_by for change in changes)
    assert case.guard not in {reported.code for change in changes for reported in change.diagnostics}


@every_case
def test_it_is_waived_by_a_waiver(case: Case) -> None:
    names = held_names(case)
    others = Waiver(case.guard, "*[!x]*", "twice", TODAY)
    of_another = Waiver("vanished" if case.guard != "vanished" else "takeover", "*", "another", TODAY)
    waivers = (Waiver(case.guard, "*", "agreed", TODAY), others, of_another)
    changes, (idle,) = with_holds(case.changes, ruled(case.situation, waivers=waivers))
    waived = {change.name: change.waived_by for change in changes if change.waived_by}
    assert waived == {name: (Waived(case.guard, "the waiver until 2027-03-01: agreed"),) for name in names}
    assert not any(change.held_by for change in changes)
    assert case.guard not in {reported.code for change in changes for reported in change.diagnostics}
    assert (idle.code, idle.severity) == ("waiver-idle", Severity.WARNING)
    assert idle.summary == f'the {of_another.guard} waiver for "*" has no effect'


@every_case
def test_a_void_waiver_waives_nothing(case: Case) -> None:
    void = Waiver(case.guard, "*", "agreed", TODAY - timedelta(days=1))
    changes, (reported,) = with_holds(case.changes, ruled(case.situation, waivers=(void,)))
    assert [change.name for change in changes if change.held_by] == held_names(case)
    assert reported.code == "waiver-void"
    assert reported.summary == f'the {case.guard} waiver for "*" expired on 2027-02-28'
    assert "(agreed)" in reported.detail


@every_case
def test_a_waiver_of_other_projects_is_idle(case: Case) -> None:
    waiver = Waiver(case.guard, "[A-Z]*", "agreed", TODAY)
    changes, (reported,) = with_holds(case.changes, ruled(case.situation, waivers=(waiver,)))
    assert [change.name for change in changes if change.held_by] == held_names(case)
    assert reported.summary == f'the {case.guard} waiver for "[A-Z]*" has no effect'
    assert not with_holds(case.changes, ruled(case.situation, waivers=(waiver,), managed={"elsewhere": "/e.yaml"}))[1]


@every_case
def test_what_no_apply_would_do_is_not_judged(case: Case) -> None:
    protected = [
        replace(change, desired=replace(change.desired, protect=True))
        for change in case.changes
        if change.action is not Action.FORGET
    ]
    blocked = [replace(change, action=Action.NO_OP, blocked=True) for change in case.changes]
    for changes in (protected, blocked):
        assert with_holds(changes, case.situation) == (tuple(changes), ())


RENAMES = desired("p", ontology=["Kitten", "Dog"], renames={"Kitty": "Kitten", "Puppy": "Dog"})
RENAMED = plan_project(RENAMES, live("p", ontology=["Kitty", "Puppy", "Dog"], ontology_version=0))

PASSING = {
    "a declared rename": ([RENAMED], situation(settings=HOLDING, known=RECORDED)),
    "a declared rename in a project that was never applied": ([RENAMED], situation()),
    "another name": ([create("kitten")], situation(live("puppy"), live("kit"))),
    "two edits": ([create("kitten")], situation(live("mittens"), live("kittnee"), live("netkit"))),
    "a letter goes from the front to the end": ([create("kitten")], situation(live("ittenk"))),
    "four letters": ([create("cats")], situation(live("cat"), live("bats"), live("catsy"))),
    "digits do not count as letters": ([create("cat_1234")], situation(live("car_1234"))),
    "other digits": ([create("batch_1")], situation(live("batch_2"), live("batch"), live("batch_10"))),
    "other numbers": ([create("batch_1a2")], situation(live("batch_12"))),
    "digits swapped": ([create("batch_12")], situation(live("batch_21"))),
    "near a managed project": (
        [create("kitten")],
        situation(live("Kitten"), live("kittens"), managed=dict.fromkeys(("kitten", "Kitten", "kittens"), "/k.yaml")),
    ),
    "no list": ([create("kitten")], situation(live("Kitten"), listed=False)),
    "nothing in common but emptiness": ([create("new")], situation(live("old"))),
    "another type": ([create("new", params={"a": 1})], situation(live("old", {"a": 1}, type="lidar"))),
    "other params": ([create("new", params={"a": 1})], situation(live("old", {"a": 2}), live("older", {"b": 1}))),
    "another ontology": (
        [create("new", params={"a": 1}, ontology=["x"])],
        situation(
            live("older", {"a": 1}, ontology=["y"]),
            live("oldest", {"a": 1}, ontology=["x", 3]),
            live("problem", {"a": 1}, ontology={}),
        ),
    ),
    "asked for, not there": ([create("p")], situation(live={"p": None})),
    "known from an intent": ([create("p")], situation(known={"p": recorded(written=False)})),
    "only adds": ([update(old={})], situation(pending=True)),
    "changes without pending": ([update(), choices([{"choice": "A", "display": "a"}], ["A"])], situation()),
    "removes what is inside": ([with_field("params.a.b", Kind.REMOVE, 1)], situation()),
    "removes an attribute": ([with_field("ontology.A.@display", Kind.REMOVE, "a")], situation(settings=HOLDING)),
    "known": ([classed(update(old={"b": 1}), Cause.PENDING)], situation(known=RECORDED, pending=True)),
    "another value than was not kept": (
        [update()],
        situation(known={"p": recorded(not_kept={"params.a": value_hash(True), "params.b": value_hash(1)})}),
    ),
    "moves and adds choices": (
        [choices(["A", {"choice": "C", "subchoices": ["B"]}], ["A", "B"])],
        situation(settings=HOLDING),
    ),
    "conflict without pending": ([classed(update(), Cause.CONFLICT)], situation()),
    "pending alone": ([classed(update(), Cause.PENDING)], situation(known=RECORDED, pending=True)),
    "an ignore on its day": ([update(mask=ignoring(TODAY))], situation()),
    "an ignore without a day": ([update(mask=ignoring(None)), unchanged("q", mask=ignoring(None))], situation()),
    "an expired ignore of a protected one": (
        [unchanged(mask=ignoring(TODAY - timedelta(days=1)), protect=True)],
        situation(),
    ),
    "a type that Scale may have": ([create("p", type="tableannotation"), create("q", type="ch")], situation()),
    "a known type": ([create("p", type="chat")], situation()),
    "an update of a type that is unknown": (
        [plan_project(desired("p", type="caht", params={"a": 1}), live("p", {"a": 0}, type="caht"))],
        situation(known=RECORDED),
    ),
    "two new names in a file": (
        [create("new"), create("newer"), forget("old")],
        situation(known={"old": recorded()}, managed=IN_ONE_FILE | {"newer": "/p.yaml"}, undeclared=LEFT),
    ),
    "two names gone from a local file": (
        [create("new"), forget("old"), forget("older")],
        situation(
            known={"old": recorded(), "older": recorded()},
            managed=IN_ONE_FILE,
            undeclared=LEFT | {"older": "/p.yaml"},
        ),
    ),
    "a new name in another file": (
        [create("new"), forget("old")],
        situation(known={"old": recorded()}, managed={"new": "/q.yaml"}, undeclared=LEFT),
    ),
    "renamed in the dashboard, too": (
        [unchanged("new"), forget("old")],
        situation(live("new"), known={"old": recorded()}, managed=IN_ONE_FILE, undeclared=LEFT),
    ),
    "gone from a record that is another account's": (
        [create("new")],
        situation(managed=IN_ONE_FILE, undeclared=LEFT),
    ),
    "new under another content": (
        [create("new", params={"a": 1}), create("newer")],
        situation(
            live("old", {"a": 2}),
            known={"old": recorded()},
            managed={"new": "/q.yaml", "newer": "/q.yaml"},
            undeclared=LEFT,
        ),
    ),
    "as many creates": (CREATES, situation(settings=GuardSettings(max_creates=3))),
    "half of them": ([*UPDATES[:5], *EQUAL, create("more")], situation(known=ALL_KNOWN)),
    "nine selected": ([*UPDATES, *EQUAL[:3], *FORGETS], situation(known=ALL_KNOWN)),
    "0.29 of 100": (
        [*(update(f"u{n}") for n in range(29)), *(unchanged(f"e{n}") for n in range(71))],
        situation(settings=GuardSettings(max_change_ratio=0.29)),
    ),
    "all, where all may": (
        [update(f"u{n}") for n in range(10)],
        situation(settings=GuardSettings(max_change_ratio=1)),
    ),
    "as many forgets": (FORGETS, situation(settings=GuardSettings(max_forgets=4))),
}


@pytest.mark.parametrize("name", PASSING)
def test_it_passes(name: str) -> None:
    changes, judged_by = PASSING[name]
    assert with_holds(changes, judged_by) == (tuple(changes), ())


def test_every_guard_has_a_case_and_a_name_for_waivers() -> None:
    names = tuple(name for name, _ in GUARDS)
    assert names == tuple(name for name in GUARD_NAMES if name != OLDER_COMMIT)  # it has tests of its own
    assert set(names) == {case.guard for case in CASES}
    assert set(names) >= WHOLE_PLAN


def test_several_guards_hold_one_project() -> None:
    settings = GuardSettings(max_creates=0)
    judged_by = situation(live("Kitten"), known={"kitten": recorded()}, settings=settings)
    ((change,), _) = with_holds([create("kitten")], judged_by)
    assert [held.guard for held in change.held_by] == ["near-name", "vanished", "max-creates"]
    ((change,), _) = with_holds([create("kitten")], ruled(judged_by, allowed=frozenset({"vanished", "no-manifests"})))
    assert [held.guard for held in change.held_by] == ["near-name", "max-creates"]
    assert change.waived_by == (Waived("vanished", "--allow vanished"),)


def test_a_guard_that_warns_leaves_a_warning() -> None:
    before = warning("before", "there already")
    removal = replace(choices(["A"], ["A", "B", "C", "D", "E"]), diagnostics=(before,))
    judged_by = situation(live("Kitten"), known=RECORDED, settings=GuardSettings(near_name="warn"))
    (created, changed), plan_warnings = with_holds([create("kitten"), removal], judged_by)
    assert (created.held_by, changed.held_by, plan_warnings) == ((), (), ())
    (near,) = created.diagnostics
    assert near.code == "near-name"
    assert near.severity is Severity.WARNING
    assert near.summary.startswith(
        "project.kitten: a live project without a manifest has a name that differs only in case"
    )
    assert near.detail.startswith('The API cannot delete or rename a project. To manage "Kitten" instead')
    (first, loss) = changed.diagnostics
    assert first is before
    assert (loss.code, loss.summary) == (
        "choice-removal",
        'project.p: the update removes 4 choices from the ontology: "B", "C", "D", and 1 more',
    )
    waivers = (Waiver("choice-removal", "p", "agreed", TODAY),)
    _, changed = with_holds([create("kitten"), removal], ruled(judged_by, waivers=waivers))[0]
    assert changed.diagnostics == (before,)
    assert changed.waived_by == (Waived("choice-removal", "the waiver until 2027-03-01: agreed"),)


def test_the_names_of_choices_that_are_sensitive_are_not_said() -> None:
    removal = choices(["A"], ["A", "B", {"choice": "C", "display": "x"}])
    hidden = situation(sensitive=(parse_pattern("ontology.**"),), pending=True)
    ((change,), _) = with_holds([removal], hidden)
    assert "remove 2 of 3 choices ((sensitive value) and (sensitive value))" in change.held_by[0].why
    ((reported,), _) = with_holds([removal], replace(hidden, pending=False, known=RECORDED))
    assert (
        reported.diagnostics[0].summary
        == "project.p: the update removes 2 choices from the ontology: (sensitive value) and (sensitive value)"
    )
    kept = with_field("ontology.B.display", Kind.CHANGE, "x", "y")
    noted = {"p": replace(recorded(), not_kept={"ontology.B.display": value_hash("y")})}
    ((held,), _) = with_holds([kept], replace(hidden, known=noted))
    assert held.held_by[0].why.endswith(": ontology (sensitive value). The manifest still declares the same value.")


def test_an_expired_ignore_without_a_change_is_a_warning() -> None:
    quiet = unchanged(mask=ignoring(TODAY - timedelta(days=1)))
    ((change,), _) = with_holds([quiet], situation())
    assert change.held_by == ()
    (reported,) = change.diagnostics
    assert reported.summary == "project.p: an expired ignore still applies: params.x (until 2027-02-28)"
    waivers = (Waiver("expired-ignore", "p", "agreed", TODAY),)
    assert with_holds([quiet], situation(waivers=waivers)) == ((quiet,), ())
    assert with_holds([quiet], situation(allowed=frozenset({"expired-ignore"}))) == ((quiet,), ())


def test_several_expired_ignores_are_one_warning() -> None:
    past = TODAY - timedelta(days=1)
    mask = replace(ignoring(past), ignore=(*ignoring(past).ignore, Ignore(parse_pattern("params.y"), until=past)))
    ((change,), _) = with_holds([unchanged(mask=mask)], situation())
    (reported,) = change.diagnostics
    dates = "params.x (until 2027-02-28) and params.y (until 2027-02-28)"
    assert reported.summary == f"project.p: expired ignores still apply: {dates}"


def test_the_warning_about_a_waiver_waits_until_its_guard_can_judge() -> None:
    def reported(**more: object) -> list[str]:
        waivers = tuple(Waiver(guard, "*", "agreed", TODAY) for guard in ("conflict", "near-name"))
        return [reported.summary.split()[1] for reported in with_holds([], situation(waivers=waivers, **more))[1]]

    assert reported() == ["near-name"]
    assert reported(pending=True) == ["conflict", "near-name"]
    assert reported(listed=False) == []


def by_guard(
    changes: tuple[ProjectChange, ...], attribute: Callable[[ProjectChange], tuple[Held | Waived, ...]]
) -> set[str]:
    return {change.name for change in changes if attribute(change)}


def test_waived_projects_are_neither_counted_nor_held() -> None:
    settings = GuardSettings(max_creates=2)
    one = (Waiver("max-creates", "project 0", "agreed", TODAY),)
    changes, reported = with_holds(CREATES, situation(settings=settings, waivers=one))
    assert (by_guard(changes, lambda c: c.held_by), reported) == (set(), ())
    assert by_guard(changes, lambda c: c.waived_by) == {"project 0"}

    settings = GuardSettings(max_creates=1)
    changes, reported = with_holds(CREATES, situation(settings=settings, waivers=one))
    assert by_guard(changes, lambda c: c.held_by) == {"project 1", "project 2"}
    assert by_guard(changes, lambda c: c.waived_by) == {"project 0"}
    assert changes[1].held_by[0].why.startswith("2 projects would be created (project 1 and project 2)")


def test_a_waiver_never_makes_a_guard_hold() -> None:
    """Without the waived projects without a change, a greater share of the rest is updated."""
    waivers = (Waiver("max-change-ratio", "equal*", "agreed", TODAY),)
    many = [unchanged(f"equal {number}") for number in range(8)]
    changes, (idle,) = with_holds([*UPDATES, *many, create("more")], situation(known=ALL_KNOWN, waivers=waivers))
    assert by_guard(changes, lambda c: c.held_by) == set()
    assert idle.code == "waiver-idle"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("Kitten_Labeling-2 b", "kittenlabeling2b"),
        ("ＡＢＣ１", "abc1"),
        ("Straße", "strasse"),
        ("cafe\u0301", "café"),
        ("e\u200d\u0301\u00ad\u2060\ufe0f\u3164\x00\x85\u00a0", "é"),
        ("\u00a8", "\u0308"),
        ("ΟΔΟΣ", "οδοσ"),
        ("İ", "i̇"),
        ("-_ \t\x7f", ""),
    ],
)
def test_the_normal_form_of_a_name(name: str, form: str) -> None:
    assert normal_form(name) == form


def test_the_hash_of_a_value() -> None:
    assert value_hash({"a": 1, "b": 2.0}) == value_hash({"b": 2, "a": 1.0})
    values = [ABSENT, "absent", None, True, 1, "1", "\ud800", [], {}]
    assert len({value_hash(value) for value in values}) == len(values)
    assert len(value_hash(ABSENT)) == 64


@pytest.mark.parametrize("alike", [False, True])
def test_few_pairs_of_many_projects_are_compared(monkeypatch: pytest.MonkeyPatch, alike: bool) -> None:
    counted = {"equal": 0, "is_one_edit": 0}

    def count(name: str) -> None:
        original = getattr(nearness, name)

        def counting(left: Json, right: Json) -> bool:
            counted[name] += 1
            return bool(original(left, right))

        monkeypatch.setattr(nearness, name, counting)

    def word(number: int) -> str:
        return "kitten_labeling_" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:05}")

    params: dict[str, Json] = {"a": 1, "b": {"c": [1, 2, 3]}, "d": -1}
    first = create("new", params=params, ontology=["x", "y"])
    creates = [replace(first, name=word(number)) for number in range(200)]
    creates.append(replace(first, name="puppies"))
    others = [
        live(word(number), params | {"d": -1 if alike else number}, ontology=["x", {"choice": "y"}])
        for number in range(10_000, 12_000)
    ]
    count("equal")
    count("is_one_edit")
    changes, _ = with_holds(creates, situation(*others, settings=GuardSettings(max_creates=1_000)))
    assert [change.name for change in changes if not change.held_by] == ([] if alike else ["puppies"])
    assert counted["equal"] < 5_000
    assert counted["is_one_edit"] < 10_000


def test_a_base_that_is_no_longer_shown() -> None:
    """With `--pending` the guard conflict holds what may be a change made on Scale, beside what surely is."""
    change = update()
    hidden = (
        "cannot determine whether params.a changed on Scale since the last apply. Scale's history no longer shows the"
    )
    [[held]] = [judged.held_by for judged in with_holds([change], situation(pending=True, known=RECORDED))[0]]
    assert held.guard == "conflict"
    assert hidden in held.why
    both = replace(change, fields=(*classed(change, Cause.CONFLICT).fields, change.fields[0]))
    [[held]] = [judged.held_by for judged in with_holds([both], situation(pending=True, known=RECORDED))[0]]
    assert "Git and Scale have both changed params.a since the last apply. Reconciler cannot determine" in held.why
    assert hidden in held.why
    [judged] = with_holds([change], situation(known=RECORDED))[0]
    assert judged.held_by == ()
