"""The JSON Schema (draft-07) of the files that people write. With it, editors complete and explain every key, and catch
the mistakes that a schema can catch.

What a task accepts is an open set, so nothing below `params` is ever refused: what is known about parameters appears
only as descriptions and proposals. `reconciler validate` decides.
"""

from __future__ import annotations

import json
from typing import Final

from reconciler.keys.kinds import DIALECT, PUBLISHED, Key, Schema
from reconciler.manifest.directives import DIRECTIVES, UNSET_KEY
from reconciler.manifest.schema import CHOICE, CHOICES, DEFAULTS, IGNORE, ONTOLOGY, OVERLAY, PROJECT
from reconciler.tasktypes.facts import open_schema, open_schemas
from reconciler.tasktypes.parameters import OWN
from reconciler.tasktypes.shapes import SHAPES

TABLES: Final = {
    "manifest": (PROJECT, "Manifest of a Scale project"),
    "defaults": (DEFAULTS, "Values that manifests below this folder inherit (_defaults.yaml)"),
    "overlay": (OVERLAY, "Values that override a manifest for one target"),
}
"""The kinds of files that have a schema, with its title."""

_DIRECTIVE: Final[Schema] = {"$ref": "#/definitions/directive"}
_UNSET: Final[Schema] = {"$ref": "#/definitions/unset"}


def editor_schema(kind: str) -> Schema:
    """The schema for one kind of file: a key of TABLES."""
    table, title = TABLES[kind]
    (schema,) = table.alternatives(_slots)
    alike: dict[int, list[str]] = {}
    for task_type, own in sorted(OWN.items()):
        if own:
            alike.setdefault(id(own), []).append(task_type)
    return {
        "$schema": DIALECT,
        "$id": PUBLISHED.format(kind),
        "title": title,
        "description": "Any parameter is allowed, because Scale adds parameters over time.",
        **schema,
        "patternProperties": {
            "^x-": {"description": "Your own data, which reconciler ignores."},
            r"^\$schema$": {
                "description": "The schema that an editor uses. Reconciler ignores this key.",
                "type": "string",
            },
        },
        "allOf": [
            {
                "if": {"properties": {"type": {"enum": types}}, "required": ["type"]},
                "then": {"properties": {"params": _own_params(types[0], table.by_name["params"])}},
            }
            for types in alike.values()
        ],
        "definitions": {
            **_directives(),
            "choice": {
                "title": "choice",
                "description": "A choice in the ontology. Its name must be unique in the whole tree.",
                "anyOf": [{"type": "string", "minLength": 1}, *CHOICE.alternatives(_slots), _DIRECTIVE],
            },
            "ontology": {"anyOf": [*CHOICES.alternatives(_slots), *ONTOLOGY.alternatives(_slots)]},
            "ignore": {
                "description": "The path of a live value to keep.",
                "anyOf": [*IGNORE.alternatives(_slots), _DIRECTIVE],
            },
            **{name: open_schema(fact) for name, fact in SHAPES.items()},
        },
    }


def _own_params(task_type: str, params: Key) -> Schema:
    """The parameters of one type. With the same form as `params` itself, editors propose the key once."""
    own = {"type": "object", "properties": open_schemas(OWN[task_type])}
    return {"title": params.name, "description": params.description, "anyOf": [own, {}]}


def schema_text(schema: Schema) -> str:
    """A schema as the content of a file: indented JSON with a final newline."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _slots(key: Key) -> list[Schema]:
    """The schemas of what may replace a key's value."""
    return [_DIRECTIVE, _UNSET] if key.inherited else [_DIRECTIVE]


def _directives() -> dict[str, Schema]:
    anywhere = {name: schema for name, schema in DIRECTIVES.items() if name != UNSET_KEY}
    return {
        "directive": {
            "$comment": "A directive, which must be the only key of its mapping.",
            "type": "object",
            "properties": anywhere,
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
        "unset": {
            "type": "object",
            "properties": {UNSET_KEY: DIRECTIVES[UNSET_KEY]},
            "required": [UNSET_KEY],
            "additionalProperties": False,
        },
    }
