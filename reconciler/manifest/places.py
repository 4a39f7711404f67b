"""Where the fields of a loaded project are in git."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler import fieldpath
from reconciler.diagnostics import Location
from reconciler.fieldpath import Attribute
from reconciler.manifest.locating import locator_of
from reconciler.manifest.ontology import walk_choices, written_choices
from reconciler.manifest.problems import At, RawPath
from reconciler.model.project import DesiredProject, Origin
from reconciler.model.values import Json


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands. `text` is the text file that the whole value comes from, None for most."""

    location: Location
    text: str | None = None


def locate(project: DesiredProject, paths: Iterable[fieldpath.FieldPath]) -> dict[fieldpath.FieldPath, Place]:
    """The place of each path; see `locate_all`."""
    return locate_all([(project, paths)])[0]


def locate_all(
    wanted: Iterable[tuple[DesiredProject, Iterable[fieldpath.FieldPath]]],
) -> list[dict[fieldpath.FieldPath, Place]]:
    """For each project the place of the key, list item or choice that each path names, in whatever file it stands.

    A path that the manifest does not hold (a removed key, what lies inside a text from a file) gets the place of the
    nearest thing above it. Files are not read again, except the manifest of a project of a saved plan: if that is gone,
    every path gets the project's first line.
    """
    found: list[dict[fieldpath.FieldPath, Place]] = []
    for project, paths in wanted:
        root = project.origin
        locator = locator_of(project)
        document = project.document or locator.document(root)
        places: dict[fieldpath.FieldPath, Place] = {}
        choices: dict[tuple[str, ...], At] | None = None
        for path in paths:
            if path[:1] == ("ontology",):
                if choices is None:
                    choices = _choices(document)
                where = _ontology_place(document, choices, path)
            else:
                where = _nearest(document, path)
            places[path] = Place(locator.location(where, root), _text(where.path, root))
        found.append(places)
    return found


def _text(path: RawPath, root: Origin) -> str | None:
    origin = root.at_path(path)
    return origin.file if origin.text else None


def files_of(project: DesiredProject) -> set[str]:
    """Every file that something in the project was written in."""
    files = {project.source.file}
    waiting: list[Mapping[RawPath, Origin]] = [project.origins]
    while waiting:
        for origin in waiting.pop().values():
            files.add(origin.file)
            if origin.inner:
                waiting.append(origin.inner)
    return files


def _nearest(value: Any, path: fieldpath.FieldPath) -> At:
    """The key of the longest beginning of `path` that is there."""
    raw: RawPath = ()
    for part in path:
        if isinstance(part, Attribute) or not _holds(value, part):
            break
        value = value[part]
        raw = (*raw, part)
    return At(raw, key=True)


def _holds(value: Json, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(value, dict) and part in value
    return isinstance(value, list) and part < len(value)


def _choices(document: Mapping[str, Json]) -> dict[tuple[str, ...], At]:
    """From the names down to a choice to its raw path; `key` is whether it is an object."""
    ontology, raw = written_choices(document)
    if not isinstance(ontology, list):
        return {}
    return {names: At(path, key=isinstance(choice, dict)) for names, path, choice in walk_choices(ontology, raw)}


def _ontology_place(document: Mapping[str, Json], choices: dict[tuple[str, ...], At], path: fieldpath.FieldPath) -> At:
    names = tuple(part for part in path[1:] if isinstance(part, str))
    attribute = path[-1] if isinstance(path[-1], Attribute) else None
    if not names and attribute is not None:
        return _nearest(document, ("ontology", attribute.name))
    for length in range(len(names), 0, -1):
        choice = choices.get(names[:length])
        if choice is None:
            continue
        if not choice.key:
            return choice
        if attribute is not None and length == len(names):
            inside = _nearest(document, (*choice.path, attribute.name))
            if inside.path[-1] == attribute.name:
                return inside
        return At((*choice.path, "choice"))
    return At(("ontology",), key=True)
