"""From a file's bytes to documents.

The C parser is asked first. What it rejects is read again by the pure one, whose verdict is final. This is not done for
a file that is over a limit or over 256 kB: the pure parser can need a minute for such a file, so the C parser's own
words are used.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import replace
from typing import Final

import yaml

from reconciler.manifest.codes import Code
from reconciler.manifest.compose import Composer
from reconciler.manifest.findings import LimitError, too_deep
from reconciler.manifest.located import LocatedFile, SourceText
from reconciler.manifest.parsing import Parser, RefusedError, open_events, refusal
from reconciler.manifest.problems import Problem, Stretch
from reconciler.manifest.rawtext import NotUtf8Error, RawText, prepare
from reconciler.manifest.scalars import Words
from reconciler.manifest.syntax import explained

LARGEST_READ_TWICE: Final = 256_000
"""Bytes up to which the pure parser is asked about what the C parser refuses."""

_TOO_DEEP_FOR_LIBYAML: Final = "exceeded maximum nesting depth"
"""Its own limit of 1,000 levels, which it can meet while it looks ahead of the events that it gives."""

_BARE_COMMENT: Final = re.compile(rb"[:-][ \t]+#")
_CLOSE_COMMENT: Final = re.compile(rb"[ \t]#[^\s#]")


def read(file: str, data: bytes, words: Words, parser: Parser) -> LocatedFile:
    """Read a file, with everything that is wrong with its YAML."""
    try:
        raw = prepare(data, parser)
    except NotUtf8Error as problem:
        return _not_utf8(file, problem)
    words.saw_empty = False
    found, refused = _compose(file, raw, words, parser)
    if refused is not None and parser is Parser.C and len(data) <= LARGEST_READ_TWICE:
        raw = raw if raw.is_plain else prepare(data, Parser.PURE)  # its escapes were looked at up to the refusal alone
        found, verdict = _compose(file, raw, words, Parser.PURE)
        if verdict is None or not verdict.stumbled:
            refused = verdict
    if refused is not None:
        found.failure.append(explained(found.source.parsed, refused))
        if found.documents and isinstance(found.documents[-1].value, str):
            found.documents.pop()  # what a parser took of a line that is not right
    found.hides_values = _hides_values(raw.body, words.saw_empty)
    _share_out(found, raw)
    return found


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


def _compose(file: str, raw: RawText, words: Words, parser: Parser) -> tuple[LocatedFile, RefusedError | None]:
    """What the parser accepts, up to where it refuses the text."""
    parsed = raw.body.decode()
    text = parsed if raw.text is None else raw.text
    found = LocatedFile(SourceText(file, text, parsed=parsed, joined=raw.joined), broken_lines=raw.broken_lines)
    wary = b"&" in raw.body or b"!" in raw.body
    composer = Composer(open_events(parser, raw.body), words, wary=wary)
    try:
        for document in composer.documents():
            found.documents.append(document)
    except LimitError as limit:
        found.failure = [*composer.unfinished, limit.problem]
    except (yaml.YAMLError, RefusedError) as problem:
        found.failure = [*composer.unfinished]
        refused = problem if isinstance(problem, RefusedError) else refusal(problem, raw.body)
        if _TOO_DEEP_FOR_LIBYAML not in refused.message:
            return found, refused
        found.failure.append(too_deep(Stretch(refused.index, refused.index + 1)))
    return found, None


def _share_out(found: LocatedFile, raw: RawText) -> None:
    """Give what was seen in the raw text to the document it is in; it explains what the parser then refused."""
    text = found.source.parsed
    for document in found.documents:
        if document.problems:
            document.problems = [_at_directive(problem, text) for problem in document.problems]
    found.failure = [_at_directive(problem, text) for problem in found.failure]
    if raw.broken_lines:
        found.failure = [problem for problem in found.failure if problem.code is not Code.SYNTAX]
    starts = [document.stretch.start for document in found.documents] if raw.problems else []
    for problem in raw.problems:
        assert isinstance(problem.where, Stretch)
        before = bisect_right(starts, problem.where.start)
        owner = found.documents[before - 1] if before else None
        if owner is not None and problem.where.start >= max(owner.stretch.end, owner.stretch.start + 1):
            owner = None
        (found.failure if owner is None else owner.problems).append(problem)


def _at_directive(problem: Problem, text: str) -> Problem:
    """A %YAML line's problem at that line: the parsers differ in where a document with one starts."""
    if problem.code is not Code.YAML_VERSION or not isinstance(problem.where, Stretch):
        return problem
    start = max(0, text.rfind("%YAML", 0, problem.where.start + len("%YAML")))
    return replace(problem, where=Stretch(start, start + len("%YAML")))


def _not_utf8(file: str, problem: NotUtf8Error) -> LocatedFile:
    looks_wide = "\0" in problem.text
    detail = "Save it as UTF-8. What follows here is not read."
    if looks_wide:
        detail = "It looks like UTF-16. Save it as UTF-8."
    stretch = Stretch(problem.start, problem.start + 1)
    failure = Problem(Code.NOT_UTF8, "this file is not UTF-8", stretch, detail)
    return LocatedFile(SourceText(file, problem.text, showable=not looks_wide), failure=[failure])
