"""What `snapshot` prints."""

from __future__ import annotations

from datetime import datetime

from reconciler.diagnostics import count, listed
from reconciler.model.snapshot import Snapshot
from reconciler.render.escape import plain, quoted
from reconciler.render.phrases import read_at


def lay_out_snapshot(snapshot: Snapshot, *, place: str, now: datetime, kept: bool = False) -> str:
    """What was saved and where, or with `kept`, that a later snapshot already exists."""
    target = f"Target: {plain(snapshot.target.name)}  {plain(snapshot.target.endpoint)}"
    lines = [f"{target}  ({count(snapshot.live_count, 'live project')}, read {read_at(snapshot.taken_at, now)})"]
    if paths := sorted({path for project in snapshot.projects for path in project.left_out}):
        lines.append(f"Sensitive values left out: {listed([plain(path) for path in paths], 5)}.")
    for project in snapshot.unreadable:
        name = quoted(project.name) if project.name is not None else "A live project"
        lines.append(f"{name} was saved without its content because it cannot be read: {plain(project.why)}")
    if kept:
        lines.append(f"Not saved, because a later snapshot already exists: {plain(place)}")
    else:
        lines.append(f"Snapshot saved: {plain(place)}")
    return "\n".join(lines) + "\n"
