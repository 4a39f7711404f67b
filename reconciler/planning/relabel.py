"""Which choices and labels got new names between two versions, for people who migrate finished labels. Pure.

A rename is one that the manifest declares, or one that a plan would recognize: a name that is removed in the version
that adds a similar one, among the choices or in the same list of labels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from reconciler.fieldpath import Attribute, FieldPath
from reconciler.model.history import Part, Range, Renaming
from reconciler.model.likeness import renamed
from reconciler.model.ontology import Ontology, walk
from reconciler.model.plan import Field, Kind
from reconciler.model.project import LiveProject, Version
from reconciler.planning.history import ends, fields_between
from reconciler.planning.makers import Makers, histories
from reconciler.planning.renaming import name_of

_Named = dict[str, FieldPath]
"""Paths by name."""


def renames_between(
    live: LiveProject, asked: Range, makers: Makers, declared: Mapping[str, str]
) -> tuple[Part, int, int, tuple[Renaming, ...]]:
    """The part, its first and last version, and the renames in the versions after the first one.

    A range without a part names versions of the ontology, or of the parameters of a project without an ontology.
    Versions that cannot be read are passed over. `declared` has the new name of each old one.

    Raises:
        UsageError: a version is not in the history, or cannot be read.
    """
    part = asked.part or (Part.ONTOLOGY if live.ontology_history or not live.params_history else Part.PARAMS)
    first, last = ends(live, part, asked)
    readable = [
        version
        for version in histories(live)[part]
        if first.number <= version.number <= last.number and version.content is not None
    ]
    found = [
        Renaming(old, new, old_path, path, after.number, after.at, makers.of(part, after.number), is_declared)
        for before, after in pairwise(readable)
        for old, new, old_path, path, is_declared in _renames(part, before, after, declared)
    ]
    unique = {(one.old, one.new, one.version): one for one in reversed(found)}
    return part, first.number, last.number, tuple(reversed(unique.values()))


def _renames(
    part: Part, before: Version, after: Version, declared: Mapping[str, str]
) -> Iterator[tuple[str, str, FieldPath, FieldPath, bool]]:
    """Old name, new name, their paths, and whether the rename is declared."""
    if before.content == after.content:
        return
    kept = _choices(after.content) if isinstance(after.content, Ontology) else {}
    for removed, added in _lists(part, list(fields_between(part, before, after))):
        present = {**kept, **added}
        known = {old: new for old in removed if (new := _declared(old, declared, present)) is not None}
        for old, new in known.items():
            yield old, new, removed[old], present[new], True
        gone = [name for name in removed if name not in known]
        fresh = [name for name in added if name not in known.values()]
        for position, other in renamed(gone, fresh).items():
            old, new = gone[position], fresh[other]
            yield old, new, removed[old], added[new], False


def _lists(part: Part, fields: Sequence[Field]) -> Iterator[tuple[_Named, _Named]]:
    """The removed and the added names of the ontology, or of each list of labels."""
    found: dict[FieldPath, tuple[_Named, _Named]] = defaultdict(lambda: ({}, {}))
    for field in fields:
        last = field.path[-1]
        if field.kind not in (Kind.REMOVE, Kind.ADD) or isinstance(last, Attribute):
            continue
        removes = field.kind is Kind.REMOVE
        if part is Part.ONTOLOGY:
            found[()][not removes][str(last)] = field.path
        elif isinstance(last, int) and (name := name_of(field.before if removes else field.after)) is not None:
            found[field.path[:-1]][not removes][name] = field.path
    yield from found.values()


def _choices(ontology: Ontology) -> _Named:
    return {choice.choice: ("ontology", *parents, choice.choice) for parents, _, choice in walk(ontology.choices)}


def _declared(old: str, declared: Mapping[str, str], present: Collection[str]) -> str | None:
    """The first of the names that replace an old one, as declared, that is present."""
    seen, name = {old}, declared.get(old)
    while name is not None and name not in present and name not in seen:
        seen.add(name)
        name = declared.get(name)
    return name if name in present else None
