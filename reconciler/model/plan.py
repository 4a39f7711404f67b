"""The plan: plain data that is complete enough to be shown, saved, compared, and carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import FieldPath, format_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Ontology, Unreadable
from reconciler.model.project import DesiredProject, LiveProject, Source
from reconciler.model.record import RecordedProject, SectionKey
from reconciler.model.values import ABSENT, Absent, Json


class Kind(StrEnum):
    """What happens to one field."""

    ADD = "add"
    REMOVE = "remove"
    CHANGE = "change"
    MOVE = "move"
    """A choice moves to another parent. `before` and `after` say where it is."""
    REORDER = "reorder"
    """Items that are kept change their order. `before` and `after` list what identifies them."""


class Cause(StrEnum):
    """What changed since the record. A create's fields are pending. Without a record, all other fields are unknown."""

    PENDING = "pending"
    """Changed in git."""
    DRIFT = "drift"
    """Changed on Scale."""
    CONFLICT = "conflict"
    """Changed in both, differently."""
    SAME = "same"
    """Changed in both, alike. There is nothing to do, and a plan has no such field."""
    UNKNOWN = "unknown"

    @property
    def on_scale(self) -> bool:
        """Whether the value was changed on Scale."""
        return self in (Cause.DRIFT, Cause.CONFLICT)

    @property
    def drifted(self) -> bool:
        """Whether a person should look at it: it was changed on Scale, or may have been."""
        return self.on_scale or self is Cause.UNKNOWN


class Action(StrEnum):
    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    FORGET = "forget"
    """The project is recorded and its manifest is gone. It will no longer be managed. Nothing is sent."""


class Reason(StrEnum):
    """Why a project gets its action and its calls. The renderer words it."""

    NOT_ON_SCALE = "not-on-scale"
    PARAMS_KEYS_REMOVED = "params-keys-removed"
    PARAMS_CHANGED = "params-changed"
    ONTOLOGY_CHANGED = "ontology-changed"
    TYPE_DIFFERS = "type-differs"
    PIPELINE_DIFFERS = "pipeline-differs"
    ARCHIVED = "archived"
    ONTOLOGY_UNREADABLE = "ontology-unreadable"
    NOT_SENDABLE = "not-sendable"
    UNREADABLE = "unreadable"
    MANIFEST_GONE = "manifest-gone"


@dataclass(frozen=True, slots=True)
class Rename:
    """A choice or a label that is renamed."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Field:
    """One difference. `before` is ABSENT for an add, `after` for a remove.

    `moved_by` is the version that introduced the live value, with its time. It is set for drift and conflicts.
    `renamed` is set for a choice or label that is renamed as the manifest declares: its removal, and the addition that
    replaces it.
    """

    path: FieldPath
    kind: Kind
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT
    cause: Cause = Cause.UNKNOWN
    source: Source | None = None
    moved_by: tuple[int, datetime | None] | None = None
    renamed: Rename | None = None

    def at(self, source: Source) -> Field:
        """The same difference, declared at `source`."""
        return Field(self.path, self.kind, self.before, self.after, self.cause, source, self.moved_by, self.renamed)


def unit_of(path: FieldPath) -> str | None:
    """The unit, which the API writes whole, of a field: `params.KEY` or `ontology`; None for a create-only field."""
    if path[0] == "ontology":
        return "ontology"
    return format_path(path[:2]) if path[0] == "params" else None


class CallKind(StrEnum):
    """The three writes of the Projects API, named as it names them."""

    CREATE = "create"
    SET_PARAMS = "setParams"
    SET_ONTOLOGY = "setOntology"


@dataclass(frozen=True, slots=True)
class Call:
    """One write. `path` is below the endpoint; the name in it is encoded with nothing safe ([S] in scale-api.md)."""

    kind: CallKind
    project: str
    body: Mapping[str, Json]

    @property
    def path(self) -> str:
        if self.kind is CallKind.CREATE:
            return "/projects"
        return f"{project_path(self.project)}/{self.kind.value}"


def project_path(name: str) -> str:
    """The path of a project below the endpoint."""
    return f"/projects/{quote(name, safe='')}"


@dataclass(frozen=True, slots=True)
class State:
    """The three parts of a project that a plan is about. `ontology` is in the shortest spelling, or None.

    `masked` is true at the place of each value that is masked in the other attributes, as Terraform lists them.
    """

    type: str
    params: Mapping[str, Json]
    ontology: Sequence[Json] | None
    ontology_name: str | None = None
    masked: Mapping[str, Json] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, live: LiveProject) -> State:
        """The state of a live project, without an ontology that cannot be read."""
        return cls.spelled(live.type, live.params, live.ontology)

    @classmethod
    def spelled(cls, kind: str, params: Mapping[str, Json], ontology: Ontology | Unreadable | None) -> State:
        """The state with this ontology. One that cannot be read counts as none."""
        if not isinstance(ontology, Ontology):
            return cls(kind, params, None)
        return cls(kind, params, ontology.spelled, ontology.name)


@dataclass(frozen=True, slots=True)
class Expected:
    """The versions that the plan was made against; None if there was none. `created_at` is the project's.

    `ontology_hash` is the SHA-256 of the live choices; None if there are none, or if `before` of the change has them.
    """

    params_version: int | None = None
    ontology_version: int | None = None
    created_at: str | None = None
    ontology_hash: str | None = None

    @classmethod
    def of(cls, live: LiveProject | None) -> Expected:
        """The versions of a live project."""
        return cls(live.params_version, live.ontology_version, live.created_at) if live else cls()


@dataclass(frozen=True, slots=True)
class Held:
    """A guard's verdict. `why` is a sentence. `remedy` says how to avoid it without a waiver, or is empty."""

    guard: str
    why: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Waived:
    """A guard that would hold, and what waives it: `--allow GUARD`, or the waiver of the configuration."""

    guard: str
    by: str


