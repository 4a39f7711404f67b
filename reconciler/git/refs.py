"""Refs that hold files: read whole, and replaced by compare-and-swap, in this repository or on a remote of it.

Promises: reading writes nothing to the clone. What is fetched from a remote goes into a separate object store, so
shallow, partial, and read-only clones work, and so do clones that belong to someone else. A commit is made as
`reconciler`, regardless of the identity that git has, without an index, a working tree, or another ref. A push sends
objects from that store. The clone keeps none of them, and no remote-tracking ref.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import time
from typing import Final, NoReturn

from reconciler.errors import GitRefusedError
from reconciler.git.login import Reason, reason_of
from reconciler.git.process import (
    Done,
    Settings,
    TooLongError,
    connection,
    output,
    refusal,
    run,
    run_to_its_end,
    words,
)

_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune", "--no-filter"),
    *("--no-recurse-submodules", "--no-write-commit-graph", "--refmap="),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")
_LIST: Final = ("ls-tree", "-r", "-l", "-z", "--full-tree")
_BRANCH = "refs/reconciler-unnamed"
"""Not in a folder, because git would create the folder for the lock and not remove it."""

_LEAST_LISTING, _MOST_LISTING = 1_000_000, 64_000_000
"""The least and the most bytes that a list of files may have. In between, it may be as long as the files: a small tree
can list files without end."""

_LOOKED_UP: Final = 5_000
"""In so many commits of a log, files are looked up at once."""

_WRITER = "reconciler <reconciler@localhost>"


class UnreadableRefError(GitRefusedError):
    """A ref exists, but its files cannot be read. `tip` is the object that it points to."""

    def __init__(self, tip: str, summary: str, detail: str = "") -> None:
        super().__init__(summary, detail)
        self.tip = tip


class MissingObjectError(UnreadableRefError):
    """An object of the commit is missing, so the ref is damaged."""

    def __init__(self, tip: str, name: str) -> None:
        super().__init__(tip, f"git object {name[:8]} is missing")


class NotACommitError(UnreadableRefError):
    """A ref points to a tree, a blob, or a tag."""


class TooLargeError(UnreadableRefError):
    """The files of a ref are larger than the limit. `size` is the bytes of its files; None if there are too many files
    to count."""

    def __init__(self, tip: str, ref: str, most: int, size: int | None) -> None:
        amount = "too many files" if size is None else f"{size:,} bytes"
        super().__init__(tip, f"{ref} contains {amount}; the limit is {most:,} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class Held:
    """The content of a ref: a commit, and its plain files by path, with `/`."""

    commit: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Changed:
    """A commit that changed files: when it was made, and the ID of each file's content, None if it removed the file."""

    commit: str
    at: datetime
    files: Mapping[str, str | None]


