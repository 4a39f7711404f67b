"""`reconciler apply`."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, invocation, runner
from reconciler.cli.invocation import note_plan, noting
from reconciler.collection import collector_resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.diagnostics import Diagnostic
    from reconciler.model.outcome import Event, Outcome
    from reconciler.model.plan import Plan
    from reconciler.operations.apply import Applied
    from reconciler.settings import Settings

_EPILOG = """\b
Examples:
  reconciler apply
  reconciler apply kitten_labeling --target production
  reconciler apply --plan changes.plan
  reconciler apply --auto-approve --result result.json      without a prompt
"""


@click.command("apply", epilog=_EPILOG)
@console.names_argument
@console.target_options
@console.plan_options
@click.option(
    "--plan",
    "planfile",
    metavar="FILE",
    callback=noting("planfile"),
    help="Apply exactly this saved plan, to its target.",
)
@console.full_option
@click.option("--auto-approve", is_flag=True, help="Do not ask for approval.")
@click.option("--parallelism", type=click.IntRange(1, 100), help="The maximum number of requests in flight.")
@click.option("--result", metavar="FILE", help="Write the outcome to FILE, as JSON.")
@formats.format_option("outcome")
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    pending: bool,
    allowed: tuple[str, ...],
    planfile: str | None,
    auto_approve: bool,
    parallelism: int | None,
    result: str | None,
    output: str,
) -> int:
    """Change the projects on Scale to match the manifests.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Prompts on a terminal before it writes.
    """
    from reconciler.errors import UsageError
    from reconciler.model.guards import OLDER_COMMIT
    from reconciler.operations.apply import apply
    from reconciler.settings import read_settings

    if planfile is not None and (names or pending or set(allowed) - {OLDER_COMMIT}):
        raise UsageError(
            "--plan cannot be combined with NAME, --pending, or --allow",
            f"A saved plan is applied as a whole. Only --allow {OLDER_COMMIT} can be used with --plan.",
        )
    console.check_guards(allowed)
    settings = read_settings(Path.cwd())
    saved = None
    if planfile is not None:
        from reconciler.documents.savedplan import read_plan_file

        saved = read_plan_file(Path(planfile), base=settings.git_root)
        note_plan(saved, settings)
        target = target or os.environ.get("RECONCILER_TARGET") or saved.target.name
    session = console.open_session(
        target, endpoint, settings, parallelism=parallelism, writes=True, progress=console.tell_line
    )
    if result is not None:
        from reconciler.documents.result import check_result

        check_result(Path(result))
    operator = _Operator(settings, output=output, auto_approve=auto_approve, result=result)
    applied = apply(session, names, saved=saved, pending=pending, allowed=allowed, operator=operator)
    return _report(applied, settings, output, unkept=operator.unkept)


class _Operator:
    """Shows the plan, prompts on a terminal, shows progress, and writes the result file."""

    def __init__(self, settings: Settings, *, output: str, auto_approve: bool, result: str | None) -> None:
        self._settings = settings
        self._output = output
        self._auto_approve = auto_approve
        self._result = result
        self._total = 0
        self.unkept: Diagnostic | None = None
        """Why the result could not be written."""

    def approves(self, plan: Plan) -> bool:
        self._total = sum(change.writes for change in plan.changes)
        if self._output == "text":
            formats.show("plan", plan, "text", self._settings)
        return not plan.applyable or self._auto_approve or self._ask(plan)

    def _ask(self, plan: Plan) -> bool:
        from reconciler.diagnostics import Remedy
        from reconciler.errors import UsageError
        from reconciler.render.escape import plain

        if not console.has_person():
            raise UsageError(
                "apply needs approval, but there is no terminal to prompt in",
                "Nothing was written.",
                remedies=[Remedy("To apply without a prompt:", ("apply", "--auto-approve"))],
            )
        if self._output != "text":
            # The plan must be shown before it is approved, and the document is printed after the apply.
            self._tell(plan)
        return console.approves(f'Do you want to perform these actions on the target "{plain(plan.target.name)}"?')

    def _tell(self, plan: Plan) -> None:
        from reconciler.render.text.plan import lay_out_view

        view = formats.view_of("plan", plan, self._settings)
        console.tell(lay_out_view(view, **console.look(sys.stderr)))

    @contextmanager
    def listening(self) -> Iterator[Callable[[Event], None]]:
        from reconciler.cli.progress import progress

        with collector_resumed(), progress(self._total) as emit:  # an apply can send requests for hours
            yield emit

    def keep(self, outcome: Outcome) -> None:
        """Write the result file before anything is printed, because the output might be closed."""
        if self._result is None:
            return
        from reconciler.diagnostics import error
        from reconciler.documents.result import write_result_file
        from reconciler.model.printed import printed

        try:
            write_result_file(
                printed(outcome, base=self._settings.git_root.as_posix(), spell=invocation.spell), Path(self._result)
            )
            self.unkept = None
        except OSError as problem:
            summary = f"the result cannot be written to {self._result}: {problem.strerror}"
            self.unkept = error("usage", summary, detail="The apply itself is not affected.")


def _show_text(outcome: Outcome, settings: Settings) -> None:
    """Print failures to stderr and the outcome to stdout."""
    from reconciler.render.text.outcome import lay_out_failures, lay_out_outcome

    view = formats.view_of("outcome", outcome, settings)
    console.tell(lay_out_failures(view, **console.look(sys.stderr)))
    console.say_diagnostics(outcome.diagnostics, in_blocks=True)
    console.say(f"\n{lay_out_outcome(view, **console.look(sys.stdout))}")


def _report(applied: Applied, settings: Settings, output: str, *, unkept: Diagnostic | None) -> int:
    """Print the outcome; returns the exit code."""
    outcome = applied.outcome
    if output == "text" and applied.declined:
        console.say("\nApply cancelled.\n")
    elif output == "text":
        _show_text(outcome, settings)
    else:
        formats.show("outcome", outcome, output, settings)
    if unkept is not None:
        console.say_diagnostics([unkept])
    runner.applied(outcome, applied.plan, settings, unkept=unkept)
    if outcome.interrupted_by is not None:
        return 128 + outcome.interrupted_by
    return int(applied.declined or bool(outcome.diagnostics) or unkept is not None or not outcome.summary.complete)
