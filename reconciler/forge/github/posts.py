"""Our comments and issues: found by a marker and an author, created once, and updated in place.

An author is ours if it is the login that the job's token writes as, or `github-actions[bot]`, which a
job has before it gets a token of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Severity, warning
from reconciler.errors import GithubError, GithubUnavailableError
from reconciler.forge.github.client import ASSUMED_AUTHOR, GithubClient
from reconciler.forge.github.marker import Body, Scope, read_body, write_body
from reconciler.frozen import dataclass
from reconciler.instants import to_the_second
from reconciler.model.values import Json

AT: Final = "at"
"""The marker's key for when the run looked at Scale and git: RFC 3339 in UTC, in whole seconds."""

RUN: Final = "run"
"""The marker's key for the run that wrote it."""

CLOCKS: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ. A time that is further ahead is wrong, and decides nothing."""

MOST_TRIES: Final = 3
PAUSE: Final = 2.0
"""Seconds before a create without an answer is looked for, because lists may lag (an assumption)."""


class Kept(StrEnum):
    """What was done with a comment, an issue, or a pull request."""

    CREATED = "created"
    OPENED = "opened"
    EDITED = "edited"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    """It is up to date."""
    NONE = "none"
    """No comment or issue exists, and there is nothing to report."""
    DECLINED = "declined"
    """A person closed it, and it would show the same."""
    NEWER = "newer"
    """A later check has written it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment, an issue, or a pull request with our marker. `url` is its page. Comments have no `number` and no
    `labels`, and are always open.

    `author` is a login. `ours` is whether we wrote it: anybody can copy a marker.
    """

    id: int
    scope: Scope
    body: Body
    url: str
    author: str
    ours: bool
    number: int
    labels: tuple[str, ...]
    is_open: bool

    def says(self, body: Body) -> bool:
        """Whether its marker remembers the same, apart from run and time, and nobody edited its text."""
        of_the_run: dict[str, Json] = {AT: None, RUN: None}
        return self.body.intact and {**self.body.data, **of_the_run} == {**body.data, **of_the_run}


@dataclass(frozen=True, slots=True)
class Posts:
    """The comments or issues of one kind, in the list at `path`. `needs` is the permission for it.

    `author` is the login that our token writes as. `at` is when the run looked at Scale and git, `now` the current
    time; both are aware.
    """

    client: GithubClient
    path: str
    author: str
    at: datetime
    now: datetime
    kind: str
    scope: Scope
    needs: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def found(self) -> Iterator[Posted]:
        """All that have our marker, whoever wrote them."""
        for item in self.client.list(self.path, self.parameters, needs=self.needs):
            if (posted := self._posted(item)) is not None:
                yield posted

    def ours(self) -> list[Posted]:
        """Those that we wrote for the scope, the oldest first."""
        ours = (posted for posted in self.found() if posted.ours and posted.scope == self.scope)
        return sorted(ours, key=lambda posted: posted.id)

    def is_later(self, posted: Posted) -> bool:
        """Whether a later check wrote it. The time decides, not the ID of the run, because a job can be run again."""
        written = posted.body.data.get(AT)
        return (
            posted.body.intact
            and isinstance(written, str)
            and to_the_second(self.at) < written <= to_the_second(self.now + CLOCKS)
        )

    def create(self, body: Body, **more: Any) -> Posted:
        """Create one, with `more` fields. If the answer is lost, it is looked for before it is sent again.

        Raises:
            GithubUnavailableError: it was not sent, or was not found after the last try.
            GithubError: GitHub's answer has different text.
        """
        whole, tries, data = self._whole(body), 0, {**body.data, AT: to_the_second(self.at)}
        while True:
            try:
                answer = self.client.create(self.path, {**more, "body": whole}, needs=self.needs)
                break
            except GithubUnavailableError as lost:
                if not lost.may_have_landed:
                    raise
                self.client.pause(PAUSE)
                if (found := next((posted for posted in self.ours() if posted.body.data == data), None)) is not None:
                    return found
                tries += 1
                if tries == MOST_TRIES:
                    raise
        made = self._posted(answer, trusted=True)
        if made is None:
            raise GithubError(
                "GitHub created the post but returned different text",
                "Check the post on GitHub, then run the job again.",
            )
        return made

    def update(self, path: str, body: Body, **more: str) -> None:
        """Update the comment or issue at `path`.

        Above its limit, GitHub answers 200 and keeps the old body [P].

        Raises:
            GithubError: the answer's first line, the marker, is not the one that was sent.
        """
        whole = self._whole(body)
        kept = self.client.update(path, {**more, "body": whole}, needs=self.needs).get("body")
        if not isinstance(kept, str) or kept.split("\n", 1)[0].rstrip() != whole.split("\n", 1)[0]:
            raise GithubError(
                "GitHub accepted the update but kept the old text",
                "The post still shows the old text. Run the job again.",
            )

    def remark(self, number: int, kind: str, body: Body) -> None:
        """Comment on the issue or the pull request `number`.

        Raises:
            GithubError: it was not sent; a conversation may be locked.
        """
        replace(self, path=f"/issues/{number}/comments", kind=kind, parameters={}).create(body)

    def _whole(self, body: Body) -> str:
        return write_body(self.kind, self.scope, Body({**body.data, AT: to_the_second(self.at)}, body.text))

    def _posted(self, item: Mapping[str, Any], *, trusted: bool = False) -> Posted | None:
        """An item of a list with our marker, else None. `trusted` is for the answer to our own create.

        A bot's login has `[bot]` in REST, and may not in GraphQL [A].
        """
        whole, identity = item.get("body"), item.get("id")
        if not isinstance(whole, str) or not isinstance(identity, int) or "pull_request" in item:
            return None
        read = read_body(self.kind, whole)
        if read is None:
            return None
        user = item.get("user")
        login = user.get("login") if isinstance(user, dict) else None
        is_bot = isinstance(user, dict) and user.get("type") == "Bot"
        url, number, labels = item.get("html_url"), item.get("number"), item.get("labels")
        return Posted(
            identity,
            *read,
            url=url if isinstance(url, str) else "",
            author=login if isinstance(login, str) else "",
            ours=trusted or login == self.author or (is_bot and login in (f"{self.author}[bot]", ASSUMED_AUTHOR)),
            number=number if isinstance(number, int) else 0,
            labels=tuple(_label_names(labels)) if isinstance(labels, list) else (),
            is_open=item.get("state", "open") == "open",
        )


def opened_by_another(posted: Posted, code: str, what: str) -> Diagnostic:
    """The warning about an open post with our marker that another login wrote: a person must decide about it."""
    return warning(
        code,
        f"{what} #{posted.number} was opened by {posted.author or 'another account'}, not by this job",
        detail="It has reconciler's marker, but reconciler updates only its own. If this job opened it with an earlier "
        "token, close it.",
    )


def undone(summary: str, refused: GithubError) -> tuple[Diagnostic, Diagnostic]:
    """The warnings about something that GitHub refused: what was not done, and why."""
    return warning(refused.code, summary), refused.diagnostic(Severity.WARNING)


def _label_names(labels: list[Any]) -> Iterator[str]:
    """GitHub spells a label as an object, or as its name [D]."""
    for label in labels:
        name = label.get("name") if isinstance(label, dict) else label
        if isinstance(name, str):
            yield name
