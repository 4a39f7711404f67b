"""The files whose values manifests inherit, or have laid over them: `_defaults.yaml`, and a target's overlay.

Each is read and checked once a load. Its problems are reported with every manifest that it reaches.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.diagnostics import Diagnostic, error
from reconciler.keys.kinds import Table
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import Directives
from reconciler.manifest.layering import Layers, idle_unset, without_unset
from reconciler.manifest.locating import Locator, first_line, in_reading_order
from reconciler.manifest.problems import At, Problem
from reconciler.manifest.schema import DEFAULTS
from reconciler.manifest.textfiles import TextRefusal, read_found
from reconciler.manifest.verdict import check
from reconciler.manifest.yamlfiles import YamlFiles
from reconciler.model.project import Origin


@dataclass(frozen=True, slots=True)
class Layer:
    """One document. `reported` is everything wrong with it; if it has an error, `values` are empty."""

    origin: Origin
    values: dict[str, Any]
    reported: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """The patterns of one `names`, and where they stand."""

    patterns: tuple[str, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Inherited:
    """What reaches a folder: all `_defaults.yaml` from the manifest folder down to it."""

    layers: Layers = field(default_factory=Layers)
    limits: tuple[Limits, ...] = ()
    reported: tuple[Diagnostic, ...] = ()

    @property
    def is_broken(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.reported)


NOTHING: Final = Inherited()


class LayerFiles:
    """The layers below one manifest folder. `defaults` are the files that were found there, absolute."""

    def __init__(
        self, folder: str, defaults: tuple[str, ...], yaml_files: YamlFiles, directives: Directives, locator: Locator
    ) -> None:
        self._folder = folder
        self._files = {os.path.dirname(file): file for file in defaults}
        self._yaml_files = yaml_files
        self._directives = directives
        self.locator = locator
        self._inherited: dict[str, Inherited] = {}

    def inherited(self, folder: str) -> Inherited:
        """What the manifests in `folder` inherit."""
        if not self._files:
            return NOTHING
        found = self._inherited.get(folder)
        if found is None:
            above = self.inherited(os.path.dirname(folder)) if folder != self._folder else NOTHING
            file = self._files.get(folder)
            found = self._inherited[folder] = self._laid(file, above) if file else above
        return found

    def own_names(self) -> tuple[str, ...] | None:
        """The `names` of the manifest folder's own defaults."""
        limits = self.inherited(self._folder).limits
        return limits[0].patterns if limits and os.path.dirname(limits[0].origin.file) == self._folder else None

    def reported(self) -> list[tuple[str, tuple[Diagnostic, ...]]]:
        """Every `_defaults.yaml` that something is wrong with, whether a manifest lies below it or not."""
        found = []
        for folder, file in sorted(self._files.items()):
            above = self.inherited(os.path.dirname(folder)).reported if folder != self._folder else ()
            if reported := self.inherited(folder).reported[len(above) :]:
                found.append((file, reported))
        return found

    def _laid(self, file: str, above: Inherited) -> Inherited:
        documents = self.read(file, DEFAULTS)
        if len(documents) > 1:
            location = self.locator.location(At(()), documents[1].origin)
            reported = error(Code.NOT_ONE_DOCUMENT, "a _defaults.yaml holds one YAML document", location=location)
            return Inherited(above.layers, above.limits, (*above.reported, reported))
        if not documents:
            return above
        (layer,) = documents
        layers, idle = above.layers.lay(layer.values, layer.origin)
        idly = [*layer.reported, *(self.locator.diagnostic(idle_unset(path), layer.origin) for path in idle)]
        limits = above.limits
        if patterns := layer.values.get("names"):
            limits = (*limits, Limits(tuple(patterns), layer.origin))
        return Inherited(layers, limits, (*above.reported, *idly))

    def read(self, file: str, table: Table) -> list[Layer]:
        """The documents of a file. An error that ends the whole file becomes a document of its own."""
        data = read_found(self.locator.root, file)
        if isinstance(data, TextRefusal):
            reported = error(data.code, data.summary, detail=data.detail, location=first_line(file, 1))
            return [Layer(Origin(file, 1), {}, (reported,))]
        found = self._yaml_files.read(file, data, like_project=True)
        if found.broken:
            return [Layer(Origin(file, 1), {}, found.reported)]
        layers = [self._layer(Origin(file, document.line), document.value, table) for document in found.documents]
        if found.reported and layers:
            layers[0] = Layer(layers[0].origin, layers[0].values, (*found.reported, *layers[0].reported))
        return layers

    def _layer(self, origin: Origin, value: Any, table: Table) -> Layer:
        if not isinstance(value, dict):
            _, problems = check(value, table=table)
            return Layer(origin, {}, self._located(problems, [], origin))
        resolved = self._directives.resolve(value, origin.file)
        values: dict[str, Any] = resolved.value
        origin = Origin(origin.file, origin.line, (), resolved.origins)
        _, problems = check(without_unset(values), resolved.stand_ins, table=table)
        reported = [
            diagnostic for path, of_file in resolved.reported for diagnostic in self.locator.used(of_file, path, origin)
        ]
        diagnostics = self._located([*problems, *resolved.problems], reported, origin)
        failed = any(diagnostic.is_error for diagnostic in diagnostics)
        return Layer(origin, {} if failed else values, diagnostics)

    def _located(self, problems: list[Problem], reported: list[Diagnostic], origin: Origin) -> tuple[Diagnostic, ...]:
        return in_reading_order([*(self.locator.diagnostic(problem, origin) for problem in problems), *reported])
