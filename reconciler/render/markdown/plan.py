"""A plan as Markdown: what would change, how risky that is, and where in git it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Pattern
from reconciler.model.plan import Plan, ProjectChange
from reconciler.render import sentences
from reconciler.render.counting import count, listed
from reconciler.render.markdown.fences import project_lines
from reconciler.render.markdown.fitting import LIMIT, Piece, details, fit
from reconciler.render.markdown.spelling import Links, cell, code, located, prose
from reconciler.render.moments import age, in_utc, snapshot_of
from reconciler.render.places import command, shown_file
from reconciler.render.risks import Risk, riskiest_first, risks_of, tally
from reconciler.render.signs import Sign
from reconciler.render.view import PlanView, ProjectView, Write, view_plan

_MOST: Final = 8
"""Warnings of one kind that are spelled out."""

_LONGEST: Final = 600
"""Characters of one message."""

_COLUMNS: Final = "| | project | params | ontology | manifest |\n|:-:|---|---|---|---|"


def render_plan_markdown(
    plan: Plan,
    *,
    base: str,
    now: datetime,
    links: Links | None = None,
    sensitive: Sequence[Pattern] = (),
    limit: int = LIMIT,
) -> str:
    """The whole plan in fewer than `limit` characters, of which it needs 20,000; `base` and `now` as in text.

    `links` gives the https address of a line in git.
    """
    view = view_plan(plan, sensitive=sensitive)
    ranks = {project.name: rank for rank, project in enumerate(riskiest_first(view.projects))}
    return fit(
        head=list(_head(view, base)),
        columns=_COLUMNS,
        pieces=[
            Piece(_row(project, base, links), partial(_details, project, base), ranks[project.name])
            for project in view.projects
        ],
        tail=list(_tail(view, now)),
        limit=limit,
    )


def alert(kind: str, items: Sequence[str]) -> Iterator[str]:
    """One of GitHub's alerts, its items below one another; nothing where there are none."""
    if items:
        yield "\n".join([f"> [!{kind}]", *(f"> - {item}" for item in items)])


def told(diagnostics: Sequence[Diagnostic], base: str) -> Iterator[str]:
    """Diagnostics, one an item; those after the first few are counted."""
    for diagnostic in diagnostics[:_MOST]:
        location = diagnostic.location
        where = f" ({code(f'{shown_file(location.file, base)}:{location.line}')})" if location else ""
        detail = f" {said(diagnostic.detail)}" if diagnostic.detail.strip() else ""
        yield f"{diagnostic.severity.capitalize()}{where}: {said(diagnostic.summary)}.{detail}"
    if len(diagnostics) > _MOST:
        yield f"{count(len(diagnostics) - _MOST, 'more message')}."


