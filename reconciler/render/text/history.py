"""A project's versions as text: a history with the newest version last, what introduced each live value, and renames.

The diagnostics are printed separately.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reconciler.render.escape import plain, quoted
from reconciler.render.layout import INK, Ink, Line, Paint, lay_out
from reconciler.render.lines import section_lines
from reconciler.render.signs import Sign
from reconciler.render.spelling import compact, renamed_text
from reconciler.render.text.plan import text_of
from reconciler.render.view.history import BlamedView, BlameView, Head, HistoryView, RelabelView, RevisionView


def lay_out_history(view: HistoryView, *, colour: bool, columns: int | None = None) -> str:
    """One version after another."""
    paint = Paint(colour, columns)
    blocks = [line for revision in view.revisions for line in ("", *lay_out(_revision(revision), paint))]
    return _page(
        view.head, f"History of project {quoted(view.head.name)}: {view.title}", [*blocks, ""], view.last, paint
    )


def lay_out_blame(view: BlameView, *, colour: bool, columns: int | None = None) -> str:
    """One line for each live value, with what introduced it at the side."""
    paint = Paint(colour, columns)
    heading = f"What introduced each value of project {quoted(view.head.name)}:"
    return _page(view.head, heading, ["", *lay_out(map(_blamed, view.fields), paint), ""], view.last, paint)


def lay_out_relabel(view: RelabelView, *, colour: bool, columns: int | None = None) -> str:
    """One line for each rename."""
    paint = Paint(colour, columns)
    heading = f"Names that changed in project {quoted(view.head.name)}, {view.span}:"
    lines = ["", *lay_out(_renames(view), paint), *([""] if view.renames else [])]
    return _page(view.head, heading, lines, view.last, paint)


def _page(head: Head, heading: str, lines: Iterable[str], last: str, paint: Paint) -> str:
    first = f"Target: {plain(head.target)}  {plain(head.endpoint)}  ({head.seen})"
    return "\n".join([*paint.fold(first), *paint.fold(heading), *lines, *paint.fold(paint(last, Ink.BOLD))]) + "\n"


def _revision(revision: RevisionView) -> Iterator[Line]:
    time = f", {revision.time}" if revision.time else ""
    yield Line(f"# {revision.part} {revision.versions}{time}", None, -1, ink=Ink.BOLD)
    yield Line(text_of(revision.made), None, 0, ink=Ink.DIM)
    if revision.section is not None:
        yield from section_lines(revision.section, depth=0)
    if revision.remark:
        yield Line(revision.remark, None, 0, ink=Ink.DIM)


def _blamed(field: BlamedView) -> Line:
    value = f" = {compact(field.value)}" if field.has_value else ""
    ink = INK[Sign.DRIFTED] if field.on_scale else None
    return Line(f"{plain(field.name)}{value}", None, 0, f"# {field.when}, {text_of(field.made)}", ink)


def _renames(view: RelabelView) -> Iterator[Line]:
    for one in view.renames:
        words = ["declared" if one.declared else "looks renamed", one.when, text_of(one.made)]
        yield Line(renamed_text(one.old, one.new, declared=False), Sign.CHANGE, 0, f"# {', '.join(words)}")
