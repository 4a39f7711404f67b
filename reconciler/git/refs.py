"""Refs that hold files: read whole, and replaced by compare-and-swap, in this repository or on a remote of it.

Promises: reading writes nothing to the clone. What is fetched from a remote lies in an object store of its own beside
the clone's, so shallow, partial and read-only clones work, and so do clones that belong to someone else. A commit is
made as `reconciler`, regardless of the identity that git has, with no index, no working tree and no other ref. A push
sends what that store holds; the clone keeps nothing of it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from time import time

from reconciler import git
from reconciler.errors import GitRefusedError
from reconciler.git.process import connection, need, output, refusal, run, run_to_its_end, words

_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune", "--no-filter"),
    *("--no-recurse-submodules", "--no-write-commit-graph", "--refmap="),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")
_WRITER = "reconciler <reconciler@localhost>"


class NotACommitError(GitRefusedError):
    """A ref points to something that is not a commit: `kind` is tree, blob or tag."""

    def __init__(self, ref: str, kind: str) -> None:
        super().__init__(f"{ref} points to a {kind}, not to a commit")
        self.kind = kind


class Refs:
    """The refs of the repository at `root`, or those of its `remote`. Objects are named by their full ids.

    Every method raises GitRefusedError if git, or the remote, does not answer or refuses.
    """

    def __init__(self, root: Path, remote: str | None) -> None:
        self._root = root
        self._remote = remote

    def tip(self, ref: str) -> str | None:
        """The commit that a ref points to, with its objects available; None if there is no such ref.

        Raises:
            NotACommitError: it points to something else.
        """
        for _ in range(3):
            there = self._remote_tip(ref) if self._remote else self._local_tip(ref)
            if there is None:
                return None
            if self._remote:
                self._run(*_FETCH, "--", self._remote, ref, talks=True)
            kind = self._kind(there)
            if kind == "commit":
                return there
            if kind is not None:
                raise NotACommitError(ref, kind)
        raise GitRefusedError(f"git fetch failed: {ref} keeps being replaced on {self._remote}")

    def files(self, commit: str) -> dict[str, bytes]:
        """Every file of a commit by its path, with `/`; anything but a plain file is skipped."""
        listing = self._run("ls-tree", "-r", "-z", "--full-tree", commit)
        found: dict[str, bytes] = {}
        for line in filter(None, listing.split(b"\0")):
            head, path = line.split(b"\t", 1)
            mode, kind, name = head.split()
            if kind == b"blob" and mode.startswith(b"100"):
                found[path.decode("utf-8", "surrogateescape")] = name
        contents = self._contents(list(found.values()))
        return dict(zip(found, contents, strict=True))

    def _contents(self, names: list[bytes]) -> list[bytes]:
        answers = self._run("cat-file", "--batch", data=b"".join(name + b"\n" for name in names))
        contents = []
        start = 0
        for _ in names:
            line = answers.index(b"\n", start)
            head = answers[start:line].split()
            if len(head) != 3:
                raise GitRefusedError(f"git cat-file failed: an object is missing ({answers[start:line].decode()})")
            end = line + 1 + int(head[2])
            contents.append(answers[line + 1 : end])
            start = end + 1
        return contents

    def commit(self, parent: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        """A new commit on `parent` in which the files of `changes` are replaced, or for None removed.

        No ref points to it: the stream makes it on a temporary branch, and then removes that branch.
        """
        text = message.encode("utf-8", "replace")
        moment = f"{int(time())} +0000"
        branch = "refs/reconciler/unnamed"
        lines = [f"commit {branch}\nmark :1\ncommitter {_WRITER} {moment}\ndata {len(text)}\n".encode(), text]
        lines += [f"\nfrom {parent}\n".encode() if parent else b"\n"]
        for path, content in changes.items():
            if content is None:
                lines.append(f"D {path}\n".encode("utf-8", "surrogateescape"))
            else:
                head = f"M 100644 inline {path}\ndata {len(content)}\n"
                lines += [head.encode("utf-8", "surrogateescape"), content, b"\n"]
        none = "0" * len(parent or self._run("hash-object", "--stdin").strip())
        lines.append(f"\nget-mark :1\nreset {branch}\nfrom {none}\n\ndone\n".encode())
        arguments = ("fast-import", "--quiet", "--done", "--date-format=raw")
        return self._run(*arguments, data=b"".join(lines)).decode("ascii").strip()

    def swap(self, ref: str, new: str | None, old: str | None) -> bool:
        """Point a ref from `old` to `new`, None for no ref; False if it does not point to `old`.

        A signal does not stop it once it has begun. Without an answer from a remote it may have landed.
        """
        if self._remote is None:
            return self._move(ref, new, old)
        arguments = (*_PUSH, f"--force-with-lease={ref}:{old or ''}", "--", self._remote, f"{new or ''}:{ref}")
        done = run_to_its_end(self._root, *arguments, environment=connection(self._root) | self._objects)
        if done.returncode == 0:
            return True
        line = next((line for line in done.stdout.decode("utf-8", "replace").split("\n") if line[:2] == "!\t"), None)
        if line is None:
            raise refusal(self._root, arguments, done)
        if "\t[rejected]" in line:
            return False
        there = self._remote_tip(ref)
        if there != old or re.search(r"failed to update ref|lock", line):
            return there == new
        raise GitRefusedError(f"git push failed: {line.split(chr(9))[-1]}", words(done))

    def has(self, commit: str, other: str) -> bool:
        """Whether `commit` is `other` or descends from it."""
        done = need(run(self._root, "merge-base", "--is-ancestor", other, commit, environment=self._objects))
        return done.returncode == 0

    def _move(self, ref: str, new: str | None, old: str | None) -> bool:
        if new is None and old is None:
            return True
        change = ("-d", ref, old) if new is None else (ref, new, old or "")
        arguments = ("update-ref", "--no-deref", *(word for word in change if word is not None))
        done = run_to_its_end(self._root, *arguments)
        if done.returncode == 0:
            return True
        if self._local_tip(ref) != old or re.search(r"\.lock': File exists", words(done)):
            return False
        raise refusal(self._root, arguments, done)

    def _local_tip(self, ref: str) -> str | None:
        return output(self._root, "rev-parse", "--verify", "--quiet", ref).strip() or None

    def _remote_tip(self, ref: str) -> str | None:
        assert self._remote is not None
        listing = self._run("ls-remote", "--quiet", "--refs", "--", self._remote, ref, talks=True)
        lines = (line.split("\t") for line in listing.decode("utf-8", "replace").split("\n") if "\t" in line)
        return next((commit for commit, name in lines if name == ref), None)

    def _kind(self, name: str) -> str | None:
        done = need(run(self._root, "cat-file", "-t", name, environment=self._objects))
        return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else None

    def _run(self, *arguments: str, data: bytes = b"", talks: bool = False) -> bytes:
        environment = (connection(self._root) if talks else {}) | self._objects
        done = need(run(self._root, *arguments, data=data, environment=environment))
        if done.returncode != 0:
            raise refusal(self._root, arguments, done)
        return done.stdout

    @cached_property
    def _objects(self) -> dict[str, str]:
        """Where git finds and puts objects: with a remote, in a folder that ends with this object."""
        if self._remote is None:
            return {}
        common = git.common_folder(self._root)
        folder = tempfile.mkdtemp(prefix="reconciler-objects-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        alternate = str((self._root / common / "objects").resolve()) if common else ""
        if re.search(r'[:"\n\\]', alternate):
            escaped = alternate.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            alternate = f'"{escaped}"'
        return {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": alternate}
