"""Whether a run of the same clone is alive: real locks, held by real processes."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.model.record import Run
from reconciler.record.liveness import Liveness

HOLDS = """
import sys, time
from pathlib import Path
from reconciler.record.liveness import Liveness
print(Liveness(Path(sys.argv[1]), "reconciler").hold("r", "words"), flush=True)
time.sleep(60)
"""


def run(clone: str | None, host: str | None = None) -> Run:
    return Run("r", host or socket.gethostname(), clone, "", "")


def test_a_run_is_alive_until_it_is_released(tmp_path: Path) -> None:
    one, other = Liveness(tmp_path, "reconciler"), Liveness(tmp_path, "reconciler")
    clone = one.hold("r", "who it is")
    assert clone
    assert other.is_alive(run(clone)) is True
    assert (tmp_path / "reconciler/runs/r").read_text() == "who it is"
    assert other.hold("s", "") == clone, "the clone keeps its name"
    one.release("r")
    assert other.is_alive(run(clone)) is False
    assert not (tmp_path / "reconciler/runs/r").exists()
    one.release("r")


def test_a_killed_run_is_dead_at_once(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        clone = process.stdout.readline().strip()
        here = Liveness(tmp_path, "reconciler")
        assert here.is_alive(run(clone)) is True
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert here.is_alive(run(clone)) is False
    assert (tmp_path / "reconciler/runs/r").exists()
    here.release("r")
    assert not (tmp_path / "reconciler/runs/r").exists()


def test_nothing_is_known_of_runs_elsewhere(tmp_path: Path) -> None:
    here = Liveness(tmp_path, "reconciler")
    assert here.is_alive(run("0123")) is None
    clone = here.hold("r", "")
    assert here.is_alive(run(None)) is None
    assert here.is_alive(run("0123")) is None
    assert here.is_alive(run(clone, host="another.example.org")) is None
    here.release("r")


def test_a_copy_of_a_clone_is_another_clone(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    one = Liveness(tmp_path / "one", "reconciler")
    clone = one.hold("r", "")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    two = Liveness(tmp_path / "two", "reconciler")
    assert two.is_alive(run(clone)) is None, "it is alive, and the copied file of its lock is held by nobody"
    assert two.hold("r2", "") not in (None, clone)
    one.release("r")
    two.release("r2")


def test_where_nothing_can_be_written_the_lease_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reconciler").write_text("in the way")
    here = Liveness(tmp_path, "reconciler")
    assert here.hold("r", "") is None
    here.release("r")
    assert here.is_alive(run("x")) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": "a"}', '{"id": "a", "inode": 1}'])
def test_a_damaged_name_is_replaced(tmp_path: Path, content: str) -> None:
    (tmp_path / "reconciler").mkdir()
    (tmp_path / "reconciler/clone").write_text(content)
    here = Liveness(tmp_path, "reconciler")
    assert here.is_alive(run("a")) is None
    clone = here.hold("r", "")
    assert clone == json.loads((tmp_path / "reconciler/clone").read_text())["id"]
    here.release("r")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here/reconciler").symlink_to(tmp_path / "there")
    here = Liveness(tmp_path / "here", "reconciler")
    assert here.hold("r", "") is None
    assert list((tmp_path / "there").iterdir()) == []
    (tmp_path / "here/reconciler").unlink()
    clone = here.hold("s", "")
    (tmp_path / "here/reconciler/runs/r").symlink_to(tmp_path / "there")
    assert here.hold("r", "") is None
    assert here.is_alive(run(clone)) is None
    here.release("r")
    assert (tmp_path / "here/reconciler/runs/r").is_symlink()
    here.release("s")
