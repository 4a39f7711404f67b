"""`reconciler validate`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.fieldpath import Pattern

_EPILOG = """\b
Examples:
  reconciler validate
  reconciler validate 'kitten_*' projects/birds
  reconciler validate --format json
  reconciler validate --format json --resolved kitten_labeling
  reconciler validate --format github       only annotations for GitHub Actions
"""


@click.command("validate", epilog=_EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@formats.format_option("validation")
@click.option("--resolved", is_flag=True, help="With json: each project as composed, and where each value was written.")
def command(names: tuple[str, ...], output: str, resolved: bool) -> int:
    """Check the manifests. Needs no key and no network.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Names narrow what is reported, never
    what is checked across files.
    """
    from reconciler.documents.validation import validation_document
    from reconciler.errors import ReconcilerError, UsageError
    from reconciler.manifest.places import resolved_sources
    from reconciler.operations.reporting import as_diagnostics
    from reconciler.operations.validate import validate
    from reconciler.render.view.diagnostics import relative_to, view_validation
    from reconciler.settings import read_settings

    if resolved and output != "json":
        raise UsageError("--resolved goes with --format json", "Say: reconciler validate --format json --resolved")
    folder = Path.cwd()
    today = datetime.now(UTC).date()
    if output != "text":
        base = runner.find_base()
        projects = None
        sensitive: tuple[Pattern, ...] = ()
        try:
            settings = read_settings(folder)
            base = settings.git_root.as_posix()
            found = validate(settings, names, today=today)
            diagnostics = found.diagnostics
            if resolved:
                sensitive = settings.sensitive
                projects = list(zip(found.projects, resolved_sources(found.projects), strict=True))
        except ReconcilerError as problem:
            diagnostics = as_diagnostics(problem)
        if output == "json":
            console.say_json(validation_document(diagnostics, base=base, resolved=projects, sensitive=sensitive))
        else:
            console.say_runner(formats.named(output).layout("validation")(relative_to(diagnostics, base)))
    else:
        found = validate(read_settings(folder), names, today=today)
        diagnostics = found.diagnostics
        view = view_validation(diagnostics, manifests=found.manifests, base=os.getcwd())
        console.say(formats.named(output).layout("validation")(view, colour=console.in_colour(sys.stdout)))
    if output != "github":
        runner.annotate(diagnostics)
    return int(any(diagnostic.is_error for diagnostic in diagnostics))
