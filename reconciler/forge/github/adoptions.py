"""One pull request for each scope's drift: opened, updated, and closed when nothing is left to adopt.

It is found by its marker and its branch. A branch with a commit of a person is not updated anymore. A pull request that
a person closed is not opened again until something else drifts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from reconciler.diagnostics import Diagnostic, warning
from reconciler.errors import GithubError, GithubUnprocessableError
from reconciler.forge.github.branches import Content, MovedBranchError, Tip, delete, head_of, put, tip_of
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import WRITES
from reconciler.forge.github.marker import Body, Scope, short_hash
from reconciler.forge.github.posts import Kept, Posted, Posts, opened_by_another, undone
from reconciler.frozen import dataclass
from reconciler.model.values import Json

KIND: Final = "adopt"
SET: Final = "set"
"""The marker's key for the hash of what is adopted, empty if nothing is."""

_BASE: Final = "base"
_SAID: Final = "said"
_LONGEST: Final = 100
"""Characters of a branch's name."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a pull request should show. `drifts` identifies what is adopted; it is empty if there is nothing to adopt.

    `files` are those that differ from the commit `commit`, which is the newest of the branch `base`. `complete` is
    false if a project could not be read, so its drift is unknown. `text` returns the description, given whether the
    branch has a commit of a person. `over` is the text of the comment that closes it.
    """

    scope: Scope
    base: str
    commit: str
    drifts: Sequence[str]
    files: Sequence[Content]
    title: str
    message: str
    data: Mapping[str, Json]
    text: Callable[[bool], str]
    over: str
    complete: bool = True

    def body(self, *, theirs: bool = False) -> Body:
        known = short_hash("\n".join(sorted(self.drifts))) if self.drifts else ""
        return Body({**self.data, SET: known, _BASE: self.base, "theirs": theirs}, self.text(theirs))


def branch_of(scope: Scope) -> str:
    """The branch of a scope. Two scopes never share one, even where names are compared without case."""
    words = [scope.target, *([scope.folder] if scope.folder != "." else []), *([scope.id] if scope.id else [])]
    name = re.sub(r"[^a-z0-9_]+", "-", "-".join(words).lower())[:_LONGEST].strip("-")
    if (name, ".", "") != (scope.target, scope.folder, scope.id):
        name = f"{name}-{short_hash(repr((scope.target, scope.folder, scope.id)))}".strip("-")
    return f"reconciler/adopt/{name}"


def keep_pull(
    client: GithubClient, proposed: Proposed, *, author: str, at: datetime, now: datetime
) -> tuple[Kept, str, list[Diagnostic]]:
    """Make sure that the scope has one pull request if there is anything to adopt, and none otherwise.

    `at` is when the run looked at Scale. Returns what was done, the pull request's address, and warnings.

    Raises:
        GithubError: it cannot be read or written.
    """
    branch, owner = branch_of(proposed.scope), client.repository.partition("/")[0]
    mine = {"state": "all", "head": f"{owner}:{branch}"}
    posts = Posts(client, "/pulls", author, at, now, KIND, proposed.scope, WRITES, mine)
    keeper = _Pull(posts, proposed, branch)
    return (*keeper.keep(), keeper.notes)


