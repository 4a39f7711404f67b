"""The result of an apply: what apply prints and --result writes. Never a source for writes to Scale."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from reconciler import __version__
from reconciler.documents.parts import (
    FORMAT_VERSION,
    CommitShape,
    Count,
    DiagnosticShape,
    Moment,
    PlaceShape,
    Shape,
    TargetShape,
    Text,
    Version,
    absolute,
    as_json,
    diagnostics_of,
    values_of,
    whole_second,
)
from reconciler.documents.text import Kind
from reconciler.errors import ResultFileError
from reconciler.files.writing import write_whole
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind, Commit, TargetInfo
from reconciler.model.printed import with_files
from reconciler.model.values import Json

KIND: Final = Kind(
    "an apply result",
    key="projects",
    error=ResultFileError,
    remedy="Make a new one: reconciler apply --result FILE",
)


def outcome_document(outcome: Outcome) -> dict[str, Json]:
    """The outcome as it is printed."""
    document: dict[str, Json] = as_json(ResultShape.of(outcome))
    return document


def write_result_file(outcome: Outcome, file: Path) -> None:
    """Save the outcome, whose files are relative: mode 0600, all of it or nothing. OSError if it cannot be written."""
    write_whole(KIND.write(outcome_document(outcome)), file)


def read_result_file(file: Path, *, base: Path) -> Outcome:
    """The outcome of an apply. `base` is what the file names in it are relative to.

    Live projects, differences and durations are not in the file.

    Raises:
        ResultFileError: it cannot be read, is of another format, or does not hold what a result holds.
    """
    outcome = KIND.read_file(file, lambda document: ResultShape.model_validate(document).read())
    return with_files(outcome, partial(absolute, base=base.as_posix()))


class CallOutcomeShape(Shape):
    call: CallKind
    result: CallResult
    """Its result."""


class ProjectOutcomeShape(Shape):
    """The result of one project."""

    name: Text
    """The project's name."""
    action: Action
    status: Status
    reason: Text
    """Why it was not done."""
    params_version: int | None
    """The version now, as read back."""
    ontology_version: int | None
    """The version now, as read back."""
    calls: tuple[CallOutcomeShape, ...]
    """The requests."""
    hash: Text
    """SHA-256 of the project's intent."""
    source: PlaceShape | None
    diagnostics: tuple[DiagnosticShape, ...]
    """About this project."""

    @classmethod
    def of(cls, project: ProjectOutcome) -> ProjectOutcomeShape:
        return cls(
            name=project.name,
            action=project.action,
            status=project.status,
            reason=project.reason,
            params_version=project.params_version,
            ontology_version=project.ontology_version,
            calls=tuple(CallOutcomeShape(**values_of(call)) for call in project.calls),
            hash=project.hash,
            source=PlaceShape.of(project.source) if project.source else None,
            diagnostics=diagnostics_of(project.diagnostics),
        )

    def read(self) -> ProjectOutcome:
        return ProjectOutcome(
            name=self.name,
            action=self.action,
            status=self.status,
            reason=self.reason,
            params_version=self.params_version,
            ontology_version=self.ontology_version,
            calls=tuple(CallOutcome(**vars(call)) for call in self.calls),
            diagnostics=tuple(diagnostic.read() for diagnostic in self.diagnostics),
            hash=self.hash,
            source=self.source.read() if self.source else None,
        )


class OutcomeSummaryShape(Shape):
    """How many projects came to each end."""

    added: Count
    changed: Count
    destroyed: Count
    forgotten: Count
    failed: Count
    skipped: Count
    not_started: Count


class ResultShape(Shape):
    """The output of reconciler apply --format json, and the file of --result."""

    format_version: Version
    """The format's version: 1.x only adds to 1.0."""
    tool_version: Text
    """The version of reconciler."""
    started_at: Moment
    """When it began. RFC 3339, UTC."""
    finished_at: Moment
    """When it ended. RFC 3339, UTC."""
    target: TargetShape
    source: CommitShape
    plan_hash: Text
    """SHA-256 over all intents of the plan."""
    pending_only: bool = False
    """Made with --pending."""
    previous_commit: Text | None
    """The commit of the last apply before."""
    interrupted_by: int | None
    """The number of the signal that ended it."""
    summary: OutcomeSummaryShape
    projects: tuple[ProjectOutcomeShape, ...]
    """All projects of the plan, by name."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Those that are not about a single project."""

    @classmethod
    def of(cls, outcome: Outcome) -> ResultShape:
        return cls(
            format_version=FORMAT_VERSION,
            tool_version=__version__,
            started_at=whole_second(outcome.started_at),
            finished_at=whole_second(outcome.finished_at),
            target=TargetShape(**values_of(outcome.target)),
            source=CommitShape(**values_of(outcome.commit)),
            plan_hash=outcome.plan_hash,
            pending_only=outcome.pending_only,
            previous_commit=outcome.previous_commit,
            interrupted_by=outcome.interrupted_by,
            summary=OutcomeSummaryShape(**values_of(outcome.summary)),
            projects=tuple(map(ProjectOutcomeShape.of, outcome.projects)),
            diagnostics=diagnostics_of(outcome.diagnostics),
        )

    def read(self) -> Outcome:
        return Outcome(
            target=TargetInfo(**vars(self.target)),
            commit=Commit(**vars(self.source)),
            plan_hash=self.plan_hash,
            started_at=self.started_at,
            finished_at=self.finished_at,
            projects=tuple(project.read() for project in self.projects),
            interrupted_by=self.interrupted_by,
            diagnostics=tuple(diagnostic.read() for diagnostic in self.diagnostics),
            previous_commit=self.previous_commit,
            pending_only=self.pending_only,
        )
