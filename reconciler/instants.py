"""Points in time as text: the only functions that write and read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
"""Earlier than every recorded time, but not the first possible one, so that a difference can be subtracted."""


def in_utc(moment: datetime) -> datetime:
    """The time in UTC. A time without a zone counts as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """The time in RFC 3339 and UTC, with a fraction of a second if there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_the_second(moment: datetime) -> str:
    """The time in RFC 3339 and UTC, without a fraction: `2026-11-25T10:02:11Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def readable(moment: datetime) -> str:
    """`2026-11-25 10:02:11 UTC`."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M:%S} UTC"


def moment_of(text: str) -> datetime:
    """A time as `read_instant` returns it. A text that is not a time counts as earlier than every time."""
    return read_instant(text) or LONG_AGO


def read_instant(text: str) -> datetime | None:
    """An ISO 8601 time as an aware time in UTC; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is UTC else in_utc(moment)
    except (ValueError, OverflowError):
        return None
