"""Finds the splices that turn the values of a file into others. What has the wanted value already is not touched."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from reconciler.frozen import dataclass
from reconciler.manifest.editing.additions import Additions
from reconciler.manifest.editing.alignment import aligned, stayers
from reconciler.manifest.editing.choices import are_choices, moved_below, places_of, ranks_of
from reconciler.manifest.editing.spans import Member, Span, Spans
from reconciler.manifest.editing.splices import NotSplicedError
from reconciler.manifest.editing.style import Style, in_brackets
from reconciler.manifest.located import RawPath
from reconciler.manifest.sourcetree.tree import Kind
from reconciler.model.ontology import texts_in
from reconciler.model.values import Json, equal

_AFTER_DASH: Final = 2
"""The columns from a dash to what is below the value right behind it, in new lines."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to edit. Values at paths of `whole` length are replaced as a whole. With `moves`, a choice that goes below
    another choice takes its lines along."""

    moves: bool = True
    whole: int = 0


class Changes(Additions):
    """Finds the splices that give documents other values."""

    def __init__(self, spans: Spans, style: Style, way: Way) -> None:
        super().__init__(spans, style)
        self._way = way

    def document(self, root: Span, new: Json) -> None:
        """Give a document another value."""
        member = Member(root.start, root.start, root)
        self._note_gone(root, new)
        self._take(moved_below(root, new) if self._way.moves else {})
        self._change(member, None, new, ())

    def _change(self, member: Member, parent: Span | None, new: Json, path: RawPath) -> None:
        span = member.value
        if equal(span.value, new):
            return
        is_whole = self._way.whole and len(path) >= self._way.whole
        both = (dict, list)[span.kind is Kind.SEQUENCE]
        is_other = span.source is not None or not (span.members and new and isinstance(new, both))
        if is_whole or is_other or (parent is not None and parent.is_block and self._outgrows(span, new, path)):
            self._replace(member, parent, new, path)
            return
        if isinstance(new, dict):
            self._mapping(member, parent, new, path)
        else:
            self._sequence(member, parent, new, path)

    def _outgrows(self, span: Span, new: Json, path: RawPath) -> bool:
        """Whether brackets on one line would get what they cannot hold: a text of several lines, or a choice that
        brings a comment."""
        if not span.flow or self._lines.end(span.start) < span.end:
            return False
        return (_has_lines(new) and not _has_lines(span.value)) or self._brings_comment(new, path)

    def _mapping(self, holder: Member, parent: Span | None, new: dict[str, Json], path: RawPath) -> None:
        span = holder.value
        is_expanded = not span.below.keys() <= new.keys()
        own = {member.name for member in span.members}
        kept = {
            index
            for index, member in enumerate(span.members)
            if (not is_expanded if member.name is None else member.name in new)
        }
        if not kept:
            self._replace(holder, parent, new, path)
            return
        self._release(span)
        missing = [
            key
            for key, value in new.items()
            if key not in own and (is_expanded or key not in span.below or not equal(span.below[key], value))
        ]
        behind = places_of(span, kept, missing, ranks_of(new, path))
        if span.flow:
            parts: list[Member | str] = [self._flow_entry(span, key, new[key]) for key in behind[-1]]
            for index, member in enumerate(span.members):
                parts += [member] if index in kept else []
                parts += [self._flow_entry(span, key, new[key]) for key in behind[index]]
            self._brackets(span, parts, new, path)
            return
        for member in (span.members[index] for index in sorted(kept)):
            if member.name is not None:
                self._change(member, span, new[member.name], (*path, member.name))
        self._remove(span, [index for index in range(len(span.members)) if index not in kept])
        column = self._lines.column(span.members[0].start)
        for index, keys in sorted(behind.items()):
            texts = (self._entry_at(column, span, key, new[key], path) for key in keys)
            if text := "".join(texts):
                self._insert(span, index, text)

    def _sequence(self, holder: Member, parent: Span | None, new: list[Json], path: RawPath) -> None:
        span = holder.value
        places = aligned([member.value.value for member in span.members], new)
        found = {index: was for index, was in enumerate(places) if was is not None}
        staying = stayers(found)
        if not staying:
            self._replace(holder, parent, new, path)
            return
        self._release(span)
        if span.flow:
            parts: list[Member | str] = [
                span.members[found[index]] if index in found else self._flow_item(span, item)
                for index, item in enumerate(new)
            ]
            self._brackets(span, parts, new, path)
            return
        for index in sorted(staying):
            self._change(span.members[found[index]], span, new[index], (*path, index))
        stay = {found[index] for index in staying}
        self._remove(span, [index for index in range(len(span.members)) if index not in stay])
        behind: defaultdict[int, list[str]] = defaultdict(list)
        reached, column = -1, self._lines.column(span.members[0].start)
        for index, item in enumerate(new):
            if index in staying:
                reached = found[index]
            elif index in found:
                moved = self._moved(span.members[found[index]], span, item, (*path, index), column)
                behind[reached].append(moved)
            else:
                behind[reached].append(self._new_item(span, item, (*path, index)))
        for index, texts in sorted(behind.items()):
            self._insert(span, index, "".join(texts))

    def _new_item(self, span: Span, value: Json, path: RawPath) -> str:
        return self._item_at(self._lines.column(span.members[0].start), span, value, path)

    def _moved(self, member: Member, parent: Span, value: Json, path: RawPath, to: int) -> str:
        """The lines of an item for another column, with what changes in it."""
        if not self._owns_line(member):
            raise NotSplicedError
        kept, self.splices = self.splices, []
        try:
            self._change(member, parent, value, path)
            text = self.spliced(*self._region(member, parent))
        finally:
            self.splices = kept
        column = self._lines.column(member.start)
        shift = to - column
        lines = re.split(r"(?<=\n)", text) if shift else [text]
        return "".join(line if column and line.startswith("#") else _shifted(line, shift) for line in lines)

    def _brackets(self, span: Span, parts: Sequence[Member | str], new: Json, path: RawPath) -> None:
        """Give brackets other parts. Between two parts that were neighbors, everything stays."""
        members = span.members
        if list(parts) == members:
            for index, member in enumerate(members):
                key = index if member.key is None else member.name
                if key is not None:
                    self._change(member, span, new[key], (*path, key))
            return
        texts: list[str] = []
        kept, outer = set(), self.splices
        positions = {member: at for at, member in enumerate(members)}
        last: int | None = None
        for index, part in enumerate(parts):
            text = part
            at = None
            if not isinstance(part, str):
                at = positions[part]
                kept.add(at)
                self.splices = []
                key = index if part.key is None else part.name
                if key is not None:
                    self._change(part, span, new[key], (*path, key))
                text = self.spliced(part.start, _end(part))
            assert isinstance(text, str)
            if index:
                texts.append(self._separator(span, last))
            texts.append(text)
            last = at
        self.splices = outer
        for index, member in enumerate(members):
            if index not in kept:
                self._release_below(member.value, (span.start, span.end))
        start, end = members[0].start, _end(members[-1])
        self._splice(start, end, "".join(texts))

    def _separator(self, span: Span, before: int | None) -> str:
        """What is between two parts of brackets: what was behind the first of them, or what is between others."""
        members, written = span.members, self._spans.source.written
        if before is not None and before + 1 < len(members):
            return written(_end(members[before]), members[before + 1].start)
        between = (written(_end(one), other.start) for one, other in pairwise(members))
        usual = next((each for each in between if "#" not in each), None)
        gap = written(span.body + 1, members[0].start)
        return usual or (f",{gap}" if "\n" in gap and "#" not in gap else ", ")

    def _replace(self, member: Member, parent: Span | None, new: Json, path: RawPath) -> None:
        """Replace a value as a whole."""
        span, lines = member.value, self._lines
        keeps_anchor = span.anchor is not None and not self._outside(span, (span.start, span.end))
        self._release_below(span, (span.start, span.end))
        start = span.body if keeps_anchor else span.start
        quote = span.style if span.style in ('"', "'") else self._habits(span).quote
        if parent is None or parent.flow:
            node = self._node(new, flow=True, quote=quote)
            if span.body == span.end and parent is not None:
                raise NotSplicedError
            if parent is None and span.is_block:
                raise NotSplicedError
            self._splice(start, span.end, in_brackets(node))
            return
        column = lines.column(parent.members[0].start)
        if (block := self._text_lines(span, new)) is not None:
            head, below = block[0], self._indented(block[1:], 0)
        else:
            in_list, choices = parent.kind is Kind.SEQUENCE, are_choices(new, path)
            if in_list and lines.number(start) == lines.number(member.start):
                column += lines.column(start) - lines.column(member.start) - _AFTER_DASH

            def lines_of(value: Json) -> list[str]:
                node = self._node(value, choices=choices, quote=quote)
                return self._style.item(node) if in_list else self._style.entry("k", node, "")

            text, mark = self._block(new, lines_of, column, parent, path), "-" if in_list else "k:"
            head, _, below = text.partition(self._style.ending)
            head = head.strip().removeprefix(mark).strip()
        old_start, old_end, after_head, after_lines = self._head(member, span, start, parent)
        if head:
            space = "" if self._text[old_start - 1 : old_start].isspace() or old_start == 0 else " "
            self._splice(old_start, old_end, space + head)
        elif old_start < old_end:
            while self._text[old_start - 1] in " \t":
                old_start -= 1
            self._splice(old_start, old_end, "")
        if below or after_head < after_lines:
            self._splice(after_head, after_lines, below)


def _has_lines(value: Json) -> bool:
    """Whether there is a text of several lines in a value."""
    return any("\n" in text for text in texts_in(value))


def _end(member: Member) -> int:
    return max(member.value.end, member.after)


def _shifted(line: str, shift: int) -> str:
    if shift >= 0:
        return " " * shift + line if line.strip() else line
    return re.sub(rf"^ {{0,{-shift}}}", "", line)
