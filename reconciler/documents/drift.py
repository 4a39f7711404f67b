"""The drift document: what drift prints. The nested differences are left to planning."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field as Key

from reconciler import __version__
from reconciler.documents.parts import (
    FORMAT_VERSION,
    Count,
    DiagnosticShape,
    Moment,
    PlaceShape,
    Shape,
    TakenShape,
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
from reconciler.fieldpath import parse_path
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift, Transient, Unit
from reconciler.model.plan import Cause, TargetInfo
from reconciler.model.printed import with_files
from reconciler.model.values import ABSENT, Absent, Json

KIND: Final = Kind(
    "a drift document",
    key="vanished",
    error=ResultFileError,
    remedy="Make a new one: reconciler drift --format json > FILE",
)


def drift_document(drift: Drift) -> dict[str, Json]:
    """The drift as it is printed. Clean projects are counted, not listed."""
    document: dict[str, Json] = as_json(DriftShape.of(drift))
    return document


def read_drift_file(file: Path, *, base: Path) -> Drift:
    """What drifted. `base` is what the file names in it are relative to.

    Clean projects are not in the document, only their number; units have no `fields`.

    Raises:
        ResultFileError: it cannot be read, is of another format, or does not hold what a drift document holds.
    """
    drift = KIND.read_file(file, lambda document: DriftShape.model_validate(document).read())
    return with_files(drift, partial(absolute, base=base.as_posix()))


Side = Literal["base", "desired", "live"]
_SIDES: Final[tuple[Side, ...]] = ("base", "desired", "live")


class UnitShape(Shape):
    """One unit (a parameter, or the ontology) that differs."""

    path: Text
    """`params.KEY` or `ontology`."""
    cause: Annotated[Cause, Key(alias="class")]
    """What changed since the record: git (pending), Scale (drift), both differently (conflict), both alike (same);
    unknown without a record."""
    base: Any
    """The recorded value; null if it is absent or not known."""
    desired: Any
    """What the manifest says; null if it says nothing."""
    live: Any
    """What Scale has; null if it has none."""
    absent: tuple[Side, ...]
    """Which of `base`, `desired` and `live` are absent, so that their null is not a value."""
    version: int | None
    """The version that introduced the live value."""
    created_at: Moment | None
    """When that version was made. RFC 3339, UTC."""
    age_seconds: Count | None
    """How old it was then."""
    source: PlaceShape | None

    @classmethod
    def of(cls, unit: Unit, drift: Drift) -> UnitShape:
        sides = {side: getattr(unit, side) for side in _SIDES}
        return cls(
            path=unit.path,
            cause=unit.cause,
            **{side: None if value is ABSENT else value for side, value in sides.items()},
            absent=tuple(side for side in _SIDES if sides[side] is ABSENT),
            version=unit.version,
            created_at=unit.at,
            age_seconds=max(0, int((drift.made_at - unit.at).total_seconds())) if unit.at else None,
            source=PlaceShape.of(unit.source) if unit.source else None,
        )

    def read(self) -> Unit:
        path = parse_path(self.path)
        if path != ("ontology",) and not (len(path) == 2 and path[0] == "params" and isinstance(path[1], str)):
            raise ValueError("not a unit")
        base, desired, live = map(self._side, _SIDES)
        source = self.source.read() if self.source else None
        return Unit(self.path, self.cause, base, desired, live, version=self.version, at=self.created_at, source=source)

    def _side(self, side: Side) -> Json | Absent:
        return ABSENT if side in self.absent else getattr(self, side)


class TransientShape(Shape):
    """A unit that was changed and changed back."""

    path: Text
    """`params.KEY` or `ontology`."""
    versions: tuple[int, ...]
    """The versions that changed it and changed it back."""


class ProjectDriftShape(Shape):
    """What of a project differs."""

    name: Text
    """The project's name."""
    source: PlaceShape
    units: tuple[UnitShape, ...]
    """What differs."""
    transient: tuple[TransientShape, ...]
    """What was changed and changed back since the record."""
    diagnostics: tuple[DiagnosticShape, ...]
    """About this project."""

    @classmethod
    def of(cls, project: ProjectDrift, drift: Drift) -> ProjectDriftShape:
        return cls(
            name=project.name,
            source=PlaceShape.of(project.source),
            units=tuple(UnitShape.of(unit, drift) for unit in project.units),
            transient=tuple(TransientShape(**values_of(transient)) for transient in project.transient),
            diagnostics=diagnostics_of(project.diagnostics),
        )

    def read(self) -> ProjectDrift:
        return ProjectDrift(
            self.name,
            self.source.read(),
            tuple(unit.read() for unit in self.units),
            tuple(Transient(**vars(transient)) for transient in self.transient),
            tuple(diagnostic.read() for diagnostic in self.diagnostics),
        )


