"""Whether the commit of a plan is behind the last applied one. Asks git; `planning` decides what follows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC

from reconciler import git
from reconciler.diagnostics import Diagnostic, sentence
from reconciler.errors import GitRefusedError
from reconciler.forge.github.login import git_login
from reconciler.git.ancestry import Ancestry
from reconciler.git.keptref import LOCAL
from reconciler.model.guards import OLDER_COMMIT, Standing
from reconciler.model.plan import Commit, Plan
from reconciler.model.record import Record, Section
from reconciler.operations.session import Session
from reconciler.planning.oldercommit import Behind, enforced, noted
from reconciler.planning.situation import Rules


class CommitCheck:
    """The check for one run, which remembers git's answers. `allowed` names the guards that are waived for the run.

    The branch is looked up on the remote of the record, or on origin if the record is local.
    """

    def __init__(self, session: Session, allowed: Collection[str] = ()) -> None:
        settings, self._target = session.settings, session.target
        self._root = settings.git_root
        self._rules = Rules(settings.guards, settings.waivers, frozenset(allowed), settings.sensitive)
        self._settings = git_login(session.environment).settings
        self._now = session.now
        self._found: dict[tuple[str | None, str], Behind | None] = {}

    def look(self, commit: Commit, record: Record) -> None:
        """Ask git about every section that may belong to the account."""
        for _, section in record.at(self._target.endpoint):
            self.behind(commit, section)

    def behind(self, commit: Commit, section: Section) -> Behind | None:
        """How a commit relates to the section's commit. None if it contains that one, or if there is none."""
        head, applied = commit.commit, section.commit
        if applied is None or applied == head:
            return None
        if (head, applied) not in self._found:
            self._found[head, applied] = self._look(head, applied)
        return self._found[head, applied]

    def note(self, behind: Behind) -> Diagnostic:
        """The diagnostic of a plan or drift about its commit."""
        return noted(behind, is_sandbox=self._is_sandbox)

    def enforce(self, plan: Plan, section: Section) -> Plan:
        """The plan with what the guard holds in an apply."""
        behind = self.behind(plan.commit, section)
        plan = replace(plan, diagnostics=tuple(one for one in plan.diagnostics if one.code != OLDER_COMMIT))
        if behind is None:
            return plan
        return enforced(plan, behind, self._rules, self._now().astimezone(UTC).date(), is_sandbox=self._is_sandbox)

    def may_be_named(self, commit: Commit, section: Section) -> bool:
        """Whether the section may name this commit as the last applied one. An older one needs to be allowed."""
        behind = self.behind(commit, section)
        holds = not self._is_sandbox and self._rules.settings.older_commit == "hold"
        return not (behind is not None and behind.is_older and holds and OLDER_COMMIT not in self._rules.allowed)

    @property
    def _is_sandbox(self) -> bool:
        return self._target.sandbox is not None

    def _look(self, head: str | None, applied: str) -> Behind | None:
        if head is None:
            return Behind(Standing.UNKNOWN, applied, None, "The plan was made without a commit.")
        try:
            standing = Ancestry(self._root, self._remote(), self._settings).standing(head, applied)
        except GitRefusedError as problem:
            return Behind(Standing.UNKNOWN, applied, head, f"{sentence(problem.summary)} {problem.detail}".rstrip())
        return None if standing is Standing.CONTAINED else Behind(standing, applied, head)

    def _remote(self) -> str | None:
        if self._target.record != LOCAL:
            return self._target.record
        return "origin" if "origin" in git.remotes(self._root) else None
