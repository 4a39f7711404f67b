"""One comment for each pull request and target, edited in place.

If there are several for one target (two runs at once, a lost answer), the oldest is kept and the others are deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.marker import Body
from reconciler.forge.github.posts import Kept, Posts

WRITES: Final = "pull-requests: write"
"""The permission that refusals name, also for reads: a job that may only read cannot comment."""

Write = Callable[[Body | None], Body | None]
"""Returns the text that the comment should have, given its current text (None if there is no comment). None means no
change."""


def keep_comment(
    client: GithubClient, number: int, *, kind: str, target: str, author: str, run: int, write: Write
) -> tuple[Kept, str]:
    """Make sure that the pull request has one comment for the target, with the text that `write` returns. Returns what
    was done and the comment's address.

    Raises:
        GithubError: it cannot be read or written.
    """
    posts = Posts(client, f"/issues/{number}/comments", author, run, kind, target, needs=WRITES)
    comments, kept = posts.ours(), Kept.UNCHANGED
    if not comments:
        body = write(None)
        if body is None:
            return Kept.NONE, ""
        comment = posts.create(body)
        kept, comments = Kept.CREATED, posts.ours() or [comment]
        if comments == [comment]:
            return kept, comment.url
    first, *others = comments
    for other in others:
        client.delete(f"/issues/comments/{other.id}", needs=WRITES)
    body = write(first.body)
    if body is None or first.says(body):
        return kept, first.url
    if first.is_later(run):
        return Kept.NEWER, first.url
    posts.update(f"/issues/comments/{first.id}", body)
    return (kept if kept is Kept.CREATED else Kept.EDITED), first.url
