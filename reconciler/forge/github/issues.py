"""One issue for each scope's drift: opened, updated, reopened while drift lasts, and closed when it is over.

A check of some projects keeps an issue of its own, which is found by what it covers, or by its job. It closes only what
it has looked at: drift of projects that it no longer covers keeps the issue open.

It is found by its marker, even if someone removed its label. The marker remembers the set of drifts, each by a short
hash. A comment notifies people if the set changes, but not at every run. It comes last, and it is only a warning if
GitHub refuses it, because a conversation may be locked: what the issue shows is more important.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.errors import GithubError, GithubUnavailableError
from reconciler.forge.github.client import ASSUMED_AUTHOR, GithubClient
from reconciler.forge.github.comments import JOB
from reconciler.forge.github.coverage import ALL, COVERED, Coverage
from reconciler.forge.github.marker import Body, Scope, short_hash
from reconciler.forge.github.posts import Kept, Posted, Posts, opened_by_another, undone
from reconciler.frozen import dataclass
from reconciler.model.values import Json

LABEL: Final = "reconciler-drift"
KIND: Final = "drift"
WRITES: Final = "issues: write"
DRIFTS: Final = "drifts"
"""The marker's key for the short hashes of the drifts, at most `MOST_DRIFTS`."""

SET: Final = "set"
"""The marker's key for the hash of the whole set, empty if there is no drift."""

DRIFTING: Final = "drifting"
"""The marker's key for the short hashes of the projects that drift, at most `MOST_DRIFTS`."""

MOST_DRIFTS: Final = 300
_REPORTED: Final = "reported"
_BY_LABEL: Final = {"state": "all", "labels": LABEL}
_OVER: Final = {"state": "closed", "state_reason": "completed"}
_UNKNOWN: Final = frozenset({"unknown"})
"""For an issue that does not remember all of its projects."""


@dataclass(frozen=True, slots=True)
class ShownDrift:
    """The result of a check. `drifts` identifies each drift; it is empty if there is none. `drifting` are its projects.

    `coverage` is what was checked, `unchecked` which other projects there are, and `job` a hash of the job.

    `data` and `text` are for the issue's body, and `remark` returns a sentence about a number of projects that drifted
    and that are no longer checked. `changed` returns the text of a comment, given how many drifts are new
    and how many are gone (None if that is not known). `over` is the text of the comment that closes the issue.
    """

    scope: Scope
    drifts: Sequence[str]
    title: str
    data: Mapping[str, Any]
    text: str
    remark: Callable[[int], str]
    changed: Callable[[tuple[int, int] | None], str]
    over: str
    drifting: Sequence[str] = ()
    coverage: Coverage = ALL
    unchecked: Sequence[str] = ()
    job: str = ""

    def body(self, left: frozenset[str] = frozenset()) -> Body:
        """`left` are hashes of projects that drifted when they were last checked, and that are not checked now."""
        hashes = sorted({short_hash(drift) for drift in self.drifts})
        whole = short_hash("\n".join([*hashes, *sorted(left)])) if hashes or left else ""
        covered = replace(self.coverage, hashes=self.coverage.hashes | left)
        data = {
            **self.data,
            SET: whole,
            DRIFTS: hashes[:MOST_DRIFTS],
            DRIFTING: sorted({*map(short_hash, self.drifting), *left})[:MOST_DRIFTS],
            COVERED: covered.remembered(),
            JOB: self.job,
        }
        return Body(data, f"{self.text}\n{self.remark(len(left))}\n" if left else self.text)

    def left_in(self, issue: Posted) -> frozenset[str]:
        """The hashes of the projects that the issue shows and this check did not cover."""
        if self.coverage.complete:
            return frozenset()
        known = issue.body.data.get(DRIFTING)
        if not isinstance(known, list) or len(known) >= MOST_DRIFTS:
            return _UNKNOWN
        return frozenset(known) & {*map(short_hash, self.unchecked), *_UNKNOWN}

    def is_about(self, issue: Posted) -> bool:
        """Whether the issue is about the projects that were checked."""
        is_of_all = not isinstance(issue.body.data.get(COVERED), list)
        return is_of_all if self.coverage.complete else not is_of_all and self.coverage.meets(issue.body.data)

    def is_of_job(self, issue: Posted) -> bool:
        """Whether the issue is of the same job, whose list of names has changed, and shows nothing that is left."""
        return bool(self.job) and issue.body.data.get(JOB) == self.job and not self.left_in(issue)

    def is_over_in(self, issue: Posted) -> bool:
        """Whether a check of all projects shows that nothing drifts in another check's issue."""
        known = issue.body.data.get(DRIFTING)
        now = set(map(short_hash, self.drifting))
        return self.coverage.complete and issue.is_open and isinstance(known, list) and not now & set(known)


def keep_issue(
    client: GithubClient, shown: ShownDrift, *, author: str, at: datetime, now: datetime
) -> tuple[Kept, str, list[Diagnostic]]:
    """Make sure that the scope has one issue if there is drift, and that it shows what was found.

    `at` is when the check looked at Scale. Returns what was done, the issue's address, and warnings.

    Raises:
        GithubError: it cannot be read or written; with 410, issues are switched off.
    """
    posts = Posts(client, "/issues", author, at, now, KIND, shown.scope, WRITES, _BY_LABEL)
    keeper = _Issue(posts, shown)
    return (*keeper.keep(), keeper.notes)


