"""`reconciler init`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console

_EPILOG = """\b
Examples:
  reconciler init
  reconciler init labeling
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
def command(folder: str) -> int:
    """Lay out a new repository: configuration, an example manifest, workflows for GitHub.

    What is there already stays as it is.
    """
    from reconciler.operations.init import lay_out_repository
    from reconciler.render.escape import plain
    from reconciler.render.phrases import word

    done = lay_out_repository(Path(folder))
    lines = [f"  + {plain(name)}\n" for name in done.written]
    lines += [f"    {plain(name)} already exists and is unchanged\n" for name in done.kept]
    console.say("".join(lines))
    if done.written:
        here = folder in (".", "./")
        below = "" if here else f"{plain(folder.rstrip('/'))}/"
        console.say(_NEXT.format(folder=below, cd="" if here else f"cd {word(folder)} && "))
    else:
        console.say("\nNothing to do: every file already exists.\n")
    return 0
