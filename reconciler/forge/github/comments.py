"""One comment for each pull request and target, found by its marker and its author, and edited in place.

If there are several for one target (two runs at once, a lost answer), the oldest is kept and the others are deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from reconciler.errors import GithubError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.creating import create_once
from reconciler.forge.github.marker import Body, read_body, write_body

WRITES: Final = "pull-requests: write"
"""The permission that refusals name, those of reads too: a job that may only read is of no use."""

RUN: Final = "run"
"""The marker's key for the id of the run that wrote it. Ids grow with time (an assumption)."""


class Kept(StrEnum):
    CREATED = "created"
    EDITED = "edited"
    UNCHANGED = "unchanged"
    """It says so already."""
    NOT_MADE = "not made"
    """There is none, and nothing to say."""
    NEWER = "newer"
    """A later run has written it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment or an issue of ours. `number` is an issue's, `url` the page's; `is_open` is for issues alone."""

    id: int
    body: Body
    url: str
    number: int = 0
    is_open: bool = True


Write = Callable[[Body | None], Body | None]
"""The text to keep, given the one that is there (None: none is); None to leave things as they are."""


def keep_comment(
    client: GithubClient, number: int, *, kind: str, target: str, author: str, run: int, write: Write
) -> tuple[Kept, str]:
    """See that the pull request has one comment for the target, and that it says what `write` gives; and its address.

    Raises:
        GithubError: it cannot be read or written.
    """
    thread = f"/issues/{number}/comments"

    def ours() -> list[Posted]:
        found = (posted_by(item, author, kind=kind, target=target) for item in client.list(thread, needs=WRITES))
        return sorted((comment for comment in found if comment is not None), key=lambda comment: comment.id)

    comments, kept = ours(), Kept.UNCHANGED
    if not comments:
        body = write(None)
        if body is None:
            return Kept.NOT_MADE, ""
        text = {"body": write_body(kind, target, with_run(body, run))}

        def create() -> Posted:
            made = posted_by(client.create(thread, text, needs=WRITES), author, kind=kind, target=target, trusted=True)
            if made is None:
                raise GithubError("GitHub made a comment and answers with another text")
            return made

        comment = create_once(create, lambda: next(iter(ours()), None), clock=client.clock)
        kept, comments = Kept.CREATED, ours() or [comment]
        if comments == [comment]:
            return kept, comment.url
    first, *others = comments
    for other in others:
        client.delete(f"/issues/comments/{other.id}", needs=WRITES)
    body = write(first.body)
    if body is None or same(first.body, body):
        return kept, first.url
    if run and is_later(first.body, run):
        return Kept.NEWER, first.url
    text = {"body": write_body(kind, target, with_run(body, run))}
    answer = client.update(f"/issues/comments/{first.id}", text, needs=WRITES)
    check_kept(answer, text["body"])
    return (kept if kept is Kept.CREATED else Kept.EDITED), first.url


def posted_by(item: Mapping[str, Any], author: str, *, kind: str, target: str, trusted: bool = False) -> Posted | None:
    """An item of GitHub's lists as one of ours; None where somebody else wrote it, or it is not for the target.

    `trusted` is for the answer to our own create. A bot's login has `[bot]` in REST, and may not in GraphQL [A].
    """
    user, whole, identity = item.get("user"), item.get("body"), item.get("id")
    if not isinstance(whole, str) or not isinstance(identity, int):
        return None
    login = user.get("login") if isinstance(user, dict) else None
    is_bot = isinstance(user, dict) and user.get("type") == "Bot"
    if not (trusted or login == author or (is_bot and login == f"{author}[bot]")):
        return None
    body = read_body(kind, target, whole)
    if body is None:
        return None
    url, number = item.get("html_url"), item.get("number")
    return Posted(
        identity,
        body,
        url if isinstance(url, str) else "",
        number if isinstance(number, int) else 0,
        item.get("state", "open") == "open",
    )


def same(old: Body, new: Body) -> bool:
    """Whether the old text says what the new one would: by what the marker remembers, the times in it aside."""
    return old.intact and {**old.data, RUN: None} == {**new.data, RUN: None}


def with_run(body: Body, run: int) -> Body:
    return Body({**body.data, RUN: run}, body.text)


def is_later(body: Body, run: int) -> bool:
    """Whether a later run wrote that."""
    written = body.data.get(RUN)
    return body.intact and isinstance(written, int) and written > run


def check_kept(answer: Mapping[str, Any], sent: str) -> None:
    """An update above the limit answers 200 and keeps the old body ([P], github.md, section 5).

    Raises:
        GithubError: the answer's first line, the marker, is another one.
    """
    body = answer.get("body")
    if not isinstance(body, str) or body.split("\n", 1)[0].rstrip() != sent.split("\n", 1)[0]:
        raise GithubError("GitHub answered the update and kept the old text", "Nothing to do here: run the job again.")
