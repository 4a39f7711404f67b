"""The base of every shape, and the parts that several documents share.

A shape is a pydantic model, and the only description of a document: the document is written from an instance and read
into one, and the published JSON Schema is generated from the model. `of` makes a shape from a value of the model;
`read` makes the value again. Both match keys with attributes by name. A subclass passes only those that differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Self, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, InstanceOf, WithJsonSchema
from pydantic import Field as Key

from reconciler import __version__
from reconciler.diagnostics import Diagnostic, Location, Remedy, Severity, limited
from reconciler.instants import timestamp
from reconciler.model.plan import Commit, TargetInfo
from reconciler.model.project import Source
from reconciler.model.values import Json, Masked

FORMAT_VERSION: Final = "1.0"


class Shape(BaseModel):
    """The shape of the values of one dataclass, which it `describes`.

    Unknown keys are ignored. A key that has a default is written only if its value differs from the default.
    """

    model_config = ConfigDict(extra="ignore", validate_by_name=True, validate_by_alias=True, defer_build=True)

    describes: ClassVar[type[Any]]

    @classmethod
    def of(cls, value: Any, /, **given: Any) -> Self:
        """The shape of a value. Each key that is not in `given` comes from the attribute of the same name."""
        for name, shape in _keys_of(cls):
            if name not in given:
                inner = getattr(value, name)
                if shape is not None and inner is not None:
                    inner = shape.of_each(inner) if isinstance(inner, tuple) else shape.of(inner)
                given[name] = inner
        return cls(**given)

    @classmethod
    def of_each(cls, values: Iterable[Any]) -> tuple[Self, ...]:
        return tuple(map(cls.of, values))

    def read(self, **given: Any) -> Any:
        """The value. Each attribute that is not in `given` comes from the key of the same name, or has its default if
        there is no such key."""
        values = vars(self)
        plain, nested = _attributes_of(type(self))
        made = {name: values[name] for name in plain}
        for name in nested:
            if name not in given:
                inner = values[name]
                is_several = isinstance(inner, tuple)
                made[name] = tuple([each.read() for each in inner]) if is_several else inner and inner.read()
        return self.describes(**(made | given))


@cache
def _keys_of(shape: type[Shape]) -> list[tuple[str, type[Shape] | None]]:
    """Each key, with the shape of its value or of the values in its tuple."""
    return [(name, _shape_in(key.annotation)) for name, key in shape.model_fields.items()]


@cache
def _attributes_of(shape: type[Shape]) -> tuple[list[str], list[str]]:
    """The keys that are attributes of what the shape describes: those with plain values, and those with shapes."""
    keys = [(name, inner) for name, inner in _keys_of(shape) if name in shape.describes.__dataclass_fields__]
    return [name for name, inner in keys if inner is None], [name for name, inner in keys if inner is not None]


def _shape_in(annotation: Any) -> type[Shape] | None:
    if isinstance(annotation, type) and issubclass(annotation, Shape):
        return annotation
    return next(filter(None, map(_shape_in, get_args(annotation))), None)


def as_json(shape: Json) -> Json:
    """A shape as a JSON value."""
    kind: Any = type(shape)
    if kind in _AS_THEY_ARE:
        return shape
    if kind is tuple:
        return [as_json(item) for item in shape]
    if _is_shape(kind):
        values = vars(shape)
        return {
            key: value if type(value) in _AS_THEY_ARE else as_json(value)
            for name, key, default in _keys(kind)
            if (value := values[name]) is not default and (default is None or value != default)
        }
    first: Any = type(next(iter(shape.values()), None)) if kind is dict else None
    if first is not None and _is_shape(first):
        return {key: as_json(value) for key, value in shape.items()}
    if isinstance(shape, date):
        return timestamp(shape) if isinstance(shape, datetime) else shape.isoformat()
    return shape


@cache
def _is_shape(kind: type[Any]) -> bool:
    """Cached because pydantic's own check of an instance takes longer than all else that is done with it."""
    return issubclass(kind, Shape)


_AS_THEY_ARE: Final = frozenset({str, int, float, bool, type(None), list})
_NO_DEFAULT: Final = object()


@cache
def _keys(shape: type[Shape]) -> list[tuple[str, str, Any]]:
    """For each key: its name in the shape, its name in the document, and its default."""
    return [
        (name, key.serialization_alias or name, _NO_DEFAULT if key.is_required() else key.default)
        for name, key in shape.model_fields.items()
    ]


def _in_utc(moment: datetime) -> datetime:
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:
        pass
    raise ValueError("not a time with a zone")


Moment = Annotated[datetime, AfterValidator(_in_utc)]
"""A time in UTC."""

WholeSecond = Annotated[Moment, AfterValidator(lambda moment: moment.replace(microsecond=0))]
"""A time in UTC without its fraction: the form in which a run notes its own times."""

Text = InstanceOf[str]
"""Any string. File names and foreign values may contain halves of surrogate pairs, which pydantic refuses."""


Hidden = Annotated[InstanceOf[Masked], WithJsonSchema({"type": "string"})]
"""The text that replaces a sensitive value. It cannot be read back."""

