"""What doctor found."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from reconciler.diagnostics import Remedy
from reconciler.frozen import dataclass


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
    is what to do; it is empty if all is well, and for an assumption. `remedies` are the commands to run.
    """

    check: str
    status: CheckStatus | Verdict
    message: str
    remedy: str = ""
    remedies: tuple[Remedy, ...] = ()

    @property
    def to_do(self) -> str:
        """The remedy, with the commands below it."""
        return "\n".join(filter(None, (self.remedy, *(remedy.text for remedy in self.remedies))))


@dataclass(frozen=True, slots=True)
class DoctorReport:
    """The results of one run. `assumptions` is empty if they were not requested, or could not be checked.

    Without a target, its name and endpoint are those that were asked for, or empty. `hint` is how to learn more,
    if there is a way.
    """

    target: str
    endpoint: str
    checks: Sequence[CheckResult]
    assumptions: Sequence[CheckResult] = ()
    hint: Remedy | None = None

    def count(self, status: CheckStatus) -> int:
        return sum(check.status is status for check in self.checks)
