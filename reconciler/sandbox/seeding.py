"""Projects as list answers them, read into rows. Raises ValueError; touches no file.

Unknown fields are kept, and so are the entries of `ontologyHistory` whatever they hold: a real account shows both, and
a client has to cope. Left-out fields are missing in the answers too, but for `archived`, `created_at`, `param_history`
and an entry's `version` and `created_at`, which every project has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.sandbox.jsontext import Json, refuse_depth, write
from reconciler.sandbox.names import name_problem
from reconciler.sandbox.rows import ProjectRow, params_entry

_BESIDE_FACTS = frozenset({"name", "archived", "param_history", "ontologyHistory"})


def seed_rows(projects: Sequence[Mapping[str, Any]], *, created_at: str) -> list[ProjectRow]:
    """`created_at` stands for one that an entry leaves out. The error names an entry by its index, counted from 0."""
    if isinstance(projects, str | bytes | Mapping) or not isinstance(projects, Sequence):
        raise ValueError("Projects to seed come as an array of them, as list answers it.")
    rows: list[ProjectRow] = []
    seen: dict[str, int] = {}
    for index, project in enumerate(projects):
        try:
            row = _read_project(project, created_at)
            if row.name in seen:
                raise ValueError(f"the name {row.name!r} is that of entry {seen[row.name]} too")
        except (ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"Entry {index}: {error}.") from None
        seen[row.name] = index
        rows.append(row)
    return rows


def _read_project(project: object, default_time: str) -> ProjectRow:
    if not isinstance(project, dict):
        raise ValueError("it is not an object")
    refuse_depth(project)
    problem = name_problem(project.get("name"))
    if problem:
        raise ValueError(f"'name' {problem}")
    if not isinstance(project.get("type"), str) or not project["type"]:
        raise ValueError("'type' must be a non-empty string")
    archived = project.get("archived", False)
    if not isinstance(archived, bool):
        raise ValueError("'archived' must be true or false")
    created_at = _time(project, "created_at", default_time)
    facts = {key: value for key, value in project.items() if key not in _BESIDE_FACTS}
    params = _read_param_history(project.get("param_history", []), created_at)
    ontologies = _read_ontology_history(project["ontologyHistory"]) if "ontologyHistory" in project else None
    return ProjectRow(
        name=project["name"],
        archived=archived,
        facts=write({**facts, "created_at": created_at}),
        versions=len(params),
        latest=params[-1] if params else None,
        param_history=",".join(params),
        ontologies=None if ontologies is None else len(ontologies),
        ontology_history=",".join(ontologies or ()),
    )


def _read_param_history(history: object, default_time: str) -> list[str]:
    if not isinstance(history, list):
        raise ValueError("'param_history' must be an array")
    return [_read_params(entry, position, default_time) for position, entry in enumerate(history)]


def _read_params(entry: object, position: int, default_time: str) -> str:
    place = f"param_history[{position}]"
    if not isinstance(entry, dict):
        raise ValueError(f"'{place}' must be an object")
    version = entry.get("version", position)
    if isinstance(version, bool) or version != position:
        raise ValueError(f"'{place}.version' must be {position}, its position")
    if "patch" in entry:
        raise ValueError(f"'{place}' has a parameter 'patch', which none can be named")
    created_at = _time(entry, "created_at", default_time, place=f"{place}.")
    return params_entry(entry, version=position, created_at=created_at)


def _read_ontology_history(history: object) -> list[str]:
    if not isinstance(history, list):
        raise ValueError("'ontologyHistory' must be an array")
    return [write(entry) for entry in history]


def _time(holder: Mapping[str, Json], field: str, default: str, *, place: str = "") -> str:
    value = holder.get(field, default)
    if not isinstance(value, str):
        raise ValueError(f"'{place}{field}' must be a string")
    return value
