"""How much work code does, as a number of calls. No clock is read, so the number is the same on every machine."""

from __future__ import annotations

import cProfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from reconciler.collection import collector_paused

GROWTH = 2.3
"""How much twice the input may multiply the work. More than twice: a sort, and dictionaries that grow by steps."""


@contextmanager
def calls_counted() -> Iterator[Callable[[], int]]:
    """Counts every call of a function, in Python or in C. The profiler itself is in C, and so is cheap."""
    profile = cProfile.Profile()
    with collector_paused():  # its callbacks, such as Hypothesis's, would be counted, too
        profile.enable()
        try:
            yield lambda: sum(entry.callcount for entry in profile.getstats())
        finally:
            profile.disable()


def calls_of(function: Callable[..., Any], *arguments: Any) -> int:
    with calls_counted() as calls:
        function(*arguments)
        return calls()
