"""`reconciler snapshot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console

if TYPE_CHECKING:
    from reconciler.model.snapshot import Snapshot

_EPILOG = """\b
Examples:
  reconciler snapshot --out live.json
  reconciler snapshot --target production --publish
  reconciler plan --target production --live @
"""


@click.command("snapshot", epilog=_EPILOG)
@console.target_options
@click.option("--out", metavar="FILE", help="Save it as FILE, for its owner alone.")
@click.option("--publish", is_flag=True, help="Put it in the target's git ref, in place of the one before.")
def command(target: str | None, endpoint: str | None, out: str | None, publish: bool) -> int:
    """Save live state for plan and drift with --live, which need no key.

    Of every project the latest versions are saved, and those that the record names; nothing that `sensitive` covers.
    """
    import asyncio
    import os
    from datetime import UTC, datetime

    from reconciler.documents.plan import check_place
    from reconciler.documents.snapshot import SIGN
    from reconciler.errors import SnapshotError
    from reconciler.operations.recording import read_record
    from reconciler.operations.snapshot import take
    from reconciler.operations.targets import open_target
    from reconciler.render.text.snapshot import lay_out_snapshot
    from reconciler.settings import choose_target, read_settings
    from reconciler.snapshot import stores

    def now() -> datetime:
        return datetime.now(UTC)

    async def look() -> Snapshot:
        async with open_target(chosen, os.environ, waiting=console.tell_waiting) as client:
            return await take(settings, chosen, client, record=record, now=now)

    if (out is None) is not publish:
        raise click.UsageError("say either --out FILE or --publish")
    settings = read_settings(Path.cwd())
    chosen = choose_target(settings, name=target, endpoint=endpoint, environment=os.environ)
    if out is not None:
        check_place(Path(out), settings.manifests, what="snapshot", sign=SIGN, kind=SnapshotError)
    else:
        stores.check_publishable(settings.git_root, chosen.name, chosen.record)
    record, notes = read_record(settings, chosen, os.environ)
    snapshot = asyncio.run(look())
    kept = False
    if out is not None:
        stores.write_file(snapshot, Path(out))
        place = out
    else:
        kept = not stores.publish(settings.git_root, chosen.name, chosen.record, snapshot, now=now)
        on = "" if chosen.record == stores.LOCAL else f" on {chosen.record}"
        place = stores.ref_name(chosen.name) + on
    if notes:
        console.say_diagnostics(notes)
    console.say(lay_out_snapshot(snapshot, place=place, now=now(), kept=kept))
    return 0
