"""An apply as text. The table and the last line are results. Failures are printed separately."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.model.project import address_of
from reconciler.render.escape import label, plain
from reconciler.render.layout import INK, Ink, Line, Paint, lay_out, width
from reconciler.render.lines import section_lines
from reconciler.render.text.diagnostics import lay_out_diagnostics
from reconciler.render.text.plan import lines_of, text_of
from reconciler.render.view.outcome import Mood, OutcomeView, ResultView
from reconciler.render.view.parts import Sentence
from reconciler.render.view.progress import Progress

_AROUND: Final = 4 + 3 * 3
_BEFORE_VERSIONS: Final = 4 + 3
"""The columns of a table that its cells do not take, and those up to the versions."""

_HANG: Final = 9
"""The indentation of what continues a row."""

_INK: Final = {Mood.GOOD: Ink.GREEN, Mood.NEUTRAL: None, Mood.BAD: Ink.RED}


def lay_out_progress(progress: Progress, *, colour: bool, columns: int | None = None) -> str:
    """One line of progress."""
    paint = Paint(colour, columns)
    ink = _INK[progress.mood] if progress.mood else None
    name = paint(f"{plain(address_of(progress.name))}:", Ink.BOLD)
    return _text(paint.fold(f"{name} {paint(progress.words, ink)}{plain(progress.rest)}"))


def lay_out_row(progress: Progress, *, colour: bool, columns: int) -> str:
    """Progress in one row. If there is not enough room, details are left out, and then the middle of the name."""
    paint = Paint(colour)
    name, rest = plain(address_of(progress.name)), plain(progress.rest)
    room = columns - len(f": {progress.words}")
    if width(name) + width(rest) > room:
        rest = ""
    if width(name) > room:
        half = max(room - 1, 2) // 2
        name = f"{name[:half]}…{name[-half:]}"
    ink = _INK[progress.mood] if progress.mood else None
    return f"{paint(f'{name}:', Ink.BOLD)} {paint(progress.words, ink)}{rest}"


def lay_out_outcome(view: OutcomeView, *, colour: bool, columns: int | None = None) -> str:
    """What was done, for stdout."""
    paint = Paint(colour, columns)
    table = [*_table(view, paint), ""] if view.results else []
    return _text([*table, *paint.fold(paint(view.last, Ink.BOLD_GREEN if view.complete else Ink.BOLD_RED))])


def lay_out_failures(view: OutcomeView, *, colour: bool, columns: int | None = None) -> str:
    """What was not done and why, for stderr. Empty if there is nothing to report."""
    paint = Paint(colour, columns)
    texts = (failure_text(result, colour=colour, columns=columns) for result in view.results)
    blocks = [text for text in texts if text]
    if view.interrupted:
        blocks.append(_text(paint.fold(text_of(view.interrupted))))
    if view.unstarted:
        blocks.append(_text(_sentence(view.unstarted, "", paint)))
    return "\n".join(blocks)


def failure_text(result: ResultView, *, colour: bool = False, columns: int | None = None) -> str:
    """What is reported about one project, one line for each statement."""
    paint = Paint(colour, columns)
    lines = [row for truth in result.truth for row in paint.fold(f"  {plain(truth)}")]
    if result.differences:
        lines += [*paint.fold("  Scale now differs from the plan in:"), *lay_out(_differences(result), paint)]
    if result.advice:
        lines += _sentence(result.advice, "  ", paint)
    return lay_out_diagnostics(result.messages, colour=colour, columns=columns) + _text(lines)


def _sentence(sentence: Sentence, margin: str, paint: Paint) -> Iterator[str]:
    words, suggested = lines_of(sentence)
    yield from paint.fold(f"{margin}{words}")
    for command in suggested:
        yield from paint.fold(f"    {command}", 9, command=True)


def _text(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _differences(result: ResultView) -> Iterator[Line]:
    for section in result.differences:
        if section.title:
            yield Line(section.title, section.sign)
        yield from section_lines(section, depth=1 if section.title else 0)


def _table(view: OutcomeView, paint: Paint) -> Iterator[str]:
    """A row for each project. If a terminal is too narrow, its versions and its time are below it."""
    cells = [(label(result.name), result.result, result.versions) for result in view.results]
    widths = [max(width(row[column]) for row in (view.columns, *cells)) for column in range(3)]
    longest = max(len(result.time) for result in view.results)
    columns = paint.columns or sys.maxsize
    below = sum(widths) + _AROUND + max(longest, len("time")) > columns
    if below:
        widths = [*widths[:2], 0] if sum(widths[:2]) + _BEFORE_VERSIONS <= columns else [0, 0, 0]

    def rows(first: str, versions: str, time: str) -> Iterator[str]:
        if below and versions:
            yield from paint.fold(first.rstrip(), _HANG)
            first, versions = " " * (_HANG - 3), versions.rstrip()
        yield from paint.fold(f"{first}   {versions}   {time}".rstrip(), _HANG)

    def padded(text: str, column: int) -> str:
        return text + " " * (widths[column] - width(text))

    project, done, versions = (padded(text, column) for column, text in enumerate(view.columns))
    yield from (paint(row, Ink.DIM) for row in rows(f"    {project}   {done}", versions, "time"))
    for result, (name, done, versions) in zip(view.results, cells, strict=True):
        sign = paint(result.sign, INK[result.sign]) if result.sign else " "
        first = f"  {sign} {padded(name, 0)}   {paint(done, _INK[result.mood])}{padded('', 1)[width(done) :]}"
        yield from rows(first, padded(versions, 2), result.time)
