"""Keep the comments on pull requests: the plan while one is open, the outcome of the apply once it is merged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, warning
from reconciler.documents.plan import PlanShape, is_equal
from reconciler.errors import GithubError, GithubForbiddenError, GithubLockedError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import (
    JOB,
    NAMES,
    Write,
    comments_on,
    job_hash,
    keep_comment,
    names_hash,
    of_failure,
    of_outcome,
    of_plan,
)
from reconciler.forge.github.coverage import COVERED, MORE, MOST_COVERED, PROJECTS, Coverage, compare_shown, remember
from reconciler.forge.github.event import Event
from reconciler.forge.github.marker import Body
from reconciler.forge.github.posts import RUN, Posted, Posts
from reconciler.forge.github.pulls import overtaken
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.printed import printed
from reconciler.model.values import Json
from reconciler.operations.github_pulls import pull_requests_of
from reconciler.operations.github_writer import CONTENT, Report, Writer, digest, said
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.markdown.talk import folded, shown_words, unfolded

_TIMES = frozenset({"timestamp", "snapshot", "started_at", "finished_at"})
_APPLIED = "applied"
_KEPT = (PROJECTS, MORE, COVERED, JOB, RUN)
"""What an outcome leaves in the marker of a plan's comment."""

_FORMER: Final = "former"
"""The marker's key for the commit of the plan that a failure folds away, empty if there was none. Only of failures."""

_FAILURE_MARKER: Final = 5_000
"""Characters reserved for the marker of a failure, which does not remember what was shown."""


def comment_plan(client: GithubClient, event: Event, plan: Plan, writer: Writer) -> Report:
    """Show the plan in the comment of the event's pull request. A plan with nothing to show gets no comment.

    If it failed, the comment says so, and folds the plan of an earlier commit away.

    Raises:
        GithubError: the comment cannot be read or written. If only a fork's token forbids it, a note says so instead.
    """
    text = partial(writer.failure if plan.failed else writer.plan, plan, event)
    if event.number is None:
        return Report(notes=(_no_pull_request(event),), instead=text)
    if (why := overtaken(client, event)) != "":
        return Report(done=(f"Pull request #{event.number}: comment unchanged, because {why}.",))
    shown = replace(
        plan, changes=tuple(change for change in plan.changes if not is_equal(change) or change.diagnostics)
    )
    document = PlanShape.document(printed(shown, base=writer.base, sensitive=writer.sensitive))
    content = {key: value for key, value in document.items() if key not in _TIMES}
    names = [change.name for change in plan.changes]
    data: dict[str, Json] = {
        "plan_hash": plan.hash,
        "commit": event.sha,
        CONTENT: digest([content, names, writer.notes(plan, event)]),
        JOB: job_hash(event),
        NAMES: names_hash(plan.names),
        RUN: event.run,
    }
    coverage = Coverage.of(names, complete=plan.complete)
    find = partial(of_plan, event=event, coverage=coverage, names=plan.names)
    if plan.failed:
        find, write = partial(of_failure, event=event, names=plan.names), _failure_writer(data, text())
    else:
        write = _plan_writer(data | remember(plan) | {COVERED: coverage.remembered()}, plan, text)
    posts = _posts(client, event.number, writer, plan.target.name, plan.made_at)
    try:
        return Report(done=(_keep(posts, event.number, find, coverage, write),))
    except GithubLockedError as locked:
        return Report(notes=(_locked(locked),), instead=text)
    except GithubForbiddenError:
        if not event.fork:
            raise
        return Report(notes=(_fork(event.number),), instead=text)


def comment_outcome(client: GithubClient, event: Event, outcome: Outcome, writer: Writer, *, root: Path) -> Report:
    """Show the outcome in the comments of the merged pull requests: the event's own, or all in a push.

    The pull requests in a push belong to its commits, or to any commit since the last one in the record, so that the
    pull requests of a dropped run are included. If one comment fails, the others are still written, and the report has
    the first error.

    Raises:
        GithubError: the pull requests cannot be found.
    """
    pulls, notes = pull_requests_of(client, event, outcome, root)
    text = partial(writer.outcome, outcome, event)
    if not pulls:
        return Report(notes=(*notes, _no_pull_request(event)), instead=text)
    author, done = client.author(), list[str]()
    coverage = Coverage.of(project.name for project in outcome.projects)
    find = partial(of_outcome, coverage=coverage)
    instead: Callable[[int], str] | None = None
    problem: GithubError | None = None
    for merged, fresh in pulls:
        write = _outcome_writer(event, outcome, writer, alone=len(pulls) == 1, fork=merged.fork, fresh=fresh)
        try:
            posts = _posts(
                client, merged.number, writer, outcome.target.name, outcome.finished_at or outcome.started_at, author
            )
            done.append(_keep(posts, merged.number, find, coverage, write))
        except GithubLockedError as locked:
            notes.append(_locked(locked))
            instead = text
        except GithubForbiddenError as forbidden:
            instead = text
            if event.fork:
                notes.append(_fork(merged.number))
            else:
                problem = problem or forbidden
        except GithubError as other:
            problem = problem or other
    return Report(tuple(done), tuple(notes), instead, problem)


