"""What a check of the manifests found."""

from __future__ import annotations

from reconciler.diagnostics import Diagnostic
from reconciler.frozen import dataclass
from reconciler.model.project import DesiredProject, Source


@dataclass(frozen=True, slots=True)
class Document:
    """A document of a manifest. `name` is None if it has no valid one."""

    source: Source
    name: str | None


@dataclass(frozen=True, slots=True)
class Validation:
    """`documents` are the selected ones. `beside` counts the files that are not selected and share a name with one.

    `projects` are the selected projects without an error, as composed.
    """

    diagnostics: tuple[Diagnostic, ...]
    documents: tuple[Document, ...] = ()
    beside: int = 0
    projects: tuple[DesiredProject, ...] = ()

    @property
    def valid(self) -> bool:
        return not any(diagnostic.is_error for diagnostic in self.diagnostics)

    @property
    def manifests(self) -> int:
        """How many manifests were checked."""
        return len(self.documents) + self.beside
