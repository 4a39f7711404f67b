"""What a GitHub Actions job gets besides the output: annotations, a summary, and outputs. Does nothing elsewhere.

If a file cannot be written, there is only a warning.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reconciler.cli import console, formats, invocation
from reconciler.cli.reports import write_failure
from reconciler.forge.github.job import JobFileError, append_outputs, append_summary, is_job, job_commit

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.errors import ReconcilerError
    from reconciler.model.drift import Drift
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan, TargetInfo
    from reconciler.settings import Settings


def annotate(diagnostics: Iterable[Diagnostic], *, base: str | None = None) -> None:
    """Print annotations to stderr. `base` is the git top level, which is looked up if it is not given."""
    if not is_job(os.environ):
        return
    from reconciler.forge.github.commands import lay_out_annotations
    from reconciler.render.view.diagnostics import relative_to

    console.tell_runner(lay_out_annotations(relative_to(invocation.completed(diagnostics), base or find_base())))


def failed(
    subject: Literal["plan", "drift"],
    problem: ReconcilerError,
    output: str,
    info: TargetInfo,
    settings: Settings | None,
    *,
    names: tuple[str, ...],
    reports: Sequence[str],
) -> int:
    """Print the document of a plan or drift that failed, and return the exit code; other formats raise the problem.

    JSON reports have the same document. `settings` is None if they could not be read.
    """
    if output != "json" and not reports:
        raise problem
    from datetime import UTC, datetime

    from reconciler.errors import ReconcilerError
    from reconciler.model.drift import Drift
    from reconciler.model.plan import Commit, Plan
    from reconciler.model.printed import printed

    now, diagnostics = datetime.now(UTC), problem.diagnostics
    failure: Plan | Drift = Drift(info, now, diagnostics=diagnostics, complete=False)
    if subject == "plan":
        failure = Plan(info, Commit(), now, diagnostics=diagnostics, complete=False, names=names)
    base = settings.git_root.as_posix() if settings is not None else find_base()
    document = formats.named("json").layout(subject)(printed(failure, base=base, spell=invocation.spell))
    try:
        write_failure(document, reports)
    except ReconcilerError as unwritten:
        console.say_diagnostics(unwritten.diagnostics)
    if output != "json":
        raise problem
    console.say_json(document)
    annotate(problem.diagnostics)
    return 1


def summarize(render: Callable[[int], str]) -> bool:
    """Append the text that `render` makes within a limit in characters to the job's summary. Returns whether it did."""
    try:
        return append_summary(os.environ, render)
    except JobFileError as problem:
        _warn(str(problem))
        return False


def put_out(outputs: Mapping[str, str]) -> None:
    """Append to the step's outputs."""
    try:
        append_outputs(os.environ, outputs)
    except JobFileError as problem:
        _warn(str(problem))


def plan_made(plan: Plan, settings: Settings, *, out: str | None) -> None:
    """Report a plan to the runner. `out` is the file that it was saved in."""
    outputs = {**_of_the_plan(plan), "plan_path": os.path.abspath(out) if out is not None else ""}
    _report("plan", plan, settings, commit=plan.commit.commit, outputs=outputs)


def applied(outcome: Outcome, plan: Plan, settings: Settings, *, unkept: Diagnostic | None) -> None:
    """Report an apply to the runner. `unkept` says why its result could not be written."""
    others = [*plan.diagnostics, *([unkept] if unkept is not None else [])]
    _report("outcome", outcome, settings, commit=outcome.commit.commit, outputs=_of_the_plan(plan), others=others)


def drift_found(drift: Drift, settings: Settings) -> None:
    """Report drift to the runner."""
    _report("drift", drift, settings, commit=job_commit(os.environ), outputs={"drift": _truth(drift.has_drifted)})


def _report(
    subject: formats.Subject,
    found: Plan | Drift | Outcome,
    settings: Settings,
    *,
    commit: str | None,
    outputs: Mapping[str, str],
    others: Iterable[Diagnostic] = (),
) -> None:
    """Write annotations, a summary with links to `commit`, and outputs. `others` are annotated too."""
    if not is_job(os.environ):
        return
    from reconciler.render.view.annotations import annotations_of

    annotate([*others, *annotations_of(found)], base=settings.git_root.as_posix())
    view = formats.view_of(subject, found, settings, here=False, commit=commit, linked=True)
    lay_out = formats.named("markdown").layout(subject)
    summarize(lambda limit: lay_out(view, limit=limit))
    put_out(outputs)


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