def has_something_to_say(plan: Plan) -> bool:
    """Whether the plan is worth a comment: a change, something held or blocked, or a finding in a manifest."""
    summary = plan.summary
    if summary.add or summary.change or summary.forget or summary.held or summary.blocked or summary.protected:
        return True
    found = [*plan.diagnostics, *(diagnostic for change in plan.changes for diagnostic in change.diagnostics)]
    return any(
        diagnostic.is_error or (diagnostic.severity is Severity.WARNING and diagnostic.location is not None)
        for diagnostic in found
    )


def _plan_writer(data: Mapping[str, Json], plan: Plan, text: Callable[[], str]) -> Write:
    def write(old: Sequence[Body]) -> Body | None:
        if not old and not has_something_to_say(plan):
            return None
        return Body(data, text())

    return write


def _failure_writer(data: Mapping[str, Json], text: str) -> Write:
    """A failure covers what the former plan covers, so that a later plan or outcome finds its comment."""

    def write(old: Sequence[Body]) -> Body:
        former, commit = "", ""
        if old and old[0].intact:
            failed = old[0].data.get(_FORMER)
            former = old[0].text if failed is None else unfolded(old[0].text)
            commit = str(failed if failed is not None else old[0].data.get("commit"))
        remembered = _together([body.data for body in old])
        covered = remembered.get(COVERED) if old else []
        fold = folded(former, commit[:7], limit=LIMIT - _FAILURE_MARKER - len(text)) if former else ""
        return Body({**data, COVERED: covered, _FORMER: commit}, f"{text}{fold}")

    return write


def _outcome_writer(event: Event, outcome: Outcome, writer: Writer, *, alone: bool, fork: bool, fresh: bool) -> Write:
    """`alone` is whether no other pull request was merged, `fresh` whether no earlier run can have commented here."""
    from reconciler.documents.result import ResultShape

    document = ResultShape.document(printed(outcome, base=writer.base))
    content = {key: value for key, value in document.items() if key not in _TIMES}
    quiet = outcome.summary.complete and all(project.status is Status.UNCHANGED for project in outcome.projects)

    def write(old: Sequence[Body]) -> Body | None:
        # A pull request without a comment had nothing to show in its plan, so what was written can only be its own if
        # no other one was merged. A fork's pull request never had a comment.
        if not old and (quiet or not (alone or fork)):
            return None
        if old and quiet and not fresh and all(_APPLIED in body.data for body in old):
            return None
        remembered = _together([body.data for body in old])
        text = writer.outcome(outcome, event)
        words = shown_words(compare_shown(remembered, outcome))
        data = {
            "plan_hash": remembered.get("plan_hash", outcome.plan_hash),
            "commit": remembered.get("commit", outcome.commit.commit),
            CONTENT: digest(content),
            COVERED: Coverage.of(project.name for project in outcome.projects).remembered(),
            **{key: remembered[key] for key in _KEPT if key in remembered},
            _APPLIED: outcome.plan_hash,
        }
        return Body(data, f"{text}\n{words}\n" if words else text)

    return write


def _together(remembered: Sequence[Mapping[str, Json]]) -> dict[str, Json]:
    """What the markers of several comments remember: the first one's values, and the projects of all."""
    together = dict(remembered[0]) if remembered else {}
    for other in remembered[1:]:
        shown = other.get(PROJECTS)
        if isinstance(shown, dict) and isinstance(together.get(PROJECTS), dict):
            together[PROJECTS] = {**together[PROJECTS], **shown}
            together[MORE] = (together.get(MORE) or 0) + (other.get(MORE) or 0)
        if isinstance(together.get(COVERED), list):
            more = other.get(COVERED)
            together[COVERED] = sorted({*together[COVERED], *more})[:MOST_COVERED] if isinstance(more, list) else None
    return together


def _posts(
    client: GithubClient, number: int, writer: Writer, target: str, at: datetime, author: str | None = None
) -> Posts:
    author = client.author() if author is None else author
    return comments_on(client, number, scope=writer.scope(target), author=author, at=at, now=writer.now)


def _keep(posts: Posts, number: int, find: Callable[[Posts], list[Posted]], coverage: Coverage, write: Write) -> str:
    kept, url = keep_comment(posts, find, coverage, write)
    pull = f"Pull request #{number}:"
    return said(f"{pull} comment", kept, url, none=f"{pull} nothing to report, so no comment was posted.")


def _locked(problem: GithubLockedError) -> Diagnostic:
    return warning(problem.code, problem.summary, detail=f"{problem.detail} The text is in the job's summary.")


def _fork(number: int) -> Diagnostic:
    return Diagnostic(
        Severity.NOTE,
        "fork",
        f"pull request #{number} comes from a fork",
        detail="The token of a job for a fork cannot write comments. See the job's summary for the text.",
    )


def _no_pull_request(event: Event) -> Diagnostic:
    what = f"the event {event.name}" if event.name else "this event"
    return Diagnostic(
        Severity.NOTE,
        "no-pull-request",
        f"{what} has no pull request to comment on",
        detail="See the job's summary for the text.",
    )
