"""`reconciler validate`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, invocation, runner
from reconciler.cli.invocation import noting
from reconciler.cli.status import STATUS

if TYPE_CHECKING:
    from reconciler.fieldpath import FieldPath
    from reconciler.model.project import Source
    from reconciler.model.validation import Validation
    from reconciler.settings import Settings

    Sources = Mapping[FieldPath, Source]

_EPILOG = """\b
Examples:
  reconciler validate
  reconciler validate 'kitten_*' projects/birds
  reconciler validate --format json
  reconciler validate --format json --resolved kitten_labeling
  reconciler validate --format json --resolved --target staging
  reconciler validate --format sarif > reconciler.sarif
"""


@click.command("validate", epilog=_EPILOG)
@console.names_argument
@click.option("--target", metavar="NAME", callback=noting("target"), help="Include the overlay of this target.")
@formats.format_option("validation")
@click.option(
    "--resolved",
    is_flag=True,
    help="With --format json, include each composed project and the location of each value.",
)
def command(names: tuple[str, ...], target: str | None, output: str, resolved: bool) -> int:
    """Check the manifests, without a key or network access.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Names narrow what is reported, but
    not what is checked across files.
    """
    from reconciler.diagnostics import Remedy
    from reconciler.errors import ReconcilerError, UsageError
    from reconciler.model.validation import Validation
    from reconciler.operations.validate import validate
    from reconciler.settings import read_settings

    if resolved and output != "json":
        raise UsageError(
            "--resolved requires --format json",
            remedies=[Remedy("To print the composed projects:", ("validate", "--format", "json", "--resolved"))],
        )
    settings, sources, now = None, None, datetime.now(UTC)
    try:
        settings = read_settings(Path.cwd())
        STATUS.show("Checking the manifests")
        found = validate(settings, names, target=target, today=now.date())
        if resolved:
            from reconciler.manifest.places import resolved_sources

            sources = resolved_sources(found.projects)
    except ReconcilerError as problem:
        if output == "text":
            raise
        found = Validation(invocation.completed(problem.diagnostics))
    _show(found, output, settings, now, sources)
    if output != "github":
        runner.annotate(found.diagnostics)
    return int(not found.valid)


def _show(
    found: Validation, output: str, settings: Settings | None, now: datetime, sources: Sequence[Sources] | None
) -> None:
    """Print what was found. `settings` is None if they could not be read."""
    from reconciler.model.rebuilding import relative, with_files
    from reconciler.render.view.diagnostics import view_validation

    lay_out = formats.named(output).layout("validation")
    if output == "text":
        view = view_validation(found.diagnostics, manifests=found.manifests, base=os.getcwd())
        console.say(lay_out(view, **console.look(sys.stdout)))
        return
    base = settings.git_root.as_posix() if settings else runner.find_base()
    if output == "json":
        resolved = list(zip(found.projects, sources, strict=True)) if sources is not None else None
        sensitive = settings.sensitive if settings else ()
        console.say_json(lay_out(found.diagnostics, base=base, resolved=resolved, sensitive=sensitive))
        return
    shown = with_files(found, partial(relative, base=base))
    if output == "github":
        console.say_runner(lay_out(shown.diagnostics))
    elif output == "junit":
        from reconciler.render.view.cases import view_report

        console.say(lay_out(view_report(shown, now)))
    else:
        console.say(lay_out(shown))
