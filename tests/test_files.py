"""The gates: what is opened, what is refused, and what is never touched."""

from __future__ import annotations

import fcntl
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import FileRefusedError
from reconciler.files import walking
from reconciler.files.reading import FoundFiles, read_below, read_file, read_named, resolve
from reconciler.files.walking import MOST_PARTS, Refusal
from reconciler.files.writing import check_below, check_named, open_lock_below, write_below, write_whole


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("canary")
    root = tmp_path / "repository"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "file").write_text("text")
    (root / "file").write_text("text")
    (root / ".env").write_text("canary")
    return root


def refused(call: Callable[[], object]) -> FileRefusedError:
    with pytest.raises(FileRefusedError) as caught:
        call()
    assert "canary" not in str(caught.value) + caught.value.detail
    return caught.value


READ = {
    "a/b/file": None,
    "./a//b/../b/./file": None,
    "a/../file": None,
    "gone": Refusal.MISSING,
    "gone/x": Refusal.MISSING,
    "file/x": Refusal.MISSING,
    "file/../file": Refusal.MISSING,
    "": Refusal.MISSING,
    "a\0b": Refusal.MISSING,
    "\ud800": Refusal.MISSING,
    "a": Refusal.KIND,
    "..": Refusal.OUTSIDE,
    "a/..": Refusal.KIND,
    "../repository/file": Refusal.OUTSIDE,
    "a/../../outside/secret": Refusal.OUTSIDE,
    "/etc/passwd": Refusal.OUTSIDE,
    ".env": Refusal.HIDDEN,
    "a/../.env": Refusal.HIDDEN,
    "a/" * MOST_PARTS + "file": Refusal.MISSING,
    "a/../" * MOST_PARTS + "file": Refusal.FAILED,
    "x" * 5000: Refusal.FAILED,
}


@pytest.mark.parametrize("path", READ)
def test_paths(root: Path, path: str) -> None:
    def read() -> bytes:
        return read_file(root, path, dots=False)

    if (reason := READ[path]) is None:
        assert read() == b"text"
        assert read_file(root, path, folder=str(root)) == b"text"
        assert os.path.samefile(resolve(root, path), root / path)
    else:
        assert refused(read).reason == reason


LINKS = {
    "file": None,
    "a/b/../b/file": None,
    "./one": None,
    "gone": Refusal.MISSING,
    "a": Refusal.KIND,
    ".": Refusal.KIND,
    "link": Refusal.FAILED,
    "ring": Refusal.FAILED,
    "../outside/secret": Refusal.OUTSIDE,
    "../repository/file": Refusal.OUTSIDE,
    "way/secret": Refusal.OUTSIDE,
    "/etc/passwd": Refusal.OUTSIDE,
    "/proc/self/environ": Refusal.OUTSIDE,
    "/dev/zero": Refusal.OUTSIDE,
    ".env": Refusal.HIDDEN,
    "far": Refusal.FAILED,
    "pipe": Refusal.KIND,
    "socket": Refusal.KIND,
}


