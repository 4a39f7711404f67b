"""Finds out where each comment that is alone on its line belongs, so that it moves as a person would move it.

YAML that was commented out keeps its place in the structure: without its `#`, it must mean after formatting what it
meant before. So its columns are relative to blocks around it: to the ones that it follows, to the one that it comes
before, or to a parent that is commented out, too. Editors comment lines out in two ways: with `# ` at the indentation,
or with `#` in the first column. Any other comment belongs to the line below it or, if it is indented into a block that
ends above it, to that block.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import field
from itertools import groupby
from typing import Final

from reconciler.frozen import dataclass
from reconciler.manifest.located import AnyEvent
from reconciler.manifest.sourcetree.lines import Lines
from reconciler.manifest.sourcetree.stops import (
    DASH,
    DOCUMENT,
    HASH_LINE,
    Level,
    Stop,
    after_dash,
    find_stops,
    levels_below,
)
from reconciler.manifest.sourcetree.tree import Comment, Home, Placed

_SPLIT: Final = re.compile(r"#( *)(.*)", re.DOTALL)
_KEY: Final = re.compile(
    r"""(?:"(?:[^"\\]|\\.)*"[ ]*|'(?:[^']|'')*'[ ]*|[^\s#"'\[\]{},&*!|>%@`?-][^#]*?|[?-][^\s#][^#]*?|[&*].*?)"""
    r":(?:\s|$)|[?:]\s"
)
_TEXT_HEADER: Final = re.compile(r"(?:^|[\s:-])[|>][-+0-9]*[ \t]*(?:#.*)?$")
_DEEPEST: Final = 100
"""The maximum number of lists in each other on one line. YAML that is nested deeper is an error."""

_MARKER: Final = re.compile(r"(?:---|\.\.\.)(?:\s|$)")


@dataclass(slots=True)
class Places:
    """`indents` has the blocks whose parent is commented out, by their start. `kept` has the start and the end of each
    value in brackets with a line that begins with #, and `unfinished` the texts that a comment may go on with."""

    indents: dict[int, Home] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)


def place(comments: Sequence[Comment], events: Sequence[AnyEvent], lines: Lines) -> Places:
    """Place the comments that are alone on their lines."""
    places = Places()
    if not HASH_LINE.search(lines.text):
        return places
    alone = [comment for comment in comments if comment.is_alone]
    stops = list(find_stops(events, lines, places.kept))
    positions = [stop.start for stop in stops]

    def gap(comment: Comment) -> int:
        return bisect_left(positions, comment.start)

    for index, between in groupby(alone, key=gap):
        before = stops[index - 1] if index else Stop(0, (DOCUMENT,))
        if not before.in_brackets:
            below, item = levels_below(stops, index, lines)
            for group in _connected(list(between), lines):
                _Group(group, after_dash(group[0], before, below, lines), below, item, places).settle()
    return places


def _connected(comments: Sequence[Comment], lines: Lines) -> Iterator[list[Comment]]:
    """Groups of comments with nothing but blank lines between them."""
    group: list[Comment] = []
    for comment in comments:
        line = lines.number(comment.start)
        if group and lines.number(group[-1].start) + comment.blank_lines + 1 != line:
            yield group
            group = []
        group.append(comment)
    yield group


