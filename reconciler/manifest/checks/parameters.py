"""Names and types of parameters, compared with what is known about the task type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import nearest, quoted
from reconciler.keys.faults import kind_of
from reconciler.manifest.checks.subject import Finding, Subject, entries, is_object, items
from reconciler.manifest.located import RawPath
from reconciler.manifest.schema import PROJECT
from reconciler.model.values import Json
from reconciler.tasktypes.facts import Fact, is_sure, type_words, types_of
from reconciler.tasktypes.labels import WITH_LABELS
from reconciler.tasktypes.names import LIKELY_SLIPS, OTHERS, PER_TASK, SLIPS_OF_THE_DOCUMENTATION
from reconciler.tasktypes.parameters import COMMON, NEEDED, OWN, PREFERRED, TASK_TYPES, parameters_of
from reconciler.tasktypes.shapes import SHAPES

_TYPES: Final[dict[type, frozenset[str]]] = {
    str: frozenset({"string"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    bool: frozenset({"boolean"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}
_BESIDE_PARAMS: Final = frozenset(PROJECT.names) - {"reconcile"}
"""The fields that a project on Scale has in addition to its parameters [D]."""

_DEEPEST: Final = 12
_KNOWN_OTHERWISE: Final = PER_TASK | OTHERS | _BESIDE_PARAMS
_SORTED_TYPES: Final = tuple(sorted(TASK_TYPES))
_ANYWHERE: Final = COMMON.keys() | {key for own in OWN.values() for key in own}


def parameter_kind(subject: Subject) -> Iterator[Finding]:
    """A value whose JSON type is not the one that Scale documents."""
    known = parameters_of(subject.type)
    for key, value in subject.params.items():
        if key in known:
            yield from _kinds(value, known[key], ("params", key), key)


def _kinds(value: Json, fact: Fact, path: RawPath, name: str) -> Iterator[Finding]:
    fact = _written_out(fact)
    kinds = types_of(fact)
    if value is None or len(path) > _DEEPEST:
        return
    if kinds and not _is_one_of(value, kinds):
        yield Finding(
            path,
            f"{name} must be {type_words(kinds)}, not {kind_of(value)}",
            fact.get("description", ""),
            _remedy(value, kinds),
            doubtful=not (is_sure(fact) or "$comment" not in fact),
        )
        return
    properties = fact.get("properties", {})
    others = fact.get("additionalProperties")
    for key, inner in entries(value):
        below = properties.get(key, others)
        if below is not None and not _fits(inner, below):
            yield from _kinds(inner, below, (*path, key), key)
    if "items" in fact and isinstance(value, list):
        below = _written_out(fact["items"])
        for index, inner in items(value):
            if not _fits(inner, below):
                yield from _kinds(inner, below, (*path, index), f"an item of {name}")


def _written_out(fact: Fact) -> Fact:
    return SHAPES[fact["$ref"].rpartition("/")[2]] if "$ref" in fact else fact


def _fits(value: Json, fact: Fact) -> bool:
    """Whether a value is a string that may be one: there is nothing to find in most values."""
    return value.__class__ is str and "string" in types_of(fact)


def _is_one_of(value: Json, kinds: list[str]) -> bool:
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return True
    return not _TYPES.get(type(value), frozenset()).isdisjoint(kinds)


def _remedy(value: Json, kinds: list[str]) -> str:
    if isinstance(value, str):
        if "boolean" in kinds and value.lower() in ("true", "false"):
            return f"write {value.lower()}, without quotes"
        if {"integer", "number"} & set(kinds) and value.strip().isdecimal():
            return f"write {value.strip()}, without quotes"
        if "array" in kinds:
            return "write a list: [a, b]"
    if "string" in kinds and isinstance(value, bool | int | float):
        return "quote it"
    return ""


def project_key_in_params(subject: Subject) -> Iterator[Finding]:
    """A key of the project among its parameters, where it has no effect."""
    known = parameters_of(subject.type)
    for key in subject.params:
        if key in _BESIDE_PARAMS and key not in known:
            detail = "As a parameter, it is sent to Scale, but it has no effect on the project."
            yield Finding(("params", key), f'"{key}" belongs next to params, not inside it', detail, key=True)


def parameter_of_task(subject: Subject) -> Iterator[Finding]:
    """A key that belongs to a single task (an assumption)."""
    known = parameters_of(subject.type)
    for key in subject.params:
        if key in PER_TASK and key not in known:
            detail = "As a parameter of the project, it would apply to every task. Set it when you create the task."
            yield Finding(("params", key), f'"{key}" belongs to a single task', detail, key=True)


def parameter_of_other_type(subject: Subject) -> Iterator[Finding]:
    """A parameter that is known only for other task types."""
    for key in _strange(subject) if subject.type in OWN else ():
        others = sorted(kind for kind, own in OWN.items() if key in own)
        if others:
            more = f" and {len(others) - 1} more types" if len(others) > 1 else ""
            summary = f'"{key}" is a parameter of {others[0]}{more}, not of {subject.type}'
            yield Finding(("params", key), summary, "It is sent unchanged.", key=True)


def misspelt_parameter(subject: Subject) -> Iterator[Finding]:
    """A key that samples in Scale's documentation misspell, or that is almost a known one."""
    known = parameters_of(subject.type)
    for key in _strange(subject):
        if key in _ANYWHERE:
            continue
        meant = LIKELY_SLIPS.get(key) or nearest(key, known, cutoff=0.8)
        if meant is not None and (meant in known or meant.split(".")[0] in known):
            detail = "It is sent unchanged, because Scale may have added it."
            summary, label = f'"{key}" is not a known parameter', f'did you mean "{meant}"?'
            yield Finding(("params", key), summary, detail, label, key=True, doubtful=True)
    for path, key in _slips(subject.params, ("params",)):
        meant = SLIPS_OF_THE_DOCUMENTATION[key]
        detail = "Samples in Scale's documentation misspell this parameter."
        yield Finding(path, f'"{key}" is not a known parameter', detail, f'did you mean "{meant}"?', key=True)
    for path in _label_keys(subject):
        detail = "A label's name is in choice, and what labelers see is in display."
        yield Finding(
            path, '"label" is not a key of a label', detail, 'did you mean "choice"?', key=True, doubtful=True
        )


