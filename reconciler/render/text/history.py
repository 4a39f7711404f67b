"""A history as text: one version after another, the newest one last."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.render.escape import plain, quoted
from reconciler.render.layout import Ink, Line, Paint, lay_out
from reconciler.render.lines import section_lines
from reconciler.render.text.plan import text_of
from reconciler.render.view.history import HistoryView, RevisionView


def lay_out_history(view: HistoryView, *, colour: bool, columns: int | None = None) -> str:
    """The whole text, without the diagnostics, which are printed separately."""
    paint = Paint(colour, columns)
    lines = [
        *paint.fold(f"Target: {plain(view.target)}  {plain(view.endpoint)}  ({view.seen})"),
        *paint.fold(f"History of project {quoted(view.name)}: {view.title}"),
    ]
    for revision in view.revisions:
        lines += ["", *lay_out(_lines(revision), paint)]
    lines += ["", *paint.fold(paint(view.last, Ink.BOLD))]
    return "\n".join(lines) + "\n"


def _lines(revision: RevisionView) -> Iterator[Line]:
    time = f", {revision.time}" if revision.time else ""
    yield Line(f"# {revision.part} {revision.versions}{time}", None, -1, ink=Ink.BOLD)
    yield Line(text_of(revision.made), None, 0, ink=Ink.DIM)
    if revision.section is not None:
        yield from section_lines(revision.section, depth=0)
    if revision.remark:
        yield Line(revision.remark, None, 0, ink=Ink.DIM)
