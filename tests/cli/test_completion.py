"""Completion, typed in the real shells."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Cli

pytestmark = pytest.mark.untraced

WORDS = "words() { printf '%s\\n' \"$@\" > words.new; mv words.new words; }"
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"{WORDS}; source ./script.bash"),
    "zsh": (["zsh", "-f", "-i"], f"bindkey -e; autoload -Uz compinit; compinit -D -u; {WORDS}; source ./script.zsh"),
    "fish": (
        ["fish", "--no-config", "-i"],
        "function words; printf '%s\\n' $argv > words.new; mv words.new words; end; source ./script.fish",
    ),
}
TYPED = {
    "reconciler compl\t": "completion",
    "reconciler plan --format=js\t": "plan --format=json",
    "reconciler plan my\\ p\t": "plan my pröject x",
    "reconciler plan 'my p\t": "plan my pröject x",
    "reconciler plan team:al\t": "plan team:alpha",
    "reconciler plan it\t": "plan it's $x; #1",
    "reconciler plan manifests/s\t\t": "plan manifests/sub/p.yaml",
    "reconciler plan --out resu\t": "plan --out result file",
}


@pytest.fixture
def folder(cli: Cli, repository: Path) -> Path:
    (repository / "reconciler.toml").write_text('manifests = "manifests"\n')
    for file, name in {"a": '"my pröject x"', "b": "team:alpha", "c": """ "it's $x; #1" """, "sub/p": "other"}.items():
        path = repository / f"manifests/{file}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"name: {name}\ntype: chat\n")
    (repository / "result file").touch()
    for shell in SHELLS:
        (repository / f"script.{shell}").write_text(cli("completion", shell).out)
    return repository


class Terminal:
    """A shell at a terminal. It leaves the words of a command line in a file."""

    def __init__(self, shell: str, folder: Path) -> None:
        command, setup = SHELLS[shell]
        if shutil.which(command[0]) is None:
            pytest.skip(f"{shell} is missing")
        self._file = folder / "words"
        self._master, slave = pty.openpty()
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "TERM": "xterm", "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        self._setup = setup

    def words(self, typed: str) -> list[str]:
        """The words of the line after these keys."""
        if self._setup:
            setup, self._setup = self._setup, ""
            os.write(self._master, f"{setup}\n".encode())
        os.write(self._master, f"{typed}\x01words \x05\n".encode())
        seen, until = b"", time.monotonic() + 60
        while not self._file.exists():
            assert time.monotonic() < until, seen
            ready, _, _ = select.select([self._master], [], [], 0.02)
            seen += os.read(self._master, 65_536) if ready else b""
        found = self._file.read_text().splitlines()
        self._file.unlink()
        return found

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)


@pytest.fixture(params=SHELLS)
def terminal(request: pytest.FixtureRequest, folder: Path) -> Iterator[Terminal]:
    terminal = Terminal(request.param, folder)
    try:
        yield terminal
    finally:
        terminal.close()


def test_completion_as_typed(terminal: Terminal) -> None:
    found = {typed: " ".join(terminal.words(typed)) for typed in TYPED}
    assert found == {typed: f"reconciler {completed}" for typed, completed in TYPED.items()}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_printed(cli: Cli, shell: str) -> None:
    assert f"_RECONCILER_COMPLETE={shell}_complete" in cli("completion", shell).out


def test_an_unknown_shell(cli: Cli) -> None:
    unknown = cli("completion", "tcsh")
    assert unknown.code == 1
    assert "'bash', 'zsh', 'fish'" in unknown.err
