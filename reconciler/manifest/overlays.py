"""A target's overlay: a folder of files that are laid over the manifests of the same relative paths."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Severity, did_you_mean, error
from reconciler.manifest.codes import Code
from reconciler.manifest.discovery import Found, discover
from reconciler.manifest.layerfiles import Layer, LayerFiles
from reconciler.manifest.located import Document
from reconciler.manifest.locating import display, first_line
from reconciler.manifest.problems import At, Problem
from reconciler.manifest.schema import OVERLAY
from reconciler.model.project import Origin


@dataclass(frozen=True, slots=True)
class OverlayEntry:
    """What is laid over one manifest: a layer for each of its documents, none if `reported` has an error."""

    layers: tuple[Layer, ...]
    reported: tuple[Diagnostic, ...]


@dataclass(slots=True)
class Overlay:
    """`files` are the overlay's own, by the manifest they belong to; `reported` is what is wrong with others in it."""

    files: dict[str, str]
    reported: list[Diagnostic]
    _layer_files: LayerFiles
    _root: str

    def over(self, manifest: str, documents: Sequence[Document]) -> OverlayEntry | None:
        """What is laid over the documents of the manifest (absolute)."""
        file = self.files.get(manifest)
        if file is None:
            return None
        layers = self._layer_files.read(file, OVERLAY)
        reported = tuple(diagnostic for layer in layers for diagnostic in layer.reported)
        if any(diagnostic.is_error for diagnostic in reported):
            return OverlayEntry((), reported)
        if len(layers) != len(documents):
            summary = f"this overlay holds {_count(len(layers))}, its manifest {len(documents) or 'none'}"
            detail = (
                f"{display(manifest, self._root)} is laid over one document after the other: write one for each, {{}} "
                "for one that has nothing to change."
            )
            location = self._layer_files.locator.location(At(()), layers[0].origin if layers else Origin(file, 1))
            return OverlayEntry(
                (), (*reported, error(Code.OVERLAY_DOCUMENTS, summary, detail=detail, location=location))
            )
        unused = [
            self._layer_files.locator.diagnostic(_unused(key), layer.origin)
            for layer, document in zip(layers, documents, strict=True)
            for key in ("params", "ontology")
            if key in layer.values and isinstance(document.value, dict) and key not in document.value
        ]
        return OverlayEntry(tuple(layers), (*reported, *unused))


def open_overlay(folder: str, manifests: str, found: Found, root: str, layer_files: LayerFiles) -> Overlay:
    """The overlay in `folder` for what was found in the folder `manifests`; all paths are absolute."""
    own = discover(folder, root=root)
    refused = (path for path, _ in found.refused)
    known = {os.path.relpath(file, manifests): file for file in (*found.manifests, *refused)}
    files: dict[str, str] = {}
    reported = [
        error(refusal.code, refusal.summary, detail=refusal.detail, location=first_line(path, 1))
        for path, refusal in own.refused
    ]
    reported += [
        error(Code.UNREADABLE, f"this folder cannot be read: {reason}", location=first_line(path, 1))
        for path, reason in own.unreadable
    ]
    for file in (*own.manifests, *own.defaults, *own.near_defaults):
        relative = os.path.relpath(file, folder)
        if relative in known:
            files[known[relative]] = file
            continue
        reported.append(
            error(
                Code.OVERLAY_WITHOUT_MANIFEST,
                f"there is no manifest {display(os.path.join(manifests, relative), root)}",
                detail="A file of an overlay is laid over the manifest that has its path below the manifest folder.",
                location=first_line(file, 1),
                label=did_you_mean(relative, known),
            )
        )
    return Overlay(files, reported, layer_files, root)


def _unused(key: str) -> Problem:
    return Problem(
        Code.OVERLAY_UNUSED,
        f"the manifest leaves {key} out, so nothing is laid over it",
        At((key,), key=True),
        f"An overlay never makes a part managed. To have it managed, give the manifest {key} of its own.",
        severity=Severity.WARNING,
    )


def _count(documents: int) -> str:
    return "1 document" if documents == 1 else f"{documents or 'no'} documents"
