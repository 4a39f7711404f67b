"""What people do to an account at Scale. The API has a call for few of it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from reconciler.sandbox.bodies import NewOntology, NewParams
from reconciler.sandbox.exchange import bad_request, name_problem, no_such_project
from reconciler.sandbox.store import Store


class Dashboard(Store):
    def edit_params(self, name: str, params: Mapping[str, Any], *, patch: bool = True) -> None:
        """Adds a version of the params. Without `patch`, it has exactly these parameters."""
        self.set_params(name, NewParams(dict(params), patch))

    def edit_ontology(self, name: str, ontology: Sequence[Any]) -> None:
        """Adds a version of the ontology with these choices."""
        self.set_ontology(name, NewOntology(list(ontology), name=None))

    def archive(self, name: str, *, archived: bool = True) -> None:
        """Archives, or with `archived=False` takes back."""
        self._update("archived = ?", archived, name)

    def rename(self, name: str, new_name: str) -> None:
        problem = name_problem(new_name)
        if problem:
            raise bad_request(f"A project's name {problem}.")
        with self._database.writing() as connection:
            if connection is not None and new_name != name:
                self._claim(connection, new_name)
        self._update("name = ?", new_name, name)

    def append_ontology_entry(self, name: str, entry: Any) -> None:
        """An entry of `ontologyHistory` exactly as given, readable or not."""
        history = json.loads(self.get(name)).get("ontologyHistory", [])
        self._update("ontologies = ?", len(history) + 1, name)
        self._update("ontology_history = ?", ",".join(map(json.dumps, [*history, entry])), name)

    def open_account(self) -> str:
        """The account's ID; creates the file if there is none."""
        with self._database.writing(create=True):
            pass
        account = self.account_id()
        assert account is not None
        return account

    def disable(self, task_types: Collection[str]) -> None:
        """From now on a create with one of exactly these task types is a 402, as for an account without it."""
        self.open_account()
        with self._database.writing() as connection:
            assert connection is not None
            connection.execute("UPDATE account SET not_enabled = ?", (json.dumps(sorted(task_types)),))

    def _update(self, change: str, value: object, name: str) -> None:
        with self._database.writing() as connection:
            done = connection and connection.execute(f"UPDATE projects SET {change} WHERE name = ?", (value, name))
        if not done or not done.rowcount:
            raise no_such_project(name)
