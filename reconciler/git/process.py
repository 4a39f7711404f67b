"""Runs git, one process at a time, to its end. The only module that uses subprocess.

No hook runs and nothing prompts. Each git runs in its own session, so a Ctrl-C in the terminal reaches only this
process. A git that may talk to a remote ends when this process ends, even by SIGKILL, and so do its children. A git
that moves a ref or reads data from this process is local and short, and is left to finish.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import signal
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from reconciler.errors import GitRefusedError
from reconciler.git.discovery import SETTINGS, find_git, git_environment, refuse_bare
from reconciler.git.login import reason_of

_SECONDS = 60
_PIECE = 1 << 16
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
"""Runs the command in its arguments, with a watcher in the same process group.

The watcher reads a pipe that only this process can write to. A line means that the command has ended. If the pipe ends
without a line, this process is gone.
"""


_REACH = ("url", "pushurl", "proxy", "proxyauthmethod", "receivepack", "uploadpack", "vcs", "serveroption")
"""The settings of a remote that say how to reach it, as `git config` spells them."""

_OWN = ("local", "worktree")
_ABOUT_CONNECTIONS = ("http.", "credential.", "url.", "protocol.", "ssh.", "core.sshcommand", "core.askpass")

_STREAMING = (("core.bigFileThreshold", "1m"), ("fetch.unpackLimit", "1"))
"""With these, git handles a large file piece by piece, so that what a remote sends takes no memory."""

_PROBLEM = re.compile(r"(?m)^(?:(?:fatal|error|remote|ERROR|ssh): |.*: Permission denied|Host key verif).*\S")
"""A line that git, ssh, or a server prints about a failure. Wrappers, hooks, and warnings print others before it."""

Settings: TypeAlias = Sequence[tuple[str, str]]
"""Keys and values of git's configuration."""

Done: TypeAlias = "subprocess.CompletedProcess[bytes]"
"""A git process that has ended."""


class TooLongError(GitRefusedError):
    """A git process was terminated because its output was too long."""


