"""Names and types of parameters, compared with what is known about the task type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.diagnostics import Severity, count, joined, nearest, quoted
from reconciler.fieldpath import Pattern
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault, kind_of
from reconciler.manifest.checks.subject import Subject, entries, get, is_object
from reconciler.manifest.located import RawPath
from reconciler.manifest.schema import PROJECT
from reconciler.model.likeness import nearly
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
_SENT: Final = "Scale adds task types over time, so an unknown type is sent unchanged."
_NEARLY: Final = (
    "A project's type can never be changed, so by default, the near-type guard holds the creation of such a project. "
    "Correct the type. If Scale has added this type, waive the guard."
)
_BESIDE_PARAMS: Final = frozenset(PROJECT.names) - {"reconcile"}
"""The fields that a project on Scale has in addition to its parameters [D]."""

_DEEPEST: Final = 12
_NEAR_INSIDE: Final = 0.81
"""How similar a key inside a parameter must be to a known one: more than `max_height` is to `min_height`."""
_KNOWN_OTHERWISE: Final = PER_TASK | OTHERS | _BESIDE_PARAMS
_SORTED_TYPES: Final = tuple(sorted(TASK_TYPES))
_ANYWHERE: Final = COMMON.keys() | {key for own in OWN.values() for key in own}


@dataclass(frozen=True, slots=True)
class _Visited:
    """A value inside a known parameter that does not fit its fact: it has unknown keys, or is of the wrong type."""

    path: RawPath
    name: str
    value: Json
    fact: Fact
    unknown: tuple[str, ...]


def _visited(subject: Subject) -> list[_Visited]:
    """The values inside known parameters that do not fit what is known about them."""
    if subject.visited is None:
        known = parameters_of(subject.type)
        subject.visited = []
        for key, value in subject.params.items():
            if key in known:
                _visit(value, known[key], ("params", key), key, subject.visited)
    found: list[_Visited] = subject.visited
    return found


def _visit(value: Json, fact: Fact, path: RawPath, name: str, found: list[_Visited]) -> None:
    fact = _written_out(fact)
    kinds = types_of(fact)
    if value is None or len(path) > _DEEPEST:
        return
    if kinds and not _is_one_of(value, kinds):
        found.append(_Visited(path, name, value, fact, ()))
    elif isinstance(value, dict):
        properties = fact.get("properties", {})
        others = fact.get("additionalProperties")
        if properties and others is None and not value.keys() <= properties.keys():
            found.append(_Visited(path, name, value, fact, tuple(key for key in value if key not in properties)))
        for key, inner in value.items():
            below = properties.get(key, others)
            if below is not None and not (isinstance(inner, str) and "string" in types_of(below)):
                _visit(inner, below, (*path, key), key, found)
    elif isinstance(value, list) and "items" in fact:
        below = _written_out(fact["items"])
        may_be_text = "string" in types_of(below)
        for index, inner in enumerate(value):
            if not (may_be_text and isinstance(inner, str)):
                _visit(inner, below, (*path, index), f"an item of {name}", found)


def _written_out(fact: Fact) -> Fact:
    return SHAPES[fact["$ref"].rpartition("/")[2]] if "$ref" in fact else fact


def parameter_kind(subject: Subject) -> Iterator[Fault]:
    """A value whose JSON type is not the one that Scale documents."""
    for each in _visited(subject):
        if not each.unknown:
            kinds = types_of(each.fact)
            yield Fault(
                each.path,
                f"{each.name} must be {type_words(kinds)}, not {kind_of(each.value)}",
                each.fact.get("description", ""),
                _remedy(each.value, kinds),
                severity=Severity.ERROR if is_sure(each.fact) or "$comment" not in each.fact else Severity.NOTE,
            )


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
        return "quote the value"
    return ""


def project_key_in_params(subject: Subject) -> Iterator[Fault]:
    """A key of the project among its parameters, where it has no effect."""
    known = parameters_of(subject.type)
    for key in subject.params:
        if key in _BESIDE_PARAMS and key not in known:
            detail = "Move the key out of params. In params, the key is sent to Scale, but has no effect."
            yield Fault(
                ("params", key), f"{quoted(key)} belongs next to params, not inside params", detail, at_key=True
            )


def parameter_of_task(subject: Subject) -> Iterator[Fault]:
    """A key that belongs to a single task (an assumption)."""
    known = parameters_of(subject.type)
    for key in subject.params:
        if key in PER_TASK and key not in known:
            detail = (
                "In params, the value would apply to every task. Remove the key, and set it when you create each task."
            )
            yield Fault(("params", key), f"{quoted(key)} is set for each task, not for a project", detail, at_key=True)


def parameter_of_other_type(subject: Subject) -> Iterator[Fault]:
    """A parameter that is known only for other task types."""
    for key in _strange(subject) if subject.type in OWN else ():
        others = sorted(kind for kind, own in OWN.items() if key in own)
        if others:
            more = f" and {count(len(others) - 1, 'other type')}" if len(others) > 1 else ""
            summary = f"{quoted(key)} is a parameter of {others[0]}{more}, not of {subject.type}"
            yield Fault(
                ("params", key),
                summary,
                "Reconciler sends the parameter unchanged. If it is a mistake, remove it.",
                at_key=True,
            )


def misspelt_parameter(subject: Subject) -> Iterator[Fault]:
    """A key that samples in Scale's documentation misspell, or that is almost a known one."""
    known = parameters_of(subject.type)
    for key in _strange(subject):
        if key in _ANYWHERE:
            continue
        meant = LIKELY_SLIPS.get(key) or nearest(key, known, cutoff=0.8)
        if meant is not None and (meant in known or meant.split(".")[0] in known):
            detail = "Scale adds parameters over time, so an unknown one is sent unchanged."
            summary, label = f"{quoted(key)} is not a known parameter", f"did you mean {quoted(meant)}?"
            yield Fault(("params", key), summary, detail, label, at_key=True, severity=Severity.NOTE)
    yield from _misspelt_inside(subject)
    for path, key in _slips(subject.params, ("params",)):
        meant = SLIPS_OF_THE_DOCUMENTATION[key]
        detail = "Some samples in Scale's documentation misspell this parameter. Correct the name."
        yield Fault(
            path, f"{quoted(key)} is not a known parameter", detail, f"did you mean {quoted(meant)}?", at_key=True
        )
    for path in _label_keys(subject):
        detail = "Write the label's name in choice, and the text that labelers see in display."
        yield Fault(
            path,
            'a label has no key "label"',
            detail,
            'did you mean "choice"?',
            at_key=True,
            severity=Severity.NOTE,
        )


