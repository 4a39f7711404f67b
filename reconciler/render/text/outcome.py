"""An apply as text. The table and the last line are results. Failures are printed separately."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.render.escape import plain
from reconciler.render.layout import INK, Ink, Line, Paint, lay_out, width
from reconciler.render.lines import section_lines
from reconciler.render.text.diagnostics import lay_out_diagnostics
from reconciler.render.text.plan import lines_of, text_of
from reconciler.render.view.outcome import Mood, OutcomeView, Progress, ResultView

_INK: Final = {Mood.GOOD: Ink.GREEN, Mood.NEUTRAL: Ink.YELLOW, Mood.BAD: Ink.RED}


def lay_out_progress(progress: Progress, *, colour: bool) -> str:
    """One line of progress."""
    paint = Paint(colour)
    ink = _INK[progress.mood] if progress.mood else None
    name = paint(f"project.{plain(progress.name)}:", Ink.BOLD)
    return f"{name} {paint(progress.words, ink)}{plain(progress.rest)}\n"


def lay_out_outcome(view: OutcomeView, *, colour: bool) -> str:
    """What was done, for stdout."""
    paint = Paint(colour)
    table = [*_table(view, paint), ""] if view.results else []
    last = paint(view.last, Ink.BOLD_GREEN if view.complete else Ink.BOLD_RED)
    return "\n".join([*table, last]) + "\n"


def lay_out_failures(view: OutcomeView, *, colour: bool) -> str:
    """What was not done and why, for stderr. Empty if there is nothing to report."""
    blocks = [text for result in view.results if (text := failure_text(result, colour=colour))]
    if view.interrupted:
        blocks.append(f"{text_of(view.interrupted)}\n")
    if view.unstarted:
        words, commands = lines_of(view.unstarted)
        blocks.append("".join([f"{words}\n", *(f"    {command}\n" for command in commands)]))
    return "\n".join(blocks)


def failure_text(result: ResultView, *, colour: bool = False) -> str:
    """What is reported about one project, one line for each statement."""
    lines = [f"  {plain(truth)}" for truth in result.truth]
    if result.differences:
        lines += ["  Scale now differs from the plan in:", *lay_out(_differences(result), Paint(colour))]
    if result.advice:
        words, commands = lines_of(result.advice)
        lines += [f"  {words}", *(f"    {command}" for command in commands)]
    return lay_out_diagnostics(result.messages, colour=colour) + "".join(f"{line}\n" for line in lines)


def _differences(result: ResultView) -> Iterator[Line]:
    for section in result.differences:
        if section.title:
            yield Line(section.title, section.sign)
        yield from section_lines(section, depth=1 if section.title else 0)


def _table(view: OutcomeView, paint: Paint) -> Iterator[str]:
    cells = [(plain(result.name), result.result, result.versions) for result in view.results]
    widths = [max(width(row[column]) for row in (view.columns, *cells)) for column in range(3)]

    def padded(text: str, column: int) -> str:
        return text + " " * (widths[column] - width(text))

    head = "   ".join(padded(text, column) for column, text in enumerate(view.columns))
    yield paint(f"    {head}   time", Ink.DIM)
    for result, row in zip(view.results, cells, strict=True):
        sign = paint(result.sign, INK[result.sign]) if result.sign else " "
        done = paint(row[1], _INK[result.mood]) + " " * (widths[1] - width(row[1]))
        yield f"  {sign} {padded(row[0], 0)}   {done}   {padded(row[2], 2)}   {result.time}".rstrip()
