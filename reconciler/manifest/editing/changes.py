"""Finds the splices that turn the values of a file into others. What has the wanted value already is not touched."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from reconciler.manifest.editing.alignment import aligned, stayers
from reconciler.manifest.editing.blocks import Blocks
from reconciler.manifest.editing.choices import are_choices, moved_below, places_of, ranks_of
from reconciler.manifest.editing.spans import Member, Span, Spans
from reconciler.manifest.editing.splices import NotSplicedError
from reconciler.manifest.editing.style import Habits, Style, in_brackets, new_node, requote
from reconciler.manifest.formatting.texts import WIDTH
from reconciler.manifest.located import RawPath
from reconciler.manifest.sourcetree.tree import Kind
from reconciler.manifest.spelling import scalar
from reconciler.model.values import Json, equal

_ALLOWED: Final = dict.fromkeys(map(ord, "\t\u00a0\u200d"), " ")


_AFTER_DASH: Final = 2
"""The columns from a dash to what is below the value right behind it, in new lines."""


@dataclass(frozen=True, slots=True)
class Way:
    """How to edit. Values at paths of `whole` length are replaced as a whole. With `moves`, a choice that goes below
    another choice takes its lines along."""

    moves: bool = True
    whole: int = 0


class Changes(Blocks):
    """Finds the splices that give documents other values."""

    def __init__(self, spans: Spans, style: Style, way: Way) -> None:
        super().__init__(spans)
        self._style = style
        self._way = way
        self._known: dict[Span, Habits] = {}
        self._donors: dict[str, tuple[Member, Span]] = {}

    def document(self, root: Span, new: Json) -> None:
        """Give a document another value."""
        member = Member(root.start, root.start, root)
        self._donors = moved_below(root, new) if self._way.moves else {}
        self._change(member, None, new, ())

    def _change(self, member: Member, parent: Span | None, new: Json, path: RawPath) -> None:
        span = member.value
        if equal(span.value, new):
            return
        is_whole = self._way.whole and len(path) >= self._way.whole
        both = (dict, list)[span.kind is Kind.SEQUENCE]
        is_other = span.source is not None or not (span.members and new and isinstance(new, both))
        if is_whole or is_other or (parent is not None and parent.is_block and self._outgrows(span, new)):
            self._replace(member, parent, new, path)
            return
        if isinstance(new, dict):
            self._mapping(member, parent, new, path)
        else:
            self._sequence(member, parent, new, path)

    def _outgrows(self, span: Span, new: Json) -> bool:
        """Whether brackets that were on one line would no longer fit on it."""
        end = self._lines.end(span.start)
        if not span.flow or end < span.end or end - self._lines.starts[self._lines.number(end)] > WIDTH:
            return False
        length = len(in_brackets(new_node(new, choices=False, flow=True, quote="")))
        return self._lines.column(span.body) + length > WIDTH or (_has_lines(new) and not _has_lines(span.value))

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
        for index, keys in sorted(behind.items()):
            lines = [line for key in keys for line in self._entry_lines(span, key, new[key], path)]
            if lines:
                self._insert(span, index, self._indented(lines, self._lines.column(span.members[0].start)))

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
        reached = -1
        for index, item in enumerate(new):
            if index in staying:
                reached = found[index]
            elif index in found:
                behind[reached].append(self._moved(span.members[found[index]], span, item, (*path, index), span))
            else:
                behind[reached].append(self._new_item(span, item, (*path, index)))
        for index, texts in sorted(behind.items()):
            self._insert(span, index, "".join(texts))

    def _new_item(self, span: Span, value: Json, path: RawPath) -> str:
        name = value if isinstance(value, str) else value.get("choice") if isinstance(value, dict) else None
        if isinstance(name, str) and path[0] != "params" and name in self._donors:
            member, parent = self._donors[name]
            if self._owns_line(member):
                return self._moved(member, parent, value, path, span)
        return self._indented(self._item_lines(span, value, path), self._lines.column(span.members[0].start))

    def _moved(self, member: Member, parent: Span, value: Json, path: RawPath, to: Span) -> str:
        """The lines of an item for another place, with what changes in it."""
        if not self._owns_line(member):
            raise NotSplicedError
        kept, self.splices = self.splices, []
        try:
            self._change(member, parent, value, path)
            text = self.spliced(*self._region(member, parent))
        finally:
            self.splices = kept
        column = self._lines.column(member.start)
        shift = self._lines.column(to.members[0].start) - column
        lines = re.split(r"(?<=\n)", text) if shift else [text]
        return "".join(line if column and line.startswith("#") else _shifted(line, shift) for line in lines)

    def _indented(self, lines: Iterable[str], column: int) -> str:
        pad, ending = " " * column, self._style.ending
        return "".join(f"{pad}{line}{ending}" if line else ending for line in lines)

    def _entry_lines(self, span: Span, key: str, value: Json, path: RawPath) -> list[str]:
        habits = self._habits(span)
        quote = habits.quote if len(span.members) > 1 else ""
        node = new_node(value, choices=are_choices(value, (*path, key)), flow=False, quote=quote)
        return self._style.entry(key, node, habits.key_quote)

    def _item_lines(self, span: Span, value: Json, path: RawPath) -> list[str]:
        habits = self._habits(span)
        flow = habits.flow and isinstance(value, dict)
        node = new_node(value, choices=not flow and are_choices(value, path), flow=flow, quote=habits.quote)
        if flow:
            return [f"- {in_brackets(node)}"]
        return self._style.item(node)

    def _flow_entry(self, span: Span, key: str, value: Json) -> str:
        habits = self._habits(span)
        node = new_node(value, choices=False, flow=True, quote=habits.quote or habits.key_quote)
        return f"{requote(scalar(key, flow=True), habits.key_quote).text}: {in_brackets(node)}"

    def _flow_item(self, span: Span, value: Json) -> str:
        return in_brackets(new_node(value, choices=False, flow=True, quote=self._habits(span).quote))

    def _habits(self, span: Span) -> Habits:
        known = self._known.get(span)
        if known is None:
            known = self._known[span] = Habits.of(span)
        return known

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
            node = new_node(new, choices=False, flow=True, quote=quote)
            if span.body == span.end and parent is not None:
                raise NotSplicedError
            if parent is None and span.is_block:
                raise NotSplicedError
            self._splice(start, span.end, in_brackets(node))
            return
        column = lines.column(parent.members[0].start)
        block = self._text_lines(span, new)
        if block is not None:
            head, *below = block
        else:
            node = new_node(new, choices=are_choices(new, path), flow=False, quote=quote)
            if parent.kind is Kind.SEQUENCE:
                first, *others = self._style.item(node)
                if lines.number(start) == lines.number(member.start):
                    column += lines.column(start) - lines.column(member.start) - _AFTER_DASH
                head = first.removeprefix("-").strip()
            else:
                first, *others = self._style.entry("k", node, "")
                head = first.removeprefix("k:").strip()
            below = [" " * column + line if line else "" for line in others]
        old_start, old_end, after_head, after_lines = self._head(member, span, start, parent)
        if head:
            space = "" if self._text[old_start - 1 : old_start].isspace() or old_start == 0 else " "
            self._splice(old_start, old_end, space + head)
        elif old_start < old_end:
            while self._text[old_start - 1] in " \t":
                old_start -= 1
            self._splice(old_start, old_end, "")
        ending = self._style.ending
        text = "".join(f"{line}{ending}" for line in below)
        if text or after_head < after_lines:
            self._splice(after_head, after_lines, text)

    def _text_lines(self, span: Span, new: Json) -> list[str] | None:
        """The lines of a text that was a block before and still can be one, in its old indentation."""
        if span.style != "|" or not isinstance(new, str) or "\n" not in new.rstrip("\n") or not new.strip():
            return None
        content = new[:-1] if new.endswith("\n") else new
        texts = content.split("\n")
        first = next(line for line in texts if line)
        if content.endswith("\n") or first[0] in " \t" or not texts[0] or not all(map(_fits_block, texts)):
            return None
        number = self._lines.number(span.body) + 1
        while self._is_blank(number) and self._lines.starts[number] < span.end:
            number += 1
        line = self._text[self._lines.starts[number] : self._lines.ends[number]]
        old = str(span.value).lstrip("\n")
        pad = " " * (len(line) - len(line.lstrip(" ")) - (len(old) - len(old.lstrip(" "))))
        if not pad:
            return None
        return ["|" if new.endswith("\n") else "|-", *(pad + text if text else "" for text in texts)]


def _has_lines(value: Json) -> bool:
    """Whether there is a text of several lines in a value."""
    if isinstance(value, str):
        return "\n" in value
    if isinstance(value, dict):
        return any(map(_has_lines, value.values()))
    return isinstance(value, list) and any(map(_has_lines, value))


def _fits_block(line: str) -> bool:
    """Whether a block can hold a line as it is. Of what is invisible, a text that is a block already may have these."""
    return line.translate(_ALLOWED).isprintable()


def _end(member: Member) -> int:
    return max(member.value.end, member.after)


def _shifted(line: str, shift: int) -> str:
    if shift >= 0:
        return " " * shift + line if line.strip() else line
    return re.sub(rf"^ {{0,{-shift}}}", "", line)
