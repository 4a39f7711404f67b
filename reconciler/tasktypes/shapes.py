"""Shapes that several parameters share, by the names that `#/definitions/` gives them."""

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
    "max_vertices": fact(["integer", "null"], "Maximum number of vertices. Cannot be less than min_vertices."),
}
_CONDITIONS: Final = {
    "label_condition": mapping(
        "Ask only for these labels. Use labels without subchoices.",
        {"label": fact(["string", "array"], "One label, or a list of them.")},
    ),
    "attribute_conditions": fact(
        "array",
        "Ask only after certain answers. Each item maps an attribute's key to a value or a list of values.",
        items={"type": "object"},
    ),
    "is_global": truth("Whether to ask once about the whole scene (images) or about an event (video)."),
}


def _shape(text: str, **keys: Fact) -> Fact:
    labels = "The labels to draw this shape for: a list of names, or of objects with subchoices."
    return mapping(text, {"objects_to_annotate": listed("label", labels), **keys})


SHAPES: Final[dict[str, Fact]] = {
    "label": fact(
        ["string", "object"],
        "A label: its name, or an object.",
        properties={
            "choice": string("The name of the label in answers and conditions. Scale recommends a singular noun."),
            "subchoices": listed(
                "label", "The labels below this one, which make it a heading that cannot be selected."
            ),
            "display": string("The text that labelers see instead of the choice. Answers and conditions ignore it."),
            "instance_label": truth("Whether each instance gets a mask of its own. Only for segmentation."),
        },
    ),
    "attribute": mapping(
        "One question about an annotation.",
        {
            "type": string("The type of answer. The default is category.", enum=_ATTRIBUTE_TYPES),
            "description": string("The question that labelers see."),
            "choices": listed("label", "The answers to choose from. Only for type category."),
            "allow_multiple": truth("Whether labelers can choose several answers. Only for type category."),
            "min": number("The smallest allowed answer. Only for type number."),
            "max": number("The largest allowed answer. Only for type number."),
            "step": number("The step between answers. Only for type number. The default is 1."),
            "allowed_labels": strings("The labels that a link can point to, without subchoices. Only for type linked."),
            "required": truth("Whether a link is required. Only for type linked, and not in 3D task types."),
            "global": truth("Whether the answer applies to a whole track. Only in video and lidar task types."),
            "conditions": mapping("The conditions for asking the question.", _CONDITIONS),
        },
    ),
    "link": mapping(
        "The annotations that can be linked to each other.",
        {
            "is_bidirectional": truth("Whether the link goes both ways."),
            "from_allowed_labels": strings("The labels that a link can start from. Use labels without subchoices."),
            "to_allowed_labels": strings("The labels that a link can point to. Use labels without subchoices."),
        },
    ),
    "connection": mapping(
        "A line between two keypoints, as a visual aid only.",
        {
            "pair": strings("The labels of the two connected points."),
            "connection_attribute": string("The key of a linked attribute."),
        },
    ),
    "geometries": mapping(
        "The shapes that labelers draw, and the labels for each. At least one shape is required.",
        {
            "box": _shape(
                "Boxes.",
                **_SMALLEST,
                can_rotate=truth("Whether labelers can rotate boxes."),
                integer_pixels=truth("Whether coordinates are whole numbers. Has no effect on rotated boxes."),
            ),
            "polygon": _shape("Polygons.", **_VERTICES),
            "line": _shape("Lines.", **_VERTICES),
            "point": _shape(
                "Points.", connections=listed("connection", "Lines between keypoints, as a visual aid only.")
            ),
            "cuboid": _shape(
                "Cuboids. The three camera keys work only together, and only for one fixed camera.",
                **_SMALLEST,
                camera_intrinsics=mapping(
                    "The focal lengths and center of the camera, in pixels. With these, answers are in 3D.",
                    {
                        "fx": number("The horizontal focal length of the camera, in pixels."),
                        "fy": number("The vertical focal length of the camera, in pixels."),
                        "cx": number("The x coordinate of the image center (principal point), in pixels."),
                        "cy": number("The y coordinate of the image center (principal point), in pixels."),
                        "skew": number("The skew coefficient of the camera."),
                        "scalefactor": number("The scale factor of the camera."),
                    },
                ),
                camera_rotation_quaternion=mapping(
                    "The rotation of the camera, as a quaternion.",
                    {key: number(f"The {key} component of the quaternion.") for key in ("w", "x", "y", "z")},
                ),
                camera_height=number("The height of the camera above the ground, in meters."),
            ),
            "ellipse": _shape("Ellipses."),
        },
    ),
    "field": mapping(
        "One field of the form that labelers fill in.",
        {
            "type": string("The type of field.", enum=_FIELD_TYPES),
            "field_id": string("The key of the answer, unique in the project. Keep it stable."),
            "title": string("A short label, not empty."),
            "description": string("Help text for the field."),
            "hint": string("The text of the tooltip."),
            "required": truth("Whether an answer is required."),
            "min_responses_required": whole("Minimum number of separate answers, at least 1."),
            "max_responses_required": whole("Maximum number of separate answers, at most 100."),
            "conditions": fact(
                ["array", "object"],
                "Show the field only after certain answers (beta). A list means OR, an object means AND.",
            ),
            "choices": listed("field_choice", "The answers to choose from. Only for type category."),
            "min_choices": whole("Minimum number of choices in an answer. Only for type category."),
            "max_choices": whole(
                "Maximum number of choices in an answer. Only for type category. More than 1 shows checkboxes."
            ),
            "min": number("The smallest allowed number.", "P"),
            "max": number("The largest allowed number.", "P"),
            "step": number("The step between numbers.", "P"),
            "max_characters": whole("The maximum length of the text.", "P"),
            "fields": listed("field", "The fields of a form, or of a field_set, which has at least 2."),
            "inline": truth(
                "Whether to show a field_set on one line. It can have at most 2 fields, of type text or number."
            ),
        },
    ),
    "field_choice": mapping(
        "One answer to choose from. Its keys are label and value, not display and choice.",
        {
            "label": string("The text that labelers see."),
            "value": fact(["string", "number", "boolean"], "The value stored in the answer."),
            "hint": string("The text of the tooltip."),
            "subchoices": listed("field_choice", "The answers below this one, which make it a heading."),
        },
    ),
    "entity": fact(
        ["object", "string"],
        "A kind of entity, identified by name instead of choice.",
        "S",
        properties={
            "name": string("The name of the entity in answers.", "S"),
            "display_name": string("The text that labelers see.", "P"),
            "description": string("A description of the entity.", "S"),
            "children": listed("entity", "The kinds of entities below this one.", "P"),
            "attributes": keyed("attribute", "The questions about the entity, by short name."),
        },
    ),
    "relationship": mapping(
        "A link between two entities. Name either all relationships or none.",
        {
            "name": string("The name of the relationship in answers."),
            "display_name": string("The text that labelers see."),
            "is_directed": truth("Whether the relationship has a direction."),
            "source_label": string("The entity that the relationship starts from. Its children can also be used."),
            "target_label": string("The entity that the relationship points to. Its children can also be used."),
        },
    ),
    "feature": mapping(
        "A text, block, or group feature to find in a document.",
        {
            "type": string("The type of feature.", "S", enum=["text", "block", "group"]),
            "label": string("The label of the feature. Only for types text and block.", "P"),
            "title": string("The title of the feature. Only for type group.", "P"),
            "flags": strings("Roles of the feature: line, key, value, thead, tbody, date, money, or checkbox."),
        },
        "S",
    ),
    "document_field": mapping(
        "A question about a document.",
        {
            "type": string("The type of field."),
            "field_id": string("The key of the answer."),
            "title": string("A short label."),
            "options": fact("array", "The answers to choose from, each as {title, value}. Only for type select."),
            "required": truth("Whether an answer is required."),
            "per_page": truth("Whether the question is asked for each page."),
            "conditions": fact("array", "Show the field only after certain answers: a list of {field_id: [values]}."),
        },
    ),
    "taxonomy": mapping(
        "A question.",
        {
            "type": string("The type of answer.", "P", enum=["category", "number"]),
            "description": string("The question that labelers see.", "P"),
            "choices": strings("The answers to choose from.", "P"),
            "allow_multiple": truth("Whether labelers can choose several answers.", "P"),
            "min": number("The smallest allowed answer.", "P"),
            "max": number("The largest allowed answer.", "P"),
            "step": number("The step between answers.", "P"),
        },
    ),
    "dependent": mapping(
        "A task to create after this one.",
        {
            "type": string(
                "The type of task: lidarlinking or lidarsegmentation.", enum=["lidarlinking", "lidarsegmentation"]
            ),
            "annotation_type": string("The type of annotation to link. Only for lidarlinking."),
            "instruction": string("Guidance for labelers."),
            "callback_url": string("A URL or an email address that receives the finished task."),
        },
    ),
    "example": mapping(
        "An example for labelers.",
        {
            "correct": truth("Whether the example shows a correct annotation.", "S"),
            "image": string("The URL of an image.", "S"),
            "explanation": string("An explanation of the example.", "S"),
        },
        "S",
    ),
}
