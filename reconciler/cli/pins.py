"""`reconciler pins`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from reconciler.cli import console, invocation

_EPILOG = """\b
Examples:
  reconciler pins --target production
  reconciler pins kitten_labeling --format json | jq '.pins[0].params_version'
  reconciler pins 'team-a_*' --format csv > pins.csv
"""


@click.command("pins", epilog=_EPILOG)
@console.names_argument
@console.target_options
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="The output format.",
)
def command(names: tuple[str, ...], target: str | None, endpoint: str | None, output: str) -> int:
    """Show the params version that the last apply of each project wrote or found equal.

    For code that creates tasks: with project_version set to this number, a task gets the params that were applied, even
    if someone has changed the project on Scale since. Each pin has the manifest's commit and a hash of its content.
    """
    from reconciler.documents.pins import pins_csv, pins_document
    from reconciler.operations.pins import pins
    from reconciler.operations.session import open_session
    from reconciler.render.text.pins import lay_out_pins
    from reconciler.settings import read_settings

    settings = read_settings(Path.cwd())
    session = open_session(settings, target=target, endpoint=endpoint, waiting=console.tell_waiting)
    invocation.note_target(session.target.name)
    found = pins(session, names)
    if output == "json":
        whole = invocation.completed(found.diagnostics)
        console.say_json(pins_document(replace(found, diagnostics=whole)))
    else:
        console.say_diagnostics(found.diagnostics)
        console.say(pins_csv(found) if output == "csv" else lay_out_pins(found))
    return int(any(diagnostic.is_error for diagnostic in found.diagnostics))
