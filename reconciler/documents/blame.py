"""The blame document, which blame prints."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field as Key

from reconciler.documents.history import ApplyShape, AuthorShape
from reconciler.documents.parts import (
    CommitId,
    Count,
    DiagnosticShape,
    Document,
    Moment,
    Shape,
    TargetShape,
    Text,
    as_json,
)
from reconciler.fieldpath import format_path
from reconciler.model.history import Blame, Blamed, Maker
from reconciler.model.values import Json


def blame_document(blame: Blame) -> dict[str, Json]:
    """The blame as a JSON document. Sensitive values in `blame` are already masked."""
    document: dict[str, Json] = as_json(BlameShape.of(blame))
    return document


class BlamedShape(Shape):
    """One live value."""

    describes = Blamed

    path: Text
    """The value's place, dotted: params.geometries.box.min_width, ontology.Animal.Cat."""
    value: Any
    """The live value; for a choice, its name."""
    version: Count
    """The version of the params or of the ontology that introduced the value."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When that version was made. RFC 3339, UTC; null if Scale gives no time."""
    or_earlier: bool = False
    """Whether an earlier version may have introduced the value: one that is not shown, or that cannot be read."""
    made_by: Maker
    """What made the version: an apply, someone on Scale, or unknown because it is older than the record."""
    commit: CommitId | None
    """The commit whose manifest made the version; null if no apply made it, or if no commit holds the manifest."""
    author: AuthorShape | None
    """The author of the commit; null if this clone does not have the commit."""
    apply: ApplyShape | None

    @classmethod
    def of(cls, field: Blamed, /, **given: Any) -> Self:
        apply = ApplyShape.of(field.made.apply) if field.made.apply is not None else None
        made = {"made_by": field.made.by, "commit": field.made.commit, "apply": apply}
        return super().of(field, path=format_path(field.path), **made, **given)


class BlameShape(Document):
    """The output of reconciler blame --format json."""

    describes = Blame

    read_at: Annotated[Moment, Key(alias="timestamp")]
    """When live state was read. RFC 3339, UTC."""
    masked: bool = False
    """Whether sensitive values are masked."""
    target: TargetShape
    name: Text
    """The project's name."""
    type: Text
    """The task type."""
    fields: tuple[BlamedShape, ...]
    """Every live value: those of the params, then the choices of the ontology with their attributes."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Remarks, such as that there is no record."""

    @classmethod
    def of(cls, blame: Blame, /, **given: Any) -> Self:
        def author(field: Blamed) -> AuthorShape | None:
            found = blame.authors.get(field.made.commit or "")
            return AuthorShape.of(found) if found is not None else None

        fields = tuple(BlamedShape.of(field, author=author(field)) for field in blame.fields)
        return super().of(blame, fields=fields, **given)
