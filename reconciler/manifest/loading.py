"""Loads all manifests below a folder, as desired projects with their diagnostics.

Nothing that a file contains raises an error here. Each file is read once, and its text is kept for locations.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import field, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler.collection import collector_paused
from reconciler.diagnostics import Diagnostic, Severity, error, few_suggestions, first_line, quoted, warning
from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import resolve
from reconciler.files.walking import Refusal, is_below
from reconciler.frozen import dataclass
from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.comments import note_comments
from reconciler.manifest.directives import Directives
from reconciler.manifest.discovery import Found, discover, path_order
from reconciler.manifest.layerfiles import LayerFiles, Overlay, open_overlay
from reconciler.manifest.located import display, first_at, in_reading_order
from reconciler.manifest.names import glimpsed_name
from reconciler.manifest.origins import Origin
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.manifest.sharedfiles import NOT_REPLACED, SharedFiles, near_path, unread
from reconciler.manifest.understanding import Entry, Understanding
from reconciler.model.characters import folded

if TYPE_CHECKING:
    from reconciler.manifest.checks.rules import Checks

Pick: TypeAlias = Callable[[Sequence[Entry]], Collection[int] | None]
"""Returns the positions of the documents that are needed, by their files and names; None for all."""


@dataclass(frozen=True, slots=True)
class Manifests:
    """`folder` and `root` are absolute. `entries` are in order of file,
    then document. `duplicates` has an error for each further manifest of a name that appears twice.

    `variants` are the documents composed again with each overlay that is only checked. `names` are the folder's
    patterns for all names in it, None if it has none. `shared` are the absolute paths of the other YAML files:
    defaults, overlays, and files that references name. `missing` are those of files that are named and do not exist.
    `layers` knows what the manifests in a folder inherit.
    """

    folder: str
    root: str
    entries: tuple[Entry, ...]
    duplicates: tuple[Diagnostic, ...]
    variants: tuple[Entry, ...] = ()
    names: tuple[str, ...] | None = None
    shared: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    layers: LayerFiles | None = field(default=None, compare=False, repr=False)


def load_manifests(
    folder: Path,
    *,
    root: Path,
    overlay: Path | None = None,
    checked: Collection[Path] = (),
    checks: Checks | None = None,
    parser: Parser | None = None,
    replaced: Mapping[str, bytes] = NOT_REPLACED,
    pick: Pick | None = None,
    only: Collection[str] | None = None,
    may_be_new: bool = False,
) -> Manifests:
    """Load every manifest below `folder`. No file outside of `root` is read.

    `overlay` overrides the manifests; overlays in `checked` are only checked. Without `checks`, params and
    ontologies are not checked against what Scale documents. `replaced` has bytes by absolute path: the result is what
    the manifests would be if these files were written.

    With `pick`, files that it does not pick are only looked at: their entries have a name and nothing else, unless
    another document has the same name or a similar one, or it takes a parser to find their name. With `only`, no other
    files are read, and names are not compared with those in other files.

    With `may_be_new`, a folder that does not exist is an empty one, unless its name looks like a mistake.

    Raises:
        UsageError: `folder` or an overlay does not exist, or is outside `root`.
    """
    folder_path, root_path = os.path.abspath(folder), os.path.abspath(root)
    if not any(is_below(file, folder_path) for file in replaced):
        _check_folder(
            folder_path,
            root_path,
            "the manifest folder",
            "Create the folder and put your manifests there",
            "set manifests in the configuration to a different folder.",
            may_be_new=may_be_new,
        )
    overlays = [os.path.abspath(path) for path in ([overlay] if overlay else []) + [*checked]]
    for path in overlays:
        _check_folder(
            path,
            root_path,
            "the overlay",
            "Create the folder",
            "remove overlay from the target in the configuration.",
        )
    parser = parser or best_parser()
    files = SharedFiles(root_path, Words(), parser, replaced)
    with few_suggestions(), collector_paused(), closing(files):
        return _load(folder_path, overlays, bool(overlay), checks, files, parser, pick, only, may_be_new)


def _load(
    folder: str,
    overlays: Sequence[str],
    lay_first: bool,
    checks: Checks | None,
    files: SharedFiles,
    parser: Parser,
    pick: Pick | None,
    only: Collection[str] | None,
    may_be_new: bool,
) -> Manifests:
    root = files.root
    found = discover(folder, root=root, new=files.replaced, may_be_new=may_be_new)
    loader = _Loader(folder, found, checks, files, parser)
    opened = [open_overlay(path, folder, found, root, loader.layers, new=files.replaced) for path in overlays]
    laid = opened[0] if lay_first else None
    needed = found.manifests if only is None else [file for file in found.manifests if file in only]
    loaded = loader.load_picked(needed, laid, pick) if pick is not None else loader.load_all(needed, laid)
    entries = [entry for each in loaded.values() for entry in each]
    _note_like_names(entries, root)
    others = [_whole(diagnostic) for diagnostic in found.refused]
    reported = [*map(_near_defaults, found.near_defaults), *map(_skipped, found.skipped)]
    reported += [each for overlay in opened for each in overlay.reported]
    others += [_whole(diagnostic, is_manifest=False) for diagnostic in reported]
    others += [Entry(file, 1, None, None, each, is_manifest=False) for file, each in loader.layers.reported()]
    if others:
        entries = sorted([*others, *entries], key=lambda entry: path_order(entry.file))
    variants = [
        entry
        for each in opened
        if each is not laid
        for file, documents in loaded.items()
        if file in each.files and not any(map(_is_glimpsed, documents))
        for entry in loader.load(file, each)
    ]
    return Manifests(
        folder,
        root,
        tuple(entries),
        tuple(_duplicates(entries, root)),
        tuple(variants),
        loader.layers.own_names(),
        tuple(sorted({*found.defaults, *loader.files.yaml_files}, key=path_order)),
        tuple(sorted(loader.files.missing)),
        loader.layers,
    )


def _check_folder(folder: str, root: str, what: str, create: str, otherwise: str, *, may_be_new: bool = False) -> None:
    try:
        is_there = os.path.isdir(resolve(root, folder))
    except FileRefusedError as problem:
        if problem.reason != Refusal.MISSING:
            raise UsageError(f"{what} {display(folder, root)} cannot be read: {problem.why}", problem.detail) from None
        is_there = False
    if not is_there and os.path.exists(folder):
        raise UsageError(
            f"{what} {display(folder, root)} is not a folder", f"Replace the file with a folder, or {otherwise}"
        )
    if not is_there:
        near = near_path(folder)
        if may_be_new and near is None and not os.path.islink(folder):
            return
        hint = f', did you mean "{display(near, root)}"?' if near is not None else ""
        raise UsageError(f"{what} {display(folder, root)} does not exist{hint}", f"{create}, or {otherwise}")


class _Loader:
    """Loads files one by one. A file that several of them use is read only once."""

    def __init__(self, folder: str, found: Found, checks: Checks | None, files: SharedFiles, parser: Parser) -> None:
        self._parser = parser
        self.files = files
        self._directives = Directives(self.files)
        self.layers = LayerFiles(folder, found.defaults, self._directives)
        self._understanding = Understanding(self._directives, checks)

    def load_all(self, files: Sequence[str], overlay: Overlay | None) -> dict[str, list[Entry]]:
        """The documents of each file, in the order of the files."""
        return {file: self.load(file, overlay) for file in files}

    def load_picked(self, files: Sequence[str], overlay: Overlay | None, pick: Pick) -> dict[str, list[Entry]]:
        """As `load_all`, but with a glimpse of the files that are not needed."""
        found: dict[str, list[Entry]] = {}
        glimpsed: dict[str, bytes] = {}
        for file in files:
            data = self._data(file)
            name = glimpsed_name(data) if isinstance(data, bytes) else None
            if name is not None and isinstance(data, bytes):
                glimpsed[file], found[file] = data, [Entry(file, 1, name, None, ())]
            else:
                found[file] = self._load(file, data, overlay)
        while glimpsed:
            entries = [entry for each in found.values() for entry in each]
            names = [folded(entry.name) if entry.name is not None else None for entry in entries]
            times, picked = Counter(names), pick(entries)
            needed = [
                entry.file
                for at, (entry, name) in enumerate(zip(entries, names, strict=True))
                if entry.file in glimpsed and (picked is None or at in picked or times[name] > 1)
            ]
            if not needed:
                break
            found |= {file: self._load(file, glimpsed.pop(file), overlay) for file in needed}
        return found

    def load(self, file: str, overlay: Overlay | None) -> list[Entry]:
        """The documents of a file."""
        return self._load(file, self._data(file), overlay)

    def _data(self, file: str) -> bytes | RefusedError:
        try:
            _check_utf8(file)
            return self.files.found(file)
        except RefusedError as refused:
            return refused

    def _load(self, file: str, data: bytes | RefusedError, overlay: Overlay | None) -> list[Entry]:
        if isinstance(data, RefusedError):
            return [_whole(unread(file, data))]
        found = read(file, data, self.files.words, self._parser, root=self.files.root)
        note_comments(found)
        inherited = self.layers.inherited(os.path.dirname(file))
        layers, of_overlay = overlay.over(file, found.documents) if overlay is not None else ((), ())
        reported = (*inherited.reported, *of_overlay)
        entries = [
            self._understanding.understand(document, inherited, layer, reported)
            for document, layer in zip_longest(found.documents, layers)
        ]
        if found.failure:
            diagnostics = in_reading_order(found.failure)
            entries.append(replace(_whole(diagnostics[0]), diagnostics=diagnostics))
        return entries


def _is_glimpsed(entry: Entry) -> bool:
    return entry.name is not None and entry.origin is None


def _near_defaults(file: str) -> Diagnostic:
    return warning(
        Code.NEAR_DEFAULTS,
        f"{os.path.basename(file)} is ignored",
        detail="Manifests inherit only from files named exactly _defaults.yaml. Rename this file.",
        location=first_line(file),
        label='did you mean "_defaults.yaml"?',
    )


def _skipped(file: str) -> Diagnostic:
    return Diagnostic(
        Severity.NOTE,
        Code.SKIPPED_FILE,
        f"{os.path.basename(file)} looks like a manifest, but has the wrong file extension",
        "Reconciler reads only .yaml and .yml files. Rename this file, or, to hide this note, start its name with _.",
        first_line(file),
    )


def _whole(diagnostic: Diagnostic, *, is_manifest: bool = True) -> Entry:
    """An entry that reports a mistake of a whole file or folder."""
    assert diagnostic.location is not None
    location = diagnostic.location
    return Entry(location.file, location.line, None, None, (diagnostic,), is_manifest=is_manifest)


def _check_utf8(file: str) -> None:
    try:
        file.encode()
    except UnicodeEncodeError:
        raise RefusedError(Code.NOT_UTF8, "the name of this file is not UTF-8", "Rename the file.") from None


def _duplicates(entries: Sequence[Entry], root: str) -> Iterator[Diagnostic]:
    first: dict[str, Origin] = {}
    for entry in entries:
        if entry.name is None or entry.origin is None:
            continue
        earlier = first.setdefault(entry.name, entry.origin)
        if earlier is not entry.origin:
            yield error(
                Code.DUPLICATE_NAME,
                f"two manifests are named {quoted(entry.name)}",
                detail="A name identifies one project in git and on Scale. Rename or remove one of the two manifests.",
                location=entry.origin.user(("name",)),
                label=first_at(earlier.user(("name",)), root),
            )


def _note_like_names(entries: list[Entry], root: str) -> None:
    """Add a warning to each entry whose name differs from an earlier one only in case, whitespace, or Unicode form."""
    first: dict[str, Entry] = {}
    for at, entry in enumerate(entries):
        if entry.name is None or entry.origin is None:
            continue
        earlier = first.setdefault(folded(entry.name), entry)
        if earlier.name in (None, entry.name) or earlier.origin is None:
            continue
        names = f"{quoted(entry.name)} and {quoted(earlier.name or '')}"
        found = warning(
            Code.LIKE_NAMES,
            f"the names {names} differ only in case, spacing, or Unicode form",
            detail="These are two different projects, but their names are easy to confuse. Rename one of them.",
            location=entry.origin.location(("name",)),
            label=first_at(earlier.origin.location(("name",)), root),
        )
        entries[at] = replace(entry, diagnostics=in_reading_order([*entry.diagnostics, found]))
