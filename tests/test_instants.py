"""Instants as text, and text as instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from reconciler.instants import LONG_AGO, in_utc, read_instant, readable, timestamp, to_the_second

EAST = timezone(timedelta(hours=2))
AT = datetime(2026, 11, 25, 12, 2, 11, 500_000, tzinfo=EAST)


def test_written() -> None:
    assert timestamp(AT) == "2026-11-25T10:02:11.500000Z"
    assert timestamp(AT.replace(microsecond=0)) == "2026-11-25T10:02:11Z"
    assert to_the_second(AT) == "2026-11-25T10:02:11Z"
    assert readable(AT) == readable(datetime(2026, 11, 25, 10, 2, 11)) == "2026-11-25 10:02:11 UTC"


@pytest.mark.parametrize("text", ["2026-11-25T10:02:11.5Z", "2026-11-25 12:02:11.5+02:00", "2026-11-25T10:02:11.5"])
def test_read(text: str) -> None:
    found = read_instant(text)
    assert found == AT
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_text_that_is_not_a_time(text: str) -> None:
    assert read_instant(text) is None


def test_there_is_room_before_every_time() -> None:
    assert LONG_AGO - timedelta(hours=23) < in_utc(datetime(1, 1, 2))
