"""Names in the parameters that must name a label, an attribute, or a field [D], and labels compared with the ontology.

Scale does not connect labels and ontology [D], so what differs between them is only a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from reconciler.diagnostics import did_you_mean, named, quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Known, Label, Subject, fields_in, get, labels_in, values_at
from reconciler.manifest.located import RawPath
from reconciler.model.values import Json
from reconciler.tasktypes.labels import VIDEO

_LEAVES: Final = (
    "annotation_attributes.{}.allowed_labels.[]",
    "links.?.{}.from_allowed_labels.[]",  # the documentation's sample wraps the links in a list
    "links.?.{}.to_allowed_labels.[]",
)
"""Paths at which the parameters name labels that can be in an answer."""

_LABELS: Final = (
    ("namedentityrecognition", "relationships.[].source_label", "label"),
    ("namedentityrecognition", "relationships.[].target_label", "label"),
    ("documenttranscription", "linking_rules.labels.[].[]", "feature label"),
)
"""Paths at which the parameters of a task type name any labels, and the words for these labels in messages."""


def unknown_reference(subject: Subject) -> Iterator[Fault]:
    """A condition, link, or rule that names an unknown label, attribute, or field, so it never applies."""
    yield from _conditions(subject)
    for where in _LEAVES:
        for path, name in subject.at(where):
            yield from _leaf(subject, name, path)
    yield from _connections(subject)
    for task_type, where, what in _LABELS:
        if task_type == subject.type:
            labels = Known(label.name for label in subject.labels)
            for path, name in subject.at(where):
                yield from _unless(name, labels, path, f"{what}")
    yield from _field_conditions(subject)


def _conditions(subject: Subject) -> Iterator[Fault]:
    conditional = {key: attribute for key, attribute in subject.attributes.items() if "conditions" in attribute}
    if not conditional:
        return
    answers = cache(lambda key: _answers(subject, key))
    attributes, events = Known(subject.attributes), Known(sorted(subject.events))
    for key, attribute in conditional.items():
        path: RawPath = ("params", "annotation_attributes", key)
        is_event = get(attribute.get("conditions"), "is_global") is True and subject.type in VIDEO
        for place, name in values_at(attribute, "conditions.label_condition.label.?", path):
            if is_event:
                yield from _unless(name, events, place, "event")
            else:
                yield from _leaf(subject, name, place)
        for place, wanted in values_at(attribute, "conditions.attribute_conditions.[].{}", path):
            other = place[-1]
            if other not in subject.attributes:
                yield from _unless(other, attributes, place, "attribute", key=True)
            elif answers(other).names:
                for answer, value in values_at(wanted, "?", place):
                    yield from _unless(value, answers(other), answer, f"answer to {quoted(str(other))}")


def _answers(subject: Subject, key: str) -> Known:
    return Known(each.name for each in labels_in(subject.attributes[key].get("choices"), ()) if not each.heading)


def _connections(subject: Subject) -> Iterator[Fault]:
    labels = labels_in(get(get(subject.params.get("geometries"), "point"), "objects_to_annotate"), ())
    points = Known(label.name for label in labels if not label.heading)
    for path, name in subject.at("geometries.point.connections.[].pair.[]"):
        yield from _unless(name, points, path, "point")
    linked = Known(key for key, value in subject.attributes.items() if value.get("type") == "linked")
    for path, name in subject.at("geometries.point.connections.[].connection_attribute"):
        yield from _unless(name, linked, path, "linked attribute")


def _field_conditions(subject: Subject) -> Iterator[Fault]:
    if subject.type not in ("textcollection", "documenttranscription"):
        return
    fields = list(fields_in(subject.params.get("fields"), ("params", "fields")))
    ids = (get(field, "field_id") for _, field in fields)
    names = Known(name for name in ids if isinstance(name, str))
    for path, field in fields:
        for place, _ in values_at(field, "conditions.?.{}", path):
            if place[-1] != "not":
                yield from _unless(place[-1], names, place, "field", key=True)


def _leaf(subject: Subject, name: Json, path: RawPath) -> Iterator[Fault]:
    """Report a name that is not a label that can be in an answer."""
    if not subject.labels or not isinstance(name, str) or name in subject.leaves.names:
        return
    heading = subject.headings.get(name)
    if heading is None:
        yield from _unless(name, subject.leaves, path, "label")
    else:
        yield Fault(
            path,
            f"{quoted(name)} has labels below it, so labelers cannot select it",
            f"Use {'the labels' if len(heading.below) > 1 else 'the label'} below the heading instead: "
            f"{named(list(heading.below))}.",
        )


def _unless(name: Json, known: Known, path: RawPath, what: str, *, key: bool = False) -> Iterator[Fault]:
    if isinstance(name, str) and name not in known.names:
        detail = (
            f"Known names: {known.listed}."
            if known.names
            else f"The project has no {what}s. Add one with this name, or remove the name here."
        )
        yield Fault(path, f"no {what} is named {quoted(name)}", detail, did_you_mean(name, known.names), at_key=key)


_NOT_ANNOTATED: Final = frozenset({"background"})
"""Choices that many ontologies have although no label uses them (an assumption)."""


def label_not_in_ontology(subject: Subject) -> Iterator[Fault]:
    """A label that is not a choice of the ontology: labelers find no guidance for it."""
    choices = subject.choices
    if choices is None:
        return
    missing = [label for label in subject.labels if label.name not in choices.paths]
    if not missing:
        return
    first = missing[0]
    others = [label.name for label in missing[1:]]
    also = f" Also missing: {named(others)}." if others else ""
    yield Fault(
        first.path,
        f"{quoted(first.name)} is not a choice in the ontology",
        f"Labelers get no guidance for this label. Add it to the ontology.{also}",
        did_you_mean(first.name, choices.paths),
    )


def choice_without_label(subject: Subject) -> Iterator[Fault]:
    """A leaf of the ontology that is not a label, so labelers are not asked for it."""
    choices = subject.choices
    if choices is None or not subject.labels:
        return
    asked = {label.name for label in subject.labels} | subject.events
    idle = {name for name in choices.paths.keys() - asked - choices.headings if name.casefold() not in _NOT_ANNOTATED}
    if idle:
        idle -= _offered(subject)
    if idle:
        names = [name for name in choices.paths if name in idle]
        are, them = ("is not a label", "it") if len(names) == 1 else ("are not labels", "them")
        yield Fault(
            subject.path_of(names[0]),
            f"{named(names)} {are} in params",
            f"The ontology describes {them}, but labelers cannot select {them}. Add {them} to the labels in params.",
        )


def heading_and_leaf(subject: Subject) -> Iterator[Fault]:
    """A heading in the ontology that is a leaf in the labels, or the reverse."""
    choices = subject.choices
    if choices is None or subject.type == "namedentityrecognition":
        return  # there, a parent is a label like any other
    for label in subject.labels:
        if label.name in choices.paths and label.heading != (label.name in choices.headings):
            here, there = ("a heading", "a leaf") if label.heading else ("a leaf", "a heading")
            yield Fault(
                label.path,
                f"{quoted(label.name)} is {here} here and {there} in the ontology",
                "Labelers can select only a leaf. Make both headings, or both leaves.",
            )


def duplicate_label(subject: Subject) -> Iterator[Fault]:
    """A name that appears twice in one list of labels: an answer does not show which one is meant."""
    seen: dict[tuple[object, ...], dict[str, RawPath]] = {}
    again: list[tuple[RawPath, RawPath, list[Label]]] = []
    for label in subject.labels:
        group = seen.setdefault(label.path[:4] if label.path[1] == "geometries" else label.path[:2], {})
        first = group.setdefault(label.name, label.path)
        if first is label.path:
            continue
        if again and _is_below(label.path, again[-1][0]) and _is_below(first, again[-1][1]):
            again[-1][2].append(label)
        else:
            again.append((*_repeated(subject, label.path, first), [label]))
    for path, first, labels in again:
        name, verb, one = ("label", "appears", "them") if len(labels) == 1 else ("labels", "appear", "each")
        yield Fault(
            path,
            f"the {name} {named([label.name for label in labels])} {verb} twice",
            "An answer contains only the name, so nobody can see which label was selected. Rename or remove one of "
            f"{one}.",
            first=first,
        )


def _repeated(subject: Subject, path: RawPath, first: RawPath) -> tuple[RawPath, RawPath]:
    """The paths of a label and of the first one, or, if an alias or a reference repeats their list, of the lists."""
    here, there = (
        each[: next(at for at in reversed(range(len(each))) if isinstance(each[at], int))] for each in (path, first)
    )
    is_same = here != there and _value(subject.project.document, here) is _value(subject.project.document, there)
    return (here, there) if is_same else (path, first)


def _value(document: Json, path: RawPath) -> Json:
    value: Any = document
    for part in path:
        value = value[part]
    return value


def _is_below(path: RawPath, above: RawPath) -> bool:
    return len(path) > len(above) and path[: len(above)] == above


def _offered(subject: Subject) -> set[str]:
    """The answers that attributes offer. An ontology may describe these too (an assumption)."""
    return {
        label.name
        for path, choices in subject.at("annotation_attributes.{}.choices")
        for label in labels_in(choices, path)
    }
