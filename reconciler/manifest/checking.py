"""The checks that know the field, for projects that were loaded without them."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.diagnostics import Diagnostic
from reconciler.manifest.checks import Checks
from reconciler.manifest.locating import Locator
from reconciler.manifest.parsing import best_parser
from reconciler.model.project import DesiredProject


def check_projects(projects: Iterable[DesiredProject], checks: Checks, *, root: str) -> list[Diagnostic]:
    """What the checks find in projects that come from manifests below `root` (absolute)."""
    locator = Locator(root, best_parser())
    told: list[Diagnostic] = []
    for project in projects:
        problems = checks.run(project)
        if problems:
            locator.enter(project.source.file)
            told += [locator.diagnostic(problem, project.origin) for problem in problems]
    return told
