"""JSON Schema 2020-12 of what we read, for editors: it completes and explains every key, and catches what a schema can.

What a task accepts is an open set, so nothing below `params` is ever refused: facts about parameters stand there as
descriptions and proposals alone. The loader has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from reconciler.manifest.verdict import DEFAULTS_SHAPE, OVERLAY_SHAPE, PROJECT_SHAPE, Shape
from reconciler.tasktypes.facts import Fact
from reconciler.tasktypes.parameters import COMMON, OWN, PREFERRED, TASK_TYPES
from reconciler.tasktypes.shapes import SHAPES

Schema = dict[str, Any]

SHAPES_FOR: Final = {"manifest": PROJECT_SHAPE, "defaults": DEFAULTS_SHAPE, "overlay": OVERLAY_SHAPE}
_TITLES: Final = {
    "manifest": "Manifest of a Scale project",
    "defaults": "Values that manifests below this folder inherit (_defaults.yaml)",
    "overlay": "Values that a target lays over a manifest",
}
_ANY: Final[Schema] = {"$ref": "#/$defs/directive"}
_UNSET: Final[Schema] = {"$ref": "#/$defs/unset"}
_DAY: Final = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TYPE_WORDS: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}


def editor_schema(kind: str) -> Schema:
    """The schema for a manifest, a `_defaults.yaml` or an overlay: `kind` is a key of SHAPES_FOR."""
    shape = SHAPES_FOR[kind]
    schema: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": _TITLES[kind],
        "description": "Read by reconciler. Scale's task parameters are an open set: others than those named are fine.",
        "type": "object",
        "properties": {key: _property(key, shape) for key in shape.keys},
        "patternProperties": {"^x-": {"description": "Yours: never read."}},
        "additionalProperties": False,
    }
    if shape is PROJECT_SHAPE:
        schema["required"] = ["name"]
    alike: dict[int, list[str]] = {}
    for task_type, own in sorted(OWN.items()):
        alike.setdefault(id(own), []).append(task_type)
    schema["allOf"] = [
        {
            "if": {"properties": {"type": {"enum": types}}, "required": ["type"]},
            "then": {"properties": {"params": {"properties": _parameters(OWN[types[0]])}}},
        }
        for types in alike.values()
        if OWN[types[0]]
    ]
    schema["$defs"] = {
        "directive": _directive(),
        "unset": {
            "type": "object",
            "properties": {"$unset": {"const": True, "description": "Drops what a _defaults.yaml above gives."}},
            "required": ["$unset"],
            "additionalProperties": False,
        },
        "choice": _choice(),
        "ontology": _ontology(),
        "ignore": _ignore(),
        **{name: _open(fact) for name, fact in SHAPES.items()},
    }
    return schema


def schema_text(kind: str) -> str:
    """That schema as a file holds it."""
    return json.dumps(editor_schema(kind), indent=2, ensure_ascii=False) + "\n"


def _property(key: str, shape: Shape) -> Schema:
    described = _PROPERTIES[key]
    inherits = shape is not PROJECT_SHAPE or key not in ("name", "ontology")
    slots = [_UNSET] if inherits and key not in ("params", "reconcile", "names") else []
    return {
        "title": key,
        **{word: described[word] for word in ("description", "examples") if word in described},
        "anyOf": [*described["anyOf"], _ANY, *slots],
    }


def _parameters(facts: Mapping[str, Fact]) -> Schema:
    return {name: {"title": name, **_open(fact)} for name, fact in facts.items()}


def _open(fact: Fact) -> Schema:
    """A fact as description and proposals, which refuses nothing."""
    if "$ref" in fact:
        return {"$ref": fact["$ref"]}
    opened: Schema = {}
    words = _words(fact)
    if words:
        opened["description"] = words
    if "enum" in fact:
        opened["anyOf"] = [{"enum": fact["enum"]}, {}]
    elif fact.get("type") == "boolean":
        opened["anyOf"] = [{"enum": [True, False]}, {}]
    if "properties" in fact:
        opened["properties"] = {name: {"title": name, **_open(inner)} for name, inner in fact["properties"].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(fact.get(word), dict):
            inner = _open(fact[word])
            if inner:
                opened[word] = inner
    return opened


def _words(fact: Fact) -> str:
    """What the parameter is, what kind of value, and how well that is known."""
    if "description" not in fact:
        return ""
    kinds = [fact["type"]] if isinstance(fact.get("type"), str) else fact.get("type", [])
    kind = " or ".join(_TYPE_WORDS[each] for each in kinds if each in _TYPE_WORDS)
    return f"{fact['description']} ({', '.join(filter(None, (kind, fact['$comment'])))})"


def _directive() -> Schema:
    return {
        "$comment": "One of {$file: PATH}, {$ref: PATH#/pointer} and {$literal: VALUE}, alone in its mapping.",
        "type": "object",
        "properties": {
            "$file": {
                "type": "string",
                "minLength": 1,
                "description": "A text file, relative to this file; its content is the value.",
            },
            "$ref": {
                "type": "string",
                "minLength": 1,
                "description": "A YAML file, relative to this file, and after # a JSON pointer into it.",
                "examples": ["../shared/animals.yaml#/animals"],
            },
            "$literal": {"description": "The value itself, not looked into: for data that looks like a directive."},
        },
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }


def _choice() -> Schema:
    text = {"type": "string"}
    return {
        "title": "choice",
        "description": "A choice of the ontology, unique in the whole tree.",
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "properties": {
                    "choice": {
                        "title": "choice",
                        "description": "The choice's identity, unique in the whole tree.",
                        "anyOf": [text, _ANY],
                    },
                    "display": {
                        "title": "display",
                        "description": "What labelers see instead of the choice.",
                        "anyOf": [text, {"type": "null"}, _ANY],
                    },
                    "description": {
                        "title": "description",
                        "description": "Guidance for labelers.",
                        "anyOf": [text, {"type": "null"}, _ANY],
                    },
                    "subchoices": {
                        "title": "subchoices",
                        "description": "Choices below it.",
                        "anyOf": [{"type": "array", "items": {"$ref": "#/$defs/choice"}}, {"type": "null"}, _ANY],
                    },
                },
                "required": ["choice"],
                "additionalProperties": False,
            },
            _ANY,
        ],
    }


def _ontology() -> Schema:
    choices = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/choice"}}
    return {
        "anyOf": [
            choices,
            {
                "type": "object",
                "properties": {
                    "name": {
                        "title": "name",
                        "description": "The ontology's name. Left out, the one that Scale has is no difference.",
                        "anyOf": [{"type": "string", "minLength": 1}, _ANY],
                    },
                    "choices": {"title": "choices", "description": "The choices.", "anyOf": [choices, _ANY]},
                },
                "required": ["choices"],
                "additionalProperties": False,
            },
        ]
    }


def _ignore() -> Schema:
    path = {
        "type": "string",
        "minLength": 1,
        "description": "A path, with * for one part and ** for any number of them.",
        "examples": ["params.can_*", "ontology.**.@description"],
    }
    return {
        "description": "A live value that is nobody's business.",
        "anyOf": [
            path,
            {
                "type": "object",
                "properties": {
                    "path": {"title": "path", "description": path["description"], "anyOf": [path, _ANY]},
                    "reason": {
                        "title": "reason",
                        "description": "Why it is ignored.",
                        "anyOf": [{"type": ["string", "null"]}, _ANY],
                    },
                    "until": {
                        "title": "until",
                        "description": "The last day (UTC) it is meant to hold, YYYY-MM-DD. Then the project is held.",
                        "anyOf": [
                            {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                            {"type": "null"},
                            _ANY,
                        ],
                    },
                },
                "required": ["path"],
                "additionalProperties": False,
            },
            _ANY,
        ],
    }


def _truth(text: str) -> Schema:
    return {"description": text, "anyOf": [{"type": "boolean"}]}


_PROPERTIES: Final[Mapping[str, Schema]] = {
    "name": {
        "description": "The project's identity, here and on Scale's side. It can never be changed there.",
        "anyOf": [
            {
                "type": "string",
                "minLength": 1,
                "not": {"enum": [".", ".."]},
                "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
            }
        ],
    },
    "names": {
        "description": "Patterns: every project below this folder must have a name that one of them matches.",
        "examples": [["team-a_*"]],
        "anyOf": [{"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}],
    },
    "type": {
        "description": "The project's task type. It can never be changed. Other types than those proposed are sent as "
        f"they stand. Documentation prefers others to: {', '.join(sorted(PREFERRED))}.",
        "anyOf": [{"enum": sorted(TASK_TYPES)}, {"type": "string", "minLength": 1}],
    },
    "rapid": _truth("A Rapid project; set when the project is created, never after."),
    "studio": _truth("A Studio project; set when the project is created, never after."),
    "pipeline": {
        "description": "How tasks are worked on; set when the project is created, never after.",
        "anyOf": [{"enum": ["standard_task", "consensus_task"]}],
    },
    "consensus_attempts": {
        "description": "How many labelers answer each task of a consensus_task; set when the project is created.",
        "anyOf": [{"type": "integer", "minimum": 1}],
    },
    "params": {
        "description": "Defaults for every task of the project: any key that a task accepts. Left out, parameters are "
        "not managed; {} means none at all, after defaults.",
        "anyOf": [
            {
                "type": "object",
                "properties": _parameters(COMMON),
                "not": {"anyOf": [{"required": [key]} for key in ("patch", "version", "created_at")]},
            }
        ],
    },
    "ontology": {
        "description": "A list of choices, or {name: …, choices: […]}. Left out, the ontology is not managed.",
        "anyOf": [{"$ref": "#/$defs/ontology"}],
    },
    "reconcile": {
        "description": "How this project is reconciled.",
        "anyOf": [
            {
                "type": "object",
                "properties": {
                    "params": {
                        "title": "params",
                        "description": "exact: these params are the whole truth. merge: parameters that are not named "
                        "here are left alone.",
                        "anyOf": [{"enum": ["exact", "merge"]}, _ANY, _UNSET],
                    },
                    "ignore": {
                        "title": "ignore",
                        "description": "Live values that are nobody's business: paths, or {path, reason, until}.",
                        "anyOf": [{"type": "array", "items": {"$ref": "#/$defs/ignore"}}, _ANY, _UNSET],
                    },
                    "protect": {
                        "title": "protect",
                        "description": "true: planned and shown, never written.",
                        "anyOf": [{"type": "boolean"}, _ANY, _UNSET],
                    },
                },
                "additionalProperties": False,
            }
        ],
    },
}
