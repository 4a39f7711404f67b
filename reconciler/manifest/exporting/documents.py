"""The document of a manifest for a live project, below what the manifest inherits. Pure.

Composed with the inherited values, it has exactly the live values. A value that is inherited is left out, one that
differs is overridden, and one that live does not have is dropped with `$unset`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import reduce
from typing import Final

from reconciler.fieldpath import Patterns, as_patterns, parse_pattern
from reconciler.frozen import dataclass
from reconciler.manifest.directives import UNSET_KEY
from reconciler.manifest.layering import Layers
from reconciler.manifest.located import LITERAL
from reconciler.manifest.schema import PIPELINES
from reconciler.manifest.spelling import literal
from reconciler.model.ontology import texts_in
from reconciler.model.project import LiveProject
from reconciler.model.values import Json, to_json

_SENSITIVE: Final = "sensitive: do not store this value in git"
_RENAMES: Final = ("reconcile", "renames")
_UNSET: Final[Json] = {UNSET_KEY: True}


@dataclass(frozen=True, slots=True)
class Subject:
    """A live project to write a manifest for.

    `live` has no sensitive values; `left_out` are the patterns of those that it had. `folder` is the folder of the
    manifest, relative to the manifest folder and empty for that itself, and `inherited` is what it inherits there.
    `manifest` is the path of the manifest that is replaced, None for a new one.
    """

    live: LiveProject
    folder: str = ""
    left_out: tuple[str, ...] = ()
    inherited: Layers = field(default_factory=Layers)
    manifest: str | None = None


Spell = Callable[[str], Json]
"""How a text is written: itself, or a `$file`."""


def document_of(subject: Subject, spell: Spell, ontology: Json | None) -> dict[str, Json]:
    """The document. `ontology` is how the project's ontology is written, None if it has none."""
    live, slots = subject.live, subject.inherited.slots
    document: dict[str, Json] = {"name": live.name}
    if ("type",) not in slots or slots[("type",)][0] != live.type:
        document["type"] = live.type
    document |= _pipeline(live, subject.inherited)
    if "params" not in subject.left_out:
        document["params"] = _params(subject, spell)
    if ontology is not None:
        document["ontology"] = ontology
    if reconcile := dict(_reconcile(subject)):
        document["reconcile"] = reconcile
    return document


def _pipeline(live: LiveProject, inherited: Layers) -> dict[str, Json]:
    """The pipeline. The API may show none, or one that no manifest can ask for."""
    above = inherited.slots.get(("pipeline",), (None, None))[0]
    if live.pipeline in (None, above):
        return {}
    if live.pipeline in PIPELINES:
        return {"pipeline": live.pipeline}
    return {"pipeline": _UNSET} if above is not None else {}


def _params(subject: Subject, spell: Spell) -> Json:
    above = {path[1]: value for path, (value, _) in subject.inherited.slots.items() if path[0] == "params"}
    ignored = _ignored(subject.inherited)
    live = {key: value for key, value in subject.live.params.items() if not ignored.covers(("params", key))}
    own = {key: value for key, value in live.items() if key not in above or not is_same(above[key], value)}
    dropped = [str(key) for key in above if key not in live and not ignored.covers(("params", str(key)))]
    if _has_dollar(own):
        return literal(own)
    return {key: spelled(value, spell) for key, value in own.items()} | dict.fromkeys(dropped, _UNSET)


def _reconcile(subject: Subject) -> Iterator[tuple[str, Json]]:
    covered = {pattern.text for pattern in _ignored(subject.inherited)}
    paths = [path for path in subject.left_out if path.startswith("params.") and path not in covered]
    paths += [path for path in subject.left_out if path.startswith("ontology.**.") and path not in covered]
    if paths:
        yield "ignore", [{"path": path, "reason": _SENSITIVE} for path in paths]
    renames = subject.inherited.slots.get(_RENAMES, ({}, None))[0]
    live = (subject.live.params, subject.live.ontology)
    if isinstance(renames, dict) and renames and any(text in renames for each in live for text in texts_in(each)):
        yield "renames", _UNSET  # a manifest cannot declare a name that it says was renamed


def _ignored(inherited: Layers) -> Patterns:
    items = [item for item, _ in inherited.ignore]
    return as_patterns([parse_pattern(item["path"] if isinstance(item, dict) else item) for item in items])


def is_same(one: Json, other: Json) -> bool:
    """Whether two values are written alike. For a plan, 1 and 1.0 are equal, but the API gave one of them."""
    return one is other or to_json(one) == to_json(other)


def spelled(value: Json, spell: Spell) -> Json:
    """A value as a manifest has it: texts in files, and `$literal` around what looks like a directive."""
    if isinstance(value, str):
        return spell(value) if "\n" in value else value
    if isinstance(value, dict):
        return literal(value) if _has_dollar(value) else {key: spelled(inner, spell) for key, inner in value.items()}
    if isinstance(value, list):
        return [spelled(inner, spell) for inner in value]
    return value


def _has_dollar(mapping: dict[str, Json]) -> bool:
    return any(key.startswith("$") for key in mapping)


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
    return {(key, to_json(value)) for key, value in params.items() if value != _UNSET}
