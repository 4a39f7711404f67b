"""The result of a request, with or without an answer, and the times in an answer's headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from reconciler.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer, with any status. Header names are not case-sensitive.

    `repr` omits what a server could echo.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


@dataclass(frozen=True, slots=True)
class Lost:
    """No complete answer. `sent` is false if there was no connection, so nothing can have landed.

    `final` is true if another try would fail in the same way. `reason` is a clause for messages, and `advice` is a
    sentence that says what to do, if that is known.
    """

    reason: str
    sent: bool
    final: bool = False
    advice: str = ""


def retry_after(answer: Answer, now: datetime) -> float | None:
    """The seconds in `Retry-After`, in either of its forms (RFC 9110, 10.2.3). None if there is no such header. A date
    is compared with the answer's own `Date`, so that a wrong local clock does no harm, or else with `now`.
    """
    text = answer.headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]*)?", text):
        return float(text)
    until = http_date(text)
    if until is None:
        return None
    since = http_date(answer.headers.get("date", "")) or now
    return max(0.0, (until - since).total_seconds())


def http_date(text: str) -> datetime | None:
    """An aware date from an HTTP header; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
