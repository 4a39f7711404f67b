"""`reconciler blame`."""

from __future__ import annotations

import click

from reconciler.cli import console, formats

_EPILOG = """\b
Examples:
  reconciler blame kitten_labeling --target production
  reconciler blame kitten_labeling --format json | jq '.fields[] | select(.made_by == "scale")'
"""


@click.command("blame", epilog=_EPILOG)
@click.argument("name", metavar="NAME")
@console.target_options
@formats.format_option("blame")
def command(name: str, target: str | None, endpoint: str | None, output: str) -> int:
    """Show which version introduced each live value of a project.

    For each value, shows the version, its time, and the commit and author of the manifest, or "made on Scale". Never
    writes anything.
    """
    from reconciler.operations.history import blame

    session = console.open_session(target, endpoint)
    formats.show("blame", blame(session, name), output, session.settings)
    return 0
