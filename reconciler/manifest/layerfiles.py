"""Files that manifests inherit values from, and files that override them: `_defaults.yaml` and overlays.

Each is read and checked once per load. Its problems are reported with every manifest that it reaches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from fnmatch import fnmatchcase
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, count, did_you_mean, error, first_line
from reconciler.frozen import dataclass
from reconciler.keys.faults import Fault, RefusedError
from reconciler.keys.kinds import Table
from reconciler.manifest.codes import Code
from reconciler.manifest.directives import Directives, Resolved
from reconciler.manifest.discovery import Found, discover
from reconciler.manifest.layering import Layers, without_unset
from reconciler.manifest.located import Document, display, in_reading_order
from reconciler.manifest.origins import diagnosed
from reconciler.manifest.schema import DEFAULTS, OVERLAY
from reconciler.manifest.sharedfiles import unread
from reconciler.manifest.verdict import check


@dataclass(frozen=True, slots=True)
class Limits:
    """The patterns of one `names` key, and the file that contains it."""

    patterns: tuple[str, ...]
    file: str


def allows(limits: Iterable[Limits], name: str) -> bool:
    """Whether every `names` key has a pattern that the name matches."""
    return all(any(fnmatchcase(name, pattern) for pattern in each.patterns) for each in limits)


@dataclass(frozen=True, slots=True)
class Inherited:
    """The values that the manifests in a folder inherit from each `_defaults.yaml` above them."""

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
        """The values that the manifests in `folder` inherit."""
        if not self._files:
            return _NOTHING
        found = self._inherited.get(folder)
        if found is None:
            above = self.inherited(os.path.dirname(folder)) if folder != self._folder else _NOTHING
            file = self._files.get(folder)
            found = self._inherited[folder] = self._laid(file, above) if file else above
        return found

    def own_names(self) -> tuple[str, ...] | None:
        """The `names` patterns in the `_defaults.yaml` of the manifest folder itself."""
        limits = self.inherited(self._folder).limits
        return limits[0].patterns if limits and os.path.dirname(limits[0].file) == self._folder else None

    def home(self, name: str) -> str | None:
        """The folder for the manifest of a new project: the deepest one with `names` that ask for this name, or the
        manifest folder itself if there is none, or more than one. None if the name is not allowed there either."""
        homes: list[tuple[int, str]] = []
        for folder, file in self._files.items():
            limits = self.inherited(folder).limits
            if limits and limits[-1].file == file and allows(limits, name):
                homes.append((folder.count("/"), folder))
        deepest = [folder for depth, folder in homes if depth == max(homes)[0]]
        if len(deepest) == 1:
            return deepest[0]
        return self._folder if allows(self.inherited(self._folder).limits, name) else None

    def reported(self) -> list[tuple[str, tuple[Diagnostic, ...]]]:
        """The diagnostics of each `_defaults.yaml`, even if there is no manifest below it."""
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
            reported = (
                error(Code.NOT_ONE_DOCUMENT, "a _defaults.yaml must contain exactly one document", location=location),
            )
            documents = []
        layers, limits = above.layers, above.limits
        for layer in documents:
            layers, idle = layers.lay(layer.value, layer.origin)
            reported = (*reported, *(diagnosed(fault, layer.origin) for fault in idle))
            if patterns := layer.value.get("names"):
                limits = (*limits, Limits(tuple(patterns), file))
        return Inherited(layers, limits, (*above.reported, *reported))

    def read(self, file: str, table: Table) -> tuple[list[Resolved], tuple[Diagnostic, ...]]:
        """The documents of a file, and its diagnostics. A document with an error is empty.

        There are no documents if the file is not valid YAML.
        """
        try:
            data = self._directives.files.found(file)
        except RefusedError as refused:
            return [], (unread(file, refused),)
        found = self._directives.files.yaml(file, data, like_project=True)
        reported = [*found.reported]
        layers = [self._layer(document, table, reported) for document in found.documents] if not found.broken else []
        return layers, tuple(reported)

    def _layer(self, document: Document, table: Table, reported: list[Diagnostic]) -> Resolved:
        resolved = self._directives.resolve(document)
        values = without_unset(resolved.value) if resolved.unsets else resolved.value
        _, faults = check(values, resolved.stand_ins, table=table)
        found = in_reading_order(self._directives.diagnosed([*faults, *resolved.faults], resolved, resolved.origin))
        reported += found
        failed = any(diagnostic.is_error for diagnostic in found)
        return replace(resolved, value={}) if failed else resolved


@dataclass(slots=True)
class Overlay:
    """`files` has the overlay's file for each manifest that it changes. `reported` is about all its other files."""

    files: dict[str, str]
    reported: list[Diagnostic]
    _layer_files: LayerFiles
    _root: str

    def over(self, manifest: str, documents: Sequence[Document]) -> tuple[Sequence[Resolved], tuple[Diagnostic, ...]]:
        """A layer for each document of the manifest at an absolute path, or none after an error; and the
        diagnostics."""
        file = self.files.get(manifest)
        if file is None:
            return (), ()
        layers, reported = self._layer_files.read(file, OVERLAY)
        if any(diagnostic.is_error for diagnostic in reported):
            return (), reported
        if len(layers) != len(documents):
            has = count(len(layers), "document") if layers else "no documents"
            summary = f"this overlay has {has}, but the manifest has {len(documents) or 'none'}"
            detail = (
                f"Each document overrides one document of {display(manifest, self._root)}, in the same order. For a "
                "document without changes, write {}."
            )
            location = layers[0].origin.location() if layers else first_line(file)
            return (), (*reported, error(Code.OVERLAY_DOCUMENTS, summary, detail=detail, location=location))
        unused = [
            diagnosed(_unused(key), layer.origin)
            for layer, document in zip(layers, documents, strict=True)
            for key in ("params", "ontology")
            if key in layer.value and isinstance(document.value, dict) and key not in document.value
        ]
        return layers, (*reported, *unused)


