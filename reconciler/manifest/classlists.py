"""Class lists as other tools write them: a mapping where an ontology has a list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Final

from reconciler.diagnostics import did_you_mean
from reconciler.keys.faults import Fault
from reconciler.manifest.codes import Code
from reconciler.manifest.located import RawPath
from reconciler.manifest.schema import ONTOLOGY
from reconciler.model.values import Json


def is_class_list(ontology: Mapping[str, Json]) -> bool:
    """Whether a mapping has a key for each choice, as the class lists of other tools do."""
    if not ontology.keys().isdisjoint(ONTOLOGY.by_name) or any(key.startswith("$") for key in ontology):
        return False
    has_choices = any(isinstance(value, list) and did_you_mean(key, ("choices",)) for key, value in ontology.items())
    return len(ontology) > 1 and not has_choices


def class_list(ontology: Mapping[str, Json], path: RawPath) -> Fault:
    """The fault of a class list, with the first choices as they are written here."""
    counted = all(key.isdecimal() for key in ontology)
    lines = []
    for key, value in islice(ontology.items(), 3):
        name = value if counted and isinstance(value, str) else key
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            below = ", ".join(_spelled(each) for each in value[:3] if isinstance(each, str))
            lines.append(f"- {{choice: {_spelled(name)}, subchoices: [{below}{', …' if value[3:] else ''}]}}")
        else:
            lines.append(f"- {_spelled(name)}")
    lines += ["- …"] if len(ontology) > len(lines) else []
    detail = "\n".join(("Write each choice as an item of a list:", *lines))
    summary = "an ontology must be a list of choices, not a mapping"
    return Fault((*path, next(iter(ontology))), summary, detail, code=Code.UNKNOWN_KEY, at_key=True)


def _spelled(name: str) -> str:
    """A name as YAML."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _CONSTANTS else json.dumps(name, ensure_ascii=False)


_PLAIN: Final = re.compile(r"[A-Za-z](?:[\w ()/.-]*[\w)])?")
_CONSTANTS: Final = ("null", "true", "false")
