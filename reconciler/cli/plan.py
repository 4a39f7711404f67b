"""`reconciler plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.fieldpath import Pattern
    from reconciler.model.plan import Plan
    from reconciler.model.record import Record
    from reconciler.operations.plan import Prepared

EXIT_CHANGES = 2

_EPILOG = """\b
Examples:
  reconciler plan
  reconciler plan kitten_labeling 'birds_*' projects/team-a
  reconciler plan --target production --out changes.plan
  reconciler plan --target production --live @
  reconciler plan --format json | jq .summary
  reconciler plan --format html > plan.html
"""


@click.command("plan", epilog=_EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@console.target_options
@console.plan_options
@console.live_option
@click.option("--out", metavar="FILE", help="Save the plan, whole, for show and apply --plan.")
@formats.format_option("plan")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 where there are changes.")
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    pending: bool,
    allowed: tuple[str, ...],
    live: str | None,
    out: str | None,
    output: str,
    detailed_exitcode: bool,
) -> int:
    """Show what apply would do. Writes nothing, ever.

    NAME is a project name, a shell-style pattern, or a manifest path or folder.
    """
    import asyncio
    import os
    from dataclasses import replace
    from datetime import UTC, datetime

    from reconciler.documents.plan import check_place, write_plan_file
    from reconciler.documents.writing import plan_document
    from reconciler.errors import ReconcilerError
    from reconciler.model.plan import TargetInfo
    from reconciler.operations.plan import plan, prepare
    from reconciler.operations.recording import read_record
    from reconciler.operations.reporting import failed_plan
    from reconciler.operations.snapshot import open_snapshot, plan_from
    from reconciler.operations.targets import open_target
    from reconciler.settings import choose_target, read_settings

    def now() -> datetime:
        return datetime.now(UTC)

    def make_plan(record: Record, prepared: Prepared) -> Plan:
        if snapshot is None:
            return asyncio.run(make(record, prepared))
        return plan_from(settings, snapshot, prepared, record=record, pending=pending, allowed=allowed, now=now)

    async def make(record: Record, prepared: Prepared) -> Plan:
        async with open_target(chosen, os.environ, waiting=console.tell_waiting) as client:
            return await plan(
                settings, chosen, client, prepared, record=record, pending=pending, allowed=allowed, now=now
            )

    console.check_guards(allowed)
    console.check_live(live, endpoint)
    snapshot = None
    base = os.getcwd()
    info = TargetInfo(target or "", endpoint or "")
    try:
        settings = read_settings(Path.cwd())
        base = settings.git_root.as_posix()
        if out is not None:
            check_place(Path(out), settings.manifests)
        chosen = choose_target(
            settings, name=target, endpoint=endpoint, environment=os.environ, offline=live is not None
        )
        if live is not None:
            snapshot, chosen = open_snapshot(settings, chosen, live)
        info = TargetInfo(chosen.name, chosen.endpoint)
        # Outside the event loop, where a signal ends it at once.
        record, notes = read_record(settings, chosen, os.environ)
        prepared = prepare(settings, names, target=chosen, record=record, allowed=allowed)
        made = make_plan(record, prepared)
        new = [note for note in notes if note not in made.diagnostics]
        made = replace(made, diagnostics=(*new, *made.diagnostics))
    except ReconcilerError as problem:
        if output != "json":
            raise
        console.say_json(plan_document(failed_plan(problem, target=info, now=now()), base=base))
        runner.annotate_error(problem)
        return 1
    if out is not None:
        write_plan_file(plan_document(made, base=base, whole=True), Path(out))
    show_plan(made, output, base=base, sensitive=settings.sensitive)
    runner.plan_made(made, base=base, sensitive=settings.sensitive, out=out, changes=has_changes(made))
    if made.summary.blocked or made.summary.held:
        return 1
    return EXIT_CHANGES if detailed_exitcode and has_changes(made) else 0


def has_changes(plan: Plan) -> bool:
    """Whether anything differs, protected projects included."""
    summary = plan.summary
    return bool(summary.add or summary.change or summary.forget or summary.protected)


def show_plan(plan: Plan, output: str, *, base: str, sensitive: tuple[Pattern, ...]) -> None:
    """Print a plan to stdout, its own diagnostics to stderr."""
    formats.show("plan", plan, output, base=base, sensitive=sensitive, commit=plan.commit.commit)
