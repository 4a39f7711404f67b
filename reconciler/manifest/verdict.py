"""What is wrong with a project document, in our own words and places.

What a task accepts below `params` is an open set, so nothing in there is checked but the names that the API keeps for
itself. The ontology is checked in `ontology.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from reconciler.diagnostics import did_you_mean
from reconciler.manifest.codes import Code
from reconciler.manifest.ontology import kind_of, unknown_key, wrong_type
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.schema import (
    DEFAULTS_KEYS,
    IGNORE_KEYS,
    OVERLAY_KEYS,
    PROJECT_KEYS,
    RECONCILE_KEYS,
    DefaultsDocument,
    OverlayDocument,
    ProjectDocument,
)
from reconciler.model.project import RESERVED_PARAMS
from reconciler.model.values import Json
from reconciler.tasktypes.parameters import COMMON, OWN

Model: TypeAlias = ProjectDocument | DefaultsDocument | OverlayDocument


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of document: what it is called, the keys it may have in their order, and the model that takes it."""

    thing: str
    keys: tuple[str, ...]
    model: type[Model]


PROJECT_SHAPE: Final = Shape("a project", PROJECT_KEYS, ProjectDocument)
DEFAULTS_SHAPE: Final = Shape("a _defaults.yaml", DEFAULTS_KEYS, DefaultsDocument)
OVERLAY_SHAPE: Final = Shape("an overlay", OVERLAY_KEYS, OverlayDocument)

_WANTED: Final[dict[RawPath, Any]] = {
    ("name",): "a project's name is a string",
    ("type",): "a project's type is a string",
    ("rapid",): "rapid is true or false",
    ("studio",): "studio is true or false",
    ("pipeline",): "a pipeline is standard_task or consensus_task",
    ("consensus_attempts",): "consensus_attempts is a whole number above 0",
    ("params",): "params is a mapping of parameters",
    ("ontology",): "an ontology is a list of choices, or {name: …, choices: […]}",
    ("names", "item"): "a pattern for names is a string that is not empty",
    ("names",): "names is a list of patterns for project names",
    ("reconcile",): "reconcile is a mapping",
    ("reconcile", "params"): "reconcile.params is exact or merge",
    ("reconcile", "ignore"): "reconcile.ignore is a list of paths",
    ("reconcile", "protect"): "reconcile.protect is true or false",
    ("ignore",): "an ignore is a path, or {path: …, reason: …, until: …}",
    ("ignore", "path"): "a path to ignore is a string",
    ("ignore", "reason"): "a reason is a string",
    ("ignore", "until"): "until is a day, written YYYY-MM-DD",
}
_TEXTS: Final[frozenset[RawPath]] = frozenset(
    {("name",), ("type",), ("names", "item"), ("ignore",), ("ignore", "path"), ("ignore", "reason")}
)
_CHOICES: Final[dict[RawPath, Any]] = {
    ("pipeline",): ("standard_task", "consensus_task"),
    ("reconcile", "params"): ("exact", "merge"),
}
_ANY_PARAMETER: Final = frozenset(COMMON).union(*OWN.values())
_TRUTH_WORDS: Final = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


def check(
    document: dict[str, Json], stand_ins: Collection[RawPath] = (), *, shape: Shape = PROJECT_SHAPE
) -> tuple[Model | None, list[Problem]]:
    """The document as a model, None where it does not fit, and everything that is wrong with it or worth a warning.

    `stand_ins` are places that hold null for what was reported already.
    """
    if shape is PROJECT_SHAPE and document and _is_strange(document):
        return None, [_no_project(next(iter(document)))]
    problems: list[Problem] = []
    project: Model | None = None
    extra: AbstractSet[str] = frozenset()
    try:
        project = shape.model.model_validate(document)
    except ValidationError as invalid:
        extra = document.keys() - set(shape.keys)
        problems += _translate(invalid, document, stand_ins, shape)
    else:
        extra = (project.__pydantic_extra__ or {}).keys()
    unknown = [key for key in document if key in extra and not key.startswith("x-")] if extra else []
    problems += [_unknown(key, shape) for key in unknown]
    for key in shape.keys:
        if key in document and document[key] is None and (key,) not in stand_ins:
            problems.append(_null_part(key))
    params = document.get("params")
    if params is not None:
        problems += _check_params(params)
    return project, problems


def _is_strange(document: dict[str, Json]) -> bool:
    """Whether no key is one of a project, nor looks like one."""
    return document.keys().isdisjoint(PROJECT_KEYS) and not any(did_you_mean(key, PROJECT_KEYS) for key in document)


