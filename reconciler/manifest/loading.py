"""All manifests below a folder, as desired projects with everything that is wrong with them.

Nothing that a file contains makes this raise. Each file is read once, and its text is kept for locations.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.collection import collector_paused
from reconciler.diagnostics import Diagnostic, Location, Severity, error, few_suggestions, warning
from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import resolve
from reconciler.files.walking import Refusal
from reconciler.manifest.checks import Checks
from reconciler.manifest.codes import Code
from reconciler.manifest.comments import comment_problems
from reconciler.manifest.directives import Directives
from reconciler.manifest.discovery import Found, discover, path_order
from reconciler.manifest.layerfiles import Inherited, Layer, LayerFiles
from reconciler.manifest.located import Document, LocatedFile
from reconciler.manifest.locating import (
    Locator,
    diagnostics_of,
    display,
    failure_of,
    first_at,
    first_line,
    in_reading_order,
)
from reconciler.manifest.overlays import Overlay, open_overlay
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.problems import At
from reconciler.manifest.reading import read
from reconciler.manifest.references import References
from reconciler.manifest.scalars import Words
from reconciler.manifest.textfiles import TextFiles, TextRefusal, near_path, read_found
from reconciler.manifest.understanding import Understanding, Understood
from reconciler.manifest.yamlfiles import YamlFiles
from reconciler.model.project import DesiredProject, Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One YAML document. `line` is the first of its mapping; `name` as far as it could be read.

    `project` is None where the document, or a file that it uses, has an error. `diagnostics` are the errors and
    warnings of both, in reading order; those of other files say where this document uses them.
    An error that ends a whole file (syntax, encoding), or is in a file that is not a manifest, is an entry of
    its own, without name and project; `is_manifest` is False for the latter.
    """

    file: str
    line: int
    name: str | None
    project: DesiredProject | None
    diagnostics: tuple[Diagnostic, ...]
    is_manifest: bool = True


@dataclass(frozen=True, slots=True)
class Manifests:
    """`folder` and `root` are absolute. `files` counts manifests, readable or not. `entries` are in order of file,
    then document. `duplicates` has an error for each further manifest of a name that appears twice.

    `variants` are the documents that are composed again with an overlay that was only to be checked. `names` are the
    patterns for all names below the folder, None where it sets none. `shared` are the other YAML files, absolute:
    defaults, overlays, and what references name.
    """

    folder: str
    root: str
    files: int
    entries: tuple[Entry, ...]
    duplicates: tuple[Diagnostic, ...]
    duplicate_names: frozenset[str]
    variants: tuple[Entry, ...] = ()
    names: tuple[str, ...] | None = None
    shared: tuple[str, ...] = ()


def load_manifests(
    folder: Path,
    *,
    root: Path,
    overlay: Path | None = None,
    checked: Collection[Path] = (),
    checks: Checks | None = None,
    parser: Parser | None = None,
) -> Manifests:
    """Load every manifest below `folder`; `root` is the folder that no file outside of may be read.

    `overlay` is laid over the manifests; those in `checked` are only looked at. `checks` are those that
    know the field; without them none is made.

    Raises:
        UsageError: where `folder` or an overlay is not there or lies outside `root`.
    """
    folder_path, root_path = os.path.abspath(folder), os.path.abspath(root)
    _check_folder(
        folder_path,
        root_path,
        "the manifest folder",
        "Manifests are YAML files in this folder. Make it, or name another one in the configuration (manifests).",
    )
    overlays = [os.path.abspath(path) for path in ([overlay] if overlay else []) + [*checked]]
    for path in overlays:
        _check_folder(
            path, root_path, "the overlay", "Make it, or take `overlay` out of the target in the configuration."
        )
    with few_suggestions(), collector_paused():
        return _load(folder_path, root_path, overlays, bool(overlay), checks, parser or best_parser())


