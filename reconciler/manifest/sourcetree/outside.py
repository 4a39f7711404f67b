"""What is between the values of a file: its comments, wherever they belong, its directives, and its anchors."""

from __future__ import annotations

import re
from typing import Final

import yaml
from yaml.events import AliasEvent, ScalarEvent, StreamEndEvent

from reconciler.manifest.located import AnyEvent
from reconciler.manifest.parsing import NotYamlError, Parser, open_events
from reconciler.manifest.rawtext import prepare
from reconciler.manifest.sourcetree.lines import Lines
from reconciler.manifest.sourcetree.tree import Comment, Remarks

BLOCKS: Final = ("|", ">")
_OUTSIDE: Final = re.compile(r"#[^\r\n]*|^%[^\r\n]*", re.MULTILINE)


def read_events(text: str, parser: Parser) -> list[AnyEvent]:
    """The events of a text.

    Raises:
        yaml.YAMLError, NotYamlError: this parser does not accept it.
    """
    next_event = open_events(parser, text)
    events: list[AnyEvent] = []
    while not isinstance(event := next_event(), StreamEndEvent):
        events.append(event)
    return events


class Outside:
    """The events of a file that was read without an error, and the text between them.

    Raises:
        NotYamlError: it is not valid YAML.
    """

    def __init__(self, data: bytes, parser: Parser) -> None:
        self.source = prepare("", data, parser).source
        try:
            self.events = read_events(self.source.parsed, parser)
        except (yaml.YAMLError, NotYamlError):
            self.source = prepare("", data, Parser.PURE).source
            self.events = read_events(self.source.parsed, Parser.PURE)
        self.text = self.source.parsed
        self.lines = Lines(self.text)
        self.directives: list[tuple[int, str]] = []
        self.comments: list[Comment] = []
        if _OUTSIDE.search(self.text):
            self._look_between()

    def remarks(self) -> Remarks:
        comments = sorted(comment.content for comment in self.comments)
        anchors = [(event.anchor, event.__class__ is AliasEvent) for event in self.events if _names(event)]
        return Remarks(comments, sorted(anchors), [each for each in self.comments if each.is_alone], self.text)

    def _look_between(self) -> None:
        """Find the comments and directives: they are outside of all scalars."""
        reached = 0
        for start, end in [*self._scalars(), (len(self.text), len(self.text))]:
            for match in _OUTSIDE.finditer(self.text, reached, start):
                if match[0].startswith("%"):
                    self.directives.append((match.start(), match[0].rstrip()))
                else:
                    self.comments.append(self._comment(match.start(), match.end()))
            reached = max(reached, end)

    def _scalars(self) -> list[tuple[int, int]]:
        found = []
        for event in self.events:
            kind = event.__class__
            if kind is AliasEvent:
                found.append((event.start_mark.index, event.end_mark.index))
            elif kind is ScalarEvent:
                start, end = self.lines.body(event), event.end_mark.index
                if event.style in BLOCKS:
                    found.append((start, self._header_end(start)))
                    start = min(self.lines.end(start), end)
                found.append((start, end))
        return found

    def _header_end(self, start: int) -> int:
        """The start of the comment on the line of a `|` or `>`, or the end of that line."""
        end = self.lines.end(start)
        comment = self.text.find("#", start, end)
        return end if comment < 0 else comment

    def _comment(self, start: int, end: int) -> Comment:
        line = self.lines.number(start)
        first = self.lines.starts[line]
        text, before = self.source.written(start, end), self.text[first:start].strip()
        return Comment(text.rstrip() if before else text, start, start - first, before, self.lines.blanks_above(start))


def _names(event: AnyEvent) -> bool:
    return getattr(event, "anchor", None) is not None
