"""Where the fields of a loaded project stand in its manifest: a second pass over the file, made when somebody asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from reconciler import fieldpath
from reconciler.diagnostics import Span
from reconciler.fieldpath import Attribute
from reconciler.manifest.compose import Document
from reconciler.manifest.ontology import walk_choices
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.placing import LITERAL
from reconciler.manifest.problems import At, RawPath
from reconciler.manifest.reading import Reading, read_located
from reconciler.manifest.scalars import Words
from reconciler.manifest.textfiles import read_bytes
from reconciler.model.project import DesiredProject
from reconciler.model.values import Json


def locate(project: DesiredProject, paths: Iterable[fieldpath.Path]) -> dict[fieldpath.Path, Span]:
    """The span of the key (or item) of each path; see `locate_all`."""
    return locate_all([(project, paths)])[0]


def locate_all(
    wanted: Iterable[tuple[DesiredProject, Iterable[fieldpath.Path]]],
) -> list[dict[fieldpath.Path, Span]]:
    """For each project the span of the key, list item or choice that each path names.

    A path that the manifest does not hold (a removed key, what lies inside a text from a file) gets the span of the
    nearest thing above it. A file is read once. One that is gone or was changed meanwhile gives the first line of the
    project as it was loaded.
    """
    files = _Files()
    found: list[dict[fieldpath.Path, Span]] = []
    for project, paths in wanted:
        source = project.source
        document, reading = files.document(source.file, source.line)
        spans: dict[fieldpath.Path, Span] = {}
        choices: dict[tuple[str, ...], At] | None = None
        for path in paths:
            if document is None or reading is None or reading.located is None:
                spans[path] = _first_line(source.file, source.line)
                continue
            if path[:1] == ("ontology",):
                if choices is None:
                    choices = _choices(document.value)
                where = _ontology_place(document.value, choices, path)
            else:
                where = _nearest(document.value, path)
            spans[path] = reading.located.span(document, where)
        found.append(spans)
    return found


def spans_of_names(documents: Collection[tuple[str, int]]) -> dict[tuple[str, int], Span]:
    """Where the names of documents stand, by file and first line."""
    files = _Files()
    spans: dict[tuple[str, int], Span] = {}
    for file, line in sorted(documents):
        document, reading = files.document(file, line)
        spans[file, line] = _first_line(file, line)
        if document is not None and reading is not None and reading.located is not None:
            spans[file, line] = reading.located.span(document, At(("name",)))
    return spans


class _Files:
    """The file that was asked for last, read with places."""

    def __init__(self) -> None:
        self._file: str | None = None
        self._reading: Reading | None = None
        self._words = Words()

    def document(self, file: str, line: int) -> tuple[Document | None, Reading | None]:
        if file != self._file:
            self._file = file
            try:
                self._reading = read_located(file, read_bytes(file), self._words, best_parser())
            except OSError:
                self._reading = None
        if self._reading is None:
            return None, None
        found = next((document for document in self._reading.documents if document.line == line), None)
        return (found if found is not None and isinstance(found.value, dict) else None), self._reading


def _first_line(file: str, line: int) -> Span:
    return Span(file, line, 1, 2)


def _nearest(value: Json, path: fieldpath.Path) -> At:
    """The key of the longest beginning of `path` that is there."""
    raw: RawPath = ()
    for part in path:
        if isinstance(value, dict) and value.keys() == {LITERAL} and part != LITERAL:
            raw, value = (*raw, LITERAL), value[LITERAL]
        if isinstance(part, Attribute) or not _holds(value, part):
            break
        value = value[part]
        raw = (*raw, part)
    if raw and raw[-1] == LITERAL:
        raw = raw[:-1]
    return At(raw, key=True)


def _holds(value: Json, part: str | int) -> bool:
    if isinstance(part, str):
        return isinstance(value, dict) and part in value
    return isinstance(value, list) and part < len(value)


def _choices(document: Json) -> dict[tuple[str, ...], At]:
    """From the names down to a choice to its raw path; `key` tells whether it is an object."""
    ontology, raw = _unwrapped(document.get("ontology"), ("ontology",))
    if isinstance(ontology, dict):
        ontology, raw = _unwrapped(ontology.get("choices"), (*raw, "choices"))
    if not isinstance(ontology, list):
        return {}
    return {names: At(path, key=isinstance(choice, dict)) for names, path, choice in walk_choices(ontology, raw)}


def _unwrapped(value: Json, raw: RawPath) -> tuple[Json, RawPath]:
    if isinstance(value, dict) and value.keys() == {LITERAL}:
        return value[LITERAL], (*raw, LITERAL)
    return value, raw


def _ontology_place(document: Json, choices: dict[tuple[str, ...], At], path: fieldpath.Path) -> At:
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
