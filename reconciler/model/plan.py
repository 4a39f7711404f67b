"""The plan: plain data, complete enough to be shown, saved, compared and carried out for its intent and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Path
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import ABSENT, Absent, Json


class Kind(StrEnum):
    """What happens to one field."""

    ADD = "add"
    REMOVE = "remove"
    CHANGE = "change"
    MOVE = "move"
    """A choice goes below another parent: `before` and `after` say where."""
    REORDER = "reorder"
    """Items that stay change their order: `before` and `after` are lists of what identifies them."""


class FieldClass(StrEnum):
    """Who moved since the record. A create's fields are pending; without a record every other one is unknown."""

    PENDING = "pending"
    UNKNOWN = "unknown"


class Action(StrEnum):
    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"


class Reason(StrEnum):
    """Why a project gets the action and the calls it gets. The renderer owns the sentence."""

    NOT_ON_SCALE = "not-on-scale"
    PARAMS_KEYS_REMOVED = "params-keys-removed"
    PARAMS_CHANGED = "params-changed"
    ONTOLOGY_CHANGED = "ontology-changed"
    TYPE_DIFFERS = "type-differs"
    PIPELINE_DIFFERS = "pipeline-differs"
    ARCHIVED = "archived"
    ONTOLOGY_UNREADABLE = "ontology-unreadable"
    NOT_SENDABLE = "not-sendable"


@dataclass(frozen=True, slots=True)
class Field:
    """One difference. `before` is ABSENT for an add, `after` for a remove."""

    path: Path
    kind: Kind
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT
    field_class: FieldClass = FieldClass.UNKNOWN
    source: Source | None = None


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
    """The three parts of a project that a plan speaks of. `ontology` is in the shortest spelling, None without one."""

    type: str
    params: Mapping[str, Json]
    ontology: Sequence[Json] | None
    ontology_name: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """The versions that the plan was made against; None where there was none. `created_at` is the project's."""

    params_version: int | None = None
    ontology_version: int | None = None
    created_at: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectChange:
    """What the plan says of one project.

    `before` is None for a create. `after` is `before` where nothing changes. `desired` is what apply derives its
    calls from. `blocked` is set where no write will be made and no option helps; its diagnostics hold the error.
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
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def protected(self) -> bool:
        """A change that is planned and shown, and never written."""
        return self.desired.protect and self.action is not Action.NO_OP

    @property
    def writes(self) -> bool:
        """Whether an apply would send anything for it."""
        return self.action is not Action.NO_OP and not self.protected


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


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """`account` is a fingerprint of the account, None where it is not known."""

    name: str
    endpoint: str
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit of the manifests, None without one; `dirty` where the working tree differs from it."""

    commit: str | None = None
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered by name. `complete` is false when it was narrowed. `live_count` is None where no list was read."""

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

    @property
    def applyable(self) -> bool:
        return any(change.writes for change in self.changes)

    @property
    def errored(self) -> bool:
        """Whether it has an error, its own or that of a blocked project."""
        every = [self.diagnostics, *(change.diagnostics for change in self.changes)]
        return any(diagnostic.is_error for diagnostics in every for diagnostic in diagnostics)
