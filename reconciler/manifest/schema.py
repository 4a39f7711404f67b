"""Every key of a manifest, a `_defaults.yaml`, and an overlay: its name, its meaning, and its values.

Parameters are an open set, so below `params` only the names that the API reserves are checked. `verdict.py` checks the
choices of an ontology, with the keys that are defined here.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any, Final

from reconciler.diagnostics import did_you_mean, nearest, quoted
from reconciler.fieldpath import Attribute, Pattern, parse_pattern
from reconciler.frozen import dataclass
from reconciler.keys.faults import Faults, Path, RefusedError
from reconciler.keys.kinds import Day, Each, Key, Kind, ListOf, Number, OneOf, Schema, Slots, Table, Text, Truth
from reconciler.manifest.codes import Code
from reconciler.model.project import RESERVED_PARAMS, Ignore
from reconciler.tasktypes.facts import open_schemas
from reconciler.tasktypes.parameters import COMMON, PREFERRED, TASK_TYPES

LONGEST_NAME: Final = 1_000
"""The maximum length of a project's name, in characters."""

PIPELINES: Final = ("standard_task", "consensus_task")

IGNORABLE: Final = ("ontology", "ontology.**.@description", "ontology.**.@display")
"""The patterns that can be ignored, in addition to anything below `params`."""


def _name(name: str) -> str:
    if name in ("", ".", ".."):
        what = quoted(name) if name else "empty"
        raise RefusedError(
            Code.BAD_NAME,
            f"a project's name cannot be {what}",
            "The name is part of the project's URL in the API. Choose a different name.",
        )
    if len(name) > LONGEST_NAME:
        summary = f"a project's name can have at most {LONGEST_NAME:,} characters"
        raise RefusedError(Code.BAD_NAME, summary, f"This name has {len(name):,} characters. Shorten the name.")
    if not name.isprintable():
        control = next((character for character in name if unicodedata.category(character) == "Cc"), None)
        if control is not None:
            summary = f"a project's name cannot contain the control character U+{ord(control):04X}"
            raise RefusedError(Code.BAD_NAME, summary, "Remove the character from the name.")
    return name


def _not_empty(text: str) -> str:
    if not text:
        raise RefusedError(Code.BAD_VALUE, "{name} cannot be empty")
    return text


def _ontology_name(name: str) -> str:
    if not name:
        raise RefusedError(
            Code.BAD_NAME,
            "an ontology's name cannot be empty",
            "Write a name, or remove the key if the ontology has no name.",
        )
    return name


def _pattern(text: str) -> Pattern:
    try:
        pattern = parse_pattern(text)
    except ValueError as problem:
        raise RefusedError(Code.BAD_IGNORE, f"the path is invalid: {problem}") from None
    if text in IGNORABLE:
        return pattern
    if pattern.parts[0] != "params" or len(pattern.parts) == 1:
        raise RefusedError(
            Code.BAD_IGNORE,
            f"{quoted(text)} cannot be ignored",
            "Only these can be ignored: ontology, ontology.**.@description, ontology.**.@display, and any path below "
            "params.",
            _meant(text),
        )
    if any(isinstance(part, Attribute) for part in pattern.parts):
        detail = 'If the key itself starts with @, quote it: params."@key".'
        raise RefusedError(Code.BAD_IGNORE, "only choices have @ attributes, not parameters", detail)
    return pattern


def _meant(text: str) -> str:
    """The label with a path that can be ignored, if only one key of the path is misspelled."""
    first, dot, rest = text.partition(".")
    if dot and first != "params" and nearest(first, ("params",)) is not None:
        return f'did you mean "params.{rest}"?'
    return did_you_mean(text, IGNORABLE)


@dataclass(frozen=True, kw_only=True)
class _Params(Kind):
    words: str = "a mapping of parameters"

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        if not isinstance(value, dict):
            return self.refuse(value, path, faults)
        if not value.keys().isdisjoint(RESERVED_PARAMS):
            detail = (
                "The API uses this name for other purposes, so it would drop or misread the value. Use a different "
                "name."
            )
            for key in value:
                if key in RESERVED_PARAMS:
                    summary = f"a parameter cannot be named {quoted(key)}"
                    faults.add(Code.RESERVED_PARAM, summary, (*path, key), detail, at_key=True)
        return value

    def alternatives(self, slots: Slots) -> list[Schema]:
        reserved = [
            {"type": "object", "properties": {key: {}}, "required": [key]} for key in ("patch", "version", "created_at")
        ]
        return [{"type": "object", "properties": open_schemas(COMMON), "not": {"anyOf": reserved}}]


@dataclass(frozen=True, kw_only=True)
class _Defined(Kind):
    """A value that `verdict.py` checks. Its schema has its own definition."""

    definition: str

    def read(self, value: Any, path: Path, faults: Faults) -> Any:
        return value

    def alternatives(self, slots: Slots) -> list[Schema]:
        return [{"$ref": f"#/definitions/{self.definition}"}]


CHOICES: Final = ListOf(
    item=_Defined(words="a string or a mapping", definition="choice", is_text=True),
    at_least=1,
    words="a list of choices",
)
CHOICE: Final = Table(
    thing="a choice",
    keys=(
        Key("choice", Text(), "The name of the choice in answers, unique in the whole tree.", required=True),
        Key("display", Text(), "The text that labelers see instead of the choice.", nullable=True),
        Key("description", Text(), "Guidance for labelers.", nullable=True),
        Key("subchoices", replace(CHOICES, at_least=0), "The choices below this one.", nullable=True),
    ),
)
ONTOLOGY: Final = Table(
    thing="an ontology",
    words="a list of choices, or {name: …, choices: […]}",
    keys=(
        Key(
            "name",
            Text(rule=_ontology_name, schema={"minLength": 1}),
            "The name of the ontology. If name is left out, the name on Scale is not compared.",
        ),
        Key("choices", CHOICES, "The choices of the ontology.", required=True),
    ),
)


