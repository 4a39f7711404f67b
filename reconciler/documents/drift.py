"""Drift documents: what `drift --format json` printed, read back. The nested differences are left to planning."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reconciler.documents.reading import Moment, SavedDiagnostic, SavedSource, SavedTarget, read_saved
from reconciler.errors import ResultFileError
from reconciler.fieldpath import parse_path
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift, Transient, Unit
from reconciler.model.plan import FieldClass
from reconciler.model.values import ABSENT, Absent, Json

_REMEDY = "Make it anew: reconciler drift --format json > FILE"


def read_drift_file(file: Path, *, base: Path) -> Drift:
    """What drifted. `base` is what the file names in it are relative to.

    Clean projects are not in the document, only their number; units have no `fields`.

    Raises:
        ResultFileError: it cannot be read, is of another format, or does not hold what a drift document holds.
    """
    document = read_saved(file, "vanished", "a drift document", _REMEDY)
    try:
        return _Document.model_validate(document).read(base.as_posix())
    except ValueError:
        raise ResultFileError(f"{file} does not hold what a drift document holds", _REMEDY) from None


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class _Unit(_Model):
    path: str
    field_class: FieldClass = Field(alias="class")
    base: Any
    desired: Any
    live: Any
    absent: list[Literal["base", "desired", "live"]]
    version: int | None
    created_at: Moment | None
    source: SavedSource | None

    def read(self, base: str) -> Unit:
        path = parse_path(self.path)
        if path != ("ontology",) and not (len(path) == 2 and path[0] == "params" and isinstance(path[1], str)):
            raise ValueError("not a unit")
        return Unit(
            self.path,
            self.field_class,
            self._side("base"),
            self._side("desired"),
            self._side("live"),
            version=self.version,
            at=self.created_at,
            source=self.source.read(base) if self.source else None,
        )

    def _side(self, side: Literal["base", "desired", "live"]) -> Json | Absent:
        return ABSENT if side in self.absent else getattr(self, side)


class _Transient(_Model):
    path: str
    versions: list[int]


class _Project(_Model):
    name: str
    source: SavedSource
    units: list[_Unit]
    transient: list[_Transient]
    diagnostics: list[SavedDiagnostic]

    def read(self, base: str) -> ProjectDrift:
        return ProjectDrift(
            self.name,
            self.source.read(base),
            tuple(unit.read(base) for unit in self.units),
            tuple(Transient(transient.path, tuple(transient.versions)) for transient in self.transient),
            tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
        )


class _Blocked(_Model):
    name: str
    path: str
    source: SavedSource
    diagnostic: SavedDiagnostic

    def read(self, base: str) -> BlockedProject:
        return BlockedProject(self.name, self.path, self.diagnostic.read(base), self.source.read(base))


class _Snapshot(_Model):
    timestamp: Moment


class _Summary(_Model):
    clean: int


class _Record(_Model):
    commit: str | None
    recorded_at: str


class _Document(_Model):
    timestamp: Moment
    target: SavedTarget
    snapshot: _Snapshot | None
    complete: bool
    live_count: int | None
    record: _Record | None
    summary: _Summary
    projects: list[_Project]
    blocked: list[_Blocked] = []
    unmanaged: list[str]
    vanished: list[str]
    diagnostics: list[SavedDiagnostic]

    def read(self, base: str) -> Drift:
        projects = tuple(project.read(base) for project in self.projects)
        return Drift(
            target=self.target.read(),
            made_at=self.timestamp,
            baseline=Baseline(self.record.commit, self.record.recorded_at) if self.record else None,
            projects=projects,
            blocked=tuple(project.read(base) for project in self.blocked),
            unmanaged=tuple(self.unmanaged),
            vanished=tuple(self.vanished),
            diagnostics=tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
            live_count=self.live_count,
            complete=self.complete,
            snapshot_at=self.snapshot.timestamp if self.snapshot else None,
            unlisted=max(0, self.summary.clean - sum(project.is_clean for project in projects)),
        )
