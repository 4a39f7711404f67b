"""The guard `older-commit`: a checkout that is behind the commit that was applied last. Pure.

It is checked separately from the other guards, because its verdict is about the commit and not about the changes. A
plan only notes the verdict. An apply checks again right before it writes, even for a saved plan.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, error, listed, warning
from reconciler.frozen import dataclass
from reconciler.model.guards import OLDER_COMMIT, Standing
from reconciler.model.plan import Action, Held, Plan, ProjectChange, Waived
from reconciler.planning.holds import matching_waivers, reported
from reconciler.planning.planner import summary_of
from reconciler.planning.situation import Rules

_SHORT: Final = 12
_REMEDY: Final = "Apply the head of the branch. To undo a change, use git revert, which creates a newer commit."


@dataclass(frozen=True, slots=True)
class Behind:
    """How a plan's commit, `head`, relates to `applied`, the last commit that an apply completed.

    `standing` is never CONTAINED. `head` is None if the plan was made without a commit. `why` is the reason for
    UNKNOWN.
    """

    standing: Standing
    applied: str
    head: str | None
    why: str = ""

    @property
    def is_older(self) -> bool:
        return self.standing is Standing.OLDER


def noted(behind: Behind, *, is_sandbox: bool) -> Diagnostic:
    """The diagnostic of a plan, of a drift, or of an apply that is not held."""
    applied, head = behind.applied[:_SHORT], (behind.head or "")[:_SHORT]
    named = f"The last applied commit is {applied}"
    if behind.is_older:
        effect = (
            "An apply to a sandbox is not held, and might revert newer changes."
            if is_sandbox
            else f"By default, an apply holds every change. To allow them once, pass --allow {OLDER_COMMIT}."
        )
        detail = f"{named}, which {head} does not contain. {effect}\n{_REMEDY}"
        summary = f"this checkout is older than the last applied commit, {applied}"
        return Diagnostic(Severity.NOTE, OLDER_COMMIT, summary, detail=detail)
    if behind.standing is Standing.ELSEWHERE:
        detail = (
            f"Neither this checkout nor its branch contains {applied}, which can happen after a squash or a rebase. "
            "Nothing is held."
        )
        summary = f"this checkout does not contain the last applied commit, {applied}"
        return Diagnostic(Severity.NOTE, OLDER_COMMIT, summary, detail=detail)
    detail = (
        f"{named}. {behind.why or 'Its position in the history is unknown.'}\n"
        "If this checkout is older, an apply would revert changes merged since then. Apply the head of the branch."
    )
    return warning(OLDER_COMMIT, f"cannot determine whether this checkout contains {applied}", detail=detail)


def enforced(plan: Plan, behind: Behind, rules: Rules, today: date, *, is_sandbox: bool) -> Plan:
    """The plan as an apply carries it out: every change that no waiver matches is held if the commit is older.

    A change that this guard already holds or waives is kept as it is.
    """
    if not behind.is_older or is_sandbox or rules.settings.older_commit == "warn":
        diagnostic = noted(behind, is_sandbox=is_sandbox)
        if behind.is_older and not is_sandbox:
            diagnostic = warning(OLDER_COMMIT, diagnostic.summary, detail=_REMEDY)
        return _with(plan, diagnostic)
    held = _held(behind)
    changes = tuple(_judged(change, held, rules, today) for change in plan.changes)
    if not any(map(_asked, changes)):
        return _with(plan, noted(behind, is_sandbox=False))
    return replace(plan, changes=changes, summary=summary_of(changes, plan.unmanaged))


def _with(plan: Plan, diagnostic: Diagnostic) -> Plan:
    return plan if diagnostic in plan.diagnostics else replace(plan, diagnostics=(*plan.diagnostics, diagnostic))


def _held(behind: Behind) -> Held:
    applied, head = behind.applied[:_SHORT], (behind.head or "")[:_SHORT]
    why = f"The last applied commit, {applied}, is not in {head}. This apply might revert newer changes."
    return Held(OLDER_COMMIT, why, _REMEDY)


def _judged(change: ProjectChange, verdict: Held, rules: Rules, today: date) -> ProjectChange:
    if _asked(change) or change.action is Action.NO_OP or change.blocked or change.protected:
        return change
    if OLDER_COMMIT in rules.allowed:
        return replace(change, waived_by=(*change.waived_by, Waived(OLDER_COMMIT, f"--allow {OLDER_COMMIT}")))
    if waivers := matching_waivers(rules.waivers, OLDER_COMMIT, change.name, today):
        return replace(change, waived_by=(*change.waived_by, Waived(OLDER_COMMIT, reported(waivers[0]))))
    return replace(change, held_by=(*change.held_by, verdict))


def _asked(change: ProjectChange) -> bool:
    """Whether the guard holds the change, or is waived for it."""
    return OLDER_COMMIT in {held.guard for held in change.held_by} | {waived.guard for waived in change.waived_by}


def overtaken(before: Plan, after: Plan) -> tuple[Diagnostic, ...]:
    """The error about changes that are held only since the plan was approved."""
    held = [
        later.name
        for earlier, later in zip(before.changes, after.changes, strict=True)
        if later.held_by != earlier.held_by
    ]
    if not held:
        return ()
    summary = "another apply wrote a newer commit after this apply started"
    detail = f"The {OLDER_COMMIT} guard holds {listed(held)}.\n{_REMEDY}"
    return (error(OLDER_COMMIT, summary, detail=detail),)
