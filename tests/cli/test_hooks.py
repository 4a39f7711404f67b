"""The hooks for pre-commit, run by pre-commit itself, its environment made of the wheels that setup has gathered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.untraced

ROOT = Path(__file__).parents[2]
BINARIES = Path(sys.executable).parent
WHEELS = BINARIES.parent / "wheels"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as a commit of its own, to be cloned by pre-commit."""
    folder = tmp_path_factory.mktemp("reconciler")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in tracked.splitlines():
        if name.startswith(("reconciler/", "README", "LICENSE", "pyproject", ".pre-commit-hooks")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    _commit(folder)
    return folder


def _commit(folder: Path) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


@pytest.fixture
def hooks(source: Path, tmp_path: Path) -> Run:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=source, capture_output=True, text=True, check=True).stdout
    work = tmp_path / "work"
    work.mkdir()
    chosen = "[{id: reconciler-fmt}, {id: reconciler-validate}]"
    (work / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {source}\n  rev: {head.strip()}\n  hooks: {chosen}\n"
    )
    environment = {
        **os.environ,
        "PRE_COMMIT_HOME": str(tmp_path / "home"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(WHEELS),
        "PIP_CONFIG_FILE": os.devnull,
    }

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(BINARIES / "pre-commit"), "run", *arguments]
        return subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)

    _commit(work)
    return run


def test_hooks_see_all_manifests_and_format_what_is_committed(hooks: Run, tmp_path: Path) -> None:
    """pre-commit/pre-commit#1775, #3397, batfish/batfish#6313."""
    work = tmp_path / "work"
    (work / "projects").mkdir()
    (work / "projects/a.yaml").write_text("type:   chat\nname: p\n")
    (work / "projects/b.yaml").write_text("name: p\ntype: chat\n")
    subprocess.run(["git", "add", "projects/a.yaml"], cwd=work, check=True)
    (work / "projects/note.txt").write_text("not a manifest\n")

    refused = hooks()
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "files were modified by this hook" in refused.stdout
    assert 'projects/b.yaml:1:7: error[duplicate-name]: two manifests are named "p"' in refused.stdout
    assert (work / "projects/a.yaml").read_text() == "name: p\ntype: chat\n"

    (work / "projects/b.yaml").write_text("name:   q\ntype: chat\n")
    subprocess.run(["git", "add", "projects/a.yaml"], cwd=work, check=True)
    passed = hooks()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("Passed") == 2
    assert (work / "projects/b.yaml").read_text() == "name:   q\ntype: chat\n"
    subprocess.run(["git", "add", "projects/b.yaml"], cwd=work, check=True)
    assert "files were modified by this hook" in hooks("reconciler-fmt", "--all-files").stdout
    assert (work / "projects/b.yaml").read_text() == "name: q\ntype: chat\n"