class _Group:
    """Comments with nothing but blank lines between them, after the stop `before`.

    `below` are the levels on the line that follows, and `item` is the column of the dash that it begins with.
    """

    def __init__(
        self, comments: Sequence[Comment], before: Stop, below: Sequence[Level], item: int, places: Places
    ) -> None:
        self._comments = comments
        self._before = before
        self._places = places
        self._above = (*before.levels, *before.text)
        if below == (DOCUMENT,):
            below = self._above[:2]  # the end of a document is still in its outermost block
        common = 0
        for one, other in zip(self._above, below, strict=False):
            if one != other:
                break
            common += 1
        self._common = common
        self._below = below
        top = below[common - 1]
        opened = below[common] if len(below) > common else None
        self._opened = None if opened is None or (top.is_list and item == top.column) else opened
        self._stack = list(self._above)
        self._raw: tuple[int, Level] | None = None
        innermost = self._stack[-1]
        is_empty = innermost.is_list is not None
        if before.is_text and not (is_empty and comments[0].column > innermost.column):
            self._raw = (innermost.column + 1 if is_empty else innermost.column, innermost)
            places.unfinished.add(before.start)
        self._last_code = -1
        self._has_entry = False
        self._hashes: dict[int, Home] = {}

    def settle(self) -> None:
        behind = -1
        number = 0
        for in_margin, segment in groupby(self._comments, key=lambda comment: comment.column == 0):
            comments = list(segment)
            self._hashes = {}
            gap = 1 if in_margin and self._is_margin_style(comments) else 2
            for block in _blocks(comments):
                if gap == 1 or self._is_code(block):
                    is_behind = [self._code(comment, gap, in_margin) for comment in block]
                    if any(is_behind):
                        behind = number + len(block) - 1
                else:
                    for index, is_own in enumerate(self._prose(block, is_first=number == 0)):
                        if is_own:
                            behind = number + index
                number += len(block)
        for comment in self._comments[: behind + 1]:
            comment.is_behind = True
        self._indent_what_follows()

    def _is_margin_style(self, comments: Sequence[Comment]) -> bool:
        """Whether `#` was put into the first column, in front of the indentation."""
        pieces = [_split(comment) for comment in comments]
        gaps = [gap for gap, rest in pieces if rest and (gap or not rest.startswith(("#", "!")))]
        if not gaps or min(gaps) == 0:
            return bool(gaps)
        known = {(level.column, level.is_list) for level in (*self._above, *self._below)}
        code = [(gap, bool(DASH.match(rest))) for gap, rest in pieces if _looks_like_code(rest)]
        shifted = sum((gap, is_item) in known for gap, is_item in code)
        spaced = sum((gap - 1, is_item) in known for gap, is_item in code)
        return shifted > spaced or (shifted == spaced and min(gaps) > 1)

    def _is_code(self, block: Sequence[Comment]) -> bool:
        pieces = [(comment, *_split(comment)) for comment in block]
        if any(_looks_like_code(rest) for _, _, rest in pieces):
            return True
        comment, gap, _ = pieces[0]
        column = comment.column + max(gap - 1, 0)
        return 0 <= self._last_code < column or (self._raw is not None and column >= self._raw[0])

    def _code(self, comment: Comment, gap: int, in_margin: bool) -> bool:
        """Place a line that was commented out. Returns whether it belongs to what is above it."""
        spaces, rest = _split(comment)
        comment.is_code = True
        if gap == 2 and spaces == 0 and rest:
            gap = 1
        column = (0 if gap == 1 and in_margin else comment.column) + max(spaces - (gap - 1), 0)
        is_behind = False
        if not rest.strip():
            parts: list[tuple[Home, str]] = []
            home = next(reversed(self._hashes.values()), None) or _relative(self._stack, comment.column)
            comment.placed = Placed(None if gap == 1 and in_margin else home, comment.text)
            return False
        if self._raw is not None and column >= self._raw[0]:
            home = _from(self._raw[1], column)
            parts = [(home, rest)]
            is_behind = not self._has_entry
        else:
            self._raw = None
            if _looks_like_code(rest):
                parts, is_behind = self._entry(column, rest)
                self._last_code = column
            else:
                parts = [(_relative(self._stack, column), rest)]
                is_behind = (
                    not self._has_entry and self._opened is None and column > self._above[self._common - 1].column
                )
        first = parts[0][0]
        self._hashes.setdefault(column, first)
        start: Home | None = first
        if gap == 1 and in_margin:
            start = None
        elif comment.column != column:
            start = self._hashes.get(comment.column) or _relative(self._above, comment.column)
        comment.placed = Placed(start, "#", gap, tuple(parts))
        return is_behind and self._opened is None

    def _entry(self, column: int, rest: str) -> tuple[list[tuple[Home, str]], bool]:
        """Place a key or an item, and open its levels."""
        stack, is_item = self._stack, bool(DASH.match(rest))
        if _MARKER.match(rest):
            del stack[1:]
            return [(Home(-1, column), rest)], False
        while len(stack) > 1 and (stack[-1].column > column or (stack[-1].is_list is None)):
            stack.pop()
        if not is_item and stack[-1].is_list and stack[-1].column == column and stack[-2].column == column:
            stack.pop()
        top = stack[-1]
        if top.column != column or top.is_list != is_item:
            stack.append(self._new_level(top, column, is_item))
            top = stack[-1]
        is_entry = top.real and top in self._above[: self._common]
        is_behind = not is_entry and not self._has_entry
        self._has_entry = self._has_entry or is_entry
        parts: list[tuple[Home, str]] = []
        home = top.home
        while is_item and len(parts) < _DEEPEST:
            match = DASH.match(rest)
            assert match is not None
            parts.append((home, "-"))
            rest = rest[match.end() :]
            if not rest:
                return parts, is_behind
            inner = column + match.end()
            known = any(level.real and level.column == inner for level in (*self._above, *self._below))
            home = Home(home.block, home.offset + (2 if known else match.end()))
            column, is_item = inner, bool(DASH.match(rest))
            if is_item or _KEY.match(rest):
                stack.append(Level(column, is_item, home, real=False))
        if _TEXT_HEADER.search(rest):
            self._raw = (stack[-1].column + 1, stack[-1])
        return [*parts, (home, rest)], is_behind

    def _new_level(self, parent: Level, column: int, is_list: bool) -> Level:
        """The level of an entry in no open block. What follows may be an entry of the same block."""
        if self._opened is not None and (self._opened.column, self._opened.is_list) == (column, is_list):
            return self._opened
        for level in self._below[1 : self._common]:
            if (level.column, level.is_list) == (column, is_list):
                return Level(column, is_list, level.home, real=False)
        return Level(column, is_list, _from(parent, column), real=False)

    def _prose(self, block: Sequence[Comment], *, is_first: bool) -> Iterator[bool]:
        """Place comments in words. Yields whether each belongs to what is above it."""
        innermost = self._above[-1]
        follows = is_first and not block[0].blank_lines
        may_go_on = follows and self._before.is_plain and self._opened is None and innermost is not DOCUMENT
        levels = [level for level in self._above if level.is_list is not None or level is DOCUMENT]
        for comment in block:
            column = comment.column
            may_go_on = may_go_on and column > innermost.column
            if may_go_on:
                comment.placed = Placed(_from(innermost, column), comment.text)
                self._places.unfinished.add(self._before.start)
                yield True
                continue
            for index in range(len(levels) - 1, self._common - 1, -1):
                level, parent = levels[index], levels[index - 1]
                is_own_list = level.is_list and follows and column == level.column
                if column > parent.column or is_own_list:
                    comment.placed = Placed(level.home, comment.text)
                    yield True
                    break
            else:
                yield False

    def _indent_what_follows(self) -> None:
        """Keep a block below its parent if the parent is commented out."""
        opened = self._opened
        if opened is None:
            return
        stack = [level for level in self._stack if level is not opened and level.column <= opened.column]
        if not stack[-1].real:
            self._places.indents[opened.home.block] = _from(stack[-1], opened.column)


def _relative(levels: Sequence[Level], column: int) -> Home:
    """The place of a column that no entry is in."""
    return _from(next((level for level in reversed(levels) if level.column <= column), levels[0]), column)


def _from(level: Level, column: int) -> Home:
    return Home(level.home.block, level.home.offset + column - level.column)


def _blocks(comments: Sequence[Comment]) -> Iterator[list[Comment]]:
    """The comments, divided at blank lines."""
    block: list[Comment] = []
    for comment in comments:
        if block and comment.blank_lines:
            yield block
            block = []
        block.append(comment)
    yield block


def _split(comment: Comment) -> tuple[int, str]:
    match = _SPLIT.fullmatch(comment.text)
    assert match is not None
    return len(match[1]), match[2]


def _looks_like_code(rest: str) -> bool:
    return bool(DASH.match(rest) or _KEY.match(rest) or _MARKER.match(rest))
