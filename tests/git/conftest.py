"""Real repositories, and commands in them that leave a mark when git runs them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.repositories import git

KEY = "key-that-no-git-must-see"
MANIFEST = "name: p\ntype: imageannotation\nparams: {instruction: Label.}\nontology: [Cat]\n"


@dataclass
class Trap:
    """`command` is for a configuration; it writes the environment that it was run with into `mark`."""

    command: str
    mark: Path

    @property
    def sprung(self) -> bool:
        return self.mark.exists()

    def seen(self) -> str:
        """The environment of the command."""
        return self.mark.read_text()


@pytest.fixture
def trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    folder = tmp_path_factory.mktemp("trap")
    script = folder / "script"
    script.write_text(f"#!/bin/sh\nenv > '{folder / 'mark'}'\n")
    script.chmod(0o755)
    return Trap(str(script), folder / "mark")


@pytest.fixture(autouse=True)
def clean_environment(no_identity: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("CI", "GITHUB_", "RECONCILER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SCALE_API_KEY", KEY)
    monkeypatch.setenv("SCALE_KEY_OF_ANOTHER_TARGET", KEY)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one manifest, committed."""
    git(tmp_path, "init", "-q", "-b", "main", "checkout")
    folder = tmp_path / "checkout"
    (folder / "projects").mkdir()
    (folder / "projects/p.yaml").write_text(MANIFEST)
    (folder / ".gitignore").write_text(".reconciler/\n")
    (folder / "reconciler.toml").touch()
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    return folder
