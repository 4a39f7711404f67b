"""`init`: a repository that plans at once, and nothing of what was there lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.cli.conftest import Cli

FILES = [
    "reconciler.toml",
    "projects/_example.yaml",
    "projects/_example.md",
    "projects/_schema.json",
    ".github/actions/reconciler/action.yml",
    ".github/workflows/plan.yml",
    ".github/workflows/apply.yml",
    ".github/workflows/drift.yml",
    ".gitignore",
]


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
    assert again.out.count("already exists and is unchanged") == len(FILES)
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
