"""After half a second, the last line of the terminal shows what a command is doing. Any output replaces it."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Final, TextIO

_FEWEST: Final = 40
"""A narrower terminal breaks lines itself."""

_DELAY: Final = 0.5
_INTERVAL: Final = 0.2
_CLEARED: Final = "\r\x1b[K"


def has_cursor(stream: TextIO) -> bool:
    """Whether a line can be replaced by another: only on a terminal that is not dumb."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def columns_of(stream: TextIO) -> int | None:
    """The width of a terminal; None if it is unknown, or if the stream is not a terminal."""
    if not stream.isatty():
        return None
    named = os.environ.get("COLUMNS", "")
    try:
        columns = int(named) if named.isdecimal() and int(named) else os.get_terminal_size(stream.fileno()).columns
    except (ValueError, OSError):
        return None
    return max(columns, _FEWEST) if columns > 0 else None


class Status:
    """One line on a terminal's stderr, and nothing elsewhere. A thread keeps the seconds in it current."""

    def __init__(self, delay: float = _DELAY) -> None:
        self._delay = delay
        self._lock = Lock()
        self._words = ""
        self._since = 0.0
        self._drawn = False
        self._ended: Event | None = None

    def show(self, words: str) -> None:
        """Set the text that says what the command is doing."""
        if not has_cursor(sys.stderr):
            return
        with self._lock:
            self._words, self._since = words, time.monotonic()
            if self._ended is None:
                self._ended = Event()
                Thread(target=self._run, args=(self._ended, sys.stderr), name="status", daemon=True).start()

    def hide(self) -> None:
        """Remove the line, because something else is printed, or because the command ends."""
        with self._lock:
            if self._ended is not None:
                self._ended.set()
                self._ended = None
                self._clear(sys.stderr)

    def _run(self, ended: Event, stream: TextIO) -> None:
        while not ended.wait(_INTERVAL):
            with self._lock, suppress(OSError, ValueError):
                passed = time.monotonic() - self._since
                if passed >= self._delay and not ended.is_set():
                    line = f"{self._words}… {passed:.0f} s" if passed >= 1 else f"{self._words}…"
                    stream.write(f"{_CLEARED}{line[: (columns_of(stream) or 80) - 1]}")
                    stream.flush()
                    self._drawn = True

    def _clear(self, stream: TextIO) -> None:
        if self._drawn:
            with suppress(OSError, ValueError):
                stream.write(_CLEARED)
                stream.flush()
            self._drawn = False


STATUS: Final = Status()
"""The status of the command that this process runs."""
