"""What git says of the manifests, and the refs that a record is kept in. The only home of subprocess.

`read_commit` reads alone: it takes no lock. The rest is plumbing on one ref and its objects: no index, no working tree,
no configuration and no other ref is touched. No hook runs and nothing prompts. Each git has a session of its own: a
Ctrl-C at the terminal reaches this process alone. "Outside git" is an answer (None, or
False); a git that refuses or fails is an error. An object is named by its full id; a ref starts with `refs/`.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.model.plan import Commit

_SECONDS = 60
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


def read_commit(root: Path, paths: Sequence[Path]) -> Commit:
    """The commit that is checked out at `root`, and whether anything at or below `paths` differs from it.

    Raises:
        GitRefusedError: git is there and does not answer, as with "dubious ownership".
    """
    if not any((parent / ".git").exists() for parent in (root, *root.parents)):
        return Commit()
    head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if head is None or not head.strip():
        return Commit()
    existing = [str(path) for path in paths if path.exists()]
    status = _git(root, "status", "--porcelain", "--untracked-files=normal", "--", *existing) if existing else ""
    return Commit(head.strip(), dirty=bool(status and status.strip()))


def version(folder: Path) -> str | None:
    """git's own version, such as "2.39.5"; None where there is no git.

    Raises:
        GitRefusedError: git is there and cannot be run.
    """
    said = _git(folder, "--version")
    return None if said is None else said.strip().removeprefix("git version ")


def is_repository(root: Path) -> bool:
    """Whether `root`, a folder, lies in a git repository and there is a git to ask.

    Raises:
        GitRefusedError: git is there and refuses the repository.
    """
    if not any((parent / ".git").exists() for parent in (root, *root.parents)):
        return False
    return _git(root, "rev-parse", "--git-dir") is not None


def common_folder(root: Path) -> Path | None:
    """The folder that holds the repository's refs, the same for all its work trees; None where `is_repository` is not.

    Raises:
        GitRefusedError: git is there and refuses the repository.
    """
    return root / _said(root, "rev-parse", "--git-common-dir").rstrip("\n") if is_repository(root) else None


def remotes(root: Path) -> tuple[str, ...]:
    """The names of the remotes, sorted."""
    return tuple(sorted(_said(root, "remote").split("\n")[:-1]))


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
    return _said(root, "rev-parse", "--verify", "--quiet", ref).strip() or None


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
    done = _need(_run(root, *arguments))
    if done.returncode == 0:
        return done.stdout
    if _has_commit(root, commit) and re.search(r"does not exist in|exists on disk, but not in", _words(done)):
        return None
    raise _refusal(root, arguments, done)


def first_parents(root: Path, since: str, until: str, *, most: int) -> tuple[str, ...] | None:
    """The commits of the first-parent line that `until` has and `since` has not, the newest first, at most `most`.

    None where one of the two is not in this clone, as in a shallow one, or `root` lies in no repository.
    """
    if not is_repository(root) or not (_has_commit(root, since) and _has_commit(root, until)):
        return None
    said = _said(root, "rev-list", "--first-parent", f"--max-count={most}", f"{since}..{until}", "--")
    return tuple(said.split())


def common_ancestor(root: Path, one: str, other: str) -> str | None:
    """The nearest commit that both descend from (it may be one of them); None where they have none."""
    return _said(root, "merge-base", one, other, tolerated={1}).strip() or None


def commit_file(root: Path, name: str, content: bytes, parent: str | None, message: str) -> str:
    """A new commit whose tree holds that one file; no ref stands on it yet.

    Author and committer are `reconciler <reconciler@localhost>`, whatever identity git has or lacks.
    """
    blob = _said(root, "hash-object", "-w", "--stdin", data=content).strip()
    tree = _said(root, "mktree", data=f"100644 blob {blob}\t{name}\n".encode()).strip()
    arguments = ["commit-tree", tree, *(["-p", parent] if parent else [])]
    return _said(root, *arguments, data=message.encode("utf-8", "replace"), environment=_WRITER).strip()


def move_ref(root: Path, ref: str, new: str, old: str | None) -> bool:
    """Set a ref of this repository that stands on `old`, or, for None, is not there; False where it does not.

    Raises:
        GitRefusedError: the ref stands where it was expected, and still cannot be moved.
    """
    arguments = ("update-ref", "--no-deref", ref, new, old or "")
    done = _run_to_its_end(root, *arguments)
    if done.returncode == 0:
        return True
    if read_ref(root, ref) != old or re.search(r"\.lock': File exists", _words(done)):
        return False
    raise _refusal(root, arguments, done)


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
        _said(root, *_FETCH, "--", remote, ref, environment=_connection(root))
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
    environment = _connection(root)
    done = _run_to_its_end(root, *arguments, environment=environment)
    if done.returncode == 0:
        return True
    line = next((line for line in done.stdout.decode("utf-8", "replace").split("\n") if line.startswith("!\t")), None)
    if line is None:
        raise _refusal(root, arguments, done)
    if "\t[rejected]" in line:
        return False
    there = _read_remote_ref(root, remote, ref)
    if there != old or re.search(r"failed to update ref|lock", line):
        return there == commit
    raise GitRefusedError(f"git push failed: {line.split(chr(9))[-1]}", _words(done))


def _run_to_its_end(
    root: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """git run so that what a signal raises here comes only after it: a git that is killed may leave its lock."""
    with ThreadPoolExecutor(1) as apart:  # signals reach the main thread alone, and leaving waits for this one
        return _need(apart.submit(_run, root, *arguments, environment=environment).result())


def _has_commit(root: Path, commit: str) -> bool:
    return _need(_run(root, "cat-file", "-e", f"{commit}^{{commit}}")).returncode == 0


def _read_remote_ref(root: Path, remote: str, ref: str) -> str | None:
    listing = _said(root, "ls-remote", "--quiet", "--refs", "--", remote, ref, environment=_connection(root))
    found = (line.split("\t") for line in listing.split("\n") if "\t" in line)
    return next((commit for commit, name in found if name == ref), None)


def _connection(root: Path) -> dict[str, str]:
    """What a git that talks to a remote gets: a job's token, and an ssh that does not prompt.

    A command for ssh that someone has set is theirs to answer for.
    """
    if any(os.environ.get(name) for name in ("GIT_SSH_COMMAND", "GIT_SSH")):
        return _job_token()
    if _said(root, "config", "--get", "core.sshCommand", tolerated={1}).strip():
        return _job_token()
    return {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes", **_job_token()}


def _job_token() -> dict[str, str]:
    """The token of a job of GitHub Actions, sent to GitHub's server alone and known to that one git.

    So a checkout needs to keep no credentials. The empty value takes the place of a header that it kept all the same:
    two of them are refused (github.md, section 3 [T] and [P]).
    """
    token, server = os.environ.get("GITHUB_TOKEN"), os.environ.get("GITHUB_SERVER_URL")
    if not (os.environ.get("GITHUB_ACTIONS") and token and server):
        return {}
    login = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    first = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    settings = {"GIT_CONFIG_COUNT": str(first + 2)}
    for number, value in enumerate(("", f"AUTHORIZATION: basic {login}"), first):
        settings[f"GIT_CONFIG_KEY_{number}"] = f"http.{server.rstrip('/')}/.extraheader"
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def _said(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    tolerated: Collection[int] = (),
) -> str:
    """git's output, where there must be a git."""
    said = _git(root, *arguments, data=data, environment=environment, tolerated=tolerated)
    if said is None:
        raise _no_git()
    return said


