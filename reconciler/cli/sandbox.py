"""`reconciler sandbox serve|reset|seed`: the emulated API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import click

from reconciler.cli import console
from reconciler.cli.help import Group
from reconciler.collection import collector_resumed
from reconciler.diagnostics import joined

_EPILOG = """\b
Examples:
  reconciler sandbox serve --port 8080
  reconciler sandbox seed projects.json
  reconciler sandbox reset
"""

_SERVE_EPILOG = """\b
Examples:
  reconciler sandbox serve --port 0
  reconciler sandbox serve --assume choices=strings --assume null=removes
  reconciler sandbox serve --faults faults.json
"""

_target = click.option("--target", metavar="NAME", help="The sandbox target to use.")


@click.group("sandbox", cls=Group, epilog=_EPILOG)
def command() -> None:
    """Emulate the Projects API, to try reconciler without a key.

    The emulated account is a SQLite file.
    """


class _Serve(click.Command):
    """Its help lists the switches of `--assume`."""

    def format_options(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        from reconciler.sandbox.assumptions import switches

        super().format_options(context, formatter)
        with formatter.section("Switches for --assume, default first"):
            formatter.write_dl([(f"{one.name}={'|'.join(one.values)}", one.meaning) for one in switches()])


@command.command("serve", cls=_Serve, epilog=_SERVE_EPILOG)
@_target
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on; 0 picks a free one.",
)
@click.option("--assume", metavar="NAME=VALUE", multiple=True, help="Change an assumption about the API (repeatable).")
@click.option("--faults", metavar="FILE", help="A JSON file with the faults to inject. See docs/sandbox.md.")
def serve(target: str | None, port: int, assume: tuple[str, ...], faults: str | None) -> int:
    """Serve the sandbox on this machine. Prints its base URL as the first line, and accepts any nonempty key."""
    from reconciler.sandbox.assumptions import Assumptions

    try:
        assumptions = Assumptions.parse(assume)
    except ValueError as problem:
        raise click.UsageError(f"--assume: {problem}") from None

    from reconciler.sandbox.faults import read_faults
    from reconciler.sandbox.server import serve as serve_sandbox
    from reconciler.sandbox.store import Store

    file = _file(target)
    with _reported(faults or ""):
        plan = read_faults(_read(faults)) if faults is not None else []
    try:
        with _reported(), collector_resumed():
            Store(file).check_place()
            serve_sandbox(
                file, port=port, announce=lambda url: console.say(f"{url}\n"), assumptions=assumptions, faults=plan
            )
    except OSError as problem:
        raise click.ClickException(f"cannot listen on port {port}: {problem.strerror or problem}") from None
    return 0


@command.command("reset", epilog="\b\nExample:\n  reconciler sandbox reset\n")
@_target
def reset(target: str | None) -> int:
    """Remove all projects from the sandbox."""
    from reconciler.sandbox.store import Store

    with _reported():
        Store(_file(target)).reset()
    console.say("All projects were removed from the sandbox.\n")
    return 0


@command.command("seed", epilog="\b\nExample:\n  reconciler sandbox seed projects.json\n")
@_target
@click.argument("file", metavar="FILE")
def seed(target: str | None, file: str) -> int:
    """Add the projects in FILE, a JSON array like the one that the API's list call returns."""
    from reconciler.diagnostics import Remedy
    from reconciler.errors import UsageError
    from reconciler.sandbox.jsontext import parse_file
    from reconciler.sandbox.store import Store, TakenError

    with _reported(file):
        try:
            number = Store(_file(target)).seed(cast("list[Any]", parse_file(_read(file))))
        except TakenError as problem:
            reset = ("sandbox", "reset", *(() if target is None else ("--target", target)))
            words = "Nothing was added. Remove the entry, or empty the sandbox first:"
            raise UsageError(f"{file} {problem}", remedies=[Remedy(words, reset)]) from None
    console.say(f"{number} project{'' if number == 1 else 's'} added to the sandbox.\n")
    return 0


@contextmanager
def _reported(file: str = "") -> Iterator[None]:
    """Turn a refusal of the sandbox into an error of the command. A ValueError continues a sentence about `file`."""
    from reconciler.errors import UsageError
    from reconciler.sandbox.store import StoreError

    try:
        yield
    except StoreError as problem:
        raise UsageError(str(problem), problem.advice) from None
    except ValueError as problem:
        raise click.ClickException(f"{file} {problem}") from None


def _read(file: str) -> bytes:
    from reconciler.files.reading import read_named

    try:
        return read_named(file)
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise click.ClickException(f"{file} cannot be read: {reason}") from None


def _file(target: str | None) -> Path:
    """The target's file.

    Raises:
        UsageError: the target is not a sandbox.
        FileRefusedError: its file would be reached through a link.
    """
    import os

    from reconciler.errors import UsageError
    from reconciler.settings import read_settings, sandbox_file

    settings = read_settings(Path.cwd())
    name = target or os.environ.get("RECONCILER_TARGET") or "sandbox"
    if name not in (known := settings.sandboxes):
        detail = (
            f"Known sandboxes: {joined(known)}. Name one with --target."
            if known
            else "No target is a sandbox. Define one under [targets] in reconciler.toml."
        )
        raise UsageError(f'the target "{name}" is not a sandbox', detail)
    return sandbox_file(settings, settings.targets[name])
