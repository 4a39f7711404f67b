"""Shapes that several parameters share, by the names that `#/$defs/` gives them."""

from __future__ import annotations

from typing import Final

from reconciler.tasktypes.facts import Fact, fact, keyed, listed, mapping, number, string, strings, truth, whole

_ATTRIBUTE_TYPES: Final = ["category", "number", "angle", "text", "x_line", "y_line", "linked"]
_FIELD_TYPES: Final = ["text", "boolean", "number", "datetime", "time_range", "select", "category", "field_set", "form"]
_SMALLEST: Final = {
    "min_width": whole("Minimum width, in pixels."),
    "min_height": whole("Minimum height, in pixels."),
}
_VERTICES: Final = {
    "min_vertices": whole("Minimum number of vertices."),
    "max_vertices": fact(["integer", "null"], "Maximum number of vertices. Not below min_vertices."),
}
_CONDITIONS: Final = {
    "label_condition": mapping(
        "Ask only for these labels. Only leaves can be named: labels without subchoices.",
        {"label": fact(["string", "array"], "One label, or a list of them.")},
    ),
    "attribute_conditions": fact(
        "array",
        "Ask only after these other answers: each item maps an attribute's key to a value or a list of values.",
        items={"type": "object"},
    ),
    "is_global": truth("Ask once about the whole scene (images) or about an event (video)."),
}


def _shape(text: str, **keys: Fact) -> Fact:
    labels = "The labels to draw this shape for: a list of names, or of objects with subchoices."
    return mapping(text, {"objects_to_annotate": listed("label", labels), **keys})


