"""`reconciler init`."""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli import console, invocation

_EPILOG = """\b
Examples:
  reconciler init
  reconciler init labeling
  reconciler init --from 'git+https://git.example.org/reconciler.git@COMMIT'      what the jobs install
"""

_NEXT = """
Next:
  1. Write a manifest, which every other step needs: copy {example} to
     NAME.yaml in the same folder, and edit it.{offer}
  2. Show the plan on the sandbox, which needs no key:
         {cd}reconciler plan
"""

_OFFER = """
     To write manifests for the projects in your account, set SCALE_API_KEY to its key, then run:
         {cd}reconciler import --all --target production"""

_ON_GITHUB = """\
  3. On GitHub, store the key as the secret SCALE_API_KEY in an environment named `production` that only
     `{branch}` can use.
     Add the people who approve applies as required reviewers of an environment named `production-approval`.
  4. Commit everything, and push it to `{branch}`.
"""

_ENTERPRISE = """
{host} appears to be a GitHub Enterprise Server. The workflows run on self-hosted runners, without two features:
  - `queue: max`, which keeps every waiting apply. If GitHub drops one, the next apply includes its changes.
  - The artifact with a plan's page, because newer artifact actions do not run there. The job's log has the plan.
"""


_LOCAL = "only a runner on this machine can install this version of reconciler"
_LOCAL_DETAIL = """\
For other runners, delete .github/actions/reconciler, run init again, and specify a source that they can reach. """


@click.command("init", epilog=_EPILOG)
@click.argument("folder", metavar="[DIR]", required=False)
@click.option("--from", "source", metavar="REQUIREMENT", help="What the jobs install: an exact version of reconciler.")
def command(folder: str | None, source: str | None) -> int:
    """Lay out a repository, with workflows for GitHub.

    Also writes a configuration and an example manifest. Never changes existing files. The new files use the configured
    manifest folder, the branch, and the top of the repository. The workflows install what --from specifies, or by
    default the running reconciler, pinned by its commit or hash.
    """
    import os

    from reconciler.diagnostics import warning
    from reconciler.operations.init import has_action, lay_out_repository
    from reconciler.operations.pin import FORMS, Pin, Unpinned, own_pin, read_pin
    from reconciler.render.escape import plain
    from reconciler.render.phrases import word

    place, named = Path(folder or "."), folder is not None
    pin: Pin | Unpinned | None = None
    if source is not None:
        pin = read_pin(source)
    elif not has_action(place, named=named):
        pin = own_pin()
    done = lay_out_repository(place, pin, named=named)
    found = done.surroundings
    lines = [f"  + {plain(name)}\n" for name in done.written]
    lines += [f"    {plain(name)} already exists and is unchanged\n" for name in done.kept]
    console.say_words("".join(lines))
    if not isinstance(pin, Unpinned):
        guess = " (a guess, because git does not name a branch)" if found.guessed else ""
        console.say_words(f"\nThe jobs apply changes that are merged into {plain(found.branch)}{guess}.\n")
        if done.had_action:
            console.say_words(
                "The jobs install what .github/actions/reconciler specifies. To install something else, delete that "
                "folder, then run init again.\n"
            )
        elif pin is not None:
            console.say_words(f"The jobs install {plain(pin.short)}\n")
            if pin.is_local:
                console.say_diagnostics([warning("local-source", _LOCAL, detail=_LOCAL_DETAIL + FORMS)])
        if found.enterprise:
            console.say_words(_ENTERPRISE.format(host=plain(found.enterprise)))
    else:
        no_jobs = warning("no-jobs", f"no workflow was written: {pin.why}", detail=pin.remedy)
        console.say_diagnostics([no_jobs, *pin.causes])
    if not done.written:
        console.say_words("\nNothing to do: every file already exists.\n")
        return 0
    here = os.path.normpath(os.path.join(invocation.current().folder or ".", os.path.relpath(found.root)))
    example = os.path.normpath(os.path.join(here, found.manifests, "_example.yaml"))
    cd = "" if here == "." else f"cd {word(here)} && "
    offer = _OFFER.format(cd=cd) if not done.has_manifests else ""
    console.say_words(_NEXT.format(example=plain(example), cd=cd, offer=offer))
    if not isinstance(pin, Unpinned):
        console.say_words(_ON_GITHUB.format(branch=plain(found.branch)))
    return 0
