"""`reconciler github`: keeps a comment, a drift issue, and a pull request that adopts drift up to date, from a job."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli import console, runner
from reconciler.cli.help import Group

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError
    from reconciler.forge.github.client import GithubClient
    from reconciler.forge.github.event import Event
    from reconciler.operations.github_writer import Report, Writer
    from reconciler.settings import Settings

_EPILOG = """\b
Examples, for a step of a GitHub Actions job with GITHUB_TOKEN in its env:
  reconciler github comment --plan changes.plan        on pull_request; needs pull-requests: write
  reconciler github comment --result result.json       after the merge, on push; needs the same permission
  reconciler github drift-issue --drift drift.json     on a schedule; needs issues: write
  reconciler github adopt-pull-request                 on a schedule; needs an App's token
"""


@click.group("github", cls=Group, epilog=_EPILOG)
def command() -> None:
    """Update a comment, an issue, or a pull request on GitHub.

    They are the comment with a plan, the drift issue, and the pull request that adopts drift.
    """


_ID = click.option(
    "--id",
    "job",
    metavar="NAME",
    default="",
    help="A name for this job. Needed if other jobs cover the same folder and target.",
)


@command.command("comment")
@click.option(
    "--plan",
    "planfile",
    metavar="FILE",
    help="The file that plan --out saved. If the plan failed, the JSON file that --report wrote.",
)
@click.option("--result", metavar="FILE", help="The file that apply --result wrote.")
@_ID
@click.option(
    "--branch",
    metavar="NAME",
    default="",
    help="The branch that is applied after a merge. Default: the default branch.",
)
@click.option("--page", metavar="URL", default="", help="The URL of the plan's page, which the comment links to.")
@click.option("--page-days", metavar="N", type=click.IntRange(1), help="The number of days that the page is kept.")
def comment(planfile: str | None, result: str | None, job: str, branch: str, page: str, page_days: int | None) -> int:
    """Show a plan, or the outcome of an apply, in a comment on the pull request.

    There is one comment for each pull request, configuration folder, and target. If several jobs share these, each set
    of projects or --id has its own comment. A comment is edited in place. A plan with nothing to report gets no
    comment. If a plan failed, the comment shows the errors. The repository, pull request, and token come from GitHub's
    variables and event file.
    """
    from reconciler.documents.result import read_result_file
    from reconciler.documents.savedplan import read_reported_plan
    from reconciler.operations.github_comment import comment_outcome, comment_plan

    settings, event, writer, problem = _set_up(job, branch)
    if planfile is not None and result is None:
        plan = read_reported_plan(Path(planfile), base=settings.git_root)
        if problem is not None and not plan.failed:
            raise problem
        with _connected(event) as client:
            report = comment_plan(client, event, plan, replace(writer, page=page, page_days=page_days))
        shown = plan.hash
    elif result is not None and planfile is None:
        if problem is not None:
            raise problem
        outcome = read_result_file(Path(result), base=settings.git_root)
        with _connected(event) as client:
            report = comment_outcome(client, event, outcome, writer, root=settings.git_root)
        shown = outcome.plan_hash
    else:
        raise click.UsageError("use either --plan FILE or --result FILE")
    return _tell(report, settings, is_shown=os.environ.get("RECONCILER_SUMMARIZED", "") == shown != "")


@command.command("drift-issue")
@click.option(
    "--drift", "driftfile", metavar="FILE", required=True, help="The file with the output of drift --format json."
)
@_ID
def drift_issue(driftfile: str, job: str) -> int:
    """Open, update, and close the drift issue of a target and configuration folder.

    If the drift check failed, the issue is not changed, and the exit code is 1.
    """
    from reconciler.documents.drift import read_drift_file
    from reconciler.operations.github_drift import keep_drift_issue

    settings, event, writer, problem = _set_up(job)
    if problem is not None:
        raise problem
    drift = read_drift_file(Path(driftfile), base=settings.git_root)
    with _connected(event) as client:
        report = keep_drift_issue(client, event, drift, writer)
    return _tell(report, settings)


@command.command("adopt-pull-request")
@console.target_options
@_ID
@click.option(
    "--base",
    metavar="BRANCH",
    default="",
    help="The branch to open the pull request for. Default: the branch that the job runs on.",
)
def adopt_pull_request(target: str | None, endpoint: str | None, job: str, base: str) -> int:
    """Open, update, and close a pull request that writes drift of a target into the manifests.

    The pull request contains what adopt writes without a terminal. Its branch is never force-pushed, and is not updated
    once a person has committed to it. Set GITHUB_TOKEN to the token of a GitHub App with contents: write and
    pull-requests: write, because GitHub runs no checks on commits that a job's own token pushes. The checkout is not
    changed.
    """
    from reconciler.operations.github_adopt import keep_adoption

    settings, event, writer, problem = _set_up(job)
    if problem is not None:
        raise problem
    session = console.open_session(target, endpoint, settings)
    with _connected(event) as client:
        report = keep_adoption(client, event, session, writer, base=base)
    _tell(report, settings)
    return int(any(note.is_error for note in report.notes))


@command.command("changes")
@click.option("--target", metavar="NAME", help="The target whose overlay a plan reads (or set RECONCILER_TARGET).")
def changes(target: str | None) -> int:
    """Set the step's output `apply` to whether a push changed anything that a plan reads: true or false.

    The output is also true if this cannot be determined, or if the run was started by hand. Needs no key or token.
    """
    from reconciler.forge.github.event import read_push
    from reconciler.operations.changes import look_for_changes
    from reconciler.settings import choose_target, read_settings

    settings = read_settings(Path.cwd())
    chosen = choose_target(settings, name=target, endpoint=None, environment=os.environ, offline=True)
    found = look_for_changes(settings, chosen, read_push(os.environ))
    console.say_words(f"{found.why}\n")
    console.say_diagnostics(found.causes)
    runner.put_out({"apply": "true" if found.found else "false"})
    return 0


def _set_up(job: str, branch: str = "") -> tuple[Settings, Event, Writer, ReconcilerError | None]:
    """Also what is wrong with the configuration, which does not matter to a plan that failed because of it."""
    from datetime import UTC, datetime

    from reconciler.cli import invocation
    from reconciler.errors import ReconcilerError
    from reconciler.forge.github.event import read_event
    from reconciler.operations.github_writer import Writer
    from reconciler.settings import read_settings, unread_settings

    problem = None
    try:
        settings = read_settings(Path.cwd())
    except ReconcilerError as found:
        problem = found
        settings = unread_settings(Path.cwd(), found)
    folder = settings.repo_root.relative_to(settings.git_root).as_posix()
    base = settings.git_root.as_posix()
    writer = Writer(base, datetime.now(UTC), settings.sensitive, invocation.current(), folder, job, branch)
    return settings, read_event(os.environ), writer, problem


def _connected(event: Event) -> GithubClient:
    from reconciler.forge.github.client import GithubClient

    return GithubClient(event, waiting=partial(console.tell_waiting, why="GitHub's rate limit has been reached"))


def _tell(report: Report, settings: Settings, *, is_shown: bool = False) -> int:
    """Print what was done. `is_shown` is whether an earlier step of the job put the same into the job's summary."""
    from reconciler.render.markdown.fitting import LIMIT

    for line in report.done:
        console.say_words(f"{line}\n")
    console.say_diagnostics(report.notes)
    runner.annotate(report.notes, base=settings.git_root.as_posix())
    if report.instead is not None and not is_shown and not runner.summarize(report.instead):
        console.say(report.instead(LIMIT))
    if report.problem is not None:
        raise report.problem
    return 0
