"""The drift of a target: what changed on Scale, and in git, since the last apply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from reconciler.diagnostics import Diagnostic
from reconciler.frozen import dataclass
from reconciler.model.plan import Cause, Field, TargetInfo
from reconciler.model.project import Source
from reconciler.model.values import Absent, Json


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit (a parameter, or the ontology) whose base, live and desired values are not all equal.

    `path` is `params.KEY` or `ontology`. `version` and `at` (aware) are those that introduced the live value; they are
    None if there is no value, or no timestamp. `fields` are the differences to show: from the base (without one,
    from what git says) to what is live; for a pending unit from what is live to what git says. For a conflict,
    `in_git` are those from the base to what git says. `source` is where git says it.
    """

    path: str
    cause: Cause
    base: Json | Absent
    desired: Json | Absent
    live: Json | Absent
    version: int | None = None
    at: datetime | None = None
    fields: tuple[Field, ...] = ()
    in_git: tuple[Field, ...] = ()
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Transient:
    """A unit that was changed and changed back since the last apply, and the versions in which it had another value."""

    path: str
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProjectDrift:
    """Units are ordered by path. `diagnostics` are about this project only."""

    name: str
    source: Source
    units: tuple[Unit, ...] = ()
    transient: tuple[Transient, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def is_clean(self) -> bool:
        return not self.units


@dataclass(frozen=True, slots=True)
class BlockedProject:
    """A project that cannot be compared. `path` is the place in the API's answer; `diagnostic` is an error."""

    name: str
    path: str
    diagnostic: Diagnostic
    source: Source


@dataclass(frozen=True, slots=True)
class Baseline:
    """The newest entry of the record: its commit (None if not known) and its time (RFC 3339 in UTC)."""

    commit: str | None
    recorded_at: str


@dataclass(frozen=True, slots=True)
class DriftSummary:
    """The numbers of units by cause, of transient units, and of blocked and clean projects."""

    drift: int = 0
    pending: int = 0
    same: int = 0
    conflict: int = 0
    unknown: int = 0
    transient: int = 0
    blocked: int = 0
    clean: int = 0


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A live project that the record has and no manifest declares anymore.

    `renamed_to` is the one new name that its manifest file now declares, if there is exactly one.
    """

    name: str
    renamed_to: str | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """Projects ordered by name, clean ones included; `blocked` has the rest. `baseline` is None without a record.

    `unmanaged` are live projects without a manifest, `vanished` those that an apply has written and Scale no longer
    shows. `undeclared` are those of the unmanaged that had a manifest. `live_count` is None where no list was read,
    `complete` false where names narrowed it. `snapshot_at` is when live was read where that is from a snapshot.
    `unlisted` counts clean projects that are not in `projects`: a document that is read back has their number
    alone. Where names narrowed it, `checked` are the projects that it is about, and `unchecked` the others that
    have a manifest or are in the record. `masked` is whether sensitive values are masked. `not_importable` has the
    reason for unmanaged projects that no manifest can hold.
    """

    target: TargetInfo
    made_at: datetime
    baseline: Baseline | None = None
    projects: tuple[ProjectDrift, ...] = ()
    blocked: tuple[BlockedProject, ...] = ()
    unmanaged: tuple[str, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    vanished: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    live_count: int | None = None
    complete: bool = True
    snapshot_at: datetime | None = None
    unlisted: int = 0
    masked: bool = False
    checked: tuple[str, ...] = ()
    unchecked: tuple[str, ...] = ()
    not_importable: Mapping[str, str] = field(default_factory=dict)

    @property
    def project_count(self) -> int:
        """How many projects were examined, including blocked ones."""
        return len(self.projects) + len(self.blocked) + self.unlisted

    @property
    def summary(self) -> DriftSummary:
        def count(wanted: Cause) -> int:
            return sum(unit.cause is wanted for project in self.projects for unit in project.units)

        return DriftSummary(
            drift=count(Cause.DRIFT),
            pending=count(Cause.PENDING),
            same=count(Cause.SAME),
            conflict=count(Cause.CONFLICT),
            unknown=count(Cause.UNKNOWN),
            transient=sum(len(project.transient) for project in self.projects),
            blocked=len(self.blocked),
            clean=sum(project.is_clean for project in self.projects) + self.unlisted,
        )

    @property
    def has_drifted(self) -> bool:
        """Whether anything needs attention: drift, a conflict, an unknown unit, or a vanished project."""
        summary = self.summary
        return bool(summary.drift or summary.conflict or summary.unknown or self.vanished)

    @property
    def errored(self) -> bool:
        return bool(self.blocked) or any(diagnostic.is_error for diagnostic in self.diagnostics)
