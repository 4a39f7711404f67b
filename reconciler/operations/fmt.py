"""Format YAML files. A file with an error is not changed. A result is written only if it provably means the same."""

from __future__ import annotations

import os
import stat
from codecs import BOM_UTF8
from collections.abc import Collection, Iterable, Sequence
from dataclasses import field
from functools import partial
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, error, first_line, merged, quoted, with_suggestion
from reconciler.errors import FileRefusedError, UsageError
from reconciler.files.reading import read_file, resolve
from reconciler.files.walking import Refusal, is_below
from reconciler.files.writing import check_below, write_below
from reconciler.frozen import dataclass
from reconciler.manifest.discovery import DEFAULTS, path_order
from reconciler.manifest.formatting import FileKind, NotProvenError, formatted
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.located import LocatedFile
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.scalars import Words
from reconciler.manifest.sharedfiles import SharedFiles
from reconciler.manifest.understanding import Entry
from reconciler.settings import Settings

_YAML: Final = (".yaml", ".yml")


@dataclass(slots=True)
class Formatting:
    """`changed` has the absolute paths of files that were or would be formatted. `kept` counts already formatted files.

    `errors` has the reasons why files were not formatted, and `notes` those of valid files with a form that fmt does
    not know.
    """

    changed: list[str] = field(default_factory=list)
    kept: int = 0
    errors: list[Diagnostic] = field(default_factory=list)
    notes: list[Diagnostic] = field(default_factory=list)


def format_files(settings: Settings, paths: Sequence[str], *, check: bool) -> Formatting:
    """Format manifests, defaults, overlays, and the YAML files that they refer to, or only the files in `paths`.

    A path that is a YAML file is formatted even if no manifest uses it. If all paths are manifests, no other manifest
    is read. With `check` nothing is written.

    Raises:
        UsageError: a path does not exist or is outside the repository, or the manifest folder is missing.
    """
    load = partial(load_manifests, settings.manifests, root=settings.repo_root, checked=settings.overlays)
    given = {os.path.normpath(settings.cwd / path) for path in paths}
    manifests = load(only=given) if given else load()
    if given - {entry.file for entry in manifests.entries if entry.is_manifest}:
        manifests = load()
    reported: dict[str, list[Diagnostic]] = {}
    for diagnostic in merged(each for entry in (*manifests.entries, *manifests.variants) for each in entry.diagnostics):
        if diagnostic.is_error and diagnostic.location is not None:
            reported.setdefault(diagnostic.location.file, []).append(diagnostic)
    known = {entry.file for entry in manifests.entries if entry.is_manifest}
    shared = {file for file in manifests.shared if file.endswith(_YAML)}  # a file may also be JSON, and must stay so
    files = sorted(known | shared | set(reported), key=path_order)
    if paths:
        files = _named(files, paths, settings)
    known |= {os.path.realpath(file) for file in known}  # what a link leads to is a manifest under its own name, too
    overlays = [os.path.abspath(overlay) for overlay in settings.overlays]
    loaded = _loaded(manifests.entries)
    result = Formatting()
    for file in files:
        kind = _kind(file, manifests, known, overlays)
        result.errors += reported.get(file) or _format(
            file, kind, loaded.get(file), result, root=manifests.root, check=check, named=bool(paths)
        )
    return result


def _loaded(entries: Iterable[Entry]) -> dict[str, LocatedFile]:
    """The manifests that were read to their ends, as they were read."""
    loaded: dict[str, LocatedFile] = {}
    unfinished: set[str] = set()
    for entry in entries:
        if entry.origin is None:
            unfinished.add(entry.file)
        else:
            document = entry.origin.document
            loaded.setdefault(entry.file, LocatedFile(document.source)).documents.append(document)
    return {file: found for file, found in loaded.items() if file not in unfinished}


def _kind(file: str, manifests: Manifests, known: Collection[str], overlays: Sequence[str]) -> FileKind:
    in_overlay = any(is_below(file, overlay) for overlay in overlays)
    if os.path.basename(file) == DEFAULTS and (in_overlay or is_below(file, manifests.folder)):
        return FileKind.DEFAULTS
    if in_overlay:
        return FileKind.OVERLAY
    return FileKind.MANIFEST if file in known else FileKind.OTHER


