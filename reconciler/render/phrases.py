"""Numbers, times, lists, and commands as people read them. The current time is passed in."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from reconciler.instants import in_utc
from reconciler.render.escape import exact, plain

_STEPS: Final = ((86_400 * 2, 86_400, "days"), (3_600, 3_600, "h"), (60, 60, "min"))
_SAFE_WORD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,:+@%/=-]*", re.ASCII)


def minute(moment: datetime) -> str:
    """`2026-11-25 10:02 UTC`."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M} UTC"


def age(moment: datetime, now: datetime) -> str:
    """`50 min ago`, `3 h ago`, `2 days ago`; empty below a minute."""
    seconds = int((in_utc(now) - in_utc(moment)).total_seconds())
    for least, unit, name in _STEPS:
        if seconds >= least:
            return f"{seconds // unit} {name} ago"
    return ""


def aged(words: str, moment: datetime, now: datetime) -> str:
    """`words` followed by the age of `moment`, if it has one."""
    passed = age(moment, now)
    return f"{words}, {passed}" if passed else words


def read_at(moment: datetime, now: datetime) -> str:
    """`10:02:11 UTC` for something just read. If it was read earlier, the day and the age are added."""
    at = in_utc(moment)
    form = "%H:%M:%S" if at.date() == in_utc(now).date() else "%Y-%m-%d %H:%M:%S"
    return aged(f"{at:{form}} UTC", at, now)


def snapshot_of(moment: datetime, now: datetime) -> str:
    """`snapshot of 2026-11-25 10:02 UTC, 3 h ago`."""
    return aged(f"snapshot of {minute(moment)}", moment, now)


def duration(seconds: float) -> str:
    """`0.4s`, `1s`, `2m 5s`: below ten seconds with tenths, at least one of them."""
    if seconds < 9.95:
        return f"{max(0.1, seconds):.1f}".removesuffix(".0") + "s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"


def shell(arguments: Sequence[str]) -> str:
    """A command that works when it is pasted into a shell."""
    return " ".join(map(word, arguments))


def word(text: str) -> str:
    """Any text as one shell word."""
    if _SAFE_WORD.fullmatch(text):
        return text
    if plain(text) == text:
        return shlex.quote(text)
    # Characters that cannot be shown are written with the shell's own escapes.
    return "$'" + exact(text)[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
