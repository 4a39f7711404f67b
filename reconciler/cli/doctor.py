"""`reconciler doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats, invocation

if TYPE_CHECKING:
    from collections.abc import Sequence


_EPILOG = """\b
Examples:
  reconciler doctor
  reconciler doctor --target production
  reconciler doctor --target production --assumptions             only reads
  reconciler doctor --target production --assumptions --write     with a test key: creates one project
"""


@click.command("doctor", epilog=_EPILOG)
@console.target_options
@click.option("--assumptions", is_flag=True, help="Check which assumptions about the API hold on this account.")
@click.option(
    "--write",
    is_flag=True,
    help="With --assumptions and a test key: create one project to check the remaining assumptions.",
)
@click.option("--auto-approve", is_flag=True, help="With --write: do not ask for approval.")
@formats.format_option("doctor")
def command(
    target: str | None, endpoint: str | None, assumptions: bool, write: bool, auto_approve: bool, output: str
) -> int:
    """Check the setup, and show how to fix each problem.

    Checks Python, git, configuration, manifests, key, endpoint, clock, permissions, record, and workflows. Writes
    nothing without --write.
    """
    import os

    from reconciler.diagnostics import Remedy
    from reconciler.doctor.report import check_may_make, doctor
    from reconciler.doctor.setup import read_setup
    from reconciler.errors import UsageError
    from reconciler.model.doctor import CheckStatus
    from reconciler.model.rebuilding import with_commands

    if write and not assumptions:
        raise click.UsageError("--write requires --assumptions")
    if auto_approve and not write:
        raise click.UsageError("--auto-approve requires --write")
    setup = read_setup(Path.cwd(), target=target, endpoint=endpoint, environment=os.environ)
    if write and setup.target is not None:
        check_may_make(setup)
        if not auto_approve and not console.has_person():
            raise UsageError(
                "doctor --write needs approval, but there is no terminal to prompt in",
                "Nothing was sent.",
                remedies=[
                    Remedy(
                        "To create the project without a prompt:",
                        ("doctor", "--assumptions", "--write", "--auto-approve"),
                    )
                ],
            )

    def approve(name: str, rest: Sequence[str]) -> bool:
        from reconciler.model.project import PERMANENT
        from reconciler.render.escape import plain

        console.tell_words(
            f"Reads cannot check {', '.join(rest)}. To check them, doctor creates one project: {name}.\n{PERMANENT}\n"
        )
        return auto_approve or console.approves(
            f'Do you want to create this project on the target "{plain(setup.chosen.name)}"?'
        )

    report = doctor(setup, assumptions=assumptions, approve=approve if write else None, waiting=console.tell_waiting)
    report = with_commands(report, invocation.spell)
    form = formats.named(output)
    if form.document:
        console.say_json(form.layout("doctor")(report))
    else:
        console.say(form.layout("doctor")(report, **console.look(sys.stdout)))
    return int(report.count(CheckStatus.ERROR) > 0)
