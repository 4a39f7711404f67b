"""Shapes that several parameters share, by the names that `#/$defs/` gives them."""

from __future__ import annotations

from typing import Final

from reconciler.tasktypes.facts import Fact, fact, keyed, listed, mapping, number, string, strings, truth, whole

ATTRIBUTE_TYPES: Final = ("category", "number", "angle", "text", "x_line", "y_line", "linked")
GEOMETRIES: Final = ("box", "polygon", "line", "point", "cuboid", "ellipse")
FIELD_TYPES: Final = (
    "text", "boolean", "number", "datetime", "time_range", "select", "category", "field_set", "form",
)  # fmt: skip

_LABELS: Final = "Which labels this shape is drawn for; a list of names, or of objects with subchoices."
_PIXELS_WIDE: Final = "Width in pixels of the smallest one wanted."
_PIXELS_HIGH: Final = "Height in pixels of the smallest one wanted."
_CONDITIONS: Final = {
    "label_condition": mapping(
        "Ask only for these labels. It names leaves: labels without subchoices.",
        {"label": fact(["string", "array"], "One label, or a list of them.")},
    ),
    "attribute_conditions": fact(
        "array",
        "Ask only after these other answers: each item maps an attribute's key to a value or a list of values.",
        items={"type": "object"},
    ),
    "is_global": truth("Asks once about the whole scene (images) or about an event (video)."),
}

