"""What the sandbox takes for granted about the API where nobody knows: each assumption [A] is one function here.

Each answers one question and touches no state, so that the answer can be changed in one place. What is documented [D]
or seen [S] stands where it is used, not here.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.sandbox.jsontext import Json
from reconciler.sandbox.refusals import bad_request


def parameters_as_stored(sent: Mapping[str, Json]) -> dict[str, Json]:
    """[A] Null is a value like any other and is stored; the server adds no parameters of its own."""
    return dict(sent)


def appends_version(latest: Mapping[str, Json] | None, new: Mapping[str, Json]) -> bool:
    """[A] Every setParams call appends a version, even one that changes nothing."""
    return True


def first_parameters(params: dict[str, Json] | None) -> dict[str, Json] | None:
    """[A] A create with `params: {}` has a version 0 without parameters; one without `params` has no version."""
    return params


def without_nulls(body: Mapping[str, Json]) -> dict[str, Json]:
    """[A] Null for a field of create or setOntology is as if it were left out. The SDK sends such nulls [S]."""
    return {field: value for field, value in body.items() if value is not None}


def refuse_unknown_fields(body: Mapping[str, Json], known: frozenset[str]) -> None:
    """[A] A field of create or setOntology that the documentation does not name is a 400, not ignored."""
    unknown = sorted(body.keys() - known)
    if unknown:
        raise bad_request(f"Unknown field: {', '.join(map(repr, unknown))}.")


def refuse_pipeline_outside_studio(*, studio: bool) -> None:
    """[A] A `pipeline`, which is for Studio only [D], is a 400 without `studio: true`, not ignored."""
    if not studio:
        raise bad_request("'pipeline' is for Studio projects only: send 'studio': true with it.")


def keeps_its_name(*, archived: bool) -> bool:
    """[A] An archived project keeps its name: a create with it is a 409."""
    return True


def refuse_write_to(*, archived: bool) -> None:
    """[A] setParams and setOntology work on an archived project as on any other, so nothing is refused."""


def facts_shown(
    *,
    task_type: str,
    created_at: str,
    rapid: bool,
    studio: bool,
    pipeline: str | None,
    consensus_attempts: int | None,
    dataset_id: str | None,
) -> dict[str, Json]:
    """What a new project shows beside its name and histories.

    [A] `rapid` and `studio` are not readable. [A] `consensus_attempts` reads as `numConsensus`, 0 where none was given.
    [A] `pipelineName` and `nucleusDatasetId` are missing where none was given. [A] The three booleans at the end stand
    for the dozen that the API shows, which have no meaning here.
    """
    facts: dict[str, Json] = {
        "type": task_type,
        "created_at": created_at,
        "created_by": "sandbox",
        "created_with": "api",
        "pinned": False,
        "numReviews": 0,
        "numConsensus": consensus_attempts or 0,
        "datasetLinks": [],
        "hasBenchmarks": False,
        "hasInstantUploads": False,
        "hasLabelerChat": False,
    }
    if pipeline is not None:
        facts["pipelineName"] = pipeline
    if dataset_id is not None:
        facts["nucleusDatasetId"] = dataset_id
    return facts


def ontology_entry(ontology: list[Json], *, name: str | None, version: int, created_at: str) -> dict[str, Json]:
    """[A] An entry of `ontologyHistory` has no `version` or `created_at`, and no `name` where none was given."""
    entry: dict[str, Json] = {"ontology": choices_as_read(ontology)}
    if name is not None:
        entry["name"] = name
    return entry


def choices_as_read(choices: list[Json]) -> list[Json]:
    """[A] A choice that was sent as a string comes back as an object, on every level."""
    return [_choice_as_read(choice) for choice in choices]


def _choice_as_read(choice: Json) -> Json:
    if not isinstance(choice, dict):
        return {"choice": choice}
    subchoices = choice.get("subchoices")
    return {**choice, "subchoices": choices_as_read(subchoices)} if isinstance(subchoices, list) else choice