def said(words: str) -> str:
    """A message in one line, its end left out where it is long."""
    words = " ".join(word for word in re.split("[ \n]+", words[: 2 * _LONGEST]) if word)
    return prose(words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…")


def _head(view: PlanView, base: str) -> Iterator[str]:
    plan = view.plan
    yield f"### {code(plan.target.name)}: {sentences.counts(plan.summary) or 'no changes'}"
    yield from alert("WARNING", [*_warnings(view), *told(plan.diagnostics, base)])


def _warnings(view: PlanView) -> Iterator[str]:
    risky: dict[Risk, list[ProjectView]] = {risk: [] for risk in Risk}
    for project in view.projects:
        for risk in risks_of(project):
            risky[risk].append(project)
    yield from _each(risky[Risk.BLOCKED], "blocked", _blocked)
    yield from _each(risky[Risk.HELD], "held", _held)
    yield from _each(risky[Risk.CHOICES_REMOVED], "with choices removed", _choices_removed)
    yield from _each(risky[Risk.PARAMS_DROPPED], "with parameters removed", _params_dropped)
    if edits := view.plan.reverted:
        units = listed([f"{code(name)}: {code(unit)}" for name, unit in edits])
        yield f"**{count(len(edits), 'edit')} of others would be reverted** ({units})."
    if created := risky[Risk.CREATED]:
        are = "is" if len(created) == 1 else "are"
        yield f"{_named(created)} {are} **created**: a project on Scale can never be deleted or renamed."
    if reached := risky[Risk.REACHES_WORK]:
        yield f"The ontology of {_named(reached)} changes. **Work in flight** sees that at once."


def _each(projects: Sequence[ProjectView], what: str, say: Callable[[ProjectView], str]) -> Iterator[str]:
    yield from map(say, projects[:_MOST])
    if len(projects) > _MOST:
        yield f"{count(len(projects) - _MOST, 'more project')} {what}."


def _named(projects: Sequence[ProjectView]) -> str:
    return listed([code(project.name) for project in projects])


def _blocked(project: ProjectView) -> str:
    why, to_do = sentences.blocked_why(project.change)
    return f"{code(project.name)} is **blocked**: {prose(why)} {prose(' '.join(to_do))}"


def _held(project: ProjectView) -> str:
    held = project.change.held_by
    guards = " and ".join(f"`{one.guard}`" for one in held)
    return f"{code(project.name)} is **held** by {guards}: {said(held[0].why)}"


def _choices_removed(project: ProjectView) -> str:
    removed = project.ontology.removed if project.ontology else ()
    what = "the choice" if len(removed) == 1 else f"{len(removed):,} choices"
    return f"{code(project.name)} **loses {what}** {listed([code(name) for name in removed])}."


def _params_dropped(project: ProjectView) -> str:
    number = project.params.removed if project.params else 0
    what = "a parameter" if number == 1 else f"{number:,} parameters"
    return f"{code(project.name)} **loses {what}**: all its parameters are sent anew."


def _row(project: ProjectView, base: str, links: Links | None) -> str:
    change = project.change
    sign = Sign.HELD if change.held_by else project.sign
    params, ontology = _params(project), _ontology(project)
    if project.sign is Sign.BLOCKED:
        params = "blocked"
    elif project.sign is Sign.FORGET:
        params = "no longer managed, nothing is sent"
    elif change.protected:
        params = f"{params}, protected" if params else "protected"
    where = located(change.source, base, links)
    return f"| `{sign}` | {cell(project.name)} | {params} | {ontology} | {where} |"


def _params(project: ProjectView) -> str:
    params = project.params
    if params is None:
        return ""
    if project.sign is Sign.ADD:
        return f"{params.total:,} set"
    return f"`{tally(project.change, 'params')}`{_versions(params.write)}"


def _ontology(project: ProjectView) -> str:
    ontology = project.ontology
    if ontology is None:
        return ""
    if project.sign is Sign.ADD:
        return count(ontology.tree.total, "choice")
    return f"`{tally(project.change, 'ontology')}`{_versions(ontology.write)}"


def _versions(write: Write | None) -> str:
    if write is None:
        return ""
    return ", first version" if write.version is None else f", version {write.version} → {write.version + 1}"


def _details(project: ProjectView, base: str) -> str:
    """What changes in the project; empty where its row and the warnings say all."""
    change = project.change
    if project.sign in (Sign.BLOCKED, Sign.FORGET) and not project.warnings and not change.held_by:
        return ""
    sign = f"{Sign.HELD} {project.sign}" if change.held_by else project.sign
    return details(
        f"{sign} {project.name}",
        [*_verdicts(change), *told(project.warnings, base)],
        project_lines(project, base),
        command("plan", project.name),
    )


def _verdicts(change: ProjectChange) -> Iterator[str]:
    if change.protected:
        yield "Protected by its manifest: shown, and never written."
    for held in change.held_by:
        remedy = f" {said(held.remedy)}" if held.remedy else ""
        allow = f"To allow it: `--allow {held.guard}`, or a waiver in `reconciler.toml`."
        yield f"Held by `{held.guard}`: {said(held.why)}{remedy} {allow}"
    for waived in change.waived_by:
        yield f"The guard `{waived.guard}` is waived by {said(waived.by)}."


def _tail(view: PlanView, now: datetime) -> Iterator[str]:
    plan = view.plan
    if edits := plan.kept:
        are = "is" if len(edits) == 1 else "are"
        units = listed([f"{code(name)}: {code(unit)}" for name, unit in edits])
        yield f"{count(len(edits), 'change')} made on Scale {are} kept ({units})."
    if plan.unmanaged:
        have = "has" if len(plan.unmanaged) == 1 else "have"
        shown = listed([code(name) for name in plan.unmanaged])
        yield f"{count(len(plan.unmanaged), 'live project')} {have} no manifest ({shown})."
    yield f"<sub>{' '.join(_closing(view, now))}</sub>"


def _closing(view: PlanView, now: datetime) -> Iterator[str]:
    plan = view.plan
    commit = f" of `{plan.commit.commit[:7]}`" if plan.commit.commit else ""
    dirty = " with uncommitted changes" if plan.commit.commit and plan.commit.dirty else ""
    passed = age(plan.made_at, now)
    ago = f", {passed}" if passed else ""
    live = f"live state read {in_utc(plan.made_at):%Y-%m-%d %H:%M} UTC{ago}"
    if plan.snapshot_at is not None:
        live = f"live state as in the {snapshot_of(plan.snapshot_at, now)}"
    number = f" `{plan.hash[:8]}`" if plan.hash else ""
    yield f"Plan{number}{commit}{dirty}, {live}."
    if not plan.complete:
        yield f"It was narrowed to {len(plan.changes):,} of {count(plan.manifest_count, 'project')}."
    if plan.pending_only:
        yield "Merging writes the changes shown here; edits made on Scale's side are left alone."
