"""Which pushes need an apply: those that changed something that a plan reads, and those of which that is not known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.operations.changes import Changes, look_for_changes
from reconciler.settings import choose_target, read_settings
from tests.repositories import commit_all, git

MANIFEST = "name: p\ntype: imageannotation\nparams: {instruction: {$file: ../../shared/guide.md}}\n"
OVERLAY = '[targets.production]\noverlay = "overlays/production"\n'


def write(folder: Path, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        file = folder / name
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Manifests two levels down; texts, a referenced file, a linked folder, and an overlay elsewhere."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    write(
        folder,
        {
            "reconciler.toml": f'manifests = "deep/labeling"\n{OVERLAY}',
            "deep/labeling/p.yaml": MANIFEST,
            "deep/labeling/q.yaml": "name: q\ntype: imageannotation\nontology: {$ref: ../../shared/first.yaml}\n",
            "shared/guide.md": "Label.\n",
            "shared/first.yaml": "{$ref: second.yaml#/choices}\n",
            "shared/second.yaml": "choices: [Cat]\n",
            "shared/unread.md": "Nobody reads this.\n",
            "overlays/production/p.yaml": "params: {priority: 1}\n",
            "elsewhere/r.yaml": "name: r\ntype: imageannotation\n",
            "README.md": "Read me.\n",
        },
    )
    (folder / "deep/labeling/linked").symlink_to("../../elsewhere")
    commit_all(folder)
    return folder


@pytest.fixture
def look(repository: Path) -> Callable[..., Changes]:
    def call(push: tuple[str | None, str | None] | None) -> Changes:
        settings = read_settings(repository)
        target = choose_target(settings, name="production", endpoint=None, environment={}, offline=True)
        return look_for_changes(settings, target, push)

    return call


def pushed(repository: Path, files: dict[str, str | None]) -> tuple[str, str]:
    before = git(repository, "rev-parse", "HEAD")
    write(repository, files)
    return before, commit_all(repository)


@pytest.mark.parametrize(
    "name",
    [
        "shared/guide.md",
        "shared/first.yaml",
        "shared/second.yaml",
        "elsewhere/r.yaml",
        "deep/labeling/p.yaml",
        "deep/labeling/new.yaml",
        "deep/labeling/_defaults.yaml",
        "overlays/production/p.yaml",
        "overlays/production/q.yaml",
        "reconciler.toml",
        "shared/.gitattributes",
    ],
)
def test_what_a_plan_reads(repository: Path, look: Callable[..., Changes], name: str) -> None:
    """runatlantis/atlantis#158, #588: a change of a file outside of the manifest folder started nothing."""
    file = repository / name
    old = file.read_text() if file.exists() else ""
    new = {"_defaults.yaml": "type: imageannotation\n", "new.yaml": "name: n\ntype: imageannotation\n"}
    added = "# more\n" if old else new.get(file.name, "params: {priority: 2}\n")
    found = look(pushed(repository, {name: old + added}))
    assert (found.found, found.why) == (True, f"{name}, which a plan reads, has changed.")


def test_what_no_plan_reads(repository: Path, look: Callable[..., Changes]) -> None:
    found = look(
        pushed(repository, {"README.md": "x\n", "shared/unread.md": "x\n", "docs/deep/labeling/p.yaml": "x\n"})
    )
    assert (found.found, found.why) == (False, "No file that a plan reads has changed.")


def test_files_that_are_gone_or_renamed(repository: Path, look: Callable[..., Changes]) -> None:
    assert look(pushed(repository, {"deep/labeling/q.yaml": None})).found
    git(repository, "mv", "deep/labeling/p.yaml", "README.yaml")
    before = git(repository, "rev-parse", "HEAD")
    assert look((before, commit_all(repository))).found
    # A link on the way that leads elsewhere now.
    before = git(repository, "rev-parse", "HEAD")
    (repository / "deep/labeling/linked").unlink()
    (repository / "deep/labeling/linked").symlink_to("../../shared/none")
    assert look((before, commit_all(repository))).found


def test_several_commits_of_one_push(repository: Path, look: Callable[..., Changes]) -> None:
    before, _ = pushed(repository, {"shared/guide.md": "New.\n"})
    assert look((before, commit_all(repository, "another"))).found
    assert not look(pushed(repository, {"README.md": "y\n"})).found


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"deep/labeling/p.yaml": "name: [\n"}, "the manifests have errors"),
        ({"deep/labeling/p.yaml": "name: p\ntype: x\nparams: {a: {$file: gone.md}}\n"}, "the manifests have errors"),
    ],
)
def test_manifests_with_errors(
    repository: Path, look: Callable[..., Changes], files: dict[str, str | None], why: str
) -> None:
    pushed(repository, files)
    found = look(pushed(repository, {"README.md": "z\n"}))
    assert (found.found, found.why) == (True, f"Cannot determine what a plan reads: {why}.")


def test_what_is_not_known(repository: Path, look: Callable[..., Changes], tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    assert look(None) == Changes(True, "This run was not started by a push.")
    assert look((None, head)) == Changes(True, "Cannot determine what changed: the branch is new.")
    missing = look(("12" * 20, head))
    assert missing == Changes(True, "Cannot determine what changed: this clone does not have the commit 121212121212.")
    (repository / ".git" / "HEAD").write_text("broken\n")
    assert look((head, head)).why.startswith("Cannot determine what changed.")


def test_a_new_branch_without_manifests(repository: Path, look: Callable[..., Changes]) -> None:
    """The first push of an empty repository has nothing to apply; one that removes every manifest has."""
    files = ("p.yaml", "q.yaml", "linked")
    before, head = pushed(repository, {f"deep/labeling/{name}": None for name in files} | {"deep/labeling/_x": "x"})
    assert look((None, head)) == Changes(False, "There is no manifest yet, so there is nothing to apply.")
    assert look((before, head)).found
    (repository / "deep/labeling/_x").unlink()
    (repository / "deep/labeling").rmdir()
    assert look((None, head)).why == "Cannot determine what a plan reads."
