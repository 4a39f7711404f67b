"""Real git repositories for the tests, and the one way in which the tests run git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

_IDENTITY = ("-c", "user.name=n", "-c", "user.email=e@localhost")


def git(folder: Path, *arguments: str) -> str:
    """What git prints when the owner of a repository runs it. It must succeed."""
    command = ["git", *_IDENTITY, "-c", "protocol.file.allow=always", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit_all(folder: Path, message: str = "first") -> str:
    """The new commit, which holds every file that is not ignored."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture
def no_identity(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable and no configuration of this machine reaches git. The value is an empty home folder."""
    for name in list(os.environ):
        if name.startswith(("GIT_", "EMAIL", "XDG_CONFIG")):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    """A bare repository without a commit."""
    git(tmp_path, "init", "-q", "--bare", "-b", "main", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def clone(tmp_path: Path, remote: Path) -> Path:
    """A clone of the remote."""
    git(tmp_path, "clone", "-q", str(remote), "clone")
    return tmp_path / "clone"
