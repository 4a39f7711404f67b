"""`reconciler apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner
from reconciler.cli.plan import has_changes, show_plan

if TYPE_CHECKING:
    from reconciler.diagnostics import Diagnostic
    from reconciler.fieldpath import Pattern
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
    from reconciler.operations.plan import Prepared
    from reconciler.operations.recording import Recorder
    from reconciler.settings import Settings, Target

_EPILOG = """\b
Examples:
  reconciler apply
  reconciler apply kitten_labeling --target production
  reconciler apply --plan changes.plan
  reconciler apply --auto-approve --result result.json      where nobody can be asked
"""

_QUESTION = """
Do you want to perform these actions on the target "{name}"?
  Only "yes" is accepted to approve.

  Enter a value: """


@click.command("apply", epilog=_EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@console.target_options
@console.plan_options
@click.option("--plan", "planfile", metavar="FILE", help="Apply this saved plan and nothing else.")
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@click.option("--parallelism", type=click.IntRange(1, 100), help="How many requests may be in flight.")
@click.option("--result", metavar="FILE", help="Write what became of it, as JSON.")
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
    """Make Scale's side as the manifests say.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Asks on a terminal before it writes.
    """
    import os

    from reconciler.documents.plan import check_result
    from reconciler.operations.apply import check_writable
    from reconciler.settings import choose_target, read_settings

    if planfile is not None and (names or pending or allowed):
        raise click.UsageError(
            "a saved plan is applied whole, its verdicts stand: NAME, --pending and --allow do not go with --plan"
        )
    console.check_guards(allowed)
    settings = read_settings(Path.cwd())
    chosen = choose_target(settings, name=target, endpoint=endpoint, environment=os.environ, parallelism=parallelism)
    check_writable(chosen)
    if result is not None:
        check_result(Path(result))
    run = _Run(
        settings,
        chosen,
        planfile=planfile,
        names=names,
        pending=pending,
        allowed=allowed,
        output=output,
        auto_approve=auto_approve,
        result=result,
    )
    outcome, cancelled = run.run()
    return _report(outcome, settings, run, cancelled=cancelled)


class _Run:
    """One apply: plan, show, ask, carry out."""

    def __init__(
        self,
        settings: Settings,
        target: Target,
        *,
        planfile: str | None,
        names: tuple[str, ...],
        pending: bool,
        allowed: tuple[str, ...],
        output: str,
        auto_approve: bool,
        result: str | None,
    ) -> None:
        self.settings = settings
        self.target = target
        self.planfile = planfile
        self.names = names
        self.pending = pending
        self.allowed = allowed
        self.output = output
        self.auto_approve = auto_approve
        self.result = result
        self.unkept: Diagnostic | None = None
        """Why the result could not be written."""
        self.made: Plan | None = None
        """The plan that is carried out."""

    def run(self) -> tuple[Outcome, bool]:
        """The outcome, and whether a person declined. The result is written by then.

        Files and git are read before the event loop runs, where a signal ends it at once.
        """
        import asyncio
        import os

        from reconciler.documents.plan import read_plan_file
        from reconciler.operations.plan import prepare
        from reconciler.operations.recording import open_recorder

        recorder, notes = open_recorder(self.settings, self.target, os.environ, waiting=console.tell_line)
        source: Plan | Prepared
        if self.planfile is not None:
            source = read_plan_file(Path(self.planfile), base=self.settings.git_root)
        else:
            source = prepare(
                self.settings,
                self.names,
                target=self.target,
                record=recorder.record,
                allowed=self.allowed,
                needs_git=True,
            )
        return asyncio.run(self._carry_out(source, recorder, notes))

    async def _carry_out(
        self, source: Plan | Prepared, recorder: Recorder, notes: tuple[Diagnostic, ...]
    ) -> tuple[Outcome, bool]:
        import os
        from dataclasses import replace
        from datetime import UTC, datetime

        from reconciler.applying.applier import Stop, not_applied
        from reconciler.cli.progress import progress
        from reconciler.errors import ReconcilerError
        from reconciler.model.plan import Plan
        from reconciler.operations.apply import apply, check_saved, heeding_signals
        from reconciler.operations.plan import plan
        from reconciler.operations.targets import open_target

        def now() -> datetime:
            return datetime.now(UTC)

        sensitive = self.settings.sensitive
        async with open_target(self.target, os.environ, waiting=console.tell_waiting) as client:
            if isinstance(source, Plan):
                made = await check_saved(source, self.target, client, recorder.record)
            else:
                made = await plan(
                    self.settings,
                    self.target,
                    client,
                    source,
                    record=recorder.record,
                    pending=self.pending,
                    allowed=self.allowed,
                    now=now,
                )
            new = [note for note in notes if note not in made.diagnostics]
            made = replace(made, diagnostics=(*new, *made.diagnostics))
            self.made = made
            if self.output == "text":
                show_plan(made, "text", base=self.settings.git_root.as_posix(), sensitive=sensitive)
            if made.applyable and not self.auto_approve and not self._approved(made):
                declined = not_applied(made, "declined", now())
                self._keep(declined)
                return declined, True
            stop = Stop()
            with heeding_signals(stop):
                try:
                    with progress() as emit:
                        outcome = await apply(
                            made,
                            self.target,
                            client,
                            recorder=recorder,
                            emit=emit,
                            stop=stop,
                            now=now,
                            sensitive=sensitive,
                        )
                except ReconcilerError as problem:
                    self._keep(not_applied(made, problem.summary, now()))
                    raise
                self._keep(outcome)
            return outcome, False

    def _keep(self, outcome: Outcome) -> None:
        """Write the result where it is wanted, before anything is printed: an output may be closed."""
        if self.result is None:
            return
        from reconciler.diagnostics import error
        from reconciler.documents.writing import outcome_document
        from reconciler.files import write_whole
        from reconciler.model.values import to_json

        text = to_json(outcome_document(outcome, base=self.settings.git_root.as_posix())) + "\n"
        try:
            write_whole(text.encode("utf-8", "surrogatepass"), Path(self.result))
        except OSError as problem:
            self.unkept = error("usage", f"the result cannot be written to {self.result}: {problem.strerror}")

    def _approved(self, plan: Plan) -> bool:
        from reconciler.errors import UsageError
        from reconciler.render.escape import plain

        if not console.has_person():
            raise UsageError(
                "apply asks before it writes, and there is no terminal to ask on",
                "Nothing was written. Where nobody can be asked, say --auto-approve.",
            )
        if self.output != "text":
            # Nobody says yes to what was not shown: the document comes after the apply.
            self._tell(plan)
        return console.confirm(_QUESTION.format(name=plain(plan.target.name)))

    def _tell(self, plan: Plan) -> None:
        import os

        from reconciler.render.text.plan import lay_out_plan
        from reconciler.render.view.plan import view_plan

        view = view_plan(plan, formats.reader(os.getcwd(), self.settings.sensitive))
        console.tell(lay_out_plan(view, colour=console.in_colour(sys.stderr)))


def _show_text(outcome: Outcome, sensitive: tuple[Pattern, ...]) -> None:
    """Failures to stderr, what was done to stdout."""
    import os

    from reconciler.render.text.outcome import lay_out_failures, lay_out_outcome
    from reconciler.render.view.outcome import view_outcome

    view = view_outcome(outcome, formats.reader(os.getcwd(), sensitive))
    console.tell(lay_out_failures(view, colour=console.in_colour(sys.stderr)))
    console.say_diagnostics(outcome.diagnostics)
    console.say(f"\n{lay_out_outcome(view, colour=console.in_colour(sys.stdout))}")


def _report(outcome: Outcome, settings: Settings, run: _Run, *, cancelled: bool) -> int:
    """Print the outcome; returns the exit code."""
    output, unkept, sensitive = run.output, run.unkept, settings.sensitive
    base = settings.git_root.as_posix()
    if output == "text" and cancelled:
        console.say("\nApply cancelled.\n")
    elif output == "text":
        _show_text(outcome, sensitive)
    else:
        formats.show("outcome", outcome, output, base=base, sensitive=sensitive, commit=None)
    if unkept is not None:
        console.say_diagnostics([unkept])
    assert run.made is not None
    runner.applied(
        outcome,
        run.made,
        base=settings.git_root.as_posix(),
        sensitive=settings.sensitive,
        changes=has_changes(run.made),
        unkept=unkept,
    )
    if outcome.interrupted_by is not None:
        return 128 + outcome.interrupted_by
    return int(cancelled or bool(outcome.diagnostics) or unkept is not None or not outcome.summary.complete)
