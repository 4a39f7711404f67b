"""The cases of a test report: one for each manifest or project, and whether it passed."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from posixpath import basename
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, count, limited
from reconciler.frozen import dataclass
from reconciler.model.drift import Drift
from reconciler.model.rebuilding import relative
from reconciler.model.validation import Validation
from reconciler.render.view.diagnostics import in_order, last_line
from reconciler.render.view.drift import view_drift
from reconciler.render.view.parts import ProjectView, Reader

_VANISHED: Final = "an apply wrote this project, but Scale no longer lists it"


@dataclass(frozen=True, slots=True)
class Case:
    """A manifest or a project. `failure` says why it failed, None if it passed. `code` is the kind of failure.

    With `is_error`, it could not be compared. `project` is what is shown of it, or else `diagnostics`.
    """

    file: str
    name: str
    code: str = ""
    failure: str | None = None
    is_error: bool = False
    project: ProjectView | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """`last` is the line that the text format ends with. `made_at` is aware."""

    title: str
    made_at: datetime
    cases: tuple[Case, ...]
    last: str


def report_of_drift(drift: Drift, reader: Reader) -> Report:
    """A case for each project. It fails if it drifted or vanished; one that is blocked is an error."""
    view = view_drift(drift, reader)
    shown = {project.name: project for project in view.projects}
    vanished = set(drift.vanished)
    cases = []
    for blocked in drift.blocked:
        file, why = relative(blocked.source.file, reader.base), blocked.diagnostic.summary
        cases.append(Case(file, blocked.name, "blocked", why, is_error=True, project=shown[blocked.name]))
    for project in drift.projects:
        file = relative(project.source.file, reader.base)
        drifted = [unit.path for unit in project.units if unit.cause.drifted]
        if project.name in vanished:
            cases.append(Case(file, project.name, "vanished", _VANISHED))
        elif drifted:
            words = f"{count(len(drifted), 'unit')} drifted: {', '.join(drifted)}"
            cases.append(Case(file, project.name, "drift", words, project=shown[project.name]))
        else:
            cases.append(Case(file, project.name, project=shown.get(project.name)))
    cases.sort(key=lambda case: case.name)
    return Report(f"reconciler drift of {view.target}", drift.made_at, tuple(cases), view.last)


def view_report(found: Validation, made_at: datetime) -> Report:
    """A case for each manifest, with the messages between its line and the next manifest of the file. Messages of
    other files are a case for each of these, and those without a file are one more."""
    starts: dict[str, list[int]] = defaultdict(list)
    for document in found.documents:
        starts[document.source.file].append(document.source.line)
    for lines in starts.values():
        lines.sort()
    own: dict[tuple[str, int], list[Diagnostic]] = defaultdict(list)
    for diagnostic in in_order(limited(found.diagnostics)):
        location = diagnostic.location
        file, line = (location.file, location.line) if location is not None else ("", 0)
        lines = starts.get(file, [0])
        own[file, lines[max(0, bisect_right(lines, line) - 1)]].append(diagnostic)
    cases = []
    for each in found.documents:
        file, line = each.source.file, each.source.line
        cases.append(_case(file, each.name or f"line {line}", own.pop((file, line), ())))
    cases += [_case(file or "reconciler", basename(file) or "run", rest) for (file, _), rest in own.items()]
    return Report("reconciler validate", made_at, tuple(cases), last_line(found.diagnostics, found.manifests))


def _case(file: str, name: str, diagnostics: Sequence[Diagnostic]) -> Case:
    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    if not errors:
        return Case(file, name, diagnostics=tuple(diagnostics))
    more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
    return Case(file, name, errors[0].code, f"{errors[0].summary}{more}", diagnostics=tuple(diagnostics))