SHAPES: Final[dict[str, Fact]] = {
    "label": fact(
        ["string", "object"],
        "A label: its name, or an object.",
        properties={
            "choice": string("The label's identity, in answers and in conditions. Scale advises a singular noun."),
            "subchoices": listed("label", "Labels below it. They make it a heading, which cannot be selected."),
            "display": string("What labelers see instead of the choice. Answers and conditions ignore it."),
            "instance_label": truth("One mask for each instance. Only in segmentation."),
        },
    ),
    "attribute": mapping(
        "One question about an annotation.",
        {
            "type": string("The kind of answer. category if it is left out.", enum=_ATTRIBUTE_TYPES),
            "description": string("The question that labelers see."),
            "choices": listed("label", "The answers to choose from (category)."),
            "allow_multiple": truth("Several answers may be chosen (category)."),
            "min": number("The smallest answer (number)."),
            "max": number("The largest answer (number)."),
            "step": number("The step between answers (number). 1 if it is left out."),
            "allowed_labels": strings("The labels that may be linked to (linked): leaves only."),
            "required": truth("A link must be given (linked). Not in 3D types."),
            "global": truth("One value for a whole track. Only in video and lidar types."),
            "conditions": mapping("When the question is asked.", _CONDITIONS),
        },
    ),
    "link": mapping(
        "Which annotations may be linked to each other.",
        {
            "is_bidirectional": truth("The link goes both ways."),
            "from_allowed_labels": strings("The labels that a link may start at: leaves only."),
            "to_allowed_labels": strings("The labels that a link may lead to: leaves only."),
        },
    ),
    "connection": mapping(
        "A line between two keypoints, as a visual aid only.",
        {
            "pair": strings("The two labels of points that are connected."),
            "connection_attribute": string("The key of a linked attribute."),
        },
    ),
    "geometries": mapping(
        "The shapes that labelers draw, and the labels for each. At least one shape is needed.",
        {
            "box": _shape(
                "Boxes.",
                **_SMALLEST,
                can_rotate=truth("Labelers may rotate boxes."),
                integer_pixels=truth("Whole-number coordinates. No effect on rotated boxes."),
            ),
            "polygon": _shape("Polygons.", **_VERTICES),
            "line": _shape("Lines.", **_VERTICES),
            "point": _shape(
                "Points.", connections=listed("connection", "Lines between keypoints, as a visual aid only.")
            ),
            "cuboid": _shape(
                "Cuboids. The three camera keys work only together, for one fixed camera.",
                **_SMALLEST,
                camera_intrinsics=mapping(
                    "Makes answers 3D: focal lengths and center, in pixels.",
                    {key: number(f"{key} of the camera.") for key in ("fx", "fy", "cx", "cy", "skew", "scalefactor")},
                ),
                camera_rotation_quaternion=mapping(
                    "The camera's rotation in the world.",
                    {key: number(f"{key} of the quaternion.") for key in ("w", "x", "y", "z")},
                ),
                camera_height=number("Height of the camera above ground, in meters."),
            ),
            "ellipse": _shape("Ellipses."),
        },
    ),
    "field": mapping(
        "One field of the form that labelers fill in.",
        {
            "type": string("The kind of field.", enum=_FIELD_TYPES),
            "field_id": string("The key of the answer, unique in the project. Keep it stable."),
            "title": string("A short label, not empty."),
            "description": string("Help text."),
            "hint": string("A tooltip."),
            "required": truth("An answer is needed."),
            "min_responses_required": whole("Minimum number of separate answers, at least 1."),
            "max_responses_required": whole("Maximum number of separate answers, at most 100."),
            "conditions": fact(
                ["array", "object"], "Show it only after other answers (beta): a list is OR, an object AND."
            ),
            "choices": listed("field_choice", "The answers to choose from (category)."),
            "min_choices": whole("Minimum number of answers (category)."),
            "max_choices": whole("Maximum number of answers (category). More than 1 shows checkboxes."),
            "min": number("The smallest number.", "P"),
            "max": number("The largest number.", "P"),
            "step": number("The step between numbers.", "P"),
            "max_characters": whole("The maximum length of the text.", "P"),
            "fields": listed("field", "The fields of a field_set (at least 2) or a form."),
            "inline": truth("A field_set on one line: at most 2 fields, text or number."),
        },
    ),
    "field_choice": mapping(
        "An answer of a field. Its keys are label and value, while those of a label are display and choice.",
        {
            "label": string("What labelers see."),
            "value": fact(["string", "number", "boolean"], "What the answer holds."),
            "hint": string("A tooltip."),
            "subchoices": listed("field_choice", "Answers below it. They make it a heading."),
        },
    ),
    "entity": fact(
        ["object", "string"],
        "A kind of entity. Its key is name, not choice.",
        "S",
        properties={
            "name": string("The label's identity.", "S"),
            "display_name": string("What labelers see.", "P"),
            "description": string("What it is.", "S"),
            "children": listed("entity", "Kinds below it.", "P"),
            "attributes": keyed("attribute", "Questions about an entity."),
        },
    ),
    "relationship": mapping(
        "A link between two entities. Either all links have a name, or none has.",
        {
            "name": string("The relationship's identity."),
            "display_name": string("What labelers see."),
            "is_directed": truth("It has a direction."),
            "source_label": string("The entity that it starts at, or one of its children."),
            "target_label": string("The entity that it leads to, or one of its children."),
        },
    ),
    "feature": mapping(
        "What to find in a document.",
        {
            "type": string("The kind of feature.", "S", enum=["text", "block", "group"]),
            "label": string("The name of a text or block.", "P"),
            "title": string("The name of a group.", "P"),
            "flags": strings("What it is part of: line, key, value, thead, tbody, date, money, checkbox."),
        },
        "S",
    ),
    "document_field": mapping(
        "A question about a document.",
        {
            "type": string("The kind of field."),
            "field_id": string("The key of the answer."),
            "title": string("A short label."),
            "options": fact("array", "Answers to choose from, each {title, value}. Only for type select."),
            "required": truth("An answer is needed."),
            "per_page": truth("Asked for each page."),
            "conditions": fact("array", "Show it only after other answers: a list of {field_id: [values]}."),
        },
    ),
    "taxonomy": mapping(
        "One question.",
        {
            "type": string("The kind of answer.", "P", enum=["category", "number"]),
            "description": string("The question that labelers see.", "P"),
            "choices": strings("The answers to choose from.", "P"),
            "allow_multiple": truth("Several answers may be chosen.", "P"),
            "min": number("The smallest answer.", "P"),
            "max": number("The largest answer.", "P"),
            "step": number("The step between answers.", "P"),
        },
    ),
    "dependent": mapping(
        "A task to create after this one.",
        {
            "type": string("lidarlinking or lidarsegmentation.", enum=["lidarlinking", "lidarsegmentation"]),
            "annotation_type": string("What is linked (lidarlinking)."),
            "instruction": string("Guidance for labelers."),
            "callback_url": string("A URL or an email address that receives the finished task."),
        },
    ),
    "example": mapping(
        "An example for labelers.",
        {
            "correct": truth("Whether it shows how to do it.", "S"),
            "image": string("The address of a picture.", "S"),
            "explanation": string("What it shows.", "S"),
        },
        "S",
    ),
}