def _load(
    folder: str, root: str, overlays: Sequence[str], lay_first: bool, checks: Checks | None, parser: Parser
) -> Manifests:
    found = discover(folder, root=root)
    loader = _Loader(folder, root, found, checks, parser)
    opened = [loader.open_overlay(path, found) for path in overlays]
    laid = opened[0] if lay_first else None
    entries = [entry for file in found.manifests for entry in loader.load(file, laid)]
    others = [*_refusals(found), *loader.defaults_reported()]
    others += [_whole(entry) for each in opened for entry in each.reported]
    if others:
        entries = sorted([*others, *entries], key=lambda entry: path_order(entry.file))
    variants = [
        entry
        for each in opened
        if each is not laid
        for file in found.manifests
        if file in each.files
        for entry in loader.load(file, each)
    ]
    duplicates = _duplicates(entries, loader.locator)
    names = frozenset(entry.name for entry, _ in duplicates if entry.name is not None)
    return Manifests(
        folder,
        root,
        len(found.manifests),
        tuple(entries),
        tuple(diagnostic for _, diagnostic in duplicates),
        names,
        tuple(variants),
        loader.own_names(),
        tuple(sorted({*found.defaults, *loader.yaml_files.read_so_far()}, key=path_order)),
    )


def _check_folder(folder: str, root: str, what: str, detail: str) -> None:
    try:
        is_there = os.path.isdir(resolve(root, folder))
    except FileRefusedError as problem:
        if problem.reason != Refusal.MISSING:
            raise UsageError(f"{what} {display(folder, root)} cannot be read: {problem.why}", problem.detail) from None
        is_there = False
    if not is_there:
        near = near_path(folder)
        hint = f', did you mean "{display(near, root)}"?' if near is not None else ""
        raise UsageError(f"there is no {what.removeprefix('the ')} {display(folder, root)}{hint}", detail)


class _Loader:
    """Loads one file after the other; words, texts and whatever files share are kept for all of them."""

    def __init__(self, folder: str, root: str, found: Found, checks: Checks | None, parser: Parser) -> None:
        self._root = root
        self._parser = parser
        self._words = Words()
        self.locator = Locator(root)
        text_files = TextFiles(root)
        self.yaml_files = YamlFiles(self.locator, self._words, parser)
        directives = Directives(text_files, References(root, text_files, self.yaml_files))
        self._layers = LayerFiles(folder, found.defaults, self.yaml_files, directives, self.locator)
        self._understanding = Understanding(directives, checks, self.locator)
        self._folder = folder

    def open_overlay(self, path: str, found: Found) -> Overlay:
        return open_overlay(path, self._folder, found, self._root, self._layers)

    def own_names(self) -> tuple[str, ...] | None:
        return self._layers.own_names()

    def defaults_reported(self) -> list[Entry]:
        return [Entry(file, 1, None, None, reported, is_manifest=False) for file, reported in self._layers.reported()]

    def load(self, file: str, overlay: Overlay | None) -> list[Entry]:
        if not file.isprintable() and not _is_utf8(file):
            return [_whole_file(file, Code.NOT_UTF8, "the name of this file is not UTF-8", "Rename it.")]
        data = read_found(self._root, file)
        if isinstance(data, TextRefusal):
            return [_whole_file(file, data.code, data.summary, data.detail)]
        found = read(file, data, self._words, self._parser)
        self.locator.add(found)
        inherited = self._layers.inherited(os.path.dirname(file))
        laid = overlay.over(file, found.documents) if overlay is not None else None
        reported = [*inherited.reported, *(laid.reported if laid is not None else ())]
        entries = []
        for index, document in enumerate(found.documents):
            layer = laid.layers[index] if laid is not None and laid.layers else None
            understood = self._understand(found, document, inherited, layer)
            entries.append(self._entry(found, document, understood, reported))
        if found.failure:
            diagnostics = failure_of(found, self._root)
            location = diagnostics[0].location
            assert location is not None
            entries.append(Entry(file, location.line, None, None, diagnostics))
        return entries

    def _understand(
        self, file: LocatedFile, document: Document, inherited: Inherited, overlay: Layer | None
    ) -> Understood:
        source = Source(file.source.file, document.line)
        if file.broken_lines:
            return Understood(source.origin)
        return self._understanding.understand(
            document.value,
            source,
            has_directives=document.directives,
            inherited=inherited,
            overlay=overlay,
            checked=not document.problems,
        )

    def _entry(
        self, file: LocatedFile, document: Document, understood: Understood, reported: Sequence[Diagnostic]
    ) -> Entry:
        problems = [*document.problems, *comment_problems(file, document)]
        root = understood.root
        if understood.is_clean and not problems and not reported:
            return Entry(root.file, root.line, understood.name, understood.project, ())
        own = diagnostics_of(file, document, problems, self._root)
        found = _unexplained([self.locator.diagnostic(each, root) for each in understood.problems], own)
        for path, diagnostics in understood.reported:
            found += self.locator.used(diagnostics, path, root)
        found += self.locator.used_at(reported, first_line(root.file, root.line))
        diagnostics = in_reading_order([*own, *found])
        failed = any(diagnostic.is_error for diagnostic in diagnostics)
        return Entry(root.file, root.line, understood.name, None if failed else understood.project, diagnostics)


