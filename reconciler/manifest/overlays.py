"""A target's overlay: a folder of files that are laid over the manifests of the same relative paths."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic, Severity, did_you_mean, error
from reconciler.keys.faults import Fault
from reconciler.manifest.codes import Code
from reconciler.manifest.discovery import Found, discover
from reconciler.manifest.layerfiles import Layer, LayerFiles
from reconciler.manifest.located import Document, display, first_line
from reconciler.manifest.origins import diagnosed
from reconciler.manifest.schema import OVERLAY


@dataclass(slots=True)
class Overlay:
    """`files` are the overlay's own, by the manifest they belong to; `reported` is what is wrong with others in it."""

    files: dict[str, str]
    reported: list[Diagnostic]
    _layer_files: LayerFiles
    _root: str

    def over(self, manifest: str, documents: Sequence[Document]) -> tuple[Sequence[Layer], tuple[Diagnostic, ...]]:
        """A layer for each document of the manifest (absolute), none if something is an error; and what is wrong."""
        file = self.files.get(manifest)
        if file is None:
            return (), ()
        layers, reported = self._layer_files.read(file, OVERLAY)
        if any(diagnostic.is_error for diagnostic in reported):
            return (), reported
        if len(layers) != len(documents):
            summary = f"this overlay has {_count(len(layers))}, but its manifest has {len(documents) or 'none'}"
            detail = (
                f"Each document is laid over one document of {display(manifest, self._root)}. Write one for each, or "
                "{} for one that has nothing to change."
            )
            location = layers[0].origin.location() if layers else first_line(file)
            return (), (*reported, error(Code.OVERLAY_DOCUMENTS, summary, detail=detail, location=location))
        unused = [
            diagnosed(_unused(key), layer.origin)
            for layer, document in zip(layers, documents, strict=True)
            for key in ("params", "ontology")
            if key in layer.values and isinstance(document.value, dict) and key not in document.value
        ]
        return layers, (*reported, *unused)


def open_overlay(folder: str, manifests: str, found: Found, root: str, layer_files: LayerFiles) -> Overlay:
    """The overlay in `folder` for what was found in the folder `manifests`; all paths are absolute."""
    own = discover(folder, root=root)
    refused = (diagnostic.location.file for diagnostic in found.refused if diagnostic.location is not None)
    known = {os.path.relpath(file, manifests): file for file in (*found.manifests, *refused)}
    files: dict[str, str] = {}
    reported = [*own.refused]
    for file in (*own.manifests, *own.defaults, *own.near_defaults):
        relative = os.path.relpath(file, folder)
        if relative in known:
            files[known[relative]] = file
            continue
        reported.append(
            error(
                Code.OVERLAY_WITHOUT_MANIFEST,
                f"there is no manifest {display(os.path.join(manifests, relative), root)}",
                detail="A file of an overlay is laid over the manifest that has the same path in the manifest folder.",
                location=first_line(file),
                label=did_you_mean(relative, known),
            )
        )
    return Overlay(files, reported, layer_files, root)


def _unused(key: str) -> Fault:
    return Fault(
        Code.OVERLAY_UNUSED,
        f"the manifest has no {key}, so this has no effect",
        (key,),
        f"An overlay cannot make {key} managed. To manage it, add {key} to the manifest.",
        at_key=True,
        severity=Severity.WARNING,
    )


def _count(documents: int) -> str:
    return "1 document" if documents == 1 else f"{documents or 'no'} documents"
