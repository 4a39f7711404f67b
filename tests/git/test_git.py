"""Questions to git about a repository, with real ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler import git
from reconciler.errors import GitRefusedError
from reconciler.git.refs import Refs
from tests.repositories import git as run

REF = "refs/reconciler/record/t"
ABSENT = "0123456789012345678901234567890123456789"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository without a commit."""
    run(tmp_path, "init", "--quiet", "clone")
    return tmp_path / "clone"


def test_outside_git_and_without_git(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (clone / "below").mkdir()
    assert git.is_repository(clone / "below")
    assert not git.is_repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert git.version(clone) is None
    assert not git.is_repository(tmp_path)
    asked = (git.is_repository, git.common_folder, git.remotes, lambda clone: Refs(clone, None).swap(REF, ABSENT, None))
    for ask in asked:
        with pytest.raises(GitRefusedError, match="git is not installed"):
            ask(clone)


def test_a_git_that_refuses_is_never_outside_git(clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "git"
    fake.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\nexit 128\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    with pytest.raises(GitRefusedError, match="dubious ownership") as caught:
        git.is_repository(clone)
    assert caught.value.detail.endswith("allow git to read it:\ngit config --global --add safe.directory /x")


def test_the_first_parent_line(clone: Path, tmp_path: Path) -> None:
    commits: list[str] = []
    for name in "abc":
        commits.append(Refs(clone, None).commit(commits[-1] if commits else None, {name: b""}, name))
    side = Refs(clone, None).commit(commits[0], {"side": b""}, "side")
    merged = run(clone, "commit-tree", f"{side}^{{tree}}", "-p", commits[2], "-p", side, "-m", "merge")
    assert git.first_parents(clone, commits[0], merged, most=9) == (merged, commits[2], commits[1])
    assert git.first_parents(clone, commits[0], merged, most=1) == (merged,)
    assert git.first_parents(clone, merged, commits[0], most=9) == ()
    assert git.first_parents(clone, ABSENT, merged, most=9) is None
    assert git.first_parents(clone, merged, "-x", most=9) is None
    assert git.first_parents(tmp_path, commits[0], merged, most=9) is None
