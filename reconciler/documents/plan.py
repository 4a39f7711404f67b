"""The plan document, as plan and show print it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field as Key
from pydantic import WithJsonSchema

from reconciler import __version__
from reconciler.documents.parts import (
    FORMAT_VERSION,
    CommitId,
    CommitShape,
    Count,
    DiagnosticShape,
    Hash,
    Hidden,
    Moment,
    PlaceShape,
    Shape,
    TakenShape,
    TargetShape,
    Text,
    Version,
    as_json,
    diagnostics_of,
    values_of,
    whole_second,
)
from reconciler.fieldpath import format_path, parse_path
from reconciler.model import plan as model
from reconciler.model.plan import Action, CallKind, Plan, ProjectChange
from reconciler.model.values import ABSENT, Absent, Json


def plan_document(plan: Plan) -> dict[str, Json]:
    """The plan as it is printed. What may not be printed of it is masked before."""
    document: dict[str, Json] = as_json(PlanShape.of(plan, map(ChangeShape.of, plan.changes)))
    return document


class FieldShape(Shape):
    """One difference."""

    path: Text
    """The field, dotted: params.geometries.box.min_width."""
    kind: model.Kind
    before: Any
    """The live value; null if there is none."""
    after: Any
    """The declared value; null if there is none."""
    cause: Annotated[model.Cause, Key(alias="class")]
    """What changed since the record: git (pending), Scale (drift), both differently (conflict), both alike (same);
    unknown without a record."""
    source: PlaceShape | None
    version: int | None = None
    """For drift and conflict: the version that introduced the live value."""
    created_at: Moment | None = None
    """When that version was made. RFC 3339, UTC."""

    @classmethod
    def of(cls, field: model.Field) -> FieldShape:
        version, at = field.moved_by or (None, None)
        return cls(
            path=format_path(field.path),
            kind=field.kind,
            before=None if field.before is ABSENT else field.before,
            after=None if field.after is ABSENT else field.after,
            cause=field.cause,
            source=PlaceShape.of(field.source) if field.source else None,
            version=version,
            created_at=at,
        )

    def read(self) -> model.Field:
        before: Json | Absent = ABSENT if self.kind is model.Kind.ADD else self.before
        after: Json | Absent = ABSENT if self.kind is model.Kind.REMOVE else self.after
        source = self.source.read() if self.source else None
        moved_by = (self.version, self.created_at) if self.version is not None else None
        return model.Field(parse_path(self.path), self.kind, before, after, self.cause, source, moved_by)


class StateShape(Shape):
    """A project's state, as far as it is managed."""

    type: Text
    """The task type."""
    params: dict[str, Any] | Hidden
    ontology: list[Any] | Hidden | None
    ontology_name: Text | None = None
    """The ontology's name; left out if it has none."""

    @classmethod
    def of(cls, state: model.State | None) -> StateShape | None:
        if state is None:
            return None
        params: Json = state.params
        ontology: Json = state.ontology
        return cls(type=state.type, params=params, ontology=ontology, ontology_name=state.ontology_name)

    def read(self) -> model.State:
        params: Json = self.params
        return model.State(self.type, params, self.ontology, self.ontology_name)


class DeedShape(Shape):
    """What happens, with Terraform's names."""

    actions: Annotated[tuple[Action, ...], Key(min_length=1, max_length=1)]
    before: StateShape | None
    """The live state; null for a project that is equal to its manifest."""
    after: StateShape | None
    """The state after the plan; null for a project that is equal to its manifest."""


class CallShape(Shape):
    """A request that would be sent against the live state that was seen."""

    call: CallKind
    method: Literal["POST"]
    path: Text
    """The path below the endpoint."""
    body: dict[str, Any]

    @classmethod
    def of(cls, call: model.Call) -> CallShape:
        return cls(call=call.kind, method="POST", path=call.path, body=dict(call.body))


class ExpectedShape(Shape):
    """What the plan was made against."""

    params_version: int | None
    """The live version."""
    ontology_version: int | None
    """The live version."""
    created_at: Text | None
    """When the project was made."""


class WaivedShape(Shape):
    guard: Text
    """The guard."""
    by: Text
    """What waives it."""


class KeptShape(Shape):
    """A unit that keeps its live value."""

    path: Text
    """`params.KEY` or `ontology`."""
    base_version: int | None
    """The version that is its base; null if there is none."""


class EntrySourceShape(PlaceShape):
    """Where the manifest is."""

    commit: CommitId | None
    """The commit that holds every byte that was read for this project; null if none does."""


