"""Rollback: put old versions back into the manifests. Nothing is written to Scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, Remedy, error
from reconciler.errors import DiagnosedError, UnreadableAnswerError, UsageError
from reconciler.frozen import dataclass
from reconciler.model.plan import Plan
from reconciler.model.project import DesiredProject, LiveProject, address_of
from reconciler.operations.editing import Revision, Wanted, revise
from reconciler.operations.live import read_account
from reconciler.operations.plan import completed, planned_with
from reconciler.operations.preparing import prepare
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.planning.blocking import readable_project
from reconciler.planning.live import Live
from reconciler.planning.rollback import Asked, Rollback, left, rollback_of


@dataclass(frozen=True, slots=True)
class RolledBack:
    """The edits, and the plan that they lead to. `diagnostics` are about what is not rolled back."""

    projects: tuple[Rollback, ...]
    revision: Revision
    plan: Plan
    diagnostics: tuple[Diagnostic, ...] = ()


def rollback(session: Session, names: Sequence[str], asked: Asked) -> RolledBack:
    """What a rollback would change for the projects that `names` select. Nothing is written.

    Version numbers are for one project. With a time, a project that cannot be rolled back is an error among the
    diagnostics, and the others are rolled back.

    Raises:
        GitRefusedError: the commit is unavailable.
        DiagnosedError: a selected manifest has an error, or a value cannot be declared.
        UsageError: a name matches nothing, numbers are given for several projects, or there is no such version.
        ScaleError: live state cannot be read.
    """
    record = read_record(session)
    prepared = prepare(session, names, record, needs_git=True)
    projects = sorted(prepared.declared.projects, key=lambda project: project.name)
    selected = len(projects) + len(prepared.declared.gone)
    if asked.at is None and selected > 1:
        raise UsageError(
            f"a version number applies to one project, but {selected:,} are selected",
            "Each project has its own versions. To roll back several projects, use --to-time.",
        )
    read = [*(project.name for project in prepared.declared.projects), *prepared.declared.gone]
    account, live = session.ask(lambda client: read_account(session, client, read, prepared.record, few=True))
    made, failures = _made(session, projects, live, asked)
    failures += [_without_manifest(name) for name in prepared.declared.gone]
    if not made:
        raise DiagnosedError("nothing can be rolled back", failures)
    assert prepared.manifests is not None
    wanted = [Wanted(each.project, edit.unit.path, edit.wanted) for each in made for edit in each.edits]
    reference = {each.project.name: each.reference for each in made}
    revision = revise(session.settings, session.target, wanted, reference, prepared.manifests)
    after = prepare(
        session, names, record, needs_git=True, replaced={file: new for file, (_, new) in revision.files.items()}
    )
    plan = completed(planned_with(session, account, live, after), live, session.settings)
    new = {project.name: project for project in after.declared.projects}
    notes = [note for each in made for note in (*each.diagnostics, *left(each, new[each.project.name]))]
    return RolledBack(tuple(made), revision, replace(plan, names=tuple(names)), (*failures, *notes))


def _made(
    session: Session, projects: Sequence[DesiredProject], live: Live, asked: Asked
) -> tuple[list[Rollback], list[Diagnostic]]:
    made: list[Rollback] = []
    failures: list[Diagnostic] = []
    for project in projects:
        try:
            made.append(rollback_of(project, _found(project.name, live), asked, sensitive=session.settings.sensitive))
        except (UsageError, UnreadableAnswerError) as problem:
            if len(projects) == 1:
                raise
            failures += problem.diagnostics
    return made, failures


def _found(name: str, live: Live) -> LiveProject:
    shown = live.projects.get(name)
    if shown is None:
        raise UsageError(
            f"{address_of(name)} does not exist on Scale", "Only a project on Scale has versions to restore."
        )
    return readable_project(name, shown)


def _without_manifest(name: str) -> Diagnostic:
    return error(
        "not-rolled-back",
        f"{address_of(name)} has no manifest",
        detail="A rollback edits the manifest of a project.",
        remedies=(Remedy("To write a manifest with the live state:", ("import", "--", name)),),
    )
