"""`reconciler history`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import click

from reconciler.cli import console, formats

if TYPE_CHECKING:
    from reconciler.model.history import History, Range, Relabel

_EPILOG = """\b
Examples:
  reconciler history kitten_labeling --target production
  reconciler history kitten_labeling --diff 6.. --format html > changes.html
  reconciler history kitten_labeling --diff ontology:1..3
  reconciler history kitten_labeling --relabel 0.. --format csv
  reconciler history kitten_labeling --at 2026-11-24T12:00:00Z --format json
"""


@click.command("history", epilog=_EPILOG)
@click.argument("name", metavar="NAME")
@console.target_options
@click.option(
    "--diff",
    "compared",
    metavar="A..B",
    help="Show what changed between params versions A and B. A.. ends at the latest. For the ontology: ontology:A..B.",
)
@click.option(
    "--at",
    metavar="TIME",
    help="Show the project as it was at TIME: an RFC 3339 time, or a date (its start in UTC).",
)
@click.option(
    "--relabel",
    "relabeled",
    metavar="A..B",
    help="List the choices that were renamed between two versions of the ontology. For labels in params: params:A..B.",
)
@formats.format_option("history", "relabel")
@console.full_option
def command(
    name: str,
    target: str | None,
    endpoint: str | None,
    compared: str | None,
    at: str | None,
    relabeled: str | None,
    output: str,
) -> int:
    """Show every version of a project's params and ontology.

    For each version, shows the time, the changes, and the commit and apply that created it. A version that no apply
    created was created on Scale, or is older than the record. Never writes anything.
    """
    from reconciler.operations.history import history, relabel

    subject: Literal["history", "relabel"] = "history" if relabeled is None else "relabel"
    given = [
        name for name, value in (("--diff", compared), ("--at", at), ("--relabel", relabeled)) if value is not None
    ]
    if len(given) > 1:
        raise click.UsageError(f"{given[0]} cannot be combined with {given[1]}")
    if subject not in formats.named(output).layouts:
        conflict = "cannot be combined with" if relabeled is not None else "requires"
        raise click.UsageError(f"--format {output} {conflict} --relabel")
    versions = _range(given[0], compared or relabeled) if given else None
    moment = console.read_time("--at", at) if at is not None else None
    session = console.open_session(target, endpoint)
    found: History | Relabel
    if relabeled is not None and versions is not None:
        found = relabel(session, name, versions)
    else:
        found = history(session, name, compared=versions, at=moment)
    formats.show(subject, found, output, session.settings)
    return 0


def _range(option: str, text: str | None) -> Range | None:
    """The versions that an option names. Raises click.UsageError if it names none."""
    from reconciler.model.history import Range

    found = Range.of(text) if text is not None else None
    if text is not None and found is None:
        raise click.UsageError(f"{option} {text}: use A..B, or A.. for the latest version")
    return found