class ChangeShape(Shape):
    """What would happen to a project. It is short if the project is equal to its manifest."""

    address: Text
    """project.NAME"""
    type: Literal["project"]
    name: Text
    """The project's name."""
    change: DeedShape
    action_reason: Annotated[model.Reason, WithJsonSchema({"type": "string"})] | None
    """Why all parameters are sent, or nothing is."""
    source: EntrySourceShape
    fields: tuple[FieldShape, ...]
    """The intent: every difference."""
    calls: tuple[CallShape, ...]
    """What would be sent."""
    expected: ExpectedShape
    held_by: tuple[Text, ...]
    """The guards that hold it."""
    waived_by: tuple[WaivedShape, ...]
    """The guards that are waived."""
    kept: tuple[KeptShape, ...]
    """With --pending: the units that changed on Scale and are kept."""
    hash: Hash
    """SHA-256 of the project's intent."""
    diagnostics: tuple[DiagnosticShape, ...]
    """About this project."""

    @classmethod
    def of(cls, change: ProjectChange) -> ChangeShape:
        is_short = is_equal(change)
        return cls(
            address=f"project.{change.name}",
            type="project",
            name=change.name,
            change=DeedShape(
                actions=(change.action,),
                before=None if is_short else StateShape.of(change.before),
                after=None if is_short else StateShape.of(change.after),
            ),
            action_reason=change.reason,
            source=EntrySourceShape(file=change.source.file, line=change.source.line, commit=change.commit),
            fields=tuple(FieldShape.of(field) for field in change.fields),
            calls=tuple(CallShape.of(call) for call in change.calls),
            expected=ExpectedShape(**values_of(change.expected)),
            held_by=tuple(held.guard for held in change.held_by),
            waived_by=tuple(WaivedShape(**values_of(waived)) for waived in change.waived_by),
            kept=kept_shapes(change.kept),
            hash=change.hash,
            diagnostics=diagnostics_of(change.diagnostics),
        )


def is_equal(change: ProjectChange) -> bool:
    """Whether the project is equal to its manifest, so that its versions are all that an apply needs."""
    return change.action is Action.NO_OP and not (change.blocked or change.held_by or change.kept)


def kept_shapes(units: Mapping[str, int | None]) -> tuple[KeptShape, ...]:
    return tuple(KeptShape(path=unit, base_version=version) for unit, version in units.items())


class SummaryShape(Shape):
    """How many projects of each kind; held, blocked and protected ones do not count as add or change."""

    add: Count
    change: Count
    destroy: Count
    forget: Count
    unchanged: Count
    blocked: Count
    held: Count
    protected: Count
    unmanaged: Count


class PlanShape(Shape):
    """The output of reconciler plan --format json and show --format json, and the files of plan --out."""

    format_version: Version
    """The format's version: 1.x only adds to 1.0."""
    tool_version: Text
    """The version of reconciler."""
    timestamp: Moment
    """When it was made. RFC 3339, UTC."""
    applyable: bool
    """There is something that apply would write."""
    complete: bool
    """It was not narrowed to some projects."""
    errored: bool
    """It has errors, or blocked projects."""
    masked: bool
    """Sensitive values are masked."""
    pending_only: bool
    """Made with --pending."""
    target: TargetShape
    snapshot: TakenShape | None
    source: CommitShape
    manifests: Text = ""
    """The manifest folder, relative to the repository root."""
    manifest_count: Count | None = None
    """How many manifests there are, selected or not."""
    live_count: Count | None = None
    """How many live projects there are; left out if they were not listed."""
    summary: SummaryShape
    resource_changes: tuple[ChangeShape, ...]
    """All projects of the plan, by name."""
    unmanaged: tuple[Text, ...]
    """Live projects without a manifest."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Those that are not about a single project."""
    plan_hash: Hash
    """SHA-256 over all intents."""

    @classmethod
    def of(cls, plan: Plan, changes: Iterable[ChangeShape], *, whole: bool = False) -> PlanShape:
        return cls(
            format_version=FORMAT_VERSION,
            tool_version=__version__,
            timestamp=whole_second(plan.made_at),
            applyable=plan.applyable,
            complete=plan.complete,
            errored=plan.errored,
            masked=plan.masked,
            pending_only=plan.pending_only,
            target=TargetShape(**values_of(plan.target)),
            snapshot=TakenShape.of(plan.snapshot_at),
            source=CommitShape(**values_of(plan.commit)),
            manifests=plan.manifests,
            manifest_count=plan.manifest_count,
            live_count=plan.live_count,
            summary=SummaryShape(**values_of(plan.summary)),
            resource_changes=tuple(changes),
            unmanaged=plan.unmanaged,
            diagnostics=diagnostics_of(plan.diagnostics, whole=whole),
            plan_hash=plan.hash,
        )
