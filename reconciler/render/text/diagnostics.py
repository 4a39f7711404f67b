"""Diagnostics as text: the location, what is wrong, the line with carets, why it matters, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.render.escape import plain
from reconciler.render.layout import Ink, Paint, width
from reconciler.render.phrases import few
from reconciler.render.view.diagnostics import Block, Validation

_INK: Final = {
    Severity.ERROR: Ink.BOLD_RED,
    Severity.WARNING: Ink.BOLD_YELLOW,
    Severity.NOTE: Ink.BOLD_CYAN,
}
_MOST_DETAIL: Final = 60
_LONGEST: Final = 2_000
_MOST_USERS: Final = 3
_MOST_PLACES: Final = 10
_BEFORE: Final = 60
_AFTER: Final = 100
"""If a line is too long to read (a minified file), only this many characters around the location are shown."""

_TAB: Final = 4


def lay_out_diagnostics(diagnostics: Iterable[Diagnostic], *, colour: bool) -> str:
    """One diagnostic after another, in the given order."""
    paint = Paint(colour)
    return "".join(f"{line}\n" for diagnostic in diagnostics for line in _lines(diagnostic, paint))


def lay_out_blocks(blocks: Iterable[Block], *, colour: bool) -> str:
    """One block after another, in the given order: its first message, and where the others are."""
    paint = Paint(colour)
    return "".join(f"{line}\n" for block in blocks for line in block_lines(block, paint))


def block_lines(block: Block, paint: Paint) -> Iterator[str]:
    """The lines of a block."""
    yield from _lines(block.first, paint)
    if block.count > 1:
        for example in block.examples:
            yield f"    also: {_clipped(example)}"
        shown, more = few(block.locations[1:], most=_MOST_PLACES)
        places = ", ".join(f"{plain(each.file)}:{each.line}:{each.column}" for each in shown)
        every = "; for each of them, run reconciler validate" if more else ""
        words = f"{block.count:,} such {block.first.severity}s" + (f", also at {places}{more}{every}" if places else "")
        yield f"    {paint(words, Ink.DIM)}"


def lay_out_validation(view: Validation, *, colour: bool) -> str:
    """Diagnostics, and the line that counts them."""
    text = lay_out_diagnostics(view.diagnostics, colour=colour)
    last = Paint(colour)(view.last, Ink.BOLD_GREEN if view.clean else Ink.BOLD_RED)
    return f"{text}\n{last}\n" if text else f"{last}\n"


def _lines(diagnostic: Diagnostic, paint: Paint) -> Iterator[str]:
    location = diagnostic.location
    ink = _INK[diagnostic.severity]
    where = f"{paint(f'{plain(location.file)}:{location.line}:{location.column}', Ink.BOLD)}: " if location else ""
    kind = paint(f"{diagnostic.severity}[{plain(diagnostic.code)}]", ink)
    yield f"{where}{kind}: {_clipped(diagnostic.summary)}"
    label = _clipped(diagnostic.label)
    if location and location.text is not None:
        shown, before, carets = snippet(location.text, location)
        gutter = " " * len(str(location.line))
        yield f"  {paint(f'{location.line} |', Ink.DIM)} {shown}".rstrip()
        marks = paint(f"{'^' * carets} {label}".rstrip(), ink)
        yield f"  {paint(f'{gutter} |', Ink.DIM)} {' ' * before}{marks}"
        indent = f"  {gutter} "
    else:
        indent = "  "
        if label:
            yield f"{indent}{label}"
    for line in _detail(diagnostic.explanation):
        yield f"{indent}{line}".rstrip()
    if diagnostic.used_by:
        yield f"{indent}{paint(_users(diagnostic.used_by), Ink.DIM)}"


def snippet(text: str, location: Location) -> tuple[str, int, int]:
    """The line as shown, the cells before the carets, and the number of carets.

    Carets are exactly below the location: tabs, wide characters, and escaped ones count as the cells that they take.
    """
    first = min(max(location.column - 1, 0), len(text))
    last = min(max(location.end_column - 1, first), len(text))
    start = max(0, first - _BEFORE) if len(text) > _BEFORE + _AFTER else 0
    end = min(len(text), start + _BEFORE + _AFTER)
    lead = "…" if start else ""
    before, at = _shown(text[start:first], width(lead))
    marked, behind = _shown(text[first : min(last, end)], at)
    rest, _ = _shown(text[min(last, end) : end], behind)
    shown = lead + before + marked + rest + ("…" if end < len(text) else "")
    return shown.rstrip(), at, max(1, behind - at)


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
        yield f"… {len(lines) - _MOST_DETAIL:,} more lines"


def _clipped(words: str) -> str:
    """Words for one line, shortened if necessary: a server's answer may have any length."""
    if len(words) <= _LONGEST:
        return plain(words)
    return f"{plain(words[:_LONGEST])}… ({len(words):,} characters)"


def _users(used_by: Sequence[Location]) -> str:
    shown, more = few(used_by, most=_MOST_USERS)
    files = len({user.file for user in used_by})
    number = f"{files:,} manifests: " if files > len(shown) else ""
    return f"used by {number}{', '.join(f'{plain(user.file)}:{user.line}' for user in shown)}{more}"
