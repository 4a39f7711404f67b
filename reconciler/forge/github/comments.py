"""One comment for each pull request, scope, and set of projects, edited in place.

If there are several (two runs at once, a lost answer, two jobs that became one), the oldest is kept, and the others are
deleted if the run covers all that they show.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Final

from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.coverage import COVERED, Coverage
from reconciler.forge.github.event import Event
from reconciler.forge.github.marker import Body, Scope, short_hash
from reconciler.forge.github.posts import RUN, Kept, Posted, Posts
from reconciler.model.values import Json

WRITES: Final = "pull-requests: write"
"""The permission that refusals name, also for reads: a job that may only read cannot comment."""

KIND: Final = "plan"
JOB: Final = "job"
"""The marker's key for a hash of the job, empty if it is not known."""

NAMES: Final = "names"
"""The marker's key for a hash of the names that the plan was narrowed to, empty for all projects."""

Write = Callable[[Sequence[Body]], Body | None]
"""The text to keep, given those that are there, the oldest first. None means that nothing is to be changed."""


def comments_on(client: GithubClient, number: int, *, scope: Scope, author: str, at: datetime, now: datetime) -> Posts:
    """The comments of a pull request. `at` is when the run looked at Scale and git."""
    return Posts(client, f"/issues/{number}/comments", author, at, now, KIND, scope, WRITES)


def of_plan(posts: Posts, event: Event, coverage: Coverage, names: Collection[str] = ()) -> list[Posted]:
    """The comments that a plan replaces: those that show projects of it, else those of the job's earlier runs.

    A comment that shows no project is the same if the job and the `names` are.
    """
    job, asked = job_hash(event), names_hash(names)

    def is_same(posted: Posted) -> bool:
        data = posted.body.data
        return coverage.meets(data) or (data.get(COVERED) == [] and _is_of(data, job, asked))

    def is_earlier(posted: Posted) -> bool:
        data = posted.body.data
        return bool(job) and data.get(JOB) == job and data.get(RUN) != event.run

    ours = posts.ours()
    return list(filter(is_same, ours)) or list(filter(is_earlier, ours))


def of_failure(posts: Posts, event: Event, names: Collection[str]) -> list[Posted]:
    """The comments of a plan that failed: those of the same job for the same names.

    If the names have changed, those of the job's earlier runs for a project that is named now. It is not known what
    else the plan would have covered: a pattern may match anything.
    """
    job, asked = job_hash(event), names_hash(names)
    ours = [posted for posted in posts.ours() if posted.body.data.get(JOB) == job]
    named = Coverage.of(names, complete=not names)
    return [posted for posted in ours if _is_of(posted.body.data, job, asked)] or [
        posted for posted in ours if posted.body.data.get(RUN) != event.run and named.meets(posted.body.data)
    ]


def _is_of(data: Mapping[str, Json], job: str, names: str) -> bool:
    return data.get(JOB) == job and data.get(NAMES, names) == names


def of_outcome(posts: Posts, coverage: Coverage) -> list[Posted]:
    """The comments that an outcome replaces: those that show projects of it, or none at all.

    A job without an ID covers every ID.
    """
    scope = posts.scope
    found = (
        posted
        for posted in posts.found()
        if posted.ours
        and (posted.scope.target, posted.scope.folder) == (scope.target, scope.folder)
        and scope.id in ("", posted.scope.id)
        and (coverage.meets(posted.body.data) or posted.body.data.get(COVERED) == [])
    )
    return sorted(found, key=lambda posted: posted.id)


def names_hash(names: Collection[str]) -> str:
    return short_hash("\n".join(sorted(names))) if names else ""


def job_hash(event: Event) -> str:
    return short_hash(event.job) if event.job else ""


def keep_comment(
    posts: Posts, find: Callable[[Posts], list[Posted]], coverage: Coverage, write: Write
) -> tuple[Kept, str]:
    """Make sure that one comment has what `write` returns, in place of those that `find` finds. Also its address.

    Raises:
        GithubError: it cannot be read or written.
    """
    comments, kept = find(posts), Kept.EDITED
    body = write([comment.body for comment in comments])
    if not comments:
        if body is None:
            return Kept.NONE, ""
        comment = posts.create(body)
        kept, comments = Kept.CREATED, find(posts) or [comment]
        if comments == [comment]:
            return kept, comment.url
        body = write([other.body for other in comments if other != comment]) or body
    first, *others = comments
    if any(map(posts.is_later, comments)):
        return Kept.NEWER, first.url
    if body is None or (first.says(body) and first.scope == posts.scope):
        kept = kept if kept is Kept.CREATED else Kept.UNCHANGED
    else:
        posts.update(f"/issues/comments/{first.id}", body)
    for other in others:
        if coverage.includes(other.body.data):
            posts.client.delete(f"/issues/comments/{other.id}", needs=WRITES)
    return kept, first.url
