"""Names of parameters with a special meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

PER_TASK: Final = frozenset(
    """
    attachment attachments context_attachments text unique_id project batch project_version hypothesis base_annotations
    layers lidar_task lidar_task_frames template_variables initial_response expected_response
    """.split()  # noqa: SIM905
)
"""Parameters of a single task (an assumption, from their names)."""

OTHERS: Final = frozenset(
    """
    can_add_annotations can_delete_annotations can_edit_annotations can_edit_annotation_labels
    can_edit_annotation_positions can_edit_base_annotation_attributes can_edit_base_annotation_positions
    can_remove_base_annotations default_geometry label_descriptions skip_labels speakers z_order_labels
    sticky_attachments merge_newlines read_only_field_ids preserve_trailing_punctuation allow_overlapping_annotations
    with_labels min_width min_height examples allow_multiple splines min_annotations max_annotations
    allow_parent_labels
    """.split()  # noqa: SIM905
)
"""Names that are not typos: their values are unknown [P], or the server was seen to add them itself [S, P]."""

SLIPS_OF_THE_DOCUMENTATION: Final[Mapping[str, str]] = {
    "max_vertives": "max_vertices",
    "scale_factor": "scalefactor",
    "field_Set": "field_set",
}
"""Misspellings in the samples of Scale's documentation, each with the correct name."""

LIKELY_SLIPS: Final[Mapping[str, str]] = {
    "padding_x": "paddingX",
    "padding_y": "paddingY",
    "objectsToAnnotate": "objects_to_annotate",
    "boxes": "geometries.box",
    "polygons": "geometries.polygon",
    "attributes": "annotation_attributes",
    "fps": "frame_rate",
    "events": "events_to_annotate",
    "response_required": "responses_required",
}
"""Likely mistakes at the top of params, each with the correct name (assumptions; the last is in third-party code)."""
