"""Whether two projects are so similar, by name or by whole content, that they may be the same one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from reconciler.diagnostics import is_one_edit
from reconciler.model.ontology import Unreadable
from reconciler.model.plan import ProjectChange
from reconciler.model.project import LiveProject, Shown
from reconciler.model.values import Json, equal

_Project = TypeVar("_Project", bound=Shown)

_FEWEST_LETTERS: Final = 5
"""In shorter names, one letter is too large a part of the name."""
_NUMBER: Final = re.compile(r"\d+")


def neighbours(wanted: set[str], live: Mapping[str, list[_Project]]) -> dict[str, list[_Project]]:
    """The live projects that are one edit away from each form.

    Two texts that are one edit apart become equal when at most one character is removed from each, so only pairs that
    share such a text are compared. These texts are indexed for a limited number of wanted forms at a time.
    """
    numbers = {form: tuple(_NUMBER.findall(form)) for form in (*wanted, *live) if _has_letters(form)}
    found: dict[str, list[_Project]] = defaultdict(list)
    for some in _batches([form for form in wanted if form in numbers]):
        kinds = {(length, numbers[form]) for form in some for length in range(len(form) - 1, len(form) + 2)}
        index: dict[int, list[str]] = defaultdict(list)
        for form in some:
            for key in _shortened(form):
                index[key].append(form)
        for form, projects in live.items():
            own = numbers.get(form)
            if own is None or (len(form), own) not in kinds:
                continue
            candidates = {candidate for key in _shortened(form) for candidate in index.get(key, ())}
            for candidate in candidates - {form}:
                if numbers[candidate] == own and is_one_edit(candidate, form):
                    found[candidate] += projects
    return found


_MOST_KEYS: Final = 500_000
"""The maximum number of texts in an index."""


def _batches(forms: Iterable[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for form in forms:
        if some and size + len(form) > _MOST_KEYS:
            yield some
            some, size = [], 0
        some.append(form)
        size += len(form)
    if some:
        yield some


def _has_letters(form: str) -> bool:
    return len(_NUMBER.sub("", form)) >= _FEWEST_LETTERS


def _shortened(form: str) -> set[int]:
    """The hashes of a text, and of every text that results from removing one of its characters."""
    return {hash(form), *(hash(form[:at] + form[at + 1 :]) for at in range(len(form)))}


def twins(creates: Iterable[ProjectChange], others: Iterable[LiveProject]) -> dict[str, list[LiveProject]]:
    """The live projects with the same content as a create, by the create's name; none for a create without content.

    The content is the type, the params, and the choices in the shortest spelling.
    """
    wanted: dict[str, list[Json]] = {}
    for change in creates:
        assert change.after is not None
        params, choices = dict(change.after.params), list(change.after.ontology or ())
        if params or choices:
            wanted[change.name] = [change.after.type, params, choices]
    shapes = {(kind, frozenset(params)) for kind, params, _ in wanted.values()}
    shared: dict[int, int] = {}
    digests = {_digest(params, shared) for _, params, _ in wanted.values()}
    groups: dict[int, list[tuple[Json, list[LiveProject]]]] = defaultdict(list)

    def alike(content: Json) -> list[LiveProject]:
        """The list of the live projects with this content."""
        some = groups[_digest(content, {})]
        found = next((projects for known, projects in some if equal(known, content)), None)
        if found is None:
            some.append((content, found := []))
        return found

    for project in others:
        if isinstance(project.ontology, Unreadable) or (project.type, frozenset(project.params)) not in shapes:
            continue
        params = dict(project.params)
        if _digest(params, {}) in digests:
            alike([project.type, params, project.ontology.spelled if project.ontology else []]).append(project)
    return {name: alike(content) for name, content in wanted.items()}


def _digest(value: Json, known: dict[int, int]) -> int:
    """A hash that is the same for equal values, and almost always different for other values.

    `known` has the hashes of collections by their `id`, so that a shared collection is visited once. The collections
    must stay in memory.
    """
    if not isinstance(value, dict | list):
        return hash(value)
    found = known.get(id(value))
    if found is None:
        if isinstance(value, dict):
            found = hash(frozenset((key, _digest(inner, known)) for key, inner in value.items()))
        else:
            found = hash(tuple([_digest(inner, known) for inner in value]))
        known[id(value)] = found
    return found


def renamed_in_files(gone: Mapping[str, str], fresh: Mapping[str, str]) -> dict[str, str]:
    """The new name of each name that exactly one new name has replaced in its file, from names to files."""
    old, new = _by_file(gone), _by_file(fresh)
    return {old[file][0]: new[file][0] for file in old if len(old[file]) == len(new.get(file, ())) == 1}


def _by_file(files: Mapping[str, str]) -> dict[str, list[str]]:
    names: dict[str, list[str]] = defaultdict(list)
    for name, file in files.items():
        names[file].append(name)
    return names