def _git(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    tolerated: Collection[int] = (),
) -> str | None:
    """git's output; None where there is no git. Exit codes that are `tolerated` are no failures."""
    done = _run(root, *arguments, data=data, environment=environment)
    if done is None:
        return None
    silent = arguments[0] == "rev-parse" and done.returncode == 1 and not _words(done)
    if done.returncode == 0 or silent or done.returncode in tolerated:
        return done.stdout.decode("utf-8", "replace")
    raise _refusal(root, arguments, done)


def _run(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes] | None:
    """git run to its end, whatever that is; None where there is no git."""
    variables = {name: value for name, value in os.environ.items() if not re.fullmatch(r"GIT_\w+_DATE", name)}
    variables |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(environment or {})}
    settings = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "i18n.commitEncoding=UTF-8")
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *arguments]
    try:
        return subprocess.run(
            command,
            cwd=root,
            env=variables,
            input=data,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            start_new_session=True,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise GitRefusedError(f"git {arguments[0]} did not end within {_SECONDS} s") from None
    except OSError as problem:
        raise GitRefusedError(f"git cannot be run: {problem}") from None


def _need(done: subprocess.CompletedProcess[bytes] | None) -> subprocess.CompletedProcess[bytes]:
    if done is None:
        raise _no_git()
    return done


def _no_git() -> GitRefusedError:
    return GitRefusedError("git cannot be run: there is no git")


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git said on stderr, without a name or a key that stands in an address."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", done.stderr.decode("utf-8", "replace").strip())


def _refusal(root: Path, arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> GitRefusedError:
    said = _words(done)
    if "dubious ownership" in said:
        place = re.search(r"repository at '([^']+)'", said)
        return GitRefusedError(
            "git refuses to read this repository, since another user owns it (dubious ownership)",
            f"Allow it: git config --global --add safe.directory {place[1] if place else root}",
        )
    if done.returncode < 0:
        return GitRefusedError(f"git {arguments[0]} was ended by {_signal_name(-done.returncode)}", said)
    return GitRefusedError(f"git {arguments[0]} failed: {said.splitlines()[0] if said else done.returncode}", said)


def _signal_name(number: int) -> str:
    limit = " (a limit on the size of files)" if number == signal.SIGXFSZ else ""
    return f"{signal.Signals(number).name}{limit}"
