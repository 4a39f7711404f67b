"""Placeholders for files that git did not check out: as a manifest, and as what a manifest names."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.loading import load_manifests
from tests.repositories import commit_all, git

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"
NAMES = ("text.md", "list.yaml", "p.yaml")


def errors(root: Path) -> list[Diagnostic]:
    entries = load_manifests(root / "projects", root=root).entries
    return [each for entry in entries for each in entry.diagnostics if each.is_error]


@pytest.fixture
def root(tmp_path: Path, no_identity: Path) -> Path:
    git(tmp_path, "init", "-q", "-b", "main", "root")
    root = tmp_path / "root"
    (root / "projects").mkdir()
    (root / "shared").mkdir()
    (root / "shared/text.md").write_text("Label.")
    (root / "shared/list.yaml").write_text("[Cat]")
    (root / "shared/p.yaml").write_text("name: p\ntype: imageannotation\n")
    for name in NAMES:
        (root / "projects" / name.replace("list", "_list")).symlink_to(f"../shared/{name}")
    text = "name: q\ntype: imageannotation\nparams: {instruction: {$file: text.md}}\nontology: {$ref: _list.yaml}\n"
    (root / "projects/q.yaml").write_text(text)
    commit_all(root)
    assert errors(root) == []
    return root


@pytest.mark.parametrize(
    ("content", "words"), [(POINTER, "Git LFS pointer"), (b"\0GITCRYPT\0\x12\xff", "encrypted by git-crypt")]
)
def test_what_a_filter_left(root: Path, content: bytes, words: str) -> None:
    for name in NAMES:
        (root / "shared" / name).write_bytes(content)
    found = errors(root)
    assert [each.code for each in found] == ["not-checked-out"] * 3
    assert all(words in each.summary for each in found)
    assert sorted(each.summary.split(" is ")[0] for each in found) == ['"_list.yaml"', '"text.md"', "this file"]


def test_links_that_git_checked_out_as_text(root: Path) -> None:
    git(root, "config", "core.symlinks", "false")
    for link in (root / "projects").iterdir():
        link.unlink()
    git(root, "checkout", "-q", ".")
    assert (root / "projects/text.md").read_text() == "../shared/text.md"
    found = errors(root)
    assert [each.code for each in found] == ["not-checked-out"] * 3
    assert all("a link in git, but git checked it out as text" in each.summary for each in found)


def test_a_text_that_only_looks_like_a_link(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The name of another file is a text as any, also where git cannot be asked."""
    (root / "projects/text.md").unlink()
    (root / "projects/text.md").write_text("../shared/text.md")
    git(root, "add", "-A")
    assert errors(root) == []
    monkeypatch.setenv("PATH", str(tmp_path))
    assert errors(root) == []
