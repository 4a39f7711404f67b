"""Combines layers of values: defaults (the nearest last), then the manifest, then a target's overlay.

`type`, each create-only field, each parameter, and each key of `reconcile` are whole values: the value of the later
layer replaces the earlier one. Only `ignore` and `renames` are joined. `{$unset: true}` drops the value of the earlier
layers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from reconciler.diagnostics import Severity, quoted
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault
from reconciler.manifest.codes import Code
from reconciler.manifest.located import RawPath
from reconciler.manifest.origins import Origin
from reconciler.manifest.schema import PROJECT
from reconciler.model.values import Json

UNSET: Final[Any] = object()
"""Stands for `{$unset: true}` until the layers are combined."""

FIELDS: Final = tuple(key.name for key in PROJECT.keys if key.inherited)
"""Keys whose whole values can be inherited."""

HOLDERS: Final = ("params", "reconcile")
"""Keys whose values are inherited key by key."""

_IGNORE: Final = ("reconcile", "ignore")
_RENAMES: Final = ("reconcile", "renames")

Slot = tuple[Json, Origin | None]
"""A value and its origin. The origin is None in the document that receives the other layers' values."""


@dataclass(slots=True)
class Layers:
    """The combined values of several layers. `ignore` has the items of the joined list."""

    slots: dict[RawPath, Slot] = field(default_factory=dict)
    ignore: list[tuple[Json, Origin]] = field(default_factory=list)

    def lay(self, values: Mapping[str, Any], origin: Origin, *, own: bool = False) -> tuple[Layers, list[Fault]]:
        """These values overridden by `values`, a document with that origin, and a warning for each `$unset` without
        effect.

        `own` is for the document that receives the other layers' values later.
        """
        slots, ignore = dict(self.slots), list(self.ignore)
        idle: list[Fault] = []
        for path, value in _slots(values):
            if value is UNSET:
                inherited = bool(ignore) if path == _IGNORE else path in slots
                if not inherited:
                    idle.append(_idle_unset(path))
                slots.pop(path, None)
                if path == _IGNORE:
                    ignore = []
            elif path == _IGNORE and isinstance(value, list):
                joined = [(item, origin.at((*path, index))) for index, item in enumerate(value)]
                ignore = [*joined, *ignore]
            elif path == _RENAMES and isinstance(value, dict):
                slots[path] = _joined(slots.get(path), value, origin.at(path))
            else:
                slots[path] = (value, None if own else origin.at(path))
        return Layers(slots, ignore), idle

    def fill(self, document: Mapping[str, Json], root: Origin) -> tuple[dict[str, Json], Origin]:
        """`document`, which is one of the layers, with the combined values of all of them, and its origin."""
        filled: dict[str, Json] = {
            key: value
            for key, value in document.items()
            if key not in FIELDS and not (key in HOLDERS and isinstance(value, dict))
        }
        parts: dict[str | int, Origin] = {}
        held: dict[str, dict[str | int, Origin]] = defaultdict(dict)
        managed = {"reconcile", *(("params",) if isinstance(document.get("params"), dict) else ())}
        for key in HOLDERS:
            if isinstance(document.get(key), dict):
                filled[key] = {}
        for path, (value, origin) in self.slots.items():
            key = str(path[0])
            if len(path) == 1:
                filled[key] = value
                if origin is not None:
                    parts[key] = origin
            elif key in managed and isinstance(holder := filled.setdefault(key, {}), dict):
                holder[str(path[1])] = value
                if origin is not None:
                    held[key][path[1]] = origin
        if self.ignore and isinstance(holder := filled.setdefault("reconcile", {}), dict) and "ignore" not in holder:
            holder["ignore"] = [item for item, _ in self.ignore]
            items: dict[str | int, Origin] = dict(enumerate(origin for _, origin in self.ignore))
            held["reconcile"]["ignore"] = root.entry("reconcile").entry("ignore").with_parts(items)
        for key, inner in held.items():
            parts[key] = root.entry(key).with_parts(inner)
        return filled, root.with_parts(parts)


def _joined(above: Slot | None, value: dict[str, Json], origin: Origin) -> Slot:
    """The entries of a mapping, and those of the earlier layers that it does not have."""
    if above is None or above[1] is None or not isinstance(above[0], dict):
        return value, origin
    inherited = {key: inner for key, inner in above[0].items() if key not in value}
    return {**inherited, **value}, origin.with_parts({key: above[1].entry(key) for key in inherited})


def is_slot(path: RawPath) -> bool:
    """Whether the value at a path can be inherited as a whole: one of FIELDS, or a key of one of HOLDERS."""
    return (len(path) == 1 and path[0] in FIELDS) or (len(path) == 2 and path[0] in HOLDERS)


def _idle_unset(path: RawPath) -> Fault:
    """A warning for an `{$unset: true}` that has nothing to drop."""
    return Fault(
        path,
        f"{quoted(str(path[-1]))} is not inherited",
        "$unset drops only inherited values. Remove this line, or correct the name.",
        code=Code.UNSET_NOTHING,
        severity=Severity.WARNING,
    )


def without_unset(values: Mapping[str, Any]) -> dict[str, Json]:
    """A layer's own values."""
    return {
        key: {inner: below for inner, below in value.items() if below is not UNSET}
        if key in HOLDERS and isinstance(value, dict)
        else value
        for key, value in values.items()
        if value is not UNSET
    }


def _slots(values: Mapping[str, Any]) -> Iterator[tuple[RawPath, Any]]:
    for key in FIELDS:
        if key in values:
            yield (key,), values[key]
    for key in HOLDERS:
        holder = values.get(key)
        if isinstance(holder, dict):
            for inner, value in holder.items():
                yield (key, inner), value
