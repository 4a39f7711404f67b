"""The refs of the repository that record and snapshots are kept in.

All of it is plumbing on one ref and its objects: no index, no working tree, no configuration and no other ref is
touched. "Outside git" is an answer (None, or False); a git that is missing, refuses or fails is an error. An object is
named by its full id; a ref starts with `refs/`.
"""

from __future__ import annotations

import re
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.git.discovery import is_inside
from reconciler.git.process import answer, connection, need, output, refusal, run, run_to_its_end, words

_WRITER = {
    f"GIT_{role}_{part}": text
    for role in ("AUTHOR", "COMMITTER")
    for part, text in (("NAME", "reconciler"), ("EMAIL", "reconciler@localhost"))
}
_FETCH = (
    *("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-prune"),
    *("--no-recurse-submodules", "--no-write-commit-graph", "--refmap="),
)
_PUSH = ("push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--no-signed")


def version(folder: Path) -> str | None:
    """git's own version, such as "2.39.5"; None where there is no git.

    Raises:
        GitRefusedError: git is there and cannot be run.
    """
    said = answer(folder, "--version")
    return None if said is None else said.strip().removeprefix("git version ")


def is_repository(root: Path) -> bool:
    """Whether `root`, a folder, lies in a git repository.

    Raises:
        GitRefusedError: it does, and git is missing, fails, or refuses the repository.
    """
    return is_inside(root) and bool(output(root, "rev-parse", "--git-dir"))


def common_folder(root: Path) -> Path | None:
    """The folder that holds the repository's refs, the same for all its work trees; None where `is_repository` is not.

    Raises:
        GitRefusedError: git is there and refuses the repository.
    """
    return root / output(root, "rev-parse", "--git-common-dir").rstrip("\n") if is_repository(root) else None


def remotes(root: Path) -> tuple[str, ...]:
    """The names of the remotes, sorted."""
    return tuple(sorted(output(root, "remote").split("\n")[:-1]))


def ref_part(name: str) -> str:
    """Any name as one part of a ref's name and of a file's: no two names become one.

    Percent-encoded, as UTF-8, is what `git check-ref-format` forbids, and `%`, `/` and all beyond ASCII.
    """
    dots = r"^\.|(?<=\.)\.|\.$|\.(?=lock$)"
    return re.sub(
        rf"[^!-~]|[%/~^:?*\[\\]|(?<=@)\{{|{dots}",
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass")),
        name,
    )


def read_ref(root: Path, ref: str) -> str | None:
    """The commit that a ref of this repository stands on; None where there is no such ref."""
    return output(root, "rev-parse", "--verify", "--quiet", ref).strip() or None


def file_size_at(root: Path, commit: str, path: str) -> int | None:
    """How many bytes a file has in a commit; None where the commit has no such file.

    Raises:
        GitRefusedError: the commit is not there, or cannot be read.
    """
    size = _blob(root, "-s", commit, path)
    return None if size is None else int(size)


def read_file_at(root: Path, commit: str, path: str) -> bytes | None:
    """A file's content in a commit, `path` from the top of its tree; None where the commit has no such file.

    Raises:
        GitRefusedError: the commit is not there, or cannot be read.
    """
    return _blob(root, "blob", commit, path)


def _blob(root: Path, what: str, commit: str, path: str) -> bytes | None:
    arguments = ("cat-file", what, f"{commit}:{path}")
    done = need(run(root, *arguments))
    if done.returncode == 0:
        return done.stdout
    if _has_commit(root, commit) and re.search(r"does not exist in|exists on disk, but not in", words(done)):
        return None
    raise refusal(root, arguments, done)


def first_parents(root: Path, since: str, until: str, *, most: int) -> tuple[str, ...] | None:
    """The commits of the first-parent line that `until` has and `since` has not, the newest first, at most `most`.

    None where one of the two is not in this clone, as in a shallow one, or `root` lies in no repository.
    """
    if not is_repository(root) or not (_has_commit(root, since) and _has_commit(root, until)):
        return None
    said = output(root, "rev-list", "--first-parent", f"--max-count={most}", f"{since}..{until}", "--")
    return tuple(said.split())


