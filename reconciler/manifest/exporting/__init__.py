"""Live projects as files: manifests as `fmt` lays them out, and the texts and ontologies that they use. Pure.

Whether the files mean exactly what is live is not proven here: whoever writes them reads them first, as a plan would.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from reconciler.frozen import dataclass
from reconciler.manifest.discovery import DEFAULTS
from reconciler.manifest.exporting.documents import Subject as Subject
from reconciler.manifest.exporting.documents import document_of, factor
from reconciler.manifest.exporting.holding import why_not as why_not
from reconciler.manifest.exporting.naming import Names, safe
from reconciler.manifest.exporting.sharing import SHARED as SHARED
from reconciler.manifest.exporting.sharing import key_of, place_ontologies, place_texts
from reconciler.manifest.formatting import FileKind
from reconciler.manifest.spelling import document_text
from reconciler.model.ontology import Ontology
from reconciler.model.values import Json


@dataclass(slots=True)
class There:
    """What exists below the manifest folder: the names in each folder, and the content of the shared files. Folders and
    files are relative to it; it is the empty one itself."""

    names: Mapping[str, Collection[str]] = field(default_factory=dict)
    shared: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Exported:
    """`files` has the bytes by the path relative to the manifest folder, in an order in which they can be written: what
    a manifest uses comes before it. `manifests` has the path of each project's manifest."""

    files: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, str] = field(default_factory=dict)


def export(
    subjects: Sequence[Subject],
    there: There,
    *,
    factored: Collection[str] = (),
    done: Callable[[int, int], None] = lambda number, total: None,
) -> Exported:
    """The files for subjects that a manifest can hold.

    `factored` are the folders where shared parameters go to a `_defaults.yaml`. `done` is called with the number of
    manifests so far.
    """
    names: dict[str, Names] = {
        folder: Names(there.names.get(folder, ())) for folder in {SHARED, *(subject.folder for subject in subjects)}
    }
    result = Exported()
    result.manifests = _manifests(subjects, names)
    stems = [os.path.splitext(os.path.basename(result.manifests[subject.live.name]))[0] for subject in subjects]
    texts = place_texts(subjects, stems, names, there.shared)
    keys = [key_of(subject.live) for subject in subjects]
    projects = zip(keys, (subject.live for subject in subjects), strict=True)
    ontologies, new = place_ontologies(
        projects, names[SHARED], there.shared, lambda value: document_text(value, FileKind.OTHER)
    )
    result.files |= texts.new | new
    documents = [
        _document(subject, texts.paths, ontologies.get(key or "")) for subject, key in zip(subjects, keys, strict=True)
    ]
    for folder in sorted(factored):
        shared = factor(
            [document for subject, document in zip(subjects, documents, strict=True) if subject.folder == folder]
        )
        if shared:
            result.files[os.path.join(folder, DEFAULTS)] = document_text({"params": shared}, FileKind.DEFAULTS)
    for number, document in enumerate(documents, 1):
        result.files[result.manifests[document["name"]]] = document_text(document, FileKind.MANIFEST)
        done(number, len(documents))
    return result


def _manifests(subjects: Sequence[Subject], names: Mapping[str, Names]) -> dict[str, str]:
    """The path of each manifest. A name that is a safe file name keeps it, even if another would become the same."""
    found: dict[str, str] = {}
    for subject in sorted(
        subjects, key=lambda subject: (safe(subject.live.name) != subject.live.name, subject.live.name)
    ):
        name = subject.live.name
        found[name] = subject.manifest or os.path.join(subject.folder, names[subject.folder].claim(name, ".yaml"))
    return found


def _document(subject: Subject, texts: Mapping[str, str], ontology: str | None) -> dict[str, Json]:
    """The document. `ontology` is the file of the choices, if they have one."""

    def relative(path: str) -> str:
        return os.path.relpath(path, subject.folder or ".")

    def spell(text: str) -> Json:
        return {"$file": relative(texts[text])} if text in texts else text

    written: Json = None
    if isinstance(subject.live.ontology, Ontology) and subject.live.ontology.choices:
        written = {"$ref": relative(ontology)} if ontology is not None else subject.live.ontology.spelled
        if name := subject.live.ontology.name:
            written = {"name": name, "choices": written}
    return document_of(subject, spell, written)
