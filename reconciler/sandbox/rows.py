"""A project as it is stored: pieces of JSON text that are joined to make its document.

So listing ten thousand projects needs no parsing, and a new version only appends an entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.bodies import NewProject
from reconciler.sandbox.exchange import name_problem
from reconciler.sandbox.jsontext import Json, refuse_depth, write

_BESIDE_FACTS = frozenset({"name", "archived", "param_history", "ontologyHistory"})


def seed_rows(projects: Sequence[Mapping[str, Any]], *, created_at: str) -> list[ProjectRow]:
    """The rows of the projects. `created_at` is used if a project leaves it out.

    Raises:
        ValueError: a project is not in the form that list returns. Its text continues a sentence about the file.
    """
    if not isinstance(projects, list | tuple):
        raise ValueError("is not a JSON array of projects")
    rows: list[ProjectRow] = []
    seen: dict[str, int] = {}
    for number, project in enumerate(projects, 1):
        try:
            row = _read_project(project, created_at)
            if row.name in seen:
                raise ValueError(f'entry {seen[row.name]} has the same name, "{row.name}"')
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"cannot be added: entry {number}: {error}") from None
        seen[row.name] = number
        rows.append(row)
    return rows


def _read_project(project: object, default_time: str) -> ProjectRow:
    if not isinstance(project, dict):
        raise ValueError("the entry is not an object")
    refuse_depth(project)
    problem = name_problem(project.get("name"))
    if problem:
        raise ValueError(f'"name" {problem}')
    if not isinstance(project.get("type"), str) or not project["type"]:
        raise ValueError('"type" must be a non-empty string')
    for key, history in _HISTORIES.items():
        if key in project:
            raise ValueError(f'"{key}" is a key of a manifest; the API lists {history}')
    archived = project.get("archived", False)
    if not isinstance(archived, bool):
        raise ValueError('"archived" must be true or false')
    created_at = _time(project, "created_at", default_time)
    if not _is_time(created_at):
        raise ValueError('"created_at" must be a time such as 2026-01-31T12:00:00.000Z')
    facts = {key: value for key, value in project.items() if key not in _BESIDE_FACTS}
    params, following = _read_param_history(project.get("param_history", []), created_at)
    ontologies = _read_ontology_history(project["ontologyHistory"]) if "ontologyHistory" in project else None
    return ProjectRow(
        name=project["name"],
        archived=archived,
        facts=write({**facts, "created_at": created_at}),
        versions=following,
        latest=params[-1] if params else None,
        param_history=",".join(params),
        ontologies=None if ontologies is None else len(ontologies),
        ontology_history=",".join(ontologies or ()),
    )


_HISTORIES = {
    "params": '"param_history", with one object of parameters per version',
    "ontology": '"ontologyHistory", with one {"ontology": […]} per version',
}
"""What a seed that looks like a manifest should have instead: without it, the project would have no params."""


def _read_param_history(history: object, default_time: str) -> tuple[list[str], int]:
    """The entries, and the number of the next version."""
    if not isinstance(history, list):
        raise ValueError('"param_history" must be an array')
    first = history[0].get("version", 0) if history and isinstance(history[0], dict) else 0
    if type(first) is not int or first < 0:
        raise ValueError('"param_history[0].version" must be a whole number of 0 or more')
    read = [_read_params(entry, position, first + position, default_time) for position, entry in enumerate(history)]
    return read, first + len(read)


def _read_params(entry: object, position: int, number: int, default_time: str) -> str:
    """The text of an entry. A truncated history may start after version 0, but from there on it must have no gaps."""
    place = f"param_history[{position}]"
    if not isinstance(entry, dict):
        raise ValueError(f'"{place}" must be an object')
    version = entry.get("version", number)
    if isinstance(version, bool) or version != number:
        raise ValueError(f'"{place}.version" must be {number}, the next version')
    if "patch" in entry:
        raise ValueError(f'"{place}" has a parameter named "patch", which is reserved')
    created_at = _time(entry, "created_at", default_time, place=f"{place}.")
    return params_entry(entry, version=number, created_at=created_at)


def _read_ontology_history(history: object) -> list[str]:
    if not isinstance(history, list):
        raise ValueError('"ontologyHistory" must be an array')
    return [write(entry) for entry in history]


def _time(holder: Mapping[str, Json], field: str, default: str, *, place: str = "") -> str:
    value = holder.get(field, default)
    if not isinstance(value, str):
        raise ValueError(f'"{place}{field}" must be a string')
    return value


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


DOCUMENT_COLUMNS = "name, archived, facts, param_history, ontologies, ontology_history"

_ENTRY = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds the end of an entry. Numbers stay text, because some are too long for an int."""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """The columns after `position`, in their order.

    `facts` is an object with the fields that never change. The histories are entries with commas between them. `latest`
    is the last entry of `param_history`, and `versions` is the number of the next one. `ontologies` is None if the
    field is missing.
    """

    name: str
    archived: bool
    facts: str
    versions: int = 0
    latest: str | None = None
    param_history: str = ""
    ontologies: int | None = None
    ontology_history: str = ""

    def values(self) -> tuple[object, ...]:
        return tuple(getattr(self, field.name) for field in fields(self))


def new_row(new: NewProject, assumptions: Assumptions, *, created_at: str) -> ProjectRow:
    facts = assumptions.facts_shown(new, created_at=created_at)
    row = ProjectRow(name=new.name, archived=False, facts=write(facts))
    if new.params is None:
        return row
    entry = params_entry(assumptions.parameters_as_stored(new.params), version=0, created_at=created_at)
    return replace(row, versions=1, latest=entry, param_history=entry)


def params_entry(params: Mapping[str, Json], *, version: int, created_at: str) -> str:
    """The parameters, flat, plus `version` (0-based, one more per call) and `created_at` [D, S]."""
    return write({**params, "version": version, "created_at": created_at})


def document(columns: tuple[str | bytes, int, str, str, int | None, str], *, last: int | None = None) -> str:
    """The project as get and list return it, from DOCUMENT_COLUMNS, with the `last` entries of each history or all."""
    kept_name, archived, facts, param_history, ontologies, ontology_history = columns
    name = kept_name if isinstance(kept_name, str) else displaced_name(kept_name)
    if last is not None:
        param_history = ",".join(entries(param_history)[-last:])
        ontology_history = ",".join(entries(ontology_history)[-last:])
    shown = "true" if archived else "false"
    ontology = "" if ontologies is None else f',"ontologyHistory":[{ontology_history}]'
    return f'{{"name":{write(name)},"archived":{shown},{facts[1:-1]},"param_history":[{param_history}]{ontology}}}'


def document_after_create(row: ProjectRow, assumptions: Assumptions) -> str:
    """The answer to a create. [A] `ontologyHistory` is missing until an ontology is set."""
    history = row.param_history if assumptions.shows_params_of_create() else ""
    return document((row.name, row.archived, row.facts, history, row.ontologies, row.ontology_history))


def entries(history: str) -> list[str]:
    """The texts of a history's entries."""
    found: list[str] = []
    start = 0
    while start < len(history):
        _, end = _ENTRY.raw_decode(history, start)
        found.append(history[start:end])
        start = end + 1
    return found


def displaced(name: str, position: int) -> bytes:
    """The stored name of an archived project whose name was reused. No request can ask for it."""
    return f"{name}\0{position}".encode()


def displaced_name(kept: bytes) -> str:
    return kept.decode().rpartition("\0")[0]
