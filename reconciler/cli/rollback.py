"""`reconciler rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, invocation, runner

if TYPE_CHECKING:
    from reconciler.operations.rollback import RolledBack
    from reconciler.planning.rollback import Asked
    from reconciler.settings import Settings

_EPILOG = """\b
Examples:
  reconciler rollback kitten_labeling --to-params 6 --target production
  reconciler rollback kitten_labeling --to-params 6 --to-ontology 2
  reconciler rollback 'birds_*' --to-time 2026-11-24T12:00:00Z
  reconciler rollback kitten_labeling --to-params 6 --diff > rollback.patch
"""


@click.command("rollback", epilog=_EPILOG)
@console.names_argument
@console.target_options
@click.option("--to-params", "params", metavar="V", type=click.IntRange(min=0), help="The params version to restore.")
@click.option(
    "--to-ontology", "ontology", metavar="V", type=click.IntRange(min=0), help="The ontology version to restore."
)
@click.option(
    "--to-time",
    "at",
    metavar="TIME",
    help="Restore the versions that were current at TIME: an RFC 3339 time, or a date (its start in UTC).",
)
@console.editing_options
def command(
    names: tuple[str, ...],
    target: str | None,
    endpoint: str | None,
    params: int | None,
    ontology: int | None,
    at: str | None,
    only_diff: bool,
    allow_dirty: bool,
) -> int:
    """Put an old version back into the manifest. Never writes anything to Scale.

    NAME is a project name, and with --to-time also a shell-style pattern, or a manifest path or folder. Shows the
    changes to the manifests and the resulting plan. Prompts on a terminal before it writes.
    """
    from reconciler.operations.editing import check_committed, write
    from reconciler.operations.rollback import rollback

    asked = _asked(names, params, ontology, at)
    session = console.open_session(target, endpoint)
    settings = session.settings
    found = rollback(session, names, asked)
    failed = any(diagnostic.is_error for diagnostic in found.diagnostics)
    if only_diff:
        console.say_patch(found.revision.patch(settings.git_root))
        console.say_diagnostics(found.diagnostics)
        return int(failed)
    if not allow_dirty:
        check_committed(settings, found.revision)
    _show(found, settings)
    runner.annotate(found.diagnostics)
    if not found.revision.files:
        console.say("\nNothing to roll back: the manifests already have these values.\n")
        return int(failed)
    if console.has_person() and not console.approves("Do you want to write these changes to the manifests?"):
        console.say("\nRollback cancelled.\n")
        return 1
    write(settings, found.revision, allow_dirty=allow_dirty)
    console.say_words(_done(found))
    return int(failed)


def _asked(names: tuple[str, ...], params: int | None, ontology: int | None, at: str | None) -> Asked:
    """Raises click.UsageError if the options do not say which versions to restore."""
    from reconciler.planning.rollback import Asked

    if not names:
        raise click.UsageError("name the project to roll back")
    if at is None:
        if params is None and ontology is None:
            raise click.UsageError("use --to-params, --to-ontology, or --to-time")
        return Asked(params, ontology)
    if params is not None or ontology is not None:
        raise click.UsageError(f"--to-time cannot be combined with --to-{'ontology' if params is None else 'params'}")
    return Asked(at=console.read_time("--to-time", at))


def _show(found: RolledBack, settings: Settings) -> None:
    """Show the versions, the edits, and the plan for them."""
    from reconciler.render.escape import quoted
    from reconciler.render.phrases import minute

    console.say_diagnostics(found.diagnostics, in_blocks=True)
    for each in found.projects:
        for part, version in each.versions.items():
            when = f", {minute(version.at)}" if version.at is not None else ""
            console.say(f"Project {quoted(each.project.name)}: {part} version {version.number}{when}\n")
    if found.revision.files:
        console.say("\n")
        console.say_diff(found.revision.diff(settings.cwd))
        console.say("\nThe plan with these changes:\n\n")
    else:
        console.say("\n")
    formats.show("plan", found.plan, "text", settings)


def _done(found: RolledBack) -> str:
    from reconciler.diagnostics import count

    edited = [each for each in found.projects if each.edits]
    units = sum(len(each.edits) for each in edited)
    files = count(len(found.revision.files), "file")
    return (
        f"\nRolled back {count(units, 'value')} of {count(len(edited), 'project')} in {files}.\n"
        "Review the manifests with git diff, and commit them. To apply them:\n"
        f"  {invocation.spell('apply', '--', *(each.project.name for each in edited))}\n"
    )
