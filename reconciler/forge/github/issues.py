"""One issue a target, for its drift: opened, kept current, reopened while drift lasts, closed when it is over.

Found by label, marker and author. The marker remembers the set of drifts, each by a short hash, so that people are
notified by a comment when the set changes and not at every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from reconciler.errors import GithubError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import Posted, check_kept, is_later, posted_by, same, with_run
from reconciler.forge.github.creating import create_once
from reconciler.forge.github.marker import Body, short_hash, write_body

LABEL: Final = "reconciler-drift"
KIND: Final = "drift"
WRITES: Final = "issues: write"
DRIFTS: Final = "drifts"
"""The marker's key for the short hashes of the drifts, at most `MOST_DRIFTS`."""

SET: Final = "set"
"""The marker's key for the hash of the whole set, empty where drift is over."""

MOST_DRIFTS: Final = 300
_REPORTED: Final = "reported"


class Kept(StrEnum):
    OPENED = "opened"
    EDITED = "edited"
    REOPENED = "reopened"
    CLOSED = "closed"
    UNCHANGED = "unchanged"
    NONE = "none"
    """There is no drift, and no issue."""
    NEWER = "newer"
    """A later run has written it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. `drifts` identify the drifts, empty where there are none.

    `data` and `text` are for the issue's body. `changed` gives the words for a comment, from how many drifts are new
    and how many are gone (None where that is not known); `over` are the words with which the issue is closed.
    """

    target: str
    drifts: Sequence[str]
    title: str
    data: Mapping[str, Any]
    text: str
    changed: Callable[[tuple[int, int] | None], str]
    over: str

    @property
    def body(self) -> Body:
        hashes = sorted({short_hash(drift) for drift in self.drifts})
        whole = short_hash("\n".join(hashes)) if hashes else ""
        return Body({**self.data, SET: whole, DRIFTS: hashes[:MOST_DRIFTS]}, self.text)


def keep_issue(client: GithubClient, finding: Finding, *, author: str, run: int) -> tuple[Kept, str]:
    """See that the target's issue says what was found, and whether it is there at all; and its address.

    Raises:
        GithubError: it cannot be read or written; with 410 issues are switched off.
    """
    return _Issue(client, finding, author, run).keep()


class _Issue:
    def __init__(self, client: GithubClient, finding: Finding, author: str, run: int) -> None:
        self.client = client
        self.finding = finding
        self.author = author
        self.run = run
        self.body = finding.body

    def keep(self) -> tuple[Kept, str]:
        issues = self.ours()
        if not issues:
            if not self.finding.drifts:
                return Kept.NONE, ""
            made = self.open()
            issues = self.ours() or [made]
            if issues[0].id == made.id:
                self.drop(issues[1:])
                return Kept.OPENED, made.url
        issue, *others = issues
        self.drop(others)
        if self.run and is_later(issue.body, self.run):
            return Kept.NEWER, issue.url
        return (self.go_on(issue) if self.finding.drifts else self.end(issue)), issue.url

    def go_on(self, issue: Posted) -> Kept:
        if issue.body.data.get(SET) != self.body.data[SET]:
            self.comment(issue, self.finding.changed(self.changes(issue.body)))
        if not issue.is_open:
            self.update(issue, {"state": "open", "state_reason": "reopened"})
            return Kept.REOPENED
        if same(issue.body, self.body):
            return Kept.UNCHANGED
        self.update(issue, {})
        return Kept.EDITED

    def end(self, issue: Posted) -> Kept:
        if issue.is_open:
            self.comment(issue, self.finding.over)
            self.update(issue, {"state": "closed", "state_reason": "completed"})
            return Kept.CLOSED
        if issue.body.data.get(SET) == self.body.data[SET]:
            return Kept.UNCHANGED
        self.update(issue, {})
        return Kept.EDITED

    def ours(self) -> list[Posted]:
        """Those that are open first, then the oldest: the first is the one to keep."""
        found: list[Posted] = []
        parameters = {"state": "all", "labels": LABEL}
        for item in self.client.list("/issues", parameters, needs=WRITES):
            if "pull_request" not in item:
                issue = posted_by(item, self.author, kind=KIND, target=self.finding.target)
                found += [issue] if issue is not None else []
        return sorted(found, key=lambda issue: (not issue.is_open, issue.number))

    def open(self) -> Posted:
        self.see_label()
        whole = self.whole(self.body)
        new = {"title": self.finding.title, "body": whole, "labels": [LABEL]}

        def create() -> Posted:
            answer = self.client.create("/issues", new, needs=WRITES)
            made = posted_by(answer, self.author, kind=KIND, target=self.finding.target, trusted=True)
            if made is None:
                raise GithubError("GitHub made an issue and answers with another text")
            return made

        return create_once(create, lambda: next(iter(self.ours()), None), clock=self.client.clock)

    def see_label(self) -> None:
        """An unknown label would be dropped without a word ([P], github.md, section 5), and the issue never found."""
        label = {"name": LABEL, "color": "b60205", "description": "Live projects were changed outside git"}
        self.client.create("/labels", label, needs=WRITES, exists=True)

    def drop(self, others: Sequence[Posted]) -> None:
        """Close what two runs at once, or a lost answer, made twice."""
        for other in others:
            if other.is_open:
                self.client.update(
                    f"/issues/{other.number}", {"state": "closed", "state_reason": "not_planned"}, needs=WRITES
                )

    def update(self, issue: Posted, more: Mapping[str, str]) -> None:
        whole = self.whole(self.body)
        answer = self.client.update(f"/issues/{issue.number}", {"body": whole, **more}, needs=WRITES)
        check_kept(answer, whole)

    def comment(self, issue: Posted, words: str) -> None:
        thread = f"/issues/{issue.number}/comments"
        remembered = {SET: self.body.data[SET], "run": self.run, "before": issue.body.data.get(SET)}
        whole = write_body(_REPORTED, self.finding.target, Body(remembered, words))

        def look() -> bool | None:
            items = self.client.list(thread, needs=WRITES)
            ours = (posted_by(item, self.author, kind=_REPORTED, target=self.finding.target) for item in items)
            return any(reported is not None and reported.body.data == remembered for reported in ours) or None

        def create() -> bool:
            self.client.create(thread, {"body": whole}, needs=WRITES)
            return True

        create_once(create, look, clock=self.client.clock)

    def changes(self, old: Body) -> tuple[int, int] | None:
        known, now = old.data.get(DRIFTS), self.body.data[DRIFTS]
        if not isinstance(known, list) or max(len(known), len(now)) >= MOST_DRIFTS:
            return None
        before = {item for item in known if isinstance(item, str)}
        return len(set(now) - before), len(before - set(now))

    def whole(self, body: Body) -> str:
        return write_body(KIND, self.finding.target, with_run(body, self.run))
