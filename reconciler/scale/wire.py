"""Reads answers of the Projects API into LiveProjects or UnreadableProjects.

Only this module decides whether a live project can be read. It names an unreadable value by its path in the answer, and
never replaces it with an empty or guessed one. One unreadable project does not hide another. Unknown fields are ignored
([D]: some may be added at any time). It does not judge choices, and knows no HTTP.

The whole answer goes through `pydantic_core.from_json`, and the fields are picked by hand: a TypeAdapter over
TypedDicts keeps a tree of the answer in addition to the Python objects. It takes three times the memory, and 1.5 times
the time for projects with one version.
"""

from __future__ import annotations

import marshal
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from pydantic_core import from_json

from reconciler.collection import collector_paused
from reconciler.diagnostics import quoted
from reconciler.errors import UnreadableAnswerError
from reconciler.fieldpath import format_path
from reconciler.instants import read_instant
from reconciler.model.ontology import Ontology, Unreadable, read_ontology
from reconciler.model.project import LiveProject, Shown, UnreadableProject, Version
from reconciler.model.values import Json
from reconciler.scale.salvage import Flawed, Steps, salvage, salvage_items

_LIST: Final = "projects"
_GET: Final = "project"
"""The first part of a path in an answer."""

_PARTS_BELOW_PROJECT: Final = 3
"""A path ends at the parameter, because what is inside may be sensitive."""

_LONGEST_PART: Final = 100

_PIECE: Final = 100_000
"""Bytes. A larger answer is parsed in pieces of about this size."""

_SHORTEST_SHARED: Final = 64
"""The parser shares shorter strings itself."""

_FEWEST_SHARED: Final = 8
"""To compare a shorter list costs more than it takes."""


def read_projects(body: bytes) -> list[Shown]:
    """The answer to a list: a JSON array without pages ([S]). UnreadableAnswerError for anything else.

    Projects that have the same name and are not archived cannot be distinguished: together they are one
    UnreadableProject.
    """
    with collector_paused():
        projects = _in_pieces(body)
        if projects is None:
            projects = [_project(item, (_LIST, position)) for position, item in enumerate(_items(body))]
        return _distinct(projects)


def read_raw_projects(body: bytes) -> tuple[list[dict[str, Json]], list[UnreadableProject]]:
    """The readable projects as the answer shows them, and the unreadable ones. Raises the errors of `read_projects`."""
    projects = read_projects(body)
    unreadable = [project for project in projects if isinstance(project, UnreadableProject)]
    names = {project.name for project in unreadable}
    raw = [item for item in _items(body) if type(item) is dict and type(item.get("name")) is str]
    return [item for item in raw if item["name"] not in names], unreadable


def read_project(body: bytes, name: str) -> Shown:
    """The answer to a get of `name`: one JSON object ([D]). UnreadableAnswerError for what is not JSON."""
    project = _project(_parsed(body), (_GET,))
    if project.name is not None and project.name != name:
        problem = f"is {quoted(project.name)}, so the response is about a different project"
        return UnreadableProject(name, f"{_GET}.name", problem)
    return project if isinstance(project, LiveProject) else replace(project, name=name)


def read_raw_project(body: bytes) -> dict[str, Json]:
    """The project in the answer to a get, unchanged. UnreadableAnswerError for anything but a readable project."""
    shown = parse_json(body)
    if not isinstance(shown, dict) or isinstance(_project(from_json(body), (_GET,)), UnreadableProject):
        raise UnreadableAnswerError("the response is not a readable project")
    return shown


def parse_json(body: bytes) -> Json:
    """JSON as in RFC 8259, without NaN and Infinity. Whole numbers are exact; fractions beyond a float become infinite.

    UnreadableAnswerError says what is wrong.
    """
    value = _parsed(body)
    if isinstance(value, Flawed):
        raise UnreadableAnswerError(f"{format_path(('response', *value.at))} {value.problem}")
    return value


def _in_pieces(body: bytes) -> list[Shown] | None:
    """The projects of a large answer, of which only a part is kept as parsed; None if it has to be parsed as a whole.

    It is divided before what looks like the beginning of a project, as the first one begins. If each piece in brackets
    is an array, the answer is the array of all their items, even if the guess was wrong.
    """
    first = _BEGINNING.match(body)
    if first is None or len(body) < 2 * _PIECE:
        return None
    border = re.compile(rb"\}\s*,\s*(?=" + re.escape(first[1]) + rb")")
    projects: list[Shown] = []
    start = first.start(1)
    while start < len(body):
        found = border.search(body, start + _PIECE)
        piece = body[start : found.start() + 1] + b"]" if found is not None else body[start:]
        try:
            items = from_json(b"[" + piece, allow_inf_nan=False)
        except ValueError:
            return None
        projects += [_project(item, (_LIST, position)) for position, item in enumerate(items, len(projects))]
        start = found.end() if found is not None else len(body)
    return projects


