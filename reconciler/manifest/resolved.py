"""Where each leaf of a composed project was written: every single value, and every empty list or mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reconciler import fieldpath
from reconciler.fieldpath import Attribute
from reconciler.manifest.locating import locator_of
from reconciler.manifest.ontology import walk_choices, written_choices
from reconciler.manifest.problems import At, RawPath
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import Json


def resolved_sources(projects: Iterable[DesiredProject]) -> list[dict[fieldpath.FieldPath, Source]]:
    """For each project the line of each of its leaves; a text's is the first of its file. The user's own (x-) are left
    out."""
    found: list[dict[fieldpath.FieldPath, Source]] = []
    for project in projects:
        root = project.origin
        locator = locator_of(project)
        sources: dict[fieldpath.FieldPath, Source] = {}
        for path, raw in _leaves(project.document):
            origin = root.at_path(raw)
            location = locator.location(At(raw), root)
            sources[path] = Source(origin.file, 1) if origin.text else Source(location.file, location.line)
        found.append(sources)
    return found


def _leaves(document: Mapping[str, Json]) -> Iterator[tuple[fieldpath.FieldPath, RawPath]]:
    """The path of each leaf as a field, and in the composed document."""
    for key, value in document.items():
        if key == "ontology":
            yield from _ontology_leaves(document)
        elif not key.startswith("x-"):
            yield from ((raw, raw) for raw in _below(value, (key,)))


def _below(value: Json, path: RawPath) -> Iterator[RawPath]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _below(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _below(inner, (*path, index))
    else:
        yield path


def _ontology_leaves(document: Mapping[str, Json]) -> Iterator[tuple[fieldpath.FieldPath, RawPath]]:
    if isinstance(document["ontology"], dict) and "name" in document["ontology"]:
        yield ("ontology", Attribute("name")), ("ontology", "name")
    for names, path, choice in walk_choices(*written_choices(document)):
        field: fieldpath.FieldPath = ("ontology", *names)
        if not isinstance(choice, dict):
            yield field, path
            continue
        for key, value in choice.items():
            if key == "choice":
                yield field, (*path, key)
            elif not (key == "subchoices" and value):
                yield (*field, Attribute(key)), (*path, key)
