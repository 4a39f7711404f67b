"""YAML files that others use: what `{$ref: …}` names, `_defaults.yaml`, overlays. Each is read once a load."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.comments import comment_problems
from reconciler.manifest.compose import Document
from reconciler.manifest.locating import diagnostics_of, in_reading_order
from reconciler.manifest.parsing import Parser
from reconciler.manifest.reading import read
from reconciler.manifest.scalars import Words


@dataclass(slots=True)
class YamlFile:
    """`told` is what is wrong with it as YAML. Where that holds an error, `documents` are not to be used."""

    file: str
    documents: list[Document]
    told: tuple[Diagnostic, ...]

    @property
    def broken(self) -> bool:
        return any(diagnostic.is_error for diagnostic in self.told)


class YamlFiles:
    """Files by their absolute path, symbolic links not followed."""

    def __init__(self, root: str, words: Words, parser: Parser) -> None:
        self._root = root
        self._words = words
        self._parser = parser
        self._files: dict[str, YamlFile] = {}

    def read(self, file: str, data: bytes, *, like_project: bool = False) -> YamlFile:
        """The documents in `data`, the bytes of `file`. `like_project` tells that they have a project's keys."""
        found = self._files.get(file)
        if found is None:
            found = self._files[file] = self._read_new(file, data, like_project)
        return found

    def read_so_far(self) -> tuple[str, ...]:
        return tuple(self._files)

    def _read_new(self, file: str, data: bytes, like_project: bool) -> YamlFile:
        reading = read(file, data, self._words, self._parser)
        if reading.located is None:
            return YamlFile(file, reading.documents, ())
        told: list[Diagnostic] = []
        for document in reading.documents:
            problems = [*document.problems, *comment_problems(document, reading.located, everywhere=not like_project)]
            told += in_reading_order(diagnostics_of(problems, document, reading.located, self._root))
        if reading.failure:
            told += in_reading_order(diagnostics_of(reading.failure, Document(None, 1), reading.located, self._root))
        return YamlFile(file, reading.documents, tuple(told))
