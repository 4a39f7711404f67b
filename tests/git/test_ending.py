"""When a run ends, however it ends, what it started for the network ends; what moves a ref is left to finish."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError
from reconciler.git import process
from reconciler.git.refs import Refs
from tests.repositories import git as run

REF = "refs/reconciler/record/t"
READ = f"Refs(root, 'hub').read('{REF}', most=9)"


def processes(text: str) -> list[str]:
    """The processes, zombies left out, whose command has that text."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,pgid=,stat=,args="], check=True, capture_output=True, text=True)
    return [line for line in listed.stdout.splitlines() if text in line and line.split()[2][0] != "Z"]


def members(group: int) -> list[str]:
    return [line for line in processes("") if line.split()[1] == str(group)]


def eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


@pytest.fixture
def silent() -> Iterator[tuple[socket.socket, str]]:
    """A server that takes connections and never answers, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server, f"http://127.0.0.1:{server.getsockname()[1]}/x.git"


@contextlib.contextmanager
def started(folder: Path, call: str) -> Iterator[subprocess.Popen[bytes]]:
    """`call`, with `Refs` and `root`, in a process of its own, which is killed in the end."""
    code = f"from pathlib import Path; from reconciler.git.refs import Refs; root = Path({str(folder)!r}); {call}"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.untraced
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("call", [READ, f"Refs(root, 'hub').swap('{REF}', 'HEAD', None)"])
def test_a_run_that_ends_leaves_nothing_that_talks_to_a_remote(
    checkout: Path, silent: tuple[socket.socket, str], number: signal.Signals, call: str
) -> None:
    server, address = silent
    run(checkout, "remote", "add", "hub", address)
    with started(checkout, call) as child, server.accept()[0]:
        assert any("git-remote-http" in line or "git remote-http" in line for line in processes(address))
        child.send_signal(number)
        if number == signal.SIGINT and "swap" in call:  # a push that has begun ends by itself
            assert processes(address)
            child.kill()
        child.wait(20)
        assert eventually(lambda: not processes(address))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_plan_that_is_stopped_leaves_no_temporary_folder(
    checkout: Path,
    silent: tuple[socket.socket, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    server, address = silent
    run(checkout, "remote", "add", "hub", address)
    (checkout / "reconciler.toml").write_text('[targets.production]\nrecord = "hub"\n')
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    command = [sys.executable, "-m", "reconciler", "plan", "--target=production"]
    with subprocess.Popen(command, cwd=checkout, stderr=subprocess.DEVNULL) as child, server.accept()[0]:
        assert [path.name[:19] for path in (tmp_path / "temporary").iterdir()] == ["reconciler-objects-"]
        child.send_signal(number)
        assert child.wait(20) != 0
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_error_that_ends_a_process_leaves_no_temporary_folder(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    run(checkout, "remote", "add", "hub", str(tmp_path / "nowhere"))
    with started(checkout, f"refs = Refs(root, 'hub'); print(refs.objects.environment); refs.tip('{REF}')") as child:
        assert child.wait(20) == 1
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_helper_that_ignores_sigterm_is_killed(checkout: Path, tmp_path: Path) -> None:
    helper = tmp_path / "ssh-that-stays"
    helper.write_text(f'#!/bin/sh\ntrap "" TERM HUP INT\n: > "{tmp_path}/started"\nwhile :; do sleep 1; done\n')
    helper.chmod(0o755)
    run(checkout, "config", "core.sshCommand", str(helper))
    run(checkout, "remote", "add", "hub", "ssh://h.invalid/x")
    with started(checkout, READ) as child:
        assert eventually((tmp_path / "started").exists)
        assert processes(str(helper))
        child.kill()
    assert eventually(lambda: not processes(str(helper)))


def test_a_git_that_takes_too_long_ends_with_its_children(
    checkout: Path, silent: tuple[socket.socket, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, address = silent
    run(checkout, "remote", "add", "hub", address)
    monkeypatch.setattr(process, "_SECONDS", 1)
    with pytest.raises(GitRefusedError, match="git ls-remote did not finish within 1 seconds"):
        Refs(checkout, "hub").tip(REF)
    assert eventually(lambda: not processes(address))


@pytest.mark.parametrize("ending", ["sleep 60", "exec >&- 2>&-; sleep 60"], ids=["silent", "closed"])
def test_a_list_that_takes_too_long_ends(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    (tmp_path / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *ls-tree*) echo x; {ending};; esac\nexec "{shutil.which("git")}" "$@"\n'
    )
    (tmp_path / "git").chmod(0o755)
    run(checkout, "update-ref", REF, "HEAD")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    refs = Refs(checkout, None)
    assert refs.tip(REF)
    monkeypatch.setattr(process, "_SECONDS", 1)
    with pytest.raises(GitRefusedError, match="git ls-tree did not finish within 1 seconds"):
        refs.read(REF, most=9)
    assert eventually(lambda: not processes(str(tmp_path / "git")))


def test_a_ref_that_is_being_moved_is_moved(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that is killed then would leave its lock, which stops every run after it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *update-ref*) : > "{tools}/started"\n'
        f'while [ ! -e "{tools}/go" ]; do sleep 0.01; done;; esac\nexec "{shutil.which("git")}" "$@"\n'
    )
    (tools / "git").chmod(0o755)
    head = run(checkout, "rev-parse", "HEAD")
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    with started(checkout, f"Refs(root, None).swap('{REF}', '{head}', None)") as child:
        assert eventually((tools / "started").exists)
        child.kill()
    (tools / "go").touch()
    assert eventually(lambda: Refs(checkout, None).tip(REF) == head)
    assert not (checkout / f".git/{REF}.lock").exists()


def test_a_git_that_has_ended_leaves_no_watcher(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").write_text(f'#!/bin/sh\necho $$ >> "{tools}/groups"\nexec "{shutil.which("git")}" "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    for _ in range(3):
        assert git.is_repository(checkout)
    groups = (tools / "groups").read_text().split()
    assert len(groups) == 3
    assert eventually(lambda: not any(members(int(group)) for group in groups))


def test_a_git_that_is_killed_is_named_with_the_signal(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together with its watcher, as by a limit of the machine on a whole group."""
    (tmp_path / "git").write_text("#!/bin/sh\nkill -KILL 0\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="git remote was terminated by SIGKILL"):
        git.remotes(checkout)


def test_a_git_that_cannot_be_started(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/no/such/interpreter\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="git remote failed"):
        git.remotes(checkout)
    with pytest.raises(GitRefusedError, match="git cannot be run"):
        Refs(checkout, None).swap(REF, "0" * 40, None)
