"""What a job of GitHub Actions gets besides the output: annotations, a summary, outputs. Nothing happens elsewhere.

A file that cannot be written is a warning and no more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reconciler.cli import console, formats
from reconciler.forge.github.job import JobFileError, append_outputs, append_summary, is_job, job_commit

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcilerError
    from reconciler.model.drift import Drift
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan, TargetInfo
    from reconciler.model.project import Source
    from reconciler.settings import Settings


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


def failed(
    subject: Literal["plan", "drift"], problem: ReconcilerError, output: str, info: TargetInfo, *, base: str
) -> int:
    """Print the document of a plan or drift that failed, and return the exit code; other formats raise the problem."""
    if output != "json":
        raise problem
    from reconciler.model.printed import printed
    from reconciler.operations.reporting import failed_drift, failed_plan

    failure = failed_plan(problem, info) if subject == "plan" else failed_drift(problem, info)
    console.say_json(formats.named(output).layout(subject)(printed(failure, base=base)))
    annotate_error(problem)
    return 1


def summarize(render: Callable[[int], str]) -> bool:
    """Append to the job's summary what `render` makes of a limit in characters; whether it is there now."""
    try:
        return append_summary(os.environ, render)
    except JobFileError as problem:
        _warn(str(problem))
        return False


def _report(
    subject: formats.Subject,
    found: Plan | Drift | Outcome,
    settings: Settings,
    *,
    diagnostics: Iterable[Diagnostic],
    commit: str | None,
    outputs: Mapping[str, str],
) -> None:
    """Annotations, a summary with links to `commit`, and outputs."""
    annotate(diagnostics, base=settings.git_root.as_posix())
    view = formats.view_of(subject, found, settings, here=False, commit=commit, linked=True)
    lay_out = formats.named("markdown").layout(subject)
    summarize(lambda limit: lay_out(view, limit=limit))
    put_out(outputs)


def put_out(outputs: Mapping[str, str]) -> None:
    """Append to the step's outputs."""
    try:
        append_outputs(os.environ, outputs)
    except JobFileError as problem:
        _warn(str(problem))


def plan_made(plan: Plan, settings: Settings, *, out: str | None) -> None:
    """Report a plan to the runner. `out` is the file that it was saved in."""
    if is_job(os.environ):
        outputs = {**_of_the_plan(plan), "plan_path": os.path.abspath(out) if out is not None else ""}
        commit = plan.commit.commit
        _report("plan", plan, settings, diagnostics=_of_plan(plan), commit=commit, outputs=outputs)


def applied(outcome: Outcome, plan: Plan, settings: Settings, *, unkept: Diagnostic | None) -> None:
    """Report an apply to the runner. `unkept` says why its result could not be written."""
    if is_job(os.environ):
        found = [*plan.diagnostics, *([unkept] if unkept is not None else []), *_of_outcome(outcome)]
        commit, outputs = outcome.commit.commit, _of_the_plan(plan)
        _report("outcome", outcome, settings, diagnostics=found, commit=commit, outputs=outputs)


def _of_the_plan(plan: Plan) -> dict[str, str]:
    """The outputs that a plan and its apply share."""
    summary = plan.summary
    return {
        "changes": _truth(summary.differs),
        "to_add": str(summary.add),
        "to_change": str(summary.change),
        "held": str(summary.held),
        "blocked": str(summary.blocked),
        "plan_hash": plan.hash,
    }


def drift_found(drift: Drift, settings: Settings) -> None:
    """Report drift to the runner."""
    if is_job(os.environ):
        commit, outputs = job_commit(os.environ), {"drift": _truth(drift.has_drifted)}
        _report("drift", drift, settings, diagnostics=_of_drift(drift), commit=commit, outputs=outputs)


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
