"""The result of an apply: what apply prints and --result writes. Never a source for writes to Scale."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field as Key

from reconciler.diagnostics import Remedy
from reconciler.documents.parts import (
    CommitShape,
    Count,
    DiagnosticShape,
    Document,
    PlaceShape,
    Shape,
    TargetShape,
    Text,
    WholeSecond,
)
from reconciler.documents.text import Kind
from reconciler.errors import ResultFileError, UsageError
from reconciler.files.writing import check_named, write_whole
from reconciler.model.outcome import CallOutcome, CallResult, Outcome, OutcomeSummary, ProjectOutcome, Status
from reconciler.model.plan import Action, CallKind

KIND: Final = Kind(
    "an apply result",
    key="projects",
    error=ResultFileError,
    remedy=Remedy("Create a new one:", ("apply", "--result", "FILE")),
)


def check_result(file: Path) -> None:
    """Check that the result can be written, before anything is written to Scale.

    Raises:
        UsageError: it cannot.
    """
    folder = file.parent
    why = ""
    try:
        check_named(file)
    except OSError as problem:
        why = str(problem.strerror)
    if file.is_dir():
        why = "it is a folder"
    elif not why and not (folder.is_dir() and os.access(file if file.exists() else folder, os.W_OK)):
        why = "it is not writable" if file.exists() else "its folder is missing or not writable"
    if why:
        advice = "Nothing was written to Scale. Choose a different file."
        raise UsageError(f"the result cannot be written to {file}: {why}", advice)


def write_result_file(outcome: Outcome, file: Path) -> None:
    """Save the outcome, whose files are relative: mode 0600, all of it or nothing. OSError if it cannot be written."""
    write_whole(KIND.write(ResultShape.document(outcome)), file)


def read_result_file(file: Path, *, base: Path) -> Outcome:
    """The outcome in a file. File names in it are relative to `base`.

    The file has no live projects, no differences, and no durations.

    Raises:
        ResultFileError: it cannot be read, has another format, or does not have the content of a result.
    """
    outcome: Outcome = KIND.read_file(file, ResultShape, base=base)
    return outcome


class CallOutcomeShape(Shape):
    describes = CallOutcome

    call: CallKind
    result: CallResult
    """The result of the request."""


class ProjectOutcomeShape(Shape):
    """The result of one project."""

    describes = ProjectOutcome

    name: Text
    """The project's name."""
    action: Action
    status: Status
    reason: Text
    """Why the change was not made; empty if it was."""
    params_version: int | None
    """The version of the parameters that was last read; null if none was read."""
    ontology_version: int | None
    """The version of the ontology that was last read; null if none was read."""
    calls: tuple[CallOutcomeShape, ...]
    """The project's requests."""
    hash: Text
    """SHA-256 of the project's intent."""
    source: PlaceShape | None
    held_by: tuple[Text, ...] = ()
    """The guards that held it."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics about this project."""


class OutcomeSummaryShape(Shape):
    """The number of projects with each result."""

    describes = OutcomeSummary

    added: Count
    changed: Count
    destroyed: Count
    forgotten: Count
    failed: Count
    skipped: Count
    not_started: Count


class ResultShape(Document):
    """The output of reconciler apply --format json, and the file of --result."""

    describes = Outcome

    started_at: WholeSecond
    """When the apply began. RFC 3339, UTC."""
    finished_at: WholeSecond | None
    """When the apply ended. RFC 3339, UTC. Null if a signal ended the run while requests were in flight."""
    target: TargetShape
    commit: Annotated[CommitShape, Key(alias="source")]
    plan_hash: Text
    """SHA-256 of all intents of the plan."""
    pending_only: bool = False
    """Whether the plan was made with --pending."""
    previous_commit: Text | None
    """The commit of the previous apply; null if it is unknown."""
    interrupted_by: int | None
    """The number of the signal that interrupted the apply; null if none did."""
    summary: OutcomeSummaryShape
    projects: tuple[ProjectOutcomeShape, ...]
    """All projects of the plan, ordered by name."""
    diagnostics: tuple[DiagnosticShape, ...]
    """Diagnostics that are not about a single project."""
