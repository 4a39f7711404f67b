"""One file in the form that `reconciler fmt` gives it: key order, indentation, block style. Pure: bytes in, bytes out.

Nothing is lost: before the new bytes are given out, they are read again, and hold the same values, the same comments
and the same anchors as the old ones.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Sequence
from dataclasses import dataclass

import yaml
from yaml.events import AliasEvent, StreamEndEvent

from reconciler.diagnostics import Severity
from reconciler.manifest.formatting.building import Builder
from reconciler.manifest.formatting.layout import lay_out as lay_out
from reconciler.manifest.formatting.ordering import FileKind as FileKind
from reconciler.manifest.formatting.ordering import arrange
from reconciler.manifest.parsing import Parser, RefusedError, best_parser, open_events
from reconciler.manifest.placing import AnyEvent, SourceText
from reconciler.manifest.rawtext import prepare
from reconciler.manifest.reading import Reading, read
from reconciler.manifest.scalars import Words
from reconciler.model.values import equal


class NotProvenError(Exception):
    """What would be written does not say what the file says. The file is to be left alone."""


@dataclass(frozen=True, slots=True)
class _Parsed:
    builder: Builder
    named: list[tuple[str, bool]]
    """Anchors, and the aliases that name them."""


def formatted(data: bytes, kind: FileKind, *, parser: Parser | None = None) -> bytes:
    """The bytes of a file that `has_error` finds nothing in, in the form of its kind.

    Raises:
        NotProvenError: the result could not be shown to say the same.
    """
    parser = parser or best_parser()
    before = read("", data, Words(), parser)
    if not before.documents:
        return data
    parsed = _parse(data, parser)
    documents = parsed.builder.documents()
    for document in documents:
        arrange(document, kind)
    new = _encoded(lay_out(documents), data)
    _prove(before, parsed, new, parser)
    return new


def has_error(reading: Reading) -> bool:
    """Whether a file's values are not to be relied on."""
    problems = [*reading.failure, *(problem for document in reading.documents for problem in document.problems)]
    return reading.broken_lines or any(problem.severity is Severity.ERROR for problem in problems)


def _encoded(lines: Sequence[str], data: bytes) -> bytes:
    """With the byte order mark and the line ends of `data`."""
    first_end = data.find(b"\n")
    ending = "\r\n" if first_end > 0 and data[first_end - 1 : first_end] == b"\r" else "\n"
    text = "".join(line + ending for line in lines).encode()
    return BOM_UTF8 + text if data.startswith(BOM_UTF8) else text


def _parse(data: bytes, parser: Parser) -> _Parsed:
    raw = prepare(data, parser)
    try:
        events = _events(raw.body, parser)
    except (yaml.YAMLError, RefusedError):
        raw = prepare(data, Parser.PURE)
        events = _events(raw.body, Parser.PURE)
    parsed = raw.body.decode()
    source = SourceText("", parsed if raw.text is None else raw.text, parsed=parsed, joined=raw.joined)
    named = [(event.anchor, event.__class__ is AliasEvent) for event in events if getattr(event, "anchor", None)]
    return _Parsed(Builder(events, source), sorted(named))


def _events(body: bytes, parser: Parser) -> list[AnyEvent]:
    next_event = open_events(parser, body)
    events: list[AnyEvent] = []
    while not isinstance(event := next_event(), StreamEndEvent):
        events.append(event)
    return events


def _prove(before: Reading, parsed: _Parsed, new: bytes, parser: Parser) -> None:
    after = read("", new, Words(), parser)
    if has_error(after):
        raise NotProvenError("it could not be read again")
    if not equal([each.value for each in before.documents], [each.value for each in after.documents]):
        raise NotProvenError("its values would change")
    again = _parse(new, parser)
    if _texts(parsed.builder) != _texts(again.builder):
        raise NotProvenError("a comment would be lost")
    if parsed.named != again.named:
        raise NotProvenError("an anchor would be lost")


def _texts(builder: Builder) -> list[str]:
    return sorted(comment.text for comment in builder.comments)
