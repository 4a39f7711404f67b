"""Names in the parameters that must name a label, an attribute, or a field [D]."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from reconciler.diagnostics import did_you_mean, quoted
from reconciler.manifest.checks.subject import (
    Finding,
    Known,
    Subject,
    entries,
    fields_in,
    get,
    items,
    labels_in,
    named,
    several,
)
from reconciler.manifest.problems import RawPath
from reconciler.model.values import Json
from reconciler.tasktypes.labels import VIDEO

_ATTRIBUTES: RawPath = ("params", "annotation_attributes")


def unknown_reference(subject: Subject) -> Iterator[Finding]:
    """A condition, link, or rule whose name is not that of a label, attribute, or field: it never applies."""
    yield from _conditions(subject)
    yield from _allowed(subject)
    yield from _links(subject)
    yield from _connections(subject)
    yield from _relationships(subject)
    yield from _linking_rules(subject)
    yield from _field_conditions(subject)


def _conditions(subject: Subject) -> Iterator[Finding]:
    if not subject.attributes:
        return
    answers = cache(lambda key: _answers(subject, key))
    attributes, events = Known(subject.attributes), Known(sorted(subject.events))
    for key, attribute in subject.attributes.items():
        conditions, path = attribute.get("conditions"), (*_ATTRIBUTES, key, "conditions")
        event = get(conditions, "is_global") is True and subject.type in VIDEO
        label = get(get(conditions, "label_condition"), "label")
        for rest, name in several(label):
            place = (*path, "label_condition", "label", *rest)
            if event:
                yield from _unless(name, events, place, "event", "events_to_annotate has")
            else:
                yield from _leaf(subject, name, place)
        for index, condition in items(get(conditions, "attribute_conditions")):
            for other, wanted in entries(condition):
                place = (*path, "attribute_conditions", index, other)
                if other not in subject.attributes:
                    yield from _unless(other, attributes, place, "attribute", "there are", key=True)
                elif answers(other).names:
                    for rest, value in several(wanted):
                        what = f"answer of {quoted(other)}"
                        yield from _unless(value, answers(other), (*place, *rest), what, "there are")


def _answers(subject: Subject, key: str) -> Known:
    return Known(each.name for each in labels_in(subject.attributes[key].get("choices"), ()) if not each.heading)


def _allowed(subject: Subject) -> Iterator[Finding]:
    for key, attribute in subject.attributes.items():
        for index, name in items(attribute.get("allowed_labels")):
            yield from _leaf(subject, name, (*_ATTRIBUTES, key, "allowed_labels", index))


def _links(subject: Subject) -> Iterator[Finding]:
    # The documentation's sample wraps the object in a list.
    for outer, links in several(subject.params.get("links")):
        for name, link in entries(links):
            for side in ("from_allowed_labels", "to_allowed_labels"):
                for index, label in items(get(link, side)):
                    yield from _leaf(subject, label, ("params", "links", *outer, name, side, index))


def _connections(subject: Subject) -> Iterator[Finding]:
    point = get(subject.params.get("geometries"), "point")
    path: RawPath = ("params", "geometries", "point")
    labels = labels_in(get(point, "objects_to_annotate"), path)
    points = Known(label.name for label in labels if not label.heading)
    linked = Known(key for key, value in subject.attributes.items() if value.get("type") == "linked")
    for index, connection in items(get(point, "connections")):
        place = (*path, "connections", index)
        for end, name in items(get(connection, "pair")):
            yield from _unless(name, points, (*place, "pair", end), "point", "there are")
        attribute = get(connection, "connection_attribute")
        if attribute is not None:
            where = (*place, "connection_attribute")
            yield from _unless(attribute, linked, where, "linked attribute", "there are")


def _relationships(subject: Subject) -> Iterator[Finding]:
    if subject.type == "namedentityrecognition":
        names = Known(label.name for label in subject.labels)
        for index, relationship in items(subject.params.get("relationships")):
            for side in ("source_label", "target_label"):
                name = get(relationship, side)
                if name is not None:
                    yield from _unless(name, names, ("params", "relationships", index, side), "label", "there are")


def _linking_rules(subject: Subject) -> Iterator[Finding]:
    if subject.type == "documenttranscription":
        names = Known(label.name for label in subject.labels)
        for index, pair in items(get(subject.params.get("linking_rules"), "labels")):
            for end, name in items(pair):
                place = ("params", "linking_rules", "labels", index, end)
                yield from _unless(name, names, place, "feature's label", "there are")


def _field_conditions(subject: Subject) -> Iterator[Finding]:
    if subject.type not in ("textcollection", "documenttranscription"):
        return
    fields = list(fields_in(subject.params.get("fields"), ("params", "fields")))
    ids = (get(field, "field_id") for _, field in fields)
    names = Known(name for name in ids if isinstance(name, str))
    for path, field in fields:
        for rest, condition in several(get(field, "conditions")):
            for key in condition if isinstance(condition, dict) else ():
                if key != "not":
                    place = (*path, "conditions", *rest, key)
                    yield from _unless(key, names, place, "field", "there are", key=True)


def _leaf(subject: Subject, name: Json, path: RawPath) -> Iterator[Finding]:
    """A name that must be a label that can be in an answer."""
    if not subject.labels or not isinstance(name, str) or name in subject.leaves.names:
        return
    heading = subject.headings.get(name)
    if heading is None:
        yield from _unless(name, subject.leaves, path, "label", "there are")
    else:
        yield Finding(
            path,
            f"{quoted(name)} has labels below it, so it is never in an answer",
            f"Name the labels below it instead: {named(list(heading.below))}.",
        )


def _unless(
    name: Json, known: Known, path: RawPath, what: str, there_are: str, *, key: bool = False
) -> Iterator[Finding]:
    if not isinstance(name, str) or name in known.names:
        return
    others = f"{there_are} {known.listed}" if known.names else "there is none"
    yield Finding(
        path,
        f"there is no {what} {quoted(name)}",
        f"{others[0].upper()}{others[1:]}.",
        did_you_mean(name, known.names),
        key=key,
    )
