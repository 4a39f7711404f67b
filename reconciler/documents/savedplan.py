"""The saved plan: the plan document with all that an apply needs, sealed.

What is carried out is derived from `desired` and from live state. The calls in the file are for reading only.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from reconciler.diagnostics import Severity
from reconciler.documents.parts import Hash, Shape, Text, absolute, as_json, diagnostics_of, values_of
from reconciler.documents.plan import ChangeShape, KeptShape, PlanShape, is_equal, kept_shapes
from reconciler.documents.text import Kind
from reconciler.errors import PlanFileError
from reconciler.fieldpath import parse_pattern
from reconciler.files.writing import write_whole
from reconciler.model.ontology import Unreadable, read_ontology
from reconciler.model.plan import (
    Action,
    Call,
    CallKind,
    Commit,
    Expected,
    Held,
    Plan,
    ProjectChange,
    Summary,
    TargetInfo,
    Waived,
)
from reconciler.model.printed import with_files
from reconciler.model.project import DesiredProject, Ignore, Mask, ParamsMode
from reconciler.model.values import Json

KIND: Final = Kind(
    "a plan file",
    key="resource_changes",
    error=PlanFileError,
    remedy="Make a new one: reconciler plan --out FILE",
    sealed=True,
    unsealed="is a plan for reading: its values are masked or left out. Only plan --out writes a plan that can be "
    "shown and applied",
)


def saved_plan_document(plan: Plan) -> dict[str, Json]:
    """The plan as it is saved, without its seal."""
    document: dict[str, Json] = as_json(PlanShape.of(plan, map(SavedChangeShape.of, plan.changes), whole=True))
    return document


def write_plan_file(plan: Plan, file: Path) -> None:
    """Save a plan whose files are relative: mode 0600, all of it or nothing.

    Raises:
        PlanFileError: the file cannot be written, or the plan is too large.
    """
    content = KIND.write(saved_plan_document(plan))
    try:
        write_whole(content, file)
    except OSError as problem:
        raise PlanFileError(f"the plan cannot be saved as {file}: {problem.strerror}") from None


def read_plan_file(file: Path, *, base: Path) -> Plan:
    """The plan of a saved file. `base` is what the file names in it are relative to.

    Raises:
        PlanFileError: it cannot be read, is of another format, is masked, or was changed after it was written.
    """
    plan = KIND.read_file(file, lambda document: SavedPlanShape.model_validate(document).read())
    return with_files(plan, partial(absolute, base=base.as_posix()))


class HeldShape(Shape):
    guard: Text
    """The guard."""
    why: Text
    """A sentence."""
    remedy: Text
    """How to avoid it; may be empty."""


class IgnoreShape(Shape):
    path: Text
    reason: Text | None
    until: date | None

    def read(self) -> Ignore:
        return Ignore(parse_pattern(self.path), self.reason, self.until)


class DesiredShape(Shape):
    """What the manifest says, composed."""

    type: Text
    create_only: dict[str, Any]
    managed: tuple[Literal["params", "ontology"], ...]
    params: dict[str, Any] | None
    ontology: list[Any] | None
    ontology_name: Text | None
    params_mode: ParamsMode
    ignore: tuple[IgnoreShape, ...]
    protect: bool
    units: tuple[Text, ...] | None

    @classmethod
    def of(cls, desired: DesiredProject) -> DesiredShape:
        mask = desired.mask
        create_only: Json = desired.create_only
        params: Json = desired.params
        return cls(
            type=desired.type,
            create_only=create_only,
            managed=tuple(part for part in _PARTS if getattr(desired, part) is not None),
            params=params,
            ontology=desired.ontology.spelled if desired.ontology is not None else None,
            ontology_name=desired.ontology.name if desired.ontology is not None else None,
            params_mode=mask.params,
            ignore=tuple(
                IgnoreShape(path=ignore.pattern.text, reason=ignore.reason, until=ignore.until)
                for ignore in mask.ignore
            ),
            protect=desired.protect,
            units=None if mask.units is None else tuple(sorted(mask.units)),
        )

    def read(self, entry: ChangeShape) -> DesiredProject:
        ontology = read_ontology(self.ontology, self.ontology_name) if self.ontology is not None else None
        if isinstance(ontology, Unreadable):
            raise ValueError(ontology.why)
        return DesiredProject(
            name=entry.name,
            type=self.type,
            source=entry.source.read(),
            create_only=self.create_only,
            params=self.params if "params" in self.managed else None,
            ontology=ontology if "ontology" in self.managed else None,
            mask=Mask(
                self.params_mode,
                tuple(ignore.read() for ignore in self.ignore),
                None if self.units is None else frozenset(self.units),
            ),
            protect=self.protect,
        )


_PARTS: Final[tuple[Literal["params"], Literal["ontology"]]] = ("params", "ontology")


class ChoiceShape(Shape):
    """What can be sent as a choice. Other keys of a live one are only shown."""

    choice: Text
    display: Text | None = None
    description: Text | None = None
    subchoices: list[Text | ChoiceShape] | None = None


_CHOICES: Final = TypeAdapter(list[Text | ChoiceShape])


class SavedChangeShape(ChangeShape):
    holds: tuple[HeldShape, ...]
    """What `held_by` names, in full."""
    outside: tuple[KeptShape, ...]
    """The units that changed on Scale and that the manifest does not own."""
    ontology_hash: Hash | None = None
    """SHA-256 of the live choices of a project that is equal to its manifest: a version may be only a position."""
    desired: DesiredShape | None
    """What the manifest says, composed; null for a project that is equal to it."""

    @classmethod
    def of(cls, change: ProjectChange) -> SavedChangeShape:
        is_short = is_equal(change)
        return cls(
            **{**vars(ChangeShape.of(change)), "diagnostics": diagnostics_of(change.diagnostics, whole=True)},
            holds=tuple(HeldShape(**values_of(held)) for held in change.held_by),
            outside=kept_shapes(change.outside),
            ontology_hash=change.expected.ontology_hash if is_short else None,
            desired=None if is_short else DesiredShape.of(change.desired),
        )

    def read(self) -> ProjectChange:
        self.name.encode()  # a URL can hold it
        source = self.source.read()
        desired = self.desired.read(self) if self.desired else DesiredProject(self.name, "", source)
        self._check(desired)
        return ProjectChange(
            name=self.name,
            action=self.change.actions[0],
            source=source,
            desired=desired,
            before=self.change.before.read() if self.change.before else None,
            after=self.change.after.read() if self.change.after else None,
            expected=Expected(**vars(self.expected), ontology_hash=self.ontology_hash),
            reason=self.action_reason,
            fields=tuple(field.read() for field in self.fields),
            calls=tuple(Call(call.call, self.name, call.body) for call in self.calls),
            hash=self.hash,
            blocked=any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics),
            held_by=tuple(Held(**vars(held)) for held in self.holds),
            waived_by=tuple(Waived(**vars(waived)) for waived in self.waived_by),
            kept={unit.path: unit.base_version for unit in self.kept},
            outside={unit.path: unit.base_version for unit in self.outside},
            diagnostics=tuple(diagnostic.read() for diagnostic in self.diagnostics),
            commit=self.source.commit,
        )

    def _check(self, desired: DesiredProject) -> None:
        """Raises ValueError if a write has states that no plan has."""
        action, before, after = self.change.actions[0], self.change.before, self.change.after
        if action not in (Action.CREATE, Action.UPDATE) or self.holds or desired.protect:
            return
        if self.desired is None or after is None or (before is None) is not (action is Action.CREATE):
            raise ValueError("a write without its states")
        if desired.ontology is not None or any(call.call is CallKind.SET_ONTOLOGY for call in self.calls):
            _CHOICES.validate_python([*((before and before.ontology) or ()), *(after.ontology or ())])


class SavedPlanShape(PlanShape):
    """A file of plan --out."""

    resource_changes: tuple[SavedChangeShape, ...]

    def read(self) -> Plan:
        return Plan(
            target=TargetInfo(**vars(self.target)),
            commit=Commit(**vars(self.source)),
            made_at=self.timestamp,
            changes=tuple(change.read() for change in self.resource_changes),
            unmanaged=self.unmanaged,
            diagnostics=tuple(diagnostic.read() for diagnostic in self.diagnostics),
            complete=self.complete,
            live_count=self.live_count,
            manifests=self.manifests,
            manifest_count=len(self.resource_changes) if self.manifest_count is None else self.manifest_count,
            hash=self.plan_hash,
            summary=Summary(**vars(self.summary)),
            pending_only=self.pending_only,
            snapshot_at=self.snapshot.timestamp if self.snapshot else None,
        )
