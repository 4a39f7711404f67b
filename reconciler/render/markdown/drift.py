"""Drift as Markdown: what changed on Scale's side behind git's back, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from reconciler.fieldpath import Pattern
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift, Unit
from reconciler.model.plan import FieldClass
from reconciler.render.counting import count, listed
from reconciler.render.drift import compared_with, in_projects, is_shown, project_lines
from reconciler.render.markdown.fences import text_lines
from reconciler.render.markdown.fitting import LIMIT, Piece, details, fit
from reconciler.render.markdown.plan import alert, told
from reconciler.render.markdown.spelling import Links, cell, code, located, prose
from reconciler.render.moments import age, in_utc, snapshot_of
from reconciler.render.places import command
from reconciler.render.signs import Sign

_COLUMNS: Final = "| | project | drifted | since | pending | manifest |\n|:-:|---|---|---|---|---|"
MOST_BLOCKED: Final = 20
_DRIFTED: Final = (FieldClass.DRIFT, FieldClass.CONFLICT, FieldClass.UNKNOWN)


def render_drift_markdown(
    drift: Drift,
    *,
    base: str,
    now: datetime,
    links: Links | None = None,
    sensitive: Sequence[Pattern] = (),
    limit: int = LIMIT,
) -> str:
    """The whole drift in fewer than `limit` characters, of which it needs 20,000; arguments as for a plan."""
    shown = [project for project in drift.projects if is_shown(project)]
    return fit(
        head=list(_head(drift, base)),
        columns=_COLUMNS,
        pieces=[
            Piece(
                _row(project, base, now, links),
                partial(_details, project, base, now, sensitive),
                0 if _drifted(project) else 1,
            )
            for project in shown
        ],
        tail=list(_tail(drift, now)),
        limit=limit,
    )


def _head(drift: Drift, base: str) -> Iterator[str]:
    word = f"drift in {in_projects(drift)}" if drift.has_drifted else "no drift"
    word += f", {len(drift.blocked):,} blocked" if drift.blocked else ""
    yield f"### {code(drift.target.name)}: {word}"
    items = []
    if drift.vanished:
        have, it = ("has", "it") if len(drift.vanished) == 1 else ("have", "them")
        names = listed([code(name) for name in drift.vanished])
        items.append(f"{names} {have} **vanished**: an apply has written {it}, and Scale no longer shows {it}.")
    items += map(_blocked, drift.blocked[:MOST_BLOCKED])
    if len(drift.blocked) > MOST_BLOCKED:
        items.append(f"… and {count(len(drift.blocked) - MOST_BLOCKED, 'more blocked project')}.")
    yield from alert("WARNING", [*items, *told(drift.diagnostics, base)])


def _blocked(project: BlockedProject) -> str:
    why = project.diagnostic
    return f"{code(project.name)} is **blocked**: {prose(why.summary)}. {prose(why.detail)}"


def _row(project: ProjectDrift, base: str, now: datetime, links: Links | None) -> str:
    drifted = _drifted(project)
    sign = Sign.DRIFTED if drifted else Sign.CHANGE
    units = listed([cell(unit.path) for unit in drifted])
    conflicts = sum(unit.field_class is FieldClass.CONFLICT for unit in drifted)
    more = f" ({count(conflicts, 'conflict')})" if conflicts else ""
    pending = sum(unit.field_class is FieldClass.PENDING for unit in project.units)
    where = located(project.source, base, links)
    since = _since(drifted, now)
    return f"| `{sign}` | {cell(project.name)} | {units}{more} | {since} | {pending or ''} | {where} |"


def _drifted(project: ProjectDrift) -> list[Unit]:
    return [unit for unit in project.units if unit.field_class in _DRIFTED]


def _since(units: Sequence[Unit], now: datetime) -> str:
    """When the first of them moved."""
    first = min((in_utc(unit.at) for unit in units if unit.at is not None), default=None)
    if first is None:
        return ""
    passed = age(first, now)
    return f"{first:%Y-%m-%d %H:%M} UTC" + (f", {passed}" if passed else "")


def _details(project: ProjectDrift, base: str, now: datetime, sensitive: Sequence[Pattern]) -> str:
    sign = Sign.DRIFTED if _drifted(project) else Sign.CHANGE
    lines = text_lines(project_lines(project, base=base, now=now, sensitive=sensitive))
    return details(
        f"{sign} {project.name}", list(told(project.diagnostics, base)), list(lines), command("drift", project.name)
    )


def _tail(drift: Drift, now: datetime) -> Iterator[str]:
    drifted = [project.name for project in drift.projects if _drifted(project)]
    if drifted:
        undo = command("apply", drifted[0]) if len(drifted) == 1 else "reconciler apply"
        it, s = ("it", "") if len(drifted) == 1 else ("them", "s")
        yield f"To keep {it}, write {it} into the manifest{s}. To undo {it}: {code(undo)}"
    if drift.unmanaged:
        have = "has" if len(drift.unmanaged) == 1 else "have"
        names = listed([code(name) for name in drift.unmanaged])
        yield f"{count(len(drift.unmanaged), 'live project')} {have} no manifest ({names})."
    passed = age(drift.made_at, now)
    ago = f", {passed}" if passed else ""
    read = f"Live state read {in_utc(drift.made_at):%Y-%m-%d %H:%M} UTC{ago}."
    if drift.snapshot_at is not None:
        read = f"Live state as in the {snapshot_of(drift.snapshot_at, now)}."
    yield f"<sub>{prose(compared_with(drift, now))}. {read}</sub>"
