"""The plan document, as plan and show print it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import Field as Key
from pydantic import WithJsonSchema

from reconciler.documents.parts import (
    CommitId,
    CommitShape,
    Count,
    DiagnosticShape,
    Document,
    Hash,
    Hidden,
    Moment,
    PlaceShape,
    Shape,
    TakenShape,
    TargetShape,
    Text,
    WholeSecond,
    as_json,
)
from reconciler.fieldpath import format_path, parse_path
from reconciler.model import plan as model
from reconciler.model.plan import Action, CallKind, Plan, ProjectChange
from reconciler.model.project import DesiredProject, Source
from reconciler.model.values import ABSENT, Json

_path = lru_cache(maxsize=4096)(parse_path)
"""Cached because the fields of many projects have the same paths."""


class RenameShape(Shape):
    """A choice or a label that is renamed."""

    describes = model.Rename

    old: Annotated[Text, Key(alias="from")]
    """The old name."""
    new: Annotated[Text, Key(alias="to")]
    """The new name."""


class FieldShape(Shape):
    """One difference."""

    describes = model.Field

    path: Text
    """The path of the field, such as params.geometries.box.min_width."""
    kind: model.Kind
    before: Any
    """The live value; null if there is none."""
    after: Any
    """The value in the manifest; null if there is none."""
    cause: Annotated[model.Cause, Key(alias="class")]
    """Where the value changed since the record: in git (pending), on Scale (drift), differently in both (conflict),
    or alike in both (same). Without a record: unknown."""
    source: PlaceShape | None
    version: int | None = None
    """For drift and conflict: the version that introduced the live value."""
    created_at: Moment | None = None
    """When that version was created. RFC 3339, UTC."""
    renamed: RenameShape | None = None
    """Set on the removal and the addition of a choice or label whose rename the manifest declares."""

    @classmethod
    def of(cls, field: model.Field, /, **given: Any) -> Self:
        version, at = field.moved_by or (None, None)
        return super().of(
            field,
            path=format_path(field.path),
            before=None if field.before is ABSENT else field.before,
            after=None if field.after is ABSENT else field.after,
            version=version,
            created_at=at,
            **given,
        )

    def read(self, **given: Any) -> Any:
        absent = {model.Kind.ADD: "before", model.Kind.REMOVE: "after"}.get(self.kind)
        return super().read(
            path=_path(self.path),
            moved_by=(self.version, self.created_at) if self.version is not None else None,
            **({absent: ABSENT} if absent else {}),
            **given,
        )


class StateShape(Shape):
    """The managed part of a project's state."""

    describes = model.State

    type: Text
    """The task type."""
    params: dict[str, Any] | Hidden
    ontology: list[Any] | Hidden | None
    ontology_name: Text | None = None
    """The ontology's name; left out if it has none."""


class DeedShape(Shape):
    """The planned action, and the states before and after it. The keys have Terraform's names."""

    actions: Annotated[tuple[Action, ...], Key(min_length=1, max_length=1)]
    before: StateShape | None
    """The live state; null if the project already matches its manifest."""
    after: StateShape | None
    """The state after the plan; null if the project already matches its manifest."""
    before_sensitive: Any = Key(default_factory=dict)
    """True for each masked value in `before`; false if `before` is null. A file of plan --out has no masked value."""
    after_sensitive: Any = Key(default_factory=dict)
    """Like `before_sensitive`, for `after`."""

    @classmethod
    def of(cls, change: ProjectChange, /, **given: Any) -> Self:
        before, after = (None, None) if is_equal(change) else (change.before, change.after)
        return cls(
            actions=(change.action,),
            before=StateShape.of(before) if before else None,
            after=StateShape.of(after) if after else None,
            before_sensitive=before.masked if before else False,
            after_sensitive=after.masked if after else False,
        )


class CallShape(Shape):
    """A request that an apply would send if live state did not change."""

    describes = model.Call

    kind: Annotated[CallKind, Key(alias="call")]
    method: Literal["POST"]
    path: Text
    """The path of the request, below the endpoint."""
    body: dict[str, Any]

    @classmethod
    def of(cls, call: model.Call, /, **given: Any) -> Self:
        return super().of(call, method="POST", body=dict(call.body), **given)


class ExpectedShape(Shape):
    """The versions that were live when the plan was made."""

    describes = model.Expected

    params_version: int | None
    """The live version of the parameters; null if there is none."""
    ontology_version: int | None
    """The live version of the ontology; null if there is none."""
    created_at: Text | None
    """When the project was created."""


class WaivedShape(Shape):
    describes = model.Waived

    guard: Text
    """The guard's name."""
    by: Text
    """The option or the waiver in the configuration that waives it."""


class KeptShape(Shape):
    """A unit that keeps its live value."""

    path: Text
    """`params.KEY` or `ontology`."""
    base_version: int | None
    """The version that the unit is compared with; null if there is none."""


class EntrySourceShape(PlaceShape):
    """The location of the manifest."""

    commit: CommitId | None
    """The commit that contains every byte that was read for this project; null if there is none."""


