"""The objects of a repository: commits, and the files in them.

Promises: reading writes nothing to the clone. A commit is made as `reconciler`, regardless of the identity that git
has, without an index, a working tree, or another ref. Objects that are kept apart go into a store of their own, so
shallow, partial, and read-only clones work, and so do clones that belong to someone else.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from time import time
from typing import Final, NoReturn

from reconciler.errors import GitRefusedError
from reconciler.frozen import dataclass
from reconciler.git.process import Done, TooLongError, output, refusal, run

_LIST: Final = ("ls-tree", "-r", "-l", "-z", "--full-tree")
_BRANCH = "refs/reconciler-unnamed"
"""Not in a folder, because git would create the folder for the lock and not remove it."""

_LEAST_LISTING, _MOST_LISTING = 1_000_000, 64_000_000
"""The least and the most bytes that a list of files may have. In between, it may be as long as the files: a small tree
can list files without end."""

_LOOKED_UP: Final = 5_000
"""In so many commits of a log, files are looked up at once."""

_LAST_SECOND: Final = 253_402_300_799
"""The end of the year 9999, which is the last one that a datetime can have."""

_WRITER = "reconciler <reconciler@localhost>"


class UnreadableRefError(GitRefusedError):
    """A ref exists, but its files cannot be read. `tip` is the object that it points to."""

    def __init__(self, tip: str, summary: str, detail: str = "") -> None:
        super().__init__(summary, detail)
        self.tip = tip


class MissingObjectError(UnreadableRefError):
    """An object of the commit is missing, so the ref is damaged."""

    def __init__(self, tip: str, name: str) -> None:
        super().__init__(tip, f"the git object {name[:8]} is missing")


class NotACommitError(UnreadableRefError):
    """A ref points to a tree, a blob, or a tag."""


class TooLargeError(UnreadableRefError):
    """The files of a ref are larger than the limit. `size` is the bytes of its files; None if there are too many files
    to count."""

    def __init__(self, tip: str, ref: str, most: int, size: int | None) -> None:
        amount = "has too many files" if size is None else f"has {size:,} bytes"
        super().__init__(tip, f"{ref} {amount}; the limit is {most:,} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class Changed:
    """A commit that changed files: when it was made, and the ID of each file's content, None if it removed the file."""

    commit: str
    at: datetime
    files: Mapping[str, str | None]


def _moment(seconds: int) -> datetime:
    """The time of a commit. A commit can have any number: the nearest time that there is counts."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LAST_SECOND), UTC)


class Objects:
    """The objects of the repository at `root`, named by their full IDs.

    If they are kept `apart`, the clone keeps none of those that are fetched or made: they are removed with this
    instance.

    Every method raises GitRefusedError if git refuses.
    """

    def __init__(self, root: Path, *, apart: bool) -> None:
        self._root = root
        self._apart = apart

    def log(self, tip: str, *, most: int) -> list[str]:
        """The last `most` commits up to `tip`, the latest first, if they are in this repository or were fetched.

        Empty if `tip` is not a commit.
        """
        done = run(self._root, "rev-list", "--first-parent", f"-{most}", f"{tip}^0", "--", environment=self.environment)
        return done.stdout.decode("ascii").split() if done.returncode == 0 else []

    def changes(self, tip: str, paths: Sequence[str]) -> Iterator[Changed]:
        """The commits up to `tip`, which was read, that changed one of the files at `paths`: oldest first.

        Only these files are looked up, in batches. Comparing whole trees takes three times as long.
        """
        walk = self.done("rev-list", "--first-parent", "--reverse", "--timestamp", tip, "--").stdout
        commits = [line.split(" ") for line in walk.decode("ascii").split("\n")[:-1]]
        before: dict[str, str | None] = dict.fromkeys(paths)
        for start in range(0, len(commits), _LOOKED_UP):
            batch = commits[start : start + _LOOKED_UP]
            data = "".join(f"{commit}:{path}\n" for _, commit in batch for path in paths)
            answers = self.done(
                "cat-file", "--buffer", "--batch-check=%(objecttype) %(objectname)", data=data.encode()
            ).stdout
            found = iter(answers.decode("utf-8", "replace").split("\n"))
            for seconds, commit in batch:
                kinds = ((path, next(found).partition(" ")) for path in paths)
                files = {path: name if kind == "blob" else None for path, (kind, _, name) in kinds}
                if changed := {path: blob for path, blob in files.items() if blob != before[path]}:
                    yield Changed(commit, _moment(int(seconds)), changed)
                before = files

    def contents(self, names: Sequence[str]) -> list[bytes]:
        """The contents of objects. GitRefusedError if one of them is missing."""
        return self._contents(names[0], [name.encode("ascii") for name in names]) if names else []

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
        return self.done(*arguments, data=b"".join(lines)).stdout.decode("ascii").strip()

    def files(self, ref: str, tip: str, *, most: int) -> dict[str, bytes] | None:
        """The plain files of a commit that `ref` points to, of `most` bytes at most; None if it is not available.

        Raises:
            NotACommitError: it is something else.
            TooLargeError: the files are larger. None of them was read.
            UnreadableRefError: git cannot read them.
        """
        arguments = (*_LIST, f"{tip}^0")  # only a commit has that name
        listing = min(max(most, _LEAST_LISTING), _MOST_LISTING)
        try:
            done = run(self._root, *arguments, environment=self.environment, most=listing)
        except TooLongError:
            raise TooLargeError(tip, ref, most, None) from None
        if done.returncode != 0:
            kind = run(self._root, "cat-file", "-t", tip, environment=self.environment)
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
        answers = self.done("cat-file", "--buffer", "--batch", data=b"".join(name + b"\n" for name in names)).stdout
        contents = []
        for head, content in answers_in(answers):
            if len(head) != 3:
                raise MissingObjectError(tip, b" ".join(head).decode("utf-8", "replace"))
            contents.append(content)
        return contents

    def done(self, *arguments: str, data: bytes = b"", environment: Mapping[str, str] | None = None) -> Done:
        done = run(self._root, *arguments, data=data, environment={**(environment or {}), **self.environment})
        if done.returncode != 0:
            raise refusal(self._root, arguments, done)
        return done

    @cached_property
    def _repository(self) -> tuple[Path, int]:
        """The folder of the clone's objects, and the length of an ID. A git with only one format echoes the option."""
        said = output(self._root, "rev-parse", "--git-common-dir", "--show-object-format")
        common, kind, _ = said.rsplit("\n", 2)
        return (self._root / common / "objects").resolve(), 64 if kind == "sha256" else 40

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables of a git that reads and writes these objects."""
        if not self._apart:
            return {}
        alternate = str(self._repository[0])
        folder = tempfile.mkdtemp(prefix="reconciler-objects-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        if re.search(r'[:"\n\\]', alternate):
            escaped = alternate.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            alternate = f'"{escaped}"'
        return {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": alternate}


def answers_in(output: bytes) -> Iterator[tuple[list[bytes], bytes]]:
    """The answers of `git cat-file --batch`: name, kind, and size, and the content. A missing object has no size."""
    start = 0
    while start < len(output):
        line = output.index(b"\n", start)
        head, start = output[start:line].split(), line + 1
        size = int(head[2]) if len(head) == 3 else -1
        yield head, output[start : max(start, start + size)]
        start += size + 1
