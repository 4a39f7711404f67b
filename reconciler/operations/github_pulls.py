"""The pull requests that an apply reports to: the event's own, or those that a push merged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.diagnostics import Diagnostic, warning
from reconciler.errors import GitRefusedError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.event import Event
from reconciler.forge.github.pulls import MOST_COMMITS, Merged, merged_pulls
from reconciler.git import first_parents, is_shallow
from reconciler.model.outcome import Outcome


def pull_requests_of(
    client: GithubClient, event: Event, outcome: Outcome, root: Path
) -> tuple[list[tuple[Merged, bool]], list[Diagnostic]]:
    """The pull requests, each with whether it was merged since the last commit in the record; and notes."""
    if event.number is not None:
        return [(Merged(event.number, event.fork), True)], []
    notes: list[Diagnostic] = []
    tip = outcome.commit.commit or event.after or event.sha
    since: Sequence[str] = ()
    if outcome.previous_commit is not None:
        found = _between(root, outcome.previous_commit, tip)
        if found is None:
            notes.append(_unknown_commit(root, outcome.previous_commit))
        since = found or ()
    pushed: Sequence[str] = [commit for commit in (event.after, *reversed(event.pushed)) if commit]
    if event.before is not None and event.after is not None:
        pushed = _between(root, event.before, event.after) or pushed
    others = [commit for commit in dict.fromkeys(pushed) if commit not in set(since)]
    if len(since) + len(others) > MOST_COMMITS:
        detail = f"Reconciler comments only on the pull requests of the newest {MOST_COMMITS} commits."
        notes.append(warning("many-commits", f"more than {MOST_COMMITS} commits were merged", detail=detail))
    pulls: dict[int, tuple[Merged, bool]] = {}
    for commits, fresh in ((since, True), (others[: max(0, MOST_COMMITS - len(since))], False)):
        for pull in merged_pulls(client, commits, branch=event.branch, fresh=pushed):
            pulls.setdefault(pull.number, (pull, fresh))
    return [pulls[number] for number in sorted(pulls)], notes


def _between(root: Path, since: str, until: str) -> Sequence[str] | None:
    """The newest commits of the first-parent line; None if this clone does not have them."""
    try:
        return first_parents(root, since, until, most=MOST_COMMITS + 1)
    except GitRefusedError:
        return None


def _unknown_commit(root: Path, commit: str) -> Diagnostic:
    try:
        shallow = is_shallow(root)
    except GitRefusedError:
        shallow = True
    return warning(
        "shallow-clone" if shallow else "rewritten-history",
        f"the last applied commit {commit[:7]} is not in this clone",
        detail="Pull requests that were merged before this push do not get a comment. "
        + (
            "To include them, set fetch-depth: 0 for actions/checkout."
            if shallow
            else "The branch was probably rewritten after the last apply. No action is needed."
        ),
    )
