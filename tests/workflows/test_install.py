"""The install step with a real Python, in a checkout that brings modules and configuration for Python, pip and uv."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reconciler import __version__
from reconciler.operations.init import lay_out_repository
from reconciler.operations.pin import read_pin
from tests.repositories import commit_all, git
from tests.workflows.own import PIN, ROOT

pytestmark = pytest.mark.untraced

LOCKS = ROOT / "reconciler/initial/action"
WHEELS = Path(sys.executable).parents[1] / "wheels"
"""What setup has downloaded by the locks."""

NAMED = r"\binstall\b(?:.|\n(?!\n| *- ))*?scale-reconciler(.*?)['\"]?(?:\n|$)"
"""A command that installs the distribution, and what comes after its name."""

MODULES = ("argparse", "venv", "ensurepip", "pip", "os", "logging", "subprocess", "sitecustomize", "usercustomize")
BACKEND = """\
import zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "scale_reconciler-{version}"
    with zipfile.ZipFile(f"{{folder}}/{{name}}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("played.py", "import argparse, logging, subprocess\\ndef main(): print('installed')")
        info = f"{{name}}.dist-info"
        wheel.writestr(f"{{info}}/METADATA", "Metadata-Version: 2.1\\nName: scale-reconciler\\nVersion: {version}\\n")
        wheel.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{{info}}/entry_points.txt", "[console_scripts]\\nreconciler = played:main\\n")
        wheel.writestr(f"{{info}}/RECORD", "")
    return f"{{name}}-py3-none-any.whl"
"""
"""Builds a wheel that has the distribution's name and a command, and needs nothing."""


@pytest.fixture
def action(tmp_path: Path) -> Path:
    """The folder of an action, with a tiny distribution in place of reconciler; the same as a wheel beside it."""
    folder = tmp_path / "action"
    locks = folder / "reconciler" / "initial" / "action"
    locks.mkdir(parents=True)
    (locks / "action.lock").touch()
    shutil.copy(LOCKS / "installer.lock", locks)
    (folder / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n')
    (folder / "b.py").write_text(BACKEND.format(version=__version__))
    (tmp_path / "wheels").mkdir()
    code = f"import b; b.build_wheel({str(tmp_path / 'wheels')!r})"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Each file leaves a mark when it is executed, or stops whatever reads it."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    mark = f"open({str(tmp_path / 'mark')!r}, 'a').write(__file__)\n"
    for name in MODULES:
        (folder / f"{name}.py").write_text(mark)
    for name in ("python", "python3", "pip", "uv", "reconciler/bin/python"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"#!/bin/sh\necho {name} >> '{tmp_path / 'mark'}'\n")
        (folder / name).chmod(0o755)
    for name in ("pip.conf", "pip.ini", ".pip/pip.conf", ".config/pip/pip.conf", "uv.toml", "pyproject.toml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("[[[ not for reading\n")
    (folder / ".python-version").write_text("9.9.9\n")
    (folder / "pyvenv.cfg").write_text("home = /nowhere\n")
    (folder / "evil.pth").write_text(f"import os; {mark}")
    return folder


def step(file: Path) -> str:
    steps = yaml.safe_load(file.read_text("utf-8"))["runs"]["steps"]
    return str(next(step["run"] for step in steps if step["name"] == "Install reconciler"))


def play(text: str, checkout: Path, action: Path, **more: str) -> subprocess.CompletedProcess[str]:
    temporary = checkout.parent / "temp"
    temporary.mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(checkout.parent),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_ACTION_PATH": str(action),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": f"{checkout.parent / 'wheels'} {WHEELS}",
        "UV_OFFLINE": "1",
        "UV_FIND_LINKS": f"{checkout.parent / 'wheels'},{WHEELS}",
        **more,
    }
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
    return subprocess.run(
        [*shell, text], cwd=checkout, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def release(action: Path) -> str:
    [wheel] = (action.parent / "wheels").iterdir()
    return f"scale-reconciler=={__version__} --hash=sha256:{sha256(wheel)}"


def archive(action: Path) -> str:
    [wheel] = (action.parent / "wheels").iterdir()
    return f"{wheel.as_uri()}#sha256={sha256(wheel)}"


def commit(action: Path) -> str:
    git(action, "init", "-q", "-b", "main")
    return f"git+{action.as_uri()}@{commit_all(action)}"


@pytest.mark.parametrize("source", [None, release, archive, commit])
def test_nothing_of_the_checkout_is_executed_or_read(
    source: Callable[[Path], str] | None, checkout: Path, action: Path, tmp_path: Path
) -> None:
    """With this repository's own action, and with one that `init` writes for each kind of source."""
    file = ROOT / "action.yml"
    if source is not None:
        lay_out_repository(tmp_path / "new", read_pin(source(action)))
        laid_out = tmp_path / "new/.github/actions/reconciler"
        assert (laid_out / "action.lock").read_bytes() == (LOCKS / "action.lock").read_bytes()
        (laid_out / "action.lock").write_text("")
        file = laid_out / "action.yml"
    done = play(step(file), checkout, action if source is None else laid_out, PYTHONPATH=".")
    assert done.returncode == 0, done.stdout + done.stderr
    # As the later steps start it: in the checkout, from the environment that was made.
    command = [tmp_path / "temp/reconciler/bin/reconciler"]
    ran = subprocess.run(command, cwd=checkout, env={}, capture_output=True, text=True, check=True)
    assert ran.stdout == "installed\n"
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("source", [release, archive])
def test_another_file_by_that_name_is_not_installed(
    source: Callable[[Path], str], checkout: Path, action: Path, tmp_path: Path
) -> None:
    pinned = source(action)
    code = f"import b; b.build_wheel({str(tmp_path / 'wheels')!r})"
    text = (action / "b.py").read_text().replace("'installed'", "'something else'")
    (action / "b.py").write_text(text)
    subprocess.run([sys.executable, "-c", code], cwd=action, check=True)
    lay_out_repository(tmp_path / "new", read_pin(pinned))
    laid_out = tmp_path / "new/.github/actions/reconciler"
    (laid_out / "action.lock").write_text("")
    done = play(step(laid_out / "action.yml"), checkout, laid_out)
    assert done.returncode != 0
    assert "hash" in done.stderr.lower()
    assert not (tmp_path / "temp/reconciler/bin/reconciler").exists()


def test_the_checkout_is_one_that_would_be_executed(checkout: Path, action: Path, tmp_path: Path) -> None:
    """The same step, started as one is tempted to."""
    play('python -m venv --without-pip "$RUNNER_TEMP/reconciler"', checkout, action)
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("command", ["--version", "validate", "fmt"])
def test_the_command_imports_nothing_from_the_working_folder(command: str, checkout: Path, tmp_path: Path) -> None:
    """As a job, a pre-commit hook and a person start it."""
    started = [str(Path(sys.executable).parent / "reconciler"), command]
    done = subprocess.run(started, cwd=checkout, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "mark").exists()


def test_every_python_of_a_job_is_isolated(tmp_path: Path) -> None:
    lay_out_repository(tmp_path, PIN)
    for file in (ROOT / "action.yml", tmp_path / ".github/actions/reconciler/action.yml"):
        runs = [one.get("run", "") for one in yaml.safe_load(file.read_text("utf-8"))["runs"]["steps"]]
        lines = [line.strip() for run in runs for line in run.split("\n") if not line.strip().startswith("#")]
        assert len([line for line in lines if line.startswith("python -I -m ")]) == 2
        for line in lines:
            assert not re.match(r"(?:\S*/)?(?:python3?|pip)\b(?! -I -m )", line)
            assert "bin/uv" not in line or " --no-config " in line


def test_no_job_installs_a_bare_name(tmp_path: Path) -> None:
    """Whoever takes the name on an index would get the key."""
    lay_out_repository(tmp_path, PIN)
    files = [ROOT / "action.yml", *ROOT.glob("docs/*.md"), ROOT / "README.md", *(tmp_path / ".github").rglob("*.yml")]
    named = [(file.name, found[1]) for file in files for found in re.finditer(NAMED, file.read_text("utf-8"))]
    assert ("ci.md", " @ git+https://HOST/REPOSITORY@COMMIT") in named
    assert not [(file, rest) for file, rest in named if not re.search(r"^ @ git\+.*@|--hash=", rest)]
