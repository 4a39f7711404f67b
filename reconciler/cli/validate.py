"""`reconciler validate`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from reconciler.cli import console, formats, invocation, runner

_EPILOG = """\b
Examples:
  reconciler validate
  reconciler validate 'kitten_*' projects/birds
  reconciler validate --format json
  reconciler validate --format json --resolved kitten_labeling
  reconciler validate --format github       only annotations for GitHub Actions
"""


@click.command("validate", epilog=_EPILOG)
@console.names_argument
@formats.format_option("validation")
@click.option(
    "--resolved",
    is_flag=True,
    help="With --format json, include each composed project and the location of each value.",
)
def command(names: tuple[str, ...], output: str, resolved: bool) -> int:
    """Check the manifests, without a key or network access.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Names narrow what is reported, but
    not what is checked across files.
    """
    from reconciler.diagnostics import Remedy
    from reconciler.documents.validation import validation_document
    from reconciler.errors import ReconcilerError, UsageError
    from reconciler.manifest.places import resolved_sources
    from reconciler.operations.validate import Validation, validate
    from reconciler.render.view.diagnostics import relative_to, view_validation
    from reconciler.settings import read_settings

    if resolved and output != "json":
        raise UsageError(
            "--resolved requires --format json",
            remedies=[Remedy("Run:", ("validate", "--format", "json", "--resolved"))],
        )
    settings = None
    projects = None
    try:
        settings = read_settings(Path.cwd())
        found = validate(settings, names, today=datetime.now(UTC).date())
        if resolved:
            projects = list(zip(found.projects, resolved_sources(found.projects), strict=True))
    except ReconcilerError as problem:
        if output == "text":
            raise
        found = Validation(invocation.completed(problem.diagnostics), 0)
    lay_out = formats.named(output).layout("validation")
    if output == "text":
        view = view_validation(found.diagnostics, manifests=found.manifests, base=os.getcwd())
        console.say(lay_out(view, **console.look(sys.stdout)))
    else:
        base = settings.git_root.as_posix() if settings else runner.find_base()
        if output == "json":
            sensitive = settings.sensitive if settings else ()
            document = validation_document(found.diagnostics, base=base, resolved=projects, sensitive=sensitive)
            console.say_json(document)
        else:
            console.say_runner(lay_out(relative_to(found.diagnostics, base)))
    if output != "github":
        runner.annotate(found.diagnostics)
    return int(not found.valid)
