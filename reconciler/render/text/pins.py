"""Pins as text: one line for each project, in columns."""

from __future__ import annotations

from reconciler.diagnostics import count
from reconciler.model.history import Pin, Pins
from reconciler.render.escape import plain
from reconciler.render.layout import Paint, width

_HEADS = ("PROJECT", "VERSION", "COMMIT", "CONTENT", "RECORDED")


def lay_out_pins(pins: Pins, *, colour: bool = False, columns: int | None = None) -> str:
    """The table, and how many there are."""
    rows = [_HEADS, *map(_row, pins.pins)] if pins.pins else []
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell}{' ' * (room - width(cell))}" for cell, room in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines = [row for line in lines for row in Paint(colour, columns).fold(line)]
    return "\n".join([*lines, *([""] if lines else []), f"Pins: {count(len(pins.pins), 'project')}."]) + "\n"


def _row(pin: Pin) -> tuple[str, ...]:
    version = "none" if pin.params_version is None else str(pin.params_version)
    content = pin.content_hash[:12] if pin.content_hash else "-"
    return plain(pin.name), version, plain(pin.commit[:7]) if pin.commit else "-", content, plain(pin.recorded_at)
