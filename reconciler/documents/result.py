"""Apply results: what `apply --result` wrote, read back as an outcome. Never a source for writes to Scale."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from reconciler.documents.reading import Moment, SavedCommit, SavedDiagnostic, SavedSource, SavedTarget, read_saved
from reconciler.errors import ResultFileError
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind

_REMEDY = "Make it anew: reconciler apply --result FILE"


def read_result_file(file: Path, *, base: Path) -> Outcome:
    """What became of an apply. `base` is what the file names in it are relative to.

    Live projects, differences and durations are not in the file.

    Raises:
        ResultFileError: it cannot be read, is of another format, or does not hold what a result holds.
    """
    document = read_saved(file, "projects", "an apply result", _REMEDY)
    try:
        return _Document.model_validate(document).read(base.as_posix())
    except ValueError:
        raise ResultFileError(f"{file} does not hold what an apply result holds", _REMEDY) from None


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class _Call(_Model):
    call: CallKind
    result: CallResult


class _Project(_Model):
    name: str
    action: Action
    status: Status
    reason: str
    params_version: int | None
    ontology_version: int | None
    calls: list[_Call]
    hash: str
    source: SavedSource | None
    diagnostics: list[SavedDiagnostic]

    def read(self, base: str) -> ProjectOutcome:
        return ProjectOutcome(
            name=self.name,
            action=self.action,
            status=self.status,
            reason=self.reason,
            params_version=self.params_version,
            ontology_version=self.ontology_version,
            calls=tuple(CallOutcome(call.call, call.result) for call in self.calls),
            diagnostics=tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
            hash=self.hash,
            source=self.source.read(base) if self.source else None,
        )


class _Document(_Model):
    started_at: Moment
    finished_at: Moment
    target: SavedTarget
    source: SavedCommit
    plan_hash: str
    previous_commit: str | None
    interrupted_by: int | None
    projects: list[_Project]
    diagnostics: list[SavedDiagnostic]

    def read(self, base: str) -> Outcome:
        return Outcome(
            target=self.target.read(),
            commit=self.source.read(),
            plan_hash=self.plan_hash,
            started_at=self.started_at,
            finished_at=self.finished_at,
            projects=tuple(project.read(base) for project in self.projects),
            interrupted_by=self.interrupted_by,
            diagnostics=tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
            previous_commit=self.previous_commit,
        )
