"""What the sandbox assumes about the API [A]: each method answers one question that no documentation answers.

The methods touch no state, so an answer can be changed in one place. If the answer matters to a client, there are two
answers, and a field of `Assumptions` switches between them. Documented [D] and observed [S] facts are in the code that
uses them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal

from reconciler.sandbox.exchange import bad_request
from reconciler.sandbox.jsontext import Json, quoted

if TYPE_CHECKING:
    from reconciler.sandbox.bodies import NewProject

_ADDED_KEYS: Mapping[str, Json] = {"can_add_tags": True, "with_labels": False}
_SHOWN_WHEN_CAPPED = 2


@dataclass(frozen=True, slots=True)
class Switch:
    """A switch: its `name` on the command line, its values (the default first), and their meaning."""

    name: str
    values: tuple[str, ...]
    meaning: str


def _switch(*values: str, meaning: str) -> Any:
    return field(default=values[0], metadata={"values": values, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """One answer to each question.

    Raises:
        ValueError: a switch has a value that it does not allow.
    """

    choices: Literal["objects", "strings"] = _switch(
        "objects", "strings", meaning="Whether a choice that has only a name is returned as an object or as a string."
    )
    ontology_versions: Literal["absent", "present"] = _switch(
        "absent", "present", meaning="Whether ontology entries have `version` and `created_at`."
    )
    equal_params: Literal["version", "nothing"] = _switch(
        "version", "nothing", meaning="Whether a setParams call with the same params creates a new version."
    )
    null: Literal["stored", "removes"] = _switch(
        "stored", "removes", meaning="Whether a parameter that is sent as null is stored or removed."
    )
    added_keys: Literal["none", "some"] = _switch(
        "none", "some", meaning="Whether the server adds `can_add_tags` and `with_labels` to params without them."
    )
    strings: Literal["kept", "trimmed"] = _switch(
        "kept",
        "trimmed",
        meaning="Whether leading and trailing whitespace in params is kept, including in nested values.",
    )
    empty_values: Literal["kept", "pruned"] = _switch(
        "kept", "pruned", meaning='Whether parameters whose value is [], {}, "", or null are kept.'
    )
    create_shows: Literal["later", "at-once"] = _switch(
        "later", "at-once", meaning="Whether the response to a create includes its `param_history`."
    )
    list_histories: Literal["whole", "last"] = _switch(
        "whole", "last", meaning="Whether list returns whole histories or only the last entry of each."
    )
    archived_name: Literal["kept", "free"] = _switch(
        "kept",
        "free",
        meaning="Whether a create can reuse an archived project's name. If it can, get returns the new project.",
    )
    ontology_name: Literal["none", "replaced"] = _switch(
        "none",
        "replaced",
        meaning='Whether an ontology that is sent without a name has no name or is named "untitled".',
    )
    get_case: Literal["exact", "ignored"] = _switch(
        "exact", "ignored", meaning="Whether get finds a project by its name in a different case."
    )
    histories: Literal["whole", "capped"] = _switch(
        "whole", "capped", meaning="Whether get returns whole histories or only the last two entries of each."
    )

    def __post_init__(self) -> None:
        for switch in switches():
            value = getattr(self, _field_name(switch.name))
            if value not in switch.values:
                raise ValueError(f"{quoted(switch.name)} must be {' or '.join(switch.values)}, not {quoted(value)}")

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Assumptions:
        """Reads texts such as `choices=strings`. A switch that is not named has its default.

        Raises:
            ValueError: a name or value is unknown, or a name is given twice. The sentence lists what is known.
        """
        known = [switch.name for switch in switches()]
        chosen: dict[str, Any] = {}
        for text in texts:
            name, equals, value = text.partition("=")
            if not equals:
                raise ValueError(f"{quoted(text)} is not in the form NAME=VALUE")
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f", did you mean {quoted(near[0])}?" if near else "."
                raise ValueError(f"unknown switch {quoted(name)}{hint} Known switches: {', '.join(known)}")
            if _field_name(name) in chosen:
                raise ValueError(f"{quoted(name)} appears twice")
            chosen[_field_name(name)] = value
        return cls(**chosen)

    def parameters_as_stored(
        self, sent: Mapping[str, Json], *, over: Mapping[str, Json] | None = None
    ) -> dict[str, Json]:
        """The parameters of the next version: `over` with the keys of `sent` replaced [D].

        [A] Null is a value like any other and is stored (`null`). [A] The server adds no parameters of its own
        (`added-keys`), keeps strings as they are (`strings`) and keeps empty values (`empty-values`).
        """
        params = {**(over or {}), **sent}
        if self.null == "removes":
            params = {key: value for key, value in params.items() if key not in sent or value is not None}
        if self.strings == "trimmed":
            params = {key: _trimmed(value) for key, value in params.items()}
        if self.empty_values == "pruned":
            params = {key: value for key, value in params.items() if not _is_empty(value)}
        if self.added_keys == "some":
            params = {**params, **{key: value for key, value in _ADDED_KEYS.items() if key not in params}}
        return params

    def appends_version(self, latest: Mapping[str, Json] | None, new: Mapping[str, Json]) -> bool:
        """[A] Every setParams appends a version, even if it changes nothing (`equal-params`)."""
        return self.equal_params == "version" or latest is None or not _equal(dict(latest), dict(new))

    def shows_params_of_create(self) -> bool:
        """The answer to a create may have an empty `param_history`, although a get then shows version 0 [D].

        [A] It is always empty (`create-shows`).
        """
        return self.create_shows == "at-once"

    def without_nulls(self, body: Mapping[str, Json]) -> dict[str, Json]:
        """[A] A field of create or setOntology that is null counts as left out. The SDK sends such nulls [S]."""
        return {name: value for name, value in body.items() if value is not None}

    def refuse_unknown_fields(self, body: Mapping[str, Json], known: Set[str]) -> None:
        """[A] A field of create or setOntology that the documentation does not name is refused with 400, not
        ignored."""
        unknown = sorted(body.keys() - known)
        if unknown:
            raise bad_request(f"Unknown fields: {', '.join(map(quoted, unknown))}.")

    def refuse_pipeline_outside_studio(self, *, studio: bool) -> None:
        """[A] A `pipeline`, which is for Studio only [D], is refused with 400 without `studio: true`, not ignored."""
        if not studio:
            raise bad_request('"pipeline" is only for Studio projects. Send it together with "studio": true.')

    def keeps_its_name(self, *, archived: bool) -> bool:
        """[A] An archived project keeps its name, so a create with that name gets a 409 (`archived-name`)."""
        return not archived or self.archived_name == "kept"

    def get_ignores_case(self) -> bool:
        """Whether get ignores the case of a name. [A] No, it finds a project only by its exact name (`get-case`)."""
        return self.get_case == "ignored"

    def entries_listed(self) -> int | None:
        """The number of entries that list shows of each history, None for all. [A] All of them (`list-histories`)."""
        return 1 if self.list_histories == "last" else None

    def entries_shown(self) -> int | None:
        """The number of entries that get and the answers of writes show of each history, None for all.

        [A] All of them (`histories`).
        """
        return _SHOWN_WHEN_CAPPED if self.histories == "capped" else None

    def facts_shown(self, new: NewProject, *, created_at: str) -> dict[str, Json]:
        """The fields of a new project in addition to its name and histories.

        [A] `rapid` and `studio` are not readable. [A] `consensus_attempts` reads as `numConsensus`, 0 if none was
        given. [A] `pipelineName` and `nucleusDatasetId` are missing if none was given. [A] `taxonomy` is null unless
        the project uses the Taxonomy Service; no call sets it, but a seed can. [A] The three booleans at the end stand
        for the dozen that the API shows, which have no meaning here.
        """
        facts: dict[str, Json] = {
            "type": new.type,
            "created_at": created_at,
            "created_by": "sandbox",
            "created_with": "api",
            "pinned": False,
            "numReviews": 0,
            "numConsensus": new.consensus_attempts or 0,
            "datasetLinks": [],
            "taxonomy": None,
            "hasBenchmarks": False,
            "hasInstantUploads": False,
            "hasLabelerChat": False,
        }
        return facts | self.without_nulls({"pipelineName": new.pipeline, "nucleusDatasetId": new.dataset_id})

    def ontology_entry(
        self, ontology: list[Json], *, name: str | None, version: int, created_at: str
    ) -> dict[str, Json]:
        """[A] An entry of `ontologyHistory` has no `version` or `created_at` (`ontology-versions`).

        [A] It has no `name` if none was given (`ontology-name`).
        """
        entry: dict[str, Json] = {"ontology": self.choices_as_read(ontology)}
        if name is None and self.ontology_name == "replaced":
            name = "untitled"
        if name is not None:
            entry["name"] = name
        if self.ontology_versions == "present":
            entry["version"] = version
            entry["created_at"] = created_at
        return entry

    def choices_as_read(self, choices: list[Json]) -> list[Json]:
        """[A] A choice that was sent as a string comes back as an object, on every level (`choices`)."""
        return [self._choice_as_read(choice) for choice in choices]

    def _choice_as_read(self, choice: Json) -> Json:
        if not isinstance(choice, dict):
            return choice if self.choices == "strings" else {"choice": choice}
        if self.choices == "strings" and choice.keys() == {"choice"}:
            return choice["choice"]
        subchoices = choice.get("subchoices")
        return {**choice, "subchoices": self.choices_as_read(subchoices)} if isinstance(subchoices, list) else choice


def switches() -> tuple[Switch, ...]:
    """Every switch, in the order in which they are listed."""
    return tuple(
        Switch(one.name.replace("_", "-"), one.metadata["values"], one.metadata["meaning"])
        for one in fields(Assumptions)
    )


def _field_name(name: str) -> str:
    return name.replace("-", "_")


def _trimmed(value: Json) -> Json:
    match value:
        case str():
            return value.strip()
        case list():
            return [_trimmed(child) for child in value]
        case dict():
            return {key: _trimmed(child) for key, child in value.items()}
        case _:
            return value


def _is_empty(value: Json) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)


def _equal(one: Json, other: Json) -> bool:
    """Whether two values are equal in JSON: the order of keys does not matter, and true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    return type(one) is type(other) and one == other


DEFAULT = Assumptions()
"""The assumptions with every switch at its default."""