def _slips(value: Json, path: RawPath) -> Iterator[tuple[RawPath, str]]:
    for key, inner in entries(value):
        if key in SLIPS_OF_THE_DOCUMENTATION and SLIPS_OF_THE_DOCUMENTATION[key] not in value:
            yield (*path, key), key
        if len(path) <= _DEEPEST:
            yield from _slips(inner, (*path, key))


def _label_keys(subject: Subject) -> Iterator[RawPath]:
    """Objects in lists of labels that have a `label` and no `choice`."""
    lists = ["geometries.{}.objects_to_annotate.[]"]
    if subject.type in WITH_LABELS:
        lists.append("labels.[]")
    for where in lists:
        for path, label in subject.at(where):
            if is_object(label) and "label" in label and "choice" not in label:
                yield (*path, "label")


def left_to_tasks(subject: Subject) -> Iterator[Finding]:
    """A parameter that every task needs and the project does not have."""
    if subject.project.params is None:
        return
    missing = [key for key in NEEDED.get(subject.type, ()) if key not in subject.params]
    if missing:
        them = "them" if missing[:-1] else "it"
        yield Finding(
            ("params",),
            f"every task must supply {', '.join(missing[:-1]) + ' and ' if missing[:-1] else ''}{missing[-1]}",
            f"Tasks of type {subject.type} need {them}, and the project does not supply {them}. This may be intended.",
            key=True,
        )


def unknown_type(subject: Subject) -> Iterator[Finding]:
    """An unknown task type, with the nearest known one."""
    if subject.type not in TASK_TYPES:
        near = nearest(subject.type, _SORTED_TYPES, cutoff=0.0)
        yield Finding(
            ("type",),
            f"{quoted(subject.type)} is not a known task type",
            "It is sent unchanged, because Scale may have added it.",
            f'the closest known type is "{near}"' if near is not None else "",
        )


def legacy_type(subject: Subject) -> Iterator[Finding]:
    """A task type that Scale's documentation replaces with a different one."""
    if subject.type in PREFERRED:
        preferred = PREFERRED[subject.type]
        detail = "The API cannot change a project's type, so choose it before you create the project."
        yield Finding(("type",), f"Scale's documentation recommends {preferred}, not {subject.type}", detail)


def _strange(subject: Subject) -> list[str]:
    """The parameters that are not known for the type and have no other known meaning."""
    known = parameters_of(subject.type)
    return [key for key in subject.params if key not in known and key not in _KNOWN_OTHERWISE]