class ChangeShape(Shape):
    """The plan for one project. It has fewer values if the project already matches its manifest."""

    describes = ProjectChange

    address: Text
    """project.NAME"""
    mode: Literal["managed"] = Key(default_factory=lambda: "managed")
    type: Literal["project"]
    name: Text
    """The project's name."""
    provider_name: Literal["scale"] = Key(default_factory=lambda: "scale")
    change: DeedShape
    reason: Annotated[
        Annotated[model.Reason, WithJsonSchema({"type": "string"})] | None,
        Key(alias="action_reason"),
    ]
    """Why all parameters are sent, or why nothing is sent."""
    source: EntrySourceShape
    fields: tuple[FieldShape, ...]
    """The intent: every difference."""
    calls: tuple[CallShape, ...]
    """The requests that an apply would send."""
    expected: ExpectedShape
    held_by: tuple[Text, ...]
    """The guards that hold the project."""
    waived_by: tuple[WaivedShape, ...]
    """The guards that are waived for the project."""
    kept: tuple[KeptShape, ...]
    """With --pending: the units that changed on Scale and keep their live value."""
    hash: Hash
    """SHA-256 of the project's intent."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics about this project."""

    @classmethod
    def of(cls, change: ProjectChange, /, **given: Any) -> Self:
        return super().of(
            change,
            address=f"project.{change.name}",
            mode="managed",
            type="project",
            provider_name="scale",
            change=DeedShape.of(change),
            source=EntrySourceShape.of(change.source, commit=change.commit),
            held_by=tuple(held.guard for held in change.held_by),
            kept=kept_shapes(change.kept),
            **given,
        )

    @classmethod
    def entry(cls, change: ProjectChange) -> dict[str, Json]:
        """The entry of a project in the document. Most projects match their manifests, and differ in a few keys."""
        if not is_equal(change) or any(getattr(change, name) for name in _MORE):
            whole: dict[str, Json] = as_json(cls.of(change))
            return whole
        varying = {
            "address": f"project.{change.name}",
            "name": change.name,
            "source": as_json(EntrySourceShape.of(change.source, commit=change.commit)),
            "expected": as_json(ExpectedShape.of(change.expected)),
            "hash": change.hash,
        }
        return {**_equal_entry(cls), **varying}


_MORE: Final = ("reason", "fields", "calls", "waived_by", "outside", "diagnostics")
"""What a project that matches its manifest may have, and nearly none has."""


@cache
def _equal_entry(shape: type[ChangeShape]) -> dict[str, Json]:
    """The entry of a project that matches its manifest, without what differs between two of them."""
    source = Source("", 1)
    desired, expected = DesiredProject("", "", source), model.Expected(ontology_hash="-")
    change = ProjectChange("", Action.NO_OP, source, desired, before=None, after=None, expected=expected)
    entry: dict[str, Json] = as_json(shape.of(change))
    return entry


def is_equal(change: ProjectChange) -> bool:
    """Whether the project is equal to its manifest, so that its versions are all that an apply needs."""
    return change.action is Action.NO_OP and not (change.blocked or change.held_by or change.kept)


def kept_shapes(units: Mapping[str, int | None]) -> tuple[KeptShape, ...]:
    return tuple(KeptShape(path=unit, base_version=version) for unit, version in units.items())


class SummaryShape(Shape):
    """The number of projects of each kind. Held, blocked, and protected projects do not count as add or change."""

    describes = model.Summary

    add: Count
    change: Count
    destroy: Count
    forget: Count
    unchanged: Count
    blocked: Count
    held: Count
    protected: Count
    unmanaged: Count


class PlanShape(Document):
    """The output of reconciler plan --format json and show --format json, and the files of plan --out."""

    describes = Plan

    made_at: Annotated[WholeSecond, Key(alias="timestamp")]
    """When the plan was made. RFC 3339, UTC."""
    applyable: bool
    """Whether an apply would write or forget anything."""
    complete: bool
    """False if the plan was limited to some of the projects."""
    names: tuple[Text, ...] = ()
    """The names, patterns, and paths that the plan was limited to. Empty for all projects."""
    errored: bool
    """Whether the plan has errors or blocked projects."""
    masked: bool
    """Whether sensitive values are masked."""
    pending_only: bool
    """Whether the plan was made with --pending."""
    target: TargetShape
    snapshot_at: Annotated[TakenShape | None, Key(alias="snapshot")]
    commit: Annotated[CommitShape, Key(alias="source")]
    manifests: Text = ""
    """The manifest folder, relative to the repository root."""
    manifest_count: Count | None = None
    """The number of manifests, selected or not."""
    live_count: Count | None = None
    """The number of live projects; left out if they were not listed."""
    summary: SummaryShape
    changes: Annotated[tuple[ChangeShape, ...], Key(alias="resource_changes")]
    """All projects of the plan, ordered by name."""
    unmanaged: tuple[Text, ...]
    """Live projects without a manifest."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics that are not about a single project."""
    hash: Annotated[Hash, Key(alias="plan_hash")]
    """SHA-256 of all intents."""

    entry: ClassVar[type[ChangeShape]] = ChangeShape

    @classmethod
    def document(cls, value: Any) -> dict[str, Json]:
        document: dict[str, Json] = as_json(cls.of(value, changes=()))
        return document | {"resource_changes": [cls.entry.entry(change) for change in value.changes]}
