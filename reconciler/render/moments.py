"""Times as people read them: exact in UTC, and how long ago. The present is handed in, never asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_STEPS: Final = ((86_400 * 2, 86_400, "days"), (3_600, 3_600, "h"), (60, 60, "min"))


def in_utc(moment: datetime) -> datetime:
    """A time without a zone is taken for UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def read_at(moment: datetime, now: datetime) -> str:
    """`10:02:11 UTC` for something just read, with day and age for anything older than a minute."""
    at, present = in_utc(moment), in_utc(now)
    passed = age(at, present)
    if at.date() == present.date():
        return f"{at:%H:%M:%S} UTC" + (f", {passed}" if passed else "")
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" + (f", {passed}" if passed else "")


def snapshot_of(moment: datetime, now: datetime) -> str:
    """`snapshot of 2026-11-25 10:02 UTC, 3 h ago`: how old what is shown may be."""
    passed = age(moment, now)
    return f"snapshot of {in_utc(moment):%Y-%m-%d %H:%M} UTC" + (f", {passed}" if passed else "")


def age(moment: datetime, now: datetime) -> str:
    """`50 min ago`, `3 h ago`, `2 days ago`; nothing below a minute."""
    seconds = int((in_utc(now) - in_utc(moment)).total_seconds())
    for least, unit, name in _STEPS:
        if seconds >= least:
            return f"{seconds // unit} {name} ago"
    return ""


def duration(seconds: float) -> str:
    """`1s`, `2m 5s`: whole seconds, at least one of them."""
    whole = max(1, round(seconds))
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"
