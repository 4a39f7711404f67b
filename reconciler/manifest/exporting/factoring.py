"""`_defaults.yaml` files with the parameters that all new manifests of a folder share. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from reconciler.manifest.directives import UNSET_KEY
from reconciler.manifest.spelling import LITERAL
from reconciler.model.values import Json, to_json


def factor(documents: Sequence[dict[str, Json]]) -> dict[str, Json]:
    """The parameters that two or more documents all have, with equal values. They are taken out of the documents."""
    params = [document.get("params") for document in documents]
    held = [each for each in params if isinstance(each, dict) and LITERAL not in each]
    if len(held) < 2 or len(held) < len(documents):
        return {}
    shared = reduce(lambda one, other: one & other, (_texts(each) for each in held))
    keys = {key for key, _ in shared}
    found = {key: value for key, value in held[0].items() if key in keys}
    for each in held:
        for key in keys:
            del each[key]
    return found


def _texts(params: Mapping[str, Json]) -> set[tuple[str, str]]:
    """Every parameter as text. One that drops an inherited value stays in its manifest."""
    return {(key, to_json(value)) for key, value in params.items() if value != {UNSET_KEY: True}}
