"""The renames between two versions as text: one line for each."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.render.escape import plain, quoted
from reconciler.render.layout import Ink, Line, Paint, lay_out
from reconciler.render.signs import Sign
from reconciler.render.spelling import renamed_text
from reconciler.render.text.plan import text_of
from reconciler.render.view.relabel import RelabelView


def lay_out_relabel(view: RelabelView, *, colour: bool, columns: int | None = None) -> str:
    """The whole text, without the diagnostics, which are printed separately."""
    paint = Paint(colour, columns)
    lines = [
        *paint.fold(f"Target: {plain(view.target)}  {plain(view.endpoint)}  ({view.seen})"),
        *paint.fold(f"Names that changed in project {quoted(view.name)}, {view.span}:"),
        "",
        *lay_out(_lines(view), paint),
        *([""] if view.renames else []),
        *paint.fold(paint(view.last, Ink.BOLD)),
    ]
    return "\n".join(lines) + "\n"


def _lines(view: RelabelView) -> Iterator[Line]:
    for one in view.renames:
        words = ["declared" if one.declared else "looks renamed", one.when, text_of(one.made)]
        yield Line(renamed_text(one.old, one.new, declared=False), Sign.CHANGE, 0, f"# {', '.join(words)}")
