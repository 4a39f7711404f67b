"""A project as it is stored: pieces of JSON text that are joined to make its document.

So a list of ten thousand projects parses nothing, and a new version only appends an entry.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.bodies import NewProject
from reconciler.sandbox.jsontext import Json, write

DOCUMENT_COLUMNS = "name, archived, facts, param_history, ontologies, ontology_history"

_ENTRY = json.JSONDecoder(parse_int=str, parse_float=str)
"""Finds where an entry ends. Its numbers stay text, because some are too long for an int."""


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """The columns after `position`, in their order.

    `facts` is an object with what never changes. The histories are entries with commas between them. `latest` is the
    last entry of `param_history`, and `versions` is the number of the next one. `ontologies` is None if the field is
    missing.
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
    """The stored name of an archived project whose name is used again. No request can ask for it."""
    return f"{name}\0{position}".encode()


def displaced_name(kept: bytes) -> str:
    return kept.decode().rpartition("\0")[0]
