"""What a request gets: an answer, or none. And what an answer's headers say about time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, with any status. The names of `headers` are found in any case.

    `repr` leaves out what a server could echo.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


@dataclass(frozen=True, slots=True)
class Lost:
    """No whole answer came. `sent` is false if no connection was made, so that nothing can have landed.

    `final` is true if another try would end the same way. `reason` is a clause for people.
    """

    reason: str
    sent: bool
    final: bool = False


def retry_after(answer: Answer, now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for, in either of its forms (RFC 9110, 10.2.3); None if it does not ask.

    A date is measured from the answer's own `Date`, so that a wrong local clock does no harm, else from `now`.
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
    """A date as HTTP headers have it, aware; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date
