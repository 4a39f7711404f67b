"""Whether a commit contains another one, also in a shallow clone.

Promises: nothing is written to the clone. What it does not have is fetched from a remote into a repository of its own,
which is removed again: commits without their files, if the server can leave those out, and no more of them than the
answer needs.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from reconciler.errors import GitRefusedError
from reconciler.git.process import Settings, connection, output, refusal, run
from reconciler.model.guards import Standing

_DEPTHS: Final = (32, 1_000, 30_000, 0x7FFFFFFF)
"""How many commits of each line are fetched until the answer is known; the last is what git calls unlimited."""

_MOST: Final = 128_000_000
"""Bytes of a list of commits."""

_FETCH: Final = (
    *("fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules"),
    "--no-write-commit-graph",
)
_FILTERS: Final = (("--filter=tree:0",), ("--filter=blob:none",), ())
"""From the smallest fetch to the largest. A server that has no filters sends everything; one may refuse only some."""

_ID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TIPS: Final = "refs/tips/"

Parents = Mapping[str, Sequence[str]]
"""The parents of the commits that are known. A commit that it does not have may have any."""


class Ancestry:
    """The commits of the repository at `root`, and of its `remote` (None for none). `settings` are as for Refs."""

    def __init__(self, root: Path, remote: str | None, settings: Settings = ()) -> None:
        self._root = root
        self._remote = remote
        self._settings = settings

    def standing(self, head: str, applied: str) -> Standing:
        """How `head` stands to the commit that was `applied` last. Both come from files, so they may be any text.

        Raises:
            GitRefusedError: git, or the remote, does not answer or refuses.
        """
        if not (_ID.fullmatch(head) and _ID.fullmatch(applied)):
            return Standing.UNKNOWN
        if head == applied or self._contains(head, applied):
            return Standing.CONTAINED
        branches = self._branches()
        here = self._here(head)
        if not branches:
            return self._without_branches(head, applied, here)
        with tempfile.TemporaryDirectory(prefix="reconciler-commits-", ignore_cleanup_errors=True) as folder:
            there = _Fetched(Path(folder), self._root, *self._connection(), sha256=len(applied) == 64)
            for depth in _DEPTHS:
                known = {**there.fetch(branches, [applied, *_ends(head, here)], depth), **here}
                contained = reaches(head, applied, known)
                found = [reaches(tip, applied, known) for tip in there.tips(branches)]
                if contained:
                    return Standing.CONTAINED
                if contained is False and True in found:
                    return Standing.OLDER
                if contained is False and None not in found:
                    return Standing.ELSEWHERE
        return Standing.UNKNOWN

    def _without_branches(self, head: str, applied: str, here: Parents) -> Standing:
        if self._contains(applied, head):
            return Standing.OLDER
        is_clear = self._has(head) and self._has(applied) and reaches(head, applied, here) is False
        return Standing.ELSEWHERE if is_clear else Standing.UNKNOWN

    def _contains(self, commit: str, other: str) -> bool:
        """Whether the clone has all of the way from a commit to another one."""
        if not (self._has(commit) and self._has(other)):
            return False
        return run(self._root, "merge-base", "--is-ancestor", other, commit).returncode == 0

    def _has(self, commit: str) -> bool:
        """Whether the clone has a commit. A partial clone does not fetch it for that."""
        arguments = ("rev-list", "--quiet", "--no-walk", "--missing=allow-any", commit, "--")
        return run(self._root, *arguments).returncode == 0

    def _here(self, head: str) -> Parents:
        """What the clone has of the history of `head`, which does not contain what was applied as far as it goes."""
        if not self._has(head):
            return {}
        if output(self._root, "rev-parse", "--is-shallow-repository").strip() == "true":
            return _listed(self._root, [head])
        return {head: ()}  # it goes all the way, so there is nothing to look for below

    def _branches(self) -> list[str]:
        """Those of two refs that the remote has: its default branch, and the branch that is checked out here."""
        if self._remote is None:
            return []
        branch = output(self._root, "symbolic-ref", "--quiet", "HEAD", tolerated={1}).strip()
        wanted = ["HEAD", *([branch] if branch else [])]
        remote, environment = connection(self._root, self._remote, self._settings)
        said = output(self._root, "ls-remote", "--quiet", "--", remote, *wanted, environment=environment)
        found = {line.split("\t")[1] for line in said.splitlines() if "\t" in line}
        return [ref for ref in wanted if ref in found]

    def _connection(self) -> tuple[str, dict[str, str]]:
        assert self._remote is not None
        return connection(self._root, self._remote, self._settings, elsewhere=True)


class _Fetched:
    """A repository in an empty folder that holds what is fetched from a remote."""

    def __init__(self, folder: Path, clone: Path, remote: str, environment: Mapping[str, str], *, sha256: bool) -> None:
        self._folder = folder
        self._remote = remote
        self._environment = environment
        self._filters = list(_FILTERS)
        options = ("--object-format=sha256",) if sha256 else ()
        output(folder, "init", "--quiet", "--template=", *options)

    def fetch(self, branches: Sequence[str], commits: Sequence[str], depth: int) -> dict[str, tuple[str, ...]]:
        """The history, to a depth, of branches and of those of the commits that the remote still has.

        Raises:
            GitRefusedError: the branches cannot be fetched.
        """
        self._fetch([f"+{ref}:{_TIPS}{number}" for number, ref in enumerate(branches)], depth)
        refspecs = [f"+{commit}:{_TIPS}{commit}" for commit in commits]
        try:
            self._fetch(refspecs, depth)
        except GitRefusedError:
            for refspec in refspecs if len(refspecs) > 1 else ():
                self._fetch_if_there(refspec, depth)
        return _listed(self._folder, ["--all"])

    def _fetch_if_there(self, refspec: str, depth: int) -> None:
        try:
            self._fetch([refspec], depth)
        except GitRefusedError:
            return

    def tips(self, branches: Sequence[str]) -> list[str]:
        """The commits of the branches that were fetched."""
        return [output(self._folder, "rev-parse", f"{_TIPS}{number}").strip() for number in range(len(branches))]

    def _fetch(self, refspecs: Sequence[str], depth: int) -> None:
        while True:
            arguments = (*_FETCH, f"--depth={depth}", *self._filters[0], "--", self._remote, *refspecs)
            done = run(self._folder, *arguments, environment=self._environment)
            if done.returncode == 0:
                return
            problem = refusal(self._folder, arguments, done)
            if len(self._filters) == 1 or not re.search("filter", problem.detail):
                raise problem
            del self._filters[0]


def _listed(root: Path, starts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The history of some commits that a repository has, without those where it was cut."""
    done = run(root, "rev-list", "--parents", *starts, "--", most=_MOST)
    if done.returncode != 0:
        raise refusal(root, ("rev-list",), done)
    shallow = root / output(root, "rev-parse", "--git-path", "shallow").removesuffix("\n")
    cut = set(shallow.read_text().split()) if shallow.exists() else set()
    lines = (line.split() for line in done.stdout.decode("ascii").splitlines())
    return {commit: tuple(parents) for commit, *parents in lines if commit not in cut}


def reaches(start: str, goal: str, known: Parents) -> bool | None:
    """Whether `goal` is `start` or an ancestor of it; None if that depends on commits that are not known.

    No ancestor of `goal` leads to it, so only the others of the commits that are not known matter.
    """
    found, ends = _walk(start, known)
    if goal in found:
        return True
    if not ends:
        return False
    below, _ = _walk(goal, known)
    return None if ends - (below - {goal}) else False


def _walk(start: str, known: Parents) -> tuple[set[str], set[str]]:
    """A commit and its ancestors, and those of them whose parents are not known."""
    found, ends, waiting = {start}, set(), [start]
    while waiting:
        commit = waiting.pop()
        parents = known.get(commit)
        if parents is None:
            ends.add(commit)
            continue
        for parent in parents:
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found, ends


def _ends(head: str, known: Parents) -> list[str]:
    return sorted(_walk(head, known)[1])
