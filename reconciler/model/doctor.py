"""What doctor found: plain data, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the set-up. `message` is a sentence; `remedy` says what to do, and is empty where all is well."""

    check: str
    status: CheckStatus
    message: str
    remedy: str = ""


class Verdict(StrEnum):
    """Whether an account bears an assumption about the API out."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict on one assumption. `message` holds the evidence and, where it does not hold, what that means."""

    assumption: str
    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """All of a run. `findings` is empty where the assumptions were not asked for, or could not be looked at.

    The target's name and endpoint are those that were asked for where none could be chosen, maybe empty. `hint` is a
    sentence on how to learn more, empty where there is nothing to say.
    """

    target: str
    endpoint: str
    checks: Sequence[Check]
    findings: Sequence[Finding] = ()
    hint: str = ""

    def count(self, status: CheckStatus) -> int:
        return sum(check.status is status for check in self.checks)
