"""The parameters of each task type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final

from reconciler.tasktypes.facts import Fact, fact, keyed, listed, mapping, number, string, strings, truth, whole

Parameters = Mapping[str, Fact]

COMMON: Final[dict[str, Fact]] = {
    "instruction": string("Guidance for labelers: Markdown, or an iframe of a published document."),
    "callback_url": string("A URL with its scheme, or an e-mail address, that gets each finished task."),
    "attachment_type": string("The kind of media in the tasks, such as image, video, text or json."),
    "metadata": fact("object", "Free data of at most 10 KB. Scale does not use it."),
    "priority": whole("Order inside the project: 10, 20 or 30; higher comes first.", "S", enum=[10, 20, 30]),
    "tags": strings("Tags of the tasks, at most 5, to search by.", maxItems=5),
    "clear_unique_id_on_error": truth("Frees a failed task's unique_id, so that it can be sent again."),
    "urgency": string("An old choice of speed: immediate, day or week.", "S"),
}

_ATTRIBUTES: Final = keyed("attribute", "Questions about each annotation, by a short key.")
_IMAGE: Final[dict[str, Fact]] = {
    "geometries": {"$ref": "#/$defs/geometries"},
    "annotation_attributes": _ATTRIBUTES,
    "links": fact(
        ["object", "array"],
        "Which annotations may be linked, by the link's name.",
        additionalProperties={"$ref": "#/$defs/link"},
    ),
    "padding": whole("Room around the image to draw in, in pixels."),
    "paddingX": whole("The same to the sides; it wins over padding.", "S"),
    "paddingY": whole("The same above and below; it wins over padding.", "S"),
    "can_add_base_annotations": truth("Labelers may add annotations to those that tasks bring.", "S"),
    "can_edit_base_annotations": truth("Labelers may edit the annotations that tasks bring.", "S"),
    "can_edit_base_annotation_labels": truth("Labelers may change the labels of those.", "S"),
    "can_delete_base_annotations": truth("Labelers may remove those.", "S"),
}
_VIDEO: Final[dict[str, Fact]] = {
    **_IMAGE,
    "events_to_annotate": strings("Events to mark that are not bound to an object."),
    "frame_rate": number("How densely to annotate, in frames a second."),
    "annotation_frame_rate": number("In newer playback, replaces frame_rate."),
    "video_frame_rate": number("In newer playback, the video's own rate."),
}
_LABELS: Final = listed("label", "The labels; a list of names, or of objects with subchoices.")
_OLDER: Final[dict[str, Fact]] = {
    "objects_to_annotate": strings("What to annotate.", "S"),
    "with_labels": truth("Ask for a label of each annotation.", "S"),
    "annotation_attributes": keyed("attribute", "Questions about each annotation, by a short key.", "S"),
    "examples": listed("example", "Examples for labelers.", "S"),
}
_OLDER_SIZES: Final[dict[str, Fact]] = {
    "min_width": fact(["integer", "string"], "Width in pixels of the smallest one wanted.", "S"),
    "min_height": fact(["integer", "string"], "Height in pixels of the smallest one wanted.", "S"),
}
_NAMED_FIELDS: Final = fact("object", "Fields to fill in: name to description.", "S")

OWN: Final[Mapping[str, Parameters]] = {
    "imageannotation": _IMAGE,
    **dict.fromkeys(
        (
            "videoannotation",
            "videoplaybackannotation",
            "videoboxannotation",
            "videocuboidannotation",
            "laneannotation",
            "federal2dvideoannotation",
        ),
        _VIDEO,
    ),
    "segmentannotation": {
        "labels": listed("label", "The classes for the pixels, at most 50.", maxItems=50),
        "allow_unlabeled": truth("Pixels may stay without a class."),
        "annotation_attributes": keyed("attribute", "Questions about labels that have instance_label, by a short key."),
        "instance_labels": strings("An old form of instance_label: true.", "S"),
    },
    "lidarannotation": {
        "labels": listed("label", "Objects to put cuboids around."),
        "annotation_attributes": keyed("attribute", "Questions about each cuboid, by a short key."),
        "max_distance_meters": number("Ignore objects that are further away."),
        "meters_per_unit": number("The scale of the point cloud's units.", "S"),
        "pitch_and_roll_enabled": truth("Cuboids may tilt, not only turn."),
        "dependents": mapping(
            "Tasks to make after this one is done.",
            {
                "defs": listed("dependent", "Those tasks."),
                "require_audit": truth("Wait for the customer's audit first."),
            },
            required=["defs"],
        ),
    },
    "lidarsegmentation": {
        "labels": _LABELS,
        "annotation_attributes": keyed("attribute", "Questions about labels, by a short key.", "A"),
    },
    "lidarlinking": {"annotation_type": string("What is linked, such as imageannotation.")},
    "lidartopdown": {
        "geometries": {"$ref": "#/$defs/geometries"},
        "annotation_attributes": keyed("attribute", "Questions about each annotation, by a short key.", "A"),
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
        "responses_required": whole("How many labelers answer each task, at most 100."),
    },
    "namedentityrecognition": {
        "labels": listed("entity", "The kinds of entities."),
        "relationships": listed("relationship", "Links between entities."),
        "global_attributes": keyed("attribute", "Questions asked once about the text: category, text or number."),
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
    "comparison": {
        "choices": strings("The answers to choose from.", "S"),
        "fields": _NAMED_FIELDS,
    },
    "transcription": {
        "fields": _NAMED_FIELDS,
        "repeatable_fields": fact("object", "Fields of each row: name to description.", "S"),
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
    **dict.fromkeys(("segmentannotation", "lidarannotation", "lidarsegmentation"), ("labels",)),
    "namedentityrecognition": ("labels",),
    "textcollection": ("fields",),
    "sensorfusion": ("annotation_definition", "scene_format", "is_frameless"),
    "categorization": ("taxonomies",),
}
"""What every task needs, from the project or from the task itself."""

PREFERRED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("annotation", "polygonannotation", "lineannotation", "pointannotation", "cuboidannotation"), "imageannotation"
    ),
    "categorization": "textcollection",
}
"""Types that Scale's documentation replaces with others [D]."""


@cache
def parameters_of(task_type: str) -> Parameters:
    """The known parameters of a type; only the common ones if the type is not known."""
    return {**COMMON, **OWN.get(task_type, {})}
