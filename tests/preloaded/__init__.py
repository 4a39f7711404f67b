"""Runs of reconciler that are forked from a process that has imported it, since most of a short run is imports.

Such a run has a process of its own, and the folder, variables, and outputs of whoever starts it. Coverage does not
trace it, and what Python reads before it imports reconciler has to be as here; where not, Python itself is started.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "reconciler"]
_CLIENT = Path(__file__).parent / "client.py"
_ROOT = Path(__file__).parents[2]
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): a process whose parent has ended becomes a child of this one."""


@functools.cache
def _server() -> tuple[str, dict[str, str]]:
    """The socket of the process to fork from, which ends with this one; and what Python has read there."""
    address = f"{tempfile.mkdtemp(prefix='preloaded-')}/socket"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "tests.preloaded.server", address]
    server = subprocess.Popen(
        command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.read(1) == b"."
    server.stdout.close()
    atexit.register(server.wait)
    atexit.register(server.stdin.close)
    return address, _read_at_start(environment)


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environment.items() if name.startswith(("PYTHON", "LANG", "LC_"))}


def command() -> str:
    """What a shell script executes to be reconciler. A signal ends this command, not the run."""
    return f'exec "{sys.executable}" -I -S "{_CLIENT}" "{_server()[0]}" "$@"'


class Popen(subprocess.Popen[str]):
    """`python -m reconciler`, forked where it can be. It is a child of this process like any other."""

    def _execute_child(self, *given: Any) -> None:
        """As in CPython, which calls it by position: args, executable, preexec_fn, close_fds, pass_fds, cwd, env …"""
        arguments, _, before, _, _, folder, environment = given[:7]
        pipes, new_session = given[10:16], given[21]
        environment = dict(os.environ if environment is None else environment)
        if arguments[: len(COMMAND)] != COMMAND or before or _read_at_start(environment) != _server()[1]:
            super()._execute_child(*given)  # type: ignore[misc]
            return
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        request = [arguments[len(COMMAND) :], environment, os.path.abspath(folder or "."), new_session]
        descriptors = [own if other == -1 else other for own, other in enumerate((pipes[0], pipes[3], pipes[5]))]
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(_server()[0])
            socket.send_fds(asked, [b"p"], descriptors)
            with asked.makefile("rw") as file:
                file.write(json.dumps(request) + "\n")
                file.flush()
                self.pid = int(file.readline())
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]