_BEGINNING: Final = re.compile(rb'\s*\[\s*(\{\s*"[a-z_]+"\s*:)')


def _items(body: bytes) -> Sequence[Json | Flawed]:
    try:
        items = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        salvaged = salvage_items(body)
        if salvaged is not None:
            return salvaged
        problem = str(error)
    else:
        if type(items) is list:
            return items
        raise UnreadableAnswerError(
            f"the response is {_kind(items)}, not a JSON array of projects",
            "Check that the endpoint is the URL of Scale's Projects API.",
        )
    raise _no_json(problem)


def _parsed(body: bytes) -> Json | Flawed:
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        problem = str(error)
    found = salvage(body)
    if found is None:
        raise _no_json(problem)
    return found[0]


def _no_json(problem: str) -> UnreadableAnswerError:
    return UnreadableAnswerError("the response is not JSON", f"The JSON parser reports: {problem}.")


def _distinct(projects: list[Shown]) -> list[Shown]:
    """The projects. Projects that share a name become one. It is an assumption that archived projects keep their
    names."""
    places: dict[str, list[int]] = {}
    for position, project in enumerate(projects):
        if project.name is not None and not project.archived:
            places.setdefault(project.name, []).append(position)
    if len(places) == len(projects):
        return projects
    dropped: set[int] = set()
    for name, positions in places.items():
        if len(positions) > 1:
            first, *others = positions
            times = [at for position in positions if (at := projects[position].created_at) is not None]
            projects[first] = UnreadableProject(
                name,
                format_path((_LIST, others[0], "name")),
                f"is also the name of {format_path((_LIST, first))}",
                created_at=min(times, default=None),
            )
            dropped.update(others)
    return [project for position, project in enumerate(projects) if position not in dropped]


