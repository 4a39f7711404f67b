"""Leaves sensitive values out of live state, and out of the manifests that are compared with it. Pure.

Patterns, as under `ignore`, name what is left out. For a value in an object, that is its key. For an item of a list, it
is the whole list, so that positions keep their meaning. For the name of a choice, it is the whole ontology. For an
attribute of a choice, it is this attribute of all choices. An ontology's own name is left out alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.fieldpath import (
    Attribute,
    FieldPath,
    Pattern,
    Patterns,
    as_patterns,
    covered,
    format_path,
    parse_pattern,
)
from reconciler.frozen import dataclass
from reconciler.model.ontology import Choice, Ontology, Unreadable, walk
from reconciler.model.project import DesiredProject, Ignore, LiveProject, Version
from reconciler.model.record import RecordedProject
from reconciler.model.values import ABSENT, Absent, Json
from reconciler.planning.bases import ONTOLOGY, content_hash

PARAMS: Final = "params"
ONTOLOGY_NAME: Final = "ontology.@name"
_ATTRIBUTES: Final = ("description", "display")
_REASON: Final = "sensitive, so not saved in a snapshot"


def leave_out(
    live: LiveProject, patterns: Sequence[Pattern], *, known: RecordedProject | None = None
) -> tuple[LiveProject, tuple[str, ...]]:
    """The project and its histories without the values that the patterns cover, and the sorted patterns left out.

    A version that is no longer complete keeps the hash of its content if `known`, the record's entry, has the same
    hash. The hash still shows who wrote the version.
    """
    if not patterns:
        return live, ()
    sensitive = as_patterns(patterns)
    hashes = _hashes(known)
    found: dict[str, None] = {}
    params = tuple(_params_version(version, sensitive, hashes, found) for version in live.params_history)
    ontologies = _ontologies(live.ontology_history, sensitive, hashes, found)
    if params == live.params_history and ontologies == live.ontology_history:
        return live, ()
    now = ontologies[-1] if ontologies else None
    return replace(
        live,
        params=params[-1].content if params else {},
        params_history=params,
        ontology=live.ontology if now is None or isinstance(live.ontology, Unreadable) else now.content,
        ontology_history=ontologies,
    ), tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Comparable:
    """Both sides without the values that cannot be compared. `uncompared` holds the patterns of these values."""

    desired: DesiredProject
    live: LiveProject
    uncompared: tuple[str, ...] = ()


def comparable(
    desired: DesiredProject, live: LiveProject, left_out: Collection[str], patterns: Sequence[Pattern]
) -> Comparable:
    """Both sides of a project in a snapshot, without values that were left out or are sensitive.

    These values are ignored as if `ignore` named them, so a later write takes them from live. `live` contains no
    sensitive values. If the name of the live ontology was left out, it is assumed to be the declared one; the real name
    is compared before a write.
    """
    sensitive = as_patterns(patterns)
    found = dict.fromkeys(left_out)
    if desired.params is not None:
        _without({PARAMS: dict(desired.params)}, (), sensitive, found)
    if desired.ontology is not None:
        found |= dict.fromkeys(_in_ontology(desired.ontology, sensitive))
    if not found:
        return Comparable(desired, live)
    uncompared = tuple(sorted(found))
    name = desired.ontology.name if desired.ontology is not None else None
    if ONTOLOGY_NAME in found and name is not None and live.ontology_version is not None:
        history = tuple(replace(version, content=_named(version.content, name)) for version in live.ontology_history)
        if isinstance(live.ontology, Ontology):
            live = replace(live, ontology=history[-1].content)
        live = replace(live, ontology_history=history)
    if PARAMS in found:
        desired = replace(desired, params=None)
    if ONTOLOGY in found:
        desired = replace(desired, ontology=None)
    ignored = (Ignore(parse_pattern(text), _REASON) for text in uncompared if text not in (PARAMS, ONTOLOGY))
    mask = replace(desired.mask, ignore=(*desired.mask.ignore, *ignored))
    return Comparable(replace(desired, mask=mask), live, uncompared)


def _named(ontology: Ontology | None, name: str) -> Ontology | None:
    return Ontology(ontology.choices, name) if ontology is not None else None


def _hashes(known: RecordedProject | None) -> frozenset[str]:
    if known is None:
        return frozenset()
    intended = (digest for intent in known.intents for digest in (intent.params_hash, intent.ontology_hash))
    return frozenset(digest for digest in (known.ontology_hash, *intended) if digest is not None)


def _params_version(version: Version, sensitive: Patterns, hashes: Collection[str], found: dict[str, None]) -> Version:
    if not isinstance(version.content, dict):
        return version
    here: dict[str, None] = {}
    rest: Json = _without({PARAMS: version.content}, (), sensitive, here)
    if not here:
        return version
    found |= here
    digest = version.digest or _shared(content_hash(version.content), hashes)
    return replace(version, content=rest.get(PARAMS, {}), digest=digest)


def _shared(digest: str, hashes: Collection[str]) -> str | None:
    return digest if digest in hashes else None


def _without(value: Json, path: FieldPath, sensitive: Patterns, found: dict[str, None]) -> Json | Absent:
    """`value`, found at `path`, without the keys that are covered; ABSENT if its own key must be left out."""
    if path and sensitive.covers(path):
        return ABSENT
    if not sensitive.reaches_below(path):
        return value
    if isinstance(value, dict):
        rest: dict[str, Json] = {}
        for key, inner in value.items():
            below = (*path, key)
            kept = _without(inner, below, sensitive, found)
            if kept is ABSENT:
                found[_pattern_of(below)] = None
            else:
                rest[key] = kept
        return rest
    if isinstance(value, list):
        items = [_without(item, (*path, position), sensitive, found) for position, item in enumerate(value)]
        return ABSENT if any(item is ABSENT for item in items) else items
    return value


def _pattern_of(path: FieldPath) -> str:
    """The path as text, with `[*]` for positions, because positions differ between versions."""
    text = ""
    for part in path:
        text += "[*]" if isinstance(part, int) else f"{'.' if text else ''}{format_path((part,))}"
    return text


def _ontologies(
    history: tuple[Version, ...], sensitive: Patterns, hashes: Collection[str], found: dict[str, None]
) -> tuple[Version, ...]:
    root: FieldPath = ("ontology",)
    if not sensitive.reaches_below(root):
        return history
    here = dict.fromkeys(
        pattern for version in history if version.content for pattern in _in_ontology(version.content, sensitive)
    )
    found |= here
    if ONTOLOGY in here:
        return tuple(replace(version, content=None) for version in history)
    attributes = frozenset(name for name in _ATTRIBUTES if _everywhere(name) in here)
    named = ONTOLOGY_NAME not in here
    return tuple(_ontology_version(version, attributes, hashes, named=named) for version in history)


def _in_ontology(ontology: Ontology, sensitive: Patterns) -> Iterator[str]:
    if ontology.name is not None and covered(("ontology", Attribute("name")), sensitive):
        yield ONTOLOGY_NAME
    yield from _of_choices(ontology.choices, sensitive)


def _of_choices(choices: tuple[Choice, ...], sensitive: Patterns) -> Iterator[str]:
    for parents, _, choice in walk(choices):
        path: FieldPath = ("ontology", *parents, choice.choice)
        if covered(path, sensitive) or covered((*path, Attribute("choice")), sensitive):
            yield ONTOLOGY
            return
        for name in _ATTRIBUTES:
            if getattr(choice, name) is not None and covered((*path, Attribute(name)), sensitive):
                yield _everywhere(name)


def _everywhere(attribute: str) -> str:
    return f"ontology.**.@{attribute}"


def _ontology_version(
    version: Version, attributes: Collection[str], hashes: Collection[str], *, named: bool
) -> Version:
    ontology = version.content
    if not isinstance(ontology, Ontology):
        return version
    choices = _without_attributes(ontology.choices, attributes) if attributes else ontology.choices
    kept = Ontology(choices, ontology.name if named else None)
    if choices == ontology.choices:
        return replace(version, content=kept)
    return replace(version, content=kept, digest=version.digest or _shared(content_hash(ontology), hashes))


def _without_attributes(choices: tuple[Choice, ...], attributes: Collection[str]) -> tuple[Choice, ...]:
    return tuple(
        replace(
            choice,
            display=None if "display" in attributes else choice.display,
            description=None if "description" in attributes else choice.description,
            subchoices=_without_attributes(choice.subchoices, attributes),
        )
        for choice in choices
    )
