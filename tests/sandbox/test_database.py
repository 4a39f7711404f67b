"""Files that cannot be used: one exception, one sentence that names the file."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.sandbox.bodies import NewProject
from reconciler.sandbox.store import Store, StoreError
from tests.sandbox.dashboard import Dashboard

SEED = [{"type": "chat", "name": "n"}]
DIE_WRITING = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE projects SET facts = ?", ("x" * 1_000_000,))
os._exit(9)
"""


def refuses(store: Store, problem: str, *, reading: bool = True) -> None:
    if reading:
        with pytest.raises(StoreError, match=problem):
            store.list_projects()
    with pytest.raises(StoreError, match=problem):
        store.seed(SEED)


def test_a_folder(tmp_path: Path) -> None:
    refuses(Store(tmp_path), "is a folder")


def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refuses(Store(tmp_path / "pipe"), "not a regular file")


def test_a_path_through_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuses(Store(tmp_path / "file" / "sandbox.db"), f"cannot be opened: {tmp_path / 'file'} is not a folder")


def test_a_path_that_no_system_knows(tmp_path: Path) -> None:
    refuses(Store(tmp_path / "a\0b"), "cannot be opened")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere" / "folder")
    refuses(Store(tmp_path / "link" / "sandbox.db"), "cannot be created", reading=False)


def test_another_file(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Notes about nothing in particular. " * 100)
    refuses(Store(file), f"{file} is not a SQLite database")
    assert file.read_text().startswith("Notes")


def test_another_database(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    refuses(Store(file), "another program's database")


def test_another_layout(store: Store, file: Path) -> None:
    store.seed(SEED)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    refuses(store, "has layout 99")
    with pytest.raises(StoreError) as caught:
        store.list_projects()
    assert f"rm -- {shlex.quote(str(file))}" in caught.value.advice


def test_a_damaged_database(store: Store, file: Path) -> None:
    store.seed([{"type": "chat", "name": f"n{i}", "x": "y" * 5000} for i in range(50)])
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    refuses(store, "damaged")


def test_a_file_that_another_process_holds(file: Path) -> None:
    store = Store(file, patience=0.01)
    store.seed(SEED)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        refuses(store, r"is locked by another process")
        other.execute("ROLLBACK")
    assert store.list_projects() != "[]"


def test_an_empty_file_is_an_empty_account(store: Store, file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    assert store.list_projects() == "[]"
    assert store.reset() == 0
    assert file.stat().st_size == 0
    assert store.seed(SEED) == 1


@pytest.mark.parametrize("name", ["with space?&#%41.db", "é.db", "a;b=c.db"])
def test_a_file_with_a_weird_name(tmp_path: Path, name: str) -> None:
    assert Store(tmp_path / name).seed(SEED) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_relative_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Store(Path("sandbox.db")).seed(SEED) == 1
    assert (tmp_path / "sandbox.db").exists()


def test_a_write_that_was_killed_is_rolled_back_by_a_read(store: Store, file: Path) -> None:
    store.seed(SEED)
    before = store.list_projects()
    assert subprocess.run([sys.executable, "-c", DIE_WRITING, str(file)], check=False).returncode == 9
    assert len(list(file.parent.iterdir())) == 2
    assert store.list_projects() == before
    assert len(list(file.parent.iterdir())) == 1


@pytest.fixture
def forbidding() -> Iterator[Path]:
    """A file in a folder where permissions hold: nothing is forbidden to root, so root becomes somebody else."""
    folder = Path(tempfile.mkdtemp())
    somebody = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(folder, somebody, -1)
    before = os.geteuid()
    os.seteuid(somebody)
    try:
        yield folder / "sandbox.db"
    finally:
        folder.chmod(0o700)
        os.seteuid(before)
        shutil.rmtree(folder)


def test_a_folder_that_is_read_only_can_be_read(forbidding: Path) -> None:
    store = Store(forbidding)
    store.seed(SEED)
    forbidding.parent.chmod(0o500)
    assert store.list_projects() != "[]"
    forbidding.chmod(0o400)
    assert store.list_projects() != "[]"
    with pytest.raises(StoreError, match="cannot be opened"):
        store.reset()


def test_a_place_is_checked_before_anything_is_written(forbidding: Path) -> None:
    store = Store(forbidding)
    store.check_place()
    assert not forbidding.exists()
    forbidding.parent.chmod(0o500)
    for file in (forbidding, forbidding.parent / "new" / "folder" / "sandbox.db"):
        with pytest.raises(StoreError, match=f"cannot be written: {forbidding.parent} is read-only"):
            Store(file).check_place()
    with pytest.raises(StoreError, match="cannot be opened"):
        store.seed(SEED)
    with pytest.raises(StoreError, match="cannot be created: Permission denied"):
        Store(forbidding.parent / "new" / "sandbox.db").seed(SEED)
    forbidding.parent.chmod(0o700)
    store.seed(SEED)
    forbidding.parent.chmod(0o500)
    forbidding.chmod(0o400)
    with pytest.raises(StoreError, match=f"cannot be written: {forbidding} is read-only"):
        store.check_place()


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full"),
        (sqlite3.SQLITE_READONLY, "cannot be opened: words"),
        (sqlite3.SQLITE_CANTOPEN, "cannot be opened: words"),
        (sqlite3.SQLITE_IOERR | (3 << 8), "cannot be used: words"),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(store: Store, code: int, problem: str) -> None:
    store.seed(SEED)
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    with pytest.raises(StoreError, match=problem), store._database.writing():
        raise error
    assert store.list_projects() != "[]"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM account",
        "UPDATE account SET id = x'00'",
        "UPDATE account SET not_enabled = 'no JSON'",
        "UPDATE account SET not_enabled = x'00'",
        "UPDATE account SET not_enabled = '{}'",
        "DROP TABLE account",
        "ALTER TABLE account RENAME COLUMN id TO name",
    ],
)
def test_an_account_that_is_damaged(tmp_path: Path, statement: str) -> None:
    store = Dashboard(tmp_path / "sandbox.db")
    store.seed(SEED)
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as connection:
        connection.execute(statement)
        connection.commit()
    uses: list[Callable[[], object]] = [
        store.account_id,
        store.open_account,
        store.check_place,
        lambda: store.create(NewProject("new", "chat", None, None, None, None)),
        lambda: store.disable(["chat"]),
    ]
    for use in uses:
        with pytest.raises(StoreError, match=r"is damaged|cannot be used"):
            use()


def test_a_reset_gives_a_damaged_account_a_new_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "sandbox.db")
    store.seed(SEED)
    with closing(sqlite3.connect(tmp_path / "sandbox.db")) as connection:
        connection.execute("DELETE FROM account")
        connection.commit()
    assert store.reset() == 1
    assert store.account_id()
