"""Refs that hold files: read whole, and replaced by compare-and-swap, in this repository or on a remote of it.

Promises: reading writes nothing to the clone. What is fetched from a remote goes into a store of its own, and a push
sends objects from there. The clone keeps none of them, and no remote-tracking ref.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.frozen import dataclass
from reconciler.git.login import Reason, reason_of
from reconciler.git.objects import NotACommitError, Objects
from reconciler.git.process import Settings, connection, refusal, run, run_to_its_end, words

_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune", "--no-filter"),
    *("--no-recurse-submodules", "--no-write-commit-graph", "--refmap="),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")


@dataclass(frozen=True, slots=True)
class Held:
    """The content of a ref: a commit, and its plain files by path, with `/`."""

    commit: str
    files: Mapping[str, bytes]


class Refs:
    """The refs of the repository at `root`, or those of its `remote`. Objects are named by their full ids.

    `settings` are only for a git that talks to the remote.

    Every method raises GitRefusedError if git, or the remote, does not answer or refuses.
    """

    def __init__(self, root: Path, remote: str | None, settings: Settings = ()) -> None:
        self._root = root
        self._remote = remote
        self._settings = settings
        self.objects = Objects(root, apart=remote is not None)
        self._complete: set[str] = set()
        """Commits whose objects are all available, so that they are not fetched again."""

    def tip(self, ref: str) -> str | None:
        """The object that a ref points to; None if there is no such ref. The object is not fetched."""
        there = self._there(ref)
        return there[0] if there else None

    def read(self, ref: str, *, most: int) -> Held | None:
        """The commit that a ref points to and its files, of `most` bytes at most; None if there is no such ref.

        Raises:
            NotACommitError: it points to something else.
            TooLargeError: the files are larger. None of them was read.
            UnreadableRefError: git cannot read them.
        """
        for _ in range(3):
            there = self._there(ref)
            if there is None:
                return None
            tip, is_tag = there
            if is_tag:
                raise NotACommitError(tip, f"{ref} points to a tag, not to a commit")
            if tip not in self._complete:
                self._fetch(ref)
            files = self.objects.files(ref, tip, most=most)
            if files is not None:
                self._complete.add(tip)
                return Held(tip, files)
        raise GitRefusedError(f"git fetch failed: {ref} on {self._remote} kept changing")

    def holds(self, ref: str, commit: str) -> bool:
        """Whether a ref points to `commit` or to one of its descendants."""
        tip = self.tip(ref)
        if tip is None or tip == commit:
            return tip == commit
        self._fetch(ref)
        done = run(self._root, "merge-base", "--is-ancestor", commit, tip, environment=self.objects.environment)
        return done.returncode == 0

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """A new commit, as `Objects.commit` makes it. No ref points to it."""
        made = self.objects.commit(parent, changes, message)
        if parent is None or parent in self._complete:
            self._complete.add(made)
        return made

    def swap(self, ref: str, new: str | None, old: str | None) -> bool:
        """Point a ref from `old` to `new`. None means no ref. Returns False if the ref does not point to `old`.

        A signal does not stop it once it has begun. If a remote does not answer, it may have landed.
        """
        if self._remote is None:
            return self._move(ref, new, old)
        remote, environment = self._connection
        arguments = (*_PUSH, f"--force-with-lease={ref}:{old or ''}", "--", remote, f"{new or ''}:{ref}")
        done = run_to_its_end(self._root, *arguments, environment=environment | self.objects.environment)
        if done.returncode == 0:
            return True
        line = next((line for line in done.stdout.decode("utf-8", "replace").split("\n") if line[:2] == "!\t"), None)
        if line is None:
            raise refusal(self._root, arguments, done)
        if "\t[rejected]" in line and old is not None:
            return False
        if re.search(r"exists; cannot create|directory file conflict", f"{line}\n{words(done)}"):
            shown = f"{ref} conflicts with a branch or tag on {self._remote}"
            raise GitRefusedError(f"git push failed: {shown}", words(done), reason=Reason.REF)
        there = self.tip(ref)
        if there != old or re.search(r"failed to update ref|\block\b", line):
            return there == new
        if "\t[rejected]" in line:
            shown = f"{ref} is hidden on {self._remote}, or conflicts with a branch or tag there"
            raise GitRefusedError(f"git push failed: {shown}", words(done), reason=Reason.REF)
        reason = reason_of("push", f"{line}\n{words(done)}")
        raise GitRefusedError(f"git push failed: {line.split(chr(9))[-1]}", words(done), reason=reason)

    def _move(self, ref: str, new: str | None, old: str | None) -> bool:
        if new is None and old is None:
            return True
        change = ("-d", ref, old) if new is None else (ref, new, old or "")
        arguments = ("update-ref", "--no-deref", *(word for word in change if word is not None))
        done = run_to_its_end(self._root, *arguments)
        if done.returncode == 0:
            return True
        if self.tip(ref) != old or re.search(r"\.lock': File exists", words(done)):
            return False
        raise refusal(self._root, arguments, done)

    def _there(self, ref: str) -> tuple[str, bool] | None:
        """The object that a ref points to, and whether that is a tag."""
        if self._remote is None:
            arguments = ("for-each-ref", "--format=%(objectname)\t%(refname)\t%(objecttype)", ref)
            done = self.objects.done(*arguments)
            if "ignoring broken ref" in words(done):
                raise refusal(self._root, arguments, done)
        else:
            remote, environment = self._connection
            done = self.objects.done("ls-remote", "--quiet", "--", remote, ref, f"{ref}^{{}}", environment=environment)
        lines = [line.split("\t") for line in done.stdout.decode("utf-8", "replace").split("\n")]
        found = {line[1]: line for line in lines if len(line) > 1}
        if ref not in found:
            return None
        return found[ref][0], f"{ref}^{{}}" in found or found[ref][2:] == ["tag"]

    def _fetch(self, ref: str) -> None:
        if self._remote is not None:
            remote, environment = self._connection
            self.objects.done(*_FETCH, "--", remote, ref, environment=environment)

    @cached_property
    def _connection(self) -> tuple[str, dict[str, str]]:
        assert self._remote is not None
        return connection(self._root, self._remote, self._settings)
