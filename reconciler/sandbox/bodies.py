"""Reads request bodies into values that the store can trust, or refuses them with 400. It knows no state.

Parameters are an open set [D], so only their names are checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.sandbox.assumptions import Assumptions
from reconciler.sandbox.exchange import bad_request, name_problem
from reconciler.sandbox.jsontext import Json, parse

PIPELINES = frozenset({"standard_task", "consensus_task"})
RESERVED_PARAMETERS = frozenset({"patch", "version", "created_at"})
"""The API uses these names beside the parameters, so none of them can be a parameter [D]."""

_CREATE_FIELDS = frozenset({"type", "name", "rapid", "studio", "params", "pipeline", "consensus_attempts", "datasetId"})
_ONTOLOGY_FIELDS = frozenset({"ontology", "name"})
_PATCH_SPELLINGS: Mapping[str, bool] = {"true": True, "false": False}
"""The documentation's own sample sends the string "false" [D]."""


@dataclass(frozen=True, slots=True)
class NewProject:
    """A create. `params` is None if no parameters were sent.

    [A] A create with `params: {}` has a version 0 without parameters. One without `params` has no version.
    """

    name: str
    type: str
    rapid: bool
    studio: bool
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
    body = assumptions.without_nulls(_read_object(data))
    assumptions.refuse_unknown_fields(body, _CREATE_FIELDS)
    problem = name_problem(body.get("name"))
    if problem:
        raise bad_request(f"'name' {problem}.")
    task_type = _text(body, "type")
    if not task_type:
        raise bad_request("'type' must be a non-empty string.")
    studio = _flag(body, "studio")
    return NewProject(
        name=str(body["name"]),
        type=task_type,
        rapid=_flag(body, "rapid"),
        studio=studio,
        params=_create_params(body),
        pipeline=_pipeline(body, assumptions, studio=studio),
        consensus_attempts=_consensus_attempts(body),
        dataset_id=_text(body, "datasetId"),
    )


def read_set_params(data: bytes) -> NewParams:
    body = _read_object(data)
    patch = body.pop("patch", False)
    if isinstance(patch, str):
        patch = _PATCH_SPELLINGS.get(patch)
    if not isinstance(patch, bool):
        raise bad_request("'patch' must be true or false.")
    return NewParams(params=_check_parameters(body), patch=patch)


def read_set_ontology(data: bytes, assumptions: Assumptions) -> NewOntology:
    body = assumptions.without_nulls(_read_object(data))
    assumptions.refuse_unknown_fields(body, _ONTOLOGY_FIELDS)
    ontology = body.get("ontology")
    if not isinstance(ontology, list):
        raise bad_request("'ontology' must be an array of choices.")
    _check_choices(ontology, "ontology", set())
    return NewOntology(ontology=ontology, name=_text(body, "name"))


def _read_object(data: bytes) -> dict[str, Json]:
    try:
        body = parse(data)
    except ValueError as error:
        raise bad_request(f"The body cannot be read as JSON: {error}.") from None
    if not isinstance(body, dict):
        raise bad_request("The body must be a JSON object.")
    return body


def _text(body: Mapping[str, Json], field: str) -> str | None:
    value = body.get(field)
    if value is not None and not isinstance(value, str):
        raise bad_request(f"'{field}' must be a string.")
    return value


def _flag(body: Mapping[str, Json], field: str) -> bool:
    value = body.get(field, False)
    if not isinstance(value, bool):
        raise bad_request(f"'{field}' must be true or false.")
    return value


def _create_params(body: Mapping[str, Json]) -> dict[str, Json] | None:
    params = body.get("params")
    if params is None:
        return None
    if not isinstance(params, dict):
        raise bad_request("'params' must be an object.")
    return _check_parameters(params)


def _check_parameters(params: dict[str, Json]) -> dict[str, Json]:
    reserved = sorted(RESERVED_PARAMETERS & params.keys())
    if reserved:
        raise bad_request(f"{', '.join(map(repr, reserved))} cannot be a parameter's name.")
    return params


def _pipeline(body: Mapping[str, Json], assumptions: Assumptions, *, studio: bool) -> str | None:
    pipeline = _text(body, "pipeline")
    if pipeline is None:
        return None
    if pipeline not in PIPELINES:
        raise bad_request(f"'pipeline' must be one of {', '.join(sorted(PIPELINES))}.")
    assumptions.refuse_pipeline_outside_studio(studio=studio)
    return pipeline


def _consensus_attempts(body: Mapping[str, Json]) -> int | None:
    attempts = body.get("consensus_attempts")
    if attempts is None:
        return None
    if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 0:
        raise bad_request("'consensus_attempts' must be a whole number, 0 or more.")
    return attempts


def _check_choices(choices: list[Json], place: str, seen: set[str]) -> None:
    """Every choice must be unique in the whole tree [D]; keys other than the four documented ones are kept."""
    for position, item in enumerate(choices):
        here = f"{place}[{position}]"
        choice = item.get("choice") if isinstance(item, dict) else item
        if not isinstance(choice, str):
            raise bad_request(f"{here} must be a string or an object whose 'choice' is a string.")
        if choice in seen:
            raise bad_request(
                f"{here}: the choice {choice!r} appears twice; each must be unique in the whole ontology."
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
