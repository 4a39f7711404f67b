"""The splices that turn a file into another one, and the anchors whose values must outlive them."""

from __future__ import annotations

from collections import defaultdict

from reconciler.frozen import dataclass
from reconciler.manifest.editing.spans import Span, Spans
from reconciler.manifest.editing.style import in_brackets, new_node
from reconciler.manifest.sourcetree.tree import Kind
from reconciler.model.values import ABSENT, Absent, Json, equal


class NotSplicedError(Exception):
    """This way of editing is not possible here."""


@dataclass(frozen=True, slots=True)
class Splice:
    start: int
    end: int
    text: str


class Splices:
    """The splices for one file. `removed` are the ranges whose comments may be lost."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._text = spans.text
        self._lines = spans.lines
        self._uses: dict[int, list[Span]] = defaultdict(list)
        for document in spans.documents:
            for span in document.walk():
                if span.source is not None:
                    self._uses[id(span.source)].append(span)
        self._gone: set[int] = set()
        self.splices: list[Splice] = []
        self.removed: list[tuple[int, int]] = []

    def spliced(self, start: int = 0, end: int | None = None) -> str:
        """A part of the file with its splices."""
        end = len(self._text) if end is None else end
        pieces, reached = [], start
        for splice in sorted(self.splices, key=lambda each: (each.start, each.end > each.start)):
            if splice.start < reached or splice.end > end:
                raise NotSplicedError
            pieces += [self._spans.source.written(reached, splice.start), splice.text]
            reached = splice.end
        return "".join([*pieces, self._spans.source.written(reached, end)])

    def _outside(self, span: Span, gone: tuple[int, int] | None) -> list[Span]:
        """The aliases of a value that stay, outside of a range."""
        uses = (use for use in self._uses[id(span)] if id(use) not in self._gone)
        return [use for use in uses if gone is None or not gone[0] <= use.start < gone[1]]

    def _note_gone(self, span: Span, new: Json | Absent) -> None:
        """Note the aliases that get another value, or none."""
        if new is ABSENT:
            self._gone |= {id(below) for below in span.walk() if below.source is not None}
        elif span.source is not None:
            self._gone |= set() if equal(span.value, new) else {id(span)}
        elif span.kind is Kind.MAPPING and isinstance(new, dict):
            for member in span.members:
                if member.name is not None:
                    self._note_gone(member.value, new.get(member.name, ABSENT))

    def _release(self, span: Span, gone: tuple[int, int] | None = None) -> None:
        """Let other places keep the value of an anchor that is about to change: the first of them becomes its home."""
        if span.anchor is None or not (uses := self._outside(span, gone)):
            return
        node = new_node(span.value, choices=False, flow=True, quote="")
        first = uses[0]
        self.splices.append(Splice(first.start, first.end, f"&{span.anchor} {in_brackets(node)}"))
        if gone is None:
            end = span.start + 1 + len(span.anchor)
            start = span.start
            if self._text[end : end + 1] == " ":
                end += 1
            else:
                start -= self._text[start - 1 : start] == " "
            self._splice(start, end, "")

    def _release_below(self, span: Span, gone: tuple[int, int]) -> None:
        for below in span.walk():
            self._release(below, gone)

    def _splice(self, start: int, end: int, text: str) -> None:
        if start < end:
            self.removed.append((start, end))
        self.splices.append(Splice(start, end, text))
