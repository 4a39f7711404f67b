"""How an apply's progress is shown: a line for each event, or on a terminal, live lines that disappear at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from reconciler.cli import console
from reconciler.cli.status import STATUS, has_cursor
from reconciler.model.outcome import Event
from reconciler.render.text.outcome import lay_out_progress, lay_out_row
from reconciler.render.view.progress import Progress, last_line, view_event

_MOST_LINES = 12


def _tell(event: Event) -> None:
    with suppress(OSError):
        console.tell(lay_out_progress(view_event(event), **console.look(sys.stderr)))


@contextmanager
def progress(total: int) -> Iterator[Callable[[Event], None]]:
    """A listener for an apply's events, for a plan of `total` projects. It writes to stderr. If stderr is closed, the
    apply goes on without it."""
    if not has_cursor(sys.stderr):
        yield _tell
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    colour = console.in_colour(sys.stderr)
    running: dict[str, Progress] = {}
    finished, began = 0, time.monotonic()

    def lines() -> Text:
        room = terminal.width
        rows = [lay_out_row(one, colour=colour, columns=room) for one in list(running.values())[:_MOST_LINES]]
        if len(running) > _MOST_LINES:
            rows.append(f"… {len(running) - _MOST_LINES} more under way")
        rows.append(last_line(finished, total, time.monotonic() - began, room))
        text = Text.from_ansi("\n".join(rows))
        text.no_wrap, text.overflow = True, "ellipsis"
        return text

    STATUS.hide()
    terminal = Console(file=sys.stderr, no_color=not colour)
    with Live(get_renderable=lines, console=terminal, transient=True, refresh_per_second=8):

        def emit(event: Event) -> None:
            nonlocal finished
            running[event.name] = view_event(event)
            if event.outcome is not None:
                del running[event.name]
                finished += 1

        yield emit