def common_ancestor(root: Path, one: str, other: str) -> str | None:
    """The nearest commit that both descend from (it may be one of them); None where they have none."""
    return output(root, "merge-base", one, other, tolerated={1}).strip() or None


def commit_file(root: Path, name: str, content: bytes, parent: str | None, message: str) -> str:
    """A new commit whose tree holds that one file; no ref stands on it yet.

    Author and committer are `reconciler <reconciler@localhost>`, whatever identity git has or lacks.
    """
    blob = output(root, "hash-object", "-w", "--stdin", data=content).strip()
    tree = output(root, "mktree", data=f"100644 blob {blob}\t{name}\n".encode()).strip()
    arguments = ["commit-tree", tree, *(["-p", parent] if parent else [])]
    return output(root, *arguments, data=message.encode("utf-8", "replace"), environment=_WRITER).strip()


def move_ref(root: Path, ref: str, new: str, old: str | None) -> bool:
    """Set a ref of this repository that stands on `old`, or, for None, is not there; False where it does not.

    Raises:
        GitRefusedError: the ref stands where it was expected, and still cannot be moved.
    """
    arguments = ("update-ref", "--no-deref", ref, new, old or "")
    done = run_to_its_end(root, *arguments)
    if done.returncode == 0:
        return True
    if read_ref(root, ref) != old or re.search(r"\.lock': File exists", words(done)):
        return False
    raise refusal(root, arguments, done)


def fetch(root: Path, remote: str, ref: str) -> str | None:
    """The commit that a remote's ref stands on, its objects brought here; None where the remote has no such ref.

    No ref of this repository is written, and no FETCH_HEAD.

    Raises:
        GitRefusedError: the remote does not answer, or refuses.
    """
    for _ in range(3):
        there = _read_remote_ref(root, remote, ref)
        if there is None or read_ref(root, ref) == there:
            return there
        output(root, *_FETCH, "--", remote, ref, environment=connection(root))
        if _has_commit(root, there):
            return there
    raise GitRefusedError(f"git fetch failed: {ref} keeps being replaced on {remote}")


def push(root: Path, remote: str, commit: str, ref: str, old: str | None) -> bool:
    """Set a remote's ref that stands on `old`, or, for None, is not there; False where someone was faster.

    An interrupt (SIGINT) does not stop a push that has begun: it is raised when the push has ended.

    Raises:
        GitRefusedError: the remote does not answer, or refuses. Without an answer the push may have landed.
    """
    arguments = (*_PUSH, f"--force-with-lease={ref}:{old or ''}", "--", remote, f"{commit}:{ref}")
    environment = connection(root)
    done = run_to_its_end(root, *arguments, environment=environment)
    if done.returncode == 0:
        return True
    line = next((line for line in done.stdout.decode("utf-8", "replace").split("\n") if line.startswith("!\t")), None)
    if line is None:
        raise refusal(root, arguments, done)
    if "\t[rejected]" in line:
        return False
    there = _read_remote_ref(root, remote, ref)
    if there != old or re.search(r"failed to update ref|lock", line):
        return there == commit
    raise GitRefusedError(f"git push failed: {line.split(chr(9))[-1]}", words(done))


def _has_commit(root: Path, commit: str) -> bool:
    return need(run(root, "cat-file", "-e", f"{commit}^{{commit}}")).returncode == 0


def _read_remote_ref(root: Path, remote: str, ref: str) -> str | None:
    listing = output(root, "ls-remote", "--quiet", "--refs", "--", remote, ref, environment=connection(root))
    found = (line.split("\t") for line in listing.split("\n") if "\t" in line)
    return next((commit for commit, name in found if name == ref), None)
