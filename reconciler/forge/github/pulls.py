"""Which pull requests brought commits into a branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from reconciler.errors import GithubError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import WRITES
from reconciler.forge.github.event import Event, is_fork
from reconciler.frozen import dataclass

LAG_PAUSES: Final = (2.0, 5.0, 10.0)
"""Seconds before the pull requests of a commit are requested again, because the answer may lag behind the push [P]."""

MOST_COMMITS: Final = 100
"""The most commits whose pull requests are requested. A merge queue merges 100 at once [D], and a token has 1,000
requests an hour."""

_LAG: Final = (0.0, 3.0)
"""The same, for the newest commit of a pull request."""

_MOST_LAGGING: Final = 10


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged pull request. `fork` is true if its head is in another repository, or in one that was deleted."""

    number: int
    fork: bool


def overtaken(client: GithubClient, event: Event) -> str:
    """Why a plan for the event's pull request is no longer what its comment should show; empty if it should.

    A job that is run again gets its old event, with the commit of that time. If GitHub does not answer, the event is
    believed.
    """
    newest: object = None
    for pause in _LAG:
        client.pause(pause)
        try:
            pull = client.get(f"/pulls/{event.number}", needs=WRITES)
        except GithubError:
            return ""
        if pull.get("merged") is True:
            return "the pull request is merged"
        head = pull.get("head")
        newest = head.get("sha") if isinstance(head, dict) else None
        if newest in (event.sha, None):
            return ""
    return f"the newest commit is {str(newest)[:7]}, but this plan is for {event.sha[:7]}"


def merged_pulls(
    client: GithubClient, commits: Sequence[str], *, branch: str, fresh: Iterable[str] = ()
) -> tuple[Merged, ...]:
    """The pull requests of these commits that were merged into `branch`, by number. Sends one request per commit.

    `fresh` are the commits of the push itself. If one of them has no pull request yet, the request is repeated a few
    times.
    """
    found: dict[int, Merged] = {}
    empty: list[str] = []
    for commit in commits[:MOST_COMMITS]:
        pulls = _pulls_of(client, commit, branch)
        found |= pulls
        empty += [commit] if not pulls else []
    just_pushed = set(fresh)
    waiting = [commit for commit in empty if commit in just_pushed][:_MOST_LAGGING]
    for pause in LAG_PAUSES:
        if not waiting:
            break
        client.pause(pause)
        answers = {commit: _pulls_of(client, commit, branch) for commit in waiting}
        waiting = [commit for commit, pulls in answers.items() if not pulls]
        for pulls in answers.values():
            found |= pulls
    return tuple(found[number] for number in sorted(found))


def _pulls_of(client: GithubClient, commit: str, branch: str) -> dict[int, Merged]:
    merged: dict[int, Merged] = {}
    for item in client.list(f"/commits/{commit}/pulls", needs=WRITES):
        base, number = item.get("base"), item.get("number")
        if item.get("merged_at") and isinstance(base, dict) and base.get("ref") == branch and isinstance(number, int):
            merged[number] = Merged(number, is_fork(item.get("head") or {}, client.repository))
    return merged
