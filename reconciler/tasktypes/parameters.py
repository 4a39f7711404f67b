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
    "priority": whole(
        "The priority within the project: 10, 20, or 30. Higher values come first.", "S", enum=[10, 20, 30]
    ),
    "tags": strings("Tags for finding the tasks, at most 5."),
    "clear_unique_id_on_error": truth(
        "Whether the unique_id of a failed task can be used again, to send the task once more."
    ),
    "urgency": string("An older setting for when the tasks are due: immediate, day, or week.", "S"),
}

_ATTRIBUTES: Final = "The questions about each annotation, by short name."
_IMAGE: Final[dict[str, Fact]] = {
    "geometries": {"$ref": "#/definitions/geometries"},
    "annotation_attributes": keyed("attribute", _ATTRIBUTES),
    "links": fact(
        ["object", "array"],
        "The annotations that can be linked, by the name of the link.",
        additionalProperties={"$ref": "#/definitions/link"},
    ),
    "padding": whole("Extra space around the image for drawing, in pixels."),
    "paddingX": whole("Padding on the left and right, in pixels. Overrides padding.", "S"),
    "paddingY": whole("Padding above and below, in pixels. Overrides padding.", "S"),
    "can_add_base_annotations": truth("Whether labelers can add to a task's existing annotations.", "S"),
    "can_edit_base_annotations": truth("Whether labelers can edit a task's existing annotations.", "S"),
    "can_edit_base_annotation_labels": truth("Whether labelers can relabel a task's existing annotations.", "S"),
    "can_delete_base_annotations": truth("Whether labelers can remove a task's existing annotations.", "S"),
}
_VIDEO: Final[dict[str, Fact]] = {
    **_IMAGE,
    "events_to_annotate": strings("Events to mark that are not tied to an object."),
    "frame_rate": number("The number of frames to annotate per second of video."),
    "annotation_frame_rate": number("Replaces frame_rate in newer video playback."),
    "video_frame_rate": number("The frame rate of the video itself, in newer video playback."),
}
_OLDER: Final[dict[str, Fact]] = {
    "objects_to_annotate": strings("The objects to annotate.", "S"),
    "with_labels": truth("Whether labelers choose a label for each annotation.", "S"),
    "annotation_attributes": keyed("attribute", _ATTRIBUTES, "S"),
    "examples": listed("example", "Examples for labelers.", "S"),
}
_OLDER_SIZES: Final[dict[str, Fact]] = {
    "min_width": fact(["integer", "string"], "Minimum width, in pixels.", "S"),
    "min_height": fact(["integer", "string"], "Minimum height, in pixels.", "S"),
}
_NAMED_FIELDS: Final = fact(
    "object", "The fields to fill in. Each key is a name, and each value is a description.", "S"
)