def _misspelt_inside(subject: Subject) -> Iterator[Fault]:
    """A key inside a known parameter that is almost a known one there."""
    for each in _visited(subject):
        for key in each.unknown:
            if key in OTHERS or key in SLIPS_OF_THE_DOCUMENTATION:
                continue
            meant = nearest(key, each.fact["properties"], cutoff=_NEAR_INSIDE)
            if meant is not None:
                yield Fault(
                    (*each.path, key),
                    f"{quoted(key)} is not a known key of {each.name}",
                    "Scale adds keys over time, so an unknown one is sent unchanged.",
                    f"did you mean {quoted(meant)}?",
                    at_key=True,
                    severity=Severity.NOTE,
                )


def _slips(value: Json, path: RawPath) -> Iterator[tuple[RawPath, str]]:
    for key, inner in entries(value):
        if key in SLIPS_OF_THE_DOCUMENTATION and SLIPS_OF_THE_DOCUMENTATION[key] not in value:
            yield (*path, key), key
        if isinstance(inner, dict) and len(path) <= _DEEPEST:
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


def misspelt_ignore(subject: Subject) -> Iterator[Fault]:
    """A path to ignore with a key that is almost a known or declared one, so it may ignore nothing."""
    for index, ignore in enumerate(subject.project.mask.ignore):
        wrong = _misspelt_part(subject, ignore.pattern)
        if wrong is not None:
            written: Json = subject.project.document["reconcile"]["ignore"][index]
            yield Fault(
                ("reconcile", "ignore", index, *(("path",) if isinstance(written, dict) else ())),
                f"{quoted(wrong[0])} is not a known key, so this path might match nothing",
                "A live value that no path matches is not kept. Check the spelling.",
                f'did you mean "{wrong[1]}"?',
            )


def _misspelt_part(subject: Subject, pattern: Pattern) -> tuple[str, str] | None:
    """The first part of a pattern that is almost a known key, and that key."""
    value: Json = dict(subject.params)
    fact: Fact = {"properties": parameters_of(subject.type)}
    for depth, part in enumerate(pattern.parts[1:]):
        known = fact.get("properties", {})
        if isinstance(part, str):
            names = [*known, *(key for key, _ in entries(value))]
            if part not in names and not (depth == 0 and part in _ANYWHERE | _KNOWN_OTHERWISE):
                meant = nearest(part, names, cutoff=_NEAR_INSIDE) if "additionalProperties" not in fact else None
                return None if meant is None else (part, meant)
            value = get(value, part)
            fact = _written_out(known.get(part) or fact.get("additionalProperties") or {})
        elif isinstance(part, int) and isinstance(value, list) and part < len(value):
            value, fact = value[part], _written_out(fact.get("items", {}))
        else:
            return None
    return None


def left_to_tasks(subject: Subject) -> Iterator[Fault]:
    """A parameter that every task needs and the project does not have."""
    if subject.project.params is None:
        return
    missing = [key for key in NEEDED.get(subject.type, ()) if key not in subject.params]
    if missing:
        them = "them" if missing[:-1] else "it"
        yield Fault(
            ("params",),
            f"params has no {joined(missing, 'or')}, which every task needs",
            f"If each task supplies {them}, you can ignore this message. Otherwise, add {them} to params.",
            at_key=True,
        )


def unknown_type(subject: Subject) -> Iterator[Fault]:
    """An unknown task type, with the nearest known one."""
    if subject.type not in TASK_TYPES:
        near = nearest(subject.type, _SORTED_TYPES, cutoff=0.0)
        yield Fault(
            ("type",),
            f"{quoted(subject.type)} is not a known task type",
            _NEARLY if nearly(subject.type, TASK_TYPES) else _SENT,
            f"the closest known type is {quoted(near)}" if near is not None else "",
        )


def legacy_type(subject: Subject) -> Iterator[Fault]:
    """A task type that Scale's documentation replaces with a different one."""
    if subject.type in PREFERRED:
        preferred = PREFERRED[subject.type]
        detail = "A project's type can never be changed. Decide before the project is created."
        yield Fault(("type",), f"Scale's documentation recommends {preferred}, not {subject.type}", detail)


def _strange(subject: Subject) -> list[str]:
    """The parameters that are not known for the type and have no other known meaning."""
    known = parameters_of(subject.type)
    return [key for key in subject.params if key not in known and key not in _KNOWN_OTHERWISE]
