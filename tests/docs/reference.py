"""The tables of keys and guards in the docs, from their definitions."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.configuration.keys import configuration_keys
from reconciler.keys.kinds import Each, Key, Kind, ListOf, Table
from reconciler.manifest.schema import CHOICE, DEFAULTS, ONTOLOGY, PROJECT
from reconciler.model.guards import GUARD_NAMES, NO_MANIFESTS, OLDER_COMMIT, GuardSettings
from reconciler.planning.guards import GUARDS


def manifest_keys() -> str:
    names = [key for key in DEFAULTS.keys if key.name not in PROJECT.by_name]
    choices = [*_rows(ONTOLOGY.keys, "ontology."), *_rows(CHOICE.keys, "ontology[]."), *_rows(names, "")]
    return _keys([*_rows(PROJECT.keys, ""), *choices])


def guards() -> str:
    holds = {name: inspect.cleandoc(find.__doc__ or "").partition("\n\n")[0] for name, find in GUARDS}
    holds[OLDER_COMMIT] = "Every change of an apply, if its commit is older than the last applied one."
    holds[NO_MANIFESTS] = "A run that finds no manifest."
    rows = [
        (f"[`{name}`](#{name})", " ".join(holds[name].split()), _setting(name)) for name in (*GUARD_NAMES, NO_MANIFESTS)
    ]
    return table([("Guard", "Holds", "Setting, and its default"), *rows])


def _setting(guard: str) -> str:
    key = guard.replace("-", "_")
    default = getattr(GuardSettings(), key, None)
    return "" if default is None else f"`{key} = {json.dumps(default)}`"


def settings_keys() -> str:
    return _keys([*_rows([key for key in configuration_keys(Path()).keys if key.name != "checks"], "")])


def _keys(rows: Sequence[tuple[str, str, str]]) -> str:
    return table([("Key", "Value", "Meaning"), *rows])


def table(rows: Sequence[tuple[str, ...]]) -> str:
    cells = [rows[0], ("---",) * len(rows[0]), *rows[1:]]
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |\n" for row in cells)


def _rows(keys: Sequence[Key], prefix: str) -> Iterator[tuple[str, str, str]]:
    for key in keys:
        yield f"`{prefix}{key.name}`", key.kind.words, key.description
        inner, joint = _inner(key.kind)
        if inner is not None:
            yield from _rows(inner.keys, f"{prefix}{key.name}{joint}")


def _inner(kind: Kind) -> tuple[Table | None, str]:
    match kind:
        case Table():
            return kind, "."
        case ListOf(item=Table() as table):
            return table, "[]."
        case Each(kind=Table() as table):
            return table, ".NAME."
        case _:
            return None, ""
