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
    """The apply that created a version."""

    describes = Apply

    run: Text
    """The ID of the run."""
    at: Moment
    """When the run recorded its intent. RFC 3339, UTC."""
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
    """The keys that say what created a version."""
    apply = ApplyShape.of(made.apply) if made.apply is not None else None
    return {"made_by": made.by, "commit": made.commit, "apply": apply}


def author_of(made: Made, authors: Mapping[str, Author]) -> AuthorShape | None:
    found = authors.get(made.commit or "")
    return AuthorShape.of(found) if found is not None else None


class ChangeShape(Shape):
    """One difference from the previous version."""

    describes = Field

    path: Text
    """The path of the field, such as params.geometries.box.min_width."""
    kind: Kind
    before: Any
    """The previous value; null if there was none."""
    after: Any
    """The new value; null if there is none."""
    renamed: RenameShape | None = None
    """Set on the removal and the addition of a choice or label whose rename the manifest declares."""

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
    """When the version was created. RFC 3339, UTC; null if Scale returns no timestamp."""
    commit: CommitId | None
    """The manifest's commit; null if no apply created the version, or if no commit contains the manifest."""
    changes: tuple[ChangeShape, ...] | None
    """The changes since the previous version; null if that version is not shown, or if either cannot be read."""
    made_by: Maker
    """What created the version: an apply, someone on Scale, or unknown, because it is older than the record."""
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
    """With --at: the requested time. The versions are then the ones at that time."""
    params: tuple[RevisionShape, ...]
    """Versions of the parameters, oldest first."""
    ontology: tuple[RevisionShape, ...]
    """Versions of the ontology, oldest first."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Notes and warnings, such as that Scale shows only the latest versions."""

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
    """The path of the value, such as params.geometries.box.min_width or ontology.Animal.Cat."""
    value: Any
    """The live value; for a choice, its name."""
    version: Count
    """The version of the params or of the ontology that introduced the value."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When that version was created. RFC 3339, UTC; null if Scale returns no timestamp."""
    or_earlier: bool = False
    """Whether an earlier version, which is not shown or cannot be read, might have introduced the value."""
    made_by: Maker
    """What created the version: an apply, someone on Scale, or unknown, because it is older than the record."""
    commit: CommitId | None
    """The manifest's commit; null if no apply created the version, or if no commit contains the manifest."""
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
    """All live values: first params, then the ontology's choices with their attributes."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Notes and warnings, such as that there is no record."""

    @classmethod
    def of(cls, blame: Blame, /, **given: Any) -> Self:
        fields = tuple(BlamedShape.of(field, author=author_of(field.made, blame.authors)) for field in blame.fields)
        return super().of(blame, fields=fields, **given)


class RenamingShape(Shape):
    """A choice or a label that was renamed."""

    describes = Renaming

    old: Text
    """The name before."""
    new: Text
    """The new name."""
    version: Count
    """The version that renamed it."""
    at: Annotated[Moment | None, Key(alias="created_at")]
    """When that version was created. RFC 3339, UTC; null if Scale returns no timestamp."""
    commit: CommitId | None
    """The manifest's commit; null if no apply created the version, or if no commit contains the manifest."""
    declared: bool
    """Whether the manifest declares the rename. If not, the names are only similar."""

    @classmethod
    def of(cls, renaming: Renaming, /, **given: Any) -> Self:
        return super().of(renaming, commit=renaming.made.commit, **given)


class RelabelShape(ProjectDocument):
    """The output of reconciler history --relabel --format json."""

    describes = Relabel

    part: Part
    """Whether the versions are those of the ontology, or of the lists of labels in params."""
    first: Count
    """The version that the labels were created with."""
    last: Count
    """The version to migrate the labels to."""
    renames: tuple[RenamingShape, ...]
    """The renames, in the order in which to apply them."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Notes and warnings, such as that there is no record."""


_COLUMNS: Final = ("old", "new", "version", "commit", "created_at", "declared")


def relabel_csv(relabel: Relabel) -> str:
    """A header and one row for each rename. Unknown values are empty."""
    return table(_COLUMNS, map(_row, relabel.renames))


def _row(one: Renaming) -> list[str | int | None]:
    at = timestamp(one.at) if one.at is not None else None
    return [one.old, one.new, one.version, one.made.commit, at, "true" if one.declared else "false"]