def _no_project(first: str) -> Problem:
    return Problem(
        Code.MISSING_KEY,
        'this is no project: it has neither "name" nor "type", nor any other key of one',
        At((first,), key=True),
        "Each document of a manifest is one project. A file that others refer to has a name that starts with _.",
    )


def _unknown(key: str, shape: Shape) -> Problem:
    known = unknown_key(key, (), shape.thing, shape.keys)
    if known.label or key not in _ANY_PARAMETER:
        return known
    return replace(known, label="write it below params")


def _translate(
    invalid: ValidationError, document: dict[str, Json], stand_ins: Collection[RawPath], shape: Shape
) -> list[Problem]:
    problems: list[Problem] = []
    missing: list[tuple[RawPath, str, Collection[str]]] = []
    for error in invalid.errors(include_url=False):
        path: RawPath = error["loc"]
        if path in stand_ins or any(path[:length] in stand_ins for length in range(len(path))):
            continue
        if len(path) == 1 and path[0] in document and document[str(path[0])] is None:
            continue  # told as a null part
        if error["type"] == "missing":
            mapping = error["input"]
            keys = mapping.keys() if isinstance(mapping, dict) else ()
            missing.append((path[:-1], str(path[-1]), keys))
        else:
            problems.append(_problem(error, path))
    for path, key, others in missing:
        known = _known_keys(path, shape)
        if any(did_you_mean(other, known) == f'did you mean "{key}"?' for other in others if other not in known):
            continue  # the unknown key is the mistake
        detail = "It stands neither here nor in a _defaults.yaml above." if (path, key) == ((), "type") else ""
        problems.append(Problem(Code.MISSING_KEY, f'{_thing(path)} needs the key "{key}"', At(path), detail))
    return problems


def _problem(error: ErrorDetails, path: RawPath) -> Problem:
    value = error["input"]
    shape = _shape(path)
    if error["type"] == "extra_forbidden":
        return unknown_key(str(path[-1]), path[:-1], _thing(path[:-1]), _known_keys(path[:-1]))
    if error["type"] == "reconciler":
        context = error["ctx"]
        return Problem(context["code"], context["summary"], At(path), context["detail"], context["label"])
    wanted = _WANTED.get(shape, "this value does not belong here")
    if error["type"] in ("greater_than", "too_short", "string_too_short"):
        return Problem(Code.BAD_VALUE, wanted, At(path))
    if error["type"] == "literal_error" and isinstance(value, str):
        return Problem(Code.BAD_VALUE, wanted, At(path), label=did_you_mean(value, _CHOICES[shape]))
    problem = wrong_type(value, At(path), wanted, text_wanted=shape in _TEXTS)
    if error["type"] == "bool_type" and isinstance(value, str) and value.lower() in _TRUTH_WORDS:
        return Problem(
            problem.code,
            f"{wanted}; this is {kind_of(value)}",
            At(path),
            "By YAML 1.2 yes, no, on and off are strings, and so is all that stands in quotes.",
            f"write {_TRUTH_WORDS[value.lower()]}",
        )
    return problem


def _shape(path: RawPath) -> RawPath:
    """`path` with what an item of `ignore` is at its beginning."""
    if path[:2] == ("reconcile", "ignore") and len(path) > 2:
        return ("ignore", *path[3:])
    if path[:1] == ("names",) and len(path) > 1:
        return ("names", "item")
    return path


def _known_keys(path: RawPath, shape: Shape = PROJECT_SHAPE) -> tuple[str, ...]:
    return shape.keys if not path else RECONCILE_KEYS if path == ("reconcile",) else IGNORE_KEYS


def _thing(path: RawPath) -> str:
    return "a project" if not path else "reconcile" if path == ("reconcile",) else "an ignore"


def _null_part(key: str) -> Problem:
    details = {
        "params": "Leave the key out where parameters are not managed here; write {} for none at all.",
        "ontology": "Leave the key out where the ontology is not managed here.",
        "name": "",
        "type": "",
    }
    return Problem(
        Code.NULL_PART,
        f'"{key}" has no value',
        At((key,), key=True),
        details.get(key, "Leave the key out, or give it one."),
    )


def _check_params(params: Json) -> list[Problem]:
    if not isinstance(params, dict):
        return [wrong_type(params, At(("params",)), _WANTED["params",], text_wanted=False)]
    if params.keys().isdisjoint(RESERVED_PARAMS):
        return []
    return [
        Problem(
            Code.RESERVED_PARAM,
            f'a parameter cannot be named "{key}"',
            At(("params", key), key=True),
            "The API uses this name beside the parameters, so it would be lost or obeyed.",
        )
        for key in params
        if key in RESERVED_PARAMS
    ]
