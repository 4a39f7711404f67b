"""The parameters of each task type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from reconciler.tasktypes.facts import Fact, fact, keyed, listed, mapping, number, string, strings, truth, whole
from reconciler.tasktypes.labels import OLDER, VIDEO, WITH_LABELS

Parameters = Mapping[str, Fact]

COMMON: Final[dict[str, Fact]] = {
    "instruction": string("Guidance for labelers: Markdown, or an iframe of a published document."),
    "callback_url": string("A URL with its scheme, or an email address, that receives each finished task."),
    "attachment_type": string("The kind of media in the tasks, such as image, video, text, or JSON."),
    "metadata": fact("object", "Your own data, at most 10 KB. Scale does not use it."),
    "priority": whole("Order within the project: 10, 20, or 30. Higher comes first.", "S", enum=[10, 20, 30]),
    "tags": strings("At most 5 tags to search the tasks by."),
    "clear_unique_id_on_error": truth("Frees a failed task's unique_id, so that the task can be sent again."),
    "urgency": string("An old setting for speed: immediate, day, or week.", "S"),
}

_ATTRIBUTES: Final = "Questions about each annotation, by a short key."
_IMAGE: Final[dict[str, Fact]] = {
    "geometries": {"$ref": "#/$defs/geometries"},
    "annotation_attributes": keyed("attribute", _ATTRIBUTES),
    "links": fact(
        ["object", "array"],
        "Which annotations may be linked, by the link's name.",
        additionalProperties={"$ref": "#/$defs/link"},
    ),
    "padding": whole("Space around the image to draw in, in pixels."),
    "paddingX": whole("Padding on the left and right. It overrides padding.", "S"),
    "paddingY": whole("Padding above and below. It overrides padding.", "S"),
    "can_add_base_annotations": truth("Labelers may add annotations to those that a task comes with.", "S"),
    "can_edit_base_annotations": truth("Labelers may edit the annotations that a task comes with.", "S"),
    "can_edit_base_annotation_labels": truth("Labelers may change the labels of those annotations.", "S"),
    "can_delete_base_annotations": truth("Labelers may remove those annotations.", "S"),
}
_VIDEO: Final[dict[str, Fact]] = {
    **_IMAGE,
    "events_to_annotate": strings("Events to mark that are not bound to an object."),
    "frame_rate": number("How densely to annotate, in frames per second."),
    "annotation_frame_rate": number("Replaces frame_rate in newer playback."),
    "video_frame_rate": number("The video's own frame rate, in newer playback."),
}
_OLDER: Final[dict[str, Fact]] = {
    "objects_to_annotate": strings("What to annotate.", "S"),
    "with_labels": truth("Ask for a label for each annotation.", "S"),
    "annotation_attributes": keyed("attribute", _ATTRIBUTES, "S"),
    "examples": listed("example", "Examples for labelers.", "S"),
}
_OLDER_SIZES: Final[dict[str, Fact]] = {
    "min_width": fact(["integer", "string"], "Minimum width, in pixels.", "S"),
    "min_height": fact(["integer", "string"], "Minimum height, in pixels.", "S"),
}
_NAMED_FIELDS: Final = fact("object", "Fields to fill in: the description of each, by name.", "S")

OWN: Final[Mapping[str, Parameters]] = {
    "imageannotation": _IMAGE,
    **dict.fromkeys(VIDEO, _VIDEO),
    "segmentannotation": {
        "labels": listed("label", "The classes for the pixels, at most 50."),
        "allow_unlabeled": truth("Pixels may have no class."),
        "annotation_attributes": keyed("attribute", "Questions about labels that have instance_label, by a short key."),
        "instance_labels": strings("An old form of instance_label.", "S"),
    },
    "lidarannotation": {
        "labels": listed("label", "Objects to put cuboids around."),
        "annotation_attributes": keyed("attribute", "Questions about each cuboid, by a short key."),
        "max_distance_meters": number("Ignore objects that are farther away."),
        "meters_per_unit": number("The scale of the point cloud's units.", "S"),
        "pitch_and_roll_enabled": truth("Cuboids may tilt, not only turn."),
        "dependents": mapping(
            "Tasks to create after this one is done.",
            {"defs": listed("dependent", "The tasks."), "require_audit": truth("Wait for the customer's audit first.")},
        ),
    },
    "lidarsegmentation": {
        "labels": listed("label", "The labels: a list of names, or of objects with subchoices."),
        "annotation_attributes": keyed("attribute", "Questions about labels, by a short key.", "A"),
    },
    "lidarlinking": {"annotation_type": string("What is linked, such as imageannotation.")},
    "lidartopdown": {
        "geometries": {"$ref": "#/$defs/geometries"},
        "annotation_attributes": keyed("attribute", _ATTRIBUTES, "A"),
    },
    "sensorfusion": {
        "annotation_definition": fact("array", "What to annotate."),
        "scene_format": string("How the scene is written.", enum=["sensor_fusion"]),
        "is_frameless": truth("The scene has no frames."),
    },
    "textcollection": {
        "fields": listed("field", "The form that labelers fill in."),
        "title": string("The heading of the task."),
        "description": string("The text of the task."),
        "responses_required": whole("How many labelers answer each task (at most 100)."),
    },
    "namedentityrecognition": {
        "labels": listed("entity", "The kinds of entities."),
        "relationships": listed("relationship", "Links between entities."),
        "global_attributes": keyed("attribute", "Questions asked once about the text: category, text, or number."),
    },
    "documenttranscription": {
        "features": listed("feature", "What to find.", "S"),
        "fields": listed("document_field", "Questions about the document."),
        "linking_rules": mapping(
            "Which annotations may be linked.", {"labels": fact("array", "Pairs of labels: [[from, to], …].")}
        ),
        "geometry": string("How areas are drawn.", "P", enum=["box", "polygon"]),
        "lang": string("The document's language, such as en-US.", "P"),
    },
    "documentmodel": {},
    "categorization": {
        "taxonomies": keyed("taxonomy", "Questions, by a short key."),
        "categories": strings("An old form: the answers to choose from."),
        "category_ids": fact("object", "An old form: the answers' ids."),
        "allow_multiple": truth("An old form: several answers may be chosen."),
    },
    "comparison": {"choices": strings("The answers to choose from.", "S"), "fields": _NAMED_FIELDS},
    "transcription": {
        "fields": _NAMED_FIELDS,
        "repeatable_fields": fact("object", "Fields of each row: the description of each, by name.", "S"),
        "row_fields": fact("object", "An old name of repeatable_fields.", "S"),
    },
    "datacollection": {"fields": _NAMED_FIELDS},
    "annotation": {**_OLDER, **_OLDER_SIZES},
    "cuboidannotation": {**_OLDER, **_OLDER_SIZES},
    "polygonannotation": _OLDER,
    "pointannotation": _OLDER,
    "lineannotation": {**_OLDER, "splines": truth("Draw splines.", "S")},
    **{key: {} for key in ("chat", "chatlite", "chatexperimental", "multichat", "multistage")},
}
"""What each task type takes besides COMMON. The list of types is [S], and grows."""

TASK_TYPES: Final = frozenset(OWN)

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("imageannotation", "videoannotation", "videoplaybackannotation", "lidartopdown"), ("geometries",)),
    **dict.fromkeys(WITH_LABELS, ("labels",)),
    "namedentityrecognition": ("labels",),
    "textcollection": ("fields",),
    "sensorfusion": ("annotation_definition", "scene_format", "is_frameless"),
    "categorization": ("taxonomies",),
}
"""What every task needs, from the project or from the task itself."""

PREFERRED: Final[Mapping[str, str]] = {
    **dict.fromkeys(OLDER, "imageannotation"),
    "categorization": "textcollection",
}
"""Types that Scale's documentation replaces with others [D]."""


@cache
def parameters_of(task_type: str) -> Parameters:
    """The known parameters of a type; only the common ones if the type is not known."""
    return {**COMMON, **OWN.get(task_type, {})}
