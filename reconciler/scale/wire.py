"""Bytes of the Projects API → LiveProject.

Promises: what cannot be read is an error that names the project, never an empty or a guessed value; fields that are
not known are ignored ([D]: some may be added at any time). Must not judge choices, nor know HTTP.

The whole answer goes through `pydantic_core.from_json`, and the fields are picked by hand: a TypeAdapter over
TypedDicts keeps its own tree of the answer beside the Python objects, which takes three times the memory and half as
much time again for projects with one version.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json

from reconciler.errors import UnreadableAnswerError
from reconciler.model.project import LiveProject, Version
from reconciler.model.values import Json

MOST_DIGITS = 4300
"""The longest whole number that the parser takes."""

_WORDS = (
    ("number out of range", f"a whole number of more than {MOST_DIGITS} digits"),
    ("recursion limit", "more than 200 levels of nesting"),
    ("surrogate", "half of a surrogate pair"),
    ("hex escape", "half of a surrogate pair, or a broken `\\u` escape"),
    ("unicode", "bytes that are not UTF-8"),
)
"""What the parser says, and what that is for people. Its own words, with line and column, stand beside."""


def read_projects(body: bytes) -> list[LiveProject]:
    """The answer to a list: a bare JSON array without pages ([S]). UnreadableAnswerError for anything else."""
    with _collector_paused():
        items = parse_json(body)
        if type(items) is not list:
            raise UnreadableAnswerError(
                f"The answer is no JSON array of projects but {_kind(items)}",
                "Nothing was taken from it. Look whether the endpoint is that of Scale's Projects API.",
            )
        return [_project(item, f"Project number {number} of the list") for number, item in enumerate(items, 1)]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without cyclic garbage collection: JSON has no cycles, and looking for them costs more than the reading."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_project(body: bytes) -> LiveProject:
    """The answer to a get: one JSON object ([D]). UnreadableAnswerError for anything else."""
    return _project(parse_json(body), "The project")


def parse_json(body: bytes) -> Json:
    """JSON as RFC 8259 has it: no NaN, no Infinity. Whole numbers are exact, those beyond a float become infinite.

    UnreadableAnswerError says what is wrong and, in a list of projects, which project holds it.
    """
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        problem = str(error)
    if "number out of range" in problem:
        with suppress(ValueError, RecursionError):  # as exact as the interpreter's own limit of digits allows
            return json.loads(body, parse_constant=_no_constant)
    words = next((words for sign, words in _WORDS if sign in problem), None)
    project = _broken_project(body)
    holder = f"The answer about project {project}" if project else "The answer"
    if words is not None:
        raise UnreadableAnswerError(f"{holder} holds {words}", f"The JSON parser says: {problem}.")
    raise UnreadableAnswerError(f"{holder} is no JSON", f"The JSON parser says: {problem}.")


def _no_constant(text: str) -> Json:
    raise ValueError(f"{text} is no JSON")


def _broken_project(body: bytes) -> str | None:
    """The name of the first project that the parser refuses; for messages alone, by a slower and laxer parser."""
    try:
        items = json.loads(
            body,
            parse_int=lambda digits: int(digits) if len(digits) <= MOST_DIGITS else float("nan"),
            parse_float=lambda _: 0.0,
        )
        for number, item in enumerate(items if isinstance(items, list) else [items], 1):
            if not _is_json(json.dumps(item)):
                name = item.get("name") if isinstance(item, dict) else None
                return f'"{name}"' if isinstance(name, str) else f"number {number}"
    except (ValueError, RecursionError):
        pass
    return None


def _is_json(text: str) -> bool:
    try:
        from_json(text, allow_inf_nan=False)
    except ValueError:
        return False
    return True


def _project(item: Json, holder: str) -> LiveProject:
    if type(item) is not dict:
        raise UnreadableAnswerError(f"{holder} is no JSON object but {_kind(item)}")
    name = item.get("name")
    if type(name) is not str:
        raise UnreadableAnswerError(f"{holder} has no `name` that is a string")
    kind = item.get("type")
    if type(kind) is not str:
        raise _unreadable(name, "`type` is no string")
    archived = item.get("archived")
    if archived is not None and type(archived) is not bool:
        raise _unreadable(name, "`archived` is neither true nor false")
    params = _params(name, item.get("param_history"))
    ontologies, problem = _ontologies(item.get("ontologyHistory"))
    current = params[-1] if params else None
    ontology = ontologies[-1] if ontologies else None
    return LiveProject(
        name=name,
        type=kind,
        params=current.content if current else {},
        params_version=current.number if current else None,
        params_at=current.at if current else None,
        ontology=ontology.content if ontology else None,
        ontology_name=ontology.name if ontology else None,
        ontology_version=ontology.number if ontology else None,
        ontology_at=ontology.at if ontology else None,
        ontology_problem=problem,
        pipeline=_text(item.get("pipelineName")),
        archived=archived is True,
        created_at=_text(item.get("created_at")),
        params_history=params,
        ontology_history=ontologies,
    )


def _params(name: str, history: Json) -> tuple[Version, ...]:
    """The entries ([D]: oldest first, flat, with `version` from 0 and `created_at`).

    A missing or null history is taken for one without entries: an assumption.
    """
    if history is None or history == []:
        return ()
    if type(history) is not list:
        raise _unreadable(name, f"`param_history` is no array but {_kind(history)}")
    if type(history[-1]) is not dict:
        raise _unreadable(name, f"the last entry of `param_history` is no object but {_kind(history[-1])}")
    return tuple(_params_version(entry, position) for position, entry in enumerate(history))


def _params_version(entry: Json, position: int) -> Version:
    if type(entry) is not dict:
        return Version(position, None, None)
    return Version(_version(entry.pop("version", None), position), _time(entry.pop("created_at", None)), entry)


def _ontologies(history: Json) -> tuple[tuple[Version, ...], str | None]:
    """The entries, and what is wrong with the last one.

    [S]: oldest first, an entry holds `ontology` and `name`. That `version` and `created_at` may be there, that the
    history is missing where no ontology was ever set, and that versions otherwise count positions, are assumptions.
    """
    if history is None or history == []:
        return (), None
    if type(history) is not list:
        return (), f"`ontologyHistory` is no array but {_kind(history)}"
    versions = tuple(_ontology_version(entry, position) for position, entry in enumerate(history))
    last = history[-1]
    if type(last) is not dict:
        return versions, f"the last entry of `ontologyHistory` is no object but {_kind(last)}"
    if versions[-1].content is None:
        return (
            versions,
            f"the last entry of `ontologyHistory` has no array `ontology` but {_kind(last.get('ontology'))}",
        )
    return versions, None


def _ontology_version(entry: Json, position: int) -> Version:
    if type(entry) is not dict:
        return Version(position, None, None)
    choices = entry.get("ontology")
    number, at = _version(entry.get("version"), position), _time(entry.get("created_at"))
    return Version(number, at, choices if type(choices) is list else None, _text(entry.get("name")))


def _version(value: Json, position: int) -> int:
    return value if type(value) is int and value >= 0 else position


def _text(value: Json) -> str | None:
    return value if type(value) is str else None


def _time(value: Json) -> datetime | None:
    """ISO 8601 → aware, in UTC; None for what is none. A time without an offset is taken as UTC: an assumption."""
    if type(value) is not str:
        return None
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is UTC:
            return time
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _unreadable(name: str, problem: str) -> UnreadableAnswerError:
    return UnreadableAnswerError(
        f'The answer about project "{name}" cannot be read: {problem}',
        "Scale's API gives something else than it is known to; this project cannot be compared.",
    )


def _kind(value: Any) -> str:
    """A JSON value's kind with its article, for messages."""
    if value is None:
        return "null"
    return {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}.get(type(value), "a number")
