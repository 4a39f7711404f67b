"""`reconciler doctor`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, formats

if TYPE_CHECKING:
    from reconciler.model.doctor import Check, Finding
    from reconciler.operations.evidence import Made, Seen
    from reconciler.settings import Target

_EPILOG = """\b
Examples:
  reconciler doctor
  reconciler doctor --target production
  reconciler doctor --target production --assumptions             by reads alone
  reconciler doctor --target production --assumptions --write     with a test key: makes one project
"""

_QUESTION = """
Do you want to make it on the target "{name}"?
  Only "yes" is accepted to approve.

  Enter a value: """


@click.command("doctor", epilog=_EPILOG)
@console.target_options
@click.option("--assumptions", is_flag=True, help="Say which assumptions about the API this account bears out.")
@click.option("--write", is_flag=True, help="With --assumptions and a test key: make one project for the rest.")
@click.option("--auto-approve", is_flag=True, help="With --write: do not ask.")
@formats.format_option("doctor")
def command(
    target: str | None, endpoint: str | None, assumptions: bool, write: bool, auto_approve: bool, output: str
) -> int:
    """Check the set-up, with a remedy for what is wrong.

    Python, git, configuration, manifests, key, endpoint, clock, permissions and record. Writes nothing without --write.
    """
    import os
    from datetime import UTC, datetime

    from reconciler.errors import UsageError
    from reconciler.model.doctor import CheckStatus, Report
    from reconciler.operations.assumptions import judge, undecided
    from reconciler.operations.doctor import examine, read_setup
    from reconciler.operations.probing import check_may_write

    if write and not assumptions:
        raise click.UsageError("--write goes with --assumptions")
    if auto_approve and not write:
        raise click.UsageError("--auto-approve goes with --write")
    setup = read_setup(Path.cwd(), name=target, endpoint=endpoint, environment=os.environ)
    if write and setup.target is not None:
        check_may_write(setup.target, os.environ)
        if not auto_approve and not console.has_person():
            raise UsageError(
                "doctor --write asks before it makes a project, and there is no terminal to ask on",
                "Nothing was sent. Where nobody can be asked, say --auto-approve.",
            )
    found = examine(
        setup,
        os.environ,
        folder=Path.cwd(),
        now=lambda: datetime.now(UTC),
        assumptions=assumptions,
        waiting=console.tell_waiting,
    )
    checks = found.checks
    findings: tuple[Finding, ...] = ()
    if found.seen is not None:
        findings = judge(found.seen)
        if write:
            assert setup.target is not None  # something was seen there
            check, made = _make(setup.target, found.seen, auto_approve=auto_approve)
            checks, findings = (*checks, check), judge(found.seen, made)
    report = Report(
        target=setup.target.name if setup.target else target or "",
        endpoint=setup.target.endpoint if setup.target else endpoint or "",
        checks=checks,
        findings=findings,
        hint="" if write else _hint(len(undecided(findings))),
    )
    form = formats.named(output)
    if form.document:
        console.say_json(form.layout("doctor")(report))
    else:
        console.say(form.layout("doctor")(report, colour=console.in_colour(sys.stdout)))
    return int(report.count(CheckStatus.ERROR) > 0)


def _hint(number: int) -> str:
    if not number:
        return ""
    return (
        f"{number} of these can be tried: reconciler doctor --assumptions --write makes one project, which stays for "
        "ever. It takes a test key, or the sandbox."
    )


def _make(target: Target, seen: Seen, *, auto_approve: bool) -> tuple[Check, Made | None]:
    """The project for what reads did not decide, after asking; what became of it, and what it showed."""
    import asyncio
    import os
    from datetime import UTC, datetime

    from reconciler.model.doctor import Check, CheckStatus
    from reconciler.operations.assumptions import judge, undecided
    from reconciler.operations.probing import Attempt, make_project, project_name
    from reconciler.operations.targets import open_target
    from reconciler.render.escape import plain
    from reconciler.render.view.plan import FOREVER

    async def attempt() -> Attempt:
        async with open_target(target, os.environ, waiting=console.tell_waiting) as client:
            return await make_project(client, name, seen.listed)

    rest = undecided(judge(seen))
    if not rest:
        found = "No project was made: reads decide all that it could."
        return Check("project", CheckStatus.OK, found), None
    name = project_name(datetime.now(UTC))
    console.tell(f"Reads do not decide {', '.join(rest)}. It takes one project, {name}.\n{FOREVER}\n")
    if not auto_approve and not console.confirm(_QUESTION.format(name=plain(target.name))):
        declined = "No project was made: it was declined."
        return Check("project", CheckStatus.SKIPPED, declined, "Approve it, or leave --write out."), None
    done = asyncio.run(attempt())
    if done.problem is None:
        return Check("project", CheckStatus.OK, f"Made {name}. {FOREVER}"), done.made
    exists = f"The project {name} was made, and stays." if done.exists else ""
    remedy = "\n".join(filter(None, (done.problem.detail, exists, "No other write was sent.")))
    return Check("project", CheckStatus.ERROR, f"{done.problem.summary}.", remedy), done.made