@dataclass(frozen=True, slots=True)
class ProjectChange:
    """What the plan says about one project.

    `before` is None for a create. `after` is `before` where nothing changes. `desired` is what apply derives its
    calls from. A project that is equal to its manifest comes back from a saved plan without `before` and `after`, and
    with a `desired` that has only a name. `blocked` is set where no write will be made and no option helps; its
    diagnostics hold the error. `kept` are the units that drifted and that a plan of pending changes leaves as they
    are, each with the version that is its base, None if there was none. `outside` are those that changed on Scale and
    that the manifest does not own, likewise. `base` is its entry in the record, moved on by the writes of an
    interrupted run that the history shows; None in a saved plan.
    """

    name: str
    action: Action
    source: Source
    desired: DesiredProject
    before: State | None
    after: State | None
    expected: Expected = Expected()
    reason: Reason | None = None
    fields: tuple[Field, ...] = ()
    calls: tuple[Call, ...] = ()
    hash: str = ""
    blocked: bool = False
    held_by: tuple[Held, ...] = ()
    waived_by: tuple[Waived, ...] = ()
    kept: Mapping[str, int | None] = field(default_factory=dict)
    outside: Mapping[str, int | None] = field(default_factory=dict)
    base: RecordedProject | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    commit: str | None = None
    """The commit that holds every byte that was read for the project; None if there is none."""

    @property
    def protected(self) -> bool:
        """Whether it is a change that is planned and shown, but never written."""
        return self.desired.protect and self.action in (Action.CREATE, Action.UPDATE)

    @property
    def writes(self) -> bool:
        """Whether an apply would send anything for it."""
        return self.action in (Action.CREATE, Action.UPDATE) and not self.protected and not self.held_by

    @property
    def forgets(self) -> bool:
        """Whether an apply removes it from the record."""
        return self.action is Action.FORGET and not self.held_by


@dataclass(frozen=True, slots=True)
class Summary:
    """How many projects. `add` and `change` count what an apply would write."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    forget: int = 0
    unchanged: int = 0
    blocked: int = 0
    held: int = 0
    protected: int = 0
    unmanaged: int = 0

    @property
    def differs(self) -> bool:
        """Whether anything differs, protected projects included."""
        return bool(self.add or self.change or self.forget or self.protected)


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """`account` is a fingerprint of the account, None if it is not known."""

    name: str
    endpoint: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit of the manifests, None if there is none. `dirty` means that the working tree differs from it."""

    commit: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """Ordered by name. `complete` is false if it was narrowed. `live_count` is None if no list was read.

    `made_at` is when it was made. `snapshot_at` is when the snapshot was taken, if live state is from one. Both are
    aware. `names` are what the run was narrowed to, as it was asked.
    `section` is the section of the record that it was compared with. It is None if there is none, and in a saved plan.
    `masked` is whether sensitive values are masked. Such a plan can only be printed.
    `not_importable` has the reason for unmanaged projects that no manifest can hold. It is not saved.
    """

    target: TargetInfo
    commit: Commit
    made_at: datetime
    changes: tuple[ProjectChange, ...] = ()
    unmanaged: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    complete: bool = True
    live_count: int | None = None
    manifests: str = ""
    manifest_count: int = 0
    hash: str = ""
    summary: Summary = field(default_factory=Summary)
    pending_only: bool = False
    snapshot_at: datetime | None = None
    section: SectionKey | None = None
    masked: bool = False
    names: tuple[str, ...] = ()
    not_importable: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Plan({self.target.name}, {len(self.changes)} changes)"

    @property
    def applyable(self) -> bool:
        return any(change.writes or change.forgets for change in self.changes)

    @property
    def reverted(self) -> tuple[tuple[str, str], ...]:
        """Changes made on Scale, as (project, unit), that an apply would revert."""
        fields = ((change.name, one) for change in self.changes if change.writes for one in change.fields)
        return tuple(dict.fromkeys((name, unit_of(one.path) or "") for name, one in fields if one.cause.on_scale))

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """The changes made on Scale, as (project, unit), that a plan of pending changes keeps."""
        return tuple((change.name, unit) for change in self.changes for unit in change.kept)

    @property
    def failed(self) -> bool:
        """Whether it could not be made: there is nothing in it except errors."""
        return not self.changes and any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def errored(self) -> bool:
        """Whether it has an error, including those of blocked projects."""
        every = [self.diagnostics, *(change.diagnostics for change in self.changes)]
        return any(diagnostic.is_error for diagnostics in every for diagnostic in diagnostics)