class _UnreadableError(Exception):
    """A problem in a project, and its path."""

    def __init__(self, problem: str, *at: str | int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at


def _project(item: Json | Flawed, place: Steps) -> Shown:
    """An item of the answer as a project, readable or not. `place` is the item's path in the answer."""
    try:
        if isinstance(item, Flawed):
            raise _UnreadableError(item.problem, *item.at)
        return _live(item)
    except _UnreadableError as error:
        problem, at = error.problem, error.at
    shown = item.value if isinstance(item, Flawed) else item
    facts = shown if type(shown) is dict else {}
    flawed = at[0] if at else None
    created_at = facts.get("created_at")
    return UnreadableProject(
        name=_text(facts.get("name")) if flawed != "name" else None,
        path=format_path(tuple(_short(part) for part in (*place, *at[:_PARTS_BELOW_PROJECT]))),
        problem=problem,
        created_at=created_at if _time(created_at) is not None else None,
        archived=facts.get("archived") is True,
    )


def _short(part: str | int) -> str | int:
    return f"{part[:_LONGEST_PART]}…" if isinstance(part, str) and len(part) > _LONGEST_PART else part


def _live(item: Json) -> LiveProject:
    if type(item) is not dict:
        raise _UnreadableError(f"is {_kind(item)}, not an object")
    name, kind, archived = item.get("name"), item.get("type"), item.get("archived")
    if type(name) is not str:
        raise _UnreadableError(f"is {_kind(name)}, not a string", "name")
    if name == "":
        raise _UnreadableError("is empty", "name")
    if type(kind) is not str:
        raise _UnreadableError(f"is {_kind(kind)}, not a string", "type")
    if archived is not None and type(archived) is not bool:
        raise _UnreadableError(f"is {_kind(archived)}, not true or false", "archived")
    pipeline, created_at = item.get("pipelineName"), item.get("created_at")
    if pipeline is not None and type(pipeline) is not str:
        raise _UnreadableError(f"is {_kind(pipeline)}, not a string", "pipelineName")
    if created_at is not None and _time(created_at) is None:
        raise _UnreadableError("is not a date and time", "created_at")
    params = _params(item.get("param_history"))
    ontologies, unreadable = _ontologies(item.get("ontologyHistory"))
    current = params[-1] if params else None
    latest = ontologies[-1] if ontologies else None
    return LiveProject(
        name=name,
        type=kind,
        params=current.content if current else {},
        params_version=current.number if current else None,
        params_at=current.at if current else None,
        ontology=unreadable or (latest.content if latest else None),
        ontology_version=latest.number if latest else None,
        ontology_at=latest.at if latest else None,
        pipeline=pipeline,
        archived=archived is True,
        taxonomy=item.get("taxonomy") is not None,
        created_at=created_at,
        params_history=params,
        ontology_history=ontologies,
    )


def _params(history: Json) -> tuple[Version, ...]:
    """The entries ([D]: oldest first, flat, with `version` from 0 and `created_at`).

    A missing or null history counts as empty: an assumption.
    """
    if history is None or history == []:
        return ()
    if type(history) is not list:
        raise _UnreadableError(f"is {_kind(history)}, not an array", "param_history")
    if type(history[-1]) is not dict:
        raise _UnreadableError(f"is {_kind(history[-1])}, not an object", "param_history", len(history) - 1)
    versions = tuple(_params_version(entry, position) for position, entry in enumerate(history))
    for before, version in pairwise(versions):
        _share(before.content, version.content)
    if (place := _out_of_order(versions)) is not None:
        raise _UnreadableError(_order_problem(versions, place), "param_history", place, "version")
    return versions


def _params_version(entry: Json, position: int) -> Version:
    if type(entry) is not dict:
        return Version(position, None, None)
    return Version(_version(entry.pop("version", None), position), _time(entry.pop("created_at", None)), entry)


def _share(before: Json, after: Json) -> None:
    """Keep only once what a version did not change. `1` and `1.0` are equal, but not the same."""
    if before is None or after is None:
        return
    for key, value in after.items():
        kind = type(value)
        if kind is str:
            if len(value) >= _SHORTEST_SHARED and before.get(key) == value:
                after[key] = before[key]
            continue
        is_large = kind is dict or (kind is list and len(value) >= _FEWEST_SHARED)
        if is_large and (known := before.get(key)) == value and _exact(known) == _exact(value):
            after[key] = known


def _exact(value: Json) -> bytes:
    """Bytes that are the same only for the same types, values, and order of keys."""
    return marshal.dumps(value, 2)


def _out_of_order(versions: tuple[Version, ...]) -> int | None:
    """The first version whose number is not greater than the one before. A number would then name no version, or
    two."""
    before = -1
    for place, version in enumerate(versions):
        if version.number <= before:
            return place
        before = version.number
    return None


def _order_problem(versions: tuple[Version, ...], place: int) -> str:
    return f"is {versions[place].number}, but the version before it is {versions[place - 1].number}"


def _ontologies(history: Json) -> tuple[tuple[Version, ...], Unreadable | None]:
    """The entries, and the reason if the last one or its number cannot be used.

    [S]: they are sorted from oldest to newest, and have `ontology` and `name`. Three facts are assumptions: `version`
    and `created_at` may exist, the history is missing if no ontology was ever set, and versions otherwise are
    positions.
    """
    if history is None or history == []:
        return (), None
    if type(history) is not list:
        return (), Unreadable("ontologyHistory", f"is {_kind(history)}, not an array")
    read = [_ontology(entry) for entry in history]
    versions = tuple(map(_ontology_version, history, read, range(len(history))))
    if isinstance(read[-1], Unreadable):
        below = f".{read[-1].path}" if read[-1].path else ""
        return versions, Unreadable(f"ontologyHistory[{len(history) - 1}]{below}", read[-1].problem)
    if (found := _out_of_order(versions)) is not None:
        return versions, Unreadable(f"ontologyHistory[{found}].version", _order_problem(versions, found))
    return versions, None


def _ontology(entry: Json) -> Ontology | Unreadable:
    """The ontology of an entry. The path of an unreadable one starts below the entry."""
    if type(entry) is not dict:
        return Unreadable("", f"is {_kind(entry)}, not an object")
    choices, name = entry.get("ontology"), entry.get("name")
    if type(choices) is not list:
        return Unreadable("ontology", f"is {_kind(choices)}, not an array")
    if name is not None and type(name) is not str:
        return Unreadable("name", f"is {_kind(name)}, not a string")
    return read_ontology(choices, name)


def _ontology_version(entry: Json, read: Ontology | Unreadable, position: int) -> Version:
    if type(entry) is not dict:
        return Version(position, None, None)
    content = read if isinstance(read, Ontology) else None
    return Version(_version(entry.get("version"), position), _time(entry.get("created_at")), content)


def _version(value: Json, position: int) -> int:
    return value if type(value) is int and value >= 0 else position


def _text(value: Json) -> str | None:
    return value if type(value) is str else None


def _time(value: Json) -> datetime | None:
    """An ISO 8601 time in UTC; None for any other value. A time without an offset counts as UTC: an assumption."""
    if type(value) is not str:
        return None
    return read_instant(value)


def _kind(value: Any) -> str:
    """A JSON value's kind with its article, for messages."""
    if value is None:
        return "null"
    return {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}.get(type(value), "a number")
