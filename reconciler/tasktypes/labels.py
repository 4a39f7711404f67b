"""The paths of each task type's labels, and the types that are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.frozen import dataclass

IMAGE: Final = frozenset({"imageannotation"})
VIDEO: Final = frozenset(
    {
        "videoannotation",
        "videoplaybackannotation",
        "videoboxannotation",
        "videocuboidannotation",
        "laneannotation",
        "federal2dvideoannotation",
    }
)
LIDAR: Final = frozenset({"lidarannotation", "lidarsegmentation", "lidartopdown"})
WITH_LABELS: Final = ("segmentannotation", "lidarannotation", "lidarsegmentation")
"""Types with a list `labels` of objects or pixels to annotate."""
OLDER: Final = ("annotation", "polygonannotation", "lineannotation", "pointannotation", "cuboidannotation")
"""The types that `imageannotation` replaces [D]."""
ANSWERS: Final = frozenset({"textcollection", "comparison"})
"""Types whose labels are answers, not objects (an assumption). They are compared with the ontology only on request."""


@dataclass(frozen=True, slots=True)
class LabelList:
    """A list of labels at a dotted path below `params`, in which `{}` is any key and `[]` any index.

    `name` and `below` are the keys of a label's name and of the labels below it. `texts` is whether a label may be a
    string.
    """

    path: str
    name: str = "choice"
    below: str = "subchoices"
    texts: bool = True


LABELS: Final[Mapping[str, tuple[LabelList, ...]]] = {
    **dict.fromkeys((*IMAGE, *VIDEO, "lidartopdown"), (LabelList("geometries.{}.objects_to_annotate"),)),
    **dict.fromkeys(WITH_LABELS, (LabelList("labels"),)),
    **dict.fromkeys(OLDER, (LabelList("objects_to_annotate"),)),
    "namedentityrecognition": (LabelList("labels", "name", "children"),),
    "documenttranscription": (LabelList("features", "label", "", texts=False),),
    "categorization": (LabelList("taxonomies.{}.choices"), LabelList("categories")),
    "textcollection": (LabelList("fields.[].choices", "value"),),
    "comparison": (LabelList("choices"),),
}
"""The lists of labels of each type that has labels [D]."""
