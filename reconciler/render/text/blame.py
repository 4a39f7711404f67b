"""Blame as text: one line for each live value, with what introduced it at the side."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.render.escape import plain, quoted
from reconciler.render.layout import INK, Ink, Line, Paint, lay_out
from reconciler.render.signs import Sign
from reconciler.render.spelling import compact
from reconciler.render.text.plan import text_of
from reconciler.render.view.blame import BlamedView, BlameView


def lay_out_blame(view: BlameView, *, colour: bool, columns: int | None = None) -> str:
    """The whole text, without the diagnostics, which are printed separately."""
    paint = Paint(colour, columns)
    lines = [
        *paint.fold(f"Target: {plain(view.target)}  {plain(view.endpoint)}  ({view.seen})"),
        *paint.fold(f"What introduced each value of project {quoted(view.name)}:"),
        "",
        *lay_out(_lines(view.fields), paint),
        "",
        *paint.fold(paint(view.last, Ink.BOLD)),
    ]
    return "\n".join(lines) + "\n"


def _lines(fields: tuple[BlamedView, ...]) -> Iterator[Line]:
    for field in fields:
        value = f" = {compact(field.value)}" if field.has_value else ""
        ink = INK[Sign.DRIFTED] if field.on_scale else None
        yield Line(f"{plain(field.name)}{value}", None, 0, f"# {field.when}, {text_of(field.made)}", ink)
