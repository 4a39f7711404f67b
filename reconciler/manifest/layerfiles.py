"""The files whose values manifests inherit, or have laid over them: `_defaults.yaml`, and a target's overlay.

Each is read and checked once per load. Its problems are reported with every manifest that it reaches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, error
from reconciler.keys.faults import RefusedError
from reconciler.keys.kinds import Table
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import Directives
from reconciler.manifest.layering import Layers, without_unset
from reconciler.manifest.located import Document, in_reading_order
from reconciler.manifest.origins import Origin, diagnosed
from reconciler.manifest.schema import DEFAULTS
from reconciler.manifest.sharedfiles import read_found, unread
from reconciler.manifest.verdict import check


@dataclass(frozen=True, slots=True)
class Layer:
    """One document. Its values are empty if it has an error."""

    origin: Origin
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The patterns of one `names`, and their file."""

    patterns: tuple[str, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Inherited:
    """What reaches a folder: all `_defaults.yaml` from the manifest folder down to it."""

    layers: Layers = field(default_factory=Layers)
    limits: tuple[Limits, ...] = ()
    reported: tuple[Diagnostic, ...] = ()

    @property
    def is_broken(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.reported)


_NOTHING: Final = Inherited()


class LayerFiles:
    """The layers below one manifest folder. `defaults` are the files that were found there, absolute."""

    def __init__(self, folder: str, defaults: Iterable[str], directives: Directives) -> None:
        self._folder = folder
        self._files = {os.path.dirname(file): file for file in defaults}
        self._directives = directives
        self._inherited: dict[str, Inherited] = {}

    def inherited(self, folder: str) -> Inherited:
        """What the manifests in `folder` inherit."""
        if not self._files:
            return _NOTHING
        found = self._inherited.get(folder)
        if found is None:
            above = self.inherited(os.path.dirname(folder)) if folder != self._folder else _NOTHING
            file = self._files.get(folder)
            found = self._inherited[folder] = self._laid(file, above) if file else above
        return found

    def own_names(self) -> tuple[str, ...] | None:
        """The `names` of the manifest folder's own defaults."""
        limits = self.inherited(self._folder).limits
        return limits[0].patterns if limits and os.path.dirname(limits[0].file) == self._folder else None

    def reported(self) -> list[tuple[str, tuple[Diagnostic, ...]]]:
        """Every `_defaults.yaml` that something is wrong with, whether or not there is a manifest below it."""
        found = []
        for folder, file in sorted(self._files.items()):
            above = self.inherited(os.path.dirname(folder)).reported if folder != self._folder else ()
            if reported := self.inherited(folder).reported[len(above) :]:
                found.append((file, reported))
        return found

    def _laid(self, file: str, above: Inherited) -> Inherited:
        documents, reported = self.read(file, DEFAULTS)
        if len(documents) > 1:
            location = documents[1].origin.location()
            reported = (error(Code.NOT_ONE_DOCUMENT, "a _defaults.yaml has exactly one document", location=location),)
            documents = []
        layers, limits = above.layers, above.limits
        for layer in documents:
            layers, idle = layers.lay(layer.values, layer.origin)
            reported = (*reported, *(diagnosed(fault, layer.origin) for fault in idle))
            if patterns := layer.values.get("names"):
                limits = (*limits, Limits(tuple(patterns), file))
        return Inherited(layers, limits, (*above.reported, *reported))

    def read(self, file: str, table: Table) -> tuple[list[Layer], tuple[Diagnostic, ...]]:
        """The documents of a file, and everything that is wrong with it. There are none if it is not valid YAML."""
        try:
            data = read_found(self._directives.files.root, file)
        except RefusedError as refused:
            return [], (unread(file, refused),)
        found = self._directives.files.yaml(file, data, like_project=True)
        reported = [*found.reported]
        layers = [self._layer(document, table, reported) for document in found.documents] if not found.broken else []
        return layers, tuple(reported)

    def _layer(self, document: Document, table: Table, reported: list[Diagnostic]) -> Layer:
        resolved = self._directives.resolve(document)
        origin = Origin.of(document).with_origins(resolved.origins)
        values = without_unset(resolved.value) if resolved.unsets else resolved.value
        _, faults = check(values, resolved.stand_ins, table=table)
        found = in_reading_order(self._directives.diagnosed([*faults, *resolved.faults], resolved, origin))
        reported += found
        failed = any(diagnostic.is_error for diagnostic in found)
        return Layer(origin, {} if failed else resolved.value)
