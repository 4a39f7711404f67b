"""The documents about the versions of a project, which history, blame, and history --relabel print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import Field as Key

from reconciler.documents.parts import (
    CommitId,
    Count,
    DiagnosticShape,
    Moment,
    ProjectDocument,
    Shape,
    Text,
)
from reconciler.documents.plan import RenameShape
from reconciler.documents.tables import table
from reconciler.fieldpath import format_path
from reconciler.instants import timestamp
from reconciler.model.history import (
    Apply,
    Author,
    Blame,
    Blamed,
    History,
    Made,
    Maker,
    Part,
    Relabel,
    Renaming,
    Revision,
)
from reconciler.model.plan import Field, Kind, State
from reconciler.model.values import ABSENT, Json


class ApplyShape(Shape):
    """The apply that made a version."""

    describes = Apply

    run: Text
    """The ID of the run."""
    at: Moment
    """When the run announced its writes. RFC 3339, UTC."""
    record: Text
    """The commit in the record's log."""


class AuthorShape(Shape):
    """The author of a commit."""

    describes = Author

    name: Text
    """The author's name."""
    subject: Text
    """The first line of the commit's message."""


def made_of(made: Made) -> dict[str, Any]:
    """The keys that say what made a version."""
    apply = ApplyShape.of(made.apply) if made.apply is not None else None
    return {"made_by": made.by, "commit": made.commit, "apply": apply}


def author_of(made: Made, authors: Mapping[str, Author]) -> AuthorShape | None:
    found = authors.get(made.commit or "")
    return AuthorShape.of(found) if found is not None else None


class ChangeShape(Shape):
    """One difference from the version before."""

    describes = Field

    path: Text
    """The field, dotted: params.geometries.box.min_width."""
    kind: Kind
    before: Any
    """The value before; null if there was none."""
    after: Any
    """The value since then; null if there is none."""
    renamed: RenameShape | None = None
    """Set for a choice or label that is renamed as the manifest declares: its removal, and what replaces it."""

    @classmethod
    def of(cls, field: Field, /, **given: Any) -> Self:
        sides = {"before": field.before, "after": field.after}
        known = {side: None if value is ABSENT else value for side, value in sides.items()}
        return super().of(field, path=format_path(field.path), **known, **given)


class RevisionShape(Shape):
    """One version."""

    describes = Revision

    number: Annotated[Count, Key(alias="version")]
    """The version's number."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When the version was made. RFC 3339, UTC; null if Scale gives no time."""
    commit: CommitId | None
    """The commit whose manifest made the version; null if no apply made it, or if no commit holds the manifest."""
    changes: tuple[ChangeShape, ...] | None
    """What changed since the version before; null if that version is not shown, or if one of the two cannot be read."""
    made_by: Maker
    """What made the version: an apply, someone on Scale, or unknown because it is older than the record."""
    since: Count | None
    """The version that it is compared with; null if there is none."""
    apply: ApplyShape | None
    author: AuthorShape | None
    """The author of the commit; null if this clone does not have the commit."""
    content: Any = None
    """With --at: the parameters, or the ontology's choices."""
    name: Any = None
    """With --at: the ontology's name, if it has one."""

    @classmethod
    def of(cls, revision: Revision, /, **given: Any) -> Self:
        fields = revision.fields
        return super().of(
            revision,
            **made_of(revision.made),
            changes=ChangeShape.of_each(fields) if fields is not None else None,
            **{"content": None, "name": None, **given},
        )


class HistoryShape(ProjectDocument):
    """The output of reconciler history --format json."""

    describes = History

    type: Text
    """The task type."""
    at: Moment | None = None
    """With --at: the time that was asked for. The versions are then those of that time."""
    params: tuple[RevisionShape, ...]
    """Versions of the parameters, oldest first."""
    ontology: tuple[RevisionShape, ...]
    """Versions of the ontology, oldest first."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Remarks, such as that Scale shows only the end of the history."""

    @classmethod
    def of(cls, history: History, /, **given: Any) -> Self:
        def shapes(part: Part) -> tuple[RevisionShape, ...]:
            return tuple(_revision(history, revision) for revision in history.of(part))

        return super().of(history, params=shapes(Part.PARAMS), ontology=shapes(Part.ONTOLOGY), **given)


def _revision(history: History, revision: Revision) -> RevisionShape:
    given: dict[str, Any] = {"author": author_of(revision.made, history.authors)}
    if history.at is not None and revision.after is not None:
        given |= _content(revision.part, revision.after)
    return RevisionShape.of(revision, **given)


def _content(part: Part, state: State) -> dict[str, Json]:
    if part is Part.PARAMS:
        return {"content": state.params}
    return {"content": state.ontology, "name": state.ontology_name}


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


class RenamingShape(Shape):
    """A choice or a label that got a new name."""

    describes = Renaming

    old: Text
    """The name before."""
    new: Text
    """The name since then."""
    version: Count
    """The version in which the name changed."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When that version was made. RFC 3339, UTC; null if Scale gives no time."""
    commit: CommitId | None
    """The commit whose manifest made the version; null if no apply made it, or if no commit holds the manifest."""
    declared: bool
    """Whether the manifest declares the rename. If not, the names are only similar."""

    @classmethod
    def of(cls, renaming: Renaming, /, **given: Any) -> Self:
        return super().of(renaming, commit=renaming.made.commit, **given)


class RelabelShape(ProjectDocument):
    """The output of reconciler history --relabel --format json."""

    describes = Relabel

    part: Part
    """Whose versions these are: the ontology's, or with params, those of lists of labels."""
    first: Count
    """The version that the labels were made with."""
    last: Count
    """The version that they are migrated to."""
    renames: tuple[RenamingShape, ...]
    """The renames, in the order in which they are to be carried out."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Remarks, such as that there is no record."""


_COLUMNS: Final = ("old", "new", "version", "commit", "created_at", "declared")


def relabel_csv(relabel: Relabel) -> str:
    """One row for each rename, below the names of the columns. What is unknown is empty."""
    return table(_COLUMNS, map(_row, relabel.renames))


def _row(one: Renaming) -> list[str | int | None]:
    at = timestamp(one.at) if one.at is not None else None
    return [one.old, one.new, one.version, one.made.commit, at, "true" if one.declared else "false"]