SHAPES: Final[dict[str, Fact]] = {
    "label": fact(
        ["string", "object"],
        "A label: its name, or an object.",
        properties={
            "choice": string("The label's identity, in answers and in conditions. A singular noun is advised."),
            "subchoices": listed("label", "Labels below it. It becomes a heading then, and cannot be selected."),
            "display": string("What labelers see instead of the choice. Answers and conditions ignore it."),
            "instance_label": truth("Segmentation only: one mask for each instance."),
        },
        required=["choice"],
    ),
    "attribute": mapping(
        "One question about an annotation.",
        {
            "type": string("The kind of answer; category where it is left out.", enum=list(ATTRIBUTE_TYPES)),
            "description": string("The question that labelers see."),
            "choices": listed("label", "The answers to choose from (category)."),
            "allow_multiple": truth("Several answers may be chosen (category)."),
            "min": number("The smallest answer (number)."),
            "max": number("The largest answer (number)."),
            "step": number("The step between answers (number); 1 where it is left out."),
            "allowed_labels": strings("The labels that may be linked to (linked). It names leaves."),
            "required": truth("A link must be given (linked); not in 3D types."),
            "global": truth("One value for a whole track; only in video and lidar types."),
            "conditions": mapping("When the question is asked.", _CONDITIONS),
        },
        required=["description"],
    ),
    "link": mapping(
        "Which annotations may be linked to which.",
        {
            "is_bidirectional": truth("The link goes both ways."),
            "from_allowed_labels": strings("The labels that a link may start at. It names leaves."),
            "to_allowed_labels": strings("The labels that a link may lead to. It names leaves."),
        },
    ),
    "connection": mapping(
        "A line between two keypoints, for the eye.",
        {
            "pair": strings("The two labels of points that are connected."),
            "connection_attribute": string("The key of a linked attribute."),
        },
        required=["pair"],
    ),
    "geometries": mapping(
        "The shapes that labelers draw, and the labels for each; at least one.",
        {
            "box": mapping(
                "Boxes.",
                {
                    "objects_to_annotate": listed("label", _LABELS),
                    "min_width": whole(_PIXELS_WIDE, default=0),
                    "min_height": whole(_PIXELS_HIGH, default=0),
                    "can_rotate": truth("Labelers may rotate boxes.", default=False),
                    "integer_pixels": truth("Whole-number coordinates; no effect on rotated boxes.", default=False),
                },
            ),
            "polygon": mapping(
                "Polygons.",
                {
                    "objects_to_annotate": listed("label", _LABELS),
                    "min_vertices": whole("Fewest vertices.", default=1),
                    "max_vertices": fact(["integer", "null"], "Most vertices; not below min_vertices."),
                },
            ),
            "line": mapping(
                "Lines.",
                {
                    "objects_to_annotate": listed("label", _LABELS),
                    "min_vertices": whole("Fewest vertices.", default=1),
                    "max_vertices": fact(["integer", "null"], "Most vertices; not below min_vertices."),
                },
            ),
            "point": mapping(
                "Points.",
                {
                    "objects_to_annotate": listed("label", _LABELS),
                    "connections": listed("connection", "Lines between keypoints, for the eye."),
                },
            ),
            "cuboid": mapping(
                "Cuboids. The three camera keys work only together, for one fixed camera.",
                {
                    "objects_to_annotate": listed("label", _LABELS),
                    "min_width": whole(_PIXELS_WIDE, default=0),
                    "min_height": whole(_PIXELS_HIGH, default=0),
                    "camera_intrinsics": mapping(
                        "Makes answers 3D: focal lengths and centre in pixels.",
                        {
                            key: number(f"{key} of the camera.")
                            for key in ("fx", "fy", "cx", "cy", "skew", "scalefactor")
                        },
                    ),
                    "camera_rotation_quaternion": mapping(
                        "The camera's rotation in the world.",
                        {key: number(f"{key} of the quaternion.") for key in ("w", "x", "y", "z")},
                    ),
                    "camera_height": number("Height of the camera above ground, in metres."),
                },
            ),
            "ellipse": mapping("Ellipses.", {"objects_to_annotate": listed("label", _LABELS)}),
        },
    ),
    "field": mapping(
        "One field of the form that labelers fill in.",
        {
            "type": string("The kind of field.", enum=list(FIELD_TYPES)),
            "field_id": string("The key of the answer, unique in the project. Keep it stable."),
            "title": string("A short label, not empty."),
            "description": string("Help text."),
            "hint": string("A tooltip."),
            "required": truth("An answer is needed.", default=False),
            "min_responses_required": whole("Fewest separate answers, 1 at least.", default=1),
            "max_responses_required": whole("Most separate answers, 100 at most.", default=1),
            "conditions": fact(
                ["array", "object"], "Show it only after other answers (beta): a list is OR, an object AND."
            ),
            "choices": listed("field_choice", "The answers to choose from (category)."),
            "min_choices": whole("Fewest answers (category).", default=1),
            "max_choices": whole("Most answers (category); more than 1 shows checkboxes.", default=1),
            "min": number("The smallest number.", "P"),
            "max": number("The largest number.", "P"),
            "step": number("The step between numbers.", "P"),
            "max_characters": whole("The longest text.", "P"),
            "fields": listed("field", "The fields of a field_set (2 or more) or form."),
            "inline": truth("A field_set in one line: at most 2 fields, text or number.", default=False),
        },
        required=["type", "field_id", "title"],
    ),
    "field_choice": mapping(
        "An answer of a field. Here it is label and value; in labels it is choice and display.",
        {
            "label": string("What labelers see."),
            "value": fact(["string", "number", "boolean"], "What the answer holds."),
            "hint": string("A tooltip."),
            "subchoices": listed("field_choice", "Answers below it. It becomes a heading then."),
        },
        required=["label", "value"],
    ),
    "entity": fact(
        ["object", "string"],
        "A kind of entity. Here it is name, not choice.",
        "S",
        properties={
            "name": string("The label's identity.", "S"),
            "display_name": string("What labelers see.", "P"),
            "description": string("What it is.", "S"),
            "children": listed("entity", "Kinds below it.", "P"),
            "attributes": keyed("attribute", "Questions about an entity."),
        },
        required=["name"],
    ),
    "relationship": mapping(
        "A link between two entities. All are named, or none is.",
        {
            "name": string("The relationship's identity."),
            "display_name": string("What labelers see."),
            "is_directed": truth("It has a direction.", default=False),
            "source_label": string("The entity it starts at, or one of that one's children."),
            "target_label": string("The entity it leads to, or one of that one's children."),
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
        required=["type"],
    ),
    "document_field": mapping(
        "A question about a document.",
        {
            "type": string("The kind of field."),
            "field_id": string("The key of the answer."),
            "title": string("A short label."),
            "options": fact("array", "Answers to choose from, each {title, value}; only for type select."),
            "required": truth("An answer is needed."),
            "per_page": truth("Asked for each page."),
            "conditions": fact("array", "Show it only after other answers: a list of {field_id: [values]}."),
        },
        required=["field_id"],
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
        "A task to make after this one.",
        {
            "type": string("lidarlinking or lidarsegmentation.", enum=["lidarlinking", "lidarsegmentation"]),
            "annotation_type": string("What is linked (lidarlinking)."),
            "instruction": string("Guidance for labelers."),
            "callback_url": string("Gets the finished task."),
        },
        required=["type"],
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
