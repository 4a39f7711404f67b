"""Real repositories, and commands in them that leave a mark when git runs them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

KEY = "key-that-no-git-must-see"
IDENTITY = ("-c", "user.name=n", "-c", "user.email=e@localhost")
MANIFEST = "name: p\ntype: imageannotation\nparams: {instruction: Label.}\nontology: [Cat]\n"


def run(folder: Path, *arguments: str) -> str:
    """git as the owner of a repository runs it."""
    command = ["git", *IDENTITY, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


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
def clean_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("GIT_", "EMAIL", "XDG_CONFIG", "CI", "GITHUB_", "RECONCILER_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("SCALE_API_KEY", KEY)
    monkeypatch.setenv("SCALE_KEY_OF_ANOTHER_TARGET", KEY)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one manifest, committed."""
    run(tmp_path, "init", "-q", "-b", "main", "checkout")
    folder = tmp_path / "checkout"
    (folder / "projects").mkdir()
    (folder / "projects/p.yaml").write_text(MANIFEST)
    (folder / ".gitignore").write_text(".reconciler/\n")
    (folder / "reconciler.toml").touch()
    run(folder, "add", "-A")
    run(folder, "commit", "-q", "-m", "first")
    return folder
