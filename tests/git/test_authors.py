"""Who made the commits, as far as the clone has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.git.authors import read_authors
from reconciler.model.history import Author
from tests.repositories import git

pytestmark = pytest.mark.usefixtures("no_identity")


def test_authors_and_first_lines(clone: Path) -> None:
    made = []
    for name, message in (("Ada Lovelace", "One\n\nbody"), ("é 漢", "Zwei"), ("x", " ")):
        git(clone, "commit", "-q", "--allow-empty", "--allow-empty-message", f"--author={name} <a@b>", "-m", message)
        made.append(git(clone, "rev-parse", "HEAD"))
    tree = git(clone, "rev-parse", "HEAD^{tree}")
    found = read_authors(clone, [*made, "0" * 40, tree, "nonsense", "HEAD"])
    assert found == dict(
        zip(made, [Author("Ada Lovelace", "One"), Author("é 漢", "Zwei"), Author("x", "")], strict=True)
    )
    assert read_authors(clone, []) == {}


def test_outside_git_and_with_a_git_that_fails(tmp_path: Path, clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_authors(tmp_path.parent, ["a" * 40]) == {}
    monkeypatch.setenv("PATH", "")
    assert read_authors(clone, ["a" * 40]) == {}
