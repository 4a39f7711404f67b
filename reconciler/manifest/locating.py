"""From problems to diagnostics: the locations of values that are composed from several files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Final

from reconciler.diagnostics import Diagnostic, Location
from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_file
from reconciler.manifest.located import Document, LocatedFile
from reconciler.manifest.parsing import best_parser
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words
from reconciler.model.project import DesiredProject, Origin
from reconciler.model.values import Json


def display(file: str, root: str) -> str:
    """A path as messages show it: relative to the root where it lies below."""
    return file[len(root) + 1 :] if file.startswith(f"{root}/") else file


def first_at(location: Location, root: str) -> str:
    return f"first at {display(location.file, root)}:{location.line}:{location.column}"


def first_line(file: str, line: int) -> Location:
    return Location(file, line, 1, 2)


def diagnostics_of(file: LocatedFile, document: Document, problems: Iterable[Problem], root: str) -> list[Diagnostic]:
    """Problems of one document of one file."""
    found: list[Diagnostic] = []
    for problem in problems:
        label = problem.label
        if problem.first is not None:
            label = first_at(file.location(document, problem.first), root)
        location = file.location(document, problem.where)
        found.append(Diagnostic(problem.severity, problem.code, problem.summary, problem.detail, location, label))
    return found


def failure_of(file: LocatedFile, root: str) -> tuple[Diagnostic, ...]:
    """What ended a file, in reading order."""
    return in_reading_order(diagnostics_of(file, Document(None, 1), file.failure, root))


def in_reading_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those of one document: its own before those of files that it uses; what an alias repeats is said once."""
    found: dict[tuple[str, int, int, str, str], Diagnostic] = {}
    for diagnostic in diagnostics:
        location = diagnostic.location
        assert location is not None
        found.setdefault(
            (location.file, location.line, location.column, diagnostic.code, diagnostic.summary), diagnostic
        )
    ordered = sorted(found.items(), key=lambda item: (bool(item[1].used_by), *item[0][:3]))
    return tuple(diagnostic for _, diagnostic in ordered)


_MOST_USES: Final = 100_000
"""Messages about shared files that one load repeats, counted for each document that uses the file."""


class Locator:
    """Finds the locations of values by their origins, in files as they were read. `root` is the repository root."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._files: dict[str, LocatedFile] = {}
        self._room = _MOST_USES

    def add(self, file: LocatedFile) -> None:
        self._files[file.source.file] = file

    def diagnostic(self, problem: Problem, root: Origin) -> Diagnostic:
        """For a problem whose places are paths in the value that has the origin `root`."""
        assert isinstance(problem.where, At)
        location = self.location(problem.where, root)
        label = problem.label
        if problem.first is not None:
            assert isinstance(problem.first, At)
            label = first_at(self.location(problem.first, root), self.root)
        used_by = () if location.file == root.file else (self.user(problem.where.path, root),)
        return Diagnostic(problem.severity, problem.code, problem.summary, problem.detail, location, label, used_by)

    def used(self, reported: Iterable[Diagnostic], path: RawPath, root: Origin) -> list[Diagnostic]:
        """What is wrong with a file that is used at `path`, with the place of that use."""
        return self.used_at(reported, self.user(path, root))

    def used_at(self, reported: Iterable[Diagnostic], user: Location) -> list[Diagnostic]:
        """The same, if the place is known. After very many, one error is enough to show that the user is broken."""
        found = [*reported]
        if len(found) > self._room:
            found = [diagnostic for diagnostic in found if diagnostic.is_error][:1]
        self._room = max(0, self._room - len(found))
        return [replace(diagnostic, used_by=(user,)) for diagnostic in found]

    def location(self, where: At, root: Origin) -> Location:
        """The place of a value or key. For the whole of a text file, that of its directive."""
        if not root.inner:
            return self._location(
                root.file, root.line, where if not root.at else At((*root.at, *where.path), where.key)
            )
        origin = root.at_path(where.path)
        if where.path and (where.key or origin.text):
            origin = root.written(where.path)
        return self._location(origin.file, origin.line, At(origin.at, where.key))

    def user(self, path: RawPath, root: Origin) -> Location:
        """Where the document brings in the value at `path`; its first line for an inherited value."""
        length = next((length for length in range(len(path), -1, -1) if path[:length] in root.inner), None)
        if length is not None and root.inner[path[:length]].keyed:
            return first_line(root.file, root.line)
        return self._location(root.file, root.line, At((*root.at, *path)))

    def document(self, root: Origin) -> Mapping[str, Json]:
        """The document at the origin as it is written; empty if there is none."""
        document = self._document(root.file, root.line)
        return document.value if document is not None and isinstance(document.value, dict) else {}

    def _location(self, file: str, line: int, where: At) -> Location:
        document = self._document(file, line)
        return first_line(file, line) if document is None else self._files[file].location(document, where)

    def _document(self, file: str, line: int) -> Document | None:
        found = self._files.get(file)
        return None if found is None else found.document_at(line)


def locator_of(project: DesiredProject) -> Locator:
    """The one of the load; for a project of a saved plan, one that reads its manifest as it is now."""
    if isinstance(project.locator, Locator):
        return project.locator
    locator = Locator("")
    file = project.source.file
    with suppress(FileRefusedError):
        locator.add(read(file, read_file("/", file), Words(), best_parser()))
    return locator
