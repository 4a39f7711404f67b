"""Plans, outcomes and diagnostics made by hand from the model, for the renderers' tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.fieldpath import Attribute, FieldPath, format_path
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import (
    Action,
    Call,
    CallKind,
    Commit,
    Expected,
    Field,
    Kind,
    Plan,
    ProjectChange,
    Reason,
    State,
    Summary,
    TargetInfo,
)
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import Json

BASE = "/repo"
READ_AT = datetime(2026, 11, 25, 10, 2, 11, tzinfo=UTC)
NOW = READ_AT + timedelta(seconds=1)
TARGET = TargetInfo("production", "https://api.scale.com/v1")
COMMIT = Commit("3f2c1abd" + "0" * 32)
OLD_TEXT = "\n".join(["Label every kitten.", "Skip blurry images.", *(f"Rule {n} of 38." for n in range(1, 39))])
NEW_TEXT = OLD_TEXT.replace("Skip blurry images.", "Skip blurry images, and say why in the comment.")
PUPPY_TEXT = "\n".join(["Draw a box around every puppy.", *(f"{n}. A puppy is a young dog." for n in range(2, 42))])


def source(file: str, line: int = 1) -> Source:
    return Source(f"{BASE}/projects/{file}", line)


def desired(name: str, file: str, **more: Any) -> DesiredProject:
    return DesiredProject(name=name, type=more.pop("type", "imageannotation"), source=source(file), **more)


def added(key: str, value: Json, where: Source | None = None) -> Field:
    return Field(("params", key), Kind.ADD, after=value, source=where)


def choice(*names: str, index: int = 0, kind: Kind = Kind.ADD, line: int | None = None, **more: str) -> Field:
    shape = {"choice": names[-1], "index": index, **more}
    where = source("kitten.yaml", line) if line else None
    if kind is Kind.ADD:
        return Field(("ontology", *names), kind, after=shape, source=where)
    return Field(("ontology", *names), kind, before=shape, source=where)


def moved(old: Sequence[str], new: Sequence[str], index: int = 0) -> Field:
    before, after = format_path(("ontology", *old)), format_path(("ontology", *new))
    return Field(("ontology", *new), Kind.MOVE, {"path": before}, {"path": after, "index": index})


def created(
    name: str,
    file: str,
    *,
    params: Mapping[str, Json] | None = None,
    ontology: Sequence[Json] | None = None,
    fields: Sequence[Field] = (),
    **more: Any,
) -> ProjectChange:
    return ProjectChange(
        name=name,
        action=Action.CREATE,
        source=source(file),
        desired=desired(name, file, **more),
        before=None,
        after=State("imageannotation", params or {}, ontology),
        reason=Reason.NOT_ON_SCALE,
        fields=(Field(("type",), Kind.ADD, after="imageannotation"), *fields),
        calls=(Call(CallKind.CREATE, name, {"name": name}),),
    )


def updated(
    name: str,
    file: str,
    fields: Sequence[Field],
    *,
    before: State | None = None,
    after: State | None = None,
    patch: bool | None = True,
    params_version: int | None = 3,
    ontology_version: int | None = 1,
    diagnostics: tuple[Diagnostic, ...] = (),
    **more: Any,
) -> ProjectChange:
    calls = []
    if any(field.path[0] == "params" for field in fields) and patch is not None:
        calls.append(Call(CallKind.SET_PARAMS, name, {"patch": patch}))
    if any(field.path[0] == "ontology" for field in fields):
        calls.append(Call(CallKind.SET_ONTOLOGY, name, {"ontology": []}))
    state = State("imageannotation", {}, None)
    return ProjectChange(
        name=name,
        action=Action.UPDATE,
        source=source(file),
        desired=desired(name, file, **more),
        before=before or state,
        after=after or before or state,
        expected=Expected(params_version, ontology_version, "2026-01-01"),
        reason=Reason.PARAMS_CHANGED,
        fields=tuple(fields),
        calls=tuple(calls),
        diagnostics=diagnostics,
    )


def changed(path: FieldPath, before: Json, after: Json, where: Source | None = None) -> Field:
    return Field(path, Kind.CHANGE, before, after, source=where)


def blocked(name: str, file: str, reason: Reason | None, *shown: Diagnostic, **more: Any) -> ProjectChange:
    state = State("categorization", {}, None)
    return ProjectChange(
        name=name,
        action=Action.NO_OP,
        source=source(file),
        desired=desired(name, file, **more),
        before=state,
        after=state,
        reason=reason,
        blocked=True,
        diagnostics=shown,
    )


def unchanged(name: str) -> ProjectChange:
    state = State("imageannotation", {}, None)
    return ProjectChange(name, Action.NO_OP, source(f"{name}.yaml"), desired(name, f"{name}.yaml"), state, state)


def plan(*changes: ProjectChange, **more: Any) -> Plan:
    summary = Summary(
        add=sum(change.writes and change.action is Action.CREATE for change in changes),
        change=sum(change.writes and change.action is Action.UPDATE for change in changes),
        unchanged=sum(change.action is Action.NO_OP and not change.blocked for change in changes),
        blocked=sum(change.blocked for change in changes),
        protected=sum(change.protected for change in changes),
        unmanaged=len(more.get("unmanaged", ())),
    )
    values: dict[str, Any] = {
        "target": TARGET,
        "commit": COMMIT,
        "made_at": READ_AT,
        "changes": changes,
        "live_count": 42,
        "manifests": "projects",
        "manifest_count": 41,
        "summary": summary,
    }
    return Plan(**{**values, **more})


def puppy() -> ProjectChange:
    params = {
        "instruction": PUPPY_TEXT,
        "geometries": {"box": {"objects_to_annotate": ["Puppy"]}},
        "priority": 20,
    }
    breeds = [f"Breed {n}" for n in range(1, 10)]
    return created(
        "puppy_labeling",
        "puppy.yaml",
        params=params,
        ontology=["Background", {"choice": "Animal", "subchoices": ["Puppy", *breeds]}],
        fields=[
            added("instruction", PUPPY_TEXT, source("puppy.md")),
            added("geometries", params["geometries"], source("puppy.yaml", 5)),
            added("priority", 20, source("puppy.yaml", 8)),
            choice("Background"),
            choice("Animal", index=1),
            choice("Animal", "Puppy", display="Welpe", description="Younger than a year"),
            *(choice("Animal", breed, index=n + 1) for n, breed in enumerate(breeds)),
        ],
    )


def kitten() -> ProjectChange:
    box_before, box_after = {"box": {"min_width": 10}}, {"box": {"min_width": 12}}
    rest: dict[str, Json] = {"a": 1, "b": 2, "c": 3, "d": 4}
    cat = {"choice": "Cat", "description": "a cat"}
    return updated(
        "kitten_labeling",
        "kitten.yaml",
        [
            changed(("params", "instruction"), OLD_TEXT, NEW_TEXT, source("kitten.md", 7)),
            changed(("params", "geometries", "box", "min_width"), 10, 12, source("kitten.yaml", 9)),
            choice("Animal", "Fox", line=17),
            moved(["Rodent", "Hamster"], ["Animal", "Hamster"], 1),
            changed(("ontology", "Animal", "Cat", Attribute("description")), "a cat", "a cat, any breed"),
            choice("Animal", "Dog", kind=Kind.REMOVE),
        ],
        before=State(
            "imageannotation",
            {"instruction": OLD_TEXT, "geometries": box_before, **rest},
            ["Background", {"choice": "Animal", "subchoices": ["Dog", cat, "Cow"]},
             {"choice": "Rodent", "subchoices": ["Hamster", "Mouse"]}],
        ),
        after=State(
            "imageannotation",
            {"instruction": NEW_TEXT, "geometries": box_after, **rest},
            ["Background",
             {"choice": "Animal", "subchoices": ["Fox", "Hamster", {**cat, "description": "a cat, any breed"}, "Cow"]},
             {"choice": "Rodent", "subchoices": ["Mouse"]}],
        ),
    )  # fmt: skip


def birds() -> ProjectChange:
    rest: dict[str, Json] = dict.fromkeys("abcdef", 1)
    return updated(
        "birds",
        "birds.yaml",
        [Field(("params", "frame_rate"), Kind.REMOVE, before=30)],
        before=State("imageannotation", {"frame_rate": 30, **rest}, None),
        after=State("imageannotation", rest, None),
        patch=False,
        params_version=8,
    )


def fish() -> ProjectChange:
    return blocked("fish", "fish.yaml", Reason.TYPE_DIFFERS)


def owls() -> ProjectChange:
    return updated("owls", "owls.yaml", [changed(("params", "a"), "1", 1)], protect=True)


def picture() -> Plan:
    """A plan with something of everything."""
    return plan(birds(), fish(), kitten(), owls(), puppy(), unchanged("zebra"), unmanaged=("old_demo",))


def location(file: str, line: int, column: int, end: int, text: str | None) -> Location:
    return Location(f"{BASE}/{file}", line, column, end, text)


def padded(count: int) -> tuple[Diagnostic, ...]:
    """One warning about a choice in each of several files."""
    return tuple(
        Diagnostic(
            Severity.WARNING,
            "outer-whitespace",
            f'the choice "Cat{n} " ends with a space',
            "Remove it.",
            location(f"projects/{n}.yaml", 3, 5, 10, None),
        )
        for n in range(count)
    )


def diagnosed() -> list[Diagnostic]:
    """Diagnostics with something of everything."""
    users = tuple(location(f"projects/{n}.yaml", n, 1, 2, None) for n in range(1, 17))
    return [
        Diagnostic(
            Severity.ERROR,
            "duplicate-choice",
            '"Dog" appears twice in this ontology',
            location=location("shared/animals.yaml", 4, 7, 10, "    - Dog"),
            label="first at shared/animals.yaml:2:5",
            used_by=users,
        ),
        Diagnostic(
            Severity.ERROR,
            "unknown-key",
            'unknown key "parms" in a project',
            location=location("projects/kitten.yaml", 3, 1, 6, "parms:"),
            label='did you mean "params"?',
        ),
        Diagnostic(Severity.WARNING, "no-git", "git refuses this folder", detail="Run git status.\nThen go on."),
    ]  # fmt: skip


def outcome(*projects: ProjectOutcome, interrupted_by: int | None = None) -> Outcome:
    return Outcome(TARGET, COMMIT, "9c1e", READ_AT, NOW, projects, interrupted_by)


def happened() -> Outcome:
    """One project of each kind."""
    refused = Diagnostic(
        Severity.ERROR,
        "rejected",
        "Scale refused setParams for project.cats (400): frame_rate must be positive",
        location=location("projects/cats.yaml", 9, 3, 17, "  frame_rate: -1"),
    )
    done = ProjectOutcome(
        "kitten_labeling",
        Action.UPDATE,
        Status.DONE,
        params_version=4,
        ontology_version=2,
        calls=(CallOutcome(CallKind.SET_PARAMS, CallResult.LANDED),),
        seconds=1.2,
    )
    return outcome(
        ProjectOutcome(
            "cats",
            Action.UPDATE,
            Status.FAILED,
            "nothing is known to have been written",
            params_version=6,
            calls=(CallOutcome(CallKind.SET_PARAMS, CallResult.REFUSED),
                   CallOutcome(CallKind.SET_ONTOLOGY, CallResult.NOT_SENT)),
            diagnostics=(refused,),
        ),
        ProjectOutcome(
            "dogs",
            Action.UPDATE,
            Status.STALE,
            "another writer changed params from version 6 to version 7 at 2026-11-24 09:12:40 UTC",
            params_version=7,
            stale_fields=(changed(("params", "frame_rate"), 10, 12),
                          choice("Animal", "Fox"), changed(("params", "instruction"), OLD_TEXT, NEW_TEXT)),
        ),
        ProjectOutcome("fish", Action.NO_OP, Status.BLOCKED, "the type cannot be changed"),
        done,
        replace(done, name="puppy_labeling", action=Action.CREATE, params_version=0, ontology_version=0, seconds=75),
        ProjectOutcome("owls", Action.UPDATE, Status.PROTECTED, "protect: true", params_version=3),
        ProjectOutcome(
            "mice",
            Action.CREATE,
            Status.UNCLEAR,
            "the project could not be read back",
            calls=(CallOutcome(CallKind.CREATE, CallResult.LANDED),
                   CallOutcome(CallKind.SET_ONTOLOGY, CallResult.UNCLEAR)),
        ),
        ProjectOutcome("same", Action.UPDATE, Status.UNCHANGED),
        ProjectOutcome("worms", Action.UPDATE, Status.NOT_STARTED, "the run was interrupted"),
        interrupted_by=2,
    )  # fmt: skip


EVIL = "a\x1b[31mred\x00\u202e\u2028 [bold]::x"
"""A little of everything that must not act: ANSI, NUL, a bidirectional override, a line separator, markup."""

COMMANDS = "::add-mask::e\n  ::error::x\nsee ##[error]x\nold\r\n\ttab \nlast"


def hostile() -> Plan:
    """Names and values that would act if they were printed as they are."""
    fields = [
        changed(("params", "instruction"), COMMANDS, COMMANDS.replace("old\r", "new")),
        changed(("params", EVIL), EVIL, EVIL + "!"),
        Field(("params", "gone"), Kind.REMOVE, before=COMMANDS),
        Field(("params", "list"), Kind.ADD, after=[EVIL, {"::k": "##[group]"}]),
        Field(("params", "rows"), Kind.REORDER, [EVIL, "b"], ["b", EVIL]),
        choice(EVIL),
        choice("##[error]", kind=Kind.REMOVE),
        Field(("ontology", Attribute("name")), Kind.ADD, after=EVIL),
    ]
    shown = Diagnostic(Severity.WARNING, "odd", f"it says {EVIL}", detail="::warning::\n##[warning]")
    state = State("imageannotation", {}, ["##[error]"])
    return plan(
        updated(EVIL, f"{EVIL}.yaml", fields, before=state, after=State("x", {}, [EVIL]), diagnostics=(shown,)),
        unmanaged=(EVIL, "::stop::"),
    )
