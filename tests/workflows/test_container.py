"""The Dockerfile, by its steps: no engine runs here, so the commands are carried out in folders instead."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from fnmatch import fnmatch
from pathlib import Path

import pytest

from reconciler import __version__
from tests.workflows.own import ROOT

pytestmark = pytest.mark.untraced

WHEELS = Path(sys.executable).parents[1] / "wheels"
"""What setup has downloaded by the locks."""


def steps() -> list[tuple[str, str]]:
    """Each instruction with its text, continued lines joined."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(kind, rest) for kind, _, rest in (line.partition(" ") for line in lines if line)]


def test_the_base_is_pinned_and_nothing_runs_as_root() -> None:
    bases = [rest for kind, rest in steps() if kind == "FROM"]
    assert len({base.removesuffix(" AS build") for base in bases}) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases[-1])
    last = dict(steps())
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", last["USER"]), "as a number, which Kubernetes can check"
    assert f"--uid {last['USER'].partition(':')[0]} " in last["RUN"]
    assert json.loads(last["ENTRYPOINT"]) == ["reconciler"]
    everything = "".join(rest for _, rest in steps())
    assert {"ca-certificates", "git"} <= set(everything.split())
    assert "safe.directory" not in everything


def test_the_steps_of_the_build(tmp_path: Path) -> None:
    """Only what is copied is there, and only what `.dockerignore` lets through is copied.

    To save time, only what builds the wheel is installed by the lock. The rest is taken from the tests' environment.
    """
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    first = steps()[1 : [kind for kind, _ in steps()].index("FROM", 1)]
    for kind, rest in first:
        if kind == "COPY":
            *names, to = rest.split()
            for name in names:
                assert any(fnmatch(name, pattern) for pattern in let_through)
                place = tmp_path / to.strip("/") / ("" if (ROOT / name).is_dir() else name)
                copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
                place.parent.mkdir(parents=True, exist_ok=True)
                copy(ROOT / name, place)
    lock = tmp_path / "source/reconciler/initial/action/action.lock"
    entries = re.split(r"\n(?=\w)", lock.read_text("utf-8"))
    lock.write_text("\n".join(entry for entry in entries if "hatchling" in entry), "utf-8")
    [script] = [rest for kind, rest in first if kind == "RUN"]
    script = re.sub(r"(?<![\w.])/(?=opt/|source\b)", f"{tmp_path}/", script)
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
        "PIP_NO_COMPILE": "1",
    }
    done = subprocess.run(["sh", "-ec", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "work/projects").mkdir(parents=True)
    (tmp_path / "work/projects/p.yaml").write_text("name: p\ntype: imageannotation\n")
    elsewhere = {"PYTHONPATH": sysconfig.get_path("purelib")}
    for argument, shown in (("--version", __version__), ("plan", "Plan: 1 to add, 0 to change, 0 to destroy.")):
        command = [str(tmp_path / "opt/reconciler/bin/reconciler"), argument]
        ran = subprocess.run(command, cwd=tmp_path / "work", env=elsewhere, capture_output=True, text=True, check=True)
        assert shown in ran.stdout