def open_overlay(
    folder: str, manifests: str, found: Found, root: str, layer_files: LayerFiles, *, new: Iterable[str] = ()
) -> Overlay:
    """The overlay in `folder` for the files found in the folder `manifests`. All paths are absolute.

    `new` are files that do not exist yet.
    """
    own = discover(folder, root=root, new=new)
    refused = (diagnostic.location.file for diagnostic in found.refused if diagnostic.location is not None)
    known = {os.path.relpath(file, manifests): file for file in (*found.manifests, *refused)}
    files: dict[str, str] = {}
    reported = [*own.refused]
    for file in (*own.manifests, *own.defaults, *own.near_defaults):
        relative = os.path.relpath(file, folder)
        if relative in known:
            files[known[relative]] = file
            continue
        if file not in own.manifests:
            summary, detail = _NO_DEFAULTS
            reported.append(error(Code.OVERLAY_WITHOUT_MANIFEST, summary, detail=detail, location=first_line(file)))
            continue
        reported.append(
            error(
                Code.OVERLAY_WITHOUT_MANIFEST,
                f"the manifest {display(os.path.join(manifests, relative), root)} does not exist",
                detail="An overlay file overrides the manifest with the same path in the manifest folder. Rename or "
                "remove the overlay file.",
                location=first_line(file),
                label=did_you_mean(relative, known),
            )
        )
    return Overlay(files, reported, layer_files, root)


_NO_DEFAULTS: Final = (
    "an overlay cannot have a _defaults.yaml",
    "Each overlay file overrides one manifest. Write the values in the overlay files of the manifests that need them.",
)


def _unused(key: str) -> Fault:
    return Fault(
        (key,),
        f"{key} in this overlay has no effect",
        f"The manifest has no {key}, and an overlay cannot make {key} managed. Add {key} to the manifest.",
        code=Code.OVERLAY_UNUSED,
        at_key=True,
        severity=Severity.WARNING,
    )
