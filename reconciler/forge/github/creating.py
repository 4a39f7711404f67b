"""Create something once: a create without an answer is looked for before it is sent again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from reconciler.errors import GithubUnavailableError
from reconciler.forge.github.client import Clock

MOST_TRIES: Final = 3

PAUSE: Final = 2.0
"""Seconds before it is looked for: lists may lag (an assumption)."""

_Made = TypeVar("_Made")


def create_once(create: Callable[[], _Made], look: Callable[[], _Made | None], *, clock: Clock) -> _Made:
    """What `create` made, or `look` found after an answer was lost.

    Raises:
        GithubUnavailableError: it is not there after so many tries.
    """
    tries = 1
    while True:
        try:
            return create()
        except GithubUnavailableError as lost:
            if not lost.may_have_landed:
                raise
            clock.sleep(PAUSE)
            if (found := look()) is not None:
                return found
            if tries == MOST_TRIES:
                raise
        tries += 1
