"""The saved plan: the plan document with all that an apply needs, sealed.

An apply derives its calls from `desired` and from live state. The calls in the file are only for the reader.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field as Key
from pydantic import TypeAdapter

from reconciler.diagnostics import Remedy, Severity
from reconciler.documents.parts import Hash, Shape, Text, WholeDiagnosticShape
from reconciler.documents.plan import ChangeShape, KeptShape, PlanShape, is_equal, kept_shapes
from reconciler.documents.text import Kind
from reconciler.errors import PlanFileError
from reconciler.fieldpath import parse_pattern
from reconciler.model.ontology import Unreadable, read_ontology
from reconciler.model.plan import Action, CallKind, Held, Plan, ProjectChange
from reconciler.model.project import DesiredProject, Ignore, Mask, ParamsMode
from reconciler.model.values import Json

KIND: Final = Kind(
    "a plan file",
    key="resource_changes",
    error=PlanFileError,
    remedy=Remedy("Create a new one:", ("plan", "--out", "FILE")),
    sealed=True,
    noun="plan",
    sign=b'"applyable"',
    unsealed="is a printed plan, not a saved one",
)


_FAILED: Final = replace(KIND, sealed=False)


def write_plan_file(plan: Plan, file: Path) -> None:
    """Save a plan whose files are relative: mode 0600, all of it or nothing.

    Raises:
        PlanFileError: the file cannot be written, or the plan is too large.
    """
    KIND.save(SavedPlanShape.document(plan), file)


def read_plan_file(file: Path, *, base: Path) -> Plan:
    """The plan in a saved file. File names in it are relative to `base`.

    Raises:
        PlanFileError: it cannot be read, has another format, is masked, or was changed after it was written.
    """
    plan: Plan = KIND.read_file(file, SavedPlanShape, base=base)
    return plan


def read_reported_plan(file: Path, *, base: Path) -> Plan:
    """The plan in a saved file, or in the JSON report of a plan that failed. File names in it are relative to `base`.

    Raises:
        PlanFileError: it is neither. What is wrong with it as a saved file is reported.
    """
    try:
        return read_plan_file(file, base=base)
    except PlanFileError:
        with suppress(PlanFileError):
            plan: Plan = _FAILED.read_file(file, FailedPlanShape, base=base)
            return plan
        raise


class HeldShape(Shape):
    describes = Held

    guard: Text
    """The guard's name."""
    why: Text
    """Why the guard holds the project, in one sentence."""
    remedy: Text
    """How to avoid the hold without a waiver; can be empty."""


class IgnoreShape(Shape):
    describes = Ignore

    pattern: Annotated[Text, Key(alias="path")]
    reason: Text | None
    until: date | None

    @classmethod
    def of(cls, ignore: Ignore, /, **given: Any) -> Self:
        return super().of(ignore, pattern=ignore.pattern.text, **given)

    def read(self, **given: Any) -> Any:
        return super().read(pattern=parse_pattern(self.pattern), **given)


class DesiredShape(Shape):
    """The manifest after composition."""

    describes = DesiredProject

    type: Text
    create_only: dict[str, Any]
    managed: tuple[Literal["params", "ontology"], ...]
    params: dict[str, Any] | None
    ontology: list[Any] | None
    ontology_name: Text | None
    params_mode: ParamsMode
    ignore: tuple[IgnoreShape, ...]
    protect: bool
    renames: dict[str, Text] = Key(default_factory=dict)
    units: tuple[Text, ...] | None

    @classmethod
    def of(cls, desired: DesiredProject, /, **given: Any) -> Self:
        mask = desired.mask
        return super().of(
            desired,
            managed=tuple(part for part in _PARTS if getattr(desired, part) is not None),
            ontology=desired.ontology.spelled if desired.ontology is not None else None,
            ontology_name=desired.ontology.name if desired.ontology is not None else None,
            params_mode=mask.params,
            ignore=IgnoreShape.of_each(mask.ignore),
            units=None if mask.units is None else tuple(sorted(mask.units)),
            **given,
        )

    def read(self, **given: Any) -> Any:
        ontology = read_ontology(self.ontology, self.ontology_name) if self.ontology is not None else None
        if isinstance(ontology, Unreadable):
            raise ValueError(ontology.why)
        units = None if self.units is None else frozenset(self.units)
        return super().read(
            params=self.params if "params" in self.managed else None,
            ontology=ontology if "ontology" in self.managed else None,
            mask=Mask(self.params_mode, tuple(ignore.read() for ignore in self.ignore), units),
            **given,
        )


