"""The pieces of a file between which comments are, and the blocks that are open there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    ScalarEvent,
    SequenceStartEvent,
)

from reconciler.frozen import dataclass
from reconciler.manifest.located import AnyEvent
from reconciler.manifest.sourcetree.lines import Lines
from reconciler.manifest.sourcetree.tree import Comment, Home

DASH: Final = re.compile(r"-(?: +|$)")
HASH_LINE: Final = re.compile(r"^[ \t]*#", re.MULTILINE)
_LONE_DASH: Final = re.compile(r"( *)-(?: +-)*[ \t]*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Level:
    """A block that is open at some place, and the column of its entries. `is_list` is None for a text in a block.

    A level that is not `real` exists only in comments.
    """

    column: int
    is_list: bool | None
    home: Home
    real: bool = True


DOCUMENT: Final = Level(-1, None, Home(-1, -1))


@dataclass(frozen=True, slots=True)
class Stop:
    """A piece of the file that is not a comment, and the levels that are open after it."""

    start: int
    levels: tuple[Level, ...]
    in_brackets: bool = False
    is_plain: bool = False
    end: int = 0
    is_text: bool = False
    text: tuple[Level, ...] = ()


def find_stops(events: Sequence[AnyEvent], lines: Lines, kept: dict[int, int]) -> Iterator[Stop]:
    levels = [DOCUMENT]
    brackets: list[int] = []
    for event in events:
        start = event.start_mark.index
        open_levels = tuple(levels)
        if _is(event, CollectionStartEvent):
            if event.flow_style or brackets:
                brackets.append(start)
                yield Stop(start, open_levels, in_brackets=True)
            else:
                is_list = _is(event, SequenceStartEvent)
                body = lines.body(event)
                levels.append(Level(lines.column(body), is_list, Home(start)))
                yield Stop(body, tuple(levels))
        elif _is(event, CollectionEndEvent):
            if not brackets:
                levels.pop()
                continue
            opened, end = brackets.pop(), event.end_mark.index
            if not brackets and HASH_LINE.search(lines.text, opened, end):
                kept[opened] = end
            yield Stop(start, open_levels, in_brackets=bool(brackets))
        elif _is(event, ScalarEvent) and event.style in ("|", ">"):
            yield Stop(
                start, open_levels, end=event.end_mark.index, text=tuple(_text_level(event, lines)), is_text=True
            )
        elif _is(event, (ScalarEvent, AliasEvent)):
            if event.start_mark.index != event.end_mark.index:
                is_plain = _is(event, ScalarEvent) and not event.style
                yield Stop(start, open_levels, bool(brackets), is_plain, event.end_mark.index)
        elif _is(event, (DocumentStartEvent, DocumentEndEvent)) and event.explicit:
            yield Stop(start, open_levels)


def _text_level(event: AnyEvent, lines: Lines) -> Iterator[Level]:
    first = lines.number(lines.body(event)) + 1
    last = lines.number(max(event.end_mark.index - 1, event.start_mark.index))
    own = event.value.lstrip("\n")
    for line in range(first, last + 1):
        text = lines.text[lines.starts[line] : lines.ends[line]]
        if text.strip():
            column = len(text) - len(text.lstrip(" ")) - (len(own) - len(own.lstrip(" ")))
            yield Level(column, None, Home(event.start_mark.index))
            return


def levels_below(stops: Sequence[Stop], index: int, lines: Lines) -> tuple[tuple[Level, ...], int]:
    """The levels that are open on the line of a stop, and the column of the dash that the line begins with, or -2.

    A value that begins on that line has a level of its own.
    """
    if index == len(stops):
        return (DOCUMENT,), -2
    start = stops[index].start
    line, column = lines.number(start), lines.column(start)
    while index + 1 < len(stops) and lines.number(stops[index + 1].start) == line:
        index += 1
    levels = stops[index].levels
    text = lines.text[lines.starts[line] : lines.ends[line]].lstrip(" ")
    if DASH.match(text):
        return levels, lines.ends[line] - lines.starts[line] - len(text)
    if levels[-1].column < column and not (levels[-1] is DOCUMENT or text.startswith(("?", ":"))):
        levels = (*levels, Level(column, None, Home(start)))
    return levels, -2


def after_dash(comment: Comment, before: Stop, below: Sequence[Level], lines: Lines) -> Stop:
    """The stop before a comment: a dash that is alone on the line above it, else `before`."""
    line = lines.number(comment.start) - comment.blank_lines - 1
    if line < 0 or lines.starts[line] < before.end:
        return before
    match = _LONE_DASH.fullmatch(lines.text, lines.starts[line], lines.ends[line])
    for levels in (before.levels, below):
        for index, level in enumerate(levels):
            if match and level.is_list and level.column == len(match[1]):
                return Stop(lines.starts[line], tuple(levels[: index + 1]), end=lines.ends[line])
    return before


def _is(event: AnyEvent, kind: type[Event] | tuple[type[Event], ...]) -> bool:
    return isinstance(event, kind)
