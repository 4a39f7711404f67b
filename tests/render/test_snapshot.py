"""What a run that saved live state says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reconciler.model.plan import TargetInfo
from reconciler.model.project import LiveProject, UnreadableProject
from reconciler.model.snapshot import Snapshot, SnapshotProject
from reconciler.render.text.snapshot import lay_out_snapshot

AT = datetime(2026, 11, 25, 10, 2, 11, tzinfo=UTC)
TARGET = TargetInfo("production", "https://api.scale.com/v1")
HEAD = "Target: production  https://api.scale.com/v1"


def test_what_was_saved_and_what_was_left_out() -> None:
    projects = tuple(
        SnapshotProject(LiveProject(name, "x"), ("params.key", f"params.{name}")) for name in ("a", "b\x1b")
    )
    said = lay_out_snapshot(Snapshot(TARGET, AT, None, projects), place="s.json", now=AT)
    assert said.splitlines() == [
        f"{HEAD}  (2 live projects, read 10:02:11 UTC)",
        "Sensitive values left out: params.a, params.b\\u001b, and params.key.",
        "Snapshot saved: s.json",
    ]


def test_a_later_one_is_kept() -> None:
    said = lay_out_snapshot(Snapshot(TARGET, AT), place="a ref", now=AT + timedelta(hours=2), kept=True)
    assert said.splitlines() == [
        f"{HEAD}  (0 live projects, read 10:02:11 UTC, 2 h ago)",
        "Not saved, because a later snapshot already exists: a ref",
    ]


def test_projects_that_cannot_be_read_are_named() -> None:
    lost = (UnreadableProject("a", "projects[0]", "has no type"), UnreadableProject(None, "projects[1]", "has no name"))
    said = lay_out_snapshot(Snapshot(TARGET, AT, unreadable=lost), place="s.json", now=AT)
    assert said.splitlines()[1:-1] == [
        '"a" was saved without its content because it cannot be read: projects[0] has no type',
        "A live project was saved without its content because it cannot be read: projects[1] has no name",
    ]
