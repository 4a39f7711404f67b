"""An error as a plan or drift that contains nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.errors import ReconcilerError
from reconciler.model.drift import Drift
from reconciler.model.plan import Commit, Plan, TargetInfo


def failed_plan(problem: ReconcilerError, target: TargetInfo) -> Plan:
    """A plan that could not be made: it has no changes, only diagnostics, and is `errored`."""
    now = datetime.now(UTC)
    return Plan(target=target, commit=Commit(), made_at=now, diagnostics=problem.diagnostics, complete=False)


def failed_drift(problem: ReconcilerError, target: TargetInfo) -> Drift:
    """A drift that could not be determined: it has no projects, only diagnostics, and is `errored`."""
    return Drift(target=target, made_at=datetime.now(UTC), diagnostics=problem.diagnostics, complete=False)
