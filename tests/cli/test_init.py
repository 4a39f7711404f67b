"""`init`: a repository that plans at once, and nothing of what was there lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reconciler.operations import pin
from reconciler.operations.pin import Pin, Unpinned
from tests.cli.conftest import Cli
from tests.workflows.own import PIN

FILES = [
    "reconciler.toml",
    "projects/_example.yaml",
    "projects/_example.md",
    "projects/_schema.json",
    ".github/actions/reconciler/action.yml",
    ".github/actions/reconciler/action.lock",
    ".github/actions/reconciler/installer.lock",
    ".github/workflows/plan.yml",
    ".github/workflows/apply.yml",
    ".github/workflows/drift.yml",
    ".gitignore",
]


@pytest.fixture(autouse=True)
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """reconciler is installed here from a commit."""
    monkeypatch.setattr(pin, "own_pin", lambda: PIN)


def test_a_new_repository(cli: Cli, repository: Path) -> None:
    (repository / ".gitignore").unlink()
    done = cli("init")
    assert (done.code, done.err) == (0, "")
    assert [line.removeprefix("  + ") for line in done.out.split("\n") if line.startswith("  + ")] == FILES
    assert all((repository / name).is_file() for name in FILES)
    assert "@" not in (repository / ".gitignore").read_text()
    assert (repository / ".gitignore").read_text() == ".reconciler/\n*.plan\n"
    again = cli("init")
    assert again.code == 0
    assert f"The jobs install {PIN.requirement}\n" in done.out
    kept = [name for name in FILES if not name.endswith(".lock")]
    assert again.out.count("already exists and is unchanged") == len(kept)
    assert again.last == "Nothing to do: every file already exists."


def test_the_example_becomes_a_project(cli: Cli, repository: Path) -> None:
    cli("init")
    empty = cli("plan")
    assert empty.code == 1
    assert "error[no-manifests]" in empty.err
    shutil.copy(repository / "projects" / "_example.yaml", repository / "projects" / "mine.yaml")
    assert cli("validate").out == "1 manifest is valid.\n"
    assert cli("plan").last == "Plan: 1 to add, 0 to change, 0 to destroy."
    assert cli("apply", "--auto-approve").code == 0
    assert cli("plan").last == "No changes. Your projects match the manifests."


def test_what_is_there_stays(cli: Cli, repository: Path) -> None:
    (repository / "reconciler.toml").write_text('target = "sandbox"\n')
    (repository / ".gitignore").write_text("*.pyc")
    done = cli("init")
    assert "reconciler.toml already exists and is unchanged" in done.out
    assert (repository / "reconciler.toml").read_text() == 'target = "sandbox"\n'
    assert (repository / ".gitignore").read_text() == "*.pyc\n.reconciler/\n*.plan\n"
    (repository / ".gitignore").write_bytes(b"\xff")
    assert ".gitignore already exists" in cli("init").out
    assert (repository / ".gitignore").read_bytes() == b"\xff"


def test_a_folder_of_its_own(cli: Cli, repository: Path) -> None:
    done = cli("init", "a b/")
    assert done.code == 0
    assert "cd 'a b/' && reconciler plan" in done.out
    assert "Copy a b/projects/_example.yaml to a b/projects/NAME.yaml" in done.out
    assert (repository / "a b" / "reconciler.toml").is_file()


def test_a_place_that_cannot_be_written(cli: Cli, repository: Path) -> None:
    (repository / "file").write_text("")
    done = cli("init", "file/below")
    assert done.code == 1
    assert "cannot be written: Not a directory" in done.err
    (repository / ".github").write_text("")
    done = cli("init")
    assert done.code == 1
    assert "The files that were written before it are kept. Fix this, then run init again." in done.err
    assert os.path.exists(repository / "reconciler.toml")


def test_what_the_jobs_install(cli: Cli, repository: Path) -> None:
    action = repository / ".github" / "actions" / "reconciler"
    refused = cli("init", "--from", "scale-reconciler")
    assert refused.code == 1
    assert "error[usage]: --from does not pin reconciler: it names no exact version" in refused.err
    assert not (repository / "reconciler.toml").exists()
    sha = "ab" * 32
    done = cli("init", "--from", f"scale-reconciler==0.1.0 --hash=sha256:{sha}")
    assert done.code == 0
    assert "The jobs install scale-reconciler==0.1.0\n" in done.out
    assert (action / "reconciler.lock").read_text() == f"scale-reconciler==0.1.0 \\\n    --hash=sha256:{sha}\n"
    assert '--requirement "$locks/reconciler.lock"' in (action / "action.yml").read_text()
    for file in action.iterdir():
        file.unlink()
    assert cli("init").code == 0
    assert f"uv install --no-deps --no-build-isolation '{PIN.requirement}'" in (action / "action.yml").read_text()
    assert not (action / "reconciler.lock").exists()


def test_without_anything_to_install_there_is_no_job(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> Pin | Unpinned:
        return Unpinned("reconciler was installed here from a file, which no job has", "Say what.")

    monkeypatch.setattr(pin, "own_pin", nothing)
    done = cli("init")
    assert done.code == 0
    assert "warning[no-jobs]: no workflow was written: reconciler was installed here from a file" in done.err
    assert not (repository / ".github").exists()
    assert (repository / "reconciler.toml").is_file()
