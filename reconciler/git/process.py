"""Runs git: one process at a time, to its end. The only home of subprocess.

No hook runs and nothing prompts. Each git has a session of its own, so a Ctrl-C at the terminal reaches this process
alone. A git that may talk to a remote ends with this process, even if SIGKILL ends it, and so do git's own children. A
git that moves a ref or is fed data is local and short, and is left to finish.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.errors import GitRefusedError
from reconciler.git.discovery import refuse_bare
from reconciler.git.environment import SETTINGS, find_git, git_environment

_SECONDS = 60
_GRACE = 2
"""Seconds that a git has after SIGTERM to remove its lock files and temporary files."""

_WATCHED = f"""\
exec 3<&0 </dev/null
(
    trap "" HUP INT TERM
    read -r ended <&3 && exit
    kill -TERM 0
    sleep {_GRACE}
    kill -KILL 0
) >/dev/null 2>&1 &
exec "$@" 3<&-
"""
"""Becomes the command in its arguments, with a watcher in the same process group.

The watcher reads a pipe that this process alone can write to. A line means that the command has ended; the pipe's end
without one means that this process is gone.
"""


def run_to_its_end(
    root: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """git run so that what a signal raises here comes only after it: a git that is killed may leave its lock."""
    with ThreadPoolExecutor(1) as apart:  # signals reach the main thread alone, and leaving waits for this one
        return need(apart.submit(run, root, *arguments, environment=environment).result())


def connection(root: Path) -> dict[str, str]:
    """What a git that talks to a remote gets: a job's token, and an ssh that does not prompt.

    A command for ssh that someone has set is theirs to answer for.
    """
    if any(os.environ.get(name) for name in ("GIT_SSH_COMMAND", "GIT_SSH")):
        return _job_token()
    if output(root, "config", "--get", "core.sshCommand", tolerated={1}).strip():
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
    count = os.environ.get("GIT_CONFIG_COUNT", "")
    first = int(count) if count.isdecimal() else 0
    settings = {"GIT_CONFIG_COUNT": str(first + 2)}
    for number, value in enumerate(("", f"AUTHORIZATION: basic {login}"), first):
        settings[f"GIT_CONFIG_KEY_{number}"] = f"http.{server.rstrip('/')}/.extraheader"
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return settings


def output(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    tolerated: Collection[int] = (),
) -> str:
    """git's output, where there must be a git."""
    text = answer(root, *arguments, data=data, environment=environment, tolerated=tolerated)
    if text is None:
        raise _no_git()
    return text


def answer(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    tolerated: Collection[int] = (),
) -> str | None:
    """git's output; None where there is no git. Exit codes that are `tolerated` are no failures."""
    done = run(root, *arguments, data=data, environment=environment)
    if done is None:
        return None
    silent = arguments[0] == "rev-parse" and done.returncode == 1 and not words(done)
    if done.returncode == 0 or silent or done.returncode in tolerated:
        return done.stdout.decode("utf-8", "replace")
    raise refusal(root, arguments, done)


def run(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes] | None:
    """Run git to its end, even if it fails; None if there is no git.

    Raises:
        GitRefusedError: git would find a bare repository on its way up from `root`, cannot be run, or does not end.
    """
    refuse_bare(root)
    git = find_git()
    if git is None:
        return None
    command = [git, *SETTINGS, *arguments]
    variables = git_environment(environment or {})
    try:
        if data or arguments[0] == "update-ref":
            return _finish(command, root, variables, data, subprocess.PIPE)
        return _watch(command, root, variables)
    except subprocess.TimeoutExpired:
        raise GitRefusedError(f"git {arguments[0]} did not end within {_SECONDS} s") from None
    except OSError as problem:
        raise GitRefusedError(f"git cannot be run: {problem}") from None


def _watch(command: list[str], root: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Run a command that ends with this process. It reads nothing."""
    watched, alive = os.pipe()  # no other child inherits `alive`
    try:
        try:
            done = _finish(["/bin/sh", "-c", _WATCHED, "sh", *command], root, variables, None, watched)
        finally:
            os.close(watched)
        with contextlib.suppress(BrokenPipeError):  # a signal to the whole group ended the watcher, too
            os.write(alive, b"\n")
        return done
    finally:
        os.close(alive)


def _finish(
    command: list[str], root: Path, variables: Mapping[str, str], data: bytes | None, source: int
) -> subprocess.CompletedProcess[bytes]:
    """Run a command to its end. If it is interrupted or takes too long, its whole process group ends."""
    with subprocess.Popen(
        command,
        cwd=root,
        env=variables,
        stdin=source,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, problems = process.communicate(data, timeout=_SECONDS)
        except BaseException:
            _end(process)
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, problems)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started. It has not been waited for, so its group is still its own."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        os.killpg(process.pid, signal.SIGKILL)


def need(done: subprocess.CompletedProcess[bytes] | None) -> subprocess.CompletedProcess[bytes]:
    """What was run; GitRefusedError where there is no git."""
    if done is None:
        raise _no_git()
    return done


def _no_git() -> GitRefusedError:
    return GitRefusedError("git is missing", "Install git, and make sure that it is in PATH.")


def words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git said on stderr, without a name or a key that stands in an address."""
    return re.sub(r"(?<=://)[^/@\s]+@", "", done.stderr.decode("utf-8", "replace").strip())


def refusal(root: Path, arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]) -> GitRefusedError:
    """The error for a git that failed."""
    said = words(done)
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
