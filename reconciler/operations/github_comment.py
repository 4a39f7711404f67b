"""Keep the comments on pull requests: the plan while one is open, the outcome of the apply once it is merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity, warning
from reconciler.documents.plan import plan_document
from reconciler.documents.result import outcome_document
from reconciler.errors import GithubError, GithubForbiddenError, GithubLockedError, GitRefusedError
from reconciler.fieldpath import Pattern
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import JOB, Write, comments_on, job_hash, keep_comment, of_outcome, of_plan
from reconciler.forge.github.coverage import COVERED, MORE, MOST_COVERED, PROJECTS, Coverage, compare_shown, remember
from reconciler.forge.github.event import Event
from reconciler.forge.github.links import links
from reconciler.forge.github.marker import Body, Scope, short_hash
from reconciler.forge.github.posts import RUN, Kept, Posted, Posts
from reconciler.forge.github.pulls import MOST_COMMITS, Merged, merged_pulls, overtaken
from reconciler.git import first_parents, is_shallow
from reconciler.model.invocation import Invocation
from reconciler.model.outcome import Outcome, Status
from reconciler.model.plan import Plan
from reconciler.model.printed import printed
from reconciler.model.values import Json, canonical_json
from reconciler.render.escape import plain
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.markdown.page import lay_out_outcome, lay_out_view
from reconciler.render.markdown.talk import other_branch, scope_words, shown_words
from reconciler.render.view.outcome import view_outcome
from reconciler.render.view.parts import Reader
from reconciler.render.view.plan import view_plan

CONTENT = "content"
"""The marker's key for a hash of the comment's content, without the times in it."""

_TIMES = frozenset({"timestamp", "snapshot", "started_at", "finished_at"})
_APPLIED = "applied"
_KEPT = (PROJECTS, MORE, COVERED, JOB, RUN)
"""What an outcome leaves in the marker of a plan's comment."""

_MARKER = 16_000
"""Characters reserved for the marker. It grows with what it remembers, which is bounded."""

_WORDS = 2_000
"""Characters reserved for the comparison of what was written with what was shown, and for our notes."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, one line each; what else the run should report; and what went wrong.

    If a comment could not be written, `instead` returns its text, limited to a number of characters.
    """

    done: tuple[str, ...] = ()
    notes: tuple[Diagnostic, ...] = ()
    instead: Callable[[int], str] | None = None
    problem: GithubError | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """What texts depend on: `base` (the git top level, where file names start), the time, masks, and the run.

    `folder` is the configuration's, relative to `base`. `id` is what the job calls itself, or else empty. `applied` is
    the branch whose merges are applied, empty if it is not known.
    """

    base: str
    now: datetime
    sensitive: tuple[Pattern, ...] = ()
    invocation: Invocation = field(default_factory=Invocation)
    folder: str = "."
    id: str = ""
    applied: str = ""

    def scope(self, target: str) -> Scope:
        return Scope(target, self.folder, self.id)

    def plan(self, plan: Plan, event: Event, limit: int = LIMIT - _MARKER) -> str:
        text = lay_out_view(view_plan(plan, self.reader(event, event.sha)), limit=limit - _WORDS)
        return with_notes(text, self.notes(plan, event))

    def notes(self, plan: Plan, event: Event) -> list[str]:
        return [*self.scope_line(self.scope(plan.target.name)), *self._elsewhere(event)]

    def outcome(self, outcome: Outcome, event: Event, limit: int = LIMIT - _MARKER - _WORDS) -> str:
        view = view_outcome(outcome, self.reader(event, outcome.commit.commit or event.sha))
        text = lay_out_outcome(view, limit=limit)
        return with_notes(text, [*self.scope_line(self.scope(outcome.target.name))])

    def scope_line(self, scope: Scope) -> Iterator[str]:
        """The scope, if it is more than the target, which the heading has."""
        if scope != Scope(scope.target):
            yield f"For {scope_words(scope.target, scope.folder, scope.id, most=300)}."

    def _elsewhere(self, event: Event) -> Iterator[str]:
        """A note if the pull request does not go into the branch that is applied."""
        applied = self.applied or event.default_branch
        if event.number is not None and applied and event.branch and event.branch != applied:
            yield other_branch(event.branch, applied)

    def reader(self, event: Event, commit: str | None) -> Reader:
        """A reader on GitHub, with links to a commit."""
        to_files = links(event.server, event.repository, commit=commit, base=self.base)
        return Reader(self.base, self.now, to_files, self.sensitive, self.invocation)


def comment_plan(client: GithubClient, event: Event, plan: Plan, writer: Writer) -> Report:
    """Show the plan in the comment of the event's pull request. A plan with nothing to show gets no comment.

    Raises:
        GithubError: the comment cannot be read or written. If only a fork's token forbids it, a note says so instead.
    """
    if event.number is None:
        return Report(notes=(_no_pull_request(event),), instead=partial(writer.plan, plan, event))
    if (why := overtaken(client, event)) != "":
        return Report(done=(f"Pull request #{event.number}: comment unchanged, because {why}.",))
    document = plan_document(printed(plan, base=writer.base, sensitive=writer.sensitive))
    coverage = Coverage.of((change.name for change in plan.changes), complete=plan.complete)
    data = {
        "plan_hash": plan.hash,
        "commit": event.sha,
        CONTENT: _digest(
            [{key: value for key, value in document.items() if key not in _TIMES}, writer.notes(plan, event)]
        ),
        **remember(plan),
        COVERED: coverage.remembered(),
        JOB: job_hash(event),
        RUN: event.run,
    }

    def write(old: Sequence[Body]) -> Body | None:
        if not old and not has_something_to_say(plan):
            return None
        return Body(data, writer.plan(plan, event))

    posts = _posts(client, event.number, writer, plan.target.name, plan.made_at)
    text = partial(writer.plan, plan, event)
    try:
        find = partial(of_plan, event=event, coverage=coverage)
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
    pulls, notes = _pull_requests(client, event, outcome, root)
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