def _named(files: Iterable[str], paths: Sequence[str], settings: Settings) -> list[str]:
    named: set[str] = set()
    for path in paths:
        file = os.path.normpath(settings.cwd / path)
        if not is_below(os.path.realpath(file), os.path.realpath(settings.repo_root)):
            raise UsageError(
                f"{quoted(path)} is outside the repository",
                f"fmt formats only files in the repository, which is {settings.repo_root}.",
            )
        if os.path.isdir(file):
            found = {each for each in files if is_below(each, file)}
            if not found:
                raise UsageError(f"{quoted(path)} contains no manifests", _where(file, settings))
            named |= found
        elif not os.path.lexists(file):
            shown = [os.path.relpath(each, settings.cwd) for each in files]
            summary = with_suggestion(f"{quoted(path)} does not exist", os.path.relpath(file, settings.cwd), shown)
            raise UsageError(summary, "Specify an existing file or folder.")
        elif not file.endswith(_YAML):
            raise UsageError(f"{quoted(path)} is not a YAML file", "The file name must end in .yaml or .yml.")
        else:
            named.add(file)
    return sorted(named, key=path_order)


def _where(folder: str, settings: Settings) -> str:
    if is_below(folder, os.fspath(settings.manifests)):
        return "A manifest is a file whose name ends in .yaml or .yml and does not start with _ or a dot."
    return f"The manifest folder is {settings.manifests}."


def _format(
    file: str, kind: FileKind, loaded: LocatedFile | None, result: Formatting, *, root: str, check: bool, named: bool
) -> list[Diagnostic]:
    """Format one file; returns why it was not formatted. What was `loaded` from it is not read again."""
    try:
        data = read_file(root, file)
    except FileRefusedError as problem:
        return [_whole(file, "unreadable", f"this file cannot be read: {problem.why}", problem.detail)]
    if loaded is not None and loaded.source.text.encode() == data.removeprefix(BOM_UTF8):
        found = loaded
    else:
        found = SharedFiles(root, Words(), best_parser()).yaml(file, data)
    if found.broken:
        if kind is FileKind.OTHER and not named:
            return []  # only a valid value in it is used; otherwise the load reported a mistake
        return [diagnostic for diagnostic in found.reported if diagnostic.is_error]
    try:
        new = formatted(data, kind, before=found)
    except NotProvenError as problem:
        detail = f"The file is valid and unchanged. If fmt formatted it, {problem}."
        summary = "fmt does not support the layout of this file"
        result.notes.append(Diagnostic(Severity.NOTE, "not-formatted", summary, detail, first_line(file)))
        return []
    if new == data:
        result.kept += 1
        return []
    try:
        check_below(root, file)
        if not check:
            _replace(file, data, new, root)
    except FileRefusedError as problem:
        if problem.reason == Refusal.LINK:
            real = os.path.relpath(resolve(root, file), os.path.realpath(root))
            detail = f"fmt never writes through a link. Format {real} instead, or replace the link with a copy."
            return [_whole(file, "link", f"this file was not formatted: {problem.why}", detail)]
        detail = "The file is unchanged."
        advice = problem.detail or "Make the file and its folder writable, then run fmt again."
        return [_whole(file, "not-written", f"this file cannot be written: {problem.why}", f"{detail} {advice}")]
    result.changed.append(file)
    return []


def _replace(file: str, data: bytes, new: bytes, root: str) -> None:
    """Replace the content in one step, and keep the file's permissions.

    Raises:
        FileRefusedError: the file cannot be written, or it has changed since it was read.
    """
    there = read_file(root, file)
    if there == new:
        return  # another run was faster
    if there != data:
        why = "it has changed since it was read"
        raise FileRefusedError(f"{file} cannot be written: {why}", "Run fmt again.", reason=Refusal.FAILED, why=why)
    write_below(root, file, new, mode=stat.S_IMODE(os.stat(file).st_mode))


def _whole(file: str, code: str, summary: str, detail: str) -> Diagnostic:
    return error(code, summary, detail=detail, location=first_line(file))
