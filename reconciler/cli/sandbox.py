"""`reconciler sandbox serve|reset|seed`: the emulated API."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler sandbox serve --port 8080
  reconciler sandbox seed projects.json
  reconciler sandbox reset
"""

_target = click.option("--target", metavar="NAME", help="A target that is a sandbox.")


@click.group("sandbox", epilog=_EPILOG)
def command() -> None:
    """The Projects API emulated, kept in a SQLite file: to try things without a key."""


@command.command("serve", epilog="\b\nExample:\n  reconciler sandbox serve --port 0\n")
@_target
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 picks a free one.")
def serve(target: str | None, port: int) -> int:
    """Serve it on this machine. The first line on stdout is its base URL. Any key that is not empty is taken."""
    from reconciler.sandbox.serve import serve as serve_sandbox

    file = _file(target)
    try:
        serve_sandbox(file, port=port, announce=lambda url: console.say(f"{url}\n"))
    except OSError as problem:
        raise click.ClickException(f"port {port} cannot be served: {problem.strerror or problem}") from None
    return 0


@command.command("reset", epilog="\b\nExample:\n  reconciler sandbox reset\n")
@_target
def reset(target: str | None) -> int:
    """Take all its projects away."""
    from reconciler.sandbox.store import Store, StoreError

    try:
        Store(_file(target)).reset()
    except StoreError as problem:
        raise click.ClickException(str(problem)) from None
    console.say("The sandbox is empty.\n")
    return 0


@command.command("seed", epilog="\b\nExample:\n  reconciler sandbox seed projects.json\n")
@_target
@click.argument("file", metavar="FILE")
def seed(target: str | None, file: str) -> int:
    """Add the projects of FILE: a JSON array as the API's list answers it."""
    import json

    from reconciler.sandbox.store import Store, StoreError

    try:
        projects = json.loads(Path(file).read_bytes())
        if not isinstance(projects, list):
            raise click.ClickException(f"{file} is no JSON array of projects")
        number = Store(_file(target)).seed(projects)
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be read: {problem.strerror}") from None
    except (StoreError, ValueError, RecursionError) as problem:
        raise click.ClickException(f"{file}: {problem}") from None
    console.say(f"{number} project{'' if number == 1 else 's'} added to the sandbox.\n")
    return 0


def _file(target: str | None) -> Path:
    """The target's file.

    Raises:
        UsageError: the target is no sandbox.
    """
    import os

    from reconciler.errors import UsageError
    from reconciler.settings import read_settings

    settings = read_settings(Path.cwd())
    name = target or os.environ.get("RECONCILER_TARGET") or "sandbox"
    table = settings.targets.get(name)
    if table is None or "sandbox" not in table:
        raise UsageError(f'the target "{name}" is no sandbox', "Name one that is: --target sandbox")
    return settings.root / str(table["sandbox"])
