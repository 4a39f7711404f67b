"""Diagnostics as text: the location, what is wrong, the line with carets, why it matters, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, Severity, count, listed
from reconciler.render.escape import plain
from reconciler.render.layout import Ink, Paint, commands, width
from reconciler.render.view.diagnostics import Block, Validation

_INK: Final = {
    Severity.ERROR: Ink.BOLD_RED,
    Severity.WARNING: Ink.BOLD_MAGENTA,
    Severity.NOTE: Ink.BOLD_CYAN,
}
_MOST_DETAIL: Final = 60
_LONGEST: Final = 2_000
_MOST_USERS: Final = 3
_MOST_PLACES: Final = 10
_BEFORE: Final = 60
_AFTER: Final = 100
"""If a line is too long to read (a minified file), only this many characters around the location are shown."""

_HANG: Final = 7
"""The indentation of what continues a summary."""

_TAB: Final = 4
_WORD: Final = re.compile(r"\S+")


def lay_out_diagnostics(diagnostics: Iterable[Diagnostic], *, colour: bool, columns: int | None = None) -> str:
    """One diagnostic after another, in the given order."""
    paint = Paint(colour, columns)
    return "".join(f"{line}\n" for diagnostic in diagnostics for line in _lines(diagnostic, paint))


def lay_out_blocks(blocks: Iterable[Block], *, colour: bool, columns: int | None = None) -> str:
    """One block after another, in the given order: its first message, and where the others are."""
    paint = Paint(colour, columns)
    return "".join(f"{line}\n" for block in blocks for line in block_lines(block, paint))


def block_lines(block: Block, paint: Paint) -> Iterator[str]:
    """The lines of a block."""
    yield from _lines(block.first, paint)
    if block.count > 1:
        for example in block.examples:
            yield from paint.fold(f"    also: {_clipped(example)}", _HANG)
        places = [f"{plain(each.file)}:{each.line}:{each.column}" for each in block.locations[1:]]
        also = f", also at {listed(places, _MOST_PLACES)}" if places else ""
        every = ". To list all of them:" if len(places) > _MOST_PLACES else ""
        words = f"{block.count:,} such {block.first.severity}s{also}{every}"
        yield from paint.fold(f"    {paint(words, Ink.DIM)}", _HANG)
        if every:
            yield from paint.fold("      reconciler validate", 10, command=True)


def lay_out_validation(view: Validation, *, colour: bool, columns: int | None = None) -> str:
    """Diagnostics, and the line that counts them."""
    text = lay_out_diagnostics(view.diagnostics, colour=colour, columns=columns)
    paint = Paint(colour, columns)
    last = "\n".join(paint.fold(paint(view.last, Ink.BOLD_GREEN if view.clean else Ink.BOLD_RED)))
    return f"{text}\n{last}\n" if text else f"{last}\n"


def _lines(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    location = diagnostic.location
    ink = _INK[diagnostic.severity]
    where = f"{paint(f'{plain(location.file)}:{location.line}:{location.column}', Ink.BOLD)}: " if location else ""
    kind = paint(f"{diagnostic.severity}[{plain(diagnostic.code)}]", ink)
    yield from paint.fold(f"{where}{kind}: {_clipped(diagnostic.summary)}", _HANG)
    label = _clipped(diagnostic.label)
    indent = "  "
    if location and location.text is not None:
        indent = f"  {' ' * len(str(location.line))} "
        yield from _snippet_lines(location.text, location, label, ink, paint)
    elif label:
        yield from paint.fold(f"{indent}{label}", len(indent))
    for line, command in commands("\n".join(_detail(diagnostic.explanation))):
        own = len(line) - len(line.lstrip(" "))
        hang = len(indent) + own + (4 if command or own else 0)
        yield from paint.fold(f"{indent}{line}".rstrip(), hang, command=command)
    if diagnostic.used_by:
        yield from paint.fold(f"{indent}{paint(_users(diagnostic.used_by), Ink.DIM)}", len(indent))


def _snippet_lines(text: str, location: Location, label: str, ink: Ink, paint: Paint) -> Iterator[str]:
    """The line with its number, and below it the carets and the label."""
    number = str(location.line)
    gutter, below = (f"  {paint(f'{words} |', Ink.DIM)} " for words in (number, " " * len(number)))
    room = paint.columns - len(number) - 5 if paint.columns is not None else None
    shown, before, carets = snippet(text, location, room)
    yield f"{gutter}{shown}".rstrip()
    marks, more = "^" * carets, label
    if label and (room is None or before + carets + 1 + width(label) <= room):
        marks, more = f"{marks} {label}", ""
    yield f"{below}{' ' * before}{paint(marks, ink)}"
    if more and room is not None:
        first = max(0, min(before, room - width(label)))
        yield from (f"{below}{paint(row, ink)}" for row in Paint(False, room).fold(" " * first + more, first))


def snippet(text: str, location: Location, room: int | None = None) -> tuple[str, int, int]:
    """The line as shown, the cells before the carets, and the number of carets.

    Carets are exactly below the location: tabs, wide characters, and escaped ones count as the cells that they take.
    A line that is wider than `room` is cut between words, on both sides of the location.
    """
    first = min(max(location.column - 1, 0), len(text))
    last = min(max(location.end_column - 1, first), len(text))
    start = max(0, first - _BEFORE) if len(text) > _BEFORE + _AFTER else 0
    end = min(len(text), start + _BEFORE + _AFTER)
    whole = _excerpt(text, start, first, last, end)
    if room is None or width(whole[0]) <= room:
        return whole
    words = [*_WORD.finditer(text, start, end)]
    starts = [start, *(word.start() for word in words if start < word.start() <= first)]
    ends = [word.end() for word in words if word.end() >= last]
    cuts = [(here, there) for here in starts for there in reversed(ends)]
    letters = [(first, there) for there in range(min(last, end), first, -1)]
    found = (_excerpt(text, here, first, last, there) for here, there in [*cuts, *letters])
    return next((one for one in found if width(one[0]) <= room), whole)


def _excerpt(text: str, start: int, first: int, last: int, end: int) -> tuple[str, int, int]:
    """The characters from `start` to `end`. Those from `first` to `last` have carets."""
    lead = ("… " if text[start - 1].isspace() else "…") if start else ""
    tail = (" …" if text[end].isspace() else "…") if end < len(text) else ""
    before, at = _shown(text[start:first], width(lead))
    marked, behind = _shown(text[first : min(last, end)], at)
    rest, _ = _shown(text[min(last, end) : end], behind)
    return (lead + before + marked + rest + tail).rstrip(), at, max(1, behind - at)


def _shown(text: str, at: int) -> tuple[str, int]:
    """`text` as it appears from the cell `at` on, and the cell after it."""
    pieces: list[str] = []
    for position, words in enumerate(text.split("\t")):
        tab = " " * (_TAB - at % _TAB) if position else ""
        pieces += (tab, plain(f"x{words}")[1:])  # after a letter, a mark stays as it is
        at += len(tab) + width(pieces[-1])
    return "".join(pieces), at


def _detail(detail: str) -> Iterator[str]:
    lines = detail.rstrip("\n").split("\n") if detail else []
    for line in lines[:_MOST_DETAIL]:
        yield _clipped(line)
    if len(lines) > _MOST_DETAIL:
        yield f"… {count(len(lines) - _MOST_DETAIL, 'more line')}"


def _clipped(words: str) -> str:
    """Words for one line, shortened if necessary: a server's answer may have any length."""
    if len(words) <= _LONGEST:
        return plain(words)
    return f"{plain(words[:_LONGEST])}… ({len(words):,} characters)"


def _users(used_by: Sequence[Location]) -> str:
    files = len({user.file for user in used_by})
    number = f"{files:,} manifests: " if files > _MOST_USERS else ""
    return f"used by {number}{listed([f'{plain(user.file)}:{user.line}' for user in used_by], _MOST_USERS)}"
