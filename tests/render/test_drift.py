"""Drift in text: every kind of line, and the fixed last one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reconciler.diagnostics import error, warning
from reconciler.documents.drift import DriftShape
from reconciler.fieldpath import parse_path, parse_pattern
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift, Transient, Unit
from reconciler.model.plan import Cause, Field, Kind, TargetInfo
from reconciler.model.printed import printed
from reconciler.model.project import Source
from reconciler.model.values import ABSENT, Absent, Json
from reconciler.render.view.drift import last_line
from tests.render import plans
from tests.render.shown import render_drift, render_plan

AT = datetime(2026, 11, 24, 9, 12, tzinfo=UTC)
NOW = AT + timedelta(hours=25)
SOURCE = Source("/r/projects/p.yaml", 1)


def unit(
    path: str,
    cause: Cause = Cause.DRIFT,
    kind: Kind = Kind.CHANGE,
    before: Json | Absent = 1,
    after: Json | Absent = 2,
    *,
    at: datetime | None = AT,
    version: int | None = 7,
    within: str | None = None,
) -> Unit:
    field = Field(parse_path(within or path), kind, before, after)
    in_git = (replace(field, after=3),) if cause is Cause.CONFLICT else ()
    return Unit(
        path, cause, before, before, after, version=version, at=at, fields=(field,), in_git=in_git, source=SOURCE
    )


def drift(*projects: ProjectDrift, **more: object) -> Drift:
    whole = Drift(
        TargetInfo("production", "https://api.scale.com/v1"),
        NOW,
        baseline=Baseline("1a2b3c4d5e", "2026-11-23T09:00:00Z"),
        projects=projects,
        live_count=42,
    )
    return replace(whole, **more)  # type: ignore[arg-type]


def shown(found: Drift, *sensitive: str) -> str:
    return render_drift(found, base="/r", now=NOW, sensitive=[parse_pattern(path) for path in sensitive])


PROJECT = ProjectDrift(
    "kittens",
    SOURCE,
    (
        unit("params.min", before=10, after=12),
        unit("params.mine", kind=Kind.ADD, before=ABSENT, after=[1]),
        unit("params.gone", kind=Kind.REMOVE, after=ABSENT, at=None, version=None),
        unit("params.both", Cause.CONFLICT),
        unit("params.who", Cause.UNKNOWN, at=NOW, version=3),
        unit("params.next", Cause.PENDING),
        unit("params.alike", Cause.SAME),
        unit("ontology", kind=Kind.ADD, before=ABSENT, after="Fox", within="ontology.Animal.Fox"),
        unit("ontology", kind=Kind.CHANGE, before="a", after="b", within="ontology.Animal.@description"),
        unit("ontology", Cause.PENDING, Kind.REORDER, ["a"], ["b"], within="ontology.Animal"),
    ),
    (Transient("params.rate", (5, 6)), Transient("params.one", (5,))),
    (warning("taking-turns", "project.kittens: two writers take turns", detail="Agree."),),
)
BLOCKED = BlockedProject(
    "broken",
    'projects[3].param_history[2]."a b"',
    error("unreadable", "the live state of project.broken cannot be read", detail="Fix that value."),
    Source("/r/projects/broken.yaml", 3),
)


def test_everything_there_can_be() -> None:
    assert (
        shown(drift(PROJECT, blocked=(BLOCKED,), unmanaged=("old",), vanished=("lost",)))
        == """\
Target: production  https://api.scale.com/v1  (42 live projects, read 10:12:00 UTC)
Compared with the last apply: 1a2b3c4, 2 days ago

  # project.kittens has changed outside git       projects/p.yaml:1
  ! params.min = 10 -> 12                         version 7, 2026-11-24 09:12 UTC, 25 h ago
  ! params.mine = [1]                             added, version 7, 2026-11-24 09:12 UTC, 25 h ago
  ! params.gone = 1                               removed
  ! params.both = 1 -> 2                          conflict: git changed too, version 7, 2026-11-24 09:12 UTC, 25 h ago
  ~ params.both = 1 -> 3                          conflict: changed in git, not yet applied
  ! params.who = 1 -> 2                           unknown: not in the record, version 3, 2026-11-25 10:12 UTC
  ~ params.next = 1 -> 2                          pending: changed in git, not yet applied
  ! ontology.Animal.Fox added                     version 7, 2026-11-24 09:12 UTC, 25 h ago
  ! ontology.Animal.@description = "a" -> "b"     version 7, 2026-11-24 09:12 UTC, 25 h ago
  ~ ontology.Animal reordered: "a" -> "b"         pending: changed in git, not yet applied
    changed and changed back: params.rate (versions 5 and 6)
    changed and changed back: params.one (version 5)
    Warning: project.kittens: two writers take turns
        Agree.

  # project.broken is blocked                     projects/broken.yaml:3
  x the live state of project.broken cannot be read.
        Fix that value.

