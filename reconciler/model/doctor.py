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
class CheckResult:
    """The result of one check of the setup. `message` is a sentence; `remedy` is empty if all is well."""

    check: str
    status: CheckStatus
    message: str
    remedy: str = ""


class Verdict(StrEnum):
    """Whether an account confirms an assumption about the API."""

    HOLDS = "holds"
    DOES_NOT_HOLD = "does not hold"
    NOT_SEEN = "not seen"


@dataclass(frozen=True, slots=True)
class AssumptionResult:
    """The verdict on one assumption. `message` is the evidence and, if it does not hold, what that means."""

    assumption: str
    verdict: Verdict
    message: str


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """The results of one run. `assumptions` is empty if they were not asked for, or could not be looked at.

    Without a target, its name and endpoint are those that were asked for, or empty. `hint` is a sentence on how to
    learn more, or empty.
    """

    target: str
    endpoint: str
    checks: Sequence[CheckResult]
    assumptions: Sequence[AssumptionResult] = ()
    hint: str = ""

    def count(self, status: CheckStatus) -> int:
        return sum(check.status is status for check in self.checks)