class Refs:
    """The refs of the repository at `root`, or those of its `remote`. Objects are named by their full ids.

    `settings` are only for a git that talks to the remote.

    Every method raises GitRefusedError if git, or the remote, does not answer or refuses.
    """

    def __init__(self, root: Path, remote: str | None, settings: Settings = ()) -> None:
        self._root = root
        self._remote = remote
        self._settings = settings
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
            files = self._files(ref, tip, most)
            if files is not None:
                self._complete.add(tip)
                return Held(tip, files)
        raise GitRefusedError(f"git fetch failed: {ref} was replaced on {self._remote} 3 times")

    def log(self, tip: str, *, most: int) -> list[str]:
        """The last `most` commits up to `tip`, the latest first, if they are in this repository or were fetched.

        Empty if `tip` is not a commit.
        """
        done = run(self._root, "rev-list", "--first-parent", f"-{most}", f"{tip}^0", "--", environment=self._objects)
        return done.stdout.decode("ascii").split() if done.returncode == 0 else []

    def at(self, commit: str, *, most: int) -> Held | None:
        """A commit of a log and its files; None if they are not available. Raises the errors of `read`."""
        files = self._files(commit, commit, most)
        return Held(commit, files) if files is not None else None

    def changes(self, tip: str, paths: Sequence[str]) -> Iterator[Changed]:
        """The commits up to `tip`, which was read, that changed one of the files at `paths`: oldest first.

        Only these files are looked up, in batches. Comparing whole trees takes three times as long.
        """
        walk = self._done("rev-list", "--first-parent", "--reverse", "--timestamp", tip, "--").stdout
        commits = [line.split(" ") for line in walk.decode("ascii").split("\n")[:-1]]
        before: dict[str, str | None] = dict.fromkeys(paths)
        for start in range(0, len(commits), _LOOKED_UP):
            batch = commits[start : start + _LOOKED_UP]
            data = "".join(f"{commit}:{path}\n" for _, commit in batch for path in paths)
            answers = self._done(
                "cat-file", "--buffer", "--batch-check=%(objecttype) %(objectname)", data=data.encode()
            ).stdout
            found = iter(answers.decode("utf-8", "replace").split("\n"))
            for seconds, commit in batch:
                kinds = ((path, next(found).partition(" ")) for path in paths)
                files = {path: name if kind == "blob" else None for path, (kind, _, name) in kinds}
                if changed := {path: blob for path, blob in files.items() if blob != before[path]}:
                    yield Changed(commit, datetime.fromtimestamp(int(seconds), UTC), changed)
                before = files

    def objects(self, names: Sequence[str]) -> list[bytes]:
        """The contents of objects. GitRefusedError if one of them is missing."""
        return self._contents(names[0], [name.encode("ascii") for name in names]) if names else []

    def holds(self, ref: str, commit: str) -> bool:
        """Whether a ref points to `commit` or to one of its descendants."""
        tip = self.tip(ref)
        if tip is None or tip == commit:
            return tip == commit
        self._fetch(ref)
        done = run(self._root, "merge-base", "--is-ancestor", commit, tip, environment=self._objects)
        return done.returncode == 0

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """A new commit on `parent` in which the files of `changes` are replaced, or removed if they are None.

        No ref points to it. The stream makes a branch and drops it again before git has written the branch.
        """
        text = message.encode("utf-8", "replace")
        moment = f"{int(time())} +0000"
        lines = [f"commit {_BRANCH}\nmark :1\ncommitter {_WRITER} {moment}\ndata {len(text)}\n".encode(), text]
        lines += [f"\nfrom {parent}\n".encode() if parent else b"\n"]
        for path, content in changes.items():
            if content is None:
                lines.append(f"D {path}\n".encode("utf-8", "surrogateescape"))
            else:
                head = f"M 100644 inline {path}\ndata {len(content)}\n"
                lines += [head.encode("utf-8", "surrogateescape"), content, b"\n"]
        lines.append(f"\nget-mark :1\nreset {_BRANCH}\nfrom {'0' * self._repository[1]}\n\ndone\n".encode())
        arguments = ("fast-import", "--quiet", "--done", "--date-format=raw")
        made = self._done(*arguments, data=b"".join(lines)).stdout.decode("ascii").strip()
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
        done = run_to_its_end(self._root, *arguments, environment=environment | self._objects)
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
            done = self._done(*arguments)
            if "ignoring broken ref" in words(done):
                raise refusal(self._root, arguments, done)
        else:
            remote, environment = self._connection
            done = self._done("ls-remote", "--quiet", "--", remote, ref, f"{ref}^{{}}", environment=environment)
        lines = [line.split("\t") for line in done.stdout.decode("utf-8", "replace").split("\n")]
        found = {line[1]: line for line in lines if len(line) > 1}
        if ref not in found:
            return None
        return found[ref][0], f"{ref}^{{}}" in found or found[ref][2:] == ["tag"]

    def _fetch(self, ref: str) -> None:
        if self._remote is not None:
            remote, environment = self._connection
            self._done(*_FETCH, "--", remote, ref, environment=environment)

    def _files(self, ref: str, tip: str, most: int) -> dict[str, bytes] | None:
        """The plain files of a commit; None if its objects are not available."""
        arguments = (*_LIST, f"{tip}^0")  # only a commit has that name
        listing = min(max(most, _LEAST_LISTING), _MOST_LISTING)
        try:
            done = run(self._root, *arguments, environment=self._objects, most=listing)
        except TooLongError:
            raise TooLargeError(tip, ref, most, None) from None
        if done.returncode != 0:
            kind = run(self._root, "cat-file", "-t", tip, environment=self._objects)
            if kind.returncode != 0:
                return None
            self._refuse(ref, tip, kind.stdout.decode("ascii").strip(), refusal(self._root, arguments, done))
        names: dict[str, bytes] = {}
        size = 0
        for line in filter(None, done.stdout.split(b"\0")):
            head, path = line.split(b"\t", 1)
            mode, kind_of, name, length = head.split()
            if kind_of == b"blob" and mode.startswith(b"100"):
                if not length.isdigit():
                    raise MissingObjectError(tip, name.decode())
                names[path.decode("utf-8", "surrogateescape")] = name
                size += int(length)
        if size > most:
            raise TooLargeError(tip, ref, most, size)
        return dict(zip(names, self._contents(tip, list(names.values())), strict=True))

    def _refuse(self, ref: str, tip: str, kind: str, problem: GitRefusedError) -> NoReturn:
        if kind != "commit":
            raise NotACommitError(tip, f"{ref} points to a {kind}, not to a commit")
        raise UnreadableRefError(tip, problem.summary, problem.detail)

    def _contents(self, tip: str, names: list[bytes]) -> list[bytes]:
        answers = self._done("cat-file", "--buffer", "--batch", data=b"".join(name + b"\n" for name in names)).stdout
        contents = []
        start = 0
        for _ in names:
            line = answers.index(b"\n", start)
            head = answers[start:line].split()
            if len(head) != 3:
                raise MissingObjectError(tip, answers[start:line].decode("utf-8", "replace"))
            end = line + 1 + int(head[2])
            contents.append(answers[line + 1 : end])
            start = end + 1
        return contents

    def _done(self, *arguments: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> Done:
        done = run(self._root, *arguments, data=data, environment={**(environment or {}), **self._objects})
        if done.returncode != 0:
            raise refusal(self._root, arguments, done)
        return done

    @cached_property
    def _connection(self) -> tuple[str, dict[str, str]]:
        assert self._remote is not None
        return connection(self._root, self._remote, self._settings)

    @cached_property
    def _repository(self) -> tuple[Path, int]:
        """The folder of the clone's objects, and the length of an ID. A git with only one format echoes the option."""
        said = output(self._root, "rev-parse", "--git-common-dir", "--show-object-format")
        common, kind, _ = said.rsplit("\n", 2)
        return (self._root / common / "objects").resolve(), 64 if kind == "sha256" else 40

    @cached_property
    def _objects(self) -> dict[str, str]:
        """Where git reads and writes objects. With a remote, it is a folder that is removed with this instance."""
        if self._remote is None:
            return {}
        alternate = str(self._repository[0])
        folder = tempfile.mkdtemp(prefix="reconciler-objects-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if re.search(r'[:"\n\\]', alternate):
            escaped = alternate.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            alternate = f'"{escaped}"'
        return {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": alternate}
