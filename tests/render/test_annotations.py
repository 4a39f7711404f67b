"""What a plan, a drift, and an outcome are annotated with, and where."""

from __future__ import annotations

from dataclasses import replace

from reconciler.diagnostics import Location, error, warning
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift
from reconciler.model.outcome import Outcome, ProjectOutcome, Status
from reconciler.model.plan import Action, Cause, Held, Plan
from reconciler.model.project import Source
from reconciler.render.view.annotations import annotations_of
from tests.render import plans, test_drift

OWN = warning("own", "of the whole")
PLACED = error("placed", "at its own line", location=Location("/repo/a.md", 7, 1, 2))
LOOSE = warning("loose", "of a project")


def lines(found: Plan | Drift | Outcome) -> list[str]:
    return [
        f"{each.location.file}:{each.location.line} {each.summary}" if each.location else each.summary
        for each in annotations_of(found)
    ]


def test_a_plan() -> None:
    held = Held("takeover", "3 of 12 parameters would be removed", "adopt it")
    change = replace(plans.updated("p", "p.yaml", [], diagnostics=(PLACED, LOOSE)), held_by=(held,))
    assert lines(replace(plans.plan(change), diagnostics=(OWN,))) == [
        "of the whole",
        "/repo/a.md:7 at its own line",
        "/repo/projects/p.yaml:1 of a project",
        "/repo/projects/p.yaml:1 project.p is held: 3 of 12 parameters would be removed",
    ]


def test_an_outcome() -> None:
    def ended(name: str, status: Status, reason: str = "", **more: object) -> ProjectOutcome:
        return ProjectOutcome(name, Action.UPDATE, status, reason, source=plans.source(f"{name}.yaml"), **more)  # type: ignore[arg-type]

    found = plans.outcome(
        ended("done", Status.DONE, diagnostics=(LOOSE,)),
        ended("later", Status.NOT_STARTED),
        ended("held", Status.HELD, "held by takeover"),
        ended("refused", Status.FAILED, "400", diagnostics=(PLACED,)),
        replace(ended("unknown", Status.UNCLEAR), source=None),
    )
    assert lines(found) == [
        "/repo/projects/done.yaml:1 of a project",
        "/repo/projects/later.yaml:1 project.later is not started",
        "/repo/projects/held.yaml:1 project.held: held by takeover",
        "/repo/a.md:7 at its own line",
        "project.unknown is unclear",
    ]


def test_a_drift() -> None:
    at = Source("/repo/p.yaml", 4)
    units = (
        replace(test_drift.unit("params.a"), source=at, version=3),
        replace(test_drift.unit("params.b"), source=None, version=None),
        replace(test_drift.unit("params.c"), cause=Cause.PENDING),
        replace(test_drift.unit("params.d"), source=None, version=None, cause=Cause.UNKNOWN),
    )
    drifted = ProjectDrift("p", Source("/repo/p.yaml", 1), units, diagnostics=(LOOSE,))
    blocked = BlockedProject("q", "projects[0]", error("unreadable", "cannot be read"), Source("/repo/q.yaml", 2))
    assert lines(test_drift.drift(drifted, blocked=(blocked,))) == [
        "/repo/p.yaml:1 of a project",
        "/repo/p.yaml:4 project.p: params.a has changed outside git (version 3)",
        "/repo/p.yaml:1 project.p: params.b has changed outside git",
        "/repo/p.yaml:1 project.p: params.d differs from git",
        "/repo/q.yaml:2 cannot be read",
    ]
