"""The lines of blocks. An entry owns its lines, the comments right above it in its own column, and those below it that
are indented deeper. It takes them along when it is moved or removed."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.manifest.editing.spans import Member, Span, Spans
from reconciler.manifest.editing.splices import NotSplicedError, Splices


class Blocks(Splices):
    """Splices of whole lines."""

    def __init__(self, spans: Spans) -> None:
        super().__init__(spans)
        self._own_line = {self._lines.number(each.start): each.start for each in spans.comments if each.is_alone}

    def _is_first(self, index: int) -> bool:
        return not self._text[self._lines.starts[self._lines.number(index)] : index].strip()

    def _owns_line(self, member: Member) -> bool:
        return self._is_first(member.start)

    def _region(self, member: Member, parent: Span) -> tuple[int, int]:
        """The lines of a member of a block, with its comments. The first line may begin in the middle."""
        lines, column = self._lines, self._lines.column(parent.members[0].start)
        start = member.start
        if self._owns_line(member):
            number = lines.number(start)
            while lines.column(self._own_line.get(number - 1, lines.starts[number - 1])) == column and (
                number - 1 in self._own_line
            ):
                number -= 1
            start = lines.starts[number]
        number = lines.number(max(member.value.end, member.after)) + 1
        while number in self._own_line and lines.column(self._own_line[number]) > column:
            number += 1
        return start, lines.starts[number]

    def _has_comment(self, start: int, end: int) -> bool:
        return any(start <= each.start < end for each in self._spans.comments)

    def _is_blank(self, number: int) -> bool:
        lines = self._lines
        return 0 <= number < len(lines.starts) - 1 and not self._text[lines.starts[number] : lines.ends[number]].strip()

    def _remove(self, span: Span, positions: Sequence[int]) -> None:
        lines, members = self._lines, span.members
        removed = set(positions)
        for at in positions:
            member = members[at]
            start, end = self._region(member, span)
            if not self._owns_line(member):
                if at + 1 == len(members) or at + 1 in removed:
                    raise NotSplicedError
                end = members[at + 1].start
                above = (each.start for each in self._spans.comments if each.is_alone and start < each.start < end)
                end = next(above, end)
            else:
                number, below = lines.number(start), lines.number(end)
                if not at:
                    while self._is_blank(below):
                        below += 1
                elif self._is_blank(below) or end == len(self._text):
                    while self._is_blank(number - 1):
                        number -= 1
                start, end = lines.starts[number], lines.starts[below]
            self._release_below(member.value, (start, end))
            if member.key is not None:
                self._release_below(member.key, (start, end))
            self._splice(start, end, "")

    def _insert(self, span: Span, index: int, text: str) -> None:
        """Insert lines behind a member of a block, or before all of them."""
        if index >= 0:
            _, place = self._region(span.members[index], span)
        else:
            first = span.members[0]
            place, _ = self._region(first, span)
            if not self._owns_line(first):
                pad = " " * self._lines.column(first.start)
                text = text.lstrip(" ") + pad
        self._splice(place, place, text)

    def _head(self, member: Member, span: Span, start: int, parent: Span) -> tuple[int, int, int, int]:
        """The range of a value that is on the line of its key or dash, and the range of its lines below that."""
        lines = self._lines
        if span.is_text_block:
            header_end = self._text.find("#", span.body, lines.end(span.body))
            header_end = header_end if header_end >= 0 else lines.end(span.body)
            written = self._text[span.body : header_end].rstrip()
            below = lines.starts[lines.number(span.body) + 1]
            return start, span.body + len(written), below, max(below, lines.starts[lines.number(span.end) + 1])
        if span.is_block and self._is_first(span.members[0].start) and span.members[0].start > member.after:
            first, _ = self._region(span.members[0], span)
            _, last = self._region(span.members[-1], span)
            place = member.after if start == span.start or span.anchor is None else span.start + 1 + len(span.anchor)
            if span.anchor is not None and start == span.start:  # the anchor goes, too
                return span.start, span.start + 1 + len(span.anchor), first, last
            return place, place, first, last
        if not span.is_block and lines.number(start) != lines.number(member.after):
            raise NotSplicedError
        next_line = lines.starts[lines.number(span.end) + 1]
        return start, span.end, next_line, next_line
