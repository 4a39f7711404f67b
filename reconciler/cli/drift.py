"""`reconciler drift`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli import console, formats, runner
from reconciler.cli.reports import check_reports, report_option, write_reports
from reconciler.forge.github.job import job_commit

EXIT_DRIFT = 2

_EPILOG = """\b
Examples:
  reconciler drift
  reconciler drift kitten_labeling 'birds_*'
  reconciler drift --target production --format json | jq .summary
  reconciler drift --target production --report drift.json
"""


@click.command("drift", epilog=_EPILOG)
@console.names_argument
@console.target_options
@console.live_option
@formats.format_option("drift")
@console.full_option
@report_option
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    live: str | None,
    output: str,
    reports: tuple[str, ...],
) -> int:
    """Show what changed on Scale outside git. Never writes anything to Scale.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Exits with code 2 if there is drift.
    """
    from reconciler.errors import ReconcilerError
    from reconciler.operations.drift import drift
    from reconciler.settings import read_settings

    console.check_live(live, endpoint)
    settings, session = None, None
    try:
        settings = read_settings(Path.cwd())
        check_reports(reports, settings)
        session = console.open_session(target, endpoint, settings, live=live)
        found = drift(session, names)
    except ReconcilerError as problem:
        info = console.target_info(session, settings, target, endpoint)
        return runner.failed("drift", problem, output, info, settings, names=names, reports=reports)
    write_reports("drift", found, reports, settings, commit=job_commit(os.environ))
    formats.show("drift", found, output, settings, commit=job_commit(os.environ))
    runner.drift_found(found, settings)
    if found.errored:
        return 1
    return EXIT_DRIFT if found.has_drifted else 0
