"""The validation document, which validate prints. It is not read back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from pydantic import WithJsonSchema

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.documents.parts import (
    FORMAT_VERSION,
    Count,
    DiagnosticShape,
    PlaceShape,
    Shape,
    Text,
    Version,
    as_json,
)
from reconciler.fieldpath import FieldPath, Pattern, format_path
from reconciler.keys.kinds import is_own
from reconciler.model.printed import masked_document
from reconciler.model.project import DesiredProject, Source
from reconciler.model.rebuilding import relative, with_files
from reconciler.model.values import Json

Resolved = tuple[DesiredProject, Mapping[FieldPath, Source]]
"""A composed project, and where each of its leaves was written."""


_COMPOSED: Final = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "type": {"type": "string"},
        "params": {"type": "object"},
        "ontology": {"type": ["array", "object"]},
    },
    "required": ["name", "type"],
}


class ResolvedShape(Shape):
    """A project after composition."""

    name: Text
    """The project's name."""
    source: PlaceShape
    project: Annotated[dict[str, Any], WithJsonSchema(_COMPOSED)]
    """The manifest with what it inherits and refers to."""
    sources: Annotated[
        dict[str, Text],
        WithJsonSchema({"type": "object", "additionalProperties": {"type": "string", "pattern": ":[0-9]+$"}}),
    ]
    """The path of each leaf (a single value, or an empty list or mapping), and FILE:LINE where it was written."""


class ValidationSummaryShape(Shape):
    """The number of diagnostics of each severity."""

    errors: Count
    warnings: Count
    notes: Count


class ValidationShape(Shape):
    """The output of reconciler validate --format json."""

    format_version: Version
    """The version of the format. Versions 1.x only add to 1.0."""
    summary: ValidationSummaryShape
    diagnostics: tuple[DiagnosticShape, ...]
    """The diagnostics, ordered by file and line."""
    masked: bool | None = None
    """With --resolved: whether sensitive values are masked."""
    projects: tuple[ResolvedShape, ...] | None = None
    """With --resolved: the projects without errors, after composition."""


def validation_document(
    diagnostics: Sequence[Diagnostic],
    *,
    base: str,
    resolved: Sequence[Resolved] | None = None,
    sensitive: Sequence[Pattern] = (),
) -> dict[str, Json]:
    """What `validate` found and, with `resolved`, each project. Files become relative to `base`."""
    count = Counter(diagnostic.severity for diagnostic in diagnostics)
    composed = [{key: value for key, value in one.document.items() if not is_own(key)} for one, _ in resolved or ()]
    shown = [masked_document(each, sensitive) for each in composed]
    projects = tuple(
        ResolvedShape(
            name=project.name,
            source=PlaceShape(file=relative(project.source.file, base), line=project.source.line),
            project=each,
            sources={format_path(path): f"{relative(one.file, base)}:{one.line}" for path, one in sources.items()},
        )
        for (project, sources), each in zip(resolved or (), shown, strict=True)
    )
    document: dict[str, Json] = as_json(
        ValidationShape(
            format_version=FORMAT_VERSION,
            summary=ValidationSummaryShape(
                errors=count[Severity.ERROR], warnings=count[Severity.WARNING], notes=count[Severity.NOTE]
            ),
            diagnostics=DiagnosticShape.of_each(with_files(tuple(diagnostics), partial(relative, base=base))),
            masked=None if resolved is None else shown != composed,
            projects=None if resolved is None else projects,
        )
    )
    return document
