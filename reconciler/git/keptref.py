"""A ref of a target, in this clone or on a git remote. Records and snapshots are kept in such refs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reconciler import git
from reconciler.errors import GitRefusedError
from reconciler.git.login import NO_LOGIN, Login, Reason
from reconciler.git.objects import MissingObjectError, NotACommitError, TooLargeError
from reconciler.git.refs import Held, Refs

LOCAL: Final = "local"
"""Used in place of a remote's name to mean this clone."""

OWN_REFS: Final = "refs/reconciler"
"""Where refs are kept unless a target's remote keeps them as branches."""

PUSHING: Final = 60.0
"""For how many seconds a push is repeated if other runs are faster."""


def left_lock(ref: str) -> str:
    """What may be wrong if other runs always seem to be faster."""
    return (
        "If no other run is in progress, an interrupted run might have left a lock file. In the git folder of the "
        f"repository that keeps the ref, delete {ref}.lock. On a hosted server, ask its administrator to do so."
    )


def pauses_between(monotonic: Callable[[], float], draw: Callable[[], float]) -> Iterator[float]:
    """The growing pauses, in seconds, of a run that loses to others. They end `PUSHING` seconds after the first one.

    `draw` returns a random number from 0 to 1.
    """
    begun, longest = monotonic(), 0.2
    while monotonic() - begun < PUSHING:
        yield 0.05 + (longest - 0.05) * draw()
        longest = min(longest * 2, 5.0)


def ref_name(kind: str, name: str, below: str = OWN_REFS) -> str:
    """`refs/reconciler/KIND/NAME`, or the same below another folder of refs; no two names share a ref."""
    return f"{below}/{kind}/{git.ref_part(name)}"


class KeptRef:
    """`refs/reconciler/KIND/TARGET`, or the same in `below`. `remote` is LOCAL or a git remote, which must exist.

    A failure of a remote is raised as `error`, which takes a summary and a detail. A failure of the clone itself is a
    GitRefusedError, and so is a ref that does not point to a commit or whose files are too large.
    """

    def __init__(
        self,
        root: Path,
        kind: str,
        target: str,
        remote: str,
        *,
        error: Callable[[str, str], Exception],
        login: Login = NO_LOGIN,
        below: str = OWN_REFS,
    ) -> None:
        self.what = f"the {kind} of {target}"
        self.name = ref_name(kind, target, below)
        self.below = below
        self.remote = None if remote == LOCAL else remote
        self.where = f" on {self.remote}" if self.remote else ""
        self.refs = Refs(root, self.remote, login.settings)
        self._login = login
        self._error = error
        if self.remote is not None and self.remote not in git.remotes(root):
            raise self._error(
                f'this repository has no git remote "{remote}"',
                f"Reconciler keeps {self.what} on that remote. {_known(git.remotes(root))}\nAdd the remote with git "
                f"remote add {remote} URL, or name a different remote for the target in reconciler.toml.",
            )

    def read(self, most: int) -> Held | None:
        """The files of the ref, of `most` bytes at most; None if there is no ref.

        Raises:
            NotACommitError, TooLargeError, MissingObjectError: it does not point to a commit, its files are larger, or
                an object is missing.
        """
        with self.reported(f"{self.what} cannot be fetched from {self.remote}"):
            return self.refs.read(self.name, most=most)

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """A new commit, as `Refs.commit` makes it."""
        with self.reported(f"{self.what} cannot be pushed to {self.remote}"):
            return self.refs.commit(parent, changes, message)

    def replace(self, new: str, old: str | None) -> bool:
        """Point the ref from `old` to the commit `new`; False if it does not point to `old`.

        A push without an answer is looked up on the remote.
        """
        with self.reported(f"{self.what} cannot be pushed to {self.remote}"):
            try:
                return self.refs.swap(self.name, new, old)
            except GitRefusedError:
                if self.remote is None or not self._holds(new):
                    raise
                return True

    def _holds(self, commit: str) -> bool:
        try:
            return self.refs.holds(self.name, commit)
        except GitRefusedError:
            return False

    def place(self, commit: str) -> str:
        """The ref at a commit, for messages."""
        return f"{self.what} ({self.name}{self.where}, commit {commit[:12]})"

    def deletion(self) -> tuple[str, ...]:
        """The command that deletes the ref."""
        if self.remote is None:
            return ("git", "update-ref", "-d", self.name)
        return ("git", "push", self.remote, "--delete", self.name)

    @contextmanager
    def reported(self, failure: str) -> Iterator[None]:
        """Puts `failure` in front of what went wrong on a remote."""
        try:
            yield
        except (NotACommitError, TooLargeError, MissingObjectError):
            raise
        except GitRefusedError as problem:
            if self.remote is None:
                raise
            remedy = self._login.remedy(problem.reason)
            if problem.reason == Reason.REF and self.below != OWN_REFS:
                branches = self.below.removeprefix("refs/heads/")
                parts = branches.split("/")
                names = " or ".join("/".join(parts[:length]) for length in range(1, len(parts) + 1))
                remedy = (
                    f"On the remote, allow branches under {branches}/, and rename any branch or tag named {names}. To "
                    "use a different name, change record_branches of the target in reconciler.toml."
                )
            detail = "\n".join(filter(None, (problem.detail, remedy)))
            raise self._error(f"{failure}: {problem.summary}", detail) from None


def _known(remotes: Sequence[str]) -> str:
    return f"This repository's remotes: {', '.join(remotes)}." if remotes else "This repository has no remotes."
