"""Several files are written together, or none of them."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import FileRefusedError
from reconciler.files import together
from reconciler.files.together import Change, write_together

CHANGES = {
    "a.yaml": Change(b"a", b"new a"),
    "new/deep/b.yaml": Change(None, b"new b"),
    "t/c.yaml": Change(b"c", b"new c"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "t").mkdir()
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / "t/c.yaml").write_text("c")
    (tmp_path / "a.yaml").chmod(0o640)
    return tmp_path


def tree(root: Path) -> dict[str, str]:
    """Every file and every empty folder."""
    found = {}
    for path in root.rglob("*"):
        if path.is_file():
            found[str(path.relative_to(root))] = path.read_text()
        elif not any(path.iterdir()):
            found[str(path.relative_to(root))] = "empty"
    return found


def test_all_are_written(root: Path) -> None:
    done: list[None] = []
    write_together(root, CHANGES, lambda: done.append(None))
    assert tree(root) == {"a.yaml": "new a", "new/deep/b.yaml": "new b", "t/c.yaml": "new c"}
    assert stat.S_IMODE((root / "a.yaml").stat().st_mode) == 0o640
    assert len(done) == 3


def failing(call: Callable[..., Any], numbers: set[int]) -> Callable[..., Any]:
    """The calls with these numbers fail."""
    left: Iterator[int] = iter(range(10**6))

    def tried(*arguments: Any, **more: Any) -> Any:
        if next(left) in numbers:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return call(*arguments, **more)

    return tried


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
def test_a_failure_leaves_everything_as_it_was(
    root: Path, call: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(root)
    monkeypatch.setattr(os, call, failing(getattr(os, call), {number}))
    if (call, number) == ("mkdir", 2):  # only two folders are created
        write_together(root, CHANGES)
        return
    with pytest.raises(FileRefusedError) as caught:
        write_together(root, CHANGES)
    assert tree(root) == before
    assert caught.value.detail.endswith("Nothing was written.")


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_cannot_get_its_old_content_back_is_named(
    root: Path, links: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third file fails, and so does the first one when it is put back."""
    if not links:
        monkeypatch.setattr(os, "link", failing(os.link, set(range(9))))
    monkeypatch.setattr(os, "replace", failing(os.replace, {2, 4}))
    with pytest.raises(FileRefusedError) as caught:
        write_together(root, CHANGES)
    assert caught.value.detail == "Only these files were written: a.yaml."
    assert tree(root) == {"a.yaml": "new a", "t/c.yaml": "c"}


def test_a_file_system_without_hard_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    monkeypatch.setattr(os, "link", failing(os.link, set(range(9))))
    monkeypatch.setattr(os, "replace", failing(os.replace, {2}))
    with pytest.raises(FileRefusedError):
        write_together(root, CHANGES)
    assert tree(root) == before
    assert stat.S_IMODE((root / "a.yaml").stat().st_mode) == 0o640


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", range(2))
def test_a_signal_at_the_end_leaves_no_temporary_file(
    root: Path, number: int, monkeypatch: pytest.MonkeyPatch, *, is_done: bool
) -> None:
    unlink, left = os.unlink, [number]

    def interrupted(*arguments: Any, **more: Any) -> None:
        left[0] -= 1
        if left[0] == -1 and not is_done:
            raise KeyboardInterrupt
        unlink(*arguments, **more)
        if left[0] == -1:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together(root, CHANGES)
    assert tree(root) == {name: f"new {Path(name).stem}" for name in CHANGES}


@pytest.mark.parametrize("number", range(3))
def test_a_signal_leaves_everything_as_it_was(root: Path, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, replace, left = tree(root), os.replace, [number]

    def interrupted(*arguments: Any, **more: Any) -> None:
        replace(*arguments, **more)
        left[0] -= 1
        if left[0] == -1:
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together(root, CHANGES)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("path", "old", "why"),
    [
        ("a.yaml", b"other", "another program changed it during this run"),
        ("a.yaml", None, "another program created it during this run"),
        ("gone.yaml", b"old", "another program changed it during this run"),
        ("link.yaml", b"a", '"link.yaml" is a link'),
        ("t", b"", "it is not a regular file"),
        ("way/c.yaml", b"c", '"way" is a link'),
    ],
)
def test_files_that_are_not_as_they_were(root: Path, path: str, old: bytes | None, why: str) -> None:
    (root / "link.yaml").symlink_to("a.yaml")
    (root / "way").symlink_to("t")
    before = tree(root)
    with pytest.raises(FileRefusedError) as caught:
        write_together(root, {**CHANGES, path: Change(old, b"new")})
    assert caught.value.why == why
    assert tree(root) == before


def test_a_file_that_is_gone_when_it_is_put_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = together._Batch.replace

    def removed(batch: Any, path: str) -> None:
        if path == "t/c.yaml":
            (root / "new/deep/b.yaml").unlink()
            raise KeyboardInterrupt
        replace(batch, path)

    monkeypatch.setattr(together._Batch, "replace", removed)
    with pytest.raises(KeyboardInterrupt):
        write_together(root, CHANGES)
    assert tree(root) == {"a.yaml": "a", "t/c.yaml": "c"}
