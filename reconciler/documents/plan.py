"""Saved plans: written whole, privately and at once; taken back only when nothing of them was changed.

The file is the plan document (`render/document.py`) with each project's `desired` and a `digest` over everything else.
What is carried out is derived from `desired` and from live state; paths and methods in the file are for reading only.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter
from pydantic import Field as Limits

from reconciler.diagnostics import Severity
from reconciler.documents.reading import (
    DEEPEST,
    Moment,
    Name,
    SavedCommit,
    SavedDiagnostic,
    SavedSource,
    SavedTarget,
    is_deep,
)
from reconciler.errors import PlanFileError, ReconcilerError, UsageError
from reconciler.fieldpath import parse_path, parse_pattern
from reconciler.files import check_named, is_below, read_named, write_whole
from reconciler.model.plan import (
    Action,
    Call,
    CallKind,
    Expected,
    Field,
    FieldClass,
    Held,
    Kind,
    Plan,
    ProjectChange,
    Reason,
    State,
    Summary,
    Waived,
)
from reconciler.model.project import DesiredProject, Ignore, Mask, ParamsMode
from reconciler.model.values import ABSENT, Absent, Json, canonical_json, to_json

_REMEDY = "Make it anew: reconciler plan --out FILE"


def write_plan_file(document: dict[str, Json], file: Path) -> None:
    """Write a plan document that holds every `desired`, mode 0600, all of it or nothing.

    Raises:
        PlanFileError: the file cannot be written.
    """
    text = to_json({**document, "digest": _digest(document)}) + "\n"
    try:
        write_whole(text.encode("utf-8", "surrogatepass"), file)
    except OSError as problem:
        raise PlanFileError(f"the plan cannot be saved as {file}: {problem.strerror}") from None


def check_place(
    file: Path,
    manifests: Path,
    *,
    what: str = "plan",
    sign: bytes = b'"applyable"',
    kind: type[ReconcilerError] = PlanFileError,
) -> None:
    """See that saving a plan there, or `what` is to be saved, replaces nothing but an older one.

    A file is an older one where `sign` stands in its first 200 bytes.

    Raises:
        PlanFileError, or `kind`: it would replace another file, or lies among the manifests.
    """
    if is_below(os.path.realpath(file), os.path.realpath(manifests)):
        raise kind(f"the {what} is not saved among the manifests: {file}", "Name a file elsewhere.")
    try:
        check_named(file)
        if not file.is_file():
            return
        with file.open("rb") as stream:
            start = stream.read(200)
    except OSError as problem:
        raise kind(f"the {what} cannot be saved as {file}: {problem.strerror}") from None
    if start and sign not in start:
        raise kind(f"{file} is there already and is no {what}", "Name another file, or take this one away.")


def check_result(file: Path) -> None:
    """See, before anything is written to Scale, that the result can be written.

    Raises:
        UsageError: it cannot.
    """
    folder = file.parent
    try:
        check_named(file)
    except OSError as problem:
        why = f"the result cannot be written to {file}: {problem.strerror}"
        raise UsageError(why, "Nothing was written to Scale.") from None
    if file.is_dir() or not folder.is_dir() or not os.access(file if file.exists() else folder, os.W_OK):
        what = "it is a folder" if file.is_dir() else "its folder is missing or cannot be written"
        raise UsageError(f"the result cannot be written to {file}: {what}", "Nothing was written to Scale.")


def read_plan_file(file: Path, *, base: Path) -> Plan:
    """The plan of a saved file. `base` is what the file names in it are relative to.

    Raises:
        PlanFileError: it cannot be read, is of another format, is masked, or was changed after it was written.
    """
    try:
        document = json.loads(read_named(file).decode("utf-8", "surrogatepass"))
    except OSError as problem:
        raise PlanFileError(f"{file} cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError):
        raise PlanFileError(f"{file} is no plan file: it is not JSON", _REMEDY) from None
    if not isinstance(document, dict) or "resource_changes" not in document:
        raise PlanFileError(f"{file} is no plan file", _REMEDY)
    version = document.get("format_version")
    if version != "1.0":
        raise PlanFileError(f"{file} has the format version {version}; this reconciler reads 1.0", _REMEDY)
    if document.get("masked") or "digest" not in document:
        raise PlanFileError(
            f"{file} is a plan for reading: its values are masked or left out",
            "Only a file that plan --out wrote can be shown and applied again.",
        )
    if is_deep(document):
        raise PlanFileError(f"{file} is not a plan file: it has more than {DEEPEST} levels of nesting", _REMEDY)
    digest = document.pop("digest")
    if digest != _digest(document):
        raise PlanFileError(f"{file} was changed after it was written", _REMEDY)
    try:
        return _Document.model_validate(document).to_plan(base.as_posix())
    except ValueError:
        raise PlanFileError(f"{file} does not hold what a plan file holds", _REMEDY) from None


def _digest(document: dict[str, Json]) -> str:
    return hashlib.sha256(canonical_json(document).encode("utf-8", "surrogatepass")).hexdigest()


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False)


class _Field(_Model):
    model_config = ConfigDict(populate_by_name=True)

    path: str
    kind: Kind
    before: Any
    after: Any
    field_class: FieldClass
    source: SavedSource | None

    def read(self, base: str) -> Field:
        before: Json | Absent = ABSENT if self.kind is Kind.ADD else self.before
        after: Json | Absent = ABSENT if self.kind is Kind.REMOVE else self.after
        source = self.source.read(base) if self.source else None
        return Field(parse_path(self.path), self.kind, before, after, self.field_class, source)


class _State(_Model):
    type: str
    params: dict[str, Any]
    ontology: list[Any] | None
    ontology_name: str | None = None

    def read(self) -> State:
        return State(self.type, self.params, self.ontology, self.ontology_name)


class _Choice(_Model):
    """What can be sent as a choice. Other keys of a live one are only shown."""

    choice: str
    display: str | None = None
    description: str | None = None
    subchoices: list[str | _Choice] | None = None


_CHOICES: Final = TypeAdapter(list[str | _Choice])


def _choices(ontology: list[Any]) -> list[Any]:
    """The same, once all of it are choices."""
    _CHOICES.validate_python(ontology)
    return ontology


_Choices = Annotated[list[Any], AfterValidator(_choices)]


class _Summary(_Model):
    add: int = 0
    change: int = 0
    destroy: int = 0
    forget: int = 0
    unchanged: int = 0
    blocked: int = 0
    held: int = 0
    protected: int = 0
    unmanaged: int = 0


class _Change(_Model):
    actions: Annotated[list[Action], Limits(min_length=1, max_length=1)]
    before: _State | None
    after: _State | None


class _Call(_Model):
    call: CallKind
    body: dict[str, Any]


class _Expected(_Model):
    params_version: int | None
    ontology_version: int | None
    created_at: str | None


class _Ignore(_Model):
    path: str
    reason: str | None
    until: date | None

    def read(self) -> Ignore:
        return Ignore(parse_pattern(self.path), self.reason, self.until)


class _Kept(_Model):
    path: str
    base_version: int | None


class _Held(_Model):
    guard: str
    why: str
    remedy: str


class _Waived(_Model):
    guard: str
    by: str


class _Desired(_Model):
    type: str
    create_only: dict[str, Any]
    managed: list[Literal["params", "ontology"]]
    params: dict[str, Any] | None
    ontology: _Choices | None
    ontology_name: str | None
    params_mode: ParamsMode
    ignore: list[_Ignore]
    protect: bool
    units: list[str] | None


class _EntrySource(SavedSource):
    commit: str | None = None


class _ProjectChange(_Model):
    name: Name
    change: _Change
    action_reason: Reason | None
    source: _EntrySource
    fields: list[dict[str, Any]]
    calls: list[_Call]
    expected: _Expected
    hash: str
    holds: list[_Held]
    waived_by: list[_Waived]
    kept: list[_Kept] = []
    outside: list[_Kept] = []
    diagnostics: list[SavedDiagnostic]
    desired: _Desired

    def _check_states(self) -> None:
        """Raises ValueError if a write has states that no plan has."""
        action, before, after = self.change.actions[0], self.change.before, self.change.after
        if action not in (Action.CREATE, Action.UPDATE) or self.holds or self.desired.protect:
            return
        if after is None or (before is None) is not (action is Action.CREATE):
            raise ValueError("a write without its states")
        if "ontology" in self.desired.managed or any(call.call is CallKind.SET_ONTOLOGY for call in self.calls):
            _choices([*((before and before.ontology) or ()), *(after.ontology or ())])

    def read(self, base: str) -> ProjectChange:
        desired = self.desired
        self._check_states()
        source = self.source.read(base)
        fields = [_Field.model_validate({**field, "field_class": field.get("class")}) for field in self.fields]
        return ProjectChange(
            name=self.name,
            action=self.change.actions[0],
            source=source,
            desired=DesiredProject(
                name=self.name,
                type=desired.type,
                source=source,
                create_only=desired.create_only,
                params=desired.params if "params" in desired.managed else None,
                ontology=desired.ontology if "ontology" in desired.managed else None,
                ontology_name=desired.ontology_name,
                mask=Mask(
                    desired.params_mode,
                    tuple(ignore.read() for ignore in desired.ignore),
                    None if desired.units is None else frozenset(desired.units),
                ),
                protect=desired.protect,
            ),
            before=self.change.before.read() if self.change.before else None,
            after=self.change.after.read() if self.change.after else None,
            expected=Expected(self.expected.params_version, self.expected.ontology_version, self.expected.created_at),
            reason=self.action_reason,
            fields=tuple(field.read(base) for field in fields),
            calls=tuple(Call(call.call, self.name, call.body) for call in self.calls),
            hash=self.hash,
            blocked=any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics),
            held_by=tuple(Held(held.guard, held.why, held.remedy) for held in self.holds),
            waived_by=tuple(Waived(waived.guard, waived.by) for waived in self.waived_by),
            kept={unit.path: unit.base_version for unit in self.kept},
            outside={unit.path: unit.base_version for unit in self.outside},
            diagnostics=tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
            commit=self.source.commit,
        )


class _Snapshot(_Model):
    timestamp: Moment


class _Document(_Model):
    timestamp: Moment
    snapshot: _Snapshot | None = None
    complete: bool
    pending_only: bool
    target: SavedTarget
    source: SavedCommit
    summary: _Summary
    resource_changes: list[_ProjectChange]
    unmanaged: list[str]
    diagnostics: list[SavedDiagnostic]
    plan_hash: str

    def to_plan(self, base: str) -> Plan:
        return Plan(
            target=self.target.read(),
            commit=self.source.read(),
            made_at=self.timestamp,
            changes=tuple(change.read(base) for change in self.resource_changes),
            unmanaged=tuple(self.unmanaged),
            diagnostics=tuple(diagnostic.read(base) for diagnostic in self.diagnostics),
            complete=self.complete,
            manifest_count=len(self.resource_changes),
            hash=self.plan_hash,
            summary=Summary(**self.summary.model_dump()),
            pending_only=self.pending_only,
            snapshot_at=self.snapshot.timestamp if self.snapshot else None,
        )
