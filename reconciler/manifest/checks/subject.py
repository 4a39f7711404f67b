"""The input of the rules: a composed project without errors, and its labels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from reconciler.diagnostics import named
from reconciler.frozen import dataclass
from reconciler.manifest.located import LITERAL, RawPath
from reconciler.manifest.verdict import written_choices
from reconciler.model.project import DesiredProject
from reconciler.model.values import Json
from reconciler.tasktypes.labels import LABELS


class Label(NamedTuple):
    """`path` is the location of its name. A heading has labels below it, and is never in an answer."""

    name: str
    path: RawPath
    heading: bool = False
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """The paths of an ontology's choices by name, and which of them are headings."""

    paths: dict[str, RawPath]
    headings: frozenset[str]


class Known:
    """Names that references may use. They are sorted only once, even if many references are wrong."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = dict.fromkeys(names)

    @cached_property
    def listed(self) -> str:
        """A list of a few names, and the number of the others."""
        return named(sorted(self.names))


@dataclass
class Subject:
    """`today` is None if the date is unknown. `remembered` caches results for values that projects share."""

    project: DesiredProject
    today: date | None
    remembered: dict[tuple[int, Any], tuple[Json, Any]] = field(default_factory=dict)
    visited: Any = None
    """The values of known parameters, as `parameters.py` keeps them for its rules."""

    @property
    def type(self) -> str:
        return self.project.type

    @cached_property
    def params(self) -> Mapping[str, Json]:
        return self.project.params or {}

    @cached_property
    def attributes(self) -> dict[str, dict[str, Json]]:
        """The annotation attributes that are objects, by key."""
        return {key: value for key, value in entries(self.params.get("annotation_attributes")) if is_object(value)}

    @cached_property
    def choices(self) -> Choices | None:
        """The choices of the ontology; None if the manifest does not manage it."""
        if self.project.ontology is None:
            return None
        written, _ = written_choices(self.project.document)
        found: Choices = self.once(written, _choices)
        return found

    def once(self, shared: Json, compute: Any) -> Any:
        """The result of `compute` for a value that many projects may share, computed once."""
        key = id(shared), compute
        known = self.remembered.get(key)
        if known is None:
            known = self.remembered[key] = (shared, compute(shared))
        return known[1]

    def path_of(self, choice: str) -> RawPath:
        """The path of a choice of the ontology in the composed document."""
        assert self.choices is not None
        _, holder = written_choices(self.project.document)
        return (*holder, *self.choices.paths[choice])

    @cached_property
    def labels(self) -> tuple[Label, ...]:
        """All labels in the parameters."""
        return tuple(self._labels())

    @cached_property
    def shown_names(self) -> list[Label]:
        """The labels, and the answers and events, as labels."""
        found = [*self.labels]
        for path, answers in self.at("annotation_attributes.{}.choices"):
            found += labels_in(answers, path)
        found += [Label(event, path) for path, event in self.at("events_to_annotate.[]") if isinstance(event, str)]
        return found

    @cached_property
    def leaves(self) -> Known:
        return Known(label.name for label in self.labels if not label.heading)

    @cached_property
    def headings(self) -> dict[str, Label]:
        """The headings among the labels. If a name appears twice, the first one counts."""
        return {label.name: label for label in reversed(self.labels) if label.heading}

    @cached_property
    def events(self) -> frozenset[str]:
        return frozenset(text for _, text in items(self.params.get("events_to_annotate")) if isinstance(text, str))

    def at(self, where: str) -> Iterable[tuple[RawPath, Json]]:
        """The parameters at a path, as in `values_at`. Its first part is a key."""
        return values_at(self.params, where, ("params",)) if where.partition(".")[0] in self.params else ()

    def _labels(self) -> Iterator[Label]:
        for each in LABELS.get(self.type, ()):
            for path, labels in self.at(each.path):
                yield from labels_in(labels, path, each.name, each.below, texts=each.texts)


def values_at(value: Json, where: str, path: RawPath) -> list[tuple[RawPath, Json]]:
    """The values at a dotted path below `value`, which is at `path`, each with its own path.

    In the dotted path, `{}` is each key of an object, `[]` is each item of a list, and `?` is either one value or each
    item of a list of values.
    """
    found = [(path, value)]
    for part in where.split("."):
        above, found = found, []
        for at, each in above:
            if part == "{}":
                found += [((*at, key), inner) for key, inner in entries(each)]
            elif part == "[]" or (part == "?" and isinstance(each, list)):
                found += [((*at, index), inner) for index, inner in items(each)]
            elif part == "?":
                found.append((at, each))
            elif isinstance(each, dict) and part in each:
                found.append(((*at, part), each[part]))
    return found


def _choices(ontology: list[Json]) -> Choices:
    """The same choices as `walk_choices` finds, in a fraction of the time."""
    paths: dict[str, RawPath] = {}
    headings: set[str] = set()

    def add(choices: list[Json], holder: RawPath) -> None:
        for index, choice in enumerate(choices):
            path: RawPath = (*holder, index)
            if choice.__class__ is str:
                paths[choice] = path
                continue
            if isinstance(choice, dict) and choice.keys() == {LITERAL}:
                path, choice = (*path, LITERAL), choice[LITERAL]
            name = get(choice, "choice") if isinstance(choice, dict) else choice
            if isinstance(name, str):
                paths[name] = path
                below = get(choice, "subchoices")
                if below:
                    headings.add(name)
                if isinstance(below, list):
                    add(below, (*path, "subchoices"))

    add(ontology, ())
    return Choices(paths, frozenset(headings))


def labels_in(
    value: Json, path: RawPath, name: str = "choice", below: str = "subchoices", *, texts: bool = True
) -> Iterator[Label]:
    """The labels in a list of objects, and of strings with `texts`, including those below others."""
    for index, label in items(value):
        if isinstance(label, str) and texts:
            yield Label(label, (*path, index))
        elif is_object(label):
            inner = tuple(labels_in(label.get(below), (*path, index, below), name, below))
            if isinstance(label.get(name), str):
                # In NER a parent is a label of its own; elsewhere it becomes a heading.
                heading = bool(inner) and name != "name"
                leaves = tuple(each.name for each in inner if not each.heading)
                yield Label(label[name], (*path, index, name), heading, leaves)
            yield from inner


def fields_in(value: Json, path: RawPath) -> Iterator[tuple[RawPath, Json]]:
    """The fields of a form, including the fields of its field sets and inner forms."""
    for index, inner in items(value):
        yield (*path, index), inner
        yield from fields_in(get(inner, "fields"), (*path, index, "fields"))


def is_object(value: Json) -> bool:
    return isinstance(value, dict)


def get(value: Json, key: str) -> Json:
    """The value at `key`; None if it is missing or `value` is not an object."""
    return value.get(key) if isinstance(value, dict) else None


def entries(value: Json) -> Iterable[tuple[str, Json]]:
    """The entries of an object; empty if the value is not an object."""
    return value.items() if isinstance(value, dict) else ()


def items(value: Json) -> Iterable[tuple[int, Json]]:
    """The items of a list; empty if the value is not a list."""
    return enumerate(value) if isinstance(value, list) else ()
