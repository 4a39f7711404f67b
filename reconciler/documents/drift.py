"""The drift document, which drift prints. It contains whole values, not the differences within them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field as Key

from reconciler.diagnostics import Remedy
from reconciler.documents.parts import (
    Count,
    DiagnosticShape,
    Document,
    Moment,
    PlaceShape,
    Shape,
    TakenShape,
    TargetShape,
    Text,
    WholeSecond,
)
from reconciler.documents.text import Kind
from reconciler.errors import ResultFileError
from reconciler.fieldpath import parse_path
from reconciler.model.drift import (
    Baseline,
    BlockedProject,
    Drift,
    DriftSummary,
    ProjectDrift,
    Transient,
    Undeclared,
    Unit,
)
from reconciler.model.plan import Cause
from reconciler.model.values import ABSENT

KIND: Final = Kind(
    "a drift document",
    key="vanished",
    error=ResultFileError,
    remedy=Remedy("Create a new one from the output of this command:", ("drift", "--format", "json")),
)


def read_drift_file(file: Path, *, base: Path) -> Drift:
    """The drift in a file. File names in it are relative to `base`.

    The document has only the number of clean projects, and units without `fields`.

    Raises:
        ResultFileError: it cannot be read, has another format, or does not have the content of a drift document.
    """
    drift: Drift = KIND.read_file(file, DriftShape, base=base)
    return drift


Side = Literal["base", "desired", "live"]
_SIDES: Final[tuple[Side, ...]] = ("base", "desired", "live")


class UnitShape(Shape):
    """One unit (a parameter, or the ontology) that differs."""

    describes = Unit

    path: Text
    """`params.KEY` or `ontology`."""
    cause: Annotated[Cause, Key(alias="class")]
    """Where the value changed since the record: in git (pending), on Scale (drift), differently in both (conflict),
    or alike in both (same). Without a record: unknown."""
    base: Any
    """The recorded value; null if it is absent or unknown."""
    desired: Any
    """The value in the manifest; null if there is none."""
    live: Any
    """The value on Scale; null if there is none."""
    absent: tuple[Side, ...]
    """Which of `base`, `desired`, and `live` are absent. Null is then not a value."""
    version: int | None
    """The version that introduced the live value."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When that version was created. RFC 3339, UTC."""
    age_seconds: Count | None
    """The age of that version when the document was made."""
    source: PlaceShape | None

    @classmethod
    def of(cls, unit: Unit, /, **given: Any) -> Self:
        sides = {side: getattr(unit, side) for side in _SIDES}
        return super().of(
            unit,
            **{side: None if value is ABSENT else value for side, value in sides.items()},
            absent=tuple(side for side in _SIDES if sides[side] is ABSENT),
            **given,
        )

    def read(self, **given: Any) -> Any:
        path = parse_path(self.path)
        if path != ("ontology",) and not (len(path) == 2 and path[0] == "params" and isinstance(path[1], str)):
            raise ValueError("not a unit")
        return super().read(**dict.fromkeys(self.absent, ABSENT), **given)


class TransientShape(Shape):
    """A unit that was changed on Scale and changed back."""

    describes = Transient

    path: Text
    """`params.KEY` or `ontology`."""
    versions: tuple[int, ...]
    """The versions that changed the unit and changed it back."""


class ProjectDriftShape(Shape):
    """The differences of one project."""

    describes = ProjectDrift

    name: Text
    """The project's name."""
    source: PlaceShape
    units: tuple[UnitShape, ...]
    """The units that differ."""
    transient: tuple[TransientShape, ...]
    """The units that were changed and changed back since the record."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics about this project."""


class BlockedShape(Shape):
    """A project that cannot be compared."""

    describes = BlockedProject

    name: Text
    """The project's name."""
    path: Text
    """The path of the problem in the API's answer."""
    source: PlaceShape
    diagnostic: DiagnosticShape


class BaselineShape(Shape):
    """The record that live state was compared with."""

    describes = Baseline

    commit: Text | None
    """The commit of the record's newest entry; null if it is unknown."""
    recorded_at: Text
    """When the newest entry was made. RFC 3339, UTC."""


class DriftSummaryShape(Shape):
    """The number of units in each class, and the numbers of blocked and clean projects."""

    describes = DriftSummary

    drift: Count
    pending: Count
    same: Count
    conflict: Count
    unknown: Count
    transient: Count
    blocked: Count
    clean: Count


class UndeclaredShape(Shape):
    """A live project that the record has and no manifest declares anymore."""

    describes = Undeclared

    name: Text
    renamed_to: Text | None
    """The name that its manifest file now declares; null if there is no such name, or if there are several."""


class DriftShape(Document):
    """The output of reconciler drift --format json."""

    describes = Drift

    made_at: Annotated[WholeSecond, Key(alias="timestamp")]
    """When the document was made. RFC 3339, UTC."""
    masked: bool = False
    """Whether sensitive values are masked."""
    target: TargetShape
    snapshot_at: Annotated[TakenShape | None, Key(alias="snapshot")]
    complete: bool
    """False if the run was limited to some of the projects."""
    checked: tuple[Text, ...] = ()
    """The projects that a limited run checked. Empty if it was not limited."""
    unchecked: tuple[Text, ...] = ()
    """The other projects that have a manifest, or that the record has. Empty if the run was not limited."""
    live_count: Count | None
    """The number of live projects; null if they were not listed."""
    baseline: Annotated[BaselineShape | None, Key(alias="record")]
    summary: DriftSummaryShape
    projects: tuple[ProjectDriftShape, ...]
    """The projects that are not clean, ordered by name."""
    blocked: tuple[BlockedShape, ...]
    """Projects that cannot be compared."""
    unmanaged: tuple[Text, ...]
    """Live projects without a manifest."""
    undeclared: tuple[UndeclaredShape, ...] = ()
    """The unmanaged projects that are in the record, because they had a manifest."""
    vanished: tuple[Text, ...]
    """Projects that an apply wrote and that Scale no longer lists."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics that are not about a single project."""

    @classmethod
    def of(cls, drift: Drift, /, **given: Any) -> Self:
        def age(unit: Unit) -> int | None:
            return max(0, int((drift.made_at - unit.at).total_seconds())) if unit.at else None

        projects = tuple(
            ProjectDriftShape.of(
                project, units=tuple(UnitShape.of(unit, age_seconds=age(unit)) for unit in project.units)
            )
            for project in drift.projects
            if project.units or project.transient or project.diagnostics
        )
        return super().of(drift, projects=projects, **given)

    def read(self, **given: Any) -> Any:
        drift: Drift = super().read(**given)
        return replace(drift, unlisted=max(0, self.summary.clean - drift.summary.clean))