IGNORE: Final = Table(
    thing="an ignore",
    words="a path, or {path: …, reason: …, until: …}",
    short="path",
    is_text=True,
    keys=(
        Key(
            "path",
            Text(rule=_pattern, schema={"minLength": 1}),
            "The path to ignore. * stands for one part, ** for any number of parts.",
            required=True,
            examples=["params.can_*", "ontology.**.@description"],
        ),
        Key("reason", Text(), "Why the path is ignored.", nullable=True),
        Key(
            "until",
            Day(),
            "The last day (UTC) on which the path is ignored, as YYYY-MM-DD. After that day, the project is held.",
            nullable=True,
        ),
    ),
    make=lambda path, **more: Ignore(path, **more),
)


RECONCILE: Final = Table(
    thing="reconcile",
    keys=(
        Key(
            "params",
            OneOf(values=("exact", "merge")),
            "exact (the default): an apply removes parameters that neither the manifest nor its defaults have. merge: "
            "such parameters are not managed.",
            inherited=True,
        ),
        Key(
            "ignore",
            ListOf(item=IGNORE, words="a list of paths", items={"$ref": "#/definitions/ignore"}),
            "Live values to keep, each as a path or as {path, reason, until}.",
            inherited=True,
        ),
        Key(
            "renames",
            Each(
                kind=Text(rule=_not_empty, schema={"minLength": 1}),
                words="a mapping from old names to new names",
            ),
            "New names of choices and of labels in params, as OLD: NEW. A plan then shows a rename, not a removal and "
            "an addition.",
            inherited=True,
            examples=[{"Kitty": "Kitten"}],
        ),
        Key(
            "protect",
            Truth(),
            "Whether the project is protected: plans show its changes, but an apply never writes them.",
            inherited=True,
        ),
    ),
)


PROJECT: Final = Table(
    thing="a project",
    keys=(
        Key(
            "name",
            Text(
                rule=_name,
                schema={
                    "minLength": 1,
                    "not": {"enum": [".", ".."]},
                    "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
                },
            ),
            "The project's name, in git and on Scale. The API cannot change a project's name.",
            required=True,
            if_null="",
        ),
        Key(
            "type",
            Text(rule=_not_empty, schema={"minLength": 1}, proposals=tuple(sorted(TASK_TYPES))),
            "The project's task type. The API cannot change a project's type. An unknown type is sent unchanged. "
            f"Scale's documentation recommends other types over these: {', '.join(sorted(PREFERRED))}.",
            required=True,
            inherited=True,
            if_null="",
            if_missing="Set the type here, or in a _defaults.yaml in this folder or a folder above.",
        ),
        Key(
            "rapid",
            Truth(),
            "Whether this is a Rapid project. Can be set only when the project is created.",
            inherited=True,
        ),
        Key(
            "studio",
            Truth(),
            "Whether this is a Studio project. Can be set only when the project is created.",
            inherited=True,
        ),
        Key(
            "pipeline",
            OneOf(values=PIPELINES),
            "The pipeline that processes the tasks. Can be set only when the project is created.",
            inherited=True,
        ),
        Key(
            "consensus_attempts",
            Number(words="a whole number greater than 0", whole=True, minimum=1),
            "The number of labelers who answer each task in a consensus_task pipeline. Can be set only when the "
            "project is created.",
            inherited=True,
        ),
        Key(
            "params",
            _Params(),
            "The parameters that every task of the project gets by default: any key that a task accepts. If params is "
            "left out, parameters are not managed. With {}, and unless reconcile.params is merge, the project has only "
            "the parameters that a _defaults.yaml supplies.",
            if_null="To leave the parameters unmanaged, remove the key. If the project needs no parameters of its own, "
            "write {}.",
        ),
        Key(
            "ontology",
            _Defined(words=ONTOLOGY.words, definition="ontology"),
            "A list of choices, or {name: …, choices: […]}. If ontology is left out, the ontology is not managed.",
            if_null="To leave the ontology unmanaged, remove the key.",
        ),
        Key("reconcile", RECONCILE, "Settings that control how reconciler manages this project."),
    ),
    own_keys=True,
)


def _in_a_layer(key: Key, description: str = "") -> Key:
    """A key of a manifest as a key of defaults or of an overlay, where its absence means something else."""
    if_null = "Leave the key out, or give it a value."
    return replace(key, required=False, description=description or key.description, if_null=if_null)


_INHERITED: Final = {"params": "Parameters that the manifests in this folder and below inherit, each as a whole."}

DEFAULTS: Final = Table(
    thing="a _defaults.yaml",
    keys=(
        Key(
            "names",
            ListOf(
                item=Text(words="a pattern for project names", rule=_not_empty, schema={"minLength": 1}),
                at_least=1,
                words="a list of patterns for project names",
            ),
            "Patterns for project names. The name of every project in this folder and below must match one of them.",
            examples=[["team-a_*"]],
        ),
        *(
            _in_a_layer(key, _INHERITED.get(key.name, ""))
            for key in PROJECT.keys
            if key.name not in ("name", "ontology")
        ),
    ),
    own_keys=True,
)
_OVERRIDING: Final = {
    "params": "Parameters that override those of the manifest, each as a whole.",
    "ontology": "A list of choices, or {name: …, choices: […]}. It replaces the ontology of the manifest.",
}

OVERLAY: Final = Table(
    thing="an overlay",
    keys=tuple(_in_a_layer(key, _OVERRIDING.get(key.name, "")) for key in PROJECT.keys if key.name != "name"),
    own_keys=True,
)
