"""`reconciler init`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler init
  reconciler init labeling
  reconciler init --from 'git+https://git.example.org/reconciler.git@COMMIT'      what the jobs install
"""

_NEXT = """
Next:
  1. Copy {folder}projects/_example.yaml to {folder}projects/NAME.yaml and make it yours.
  2. See what would happen, on the sandbox and without a key:
         {cd}reconciler plan
  3. On GitHub, keep the key as the secret SCALE_API_KEY of an environment `production` that only main may use, and put
     the people who approve an apply into an environment `production-approval`.
"""


@click.command("init", epilog=_EPILOG)
@click.argument("folder", metavar="[DIR]", default=".")
@click.option("--from", "source", metavar="REQUIREMENT", help="What the jobs install: an exact version of reconciler.")
def command(folder: str, source: str | None) -> int:
    """Lay out a new repository: configuration, an example manifest, workflows for GitHub.

    What is there already stays as it is. The workflows install the reconciler that is running here, by its commit or
    its hash, or what --from names.
    """
    from reconciler.diagnostics import warning
    from reconciler.operations.init import lay_out_repository
    from reconciler.operations.pin import Pin, own_pin, read_pin
    from reconciler.render.escape import plain
    from reconciler.render.phrases import word

    pin = own_pin() if source is None else read_pin(source)
    done = lay_out_repository(Path(folder), pin)
    lines = [f"  + {plain(name)}\n" for name in done.written]
    lines += [f"    {plain(name)} already exists and is unchanged\n" for name in done.kept]
    console.say("".join(lines))
    if isinstance(pin, Pin):
        console.say(f"\nThe jobs install {plain(pin.short)}\n")
    else:
        console.say_diagnostics([warning("no-jobs", f"no workflow was written: {pin.why}", detail=pin.remedy)])
    if done.written:
        here = folder in (".", "./")
        below = "" if here else f"{plain(folder.rstrip('/'))}/"
        console.say(_NEXT.format(folder=below, cd="" if here else f"cd {word(folder)} && "))
    else:
        console.say("\nNothing to do: every file already exists.\n")
    return 0
