"""Instants as text, written and read in one way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
"""Before every time that anybody recorded, and far enough from the first one to subtract from."""


def in_utc(moment: datetime) -> datetime:
    """A time without a zone is in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC, with a fraction of a second if there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_the_second(moment: datetime) -> str:
    """RFC 3339 in UTC, without a fraction: `2026-11-25T10:02:11Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def readable(moment: datetime) -> str:
    """`2026-11-25 10:02:11 UTC`."""
    return f"{in_utc(moment):%Y-%m-%d %H:%M:%S} UTC"


def read_instant(text: str) -> datetime | None:
    """An ISO 8601 time, aware and in UTC; None for any other text."""
    try:
        moment = datetime.fromisoformat(text)
        return moment if moment.tzinfo is UTC else in_utc(moment)
    except (ValueError, OverflowError):
        return None