@pytest.mark.parametrize("target", LINKS)
def test_links(root: Path, target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`link` leads to each target; one that climbs out of the repository and comes back is refused as well."""
    monkeypatch.chdir(root)
    os.symlink(target, "link")
    os.symlink("a/b/file", "one")
    os.symlink("ring2", "ring")
    os.symlink("ring", "ring2")
    os.symlink("../outside", "way")
    os.symlink("a/../" * MOST_PARTS + "file", "far")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for path in ("link", "a/../link"):
            if (reason := LINKS[target]) is None:
                assert read_file(root, path, dots=False) == b"text"
            else:
                assert refused(lambda path=path: read_file(root, path, dots=False)).reason == reason  # type: ignore[misc]
        assert refused(lambda: read_below(root, "link")).reason == Refusal.LINK
        assert refused(lambda: write_below(root, "link", b"new")).reason == Refusal.LINK
        assert refused(lambda: write_below(root, "link/below", b"new")).reason == Refusal.LINK
        assert refused(lambda: open_lock_below(root, "link")).reason == Refusal.LINK
        assert refused(lambda: check_below(root, "link/below")).reason == Refusal.LINK
    assert os.readlink("link") == target
    assert (root / "file").read_text() == "text"


def test_an_absolute_link_below_the_root(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    (root / "one").symlink_to(root / "a" / "b" / "file")
    (root / "two").symlink_to(tmp_path / "alias" / "a" / "b")
    (root / "top").symlink_to(root)
    assert read_file(tmp_path / "alias", "one") == b"text"
    assert read_file(tmp_path / "alias", "two/file") == b"text"
    assert read_file(root, "top/file") == b"text"
    assert refused(lambda: read_file(root, "two/file")).reason == Refusal.OUTSIDE
    assert resolve(tmp_path / "alias", "top/a") == str(root / "a")


def test_a_folder_with_a_dot_that_the_path_starts_in(root: Path) -> None:
    (root / ".ci").mkdir()
    (root / ".ci" / "file").write_text("text")
    assert read_file(root, "file", folder=str(root / ".ci"), dots=False) == b"text"
    assert read_file(root, str(root / ".ci" / "file")) == b"text"
    assert refused(lambda: read_file(root, str(root / ".ci" / "file"), dots=False)).reason == Refusal.HIDDEN
    assert refused(lambda: read_file(root, "x", folder=str(root.parent))).reason == Refusal.OUTSIDE


def test_sizes(root: Path) -> None:
    with (root / "sparse").open("wb") as stream:
        stream.truncate(10**12)
    problem = refused(lambda: read_file(root, "sparse"))
    assert (problem.reason, problem.summary) == (Refusal.SIZE, '"sparse" cannot be read: it is larger than 10 MB')
    assert read_file(root, "file", limit=4) == b"text"
    assert refused(lambda: read_file(root, "file", limit=3)).reason == Refusal.SIZE


def test_a_file_that_grows(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_check", lambda *_: None)
    assert refused(lambda: read_file(root, "file", limit=3)).reason == Refusal.SIZE


def test_a_file_that_becomes_a_pipe(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is opened is looked at once more: between the two looks, it may have been replaced."""
    check = walking._check
    looked: list[os.stat_result] = []

    def replacing(status: os.stat_result, limit: int) -> None:
        check(status, limit)
        if not looked:
            os.unlink(root / "file")
            os.mkfifo(root / "file")
        looked.append(status)

    monkeypatch.setattr(walking, "_check", replacing)
    assert refused(lambda: read_file(root, "file")).reason == Refusal.KIND


def test_what_was_written_is_read_back(root: Path) -> None:
    assert read_below(root, ".reconciler/record.json") is None
    assert not check_below(root, ".reconciler/record.json")
    write_below(root, ".reconciler/record.json", b"one")
    write_below(root, ".reconciler/record.json", b"two")
    assert read_below(root, ".reconciler/record.json") == b"two"
    assert check_below(root, ".reconciler/record.json")
    assert os.listdir(root / ".reconciler") == ["record.json"]
    assert stat.S_IMODE(os.stat(root / ".reconciler/record.json").st_mode) == 0o600
    assert refused(lambda: read_below(root, ".reconciler/record.json", 2)).reason == Refusal.SIZE


def test_permissions(root: Path) -> None:
    umask = os.umask(0o027)
    try:
        write_below(root, "new/plain", b"", mode=None)
        write_below(root, "new/own", b"", mode=0o664)
    finally:
        os.umask(umask)
    assert [stat.S_IMODE(os.stat(root / "new" / name).st_mode) for name in ("plain", "own", ".")] == [
        0o640, 0o664, 0o750,
    ]  # fmt: skip


def test_a_folder_that_another_run_makes_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mkdir = os.mkdir

    def late(name: str, *, dir_fd: int) -> None:
        mkdir(name, dir_fd=dir_fd)
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(os, "mkdir", late)
    write_below(root, ".reconciler/x", b"x")
    assert (root / ".reconciler" / "x").read_bytes() == b"x"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_only_regular_files_are_replaced(root: Path, kind: str) -> None:
    if kind == "folder":
        (root / "there").mkdir()
    else:
        os.mkfifo(root / "there")
    for call in (write_below, lambda root, path, _: check_below(root, path)):
        assert refused(lambda call=call: call(root, "there", b"x")).reason == Refusal.KIND  # type: ignore[misc]
    assert refused(lambda: open_lock_below(root, "there")).reason in (Refusal.KIND, Refusal.FAILED)
    assert refused(lambda: read_below(root, "there")).reason == Refusal.KIND


def test_a_write_that_fails_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    problem = refused(lambda: write_below(root, "file", b"new"))
    assert problem.summary == '"file" cannot be written: No space left on device'
    assert (root / "file").read_text() == "text"
    with pytest.raises(OSError, match="No space"):
        write_whole(b"new", root / "file")
    assert sorted(os.listdir(root)) == [".env", "a", "file"]


def test_a_lock(root: Path) -> None:
    first, second = (open_lock_below(root, ".reconciler/lock") for _ in range(2))
    try:
        fcntl.flock(first, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with pytest.raises(BlockingIOError):
            fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(first)
        os.close(second)


def test_files_that_a_user_names(root: Path) -> None:
    (root / "link").symlink_to("../outside/secret")
    os.mkfifo(root / "pipe")
    (root / "zero").symlink_to("/dev/zero")
    assert read_named(root / "link") == b"canary"
    assert read_named("/dev/null") == b""
    for name, words in (("a", "Is a directory"), ("pipe", "regular"), ("zero", "regular"), ("gone", "No such file")):
        with pytest.raises(OSError, match=words):
            read_named(root / name)
    with pytest.raises(OSError, match="it is larger than 0 MB"):
        read_named("/dev/zero", 1000)


def test_what_a_shell_passes_is_read(root: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"text")
    os.close(writing)
    assert read_named(f"/dev/fd/{reading}") == b"text"
    os.close(reading)


def test_whole_files_that_a_user_names(root: Path) -> None:
    (root / "link").symlink_to("../outside/secret")
    write_whole(b"new", root / "link")
    assert ((root / "link").read_bytes(), (root.parent / "outside/secret").read_text()) == (b"new", "canary")
    write_whole(b"new", Path("/dev/null"))


def test_below_the_working_folder_a_named_file_is_written_through_no_link(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere, a link was made by whoever names it; here, it may have come with a checkout."""
    (root / "link").symlink_to("../outside/secret")
    (root / "way").symlink_to("../outside")
    os.mkfifo(root / "pipe")
    monkeypatch.chdir(root)
    for name, words in (
        ("link", '"link" is a link'),
        ("way/new", '"way" is a link'),
        (root / "link", '"link" is a link'),
        ("pipe", "it is not a regular file"),
        ("gone/new", "No such file or directory"),
    ):
        with pytest.raises(OSError, match=words):
            write_whole(b"new", Path(name))
    for name in ("link", "way/new", "pipe"):
        with pytest.raises(OSError, match=r"is a link|not a regular file"):
            check_named(Path(name))
    for name in ("new", root / "a" / "new", "a/../file", "../outside/new"):
        check_named(Path(name))
        write_whole(b"new", Path(name))
        assert Path(name).read_bytes() == b"new"
    assert sorted(os.listdir("../outside")) == ["new", "secret"]
    monkeypatch.chdir("/")
    write_whole(b"newer", root / "new")
    assert (root / "new").read_bytes() == b"newer"


def test_files_that_were_found_are_read_from_their_open_folder(root: Path) -> None:
    """The folder that is open is read, even if another one has its path now. Anything unusual is walked to again."""
    (root / "b").mkdir()
    for name in ("a/one", "a/two", "b/one"):
        (root / name).write_text(name)
    (root / "a" / "link").symlink_to("../b/one")
    (root / "a" / ".hidden").write_text("")
    os.mkfifo(root / "a" / "pipe")
    files = FoundFiles(str(root))
    folder = str(root / "a")
    found = [files.read(folder, name) for name in ("one", "two", "link", "one")]
    assert found == [b"a/one", b"a/two", b"b/one", b"a/one"]
    assert refused(lambda: files.read(folder, ".hidden")).reason == Refusal.HIDDEN
    assert refused(lambda: files.read(folder, "pipe")).reason == Refusal.KIND
    assert refused(lambda: files.read(folder, "gone")).reason == Refusal.MISSING
    assert refused(lambda: files.read(folder, "x\0")).reason == Refusal.MISSING
    assert files.read(str(root / "b"), "one") == b"b/one"
    assert files.read(folder, "one") == b"a/one"
    (root / "a").rename(root / "c")
    (root / "a").mkdir()
    assert files.read(folder, "two") == b"a/two"
    files.close()
    assert refused(lambda: files.read(folder, "two")).reason == Refusal.MISSING
    assert files.read(str(root / "c"), "two") == b"a/two"
    files.close()
