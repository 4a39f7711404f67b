"""One issue for each target's drift: opened, updated, and reopened while there is drift, and closed when there is none.

The marker remembers the set of drifts, each by a short hash. A comment notifies people if the set changes, but not at
every run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.marker import Body, short_hash
from reconciler.forge.github.posts import RUN, Kept, Posted, Posts

LABEL: Final = "reconciler-drift"
KIND: Final = "drift"
WRITES: Final = "issues: write"
DRIFTS: Final = "drifts"
"""The marker's key for the short hashes of the drifts, at most `MOST_DRIFTS`."""

SET: Final = "set"
"""The marker's key for the hash of the whole set, empty if there is no drift."""

MOST_DRIFTS: Final = 300
_REPORTED: Final = "reported"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `drifts` identifies each drift; it is empty if there is none.

    `data` and `text` are for the issue's body. `changed` returns the text of a comment, given how many drifts are new
    and how many are gone (None if that is not known). `over` is the text of the comment that closes the issue.
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
    """Make sure that the target has one issue if there is drift, and that the issue shows the current drift. Returns
    what was done and the issue's address.

    Raises:
        GithubError: it cannot be read or written; with 410, issues are switched off.
    """
    parameters = {"state": "all", "labels": LABEL}
    posts = Posts(client, "/issues", author, run, KIND, finding.target, WRITES, parameters)
    return _Issue(posts, finding, finding.body).keep()


@dataclass(frozen=True, slots=True)
class _Issue:
    posts: Posts
    finding: Finding
    body: Body

    def keep(self) -> tuple[Kept, str]:
        issues = self.ours()
        if not issues:
            if not self.finding.drifts:
                return Kept.NONE, ""
            self.see_label()
            made = self.posts.create(self.body, title=self.finding.title, labels=[LABEL])
            issues = self.ours() or [made]
            if issues[0].id == made.id:
                self.drop(issues[1:])
                return Kept.OPENED, made.url
        issue, *others = issues
        self.drop(others)
        if issue.is_later(self.posts.run):
            return Kept.NEWER, issue.url
        return (self.go_on(issue) if self.finding.drifts else self.end(issue)), issue.url

    def go_on(self, issue: Posted) -> Kept:
        if issue.body.data.get(SET) != self.body.data[SET]:
            self.comment(issue, self.finding.changed(self.changes(issue.body)))
        if not issue.is_open:
            return self.update(issue, Kept.REOPENED, state="open", state_reason="reopened")
        return Kept.UNCHANGED if issue.says(self.body) else self.update(issue, Kept.EDITED)

    def end(self, issue: Posted) -> Kept:
        if issue.is_open:
            self.comment(issue, self.finding.over)
            return self.update(issue, Kept.CLOSED, state="closed", state_reason="completed")
        is_over = issue.body.data.get(SET) == self.body.data[SET]
        return Kept.UNCHANGED if is_over else self.update(issue, Kept.EDITED)

    def ours(self) -> list[Posted]:
        """The issues, with the one to keep first: the oldest open issue, or if none is open, the oldest."""
        return sorted(self.posts.ours(), key=lambda issue: not issue.is_open)

    def see_label(self) -> None:
        """GitHub silently drops an unknown label ([P], github.md, section 5). The issue would never be found again."""
        label = {"name": LABEL, "color": "b60205", "description": "Live projects were changed outside git"}
        self.posts.client.create("/labels", label, needs=WRITES, exists=True)

    def drop(self, others: Sequence[Posted]) -> None:
        """Close duplicates, which two runs at once or a lost answer can cause."""
        closed = {"state": "closed", "state_reason": "not_planned"}
        for other in others:
            if other.is_open:
                self.posts.client.update(f"/issues/{other.number}", closed, needs=WRITES)

    def update(self, issue: Posted, kept: Kept, **more: str) -> Kept:
        self.posts.update(f"/issues/{issue.number}", self.body, **more)
        return kept

    def comment(self, issue: Posted, words: str) -> None:
        remembered = {SET: self.body.data[SET], RUN: self.posts.run, "before": issue.body.data.get(SET)}
        thread = replace(self.posts, path=f"/issues/{issue.number}/comments", kind=_REPORTED, parameters={})
        thread.create(Body(remembered, words), is_it=lambda posted: posted.body.data == remembered)

    def changes(self, old: Body) -> tuple[int, int] | None:
        known, now = old.data.get(DRIFTS), self.body.data[DRIFTS]
        if not isinstance(known, list) or max(len(known), len(now)) >= MOST_DRIFTS:
            return None
        before = {item for item in known if isinstance(item, str)}
        return len(set(now) - before), len(before - set(now))
