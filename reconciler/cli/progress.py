"""How an apply's progress is shown: a line for each event, or on a terminal, live lines that disappear at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from reconciler.cli import console
from reconciler.model.outcome import Event
from reconciler.render.text.outcome import lay_out_progress
from reconciler.render.view.progress import view_event

_MOST_LINES = 12


def _tell(event: Event) -> None:
    with suppress(OSError):
        console.tell(lay_out_progress(view_event(event), **console.look(sys.stderr)))


@contextmanager
def progress() -> Iterator[Callable[[Event], None]]:
    """A listener for an apply's events. It writes to stderr. If stderr is closed, the apply goes on without it."""
    if not console.in_colour(sys.stderr):
        yield _tell
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    running: dict[str, str] = {}
    finished = 0

    def lines() -> Text:
        shown = list(running.values())[:_MOST_LINES]
        more = f"\n… {len(running) - _MOST_LINES} more under way" if len(running) > _MOST_LINES else ""
        return Text.from_ansi("\n".join(shown) + f"{more}\n{finished} done")

    with Live(lines(), console=Console(file=sys.stderr), transient=True, refresh_per_second=8) as live:

        def emit(event: Event) -> None:
            nonlocal finished
            running[event.name] = lay_out_progress(view_event(event), colour=True).rstrip("\n")
            if event.outcome is not None:
                del running[event.name]
                finished += 1
            live.update(lines())

        yield emit
