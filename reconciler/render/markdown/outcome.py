"""An apply's outcome as Markdown: what was written, what was not and why, and which versions are true now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from reconciler.fieldpath import Pattern
from reconciler.model.outcome import Outcome, ProjectOutcome, Status
from reconciler.render.counting import count
from reconciler.render.markdown.fitting import LIMIT, Piece, details, fit
from reconciler.render.markdown.plan import alert, said, told
from reconciler.render.markdown.spelling import Links, cell, code
from reconciler.render.moments import in_utc
from reconciler.render.outcome import SIGNALS, counts, failure, is_failure, sign_of, versions, what_became
from reconciler.render.places import command

_COLUMNS: Final = "| | project | what became of it | versions now |\n|:-:|---|---|---|"
_MOST: Final = 8
_GRAVEST: Final = (Status.UNCLEAR, Status.FAILED, Status.STALE, Status.HELD, Status.BLOCKED, Status.NOT_STARTED)


def render_outcome_markdown(
    outcome: Outcome,
    *,
    base: str,
    now: datetime,
    links: Links | None = None,
    sensitive: Sequence[Pattern] = (),
    limit: int = LIMIT,
) -> str:
    """The whole outcome in fewer than `limit` characters, of which it needs 20,000; arguments as for a plan."""
    shown = [project for project in outcome.projects if project.status is not Status.UNCHANGED]
    return fit(
        head=list(_head(outcome, shown, base)),
        columns=_COLUMNS,
        pieces=[Piece(_row(project), partial(_details, project, base, sensitive), _rank(project)) for project in shown],
        tail=[f"<sub>{_closing(outcome)}</sub>"],
        limit=limit,
    )


def _head(outcome: Outcome, shown: Sequence[ProjectOutcome], base: str) -> Iterator[str]:
    summary = outcome.summary
    word = "applied" if summary.complete else "not wholly applied"
    changes = counts(summary) if shown else "nothing to do"
    yield f"### {code(outcome.target.name)}: {word}, {changes}"
    failures = [project for project in sorted(shown, key=_rank) if is_failure(project)]
    items = [f"{code(project.name)} is **{project.status}**{_why(project)}." for project in failures[:_MOST]]
    if len(failures) > _MOST:
        items.append(f"{count(len(failures) - _MOST, 'more project')} not written.")
    if outcome.interrupted_by is not None:
        name = SIGNALS.get(outcome.interrupted_by, f"signal {outcome.interrupted_by}")
        items.append(f"Interrupted by `{name}`: no further write was started.")
    if summary.not_started:
        them = "it" if summary.not_started == 1 else "them"
        items.append(f"{count(summary.not_started, 'project')} **not started**: the next apply goes on with {them}.")
    warnings = [diagnostic for project in shown if not is_failure(project) for diagnostic in project.diagnostics]
    yield from alert("WARNING", [*items, *told((*warnings, *outcome.diagnostics), base)])


def _why(project: ProjectOutcome) -> str:
    reason = project.reason or next((diagnostic.summary for diagnostic in project.diagnostics), "")
    return f": {said(reason)}" if reason else ""


def _rank(project: ProjectOutcome) -> int:
    return _GRAVEST.index(project.status) if project.status in _GRAVEST else len(_GRAVEST)


def _row(project: ProjectOutcome) -> str:
    sign = sign_of(project)
    drawn = f"`{sign}`" if sign else ""
    return f"| {drawn} | {cell(project.name)} | {what_became(project)} | {', '.join(versions(project))} |"


def _details(project: ProjectOutcome, base: str, sensitive: Sequence[Pattern]) -> str:
    if not is_failure(project):
        return ""
    lines = failure(project, base=base, sensitive=sensitive).rstrip("\n").split("\n")
    return details(f"{project.status} {project.name}", [], lines, command("plan", project.name), language="text")


def _closing(outcome: Outcome) -> str:
    commit = f" of `{outcome.commit.commit[:7]}`" if outcome.commit.commit else ""
    dirty = " with uncommitted changes" if outcome.commit.commit and outcome.commit.dirty else ""
    at = f"{in_utc(outcome.finished_at):%Y-%m-%d %H:%M} UTC"
    return f"Plan `{outcome.plan_hash[:8]}`{commit}{dirty}, carried out {at}."
