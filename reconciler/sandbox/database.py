"""The sandbox's SQLite file. It is opened for each transaction, and created by the first write that needs it.

A read creates nothing on disk. Writes run one at a time, in this process and in others. An error that a user
can cause is raised as StoreError. This module does not know what a project is.

The journal is SQLite's default one, which leaves no second file and works for reads in a read-only folder. Nothing is
synced: if the process is killed, nothing that was answered is lost, but a power failure may lose writes.
"""

from __future__ import annotations

import os
import shlex
import sqlite3
import stat
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

_APPLICATION = 0x5343_5362
_LAYOUT = 1
_TABLES = (
    "CREATE TABLE account (id TEXT NOT NULL, not_enabled TEXT NOT NULL)",
    """CREATE TABLE projects (
        position INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        archived INTEGER NOT NULL,
        facts TEXT NOT NULL,
        versions INTEGER NOT NULL,
        latest TEXT,
        param_history TEXT NOT NULL,
        ontologies INTEGER,
        ontology_history TEXT NOT NULL
    )""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_LAYOUT}",
)


_ANOTHER = "Set sandbox of the target in reconciler.toml to a different file."


class StoreError(Exception):
    """The file cannot be read or written. The text names the file and the reason; `advice` is what to do, if known."""

    def __init__(self, summary: str, advice: str = "") -> None:
        super().__init__(summary)
        self.advice = advice


class Database:
    """`patience` is how many seconds a transaction waits for another process."""

    def __init__(self, file: Path, *, patience: float) -> None:
        self.file = file
        self._patience = patience
        self._turn = threading.Lock()

    def check_place(self) -> None:
        """Raises StoreError if the file certainly cannot be written or created. Creates nothing."""
        with self._reported():
            there = self._is_there()
        place = self.file.absolute() if there else self.file.absolute().parent
        while not place.exists() and place != place.parent:
            place = place.parent
        if not os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise StoreError(
                f"the sandbox file {self.file} cannot be written: {place} is read-only",
                f"Make {place} writable, or use a different file.",
            )

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A read transaction with one consistent view. Yields None if the file does not exist or is empty."""
        with self._transaction("BEGIN", create=False) as connection:
            yield connection

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[sqlite3.Connection | None]:
        """A write transaction, committed on exit and rolled back on an exception. Yields None if there is no file and
        `create` is false."""
        with self._transaction("BEGIN IMMEDIATE", create=create) as connection:
            yield connection

    @contextmanager
    def _transaction(self, begin: str, *, create: bool) -> Iterator[sqlite3.Connection | None]:
        with self._turn, self._reported():
            if not self._is_there():
                if not create:
                    yield None
                    return
                self._make_folder()
            with closing(self._connect(create=create)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                connection.execute(begin)
                try:
                    laid_out = self._is_laid_out(connection, create=create)
                    yield connection if laid_out else None
                    if laid_out:
                        connection.execute("COMMIT")
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")

    def _is_there(self) -> bool:
        try:
            mode = os.stat(self.file).st_mode
        except FileNotFoundError:
            return False
        except NotADirectoryError as error:
            file = next((one for one in self.file.parents if one.is_file()), self.file.parent)
            why = f"{file} is not a folder"
            raise StoreError(f"the sandbox file {self.file} cannot be opened: {why}", _ANOTHER) from error
        except (OSError, ValueError) as error:
            raise StoreError(f"the sandbox file {self.file} cannot be opened: {_reason(error)}") from error
        if stat.S_ISDIR(mode):
            raise StoreError(f"the sandbox file {self.file} is a folder", _ANOTHER)
        if not stat.S_ISREG(mode):
            raise StoreError(f"the sandbox file {self.file} is not a regular file", _ANOTHER)
        return True

    def _make_folder(self) -> None:
        folder = self.file.absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the sandbox folder {folder} cannot be created: {_reason(error)}") from error

    def _connect(self, *, create: bool) -> sqlite3.Connection:
        if _names_another_journal(Path(f"{self.file}-journal")):
            raise StoreError(
                f"the sandbox file {self.file} has another program's journal",
                "The journal names a second file, which SQLite would delete. Remove the journal:\n"
                f"  {_removal(f'{self.file.absolute()}-journal')}",
            )
        location = f"{self.file.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
        return sqlite3.connect(location, uri=True, timeout=self._patience, isolation_level=None)

    def _is_laid_out(self, connection: sqlite3.Connection, *, create: bool) -> bool:
        application = _pragma(connection, "application_id")
        if application == _APPLICATION:
            layout = _pragma(connection, "user_version")
            if layout != _LAYOUT:
                raise StoreError(
                    f"the sandbox file {self.file} has layout {layout}, not {_LAYOUT}",
                    f"Another version of reconciler created the file. Use that version, or {self._start_again()}",
                )
            return True
        if application or _pragma(connection, "schema_version"):
            raise StoreError(f"the sandbox file {self.file} is another program's database", _ANOTHER)
        if create:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute("INSERT INTO account VALUES (?, '[]')", (new_account_id(),))
        return create

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explained(error) from error

    def _start_again(self) -> str:
        return f"remove the file to start with an empty sandbox:\n  {_removal(str(self.file.absolute()))}"

    def _explained(self, error: sqlite3.Error) -> StoreError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        where = f"the sandbox file {self.file}"
        match code:
            case sqlite3.SQLITE_NOTADB:
                return StoreError(f"{where} is not a SQLite database", _ANOTHER)
            case sqlite3.SQLITE_CORRUPT:
                return StoreError(f"{where} is a damaged database", f"Restore a backup, or {self._start_again()}")
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                advice = f"This process waited for {self._patience:g} seconds. Run the command again later."
                return StoreError(f"{where} is locked by another process", advice)
            case sqlite3.SQLITE_FULL:
                advice = "Free some space, then run the command again."
                return StoreError(f"{where} cannot grow because the disk is full", advice)
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
                advice = "Check the permissions of the file and its folder."
                return StoreError(f"{where} cannot be opened: {error}", advice)
            case _:
                return StoreError(f"{where} cannot be used: {error}", _ANOTHER)


def _removal(file: str) -> str:
    return f"rm -- {shlex.quote(file)}"


def _names_another_journal(journal: Path) -> bool:
    """Whether this journal names a second file, which SQLite would delete after reading the journal.

    Only a transaction over several databases has a second journal. The last record of the first journal then contains
    its name, and ends with these eight bytes (https://www.sqlite.org/fileformat.html#the_rollback_journal).
    """
    try:
        with journal.open("rb") as stream:
            stream.seek(-len(_MAGIC), os.SEEK_END)
            return stream.read() == _MAGIC
    except OSError:
        return False


_MAGIC = bytes.fromhex("d9d505f920a163d7")


def new_account_id() -> str:
    return uuid.uuid4().hex


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
