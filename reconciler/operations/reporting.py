"""An error as diagnostics, and as a plan or drift that holds nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import DiagnosedError, ReconcilerError
from reconciler.model.drift import Drift
from reconciler.model.plan import Commit, Plan, TargetInfo


def as_diagnostics(problem: ReconcilerError) -> tuple[Diagnostic, ...]:
    """The diagnostics of an error, or one that says the same."""
    if isinstance(problem, DiagnosedError):
        return problem.diagnostics
    return (error(problem.code, problem.summary, detail=problem.detail),)


def failed_plan(problem: ReconcilerError, target: TargetInfo) -> Plan:
    """A plan that could not be made: no change, its diagnostics, `errored`."""
    now = datetime.now(UTC)
    return Plan(target=target, commit=Commit(), made_at=now, diagnostics=as_diagnostics(problem), complete=False)


def failed_drift(problem: ReconcilerError, target: TargetInfo) -> Drift:
    """A drift that could not be determined: no project, its diagnostics, `errored`."""
    return Drift(target=target, made_at=datetime.now(UTC), diagnostics=as_diagnostics(problem), complete=False)
