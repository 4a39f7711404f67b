"""Layers of values laid over one another: defaults, the nearest last, then the manifest, then a target's overlay.

One rule for all: `type` and the create-only fields, each parameter and each key of `reconcile` are whole values, and
the later layer wins; only the lists of `ignore` are joined. `{$unset: true}` drops what lies below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.diagnostics import Severity
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import FIELDS, HOLDERS, UNSET, is_slot
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.model.project import Origin
from reconciler.model.values import Json

_IGNORE: Final = ("reconcile", "ignore")

Slot = tuple[Json, Origin]
"""A value and where it and its key were written."""


@dataclass(slots=True)
class Layers:
    """What some layers give together. `ignore` are the items of the joined list."""

    slots: dict[RawPath, Slot] = field(default_factory=dict)
    ignore: list[Slot] = field(default_factory=list)

    def lay(self, values: Mapping[str, Any], origin: Origin) -> tuple[Layers, list[RawPath]]:
        """These with `values`, a document of that origin, over them; and the paths of what unsets nothing."""
        slots, ignore = dict(self.slots), list(self.ignore)
        idle: list[RawPath] = []
        keys = _Keys(origin)
        for path, value in _slots(values):
            if value is UNSET:
                inherited = bool(ignore) if path == _IGNORE else path in slots
                if not inherited:
                    idle.append(path)
                slots.pop(path, None)
                if path == _IGNORE:
                    ignore = []
            elif path == _IGNORE and isinstance(value, list):
                joined = [(item, keys.at((*path, index))) for index, item in enumerate(value)]
                ignore = [*joined, *ignore]
            else:
                slots[path] = (value, keys.at(path))
        return Layers(slots, ignore), idle

    def fill(self, document: Mapping[str, Json], root: Origin) -> tuple[dict[str, Json], dict[RawPath, Origin]]:
        """`document`, which lies in the layers too, with what they give; and the origins in it."""
        filled: dict[str, Json] = {
            key: value
            for key, value in document.items()
            if key not in FIELDS and not (key in HOLDERS and isinstance(value, dict))
        }
        origins = {path: origin for path, origin in root.inner.items() if not is_slot(path[:2])}
        managed = {"reconcile", *(("params",) if isinstance(document.get("params"), dict) else ())}
        for key in HOLDERS:
            if isinstance(document.get(key), dict):
                filled[key] = {}
        for path, (value, origin) in self.slots.items():
            if len(path) == 1:
                filled[str(path[0])] = value
            elif path[0] in managed and isinstance(holder := filled.setdefault(str(path[0]), {}), dict):
                holder[str(path[1])] = value
            else:
                continue
            _note(origins, path, origin, root)
        if self.ignore and isinstance(holder := filled.setdefault("reconcile", {}), dict) and "ignore" not in holder:
            holder["ignore"] = [item for item, _ in self.ignore]
            for index, (_, origin) in enumerate(self.ignore):
                _note(origins, (*_IGNORE, index), origin, root)
        return filled, origins


def idle_unset(path: RawPath) -> Problem:
    """A warning for `{$unset: true}` where nothing is inherited."""
    return Problem(
        Code.UNSET_NOTHING,
        f'nothing above gives "{path[-1]}"',
        At(path),
        "There is nothing to drop. Remove it, or check the spelling of the name.",
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


class _Keys:
    """The places of keys in a document; what a value refers to is inner to that of its key."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._holders: dict[RawPath, tuple[Origin, dict[str | int, dict[RawPath, Origin]]]] = {}

    def at(self, path: RawPath) -> Origin:
        holder, inner = self._holder(path[:-1])
        return Origin(holder.file, holder.line, (*holder.at, path[-1]), inner.get(path[-1], {}), keyed=True)

    def _holder(self, path: RawPath) -> tuple[Origin, dict[str | int, dict[RawPath, Origin]]]:
        """The origin of what holds keys, and the places in it that were written elsewhere, by key."""
        known = self._holders.get(path)
        if known is None:
            holder = self._origin.below(path)
            inner: dict[str | int, dict[RawPath, Origin]] = {}
            for at, other in holder.inner.items():
                inner.setdefault(at[0], {})[at[1:]] = other
            known = self._holders[path] = holder, inner
        return known


def _note(origins: dict[RawPath, Origin], path: RawPath, origin: Origin, root: Origin) -> None:
    """Remember an origin, unless it is the document's own place: then only what is referred to from there."""
    if (origin.file, origin.line, origin.at) == (root.file, root.line, (*root.at, *path)):
        origins.update({(*path, *at): inner for at, inner in origin.inner.items()})
    else:
        origins[path] = origin
