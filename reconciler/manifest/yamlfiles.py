"""YAML files that others use: what `{$ref: …}` names, `_defaults.yaml`, overlays. Each is read once a load."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.comments import comment_problems
from reconciler.manifest.located import Document
from reconciler.manifest.locating import Locator, diagnostics_of, failure_of, in_reading_order
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words


@dataclass(slots=True)
class YamlFile:
    """`reported` is what is wrong with it as YAML. If it has an error, do not use `documents`."""

    file: str
    documents: list[Document]
    reported: tuple[Diagnostic, ...]

    @property
    def broken(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.reported)


class YamlFiles:
    """Files by their absolute path, symbolic links not followed."""

    def __init__(self, locator: Locator, words: Words, parser: Parser) -> None:
        self._locator = locator
        self._words = words
        self._parser = parser
        self._files: dict[str, YamlFile] = {}

    def read(self, file: str, data: bytes, *, like_project: bool = False) -> YamlFile:
        """The documents in `data`, the bytes of `file`. `like_project` means that they have a project's keys."""
        found = self._files.get(file)
        if found is None:
            found = self._files[file] = self._read_new(file, data, like_project)
        return found

    def read_so_far(self) -> tuple[str, ...]:
        return tuple(self._files)

    def _read_new(self, file: str, data: bytes, like_project: bool) -> YamlFile:
        found = read(file, data, self._words, self._parser)
        self._locator.add(found)
        reported: list[Diagnostic] = []
        for document in found.documents:
            problems = [*document.problems, *comment_problems(found, document, everywhere=not like_project)]
            reported += in_reading_order(diagnostics_of(found, document, problems, self._locator.root))
        return YamlFile(file, found.documents, (*reported, *failure_of(found, self._locator.root)))
