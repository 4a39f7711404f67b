"""The tables of keys in the docs, from the definitions of the keys. `python -m tests.docs.reference` prints them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.configuration.keys import configuration_keys
from reconciler.keys.kinds import Each, Key, Kind, ListOf, Table
from reconciler.manifest.schema import CHOICE, DEFAULTS, ONTOLOGY, PROJECT


def manifest_keys() -> str:
    names = [key for key in DEFAULTS.keys if key.name not in PROJECT.by_name]
    choices = [*_rows(ONTOLOGY.keys, "ontology."), *_rows(CHOICE.keys, "ontology[]."), *_rows(names, "")]
    return _table([*_rows(PROJECT.keys, ""), *choices])


def settings_keys() -> str:
    return _table([*_rows([key for key in configuration_keys(Path()).keys if key.name != "checks"], "")])


def _table(rows: Sequence[tuple[str, str, str]]) -> str:
    cells = [("Key", "Value", "Meaning"), ("---", "---", "---"), *rows]
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


if __name__ == "__main__":
    print(manifest_keys())  # noqa: T201
    print(settings_keys())  # noqa: T201
