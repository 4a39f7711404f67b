"""Files as they can be shown: sensitive values are replaced where they are written, however they are spelled there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from reconciler.fieldpath import Attribute, FieldPath, Pattern, Patterns, as_patterns
from reconciler.manifest.directives import is_directive
from reconciler.manifest.located import LITERAL, RawPath
from reconciler.manifest.origins import Origin
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.verdict import walk_choices, written_choices
from reconciler.model.project import DesiredProject
from reconciler.model.values import MASKED, Json

_LINE: Final = re.compile(r"[^\r\n]+")
_ATTRIBUTES: Final = ("choice", "display", "description")


def concealed(
    files: Mapping[str, bytes], projects: Iterable[DesiredProject], patterns: Sequence[Pattern]
) -> dict[str, bytes]:
    """The files, by absolute path, without the values that `patterns` cover, in as many lines.

    `projects` are those that were read from these files. A manifest is also searched by itself, because a project does
    not show the values that an overlay overrides.
    """
    sensitive = as_patterns(patterns)
    if not sensitive:
        return {**files}
    spots: dict[str, set[tuple[int, int]]] = defaultdict(set)
    whole: set[str] = set()
    for project in projects:
        if isinstance(project.origin, Origin):
            for origin in _origins(project.document or {}, project.origin, sensitive):
                if origin.text is not None:
                    whole.add(origin.text)
                else:
                    spots[origin.file].add((origin.part.value.start, origin.part.value.end))
    return {file: _concealed(file, data, spots[file], sensitive, whole=file in whole) for file, data in files.items()}


def _concealed(file: str, data: bytes, spots: Iterable[tuple[int, int]], sensitive: Patterns, *, whole: bool) -> bytes:
    if whole:
        return _masked(data.decode(errors="replace")).encode()
    found = read(file, data, Words(), best_parser())
    inside = {*spots}
    for document in found.documents:
        if isinstance(document.value, dict):
            for origin in _origins(document.value, Origin.of(document), sensitive):
                if not is_directive(origin.written) or LITERAL in origin.written:
                    inside.add((origin.part.value.start, origin.part.value.end))
    text, pieces, at = found.source, [], 0
    for start, end in sorted(inside):
        if start >= at:
            pieces += [text.written(at, start), _masked(text.written(start, end))]
            at = end
    return "".join([*pieces, text.written(at, len(text.parsed))]).encode(errors="surrogatepass")


def _masked(text: str) -> str:
    """The text with each of its lines masked."""
    return _LINE.sub(lambda line: line[0] if line[0].isspace() else str(MASKED), text)


def _origins(document: Mapping[str, Json], root: Origin, sensitive: Patterns) -> Iterator[Origin]:
    """The origins of the values that the patterns cover."""
    yield from (root.at(raw) for raw in _below(document.get("params"), ("params",), sensitive))
    ontology = document.get("ontology")
    if isinstance(ontology, dict) and "name" in ontology and sensitive.covers(("ontology", Attribute("name"))):
        yield root.at(("ontology", "name"))
    choices, path = written_choices(document)
    for names, raw, choice in walk_choices(choices, path) if isinstance(choices, list) else ():
        for name in _ATTRIBUTES if isinstance(choice, dict) else ("choice",):
            if sensitive.covers(("ontology", *names, Attribute(name))):
                yield root.at((*raw, name) if isinstance(choice, dict) else raw)


def _below(value: Json, path: RawPath, sensitive: Patterns) -> Iterator[RawPath]:
    covered: FieldPath = path
    if sensitive.covers(covered):
        yield path
    elif isinstance(value, dict | list):
        for part, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _below(inner, (*path, part), sensitive)
