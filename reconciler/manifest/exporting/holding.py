"""What a manifest cannot hold, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.fieldpath import format_path
from reconciler.manifest.findings import MAX_DEPTH
from reconciler.manifest.located import RawPath
from reconciler.manifest.verdict import check
from reconciler.model.ontology import Unreadable
from reconciler.model.project import LiveProject
from reconciler.model.values import Json

_OVERFLOWED: Final = (float("inf"), float("-inf"))


def why_not(live: LiveProject) -> str | None:
    """Why no manifest can hold a live project, as the end of a sentence; None if one can."""
    if isinstance(live.ontology, Unreadable):
        return f"the ontology on Scale cannot be read: {live.ontology.why}"
    document = {"name": live.name, "type": live.type, "params": dict(live.params)}
    if live.ontology is not None and live.ontology.choices:
        document["ontology"] = live.ontology.spelled
    return _not_yaml(document) or _not_valid(document)


def _not_valid(document: Mapping[str, Json]) -> str | None:
    """Why the schema refuses a document."""
    _, faults = check(document)
    fault = next((fault for fault in faults if fault.severity.value == "error"), None)
    if fault is None:
        return None
    return fault.summary if len(fault.path) == 1 else f"{fault.summary} ({format_path(fault.path)})"


def _not_yaml(document: Mapping[str, Json]) -> str | None:
    """Why no YAML of this tool reads as the document."""
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        text.encode()
        if text.count("{") + text.count("[") <= MAX_DEPTH:
            return None
    except (ValueError, RecursionError):
        pass
    for path, value in _walk(document):
        if isinstance(value, str) and _is_halved(value):
            return f"{format_path(path)} contains half a surrogate pair, which UTF-8 cannot encode"
        if isinstance(value, float) and value in _OVERFLOWED:
            return f"the number in {format_path(path)} is too large"
        if isinstance(value, dict) and any(map(_is_halved, value)):
            return f"a key in {format_path(path)} contains half a surrogate pair, which UTF-8 cannot encode"
        if isinstance(value, dict | list) and len(path) >= MAX_DEPTH:
            return f"{format_path(path[:2])} is nested more than {MAX_DEPTH} levels deep"
    return None


def _walk(value: Json) -> Iterator[tuple[RawPath, Json]]:
    waiting: list[tuple[RawPath, Json]] = [((), value)]
    while waiting:
        path, value = waiting.pop()
        yield path, value
        if isinstance(value, dict):
            waiting += [((*path, key), inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*path, index), value[index]) for index in reversed(range(len(value)))]


def _is_halved(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)
