"""What documents are made of: the base of every shape, and the parts that several documents have.

A shape is a pydantic model, and the one description of a document: it is written from an instance, read into one, and
the published JSON Schema is made from it. `of` makes a shape from a value of the model; `read` makes the value again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, InstanceOf, WithJsonSchema

from reconciler.diagnostics import Diagnostic, Location, Severity, limited
from reconciler.instants import timestamp
from reconciler.model.project import Source
from reconciler.model.values import Json, Masked

FORMAT_VERSION: Final = "1.0"


class Shape(BaseModel):
    """Keys that are unknown are ignored. A key that has a default is written only if its value is another one."""

    model_config = ConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True)


def as_json(shape: Json) -> Json:
    """The JSON value that a shape is written as."""
    if isinstance(shape, Shape):
        return {
            key: value if type(value) in _AS_THEY_ARE else as_json(value)
            for name, key, default in _keys(type(shape))
            if (value := getattr(shape, name)) is not default and (default is None or value != default)
        }
    if isinstance(shape, tuple):
        return [as_json(item) for item in shape]
    if isinstance(shape, dict) and isinstance(next(iter(shape.values()), None), Shape):
        return {key: as_json(value) for key, value in shape.items()}
    if isinstance(shape, date):
        return timestamp(shape) if isinstance(shape, datetime) else shape.isoformat()
    return shape


_AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None), list})
_NO_DEFAULT: Final = object()


@cache
def _keys(shape: type[Shape]) -> list[tuple[str, str, Any]]:
    """Of each key: its name in the shape, its name in the document, and its default."""
    return [
        (name, key.serialization_alias or name, _NO_DEFAULT if key.is_required() else key.default)
        for name, key in shape.model_fields.items()
    ]


def values_of(value: Any) -> dict[str, Any]:
    """The attributes of a dataclass, for a shape with the same names."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def whole_second(moment: datetime) -> datetime:
    """Without its fraction: what a run notes of its own time."""
    return moment.replace(microsecond=0)


def absolute(file: str, base: str) -> str:
    """A file of a document, which is relative to `base`."""
    return os.path.normpath(os.path.join(base, file))


def _in_utc(moment: datetime) -> datetime:
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        pass
    raise ValueError("not a time with a zone")


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A time in UTC."""

Text = InstanceOf[str]
"""Any string: file names, and foreign values, may hold halves of surrogate pairs, which pydantic refuses."""


Hidden = Annotated[InstanceOf[Masked], WithJsonSchema({"type": "string"})]
"""What is printed in place of a sensitive value. It cannot be read back."""

Hash = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
CommitId = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{40}$"})]
Number = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 1})]
Count = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]
Version = Annotated[Text, WithJsonSchema({"type": "string", "pattern": r"^1\.[0-9]+$"})]


class PlaceShape(Shape):
    """A line of a file."""

    file: Text
    """The file, relative to the git top level, else to the repository root."""
    line: Number
    """The line, from 1."""

    @classmethod
    def of(cls, source: Source | Location) -> PlaceShape:
        return cls(file=source.file, line=source.line)

    def read(self) -> Source:
        return Source(self.file, self.line)


class DiagnosticShape(Shape):
    """What is wrong, where, and what to do."""

    severity: Severity
    """Only an error makes a run fail."""
    code: Text
    """What kind of mistake: see docs/diagnostics.md."""
    summary: Text
    """What is wrong, in a line."""
    detail: Text
    """Why, and what to do; empty if there is nothing more to say. Starts with the label, if there is one."""
    file: Text | None
    """The file, relative to the git top level, else to the repository root."""
    line: Number | None
    """The line, from 1."""
    column: Number | None
    """The column, in characters from 1."""
    end_column: Number | None = None
    """One past the last column."""
    text: Text | None = None
    """In files of `--out`: the whole line."""
    label: Text = ""
    """What is said at the place itself."""
    used_by: tuple[PlaceShape, ...] = ()
    """Where the manifests that the mistake reaches use the file."""

    @classmethod
    def of(cls, diagnostic: Diagnostic, *, whole: bool = False) -> DiagnosticShape:
        location = diagnostic.location
        return cls(
            severity=diagnostic.severity,
            code=diagnostic.code,
            summary=diagnostic.summary,
            detail="\n".join(part for part in (diagnostic.label, diagnostic.detail) if part),
            file=location.file if location else None,
            line=location.line if location else None,
            column=location.column if location else None,
            end_column=location.end_column if location else None,
            text=location.text if location and whole else None,
            label=diagnostic.label,
            used_by=tuple(PlaceShape.of(user) for user in diagnostic.used_by),
        )

    def read(self) -> Diagnostic:
        location = None
        if self.file is not None and self.line is not None and self.column is not None:
            location = Location(self.file, self.line, self.column, self.end_column or self.column + 1, self.text)
        return Diagnostic(
            self.severity,
            self.code,
            self.summary,
            self.detail[len(self.label) :].removeprefix("\n") if self.label else self.detail,
            location,
            self.label,
            tuple(Location(user.file, user.line, 1, 2) for user in self.used_by),
        )


def diagnostics_of(diagnostics: Iterable[Diagnostic], *, whole: bool = False) -> tuple[DiagnosticShape, ...]:
    return tuple(DiagnosticShape.of(diagnostic, whole=whole) for diagnostic in limited(diagnostics))


class TargetShape(Shape):
    """Where it was read and written."""

    name: Text
    """The target's name."""
    endpoint: Text
    """Its address, or the sandbox's file."""
    account: Text | None
    """A fingerprint of the account; null if it is not known, which matches any."""


class CommitShape(Shape):
    """What was read from git."""

    commit: CommitId | None
    """The commit, 40 hexadecimal digits; null without one."""
    dirty: bool
    """Files that were read differ from the commit."""


class TakenShape(Shape):
    """The snapshot that live state is from."""

    timestamp: Moment
    """When it was taken. RFC 3339, UTC."""

    @classmethod
    def of(cls, taken_at: datetime | None) -> TakenShape | None:
        return cls(timestamp=taken_at) if taken_at is not None else None
