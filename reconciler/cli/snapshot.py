"""`reconciler snapshot`."""

from __future__ import annotations

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler snapshot --out live.json
  reconciler snapshot --target production --publish
  reconciler plan --target production --live @
"""


@click.command("snapshot", epilog=_EPILOG)
@console.target_options
@click.option("--out", metavar="FILE", help="Save the snapshot as FILE, which only its owner can read.")
@click.option(
    "--publish", is_flag=True, help="Publish the snapshot in the target's git ref, where it replaces the previous one."
)
def command(target: str | None, endpoint: str | None, out: str | None, publish: bool) -> int:
    """Save live state for plan and drift without a key.

    The snapshot is for plan --live and drift --live. It has the latest versions of every project, and the versions that
    the record names, without `sensitive` values.
    """
    from datetime import UTC, datetime

    from reconciler.operations.snapshot import save_snapshot
    from reconciler.render.text.snapshot import lay_out_snapshot

    if (out is None) is not publish:
        raise click.UsageError("use either --out FILE or --publish")
    session = console.open_session(target, endpoint)
    saved = save_snapshot(session, out)
    if saved.notes:
        console.say_diagnostics(saved.notes)
    console.say_words(lay_out_snapshot(saved.snapshot, place=saved.place, now=datetime.now(UTC), kept=saved.newer))
    return 0
