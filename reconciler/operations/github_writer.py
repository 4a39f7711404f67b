"""What the texts on GitHub depend on besides their subject, and what a use case reports about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import field
from datetime import datetime
from typing import Final

from reconciler.diagnostics import Diagnostic
from reconciler.errors import GithubError
from reconciler.fieldpath import Pattern
from reconciler.forge.github.event import Event
from reconciler.forge.github.links import links
from reconciler.forge.github.marker import Scope, short_hash
from reconciler.forge.github.posts import Kept
from reconciler.frozen import dataclass
from reconciler.model.invocation import Invocation
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.values import Json, canonical_json
from reconciler.render.escape import plain
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.markdown.page import WholePage, lay_out_failure, lay_out_outcome, lay_out_view
from reconciler.render.markdown.talk import other_branch, scope_words
from reconciler.render.view.outcome import view_outcome
from reconciler.render.view.parts import Reader
from reconciler.render.view.plan import view_plan

CONTENT: Final = "content"
"""The marker's key for a hash of the text's content, without the times in it."""

_MARKER: Final = 16_000
"""Characters reserved for the marker. It grows with what it remembers, which is bounded."""

_WORDS: Final = 2_000
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
    the branch whose merges are applied, empty if it is not known. `page` is the address of the plan's page, if there is
    one, which is kept for `page_days`.
    """

    base: str
    now: datetime
    sensitive: tuple[Pattern, ...] = ()
    invocation: Invocation = field(default_factory=Invocation)
    folder: str = "."
    id: str = ""
    applied: str = ""
    page: str = ""
    page_days: int | None = None

    def scope(self, target: str) -> Scope:
        return Scope(target, self.folder, self.id)

    def plan(self, plan: Plan, event: Event, limit: int = LIMIT - _MARKER) -> str:
        text = lay_out_view(view_plan(plan, self.reader(event, event.sha)), limit=limit - _WORDS, page=self._page())
        return with_notes(text, self.notes(plan, event))

    def failure(self, plan: Plan, event: Event, limit: int = LIMIT) -> str:
        """Why there is no plan. It is far below any limit."""
        view = view_plan(plan, self.reader(event, event.sha))
        return with_notes(lay_out_failure(view, event.sha[:7]), self.notes(plan, event))

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

    def _page(self) -> WholePage | None:
        return WholePage(self.page, self.page_days) if self.page.startswith("https://") else None

    def reader(self, event: Event, commit: str | None) -> Reader:
        """A reader on GitHub, with links to a commit."""
        to_files = links(event.server, event.repository, commit=commit, base=self.base)
        return Reader(self.base, self.now, to_files, self.sensitive, self.invocation)


def with_notes(text: str, notes: Sequence[str]) -> str:
    """The text with paragraphs after its first line, the heading."""
    heading, _, rest = text.partition("\n")
    return "\n".join([heading, *(f"\n{note}" for note in notes), rest])


def in_words(scope: Scope) -> str:
    """The scope in a line that we print."""
    folder = f" in {plain(scope.folder)}" if scope.folder != "." else ""
    return f"{plain(scope.target)}{folder}{f', {plain(scope.id)}' if scope.id else ''}"


def said(subject: str, kept: Kept, url: str, *, none: str) -> str:
    """The line about what was done with a comment, an issue, or a pull request; `none` is for no change and no post."""
    words = {
        Kept.NONE: none,
        Kept.NEWER: f"{subject} unchanged, because a later run updated it.",
        Kept.DECLINED: f"{subject} not opened again, because one for the same drift was closed.",
    }
    return f"{words.get(kept, f'{subject} {kept}.')}{f' {plain(url)}' if url else ''}"


def digest(content: Json) -> str:
    return short_hash(canonical_json(content))
