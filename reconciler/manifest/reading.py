"""Reads documents from a file's bytes.

Plain block style is read line by line, and anything else by the C parser. The pure parser reads again what the C parser
rejects, and its verdict is final. Only the C parser reads a file that is over a limit or over 256 kB, because the pure
parser can need a minute for such a file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from contextlib import suppress
from typing import Final

import yaml

from reconciler.diagnostics import error
from reconciler.manifest.codes import Code
from reconciler.manifest.compose import Composer
from reconciler.manifest.findings import LimitError
from reconciler.manifest.lines import compose_lines
from reconciler.manifest.located import LocatedFile, Stretch
from reconciler.manifest.parsing import NotYamlError, Parser, open_events, refusal
from reconciler.manifest.rawtext import NotUtf8Error, RawText, prepare
from reconciler.manifest.scalars import Words
from reconciler.manifest.syntax import explained

LARGEST_READ_TWICE: Final = 256_000
"""The size in bytes above which the pure parser does not read a file."""

_TOO_DEEP_FOR_LIBYAML: Final = "exceeded maximum nesting depth"
"""libyaml's limit is 1,000 levels. It can reach this limit while it looks ahead of the events that it returns."""

_BARE_COMMENT: Final = re.compile(r"[:-][ \t]+#")
_CLOSE_COMMENT: Final = re.compile(r"[ \t]#[^\s#]")


def read(file: str, data: bytes, words: Words, parser: Parser, *, root: str = "") -> LocatedFile:
    """Read a file, and collect all mistakes in its YAML. Messages show paths relative to `root`."""
    try:
        raw = prepare(file, data, parser, root=root)
    except NotUtf8Error as problem:
        return _not_utf8(problem)
    words.saw_empty = False
    plain = compose_lines(raw.source, words) if parser is Parser.C and raw.is_plain else None
    found, refused = (LocatedFile(raw.source, [plain]), None) if plain else _compose(raw, words, parser)
    if refused is not None and parser is Parser.C and len(data) <= LARGEST_READ_TWICE:
        if not raw.is_plain:
            raw = prepare(file, data, Parser.PURE, root=root)  # escapes were only handled up to the refusal
        found, verdict = _compose(raw, words, Parser.PURE)
        if verdict is None or not verdict.stumbled:
            refused = verdict
    if refused is not None:
        found.failure.append(explained(found.source, refused))
        if found.documents and isinstance(found.documents[-1].value, str):
            found.documents.pop()  # a part of the line that is not valid
    found.hides_values = _hides_values(found.source.parsed, words.saw_empty)
    _share_out(found, raw)
    return _without_values(found) if raw.broken_lines else found


def _hides_values(text: str, saw_empty: bool) -> bool:
    """Whether a comment may be meant as a value. The answer no is always correct."""
    if "#" not in text:
        return False
    if saw_empty and _BARE_COMMENT.search(text):
        return True
    for match in _CLOSE_COMMENT.finditer(text):
        line_start = max(text.rfind("\n", 0, match.start()), text.rfind("\r", 0, match.start())) + 1
        if text[line_start : match.start()].strip():
            return True
    return False


def _compose(raw: RawText, words: Words, parser: Parser) -> tuple[LocatedFile, NotYamlError | None]:
    """The documents up to the point where the parser rejects the text."""
    source = raw.source
    found = LocatedFile(source)
    refused: NotYamlError | None
    composer = Composer(source, open_events(parser, source.parsed), words)
    try:
        for document in composer.documents():
            found.documents.append(document)
    except LimitError:
        refused = None
    except (yaml.YAMLError, NotYamlError) as problem:
        refused = problem if isinstance(problem, NotYamlError) else refusal(problem, source.parsed)
        if _TOO_DEEP_FOR_LIBYAML in refused.message:
            with suppress(LimitError):
                composer.unfinished.too_deep(Stretch(refused.index, refused.index + 1))
            refused = None
    else:
        return found, None
    found.failure = [*composer.unfinished.problems]
    return found, refused


def _share_out(found: LocatedFile, raw: RawText) -> None:
    """Assign each problem of the raw text to the document that contains it."""
    starts = [document.whole.value.start for document in found.documents] if raw.problems else []
    for offset, problem in raw.problems:
        before = bisect_right(starts, offset)
        owner = found.documents[before - 1] if before else None
        if owner is not None and offset < max(owner.whole.value.end, owner.whole.value.start + 1):
            owner.problems.append(problem)
        else:
            found.failure.append(problem)


def _without_values(found: LocatedFile) -> LocatedFile:
    """The file with all its mistakes except its syntax, because its line separators explain the syntax error."""
    every = [diagnostic for diagnostic in found.reported if diagnostic.code != Code.SYNTAX]
    return LocatedFile(found.source, failure=every)


def _not_utf8(problem: NotUtf8Error) -> LocatedFile:
    detail = "Reconciler stopped reading the file here. Save the file as UTF-8."
    if "\0" in problem.source.text:
        detail = "The file looks like UTF-16. Save the file as UTF-8."
    location = problem.source.location(Stretch(problem.start, problem.start + 1))
    failure = error(Code.NOT_UTF8, "this file is not UTF-8", detail=detail, location=location)
    return LocatedFile(problem.source, failure=[failure])