Hash = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
CommitId = Annotated[Text, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{40}$"})]
Number = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 1})]
Count = Annotated[int, WithJsonSchema({"type": "integer", "minimum": 0})]
Version = Annotated[Text, WithJsonSchema({"type": "string", "pattern": r"^1\.[0-9]+$"})]


class PlaceShape(Shape):
    """A line of a file."""

    describes = Source

    file: Text
    """The file's path, relative to the git top level, or outside git, to the repository root."""
    line: Number
    """The line number, counted from 1."""


class RemedyShape(Shape):
    """A command to run."""

    describes = Remedy

    words: Text
    """What it does."""
    run: tuple[Text, ...]
    """The command and its own options, without those that the run was started with. Names follow `--`."""
    command: Text = ""
    """The whole command, for a shell."""


class DiagnosticShape(Shape):
    """A problem, where it is, and how to fix it."""

    describes = Diagnostic

    severity: Severity
    """The severity. Only an error makes a run fail."""
    code: Text
    """The kind of problem. See docs/diagnostics.md."""
    summary: Text
    """The problem, in one line."""
    detail: Text
    """Why it matters and what to do. Starts with the label, if there is one. Can be empty."""
    file: Text | None
    """The file's path, relative to the git top level, or outside git, to the repository root."""
    line: Number | None
    """The line number, counted from 1."""
    column: Number | None
    """The column, in characters, counted from 1."""
    end_column: Number | None = None
    """The column after the last character."""
    text: Text | None = None
    """The whole line. Only in files of plan --out."""
    label: Text = ""
    """A short remark about the location itself."""
    used_by: tuple[PlaceShape, ...] = ()
    """The locations in other manifests that use the file."""
    remedies: tuple[RemedyShape, ...] = ()
    """The commands that the detail ends with."""

    @classmethod
    def of(cls, diagnostic: Diagnostic, /, **given: Any) -> Self:
        location = diagnostic.location
        return super().of(
            diagnostic,
            detail="\n".join(part for part in (diagnostic.label, diagnostic.explanation) if part),
            **{name: getattr(location, name, None) for name in ("file", "line", "column", "end_column")},
            **{"text": None, **given},
        )

    @classmethod
    def of_each(cls, values: Iterable[Diagnostic]) -> tuple[Self, ...]:
        return super().of_each(limited(values))

    def read(self, **given: Any) -> Any:
        location = None
        if self.file is not None and self.line is not None and self.column is not None:
            location = Location(self.file, self.line, self.column, self.end_column or self.column + 1, self.text)
        remedies = tuple(remedy.read() for remedy in self.remedies)
        detail = self.detail.removeprefix(self.label).removeprefix("\n") if self.label else self.detail
        for remedy in reversed(remedies):
            detail = detail.removesuffix(remedy.text).removesuffix("\n")
        return super().read(
            detail=detail,
            remedies=remedies,
            location=location,
            used_by=tuple(Location(user.file, user.line, 1, 2) for user in self.used_by),
            **given,
        )


class WholeDiagnosticShape(DiagnosticShape):
    """A diagnostic in a file of plan --out, with the whole line."""

    @classmethod
    def of(cls, diagnostic: Diagnostic, /, **given: Any) -> Self:
        return super().of(diagnostic, text=diagnostic.location.text if diagnostic.location else None, **given)


class TargetShape(Shape):
    """The target."""

    describes = TargetInfo

    name: Text
    """The target's name."""
    endpoint: Text
    """The endpoint's URL, or the sandbox's file."""
    account: Text | None
    """A fingerprint of the account; null if it is not known. Null matches any account."""


class CommitShape(Shape):
    """The commit of the manifests."""

    describes = Commit

    commit: CommitId | None
    """The commit's hash, 40 hexadecimal digits; null if there is no commit."""
    dirty: bool
    """Whether any file that was read differs from the commit."""


class TakenShape(Shape):
    """The snapshot that live state was read from."""

    describes = datetime

    timestamp: Moment
    """When the snapshot was taken. RFC 3339, UTC."""

    @classmethod
    def of(cls, taken_at: datetime, /, **given: Any) -> Self:
        return cls(timestamp=taken_at)

    def read(self, **given: Any) -> Any:
        return self.timestamp


class Document(Shape):
    """A document as a whole."""

    format_version: Version
    """The version of the format. Versions 1.x only add to 1.0."""
    tool_version: Text
    """The version of reconciler that wrote the document."""

    @classmethod
    def of(cls, value: Any, /, **given: Any) -> Self:
        return super().of(value, format_version=FORMAT_VERSION, tool_version=__version__, **given)

    @classmethod
    def document(cls, value: Any) -> dict[str, Json]:
        """The whole document about a value, in which sensitive values are already masked."""
        document: dict[str, Json] = as_json(cls.of(value))
        return document


class ProjectDocument(Document):
    """A document about the versions of one project."""

    read_at: Annotated[Moment, Key(alias="timestamp")]
    """When live state was read. RFC 3339, UTC."""
    masked: bool = False
    """Whether sensitive values are masked."""
    target: TargetShape
    name: Text
    """The project's name."""
