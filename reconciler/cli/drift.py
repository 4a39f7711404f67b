"""`reconciler drift`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, runner

if TYPE_CHECKING:
    from reconciler.model.drift import Drift

EXIT_DRIFT = 2

_EPILOG = """\b
Examples:
  reconciler drift
  reconciler drift kitten_labeling 'birds_*'
  reconciler drift --target production --format json | jq .summary
"""


@click.command("drift", epilog=_EPILOG)
@click.argument("names", metavar="[NAME]...", nargs=-1)
@console.target_options
@console.live_option
@formats.format_option("drift")
def command(names: tuple[str, ...], target: str | None, endpoint: str | None, live: str | None, output: str) -> int:
    """Show what changed on Scale's side behind git's back. Writes nothing, ever.

    NAME is a project name, a shell-style pattern, or a manifest path or folder. Exits with 2 where something drifted.
    """
    import asyncio
    import os
    from dataclasses import replace
    from datetime import UTC, datetime

    from reconciler.documents.writing import drift_document
    from reconciler.errors import ReconcilerError
    from reconciler.model.drift import Drift
    from reconciler.model.plan import TargetInfo
    from reconciler.operations.drift import drift
    from reconciler.operations.plan import prepare
    from reconciler.operations.recording import read_record
    from reconciler.operations.reporting import as_diagnostics
    from reconciler.operations.snapshot import drift_from, open_snapshot
    from reconciler.operations.targets import open_target
    from reconciler.settings import choose_target, read_settings

    def now() -> datetime:
        return datetime.now(UTC)

    async def look() -> Drift:
        record, notes = read_record(settings, chosen, os.environ, required=True)
        prepared = prepare(settings, names, target=chosen, record=record, needs_git=True)
        if snapshot is not None:
            found = drift_from(settings, snapshot, prepared, record=record, now=now)
        else:
            async with open_target(chosen, os.environ, waiting=console.tell_waiting) as client:
                found = await drift(settings, chosen, client, prepared, record=record, now=now)
        return replace(found, diagnostics=(*notes, *found.diagnostics))

    console.check_live(live, endpoint)
    snapshot = None
    base = os.getcwd()
    info = TargetInfo(target or "", endpoint or "")
    try:
        settings = read_settings(Path.cwd())
        base = settings.git_root.as_posix()
        chosen = choose_target(
            settings, name=target, endpoint=endpoint, environment=os.environ, offline=live is not None
        )
        if live is not None:
            snapshot, chosen = open_snapshot(settings, chosen, live)
        info = TargetInfo(chosen.name, chosen.endpoint)
        found = asyncio.run(look())
    except ReconcilerError as problem:
        if output != "json":
            raise
        failed = Drift(target=info, made_at=now(), diagnostics=as_diagnostics(problem), complete=False)
        console.say_json(drift_document(failed, base=base))
        runner.annotate_error(problem)
        return 1
    commit = os.environ.get("GITHUB_SHA")
    formats.show("drift", found, output, base=base, sensitive=settings.sensitive, commit=commit)
    runner.drift_found(found, base=base, sensitive=settings.sensitive)
    if found.errored:
        return 1
    return EXIT_DRIFT if found.has_drifted else 0