def run_to_its_end(root: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Done:
    """Run git. An exception of a signal handler is raised only after it has ended, since a git that is killed may leave
    its lock."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as apart:  # signals reach only the main thread, and leaving the block waits for this one
        return apart.submit(run, root, *arguments, environment=environment).result()


def connection(root: Path, remote: str, more: Settings, *, elsewhere: bool = False) -> tuple[str, dict[str, str]]:
    """Another name for a remote, and the variables of a git that uses it: `more` settings, and ssh without prompts.

    Under that name, git knows only how to reach the remote. There is no refspec and no option that would make a fetch
    or a push write other refs of the clone. If a command for ssh is configured, it is kept.
    With `elsewhere`, the variables are for a git in another repository: they include what the configuration of this one
    says about connections.
    """
    said = output(root, "config", "-z", "--get-regexp", r"^(core\.sshcommand|remote\..*)$", tolerated={1})
    found = [(key, value) for key, _, value in (entry.partition("\n") for entry in said.split("\0")[:-1])]
    known = [(key.removeprefix(f"remote.{remote}."), value) for key, value in found]
    settings = [(key, value) for key, value in known if key in _REACH]
    if not any(key == "url" for key, _ in settings):
        settings.append(("url", remote))
    other = f"{remote}~"  # no ref can have that name, so `git remote` makes no such remote
    if elsewhere:
        settings = [(key, _absolute(root, value) if key.endswith("url") else value) for key, value in settings]
    settings = [(f"remote.{other}.{key}", value) for key, value in (*settings, ("followRemoteHEAD", "never"))]
    environment = _with_settings([*settings, *_STREAMING, *more], _own_settings(root) if elsewhere else ())
    chosen = dict(found).get("core.sshcommand", "").strip()
    if not (chosen or any(os.environ.get(name) for name in ("GIT_SSH_COMMAND", "GIT_SSH"))):
        environment["GIT_SSH_COMMAND"] = "ssh -oBatchMode=yes"
    return other, environment


def _with_settings(settings: Settings, first: Settings = ()) -> dict[str, str]:
    """Variables that add to git's configuration: `first`, then those that this process has, then `settings`."""
    count = os.environ.get("GIT_CONFIG_COUNT", "")
    numbers = range(int(count) if count.isdecimal() else 0)
    own = [(os.environ.get(f"GIT_CONFIG_KEY_{n}", ""), os.environ.get(f"GIT_CONFIG_VALUE_{n}", "")) for n in numbers]
    every = [*first, *own, *settings]
    environment = {"GIT_CONFIG_COUNT": str(len(every))}
    for number, (key, value) in enumerate(every):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _own_settings(root: Path) -> list[tuple[str, str]]:
    """What the configuration of this repository itself, with what it includes, says about connections."""
    said = output(root, "config", "--show-scope", "-z", "--list").split("\0")[:-1]
    entries = (entry.partition("\n") for scope, entry in zip(said[::2], said[1::2], strict=True) if scope in _OWN)
    return [(key, value) for key, _, value in entries if key.startswith(_ABOUT_CONNECTIONS)]


def _absolute(root: Path, url: str) -> str:
    """An address; a path in it starts at the top of the working tree."""
    return url if ":" in url.split("/")[0] else os.path.join(root, url)


def output(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    tolerated: Collection[int] = (),
) -> str:
    """git's output. Exit codes that are `tolerated` are not failures."""
    done = run(root, *arguments, data=data, environment=environment)
    if done.returncode == 0 or done.returncode in tolerated:
        return done.stdout.decode("utf-8", "replace")
    raise refusal(root, arguments, done)


def run(
    root: Path,
    *arguments: str,
    data: bytes = b"",
    environment: Mapping[str, str] | None = None,
    most: int | None = None,
) -> Done:
    """Run git to its end. Any exit code is allowed. `most` cannot be combined with `data`.

    Raises:
        TooLongError: its output has more than `most` bytes.
        GitRefusedError: git would find a bare repository on its way up from `root`, is missing, cannot be run, or does
            not end.
    """
    refuse_bare(root)
    git = find_git()
    if git is None:
        raise GitRefusedError("git is not installed", "Install git, or add its folder to PATH.")
    command = [git, *SETTINGS, *arguments]
    variables = git_environment(environment or {})
    try:
        if data or arguments[0] == "update-ref":
            return _finish(command, root, variables, data, subprocess.PIPE)
        return _watch(command, root, variables, most)
    except subprocess.TimeoutExpired:
        raise GitRefusedError(f"git {arguments[0]} did not finish within {_SECONDS} seconds") from None
    except OSError as problem:
        raise GitRefusedError(f"git cannot be run: {problem}") from None


def _watch(command: list[str], root: Path, variables: Mapping[str, str], most: int | None) -> Done:
    """Run a command that ends when this process ends. Its input is empty."""
    watched, alive = os.pipe()  # no other child inherits `alive`
    try:
        try:
            done = _finish(["/bin/sh", "-c", _WATCHED, "sh", *command], root, variables, None, watched, most)
        finally:
            os.close(watched)
        with contextlib.suppress(BrokenPipeError):  # a signal to the whole group has ended the watcher as well
            os.write(alive, b"\n")
        return done
    finally:
        os.close(alive)


def _finish(
    command: list[str],
    root: Path,
    variables: Mapping[str, str],
    data: bytes | None,
    source: int,
    most: int | None = None,
) -> Done:
    """Run a command to its end. If it is interrupted, takes too long, or prints too much, its group is ended."""
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
            if most is None:
                out, problems = process.communicate(data, timeout=_SECONDS)
            else:
                out, problems = _communicate(process, most)
        except BaseException:
            _end(process)
            raise
        return subprocess.CompletedProcess(command, process.returncode, out, problems)


def _communicate(process: subprocess.Popen[bytes], most: int) -> tuple[bytes, bytes]:
    """The output of a process. At most `most` bytes and a piece of it are ever in memory."""
    deadline = time.monotonic() + _SECONDS
    assert process.stdout is not None
    assert process.stderr is not None
    said = {process.stdout.fileno(): bytearray(), process.stderr.fileno(): bytearray()}
    with selectors.DefaultSelector() as open_pipes:
        for pipe in said:
            open_pipes.register(pipe, selectors.EVENT_READ)
        while open_pipes.get_map():
            ready = open_pipes.select(deadline - time.monotonic())
            if not ready:
                raise subprocess.TimeoutExpired(process.args, _SECONDS)
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                said[key.fd] += piece
                if not piece:
                    open_pipes.unregister(key.fd)
                if len(said[key.fd]) > most:
                    raise TooLongError(f"git printed more than {most:,} bytes")
    process.wait(max(0, deadline - time.monotonic()))
    out, problems = said.values()
    return bytes(out), bytes(problems)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything that it started. The process was not waited for, so the group is still its own."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        os.killpg(process.pid, signal.SIGKILL)


def words(done: Done) -> str:
    """What git printed on stderr, without its traces, and without user names and keys in addresses."""
    said = re.sub(r'(?m)^(?:\d\d:\d\d:\d\d\.\d{6} |\{"event":).*\n?', "", done.stderr.decode("utf-8", "replace"))
    return re.sub(r"(?<=://)[^/@\s]+@", "", said.strip())


def refusal(root: Path, arguments: Sequence[str], done: Done) -> GitRefusedError:
    """The error for a failed git command."""
    said = words(done)
    if "dubious ownership" in said:
        place = re.search(r"repository at '([^']+)'", said)
        return GitRefusedError(
            "git refuses to read this repository because of dubious ownership",
            "A different user owns the repository. If you trust it, allow git to read it:\n"
            f"git config --global --add safe.directory {place[1] if place else root}",
        )
    if done.returncode < 0:
        name, remedy = _terminated(-done.returncode)
        detail = f"{said}\n{remedy}".lstrip()
        return GitRefusedError(f"git {arguments[0]} was terminated by {name}", detail)
    why = _PROBLEM.search(said) or re.search(".+", said)
    reason = reason_of(arguments[0], said)
    return GitRefusedError(
        f"git {arguments[0]} failed: {why[0] if why else f'exit code {done.returncode}'}", said, reason=reason
    )


def _terminated(number: int) -> tuple[str, str]:
    """The name of the signal that ended git, and what to do."""
    name = signal.Signals(number).name
    if number == signal.SIGXFSZ:
        return f"{name} (file size limit exceeded)", "Raise the limit (ulimit -f), then run the command again."
    return name, "Run the command again."
