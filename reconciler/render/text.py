"""A plan as people read it at a terminal and in a log: what would change, how risky that is, where it comes from.

The first line names the target, the last one is fixed for scripts. Nothing is folded or cut at a width.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from reconciler.fieldpath import Pattern
from reconciler.model.plan import Action, Plan, ProjectChange, Summary
from reconciler.render import sentences
from reconciler.render.counting import count
from reconciler.render.escape import plain, quoted
from reconciler.render.layout import Line, lay_out
from reconciler.render.paint import Ink, Paint
from reconciler.render.places import place, shown_file
from reconciler.render.rows import block, tree_lines
from reconciler.render.signs import INK, MEANING, Sign
from reconciler.render.view import OntologyView, ParamsView, PlanView, ProjectView, view_plan

_NO_CHANGES: Final = "No changes. Your projects match the manifests."


def render_plan(
    plan: Plan, *, base: str, now: datetime, colour: bool = False, sensitive: Sequence[Pattern] = ()
) -> str:
    """The whole plan. File names are shown as seen from the folder `base`; `now` is what ages are counted from.

    A change's own warnings stand below it; the diagnostics of the plan as a whole are not part of this text.
    """
    view = view_plan(plan, sensitive=sensitive)
    paint = Paint(colour)
    lines = [_target_line(plan, now)]
    if view.projects or not plan.complete:
        lines.append(manifests_line(plan, base))
    if view.projects:
        lines += ["", *_legend(view, paint)]
    lines += lay_out(_projects_lines(view, base), colour=colour)
    lines += ["", *(paint(line, Ink.YELLOW) for line in closing(view))]
    if lines[-1] != "":
        lines.append("")
    last = last_line(plan.summary, pending=plan.pending_only, kept=len(plan.kept))
    lines.append(paint(last, Ink.BOLD_GREEN if last.startswith("No ") else Ink.BOLD))
    if not view.projects and not plan.unmanaged and not plan.kept:
        lines = [line for line in lines if line]
    return "\n".join(lines) + "\n"


def last_line(summary: Summary, *, pending: bool = False, kept: int = 0) -> str:
    """The line that scripts look for. `kept` counts the changes made on Scale that a plan of pending changes keeps."""
    if counted := sentences.counts(summary):
        return f"Plan: {counted}."
    if not pending:
        return _NO_CHANGES
    are = "is" if kept == 1 else "are"
    return "No pending changes." + (f" {count(kept, 'change')} made on Scale {are} kept." if kept else "")


def _target_line(plan: Plan, now: datetime) -> str:
    target = f"Target: {plain(plan.target.name)}  {plain(plan.target.endpoint)}"
    return f"{target}  ({sentences.seen(plan, now)})"


def manifests_line(plan: Plan, base: str) -> str:
    """`Manifests: projects/ at 3f2c1ab, 41 projects`."""
    folder = shown_file(plan.manifests, base) if plan.manifests else ""
    where = f"{folder.rstrip('/')}/ " if folder else ""
    commit = f"at {plain(plan.commit.commit[:7])} " if plan.commit.commit else ""
    dirty = "with uncommitted changes " if plan.commit.commit and plan.commit.dirty else ""
    line = f"Manifests: {where}{commit}{dirty}".rstrip()
    line += f"{',' if where or commit else ''} {count(plan.manifest_count, 'project')}"
    if not plan.complete:
        line += f", narrowed to {len(plan.changes):,} of them"
    return line


def _legend(view: PlanView, paint: Paint) -> Iterator[str]:
    writes = any(project.change.writes and project.sign is not Sign.BLOCKED for project in view.projects)
    yield "Reconciler will perform the following actions:" if writes else "Reconciler will write nothing:"
    meaning = MEANING | ({Sign.ADD: "create"} if view.creates else {})
    yield "  " + "   ".join(f"{paint(sign, INK[sign])} {meaning[sign]}" for sign in view.signs)


def _projects_lines(view: PlanView, base: str) -> Iterator[Line]:
    for project in view.projects:
        yield Line()
        yield from _project_lines(project, base, alone=len(view.created) == 1)


def _project_lines(project: ProjectView, base: str, *, alone: bool) -> Iterator[Line]:
    change = project.change
    where = place(change.source, base)
    if project.sign is Sign.BLOCKED:
        why, to_do = sentences.blocked(change)
        yield Line(why, Sign.BLOCKED, 0, f"# {where}", Ink.BOLD)
        yield from (Line(line, None, 0) for line in to_do)
        yield from _warnings(project)
        return
    create = change.action is Action.CREATE
    if project.sign is Sign.FORGET:
        yield Line(f"# project.{plain(change.name)} {sentences.fate(change)}", None, -1, where, Ink.BOLD)
        yield from _verdicts(change)
        yield Line(sentences.forgotten(change), Sign.FORGET)
        yield from _warnings(project)
        return
    yield Line(f"# project.{plain(change.name)} {sentences.fate(change)}", None, -1, where, Ink.BOLD)
    if change.protected:
        yield Line(sentences.PROTECTED, None, 0, ink=Ink.YELLOW)
    yield from _verdicts(change)
    yield Line(f"project {quoted(change.name)} {{", project.sign)
    yield from block(project.own, depth=1, base=base, least=len("ontology"))
    if project.params:
        yield from _params_lines(project.params, base, create=create)
    if project.ontology:
        yield from _ontology_lines(project.ontology, base, create=create)
    yield Line("}")
    if create and change.writes and alone:
        yield Line(f"{sentences.FOREVER} Check the name once more.", ink=Ink.YELLOW)
    yield from _warnings(project)


def _verdicts(change: ProjectChange) -> Iterator[Line]:
    for held in change.held_by:
        yield Line(f"held by {held.guard}: {plain(held.why)}", Sign.HELD, 0, ink=Ink.MAGENTA)
        if held.remedy:
            yield Line(plain(held.remedy), None, 1)
        yield Line(sentences.to_allow(held), None, 1)
    for waived in change.waived_by:
        yield Line(sentences.waived(waived), None, 0, ink=Ink.YELLOW)


def _warnings(project: ProjectView) -> Iterator[Line]:
    for diagnostic in project.warnings:
        yield Line(f"{diagnostic.severity.capitalize()}: {plain(diagnostic.summary)}", ink=Ink.YELLOW)
        yield from (Line(plain(line), None, 1) for line in diagnostic.detail.split("\n") if line)


def _params_lines(params: ParamsView, base: str, *, create: bool) -> Iterator[Line]:
    if create:
        yield Line("params   = {", params.sign, 1, f"# {count(params.total, 'parameter')}")
    else:
        yield Line(f"params   {sentences.params_call(params)}".rstrip() + " {", params.sign, 1)
    yield from block(params.rows, depth=2, base=base)
    if params.left_out:
        yield Line(f"… {params.left_out:,} more", None, 2)
    if params.hidden and not create:
        yield Line(f"# ({count(params.hidden, 'unchanged parameter')} hidden)", None, 2, ink=Ink.DIM)
    yield Line("}", None, 1)


def _ontology_lines(ontology: OntologyView, base: str, *, create: bool) -> Iterator[Line]:
    tree = ontology.tree
    if create:
        yield Line("ontology = {", ontology.sign, 1, f"# {count(tree.total, 'choice')}")
    else:
        note = f"# {ontology.note}" if ontology.note else ""
        yield Line(f"ontology {sentences.ontology_call(ontology)}".rstrip() + " {", ontology.sign, 1, note)
    yield from block(ontology.own, depth=2, base=base)
    yield from tree_lines(tree, depth=2, base=base, created=create)
    if tree.hidden and not create:
        yield Line(f"# ({count(tree.hidden, 'unchanged choice')} hidden)", None, 2, ink=Ink.DIM)
    yield Line("}", None, 1)


def closing(view: PlanView) -> Iterator[str]:
    """What is to be said of the plan as a whole, a sentence or two each."""
    if len(view.created) > 1:
        yield sentences.creates(view.created)
    if view.plan.reverted:
        yield sentences.reverted(view.plan.reverted)
    if view.plan.kept:
        yield sentences.kept(view.plan.kept)
    if view.plan.unmanaged:
        yield sentences.unmanaged(view.plan.unmanaged)
