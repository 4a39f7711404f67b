"""`reconciler apply`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console
from reconciler.cli.plan import show_plan

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan
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
@console.format_option("text", "json")
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
    import asyncio
    import os

    from reconciler.operations.apply import check_writable
    from reconciler.planfile import check_result
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
    )
    outcome, cancelled = asyncio.run(run.run())
    return _report(outcome, settings, result=result, output=output, cancelled=cancelled)


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
    ) -> None:
        self.settings = settings
        self.target = target
        self.planfile = planfile
        self.names = names
        self.pending = pending
        self.allowed = allowed
        self.output = output
        self.auto_approve = auto_approve

    async def run(self) -> tuple[Outcome, bool]:
        """The outcome, and whether a person declined."""
        import os
        from dataclasses import replace
        from datetime import UTC, datetime

        from reconciler.applying.applier import not_applied
        from reconciler.cli.progress import progress
        from reconciler.operations.apply import apply, check_saved
        from reconciler.operations.plan import plan, prepare
        from reconciler.operations.recording import open_recorder
        from reconciler.operations.targets import open_target
        from reconciler.planfile import read_plan_file

        def now() -> datetime:
            return datetime.now(UTC)

        base = self.settings.base
        recorder, notes = open_recorder(self.settings, self.target)
        prepared = None
        if self.planfile is None:
            prepared = prepare(
                self.settings, self.names, target=self.target, record=recorder.record, allowed=self.allowed
            )
        saved = read_plan_file(Path(self.planfile), base=base) if self.planfile is not None else None
        async with open_target(self.target, os.environ) as client:
            if saved is not None:
                await check_saved(saved, self.target, client)
                made = saved
            else:
                assert prepared is not None
                made = await plan(
                    self.settings,
                    self.target,
                    client,
                    prepared,
                    record=recorder.record,
                    pending=self.pending,
                    allowed=self.allowed,
                    now=now,
                )
            made = replace(made, diagnostics=(*notes, *made.diagnostics))
            if self.output == "text":
                show_plan(made, "text", base=base.as_posix(), sensitive=self.settings.sensitive)
            if made.applyable and not self.auto_approve and not self._approved(made):
                return not_applied(made, "declined", now()), True
            with progress() as emit:
                sensitive = self.settings.sensitive
                outcome = await apply(
                    made, self.target, client, recorder=recorder, emit=emit, now=now, sensitive=sensitive
                )
            return outcome, False

    def _approved(self, plan: Plan) -> bool:
        from reconciler.errors import UsageError
        from reconciler.render.escape import plain

        if not console.has_person():
            raise UsageError(
                "apply asks before it writes, and there is no terminal to ask on",
                "Nothing was written. Where nobody can be asked, say --auto-approve.",
            )
        return console.confirm(_QUESTION.format(name=plain(plan.target.name)))


def _report(outcome: Outcome, settings: Settings, *, result: str | None, output: str, cancelled: bool) -> int:
    """Write the result where it is wanted; the exit code."""
    import os
    from datetime import UTC, datetime

    from reconciler.errors import UsageError
    from reconciler.model.values import to_json
    from reconciler.planfile import write_privately
    from reconciler.render.document import outcome_document
    from reconciler.render.outcome import render_outcome

    document = outcome_document(outcome, base=settings.base.as_posix())
    if output == "json":
        console.say_json(document)
    elif cancelled:
        console.say("\nApply cancelled.\n")
    else:
        done, failed = render_outcome(
            outcome,
            base=os.getcwd(),
            now=datetime.now(UTC),
            colour=console.in_colour(sys.stdout),
            sensitive=settings.sensitive,
        )
        console.tell(failed)
        console.say_diagnostics(outcome.diagnostics)
        console.say(f"\n{done}")
    if result is not None:
        try:
            write_privately(to_json(document) + "\n", Path(result))
        except OSError as problem:
            raise UsageError(f"the result cannot be written to {result}: {problem.strerror}") from None
    if outcome.interrupted_by is not None:
        return 128 + outcome.interrupted_by
    return int(cancelled or bool(outcome.diagnostics) or not outcome.summary.complete)