OWN: Final[Mapping[str, Parameters]] = {
    "imageannotation": _IMAGE,
    **dict.fromkeys(VIDEO, _VIDEO),
    "segmentannotation": {
        "labels": listed("label", "The classes that pixels can have, at most 50."),
        "allow_unlabeled": truth("Whether pixels can be left without a class."),
        "annotation_attributes": keyed(
            "attribute", "The questions about labels that have instance_label, by short name."
        ),
        "instance_labels": strings("Older alternative to instance_label.", "S"),
    },
    "lidarannotation": {
        "labels": listed("label", "The objects to put cuboids around."),
        "annotation_attributes": keyed("attribute", "The questions about each cuboid, by short name."),
        "max_distance_meters": number("The distance beyond which objects are ignored, in meters."),
        "meters_per_unit": number("The length of one point cloud unit, in meters.", "S"),
        "pitch_and_roll_enabled": truth("Whether cuboids can pitch and roll as well as turn."),
        "dependents": mapping(
            "Tasks that Scale creates after this one is done.",
            {
                "defs": listed("dependent", "The tasks to create."),
                "require_audit": truth("Whether Scale waits for the customer's audit before it creates the tasks."),
            },
        ),
    },
    "lidarsegmentation": {
        "labels": listed("label", "The labels: a list of names, or of objects with subchoices."),
        "annotation_attributes": keyed("attribute", "The questions about labels, by short name.", "A"),
    },
    "lidarlinking": {"annotation_type": string("The type of annotation to link, such as imageannotation.")},
    "lidartopdown": {
        "geometries": {"$ref": "#/definitions/geometries"},
        "annotation_attributes": keyed("attribute", _ATTRIBUTES, "A"),
    },
    "sensorfusion": {
        "annotation_definition": fact("array", "The objects to annotate."),
        "scene_format": string("The format of the scene.", enum=["sensor_fusion"]),
        "is_frameless": truth("Whether the scene has no frames."),
    },
    "textcollection": {
        "fields": listed("field", "The form that labelers fill in."),
        "title": string("The heading of the task."),
        "description": string("The text of the task."),
        "responses_required": whole("The number of labelers who answer each task, at most 100."),
    },
    "namedentityrecognition": {
        "labels": listed("entity", "The kinds of entities."),
        "relationships": listed("relationship", "Links between entities."),
        "global_attributes": keyed(
            "attribute", "Questions to ask once about the whole text, of type category, text, or number."
        ),
    },
    "documenttranscription": {
        "features": listed("feature", "The features to find.", "S"),
        "fields": listed("document_field", "Questions about the document."),
        "linking_rules": mapping(
            "The annotations that can be linked.", {"labels": fact("array", "Pairs of labels: [[from, to], …].")}
        ),
        "geometry": string("The shape that marks an area.", "P", enum=["box", "polygon"]),
        "lang": string("The language of the document, such as en-US.", "P"),
    },
    "documentmodel": {},
    "categorization": {
        "taxonomies": keyed("taxonomy", "The questions, by short name."),
        "categories": strings("Older alternative to taxonomies: the answers to choose from."),
        "category_ids": fact("object", "Older alternative to taxonomies: the IDs of the answers."),
        "allow_multiple": truth("Older alternative to taxonomies: whether labelers can choose several answers."),
    },
    "comparison": {"choices": strings("The answers to choose from.", "S"), "fields": _NAMED_FIELDS},
    "transcription": {
        "fields": _NAMED_FIELDS,
        "repeatable_fields": fact(
            "object", "The fields of each row. Each key is a name, and each value is a description.", "S"
        ),
        "row_fields": fact("object", "An older name for repeatable_fields.", "S"),
    },
    "datacollection": {"fields": _NAMED_FIELDS},
    "annotation": {**_OLDER, **_OLDER_SIZES},
    "cuboidannotation": {**_OLDER, **_OLDER_SIZES},
    "polygonannotation": _OLDER,
    "pointannotation": _OLDER,
    "lineannotation": {**_OLDER, "splines": truth("Whether to draw splines.", "S")},
    **{key: {} for key in ("chat", "chatlite", "chatexperimental", "multichat", "multistage")},
}
"""The parameters of each task type in addition to COMMON. The list of types is [S], and grows."""

TASK_TYPES: Final = frozenset(OWN)

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("imageannotation", "videoannotation", "videoplaybackannotation", "lidartopdown"), ("geometries",)),
    **dict.fromkeys(WITH_LABELS, ("labels",)),
    "namedentityrecognition": ("labels",),
    "textcollection": ("fields",),
    "sensorfusion": ("annotation_definition", "scene_format", "is_frameless"),
    "categorization": ("taxonomies",),
}
"""The parameters that every task needs, from the project or from the task itself."""

PREFERRED: Final[Mapping[str, str]] = {
    **dict.fromkeys(OLDER, "imageannotation"),
    "categorization": "textcollection",
}
"""Types that Scale's documentation replaces with others [D]."""


@cache
def parameters_of(task_type: str) -> Parameters:
    """The known parameters of a type; only the common ones if the type is unknown."""
    return {**COMMON, **OWN.get(task_type, {})}
