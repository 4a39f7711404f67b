"""The annotations of a plan, a drift, or an outcome: diagnostics, each at a line in git."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, Location, error, warning
from reconciler.model.drift import Drift
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Cause, Plan
from reconciler.model.project import Source, address_of
from reconciler.render.view.outcome import explained


def annotations_of(found: Plan | Drift | Outcome) -> Iterator[Diagnostic]:
    """The diagnostics of the whole, then those of each project. One without a location gets the project's line."""
    yield from found.diagnostics
    for diagnostics, source in _projects(found):
        for diagnostic in diagnostics:
            if diagnostic.location is None and source is not None:
                diagnostic = replace(diagnostic, location=Location(source.file, source.line, 1, 2))
            yield diagnostic


def _projects(found: Plan | Drift | Outcome) -> Iterator[tuple[Iterable[Diagnostic], Source | None]]:
    match found:
        case Plan():
            for change in found.changes:
                yield change.diagnostics, change.source
                for held in change.held_by:
                    summary = f"{address_of(change.name)} is held: {held.why}"
                    yield [error(held.guard, summary, detail=held.remedy)], change.source
        case Outcome():
            for project in found.projects:
                yield explained(project), project.source
        case _:
            for drifted in found.projects:
                yield drifted.diagnostics, drifted.source
                for unit in drifted.units:
                    if unit.cause.drifted:
                        version = f" (version {unit.version})" if unit.version is not None else ""
                        what = "differs from git" if unit.cause is Cause.UNKNOWN else "has changed outside git"
                        words = f"{address_of(drifted.name)}: {unit.path} {what}{version}"
                        yield [warning(unit.cause.value, words)], unit.source or drifted.source
            for blocked in found.blocked:
                yield [blocked.diagnostic], blocked.source
