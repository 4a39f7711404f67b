"""`reconciler plan`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console, formats, invocation, runner
from reconciler.cli.reports import check_reports, report_option, write_reports

EXIT_CHANGES = 2

_EPILOG = """\b
Examples:
  reconciler plan
  reconciler plan kitten_labeling 'birds_*' projects/team-a
  reconciler plan --target production --out changes.plan
  reconciler plan --target production --live @
  reconciler plan --format json | jq .summary
  reconciler plan --report plan.html
"""


@click.command("plan", epilog=_EPILOG)
@console.names_argument
@console.target_options
@console.plan_options
@console.live_option
@click.option("--out", metavar="FILE", help="Save the complete plan to FILE, for show and apply --plan.")
@formats.format_option("plan")
@console.full_option
@report_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with code 2 if there are changes.")
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    pending: bool,
    allowed: tuple[str, ...],
    live: str | None,
    out: str | None,
    output: str,
    reports: tuple[str, ...],
    detailed_exitcode: bool,
) -> int:
    """Show what apply would do. Never writes anything to Scale.

    NAME is a project name, a shell-style pattern, or a manifest path or folder.
    """
    from reconciler.errors import ReconcilerError
    from reconciler.operations.plan import plan
    from reconciler.settings import read_settings

    console.check_guards(allowed)
    console.check_live(live, endpoint)
    settings, session = None, None
    try:
        settings = read_settings(Path.cwd())
        if out is not None:
            from reconciler.documents.savedplan import KIND

            KIND.check_place(Path(out), settings.manifests)
        check_reports(reports, settings, out=out)
        session = console.open_session(target, endpoint, settings, live=live)
        made = plan(session, names, pending=pending, allowed=allowed)
    except ReconcilerError as problem:
        info = console.target_info(session, settings, target, endpoint)
        return runner.failed("plan", problem, output, info, settings, names=names, reports=reports)
    if out is not None:
        from reconciler.documents.savedplan import write_plan_file
        from reconciler.model.printed import printed
        from reconciler.planning.bases import with_ontology_hashes

        base = settings.git_root.as_posix()
        write_plan_file(printed(with_ontology_hashes(made), base=base, spell=invocation.spell), Path(out))
    write_reports("plan", made, reports, settings, commit=made.commit.commit)
    formats.show("plan", made, output, settings, commit=made.commit.commit)
    runner.plan_made(made, settings, out=out)
    if made.summary.blocked or made.summary.held:
        return 1
    return EXIT_CHANGES if detailed_exitcode and made.summary.differs else 0
