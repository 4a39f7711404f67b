"""The blame document, which blame prints."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field as Key

from reconciler.documents.history import ApplyShape, AuthorShape, author_of, made_of
from reconciler.documents.parts import (
    CommitId,
    Count,
    DiagnosticShape,
    Moment,
    ProjectDocument,
    Shape,
    Text,
)
from reconciler.fieldpath import format_path
from reconciler.model.history import Blame, Blamed, Maker


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
        return super().of(field, path=format_path(field.path), **made_of(field.made), **given)


class BlameShape(ProjectDocument):
    """The output of reconciler blame --format json."""

    describes = Blame

    type: Text
    """The task type."""
    fields: tuple[BlamedShape, ...]
    """Every live value: those of the params, then the choices of the ontology with their attributes."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Remarks, such as that there is no record."""

    @classmethod
    def of(cls, blame: Blame, /, **given: Any) -> Self:
        fields = tuple(BlamedShape.of(field, author=author_of(field.made, blame.authors)) for field in blame.fields)
        return super().of(blame, fields=fields, **given)
