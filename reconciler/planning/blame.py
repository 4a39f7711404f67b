"""Which version introduced each live value. Pure.

Items of lists are matched from version to version as a plan matches them, so an insertion does not concern the items
after it. A choice that moves is introduced again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from reconciler.fieldpath import Attribute, FieldPath
from reconciler.frozen import dataclass
from reconciler.model.history import Blamed, Part
from reconciler.model.ontology import Ontology, walk
from reconciler.model.project import LiveProject, Version
from reconciler.model.values import Json, equal
from reconciler.planning.alignment import align
from reconciler.planning.makers import Makers


@dataclass(frozen=True, slots=True)
class _Mark:
    """The version that introduced a value, or with `or_earlier`, the latest one that may have done so."""

    number: int
    at: datetime | None
    or_earlier: bool


_Origins: TypeAlias = Any
"""A mark, or those of the members of an object or of the items of a list, in the structure of the value."""


def blame(live: LiveProject, makers: Makers) -> tuple[Blamed, ...]:
    """Every live value with the version that introduced it. A live ontology that cannot be read has none."""

    def blamed(part: Part, path: FieldPath, value: Json, mark: _Mark) -> Blamed:
        return Blamed(path, value, mark.number, mark.at, makers.of(part, mark.number), mark.or_earlier)

    params = (blamed(Part.PARAMS, *found) for found in _of_params(live.params_history))
    readable = isinstance(live.ontology, Ontology)
    choices = (blamed(Part.ONTOLOGY, *found) for found in _of_ontology(live.ontology_history if readable else ()))
    return (*params, *choices)


_Found = Iterator[tuple[FieldPath, Json, _Mark]]


def _of_params(history: Sequence[Version]) -> _Found:
    value: Json = {}
    origins: _Origins = {}
    for version, mark in _readable(history):
        origins = _merged(value, origins, version.content, mark)
        value = version.content
    for key, inner in value.items():
        yield from _leaves(("params", key), inner, origins[key])


def _readable(history: Sequence[Version]) -> Iterator[tuple[Version, _Mark]]:
    """The versions that can be read. What changes in one after others that cannot may be due to these."""
    before = -1
    for version in history:
        if version.content is not None:
            yield version, _Mark(version.number, version.at, or_earlier=version.number > before + 1)
            before = version.number


def _merged(old: Json, origins: _Origins, new: Json, mark: _Mark) -> _Origins:
    """The origins of a value that replaces another one."""
    if equal(old, new):
        return origins
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        return {
            key: _merged(old[key], origins[key], value, mark) if key in old else _fresh(value, mark)
            for key, value in new.items()
        }
    if isinstance(old, list) and isinstance(new, list) and old and new:
        return [
            _fresh(new[at], mark) if was is None else _merged(old[was], origins[was], new[at], mark)
            for was, at in align(old, new).pairs
            if at is not None
        ]
    return _fresh(new, mark)


def _fresh(value: Json, mark: _Mark) -> _Origins:
    if isinstance(value, dict) and value:
        return {key: _fresh(inner, mark) for key, inner in value.items()}
    if isinstance(value, list) and value:
        return [_fresh(inner, mark) for inner in value]
    return mark


def _leaves(path: FieldPath, value: Json, origins: _Origins) -> _Found:
    """The innermost values. A list that one version introduced as a whole is one value."""
    if isinstance(origins, _Mark):
        yield path, value, origins
    elif isinstance(origins, dict):
        for key, inner in value.items():
            yield from _leaves((*path, key), inner, origins[key])
    elif len(marks := set(_marks(origins))) == 1:
        yield path, value, marks.pop()
    else:
        for position, inner in enumerate(value):
            yield from _leaves((*path, position), inner, origins[position])


def _marks(origins: _Origins) -> Iterator[_Mark]:
    if isinstance(origins, _Mark):
        yield origins
    else:
        for inner in origins.values() if isinstance(origins, dict) else origins:
            yield from _marks(inner)


def _of_ontology(history: Sequence[Version]) -> _Found:
    facts: dict[FieldPath, tuple[Json, _Mark]] = {}
    before: Ontology | None = None
    for version, mark in _readable(history):
        if version.content == before:
            continue
        before = version.content
        new: dict[FieldPath, tuple[Json, _Mark]] = {}
        for path, value in _facts(version.content):
            known = facts.get(path)
            new[path] = known if known is not None and known[0] == value else (value, mark)
        facts = new
    for path, (value, mark) in facts.items():
        yield path, value, mark


def _facts(ontology: Ontology) -> Iterator[tuple[FieldPath, str]]:
    """The name, and each choice with its attributes."""
    if ontology.name is not None:
        yield ("ontology", Attribute("name")), ontology.name
    for parents, _, choice in walk(ontology.choices):
        path: FieldPath = ("ontology", *parents, choice.choice)
        yield path, choice.choice
        for name, text in (("display", choice.display), ("description", choice.description)):
            if text is not None:
                yield (*path, Attribute(name)), text