@dataclass(frozen=True, slots=True)
class _Pull:
    posts: Posts
    proposed: Proposed
    branch: str
    notes: list[Diagnostic] = field(default_factory=list)

    def keep(self) -> tuple[Kept, str]:
        found = [posted for posted in self.posts.found() if posted.scope == self.proposed.scope]
        if strange := next((pull for pull in found if pull.is_open and not pull.ours), None):
            self.notes.append(opened_by_another(strange, "strange-pull-request", "pull request"))
            return Kept.UNCHANGED, strange.url
        newest = max((pull for pull in found if pull.ours), key=lambda pull: (pull.is_open, pull.number), default=None)
        url = newest.url if newest is not None else ""
        if newest is not None and self.posts.is_later(newest):
            return Kept.NEWER, url
        if not self.is_of_newest_commit():
            return Kept.UNCHANGED, url
        tip = tip_of(self.posts.client, self.branch)
        if not self.proposed.files:
            return self.end(newest, tip)
        is_open = newest is not None and newest.is_open
        if newest is not None and not is_open and newest.body.data.get(SET) == self.proposed.body().data[SET]:
            return Kept.DECLINED, url
        moved, theirs = self.push(tip)
        if newest is not None and is_open:
            return self.update(newest, self.proposed.body(theirs=theirs), moved=moved), url
        if theirs:
            return Kept.NONE, url
        return self.open()

    def is_of_newest_commit(self) -> bool:
        """Whether the checkout is the newest commit of the base. An older one could undo what was merged since."""
        base, commit = self.proposed.base, self.proposed.commit
        head = head_of(self.posts.client, base)
        if head is None:
            raise GithubError(
                f"the branch {base} does not exist on GitHub", "Set --base to the branch to merge the changes into."
            )
        if head != commit:
            self.warn(
                "moved-base",
                f"this checkout is at {commit[:7]}, but the branch {base} is at {head[:7]}",
                f"Nothing was changed on GitHub. The next run on the newest commit of {base} updates the pull request.",
            )
        return head == commit

    def push(self, tip: Tip | None) -> tuple[bool, bool]:
        """Whether the branch has a new commit, and whether it has one of a person."""
        proposed, theirs = self.proposed, tip is not None and not tip.ours
        if not theirs:
            try:
                moved = put(
                    self.posts.client,
                    self.branch,
                    tip,
                    base=proposed.commit,
                    files=proposed.files,
                    message=proposed.message,
                )
                return moved, False
            except MovedBranchError:
                theirs = True
        self.warn(
            "kept-branch",
            f"the branch {self.branch} has a commit that reconciler did not create",
            "To avoid overwriting that commit, reconciler does not update the branch. Merge or close its pull request, "
            "then delete the branch. The next run opens a new pull request.",
        )
        return False, theirs

    def open(self) -> tuple[Kept, str]:
        proposed = self.proposed
        try:
            made = self.posts.create(proposed.body(), title=proposed.title, head=self.branch, base=proposed.base)
        except GithubUnprocessableError as refused:
            raise GithubError(
                refused.summary,
                f"If another pull request from {self.branch} is open, close it, then run the job again.",
            ) from None
        return Kept.OPENED, made.url

    def update(self, pull: Posted, body: Body, *, moved: bool) -> Kept:
        if not pull.says(body):
            base = self.proposed.base
            more = {} if pull.body.data.get(_BASE) == base else {"base": base}
            self.posts.update(f"/pulls/{pull.number}", body, **more)
            return Kept.EDITED
        return Kept.EDITED if moved else Kept.UNCHANGED

    def end(self, newest: Posted | None, tip: Tip | None) -> tuple[Kept, str]:
        """Close it, and delete the branch if its newest commit is ours."""
        if not self.proposed.complete:
            return Kept.UNCHANGED if newest is not None else Kept.NONE, newest.url if newest is not None else ""
        kept = Kept.NONE
        if newest is not None and newest.is_open:
            self.posts.update(f"/pulls/{newest.number}", self.proposed.body(), state="closed")
            self.comment(newest)
            kept = Kept.CLOSED
        if tip is not None and tip.ours:
            try:
                delete(self.posts.client, self.branch)
            except GithubError as refused:
                self.notes.extend(undone(f"the branch {self.branch} was not deleted", refused))
        return kept, newest.url if newest is not None and kept is Kept.CLOSED else ""

    def comment(self, pull: Posted) -> None:
        try:
            self.posts.remark(pull.number, _SAID, Body({SET: pull.body.data.get(SET)}, self.proposed.over))
        except GithubError as refused:
            self.notes.extend(undone("the pull request was closed without a comment", refused))

    def warn(self, code: str, summary: str, detail: str) -> None:
        self.notes.append(warning(code, summary, detail=detail))
