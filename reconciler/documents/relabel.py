"""The relabel document, which history --relabel prints, and the same as CSV."""

from __future__ import annotations

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
from reconciler.documents.tables import table
from reconciler.instants import timestamp
from reconciler.model.history import Part, Relabel, Renaming

_COLUMNS: Final = ("old", "new", "version", "commit", "created_at", "declared")


def relabel_csv(relabel: Relabel) -> str:
    """One row for each rename, below the names of the columns. What is unknown is empty."""
    return table(_COLUMNS, map(_row, relabel.renames))


def _row(one: Renaming) -> list[str | int | None]:
    at = timestamp(one.at) if one.at is not None else None
    return [one.old, one.new, one.version, one.made.commit, at, "true" if one.declared else "false"]


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
