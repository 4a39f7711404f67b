"""From problems to diagnostics: where things stand that were composed from several files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from reconciler.diagnostics import Diagnostic, Location
from reconciler.errors import FileRefusedError
from reconciler.files.reading import read_file
from reconciler.manifest.compose import Document
from reconciler.manifest.parsing import Parser
from reconciler.manifest.problems import At, Problem, RawPath
from reconciler.manifest.reading import Located, Reading, read_located
from reconciler.manifest.scalars import Words
from reconciler.model.project import Origin
from reconciler.model.values import Json


def display(file: str, root: str) -> str:
    """A path as messages show it: relative to the root where it lies below."""
    return file[len(root) + 1 :] if file.startswith(f"{root}/") else file


def first_at(location: Location, root: str) -> str:
    return f"first at {display(location.file, root)}:{location.line}:{location.column}"


def first_line(file: str, line: int) -> Location:
    return Location(file, line, 1, 2)


def diagnostics_of(problems: Iterable[Problem], document: Document, located: Located, root: str) -> list[Diagnostic]:
    """Problems of one document of one file."""
    found: list[Diagnostic] = []
    for problem in problems:
        label = problem.label
        if problem.first is not None:
            label = first_at(located.location(document, problem.first), root)
        location = located.location(document, problem.where)
        found.append(Diagnostic(problem.severity, problem.code, problem.summary, problem.detail, location, label))
    return found


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
    """Finds the places of values by their origins. Files are read again, with places, when first asked for.

    `root` is the repository root; empty if the caller does not know it and the files were all read before.
    """

    def __init__(self, root: str, parser: Parser) -> None:
        self.root = root
        self._parser = parser
        self._words = Words()
        self._shared: dict[str, Reading | None] = {}
        self._current: tuple[str, Reading | None] = ("", None)
        self._room = _MOST_USES

    def enter(self, file: str, reading: Reading | None = None) -> None:
        """Turn to a manifest; the one before is forgotten. `reading` may be given where it was read with places."""
        if self._current[0] != file or reading is not None:
            self._current = (file, reading or self._read(file))

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

    def used(self, told: Iterable[Diagnostic], path: RawPath, root: Origin) -> list[Diagnostic]:
        """What is wrong with a file that is used at `path`, with the place of that use."""
        return self.used_at(told, self.user(path, root))

    def used_at(self, told: Iterable[Diagnostic], user: Location) -> list[Diagnostic]:
        """The same, if the place is known. After very many, one error is enough to show that the user is broken."""
        found = [*told]
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
        """Where the document itself brings in what stands at `path`; its first line for what it inherits."""
        length = next((length for length in range(len(path), -1, -1) if path[:length] in root.inner), None)
        if length is not None and root.inner[path[:length]].keyed:
            return first_line(root.file, root.line)
        return self._location(root.file, root.line, At((*root.at, *path)))

    def document(self, root: Origin) -> Mapping[str, Json]:
        """The document at the origin as it stands in the file; empty where there is none any more."""
        reading = self._reading(root.file)
        document = reading.document_at(root.line) if reading is not None else None
        return document.value if document is not None and isinstance(document.value, dict) else {}

    def _location(self, file: str, line: int, where: At) -> Location:
        reading = self._reading(file)
        if reading is not None and reading.located is not None:
            document = reading.document_at(line)
            if document is not None:
                return reading.located.location(document, where)
        return first_line(file, line)

    def _reading(self, file: str) -> Reading | None:
        if self._current[0] == file:
            return self._current[1]
        if file not in self._shared:
            self._shared[file] = self._read(file)
        return self._shared[file]

    def _read(self, file: str) -> Reading | None:
        try:
            return read_located(file, read_file(self.root or "/", file), self._words, self._parser)
        except FileRefusedError:
            return None
