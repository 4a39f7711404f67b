"""What doctor found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """Whether an account confirms an assumption about the API."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check of the setup, or of one assumption about the API.

    `message` is a sentence. For an assumption, it is the evidence and, if it does not hold, what that means. `remedy`
    is what to do; it is empty if all is well, and for an assumption.
    """

    check: str
    status: CheckStatus | Verdict
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """The results of one run. `assumptions` is empty if they were not asked for, or could not be checked.

    Without a target, its name and endpoint are those that were asked for, or empty. `hint` is a sentence on how to
    learn more, or empty.
    """

    target: str
    endpoint: str
    checks: Sequence[CheckResult]
    assumptions: Sequence[CheckResult] = ()
    hint: str = ""

    def count(self, status: CheckStatus) -> int:
        return sum(check.status is status for check in self.checks)
