"""`reconciler pins`."""

from __future__ import annotations

import click

from reconciler.cli import console, formats

_EPILOG = """\b
Examples:
  reconciler pins --target production
  reconciler pins kitten_labeling --format json | jq '.pins[0].params_version'
  reconciler pins 'team-a_*' --format csv > pins.csv
"""


@click.command("pins", epilog=_EPILOG)
@console.names_argument
@console.target_options
@formats.format_option("pins")
def command(names: tuple[str, ...], target: str | None, endpoint: str | None, output: str) -> int:
    """Show the params version of each project's last apply.

    This is the version that the apply wrote or found equal to the manifest. Code that creates tasks can set
    project_version to this number, so that tasks get the params that were applied, even if someone has since changed
    the project on Scale. Each pin has the manifest's commit and a hash of its content.
    """
    from reconciler.operations.pins import pins

    session = console.open_session(target, endpoint)
    found = pins(session, names)
    formats.show("pins", found, output, session.settings)
    return int(any(diagnostic.is_error for diagnostic in found.diagnostics))
