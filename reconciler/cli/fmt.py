"""`reconciler fmt`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli import console, invocation, runner
from reconciler.cli.status import STATUS

_EPILOG = """\b
Examples:
  reconciler fmt                            all manifests, and the YAML files that they use
  reconciler fmt projects/birds             the files in one folder
  reconciler fmt --check                    list files that need formatting, without writing
"""


@click.command("fmt", epilog=_EPILOG)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit with code 2 if a file needs formatting.")
def command(paths: tuple[str, ...], check: bool) -> int:
    """Format manifests: key order, indentation, block style. Comments and meaning are kept.

    PATH is a YAML file or a folder. Without PATH, all manifests, defaults, overlays, and the files that they refer to
    are formatted. A file with an error is not changed.
    """
    from reconciler.operations.fmt import format_files
    from reconciler.render.escape import plain
    from reconciler.settings import read_settings

    STATUS.show("Formatting")
    done = format_files(read_settings(Path.cwd()), paths, check=check)
    for file in done.changed:
        console.say(f"{plain(os.path.relpath(file))}\n")
    if found := [*done.errors, *done.notes]:
        console.say_diagnostics(found)
        runner.annotate(found)
    refused = {each.location.file for each in done.errors if each.location}
    console.tell_words(_summary(len(done.changed), done.kept, len(done.notes), len(refused), check))
    if check and done.changed:
        console.tell_words(
            f"To format {'it' if len(done.changed) == 1 else 'them'}:\n  {invocation.spell('fmt', '--', *paths)}\n"
        )
    if done.errors:
        return 1
    return 2 if check and done.changed else 0


def _summary(changed: int, kept: int, unknown: int, refused: int, check: bool) -> str:
    """`2 files formatted, 10 already formatted.`"""
    from reconciler.diagnostics import count

    numbers = {
        "would be formatted" if check else "formatted": changed,
        "already formatted": kept,
        "left unchanged": unknown,
        "skipped because of errors": refused,
    }
    pieces = [f"{count(number, 'file')} {what}" for what, number in numbers.items() if number]
    return f"{', '.join(pieces) or 'No files to format'}.\n"
