"""What a job of GitHub Actions gets besides the output: annotations, a summary, outputs. Nothing happens elsewhere.

A file that cannot be written is a warning and no more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import console, formats
from reconciler.forge.github.job import JobFileError, append_outputs, append_summary, is_job, job_commit

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcilerError
    from reconciler.fieldpath import Pattern
    from reconciler.model.drift import Drift
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.model.project import Source


def annotate(diagnostics: Iterable[Diagnostic], *, base: str | None = None) -> None:
    """Annotations, to stderr. `base` is the git top level, found if it is not given."""
    if not is_job(os.environ):
        return
    from reconciler.forge.github.commands import lay_out_annotations
    from reconciler.render.view.diagnostics import relative_to

    console.tell_runner(lay_out_annotations(relative_to(diagnostics, base or find_base())))


def annotate_error(problem: ReconcilerError) -> None:
    """The annotations of what ends a command."""
    if is_job(os.environ):
        from reconciler.operations.reporting import as_diagnostics

        annotate(as_diagnostics(problem))


def summarize(render: Callable[[int], str]) -> bool:
    """Append to the job's summary what `render` makes of a limit in characters; whether it is there now."""
    try:
        return append_summary(os.environ, render)
    except JobFileError as problem:
        _warn(str(problem))
        return False


def _summarize_found(
    subject: formats.Subject,
    found: Plan | Drift | Outcome,
    *,
    base: str,
    sensitive: tuple[Pattern, ...],
    commit: str | None,
) -> None:
    view = formats.view_of(subject, found, formats.reader(base, sensitive, formats.links_to(commit, base)))
    lay_out = formats.named("markdown").layout(subject)
    summarize(lambda limit: lay_out(view, limit=limit))


def put_out(outputs: Mapping[str, str]) -> None:
    """Append to the step's outputs."""
    try:
        append_outputs(os.environ, outputs)
    except JobFileError as problem:
        _warn(str(problem))


def plan_made(plan: Plan, *, base: str, sensitive: tuple[Pattern, ...], out: str | None, changes: bool) -> None:
    """Report a plan to the runner. `out` is the file that it was saved in."""
    if not is_job(os.environ):
        return
    annotate(_of_plan(plan), base=base)
    _summarize_found("plan", plan, base=base, sensitive=sensitive, commit=plan.commit.commit)
    put_out({**_of_the_plan(plan, changes), "plan_path": os.path.abspath(out) if out is not None else ""})


def applied(
    outcome: Outcome,
    plan: Plan,
    *,
    base: str,
    sensitive: tuple[Pattern, ...],
    changes: bool,
    unkept: Diagnostic | None,
) -> None:
    """Report an apply to the runner. `unkept` says why its result could not be written."""
    if not is_job(os.environ):
        return
    others = [*plan.diagnostics, *([unkept] if unkept is not None else [])]
    annotate([*others, *_of_outcome(outcome)], base=base)
    _summarize_found("outcome", outcome, base=base, sensitive=sensitive, commit=outcome.commit.commit)
    put_out(_of_the_plan(plan, changes))


def _of_the_plan(plan: Plan, changes: bool) -> dict[str, str]:
    """The outputs that a plan and its apply share."""
    summary = plan.summary
    return {
        "changes": _truth(changes),
        "to_add": str(summary.add),
        "to_change": str(summary.change),
        "held": str(summary.held),
        "blocked": str(summary.blocked),
        "plan_hash": plan.hash,
    }


def drift_found(drift: Drift, *, base: str, sensitive: tuple[Pattern, ...]) -> None:
    """Report drift to the runner."""
    if not is_job(os.environ):
        return
    annotate(_of_drift(drift), base=base)
    _summarize_found("drift", drift, base=base, sensitive=sensitive, commit=job_commit(os.environ))
    put_out({"drift": _truth(drift.has_drifted)})


def _of_plan(plan: Plan) -> Iterator[Diagnostic]:
    from reconciler.diagnostics import error

    yield from plan.diagnostics
    for change in plan.changes:
        reported = [*change.diagnostics]
        for held in change.held_by:
            reported.append(error(held.guard, f"project.{change.name} is held: {held.why}", detail=held.remedy))
        yield from _placed(reported, change.source)


def _of_outcome(outcome: Outcome) -> Iterator[Diagnostic]:
    from reconciler.diagnostics import error
    from reconciler.model.outcome import Status

    fine = (Status.DONE, Status.UNCHANGED, Status.FORGOTTEN, Status.PROTECTED)
    yield from outcome.diagnostics
    for project in outcome.projects:
        reported = [*project.diagnostics]
        if project.status not in fine and not any(diagnostic.is_error for diagnostic in reported):
            why = f": {project.reason}" if project.reason else ""
            reported.append(error(project.status.value, f"project.{project.name} is {project.status.value}{why}"))
        yield from _placed(reported, project.source)


def _of_drift(drift: Drift) -> Iterator[Diagnostic]:
    from reconciler.diagnostics import warning
    from reconciler.model.plan import Cause

    drifted = (Cause.DRIFT, Cause.CONFLICT, Cause.UNKNOWN)
    yield from drift.diagnostics
    for project in drift.projects:
        yield from _placed(project.diagnostics, project.source)
        for unit in project.units:
            if unit.cause in drifted:
                version = f" (version {unit.version})" if unit.version is not None else ""
                words = f"project.{project.name}: {unit.path} has changed outside of git{version}"
                yield from _placed([warning(unit.cause.value, words)], unit.source or project.source)
    for blocked in drift.blocked:
        yield from _placed([blocked.diagnostic], blocked.source)


def _placed(diagnostics: Iterable[Diagnostic], source: Source | None) -> Iterator[Diagnostic]:
    """Those that name no place, at the project's."""
    from dataclasses import replace

    from reconciler.diagnostics import Location

    for diagnostic in diagnostics:
        if diagnostic.location is None and source is not None:
            diagnostic = replace(diagnostic, location=Location(source.file, source.line, 1, 2))
        yield diagnostic


def _warn(words: str) -> None:
    from reconciler.diagnostics import warning

    console.say_diagnostics([warning("runner-file", words)])


def find_base() -> str:
    """The git top level above the working folder, else that folder: what annotations' files are relative to."""
    from reconciler.settings import git_top

    here = Path.cwd().resolve()
    return (git_top(here) or here).as_posix()


def _truth(value: bool) -> str:
    return "true" if value else "false"
