"""Keep the issue that shows a target's drift."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from reconciler.diagnostics import Remedy
from reconciler.documents.drift import DriftShape
from reconciler.errors import GithubError
from reconciler.forge.github.client import GithubClient
from reconciler.forge.github.comments import job_hash
from reconciler.forge.github.coverage import Coverage
from reconciler.forge.github.event import Event
from reconciler.forge.github.issues import ShownDrift, keep_issue
from reconciler.forge.github.marker import short_hash
from reconciler.model.drift import Drift
from reconciler.model.printed import printed
from reconciler.model.values import canonical_json
from reconciler.operations.github_writer import CONTENT, Report, Writer, in_words, said, with_notes
from reconciler.planning.drift import with_fields
from reconciler.render.markdown.fitting import LIMIT
from reconciler.render.markdown.page import lay_out_view
from reconciler.render.markdown.talk import (
    covered_words,
    drift_changed,
    drift_left,
    drift_over,
    drift_title,
    scope_words,
)
from reconciler.render.view.drift import view_drift

_MARKER = 18_000


def keep_drift_issue(client: GithubClient, event: Event, drift: Drift, writer: Writer) -> Report:
    """Update the scope's issue: what drifted, and what could not be compared.

    The issue stays open while a project is blocked, because that project may have drifted.

    A check of some projects keeps an issue of its own.

    Raises:
        GithubError: the check failed or does not say which projects it covered, or the issue cannot be read or written.
    """
    drifts = _identities(drift)
    if failures := [failure for failure in drift.diagnostics if failure.is_error]:
        raise GithubError("the drift check failed", "The drift issue is unchanged.", causes=failures)
    if not drift.complete and not drift.checked:
        raise GithubError(
            "the drift check covered only some projects",
            "The drift issue is unchanged, because projects that were not checked might have drifted.",
            remedies=[Remedy("To check all projects:", ("drift", "--format", "json", "--"))],
        )
    scope, notes = writer.scope(drift.target.name), [*writer.scope_line(writer.scope(drift.target.name))]
    if not drift.complete:
        notes.append(covered_words(drift.checked))
    words = scope_words(scope.target, scope.folder, scope.id)
    shown = ShownDrift(
        scope=scope,
        drifts=drifts,
        title=drift_title(scope.target, scope.folder, scope.id),
        data={CONTENT: content_hash(drift, writer)},
        text=with_notes(drift_text(drift, event, writer, limit=LIMIT - _MARKER), notes),
        remark=drift_left,
        changed=partial(drift_changed, words),
        over=drift_over(words),
        drifting=_drifting(drift),
        coverage=Coverage.of(drift.checked, complete=drift.complete),
        unchecked=drift.unchecked,
        job=job_hash(event),
    )
    kept, url, warnings = keep_issue(client, shown, author=client.author(), at=drift.made_at, now=writer.now)
    drifted = in_words(scope)
    words = said(f"Drift issue for {drifted}", kept, url, none=f"No drift on {drifted}, and no open drift issue.")
    return Report((words,), tuple(warnings))


def drift_text(drift: Drift, event: Event, writer: Writer, *, limit: int) -> str:
    """The issue's description. A drift that was read from a document has no fields, so they are computed here."""
    projects = tuple(
        replace(project, units=tuple(with_fields(unit) for unit in project.units)) for project in drift.projects
    )
    view = view_drift(replace(drift, projects=projects), writer.reader(event, event.sha))
    return lay_out_view(view, limit=limit)


def _identities(drift: Drift) -> tuple[str, ...]:
    """One text per drift. It includes the version, so a later edit of the same unit is a different drift."""
    units = [
        canonical_json([project.name, unit.path, unit.version])
        for project in drift.projects
        for unit in project.units
        if unit.cause.drifted
    ]
    blocked = (canonical_json(["blocked", project.name, project.diagnostic.code]) for project in drift.blocked)
    return (*units, *(canonical_json([name]) for name in drift.vanished), *blocked)


def _drifting(drift: Drift) -> tuple[str, ...]:
    """The projects with drift."""
    units = (project.name for project in drift.projects if any(unit.cause.drifted for unit in project.units))
    return (*units, *drift.vanished, *(project.name for project in drift.blocked))


def content_hash(drift: Drift, writer: Writer) -> str:
    """A hash of the description's content, without the times in it."""
    document = DriftShape.document(printed(drift, base=writer.base, sensitive=writer.sensitive))
    del document["timestamp"], document["snapshot"]
    for project in document["projects"]:
        for unit in project["units"]:
            del unit["age_seconds"]
    return short_hash(canonical_json(document))