def _outcome_writer(event: Event, outcome: Outcome, writer: Writer, *, alone: bool, fork: bool, fresh: bool) -> Write:
    """`alone` is whether no other pull request was merged, `fresh` whether no earlier run can have commented here."""
    document = outcome_document(printed(outcome, base=writer.base))
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
            CONTENT: _digest(content),
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


def _pull_requests(
    client: GithubClient, event: Event, outcome: Outcome, root: Path
) -> tuple[list[tuple[Merged, bool]], list[Diagnostic]]:
    """The pull requests, each with whether it was merged since the last commit in the record; and notes."""
    if event.number is not None:
        return [(Merged(event.number, event.fork), True)], []
    notes: list[Diagnostic] = []
    tip = outcome.commit.commit or event.after or event.sha
    since: Sequence[str] = ()
    if outcome.previous_commit is not None:
        found = _between(root, outcome.previous_commit, tip)
        if found is None:
            notes.append(_unknown_commit(root, outcome.previous_commit))
        since = found or ()
    pushed: Sequence[str] = [commit for commit in (event.after, *reversed(event.pushed)) if commit]
    if event.before is not None and event.after is not None:
        pushed = _between(root, event.before, event.after) or pushed
    others = [commit for commit in dict.fromkeys(pushed) if commit not in set(since)]
    if len(since) + len(others) > MOST_COMMITS:
        detail = f"Only the pull requests of the newest {MOST_COMMITS} commits get a comment."
        notes.append(warning("many-commits", f"more than {MOST_COMMITS} commits were merged", detail=detail))
    pulls: dict[int, tuple[Merged, bool]] = {}
    for commits, fresh in ((since, True), (others[: max(0, MOST_COMMITS - len(since))], False)):
        for pull in merged_pulls(client, commits, branch=event.branch, fresh=pushed):
            pulls.setdefault(pull.number, (pull, fresh))
    return [pulls[number] for number in sorted(pulls)], notes


def _between(root: Path, since: str, until: str) -> Sequence[str] | None:
    """The newest commits of the first-parent line; None if this clone does not have them."""
    try:
        return first_parents(root, since, until, most=MOST_COMMITS + 1)
    except GitRefusedError:
        return None


def with_notes(text: str, notes: Sequence[str]) -> str:
    """The text with paragraphs after its first line, the heading."""
    heading, _, rest = text.partition("\n")
    return "\n".join([heading, *(f"\n{note}" for note in notes), rest])


def in_words(scope: Scope) -> str:
    """The scope in a line that we print."""
    folder = f" in {plain(scope.folder)}" if scope.folder != "." else ""
    return f"{plain(scope.target)}{folder}{f', {plain(scope.id)}' if scope.id else ''}"


def _posts(
    client: GithubClient, number: int, writer: Writer, target: str, at: datetime, author: str | None = None
) -> Posts:
    author = client.author() if author is None else author
    return comments_on(client, number, scope=writer.scope(target), author=author, at=at, now=writer.now)


def _keep(posts: Posts, number: int, find: Callable[[Posts], list[Posted]], coverage: Coverage, write: Write) -> str:
    kept, url = keep_comment(posts, find, coverage, write)
    where = f" {plain(url)}" if url else ""
    if kept is Kept.NONE:
        return f"Pull request #{number}: nothing to report, so no comment was posted."
    if kept is Kept.NEWER:
        return f"Pull request #{number}: comment unchanged, because a later check updated it.{where}"
    return f"Pull request #{number}: comment {kept}.{where}"


def _locked(problem: GithubLockedError) -> Diagnostic:
    return warning(problem.code, problem.summary, detail=f"{problem.detail} The text is in the job's summary.")


def _fork(number: int) -> Diagnostic:
    return Diagnostic(
        Severity.NOTE,
        "fork",
        f"pull request #{number} comes from a fork",
        detail="A fork's token cannot comment. See the job's summary for the text.",
    )


def _no_pull_request(event: Event) -> Diagnostic:
    what = f"the event {event.name}" if event.name else "this event"
    return Diagnostic(
        Severity.NOTE,
        "no-pull-request",
        f"{what} has no pull request to comment on",
        detail="See the job's summary for the text.",
    )


def _unknown_commit(root: Path, commit: str) -> Diagnostic:
    try:
        shallow = is_shallow(root)
    except GitRefusedError:
        shallow = True
    return warning(
        "shallow-clone" if shallow else "rewritten-history",
        f"the last applied commit {commit[:7]} is not in this clone",
        detail="Only the pull requests of this push get a comment. "
        + (
            "To include earlier ones, check out with fetch-depth: 0."
            if shallow
            else "The branch was rewritten after the last apply. No action is needed."
        ),
    )


def _digest(content: Json) -> str:
    return short_hash(canonical_json(content))
