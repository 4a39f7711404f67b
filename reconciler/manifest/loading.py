"""All manifests below a folder, as desired projects with everything that is wrong with them.

Nothing that a file holds makes this raise. Texts are not kept: what needs a place later is read again (`places.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Severity, Span, error
from reconciler.errors import UsageError
from reconciler.manifest.codes import Code
from reconciler.manifest.comments import comment_problems
from reconciler.manifest.compose import Document
from reconciler.manifest.discovery import discover, path_order
from reconciler.manifest.parsing import Parser, best_parser
from reconciler.manifest.places import spans_of_names
from reconciler.manifest.problems import At, Problem, Stretch
from reconciler.manifest.reading import Located, Reading, read, read_located
from reconciler.manifest.scalars import Words
from reconciler.manifest.textfiles import TextFiles, TextRefusal, is_below, read_bytes
from reconciler.manifest.understanding import Understood, understand
from reconciler.model.project import DesiredProject, Source


@dataclass(frozen=True, slots=True)
class Entry:
    """One YAML document. `line` is the first of its mapping; `name` as far as it could be read.

    `project` is None where the document has an error. `diagnostics` are its errors and warnings, in reading order.
    What ends a whole file (its syntax, its encoding) is an entry of its own, without name and project.
    """

    file: str
    line: int
    name: str | None
    project: DesiredProject | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class Manifests:
    """`folder` and `root` are absolute. `files` counts manifests, readable or not. `entries` are in order of file,
    then document. `duplicates` has an error for each further manifest of a name that stands twice."""

    folder: str
    root: str
    files: int
    entries: tuple[Entry, ...]
    duplicates: tuple[Diagnostic, ...]
    duplicate_names: frozenset[str]


def load_manifests(folder: Path, *, root: Path, parser: Parser | None = None) -> Manifests:
    """Load every manifest below `folder`; `root` is the folder that no file outside of may be read.

    Raises:
        UsageError: where `folder` is not there or lies outside `root`.
    """
    folder_path, root_path = os.path.abspath(folder), os.path.abspath(root)
    if not os.path.isdir(folder_path):
        raise UsageError(
            f"there is no manifest folder {display(folder_path, root_path)}",
            "Manifests are YAML files in this folder. Make it, or name another one in the configuration (manifests).",
        )
    if not is_below(os.path.realpath(folder_path), os.path.realpath(root_path)):
        raise UsageError(
            f"the manifest folder {folder_path} lies outside the repository",
            f"Nothing is read outside of {root_path}, also not through symbolic links.",
        )
    found = discover(folder_path, root=root_path)
    loader = _Loader(root_path, parser or best_parser())
    refused = [_refuse_link(path, refusal) for path, refusal in found.refused]
    refused += [_refuse_folder(path, reason) for path, reason in found.unreadable]
    refused += [_refuse_defaults(file) for file in found.defaults]
    entries = [entry for file in found.manifests for entry in loader.load(file)]
    if refused:
        entries = sorted([*refused, *entries], key=lambda entry: path_order(entry.file))
    duplicates = _duplicates(entries, root_path)
    names = frozenset(entry.name for entry, _ in duplicates if entry.name is not None)
    diagnostics = tuple(diagnostic for _, diagnostic in duplicates)
    return Manifests(folder_path, root_path, len(found.manifests), tuple(entries), diagnostics, names)


def display(file: str, root: str) -> str:
    """A path as messages show it: relative to the root where it lies below."""
    return file[len(root) + 1 :] if file.startswith(f"{root}/") else file


class _Loader:
    """Loads one file after the other; words and texts are shared by all of them."""

    def __init__(self, root: str, parser: Parser) -> None:
        self._root = root
        self._parser = parser
        self._words = Words()
        self._text_files = TextFiles(root)

    def load(self, file: str) -> list[Entry]:
        if not file.isprintable() and not _is_utf8(file):
            return [_whole_file(file, Code.NOT_UTF8, "the name of this file is not UTF-8", "Rename it.")]
        try:
            data = read_bytes(file)
        except OSError as problem:
            return [_whole_file(file, Code.UNREADABLE, f"this file cannot be read: {problem.strerror}")]
        reading = read(file, data, self._words, self._parser)
        understood = [self._understand(file, document, reading) for document in reading.documents]
        located = reading.located
        documents = reading.documents
        if located is None:
            if not any(each.problems for each in understood):
                return [
                    Entry(file, document.line, each.name, each.project, ())
                    for document, each in zip(documents, understood, strict=True)
                ]
            again = read_located(file, data, self._words, self._parser)
            documents, located = again.documents, again.located
        assert located is not None
        entries = [
            self._entry(file, document, each, located) for document, each in zip(documents, understood, strict=True)
        ]
        if reading.failure:
            entries.append(self._failure(file, reading.failure, located))
        return entries

    def _understand(self, file: str, document: Document, reading: Reading) -> Understood:
        if reading.broken_lines:
            return Understood()
        source = Source(file, document.line)
        return understand(document.value, source, self._text_files, directives=document.directives)

    def _entry(self, file: str, document: Document, understood: Understood, located: Located) -> Entry:
        problems = [*document.problems, *_unexplained(understood.problems, document, located)]
        problems += comment_problems(document, located)
        diagnostics = _diagnostics(problems, document, located, self._root)
        failed = any(diagnostic.is_error for diagnostic in diagnostics)
        return Entry(file, document.line, understood.name, None if failed else understood.project, diagnostics)

    def _failure(self, file: str, problems: list[Problem], located: Located) -> Entry:
        diagnostics = _diagnostics(problems, Document(None, 1), located, self._root)
        span = diagnostics[0].span
        return Entry(file, span.line if span is not None else 1, None, None, diagnostics)


def _refuse_link(path: str, refusal: TextRefusal) -> Entry:
    detail = f"{refusal.detail} A link whose name starts with _ is left alone."
    return _whole_file(path, refusal.code, refusal.summary, detail)


def _refuse_folder(folder: str, reason: str) -> Entry:
    return _whole_file(folder, Code.UNREADABLE, f"this folder cannot be read: {reason}")


def _refuse_defaults(file: str) -> Entry:
    return _whole_file(
        file,
        Code.UNSUPPORTED_DEFAULTS,
        "this version of reconciler does not read _defaults.yaml",
        "Manifests below it would lack its values. Write them into the manifests, and take this file away.",
    )


def _whole_file(file: str, code: Code, summary: str, detail: str = "") -> Entry:
    """An entry for what cannot be read at all."""
    file = file.encode(errors="backslashreplace").decode()
    return Entry(file, 1, None, None, (error(code, summary, detail=detail, span=Span(file, 1, 1, 2)),))


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _unexplained(problems: Iterable[Problem], document: Document, located: Located) -> list[Problem]:
    """Without those that only say that a value is missing or odd where the YAML itself was found wrong."""
    wrong = {problem.where.start for problem in document.problems if isinstance(problem.where, Stretch)}
    if not wrong:
        return list(problems)

    def explained(problem: Problem) -> bool:
        if problem.code not in (Code.NULL_PART, Code.WRONG_TYPE) or not isinstance(problem.where, At):
            return False
        return located.places.find(document.value, document.stretch, At(problem.where.path)).start in wrong

    return [problem for problem in problems if not explained(problem)]


def _diagnostics(
    problems: Sequence[Problem], document: Document, located: Located, root: str
) -> tuple[Diagnostic, ...]:
    """In reading order; what an alias repeats is said once."""
    found: dict[tuple[int, int, str, str], Diagnostic] = {}
    for problem in problems:
        span = located.span(document, problem.where)
        label = problem.label
        if problem.first is not None:
            first = located.span(document, problem.first)
            label = first_at(first, root)
        diagnostic = Diagnostic(problem.severity, problem.code, problem.summary, problem.detail, span, label)
        found.setdefault((span.line, span.column, problem.code, problem.summary), diagnostic)
    return tuple(diagnostic for _, diagnostic in sorted(found.items(), key=lambda item: item[0][:2]))


def first_at(span: Span, root: str) -> str:
    return f"first at {display(span.file, root)}:{span.line}:{span.column}"


def _duplicates(entries: Sequence[Entry], root: str) -> list[tuple[Entry, Diagnostic]]:
    first: dict[str, Entry] = {}
    repeated: list[tuple[Entry, Entry]] = []
    for entry in entries:
        if entry.name is None:
            continue
        if entry.name in first:
            repeated.append((first[entry.name], entry))
        else:
            first[entry.name] = entry
    spans = spans_of_names({(entry.file, entry.line) for pair in repeated for entry in pair})
    return [
        (
            again,
            Diagnostic(
                Severity.ERROR,
                Code.DUPLICATE_NAME,
                f'two manifests are named "{again.name}"',
                "A name is a project's identity, here and on Scale's side. Nothing is sent while it stands twice.",
                spans[again.file, again.line],
                first_at(spans[earlier.file, earlier.line], root),
            ),
        )
        for earlier, again in repeated
    ]
