"""What is wrong with the renames that a manifest declares."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.diagnostics import Location, Severity, quoted
from reconciler.keys.faults import Fault
from reconciler.manifest.checks.subject import Subject
from reconciler.manifest.codes import Code
from reconciler.manifest.located import RawPath, shown_at
from reconciler.manifest.origins import Origin
from reconciler.model.project import DesiredProject


def rename_faults(project: DesiredProject, root: Origin) -> Iterator[Fault]:
    """The faults in the renames of a project that has the origin `root`."""
    names = _names(project)
    for old, new in project.renames.items():
        path: RawPath = ("reconcile", "renames", old)
        if old in names:
            yield Fault(
                path,
                f"{quoted(old)} is renamed to {quoted(new)}, but the manifest still declares it",
                f"Replace {quoted(old)} with {quoted(new)} there, or remove this rename.",
                f"declared at {shown_at(root.location(names[old]), root.document.source.root)}",
                code=Code.OLD_NAME_DECLARED,
                at_key=True,
            )
        elif _is_own(root, old) and names and new not in names and new not in project.renames:
            yield Fault(
                path,
                f"the manifest declares no choice or label named {quoted(new)}",
                f"An apply would remove {quoted(old)} instead of renaming it. Add {quoted(new)}, or remove this "
                "rename.",
                code=Code.NEW_NAME_MISSING,
                severity=Severity.NOTE,
            )


def rename_location(project: DesiredProject, old: str) -> Location | None:
    """The location of a rename in the project's own manifest; None if a file that it inherits from declares it."""
    root = project.origin
    if not isinstance(root, Origin) or not _is_own(root, old):
        return None
    return root.location(("reconcile", "renames", old), at_key=True)


def _is_own(root: Origin, old: str) -> bool:
    return root.at(("reconcile", "renames", old)).document is root.document


def _names(project: DesiredProject) -> dict[str, RawPath]:
    """Every choice and label that the manifest declares, with its path."""
    subject = Subject(project, None)
    found = {label.name: label.path for label in reversed(subject.shown_names)}
    if subject.choices is not None:
        found |= {name: subject.path_of(name) for name in subject.choices.paths}
    return found