class BlockedShape(Shape):
    """A project that cannot be compared."""

    name: Text
    """The project's name."""
    path: Text
    """The place in the API's answer."""
    source: PlaceShape
    diagnostic: DiagnosticShape

    @classmethod
    def of(cls, project: BlockedProject) -> BlockedShape:
        return cls(
            name=project.name,
            path=project.path,
            source=PlaceShape.of(project.source),
            diagnostic=DiagnosticShape.of(project.diagnostic),
        )

    def read(self) -> BlockedProject:
        return BlockedProject(self.name, self.path, self.diagnostic.read(), self.source.read())


class BaselineShape(Shape):
    """The record that it was compared with."""

    commit: Text | None
    """The commit of its newest entry; null if it is not known."""
    recorded_at: Text
    """When that was made. RFC 3339, UTC."""


class DriftSummaryShape(Shape):
    """How many units of each class; blocked and clean count projects."""

    drift: Count
    pending: Count
    same: Count
    conflict: Count
    unknown: Count
    transient: Count
    blocked: Count
    clean: Count


class DriftShape(Shape):
    """The output of reconciler drift --format json."""

    format_version: Version
    """The format's version: 1.x only adds to 1.0."""
    tool_version: Text
    """The version of reconciler."""
    timestamp: Moment
    """When it was made. RFC 3339, UTC."""
    masked: bool = False
    """Sensitive values are masked."""
    target: TargetShape
    snapshot: TakenShape | None
    complete: bool
    """It was not narrowed to some projects."""
    live_count: Count | None
    """How many live projects there are; null if they were not listed."""
    record: BaselineShape | None
    summary: DriftSummaryShape
    projects: tuple[ProjectDriftShape, ...]
    """Projects that are not clean, by name."""
    blocked: tuple[BlockedShape, ...]
    """Projects that cannot be compared."""
    unmanaged: tuple[Text, ...]
    """Live projects without a manifest."""
    vanished: tuple[Text, ...]
    """Projects that an apply wrote and that Scale no longer shows."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Those that are not about a single project."""

    @classmethod
    def of(cls, drift: Drift) -> DriftShape:
        return cls(
            format_version=FORMAT_VERSION,
            tool_version=__version__,
            timestamp=whole_second(drift.made_at),
            masked=drift.masked,
            target=TargetShape(**values_of(drift.target)),
            snapshot=TakenShape.of(drift.snapshot_at),
            complete=drift.complete,
            live_count=drift.live_count,
            record=BaselineShape(**values_of(drift.baseline)) if drift.baseline else None,
            summary=DriftSummaryShape(**values_of(drift.summary)),
            projects=tuple(
                ProjectDriftShape.of(project, drift)
                for project in drift.projects
                if project.units or project.transient or project.diagnostics
            ),
            blocked=tuple(map(BlockedShape.of, drift.blocked)),
            unmanaged=drift.unmanaged,
            vanished=drift.vanished,
            diagnostics=diagnostics_of(drift.diagnostics),
        )

    def read(self) -> Drift:
        projects = tuple(project.read() for project in self.projects)
        return Drift(
            target=TargetInfo(**vars(self.target)),
            made_at=self.timestamp,
            baseline=Baseline(**vars(self.record)) if self.record else None,
            projects=projects,
            blocked=tuple(project.read() for project in self.blocked),
            unmanaged=self.unmanaged,
            vanished=self.vanished,
            diagnostics=tuple(diagnostic.read() for diagnostic in self.diagnostics),
            live_count=self.live_count,
            complete=self.complete,
            snapshot_at=self.snapshot.timestamp if self.snapshot else None,
            unlisted=max(0, self.summary.clean - sum(project.is_clean for project in projects)),
        )
