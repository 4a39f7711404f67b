"""`reconciler show`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console, formats
from reconciler.cli.invocation import note_plan
from reconciler.cli.reports import check_reports, report_option, write_reports

_EPILOG = """\b
Examples:
  reconciler show changes.plan
  reconciler show changes.plan --format json
  reconciler show changes.plan --report plan.html
"""


@click.command("show", epilog=_EPILOG)
@click.argument("planfile", metavar="PLANFILE")
@formats.format_option("plan")
@console.full_option
@report_option
def command(planfile: str, output: str, reports: tuple[str, ...]) -> int:
    """Show a plan that plan --out saved."""
    from reconciler.documents.savedplan import read_plan_file
    from reconciler.settings import read_settings

    settings = read_settings(Path.cwd())
    check_reports(reports, settings, out=planfile)
    plan = read_plan_file(Path(planfile), base=settings.git_root)
    note_plan(plan, settings)
    write_reports("plan", plan, reports, settings, commit=plan.commit.commit)
    formats.show("plan", plan, output, settings, commit=plan.commit.commit)
    return 0
