"""The outcome of an apply: for each project, what was sent, what landed, and which versions are live now."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from reconciler.diagnostics import Diagnostic
from reconciler.frozen import dataclass
from reconciler.model.plan import Action, CallKind, Commit, Field, TargetInfo
from reconciler.model.project import LiveProject, Source


class Status(StrEnum):
    DONE = "done"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    UNCLEAR = "unclear"
    """Reading back did not show whether a write landed."""
    FORGOTTEN = "forgotten"
    HELD = "held"
    BLOCKED = "blocked"
    PROTECTED = "protected"
    STALE = "stale"
    """Live state changed since the plan, so an apply would write something that nobody approved."""
    NOT_STARTED = "not-started"


class CallResult(StrEnum):
    LANDED = "landed"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    NOT_SENT = "not-sent"


@dataclass(frozen=True, slots=True)
class CallOutcome:
    call: CallKind
    result: CallResult


@dataclass(frozen=True, slots=True)
class ProjectOutcome:
    """`params_version` and `ontology_version` are those that were read last; None if there is none or none was read.

    `stale_fields` are the differences that a stale project has now. `not_kept` are those that are left after a write
    that landed. `live` is the project as it was read last, None if it was not. `seconds` is how long its calls took.
    `hash` is that of the intent that was carried out, "" if it is not known. `source` is the manifest's line.
    `held_by` names the guards that held it.
    """

    name: str
    action: Action
    status: Status
    reason: str = ""
    params_version: int | None = None
    ontology_version: int | None = None
    calls: tuple[CallOutcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    stale_fields: tuple[Field, ...] = ()
    not_kept: tuple[Field, ...] = ()
    live: LiveProject | None = None
    seconds: float = 0.0
    hash: str = ""
    source: Source | None = None
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    added: int = 0
    changed: int = 0
    destroyed: int = 0
    forgotten: int = 0
    failed: int = 0
    skipped: int = 0
    not_started: int = 0

    @property
    def complete(self) -> bool:
        return not (self.failed or self.skipped or self.not_started)


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """Projects are in the plan's order. `interrupted_by` is a signal's number, None if the run was not interrupted.

    `diagnostics` are about the run as a whole, such as a record that could not be written after the apply.
    `pending_only` is that of the plan. `previous_commit` is the commit of the record's newest entry when the run began,
    None if it is not known.
    """

    target: TargetInfo
    commit: Commit
    plan_hash: str
    started_at: datetime
    finished_at: datetime | None
    projects: tuple[ProjectOutcome, ...]
    interrupted_by: int | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    previous_commit: str | None = None
    pending_only: bool = False

    def __repr__(self) -> str:
        return f"Outcome({self.target.name}, {len(self.projects)} projects)"

    @property
    def summary(self) -> OutcomeSummary:
        def count(*statuses: Status, action: Action | None = None) -> int:
            return sum(project.status in statuses and action in (None, project.action) for project in self.projects)

        return OutcomeSummary(
            added=count(Status.DONE, action=Action.CREATE),
            changed=count(Status.DONE, action=Action.UPDATE),
            forgotten=count(Status.FORGOTTEN),
            failed=count(Status.FAILED, Status.UNCLEAR),
            skipped=count(Status.HELD, Status.BLOCKED, Status.STALE),
            not_started=count(Status.NOT_STARTED),
        )


@dataclass(frozen=True, slots=True)
class Shown:
    """What was written, compared with what a pull request had shown, by name of project.

    `not_shown` were written and had not been shown. `untold` were written, and it is not known whether they had been
    shown. `unwritten` were shown and needed no write. `missing` counts those that were shown and are not in the run.
    """

    as_shown: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()
    unwritten: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened during an apply, for printing progress.

    `call` is about to be sent. `outcome` is set in the project's last event.
    """

    name: str
    action: Action
    call: CallKind | None = None
    detail: str = ""
    outcome: ProjectOutcome | None = None
