"""Reads request bodies into values that the store can trust, or refuses them with 400. It does not know the stored
state.

Parameters are an open set [D], so only their names are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.exchange import bad_request, name_problem
from reconciler.sandbox.jsontext import Json, parse, quoted

PIPELINES = ("consensus_task", "standard_task")
RESERVED_PARAMETERS = frozenset({"patch", "version", "created_at"})
"""The API uses these names in addition to the parameters, so a parameter cannot have them [D]."""

_Rule: TypeAlias = tuple[Callable[[Json], bool], str]
_TEXT: _Rule = (lambda value: isinstance(value, str), "a string")
_FLAG: _Rule = (lambda value: isinstance(value, bool), "true or false")
_CREATE_FIELDS: Mapping[str, _Rule] = {
    "type": (lambda value: isinstance(value, str) and value != "", "a non-empty string"),
    "name": _TEXT,
    "rapid": _FLAG,
    "studio": _FLAG,
    "params": (lambda value: isinstance(value, dict), "an object"),
    "pipeline": (lambda value: value in PIPELINES, f"one of {', '.join(PIPELINES)}"),
    "consensus_attempts": (lambda value: type(value) is int and value >= 0, "a whole number of 0 or more"),
    "datasetId": _TEXT,
}
_ONTOLOGY_FIELDS: Mapping[str, _Rule] = {
    "ontology": (lambda value: isinstance(value, list), "an array of choices"),
    "name": _TEXT,
}
"""The values that each field allows, and how they are described."""

_PATCH_SPELLINGS: Mapping[str, bool] = {"true": True, "false": False}
"""The documentation's own sample sends the string "false" [D]."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """A create. `params` is None if no parameters were sent.

    [A] A create with `params: {}` has a version 0 without parameters. One without `params` has no version.
    """

    name: str
    type: str
    params: dict[str, Json] | None
    pipeline: str | None
    consensus_attempts: int | None
    dataset_id: str | None


@dataclass(frozen=True, slots=True)
class NewParams:
    """A setParams: with `patch`, `params` is merged into the latest version; otherwise, it replaces it."""

    params: dict[str, Json]
    patch: bool


@dataclass(frozen=True, slots=True)
class NewOntology:
    """A setOntology. `name` names this version of the ontology, not the project."""

    ontology: list[Json]
    name: str | None


def read_create(data: bytes, assumptions: Assumptions) -> NewProject:
    body = _read_fields(data, _CREATE_FIELDS, assumptions, required="type")
    problem = name_problem(body.get("name"))
    if problem:
        raise bad_request(f'"name" {problem}.')
    if "pipeline" in body:
        assumptions.refuse_pipeline_outside_studio(studio=body.get("studio", False))
    return NewProject(
        name=body["name"],
        type=body["type"],
        params=_check_parameters(body["params"]) if "params" in body else None,
        pipeline=body.get("pipeline"),
        consensus_attempts=body.get("consensus_attempts"),
        dataset_id=body.get("datasetId"),
    )


def read_set_params(data: bytes) -> NewParams:
    body = _read_object(data)
    patch = body.pop("patch", False)
    if isinstance(patch, str):
        patch = _PATCH_SPELLINGS.get(patch)
    if not isinstance(patch, bool):
        raise bad_request('"patch" must be true or false.')
    return NewParams(params=_check_parameters(body), patch=patch)


def read_set_ontology(data: bytes, assumptions: Assumptions) -> NewOntology:
    body = _read_fields(data, _ONTOLOGY_FIELDS, assumptions, required="ontology")
    _check_choices(body["ontology"], "ontology", set())
    return NewOntology(ontology=body["ontology"], name=body.get("name"))


def _read_fields(data: bytes, known: Mapping[str, _Rule], assumptions: Assumptions, *, required: str) -> dict[str, Any]:
    body: dict[str, Any] = {required: None, **assumptions.without_nulls(_read_object(data))}
    assumptions.refuse_unknown_fields(body, known.keys())
    for field, value in body.items():
        allows, values = known[field]
        if not allows(value):
            raise bad_request(f'"{field}" must be {values}.')
    return body


def _read_object(data: bytes) -> dict[str, Json]:
    try:
        body = parse(data)
    except ValueError as error:
        raise bad_request(f"The body cannot be read as JSON: {error}.") from None
    if not isinstance(body, dict):
        raise bad_request("The body must be a JSON object.")
    return body


def _check_parameters(params: dict[str, Json]) -> dict[str, Json]:
    reserved = sorted(RESERVED_PARAMETERS & params.keys())
    if reserved:
        raise bad_request(f"A parameter cannot be named {' or '.join(map(quoted, reserved))}.")
    return params


def _check_choices(choices: list[Json], place: str, seen: set[str]) -> None:
    """Every choice must be unique in the whole tree [D]; keys other than the four documented ones are kept."""
    for position, item in enumerate(choices):
        here = f"{place}[{position}]"
        choice = item.get("choice") if isinstance(item, dict) else item
        if not isinstance(choice, str):
            raise bad_request(f'{here} must be a string or an object whose "choice" is a string.')
        if choice in seen:
            raise bad_request(
                f"{here}: the choice {quoted(choice)} appears twice; each choice must be unique in the whole ontology."
            )
        seen.add(choice)
        if isinstance(item, dict):
            _check_choice_fields(item, here, seen)


def _check_choice_fields(item: Mapping[str, Json], here: str, seen: set[str]) -> None:
    for field in ("display", "description"):
        if field in item and not isinstance(item[field], str):
            raise bad_request(f"{here}.{field} must be a string.")
    subchoices = item.get("subchoices", [])
    if not isinstance(subchoices, list):
        raise bad_request(f"{here}.subchoices must be an array of choices.")
    _check_choices(subchoices, f"{here}.subchoices", seen)