To keep the changes made on Scale:
  reconciler adopt kittens --target production
To keep the changes made on Scale, and drop what git changed in kittens:
  reconciler adopt kittens --target production --path params.both
To undo the changes:
  reconciler apply kittens --target production
lost has vanished: an apply wrote it, but Scale no longer lists it. If it was renamed, use the new name in git.
1 live project has no manifest (old). To manage it:
  reconciler import old --target production
For the meaning of "unknown" and "transient", see docs/concepts.md.

Drift: 5, 1 conflict, 1 unknown, 1 vanished in 2 of 2 projects; 2 pending, 2 transient, 1 blocked.
"""
    )


def test_a_word_that_no_other_tool_uses_is_explained() -> None:
    back = ProjectDrift("kittens", SOURCE, transient=(Transient("params.rate", (5, 6)),))
    assert 'For the meaning of "transient", see docs/concepts.md.' in shown(drift(back))
    assert "see docs/concepts.md" not in shown(drift(replace(PROJECT, units=PROJECT.units[:1], transient=())))


def test_several_projects_and_nothing_known() -> None:
    other = replace(PROJECT, name="puppies", units=PROJECT.units[:1], transient=(), diagnostics=())
    quiet = ProjectDrift("quiet", SOURCE)
    found = drift(
        replace(PROJECT, units=PROJECT.units[:1]),
        other,
        quiet,
        baseline=None,
        live_count=None,
        unmanaged=("a", "b"),
        vanished=("c", "d"),
    )
    text = shown(found)
    assert text.startswith("Target: production  https://api.scale.com/v1  (read 10:12:00 UTC)\nThere is no record")
    assert (
        "To keep the changes made on Scale:\n  reconciler adopt kittens puppies --target production\n"
        "To undo the changes:\n" in text
    )
    assert "\n  reconciler apply kittens puppies --target production\n" in text
    assert "c and d have vanished: an apply wrote them, but Scale no longer lists them. If they were renamed" in text
    assert "2 live projects have no manifest (a and b)." in text
    assert "quiet" not in text
    unknown = ProjectDrift("p", SOURCE, (unit("params.x", Cause.UNKNOWN),))
    assert "To keep the change" not in shown(drift(unknown))
    assert "  # project.p differs from git " in shown(drift(unknown))


@pytest.mark.parametrize(
    ("baseline", "words"),
    [
        (Baseline(None, "2026-11-25T10:11:59Z"), "uncommitted manifests\n"),
        (Baseline("abc", "long ago"), "abc\n"),
    ],
)
def test_the_baseline(baseline: Baseline, words: str) -> None:
    assert f"Compared with the last apply: {words}" in shown(drift(baseline=baseline))


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (drift(), "No drift. Your projects match the manifests of 1a2b3c4."),
        (drift(baseline=None), "No drift. Your projects match the manifests."),
        (
            drift(ProjectDrift("p", SOURCE, (unit("params.x", Cause.PENDING),))),
            "No drift. 1 unit is pending: changed in git, not yet applied.",
        ),
        (
            drift(ProjectDrift("p", SOURCE, (unit("params.x", Cause.PENDING), unit("params.y", Cause.PENDING)))),
            "No drift. 2 units are pending: changed in git, not yet applied.",
        ),
        (drift(blocked=(BLOCKED,)), "No drift. 1 project is blocked and cannot be compared."),
        (
            drift(ProjectDrift("p", SOURCE, (unit("params.x", Cause.PENDING),)), blocked=(BLOCKED, BLOCKED)),
            "No drift. 1 unit is pending: changed in git, not yet applied. 2 projects are blocked and cannot be "
            "compared.",
        ),
        (
            drift(vanished=("x",)),
            "Drift: 1 vanished in 1 of 0 projects; 0 pending, 0 conflicts, 0 unknown, 0 transient.",
        ),
        (
            drift(
                ProjectDrift(
                    "p",
                    SOURCE,
                    (unit("params.c", Cause.CONFLICT), *(unit(f"params.{n}", Cause.PENDING) for n in range(6))),
                )
            ),
            "Drift: 1 conflict in 1 of 1 project; 6 pending, 0 unknown, 0 transient.",
        ),
    ],
)
def test_the_last_line(found: Drift, line: str) -> None:
    assert last_line(found) == line
    assert shown(found).rstrip("\n").split("\n")[-1] == line


def test_a_pending_project_alone() -> None:
    text = shown(drift(ProjectDrift("p", SOURCE, (unit("params.x", Cause.PENDING),))))
    assert "# project.p has changes in git that are not yet applied" in text


def test_sensitive_values() -> None:
    project = ProjectDrift(
        "p",
        SOURCE,
        (
            unit("params.key", before="s3cr3t", after="0th3r"),
            unit("ontology", kind=Kind.ADD, before=ABSENT, after="Hidden", within="ontology.Hidden"),
        ),
    )
    text = shown(drift(project), "params.key", "ontology.**")
    assert "params.key = (sensitive value, changed)" in text
    assert "ontology (sensitive value) added" in text
    for secret in ("s3cr3t", "0th3r", "Hidden"):
        assert secret not in text


def test_very_many_are_all_shown() -> None:
    units = tuple(unit(f"params.k{number}") for number in range(250))
    text = shown(drift(ProjectDrift("p", SOURCE, units)))
    assert text.count("  ! params.k") == 250
    assert "Drift: 250 in 1 of 1 project;" in text


def test_a_text_line_by_line() -> None:
    project = ProjectDrift("p", SOURCE, (unit("params.i", before="a\nb\nc\n", after="a\nB\nc\n"),))
    text = shown(drift(project))
    assert "  ! params.i = <<-EOT" in text
    assert "- b" in text
    assert "+ B" in text


def test_the_document() -> None:
    quiet = ProjectDrift("quiet", SOURCE)
    found = drift(PROJECT, quiet, blocked=(BLOCKED,), unmanaged=("old",), vanished=("lost",))
    document = DriftShape.document(printed(found, base="/r"))
    assert document["record"] == {"commit": "1a2b3c4d5e", "recorded_at": "2026-11-23T09:00:00Z"}
    assert DriftShape.document(printed(drift(baseline=None), base="/r"))["record"] is None
    assert document["blocked"] == [
        {
            "name": "broken",
            "path": 'projects[3].param_history[2]."a b"',
            "source": {"file": "projects/broken.yaml", "line": 3},
            "diagnostic": {
                "severity": "error",
                "code": "unreadable",
                "summary": "the live state of project.broken cannot be read",
                "detail": "Fix that value.",
                "file": None,
                "line": None,
                "column": None,
            },
        }
    ]
    projects = document["projects"]
    assert isinstance(projects, list)
    [project] = projects
    assert project["transient"][0] == {"path": "params.rate", "versions": [5, 6]}
    assert project["units"][0] == {
        "path": "params.min",
        "class": "drift",
        "base": 10,
        "desired": 10,
        "live": 12,
        "absent": [],
        "version": 7,
        "created_at": "2026-11-24T09:12:00Z",
        "age_seconds": 25 * 3600,
        "source": {"file": "projects/p.yaml", "line": 1},
    }
    gone = project["units"][2]
    assert (gone["live"], gone["version"], gone["created_at"], gone["age_seconds"]) == (None, None, None, None)
    bare = replace(drift(ProjectDrift("p", SOURCE, (replace(unit("params.x"), source=None),))))
    listed = DriftShape.document(printed(bare, base="/r"))["projects"]
    assert isinstance(listed, list)
    assert listed[0]["units"][0]["source"] is None


def test_the_head_tells_how_old_a_snapshot_is() -> None:
    found = drift(snapshot_at=NOW - timedelta(hours=3))
    where = "Target: production  https://api.scale.com/v1"
    head = f"{where}  (42 live projects, snapshot of 2026-11-25 07:12 UTC, 3 h ago)"
    assert shown(found).splitlines()[0] == head
    assert DriftShape.document(printed(found, base="/r"))["snapshot"] == {"timestamp": "2026-11-25T07:12:00Z"}
    planned = plans.plan(snapshot_at=plans.NOW, live_count=1)
    reported = render_plan(planned, base=plans.BASE, now=plans.NOW).splitlines()[0]
    assert reported == f"{where}  (1 live project, snapshot of 2026-11-25 10:02 UTC)"
