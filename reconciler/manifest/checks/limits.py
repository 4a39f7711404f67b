"""Documented limits, and settings that have no effect [D, S unless marked otherwise]."""

from __future__ import annotations

import json
from collections.abc import Iterator

from reconciler.diagnostics import Severity, quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import (
    Subject,
    entries,
    fields_in,
    get,
    is_object,
    items,
    labels_in,
)
from reconciler.manifest.located import RawPath
from reconciler.model.values import Json
from reconciler.tasktypes.labels import IMAGE, LIDAR, VIDEO

_MOST_LABELS = 50
_MOST_TAGS = 5
_MOST_METADATA = 10_000
_MOST_RESPONSES = 100
_PRIORITIES = (10, 20, 30)
_SCENES = IMAGE | {"segmentannotation"}


def over_limit(subject: Subject) -> Iterator[Fault]:
    """A value beyond a limit that Scale documents."""
    params = subject.params
    yield from _common(params)
    if subject.type == "segmentannotation":
        labels = [label for label in labels_in(params.get("labels"), ()) if not label.heading]
        if len(labels) > _MOST_LABELS:
            summary = f"segmentannotation allows at most {_MOST_LABELS} labels, not {len(labels)}"
            yield Fault(("params", "labels"), summary)
    for path, geometry in subject.at("geometries.{}"):
        yield from _order(geometry, "min_vertices", "max_vertices", path)
    if subject.type == "textcollection":
        for path, field in fields_in(params.get("fields"), ("params", "fields")):
            yield from _field(field, path)
        yield from _twice(params.get("fields"))
        yield from _too_many(params.get("responses_required"), ("params", "responses_required"))
    if subject.type == "namedentityrecognition":
        yield from _relationships(params.get("relationships"))
        for path, kind in subject.at("global_attributes.{}.type"):
            if kind not in (None, "category", "text", "number"):
                yield Fault(path, "the type of a global attribute must be category, text, or number")


def _common(params: Json) -> Iterator[Fault]:
    tags, metadata, priority = params.get("tags"), params.get("metadata"), params.get("priority")
    if isinstance(tags, list) and len(tags) > _MOST_TAGS:
        yield Fault(("params", "tags"), f"a task can have at most {_MOST_TAGS} tags, not {len(tags)}")
    if is_object(metadata):
        size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode(errors="replace"))
        if size > _MOST_METADATA:
            yield Fault(("params", "metadata"), f"metadata must be at most 10 KB, not {size:,} bytes")
    if type(priority) is int and priority not in _PRIORITIES:
        yield Fault(("params", "priority"), f"priority must be 10, 20, or 30, not {priority}")


def _field(field: Json, path: RawPath) -> Iterator[Fault]:
    yield from _order(field, "min_responses_required", "max_responses_required", path)
    yield from _order(field, "min_choices", "max_choices", path, severity=Severity.NOTE)
    yield from _too_many(get(field, "max_responses_required"), (*path, "max_responses_required"))
    least = get(field, "min_responses_required")
    if type(least) is int and least < 1:
        yield Fault((*path, "min_responses_required"), f"min_responses_required must be at least 1, not {least}")
    if get(field, "title") == "":
        yield Fault((*path, "title"), "the title of a field cannot be empty")
    if get(field, "type") == "field_set":
        inner = field.get("fields")
        count = len(inner) if isinstance(inner, list) else 0
        if isinstance(inner, list) and count < 2:
            yield Fault((*path, "fields"), f"a field_set needs at least 2 fields, but this one has {count}")
        if field.get("inline") is True:
            kinds = {get(each, "type") for _, each in items(inner)}
            if count > 2 or not kinds <= {"text", "number"}:
                yield Fault((*path, "inline"), "an inline field_set can have at most 2 fields, of type text or number")


def _twice(fields: Json) -> Iterator[Fault]:
    seen: dict[str, RawPath] = {}
    for path, field in fields_in(fields, ("params", "fields")):
        field_id = get(field, "field_id")
        if isinstance(field_id, str):
            if field_id in seen:
                yield Fault(
                    (*path, "field_id"),
                    f"the field_id {quoted(field_id)} appears twice",
                    "Answers are keyed by field_id, so each field needs a different one. Change one of them.",
                    first=seen[field_id],
                )
            seen.setdefault(field_id, (*path, "field_id"))