_PARTS: Final[tuple[Literal["params"], Literal["ontology"]]] = ("params", "ontology")


class ChoiceShape(Shape):
    """A choice that can be sent. A live choice may have other keys, which are only shown."""

    choice: Text
    display: Text | None = None
    description: Text | None = None
    subchoices: list[Text | ChoiceShape] | None = None


_CHOICES: Final = TypeAdapter(list[Text | ChoiceShape])


class SavedChangeShape(ChangeShape):
    holds: tuple[HeldShape, ...]
    """The guards in `held_by`, with their reasons."""
    outside: tuple[KeptShape, ...]
    """The units that changed on Scale and that the manifest does not manage."""
    ontology_hash: Hash | None = None
    """SHA-256 of the live choices, set if the project matches its manifest. The version alone might not identify
    them, because it can be only a position in the history."""
    desired: DesiredShape | None
    """The manifest after composition; null if the project matches it."""
    diagnostics: tuple[WholeDiagnosticShape, ...]
    """Diagnostics about this project."""

    @classmethod
    def of(cls, change: ProjectChange, /, **given: Any) -> Self:
        is_short = is_equal(change)
        return super().of(
            change,
            holds=HeldShape.of_each(change.held_by),
            outside=kept_shapes(change.outside),
            ontology_hash=change.expected.ontology_hash if is_short else None,
            desired=None if is_short else DesiredShape.of(change.desired),
            **given,
        )

    @classmethod
    def entry(cls, change: ProjectChange) -> dict[str, Json]:
        entry = super().entry(change)
        if is_equal(change):
            entry["ontology_hash"] = change.expected.ontology_hash
            if change.expected.ontology_hash is None:
                del entry["ontology_hash"]
        return entry

    def read(self, **given: Any) -> Any:
        self.name.encode()  # raises ValueError for a name that no URL can contain
        source = self.source.read()
        desired = (
            self.desired.read(name=self.name, source=source) if self.desired else DesiredProject(self.name, "", source)
        )
        self._check(desired)
        return super().read(
            action=self.change.actions[0],
            source=source,
            desired=desired,
            before=self.change.before.read() if self.change.before else None,
            after=self.change.after.read() if self.change.after else None,
            expected=self.expected.read(ontology_hash=self.ontology_hash),
            calls=tuple(call.read(project=self.name) for call in self.calls),
            blocked=any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics),
            held_by=tuple(held.read() for held in self.holds),
            kept=_units(self.kept),
            outside=_units(self.outside),
            commit=self.source.commit,
            **given,
        )

    def _check(self, desired: DesiredProject) -> None:
        """Raises ValueError if a write lacks a state that it has in every plan."""
        action, before, after = self.change.actions[0], self.change.before, self.change.after
        if action not in (Action.CREATE, Action.UPDATE) or self.holds or desired.protect:
            return
        if self.desired is None or after is None or (before is None) is not (action is Action.CREATE):
            raise ValueError("a write without its states")
        if desired.ontology is not None or any(call.kind is CallKind.SET_ONTOLOGY for call in self.calls):
            _CHOICES.validate_python([*((before and before.ontology) or ()), *(after.ontology or ())])


def _units(kept: tuple[KeptShape, ...]) -> dict[str, int | None]:
    return {unit.path: unit.base_version for unit in kept}


class SavedPlanShape(PlanShape):
    """A file of plan --out."""

    entry = SavedChangeShape

    changes: Annotated[tuple[SavedChangeShape, ...], Key(alias="resource_changes")]
    """All projects of the plan, ordered by name."""
    diagnostics: tuple[WholeDiagnosticShape, ...]
    """Diagnostics that are not about a single project."""

    def read(self, **given: Any) -> Any:
        count = len(self.changes) if self.manifest_count is None else self.manifest_count
        return super().read(manifest_count=count, **given)


class FailedPlanShape(SavedPlanShape):
    """The JSON report of a plan that failed."""

    changes: Annotated[tuple[SavedChangeShape, ...], Key(alias="resource_changes", max_length=0)]
    errored: Literal[True]
