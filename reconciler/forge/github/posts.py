"""Comments and issues of ours: found by a marker and an author, created once, and updated in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from reconciler.errors import GithubError, GithubUnavailableError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.marker import Body, read_body, write_body

RUN: Final = "run"
"""The marker's key for the ID of the run that wrote it. IDs grow with time (an assumption)."""

MOST_TRIES: Final = 3
PAUSE: Final = 2.0
"""Seconds before a create without an answer is looked for, because lists may lag (an assumption)."""


class Kept(StrEnum):
    """What was done with a comment or an issue."""

    CREATED = "created"
    OPENED = "opened"
    EDITED = "edited"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    """It is up to date."""
    NONE = "none"
    """No comment or issue exists, and there is nothing to report."""
    NEWER = "newer"
    """A later run has already written it."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment or an issue of ours. `url` is its page. `number` and `is_open` are only for issues."""

    id: int
    body: Body
    url: str
    number: int
    is_open: bool

    def says(self, body: Body) -> bool:
        """Whether its marker remembers the same values, except for the run, and nobody edited its text."""
        return self.body.intact and {**self.body.data, RUN: None} == {**body.data, RUN: None}

    def is_later(self, run: int) -> bool:
        """Whether a later run wrote it. `run` is 0 if it is not known."""
        written = self.body.data.get(RUN)
        return run > 0 and self.body.intact and isinstance(written, int) and written > run


@dataclass(frozen=True, slots=True)
class Posts:
    """The comments or issues of one kind and target, in the list at `path`. `needs` is the permission for it.

    `author` is the login that our token writes as. `run` is the ID of the run, 0 if it is not known.
    """

    client: GithubClient
    path: str
    author: str
    run: int
    kind: str
    target: str
    needs: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def ours(self) -> list[Posted]:
        """The comments or issues that we wrote, oldest first."""
        found = map(self._posted, self.client.list(self.path, self.parameters, needs=self.needs))
        return sorted((posted for posted in found if posted is not None), key=lambda posted: posted.id)

    def create(self, body: Body, *, is_it: Callable[[Posted], bool] = lambda posted: True, **more: Any) -> Posted:
        """Create a comment or an issue with `more` fields. If the answer is lost, look for it, as recognized by
        `is_it`, before sending it again.

        Raises:
            GithubUnavailableError: it was not sent, or was not found after the last try.
            GithubError: GitHub's answer has different text.
        """
        whole, tries = self._whole(body), 0
        while True:
            try:
                answer = self.client.create(self.path, {**more, "body": whole}, needs=self.needs)
                break
            except GithubUnavailableError as lost:
                if not lost.may_have_landed:
                    raise
                self.client.pause(PAUSE)
                if (found := next(filter(is_it, self.ours()), None)) is not None:
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

        Above its limit, GitHub answers 200 and keeps the old body ([P], github.md, section 5).

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

    def _whole(self, body: Body) -> str:
        return write_body(self.kind, self.target, Body({**body.data, RUN: self.run}, body.text))

    def _posted(self, item: Mapping[str, Any], *, trusted: bool = False) -> Posted | None:
        """The comment or issue in an item of a list; None if someone else wrote it, or if it is not for the target.

        `trusted` is for the answer to our own create. A bot's login has `[bot]` in REST, and may not in GraphQL [A].
        """
        user, whole, identity = item.get("user"), item.get("body"), item.get("id")
        if not isinstance(whole, str) or not isinstance(identity, int) or "pull_request" in item:
            return None
        login = user.get("login") if isinstance(user, dict) else None
        is_bot = isinstance(user, dict) and user.get("type") == "Bot"
        if not (trusted or login == self.author or (is_bot and login == f"{self.author}[bot]")):
            return None
        body = read_body(self.kind, self.target, whole)
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
