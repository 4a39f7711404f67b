"""The locations in git of the fields and values of a loaded project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache

from reconciler import fieldpath
from reconciler.diagnostics import Location, first_line
from reconciler.errors import FileRefusedError
from reconciler.fieldpath import Attribute
from reconciler.files.reading import read_file
from reconciler.frozen import dataclass
from reconciler.keys.kinds import is_own
from reconciler.manifest.located import RawPath, SourceText, Stretch
from reconciler.manifest.origins import Origin
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.verdict import walk_choices, written_choices
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import Json


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a field. `text` is the text file that contains its whole value, if any."""

    source: Source
    text: str | None = None
    _written: tuple[SourceText, Stretch] | None = None

    @property
    def location(self) -> Location:
        """The columns, too. A plan needs only the lines, and has a place for each field."""
        if self._written is None:
            return first_line(self.source.file, self.source.line)
        source, stretch = self._written
        return source.location(stretch)


def locate(project: DesiredProject, paths: Iterable[fieldpath.FieldPath]) -> dict[fieldpath.FieldPath, Place]:
    """The location of the key, list item, or choice that each path names, in any file.

    A path that is not in the manifest (a removed key, a part of a text from a file) gets the location of the nearest
    value above it. Files are not read again, except the manifest of a project of a saved plan: if that is gone, every
    path gets the project's first line.
    """
    origin = _origin(project)
    if origin is None:
        place = Place(project.source)
        return dict.fromkeys(paths, place)
    document = project.document or (origin.written if isinstance(origin.written, dict) else {})
    choices: dict[tuple[str, ...], tuple[RawPath, Json]] | None = None
    places: dict[fieldpath.FieldPath, Place] = {}

    @cache
    def holder(raw: RawPath) -> tuple[Origin, bool]:
        return nearest(raw)

    def nearest(raw: RawPath) -> tuple[Origin, bool]:
        """The origin of the value at a path, or of the nearest value above it, and whether the value itself exists."""
        if not raw:
            return origin, True
        above, exists = holder(raw[:-1])
        below = above.child(raw[-1]) if exists else None
        return (above, False) if below is None else (below, True)

    @cache
    def place_of(raw: RawPath, at_key: bool) -> Place:
        found, _ = nearest(raw)
        source, stretch = written = found.stretch(at_key=at_key)
        return Place(Source(source.file, source.line(stretch)), found.text, written)

    for path in paths:
        if path[:1] == ("ontology",):
            choices = _choices(document) if choices is None else choices
            raw, at_key = _in_ontology(choices, path)
        else:
            raw, at_key = tuple(part for part in path if not isinstance(part, Attribute)), True
        places[path] = place_of(raw, at_key)
    return places


def _origin(project: DesiredProject) -> Origin | None:
    """The origin from the load; for a project of a saved plan, the origin of its manifest as it is now."""
    if isinstance(project.origin, Origin):
        return project.origin
    file, line = project.source.file, project.source.line
    with suppress(FileRefusedError):
        found = read(file, read_file("/", file), Words(), best_parser())
        return next((Origin.of(document) for document in found.documents if document.line == line), None)
    return None


def files_of(project: DesiredProject) -> set[str]:
    """Every file that contains a part of the project."""
    return project.origin.files() if isinstance(project.origin, Origin) else {project.source.file}


def resolved_sources(projects: Iterable[DesiredProject]) -> list[dict[fieldpath.FieldPath, Source]]:
    """For each loaded project, the line of each of its leaves: every single value, and every empty list or mapping.

    The line of a text from a file is the first of that file. The user's own keys are left out.
    """
    found: list[dict[fieldpath.FieldPath, Source]] = []
    for project in projects:
        assert isinstance(project.origin, Origin)
        found.append({path: _source(project.origin, raw) for path, raw in _leaves(project.document)})
    return found


def _source(root: Origin, path: RawPath) -> Source:
    if text := root.at(path).text:
        return Source(text, 1)
    location = root.location(path)
    return Source(location.file, location.line)


def _choices(document: Mapping[str, Json]) -> dict[tuple[str, ...], tuple[RawPath, Json]]:
    """Choices with their raw paths, by the names down to each choice."""
    ontology, raw = written_choices(document)
    if not isinstance(ontology, list):
        return {}
    return {names: (path, choice) for names, path, choice in walk_choices(ontology, raw)}


def _in_ontology(
    choices: dict[tuple[str, ...], tuple[RawPath, Json]], path: fieldpath.FieldPath
) -> tuple[RawPath, bool]:
    """The raw path for a path in the ontology, or for the nearest choice above it, and whether to locate its key."""
    names = tuple(part for part in path[1:] if isinstance(part, str))
    attribute = path[-1].name if isinstance(path[-1], Attribute) else None
    if not names and attribute is not None:
        return ("ontology", attribute), True
    for length in range(len(names), 0, -1):
        if names[:length] not in choices:
            continue
        raw, choice = choices[names[:length]]
        if not isinstance(choice, dict):
            return raw, False
        if attribute is not None and attribute in choice and length == len(names):
            return (*raw, attribute), True
        return (*raw, "choice"), False
    return ("ontology",), True


def _leaves(document: Mapping[str, Json]) -> Iterator[tuple[fieldpath.FieldPath, RawPath]]:
    """The path of each leaf as a field, and in the composed document."""
    for key, value in document.items():
        if key == "ontology":
            yield from _ontology_leaves(document)
        elif not is_own(key):
            yield from ((raw, raw) for raw in _below(value, (key,)))


def _below(value: Json, path: RawPath) -> Iterator[RawPath]:
    if isinstance(value, dict | list) and value:
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _below(inner, (*path, part))
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