def _refusals(found: Found) -> list[Entry]:
    """What was found and is not read."""
    refused = [_refuse_link(path, refusal) for path, refusal in found.refused]
    refused += [_refuse_folder(path, reason) for path, reason in found.unreadable]
    return refused + [_near_defaults(file) for file in found.near_defaults]


def _refuse_link(path: str, refusal: TextRefusal) -> Entry:
    detail = f"{refusal.detail} A link whose name starts with _ is ignored."
    return _whole_file(path, refusal.code, refusal.summary, detail)


def _refuse_folder(folder: str, reason: str) -> Entry:
    return _whole_file(folder, Code.UNREADABLE, f"this folder cannot be read: {reason}")


def _near_defaults(file: str) -> Entry:
    name = os.path.basename(file)
    summary = f"{name} is not read"
    reported = warning(
        Code.NEAR_DEFAULTS,
        summary,
        detail="Manifests inherit only from files named _defaults.yaml. Rename this file.",
        location=first_line(file, 1),
        label='did you mean "_defaults.yaml"?',
    )
    return Entry(file, 1, None, None, (reported,), is_manifest=False)


def _whole(diagnostic: Diagnostic) -> Entry:
    assert diagnostic.location is not None
    return Entry(diagnostic.location.file, diagnostic.location.line, None, None, (diagnostic,), is_manifest=False)


def _whole_file(file: str, code: Code, summary: str, detail: str = "") -> Entry:
    """An entry for what cannot be read at all."""
    file = file.encode(errors="backslashreplace").decode()
    return Entry(file, 1, None, None, (error(code, summary, detail=detail, location=first_line(file, 1)),))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unexplained(diagnostics: Sequence[Diagnostic], own: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Without those that only say that a value is missing or odd where the YAML itself was found wrong."""
    wrong = {(d.location.file, d.location.line, d.location.column) for d in own if d.location is not None}

    def explained(diagnostic: Diagnostic) -> bool:
        location = diagnostic.location
        return (
            diagnostic.code in (Code.NULL_PART, Code.WRONG_TYPE)
            and location is not None
            and (location.file, location.line, location.column) in wrong
        )

    return [diagnostic for diagnostic in diagnostics if not explained(diagnostic)]


def _duplicates(entries: Sequence[Entry], locator: Locator) -> list[tuple[Entry, Diagnostic]]:
    first: dict[str, Entry] = {}
    repeated: list[tuple[Entry, Entry]] = []
    for entry in entries:
        if entry.name is None:
            continue
        if entry.name in first:
            repeated.append((first[entry.name], entry))
        else:
            first[entry.name] = entry

    def location(entry: Entry) -> Location:
        return locator.location(At(("name",)), Source(entry.file, entry.line).origin)

    return [
        (
            again,
            Diagnostic(
                Severity.ERROR,
                Code.DUPLICATE_NAME,
                f'two manifests are named "{again.name}"',
                "A name identifies a project in git and on Scale. Nothing is sent while a name appears twice.",
                location(again),
                first_at(location(earlier), locator.root),
            ),
        )
        for earlier, again in repeated
    ]
