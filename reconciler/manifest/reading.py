"""From a file's bytes to documents: the quick pass, and the second one where there is something to report.

The C parser is asked first; what it refuses the pure one reads, and its verdict is final. Not asked again is a file
over a limit or over 256 kB: the pure parser can need a minute for such a file, so the C parser's own words serve.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from typing import Final

import yaml

from reconciler.diagnostics import Location
from reconciler.manifest.codes import Code
from reconciler.manifest.compose import Composer, Document
from reconciler.manifest.findings import LimitError, NeedsPlacesError, too_deep
from reconciler.manifest.parsing import Parser, RefusedError, open_events, refusal
from reconciler.manifest.placing import Places, SourceText
from reconciler.manifest.problems import Problem, Stretch, Where
from reconciler.manifest.rawtext import NotUtf8Error, RawText, prepare
from reconciler.manifest.scalars import Words
from reconciler.manifest.syntax import explained

LARGEST_READ_TWICE: Final = 256_000
"""Bytes up to which the pure parser is asked about what the C parser refuses."""

_TOO_DEEP_FOR_LIBYAML: Final = "exceeded maximum nesting depth"
"""Its own limit of 1,000 levels, which it can meet while it looks ahead of the events that it gives."""

_BARE_COMMENT: Final = re.compile(rb"[:-][ \t]+#")
_CLOSE_COMMENT: Final = re.compile(rb"[ \t]#[^\s#]")


@dataclass(frozen=True, slots=True)
class Located:
    """What the second pass knows beside the values."""

    source: SourceText
    places: Places

    def location(self, document: Document, where: Where) -> Location:
        """The location of a place in one of the documents that were read with it."""
        return self.source.location(self.places.find(document.value, document.stretch, where))


@dataclass(slots=True)
class Reading:
    """`failure` ends the file: its syntax, a limit. `located` is there after a second pass only.

    With `broken_lines` the values cannot be trusted, and nothing should be said about them.
    """

    documents: list[Document] = field(default_factory=list)
    failure: list[Problem] = field(default_factory=list)
    located: Located | None = None
    broken_lines: bool = False
    _lines: dict[int, Document] = field(default_factory=dict)

    def document_at(self, line: int) -> Document | None:
        """The document that begins on a line."""
        if not self._lines:
            self._lines = {document.line: document for document in reversed(self.documents)}
        return self._lines.get(line)


def read(file: str, data: bytes, words: Words, parser: Parser) -> Reading:
    """Read quickly, and once more with places where the quick pass met anything to look at."""
    if parser is Parser.C:
        try:
            raw = prepare(data, parser)
        except NotUtf8Error:
            return read_located(file, data, words, parser)
        if raw.is_plain:
            body = raw.body
            wary = b"&" in body or b"!" in body
            words.saw_empty = False
            try:
                documents = list(Composer(open_events(parser, body), words, wary=wary).documents())
            except (NeedsPlacesError, yaml.YAMLError):
                pass
            else:
                if not _hides_values(body, words.saw_empty):
                    return Reading(documents)
    return read_located(file, data, words, parser)


def _hides_values(body: bytes, saw_empty: bool) -> bool:
    """Whether a comment may stand where a value was meant (never wrongly no)."""
    if b"#" not in body:
        return False
    if saw_empty and _BARE_COMMENT.search(body):
        return True
    for match in _CLOSE_COMMENT.finditer(body):
        line_start = max(body.rfind(b"\n", 0, match.start()), body.rfind(b"\r", 0, match.start())) + 1
        if body[line_start : match.start()].strip():
            return True
    return False


def read_located(file: str, data: bytes, words: Words, parser: Parser) -> Reading:
    """Read with places, reporting everything that is wrong with the YAML."""
    try:
        raw = prepare(data, parser)
    except NotUtf8Error as problem:
        return _not_utf8(file, problem)
    reading, refused = _compose(file, raw, words, parser)
    if refused is not None and parser is Parser.C and len(data) <= LARGEST_READ_TWICE:
        raw = raw if raw.is_plain else prepare(data, Parser.PURE)  # its escapes were looked at up to the refusal alone
        reading, verdict = _compose(file, raw, words, Parser.PURE)
        if verdict is None or not verdict.stumbled:
            refused = verdict
    if refused is not None:
        assert reading.located is not None
        reading.failure.append(explained(reading.located.source.parsed, refused))
        if reading.documents and isinstance(reading.documents[-1].value, str):
            reading.documents.pop()  # what a parser took of a line that is not right
    _share_out(reading, raw)
    return reading


def _compose(file: str, raw: RawText, words: Words, parser: Parser) -> tuple[Reading, RefusedError | None]:
    """What the parser takes, up to where it refuses the text."""
    parsed = raw.body.decode()
    text = parsed if raw.text is None else raw.text
    located = Located(SourceText(file, text, parsed=parsed, joined=raw.joined), Places())
    reading = Reading(located=located, broken_lines=raw.broken_lines)
    composer = Composer(open_events(parser, raw.body), words, places=located.places)
    try:
        for document in composer.documents():
            reading.documents.append(document)
    except LimitError as limit:
        reading.failure = [*composer.unfinished, limit.problem]
    except (yaml.YAMLError, RefusedError) as problem:
        reading.failure = [*composer.unfinished]
        refused = problem if isinstance(problem, RefusedError) else refusal(problem, raw.body)
        if _TOO_DEEP_FOR_LIBYAML not in refused.message:
            return reading, refused
        reading.failure.append(too_deep(Stretch(refused.index, refused.index + 1)))
    return reading, None


def _share_out(reading: Reading, raw: RawText) -> None:
    """Give what was seen in the raw text to the document it stands in; it explains what the parser then refused."""
    assert reading.located is not None
    text = reading.located.source.parsed
    for document in reading.documents:
        document.problems = [_at_directive(problem, text) for problem in document.problems]
    reading.failure = [_at_directive(problem, text) for problem in reading.failure]
    if raw.broken_lines:
        reading.failure = [problem for problem in reading.failure if problem.code is not Code.SYNTAX]
    starts = [document.stretch.start for document in reading.documents]
    for problem in raw.problems:
        assert isinstance(problem.where, Stretch)
        before = bisect_right(starts, problem.where.start)
        owner = reading.documents[before - 1] if before else None
        if owner is not None and problem.where.start >= max(owner.stretch.end, owner.stretch.start + 1):
            owner = None
        (reading.failure if owner is None else owner.problems).append(problem)


def _at_directive(problem: Problem, text: str) -> Problem:
    """A %YAML line's problem at that line: the parsers differ in where a document with one starts."""
    if problem.code is not Code.YAML_VERSION or not isinstance(problem.where, Stretch):
        return problem
    start = max(0, text.rfind("%YAML", 0, problem.where.start + len("%YAML")))
    return replace(problem, where=Stretch(start, start + len("%YAML")))


def _not_utf8(file: str, problem: NotUtf8Error) -> Reading:
    looks_wide = "\0" in problem.text
    source = SourceText(file, problem.text, showable=not looks_wide)
    stretch = Stretch(problem.start, problem.start + 1)
    detail = "Save it as UTF-8. What follows here is not read."
    if looks_wide:
        detail = "It looks like UTF-16. Save it as UTF-8."
    failure = Problem(Code.NOT_UTF8, "this file is not UTF-8", stretch, detail)
    return Reading(failure=[failure], located=Located(source, Places()))
