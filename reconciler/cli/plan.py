"""`reconciler plan`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.fieldpath import Pattern
    from reconciler.model.plan import Plan

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
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 if there are changes.")
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
    from reconciler.documents.plan import plan_document
    from reconciler.documents.savedplan import write_plan_file
    from reconciler.documents.saving import check_place
    from reconciler.errors import ReconcilerError
    from reconciler.model.printed import printed
    from reconciler.operations.plan import plan
    from reconciler.operations.reporting import failed_plan
    from reconciler.operations.session import open_session
    from reconciler.planning.bases import with_ontology_hashes
    from reconciler.settings import read_settings

    console.check_guards(allowed)
    console.check_live(live, endpoint)
    base, session = os.getcwd(), None
    try:
        settings = read_settings(Path.cwd())
        base = settings.git_root.as_posix()
        if out is not None:
            check_place(Path(out), settings.manifests)
        session = open_session(settings, target=target, endpoint=endpoint, live=live, waiting=console.tell_waiting)
        made = plan(session, names, pending=pending, allowed=allowed)
    except ReconcilerError as problem:
        if output != "json":
            raise
        info = console.target_info(session, target, endpoint)
        console.say_json(plan_document(printed(failed_plan(problem, info), base=base)))
        runner.annotate_error(problem)
        return 1
    if out is not None:
        write_plan_file(printed(with_ontology_hashes(made), base=base), Path(out))
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