@dataclass(frozen=True, slots=True)
class _Issue:
    posts: Posts
    shown: ShownDrift
    notes: list[Diagnostic] = field(default_factory=list)

    def keep(self) -> tuple[Kept, str]:
        issues = self.mine()
        if not issues:
            if not self.shown.drifts:
                return Kept.NONE, ""
            self.see_label()
            made = self.posts.create(self.shown.body(), title=self.shown.title, labels=[LABEL])
            issues = self.mine() or [made]
            if issues[0].id == made.id:
                self.drop(issues[1:], made)
                return Kept.OPENED, made.url
        issue, *others = issues
        self.drop(others, issue)
        if self.posts.is_later(issue):
            return Kept.NEWER, issue.url
        self.put_label_back(issue)
        left = self.shown.left_in(issue)
        body = self.shown.body(left)
        return (self.go_on(issue, body, left) if self.shown.drifts or left else self.end(issue, body)), issue.url

    def mine(self) -> list[Posted]:
        """Those about what was checked; else those of the same job. Others are closed if nothing in them drifts."""
        ours = self.ours()
        mine = list(filter(self.shown.is_about, ours)) or list(filter(self.shown.is_of_job, ours))
        for other in ours:
            if other not in mine and self.shown.is_over_in(other) and not self.posts.is_later(other):
                self.posts.client.update(f"/issues/{other.number}", _OVER, needs=WRITES)
                self.comment(other, self.shown.over, "")
        return mine

    def ours(self) -> list[Posted]:
        """The first one is kept: the oldest that is open or, if none is, the oldest.

        A label can be removed, and the login changes if the job gets a token of its own. So the label and each login
        are looked for.
        """
        found = {posted.id: posted for posted in self.posts.found()}
        for login in dict.fromkeys((self.posts.author, ASSUMED_AUTHOR)):
            written = replace(self.posts, parameters={"state": "all", "creator": login})
            try:
                found |= {posted.id: posted for posted in written.found()}
            except GithubUnavailableError:
                raise
            except GithubError:
                continue  # The login of an App may not be one that GitHub filters by (an assumption).
        scoped = [posted for posted in found.values() if posted.scope == self.shown.scope]
        self.tell_of([posted for posted in scoped if posted.is_open and not posted.ours and LABEL in posted.labels])
        return sorted((posted for posted in scoped if posted.ours), key=lambda issue: (not issue.is_open, issue.id))

    def tell_of(self, strange: Sequence[Posted]) -> None:
        for issue in strange:
            note = opened_by_another(issue, "strange-issue", "drift issue")
            if note not in self.notes:
                self.notes.append(note)

    def put_label_back(self, issue: Posted) -> None:
        if LABEL in issue.labels or not (issue.is_open or self.shown.drifts):
            return
        try:
            self.see_label()
            self.posts.client.ensure(f"/issues/{issue.number}/labels", {"labels": [LABEL]}, needs=WRITES)
        except GithubError as refused:
            self.notes.append(refused.diagnostic(Severity.WARNING))

    def go_on(self, issue: Posted, body: Body, left: Collection[str]) -> Kept:
        if not issue.is_open:
            kept = self.update(issue, body, Kept.REOPENED, state="open", state_reason="reopened")
        elif issue.says(body):
            return Kept.UNCHANGED
        else:
            kept = self.update(issue, body, Kept.EDITED)
        if issue.body.data.get(SET) != body.data[SET]:
            words = self.shown.changed(None if left else _changes(issue.body, body))
            self.comment(issue, words, body.data[SET])
        return kept

    def end(self, issue: Posted, body: Body) -> Kept:
        if issue.is_open:
            kept = self.update(issue, body, Kept.CLOSED, **_OVER)
            self.comment(issue, self.shown.over, body.data[SET])
            return kept
        is_over = issue.body.data.get(SET) == body.data[SET]
        return Kept.UNCHANGED if is_over else self.update(issue, body, Kept.EDITED)

    def see_label(self) -> None:
        """GitHub silently drops an unknown label [P]. The issue would never be found again."""
        label = {"name": LABEL, "color": "b60205", "description": "Live projects were changed outside git"}
        self.posts.client.ensure("/labels", label, needs=WRITES)

    def drop(self, others: Sequence[Posted], kept: Posted) -> None:
        """Close duplicates, made by two runs at once, after a lost answer, or when nobody saw the older one."""
        closed = {"state": "closed", "state_reason": "not_planned"}
        for other in others:
            if other.is_open and not self.shown.left_in(other):
                self.posts.client.update(f"/issues/{other.number}", closed, needs=WRITES)
                self.comment(other, f"Continued in #{kept.number}.", self.shown.body().data[SET])

    def update(self, issue: Posted, body: Body, kept: Kept, **more: str) -> Kept:
        self.posts.update(f"/issues/{issue.number}", body, **more)
        return kept

    def comment(self, issue: Posted, words: str, now: Json) -> None:
        """`now` is the hash of the set of drifts."""
        remembered = {SET: now, "before": issue.body.data.get(SET)}
        try:
            self.posts.remark(issue.number, _REPORTED, Body(remembered, words))
        except GithubError as refused:
            self.notes.extend(undone("the drift issue is up to date, but no comment was posted", refused))


def _changes(old: Body, new: Body) -> tuple[int, int] | None:
    known, now = old.data.get(DRIFTS), new.data[DRIFTS]
    if not isinstance(known, list) or max(len(known), len(now)) >= MOST_DRIFTS:
        return None
    before = {item for item in known if isinstance(item, str)}
    return len(set(now) - before), len(before - set(now))
