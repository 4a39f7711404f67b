"""Errors as what documents carry: diagnostics, and plans and results that hold nothing else."""

from __future__ import annotations

from datetime import datetime

from reconciler.diagnostics import Diagnostic, error
from reconciler.errors import DiagnosedError, ReconcilerError
from reconciler.model.plan import Commit, Plan, TargetInfo


def as_diagnostics(problem: ReconcilerError) -> tuple[Diagnostic, ...]:
    """What an error tells, as diagnostics."""
    if isinstance(problem, DiagnosedError):
        return problem.diagnostics
    return (error(problem.code, problem.summary, detail=problem.detail),)


def failed_plan(problem: ReconcilerError, *, target: TargetInfo, now: datetime) -> Plan:
    """A plan that could not be made: no change, its diagnostics, `errored`."""
    return Plan(target=target, commit=Commit(), made_at=now, diagnostics=as_diagnostics(problem), complete=False)