def _relationships(relationships: Json) -> Iterator[Fault]:
    named = [index for index, each in items(relationships) if is_object(each) and "name" in each]
    unnamed = [index for index, each in items(relationships) if is_object(each) and "name" not in each]
    if named and unnamed:
        yield Fault(
            ("params", "relationships", max(min(named), min(unnamed))),
            "some relationships have a name, and some do not",
            "Give every relationship a name and a display_name, or remove both keys from all relationships.",
        )


def _order(value: Json, low: str, high: str, path: RawPath, *, severity: Severity = Severity.ERROR) -> Iterator[Fault]:
    least, most = get(value, low), get(value, high)
    if type(least) in (int, float) and type(most) in (int, float) and most < least:
        yield Fault((*path, high), f"{high} is {most}, which is less than {low} ({least})", severity=severity)


def _too_many(value: Json, path: RawPath) -> Iterator[Fault]:
    if type(value) is int and value > _MOST_RESPONSES:
        yield Fault(path, f"{path[-1]} must be at most {_MOST_RESPONSES}, not {value}")


def no_effect(subject: Subject) -> Iterator[Fault]:
    """A setting that has no effect here."""
    params, kind = subject.params, subject.type
    if "padding" in params and "paddingX" in params and "paddingY" in params:
        yield Fault(("params", "padding"), "padding has no effect if both paddingX and paddingY are set", at_key=True)
    box = get(params.get("geometries"), "box")
    if get(box, "integer_pixels") is True and get(box, "can_rotate") is True:
        where = ("params", "geometries", "box", "integer_pixels")
        yield Fault(where, "integer_pixels has no effect if can_rotate is true", at_key=True)
    if kind == "lidartopdown":
        for path, _ in subject.at("geometries.{}"):
            if path[-1] not in ("polygon", "line", "point"):
                summary = f"{path[-1]} has no effect: lidartopdown has only polygon, line, and point"
                yield Fault(path, summary, at_key=True)
    has_instances = "instance_labels" in params or _has_instances(params.get("labels"))
    if kind == "segmentannotation" and subject.attributes and not has_instances:
        summary = "no label has instance_label: true, so labelers never see the attributes"
        detail = "Set instance_label: true on the labels that need attributes, or remove annotation_attributes."
        yield Fault(("params", "annotation_attributes"), summary, detail, at_key=True)
    shapes = {shape for shape, _ in entries(params.get("geometries"))}
    for key, attribute in subject.attributes.items():
        yield from _attribute(kind, shapes, attribute, ("params", "annotation_attributes", key))


def _attribute(kind: str, shapes: set[str], attribute: Json, path: RawPath) -> Iterator[Fault]:
    conditions = attribute.get("conditions")
    is_global, labels = get(conditions, "is_global"), get(conditions, "label_condition")
    if kind in _SCENES and is_global is True and labels is not None:
        where = (*path, "conditions", "label_condition")
        yield Fault(where, "label_condition has no effect if is_global is true", at_key=True)
    if attribute.get("global") is True and kind in _SCENES:
        detail = "In video and lidar types, global asks for one value per track. To ask once per scene, use is_global."
        yield Fault((*path, "global"), f"global has no effect in {kind}", detail, at_key=True)
    if attribute.get("required") is True and attribute.get("type") == "linked" and kind in LIDAR:
        yield Fault((*path, "required"), f"required has no effect on a linked attribute in {kind}", at_key=True)
    if attribute.get("type") in ("x_line", "y_line") and kind in IMAGE | VIDEO and not shapes & {"box", "cuboid"}:
        yield Fault((*path, "type"), f"{attribute['type']} needs a box or a cuboid in geometries")


def _has_instances(labels: Json) -> bool:
    return any(
        is_object(label) and (label.get("instance_label") is True or _has_instances(label.get("subchoices")))
        for _, label in items(labels)
    )
