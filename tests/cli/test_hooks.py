"""The hooks for pre-commit, run by pre-commit itself, its environment made of the wheels that setup has gathered."""

from __future__ import annotations

import os
import re
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
        if name.startswith(("reconciler/", "README", "LICENSE", "pyproject", "hatch_build", ".pre-commit-hooks")):
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

    # A commit that only deletes, of a file that a manifest reads.
    (work / "guide.md").write_text("Label.\n")
    (work / "projects/b.yaml").write_text("name: q\ntype: chat\nparams:\n  instruction: {$file: ../guide.md}\n")
    _commit(work)
    subprocess.run(["git", "rm", "-q", "guide.md"], cwd=work, check=True)
    deleted = hooks()
    assert deleted.returncode == 1
    assert "projects/b.yaml:4:24: error[file-not-found]" in deleted.stdout, deleted.stdout
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=work, check=True)

    # A configuration in a folder of its own.
    config = work / ".pre-commit-config.yaml"
    chosen = "[{id: reconciler-fmt, files: ^a b/, args: [-C, a b]}, {id: reconciler-validate, args: [-C, a b]}]"
    config.write_text(re.sub(r"hooks: .*", f"hooks: {chosen}", config.read_text()))
    (work / "a b/labels").mkdir(parents=True)
    (work / "a b/reconciler.toml").write_text('manifests = "labels"\n')
    (work / "a b/labels/c d.yaml").write_text("type:   chat\nname: p\n")
    subprocess.run(["git", "add", "-A"], cwd=work, check=True)
    formatted = hooks()
    assert formatted.returncode == 1
    assert (work / "a b/labels/c d.yaml").read_text() == "name: p\ntype: chat\n", formatted.stdout
    subprocess.run(["git", "add", "-A"], cwd=work, check=True)
    assert hooks().stdout.count("Passed") == 2
