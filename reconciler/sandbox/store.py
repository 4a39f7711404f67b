"""The account that the sandbox emulates, and the calls of the API.

Each function is one transaction, so versions have no gaps and no duplicates, even if others write at the same time. A
function that raises has changed nothing. Reads, and writes to a project that does not exist, create no file. It
raises Refusal if the API refuses a call, and StoreError if the file cannot be used. This module does not know HTTP.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from reconciler.sandbox.assumptions import DEFAULT, Assumptions
from reconciler.sandbox.bodies import NewOntology, NewParams, NewProject
from reconciler.sandbox.database import Database, StoreError, new_account_id
from reconciler.sandbox.exchange import Refusal, no_such_project
from reconciler.sandbox.jsontext import Json, parse, quoted, write
from reconciler.sandbox.rows import (
    DOCUMENT_COLUMNS,
    displaced,
    document,
    document_after_create,
    new_row,
    params_entry,
    seed_rows,
)

__all__ = ["Store", "StoreError", "utc_now"]

PATIENCE = 20.0
"""The number of seconds that a call waits for another process."""

_INSERT = "INSERT INTO projects VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
_APPEND_PARAMS = """UPDATE projects SET versions = versions + 1, latest = :entry,
    param_history = param_history || iif(versions, ',', '') || :entry WHERE position = :position"""
_APPEND_ONTOLOGY = """UPDATE projects SET ontologies = ifnull(ontologies, 0) + 1,
    ontology_history = ontology_history || iif(ifnull(ontologies, 0), ',', '') || :entry WHERE position = :position"""


def utc_now() -> datetime:
    return datetime.now(UTC)


class TakenError(ValueError):
    """A project to add has the name of one in the sandbox."""


class Store:
    """One account in one file. Threads may share it, and other processes may use the same file."""

    def __init__(
        self,
        file: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
        assumptions: Assumptions = DEFAULT,
    ) -> None:
        self.assumptions = assumptions
        self._database = Database(file, patience=patience)
        self._now = now

    # The calls of the API. Each answers JSON text.

    def list_projects(self, *, archived: bool | None = None) -> str:
        """All projects in the order of creation. If `archived` is true or false, only archived or unarchived ones."""
        query = f"SELECT {DOCUMENT_COLUMNS} FROM projects WHERE :wanted IS NULL OR archived = :wanted ORDER BY position"
        with self._database.reading() as connection:
            rows = connection.execute(query, {"wanted": archived}).fetchall() if connection else []
        last = self.assumptions.entries_listed()
        return f"[{','.join(document(row, last=last) for row in rows)}]"

    def get(self, name: str) -> str:
        with self._database.reading() as connection:
            return self._document(connection, name)

    def create(self, new: NewProject) -> str:
        with self._database.writing(create=True) as connection:
            assert connection is not None
            if new.type in self._account(connection)[1]:
                raise Refusal(402, f"The task type {quoted(new.type)} is not enabled for this account.")
            self._claim(connection, new.name)
            row = new_row(new, self.assumptions, created_at=self._timestamp())
            connection.execute(_INSERT, row.values())
        return document_after_create(row, self.assumptions)

    def set_params(self, name: str, new: NewParams) -> str:
        """Add a version. With `patch`, `params` replaces keys of the latest version; objects and arrays are not merged
        [D]."""
        with self._database.writing() as connection:
            connection, position, versions, text, _ = _find(connection, name)
            latest = _parameters(text)
            params = self.assumptions.parameters_as_stored(new.params, over=latest if new.patch else None)
            if self.assumptions.appends_version(latest, params):
                entry = params_entry(params, version=versions, created_at=self._timestamp())
                connection.execute(_APPEND_PARAMS, {"entry": entry, "position": position})
            return self._document(connection, name)

    def set_ontology(self, name: str, new: NewOntology) -> str:
        with self._database.writing() as connection:
            connection, position, *_, count = _find(connection, name)
            entry = self.assumptions.ontology_entry(
                new.ontology, name=new.name, version=count or 0, created_at=self._timestamp()
            )
            connection.execute(_APPEND_ONTOLOGY, {"entry": write(entry), "position": position})
            return self._document(connection, name)

    # The account itself.

    def check_place(self) -> None:
        """Check that the file can be used. Creates nothing.

        Raises:
            StoreError: the file certainly cannot be read or written.
        """
        self._database.check_place()
        self.account_id()

    def account_id(self) -> str | None:
        """The ID of this account, created with the file and replaced by `reset`. None if there is no file."""
        with self._database.reading() as connection:
            return self._account(connection)[0] if connection else None

    def reset(self) -> int:
        """Empty the account and give it a new ID. Returns the number of projects that it had."""
        with self._database.writing() as connection:
            if connection is None:
                return 0
            removed = connection.execute("DELETE FROM projects").rowcount
            connection.execute("DELETE FROM account")
            connection.execute("INSERT INTO account VALUES (?, '[]')", (new_account_id(),))
            return removed

    def seed(self, projects: Sequence[Mapping[str, Any]]) -> int:
        """Add projects in the form that list returns, with their whole histories. Returns their number.

        Raises:
            ValueError: an entry is not a project, or its name is taken. The text names the entry, counted from 1.
                Nothing is added.
        """
        rows = seed_rows(projects, created_at=self._timestamp())
        if not rows:
            return 0
        with self._database.writing(create=True) as connection:
            assert connection is not None
            for number, row in enumerate(rows, 1):
                try:
                    self._claim(connection, row.name)
                except Refusal:
                    raise TakenError(f'cannot be added: project "{row.name}" (entry {number}) already exists') from None
            connection.executemany(_INSERT, [row.values() for row in rows])
        return len(rows)

    def _account(self, connection: sqlite3.Connection) -> tuple[str, list[str]]:
        """The account's ID, and the task types that are not enabled for it.

        Raises:
            StoreError: its row is damaged.
        """
        row = connection.execute("SELECT id, not_enabled FROM account").fetchone()
        try:
            account, types = row if row is not None else (None, "[]")
            not_enabled = parse(types)
        except (TypeError, ValueError):
            account, not_enabled = None, []
        if not isinstance(account, str) or not isinstance(not_enabled, list):
            raise StoreError(
                f"the sandbox file {self._database.file} is damaged: it has no account",
                "Remove the file to start with an empty sandbox.",
            )
        return account, [one for one in not_enabled if isinstance(one, str)]

    def _timestamp(self) -> str:
        return self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _document(self, connection: sqlite3.Connection | None, name: str) -> str:
        if connection is None:
            raise no_such_project(name)
        query = f"SELECT {DOCUMENT_COLUMNS} FROM projects WHERE name = ?"
        found = connection.execute(query, (name,)).fetchone()
        if found is None:
            found = connection.execute(query, (self._similar_name(connection, name),)).fetchone()
        if found is None:
            raise no_such_project(name)
        return document(found, last=self.assumptions.entries_shown())

    def _similar_name(self, connection: sqlite3.Connection, name: str) -> str | None:
        """The name of the oldest project whose name matches `name` except for case."""
        if not self.assumptions.get_ignores_case():
            return None
        names = connection.execute("SELECT name FROM projects WHERE typeof(name) = 'text' ORDER BY position")
        return next((other for (other,) in names if other.casefold() == name.casefold()), None)

    def _claim(self, connection: sqlite3.Connection, name: str) -> None:
        """Make a name available for a project.

        Raises:
            Refusal: another project has the name and keeps it.
        """
        query = "SELECT position, archived FROM projects WHERE name = ?"
        for position, archived in connection.execute(query, (name,)).fetchall():
            if self.assumptions.keeps_its_name(archived=bool(archived)):
                raise Refusal(409, f"A project named {quoted(name)} already exists.")
            kept = displaced(name, position)
            connection.execute("UPDATE projects SET name = ? WHERE position = ?", (kept, position))


def _parameters(latest: str | None) -> dict[str, Json] | None:
    if latest is None:
        return None
    entry = cast("dict[str, Json]", parse(latest))
    return {key: value for key, value in entry.items() if key not in ("version", "created_at")}


def _find(
    connection: sqlite3.Connection | None, name: str
) -> tuple[sqlite3.Connection, int, int, str | None, int | None]:
    """The connection, which is not None, and the project's position, versions, latest entry, and number of ontologies.

    [A] Archived projects accept writes like all others.

    Raises:
        Refusal: there is no such project.
    """
    query = "SELECT position, versions, latest, ontologies FROM projects WHERE name = ?"
    found = connection.execute(query, (name,)).fetchone() if connection else None
    if connection is None or found is None:
        raise no_such_project(name)
    return connection, *found
