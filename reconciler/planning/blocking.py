"""What no call can mend: why a project is blocked, and what a person can do."""

from __future__ import annotations

from reconciler.diagnostics import Diagnostic, error
from reconciler.model.plan import Action, Expected, ProjectChange, Reason, State
from reconciler.model.project import DesiredProject, LiveProject
from reconciler.planning.intent import EMPTY_HASH


def blocked(desired: DesiredProject, live: LiveProject) -> tuple[Reason, str] | None:
    """What no call can mend. `rapid`, `studio` and `consensus_attempts` are not readable (an assumption)."""
    if live.archived:
        return Reason.ARCHIVED, ""
    if desired.type != live.type:
        return Reason.TYPE_DIFFERS, live.type
    pipeline = desired.create_only.get("pipeline")
    if pipeline is not None and live.pipeline is not None and pipeline != live.pipeline:
        return Reason.PIPELINE_DIFFERS, live.pipeline
    if desired.ontology is not None and live.ontology_problem is not None:
        return Reason.ONTOLOGY_UNREADABLE, live.ontology_problem
    return None


def blocked_change(desired: DesiredProject, live: LiveProject, reason: Reason, what: str) -> ProjectChange:
    state = State(live.type, live.params, live.ontology, live.ontology_name)
    return ProjectChange(
        name=desired.name,
        action=Action.NO_OP,
        source=desired.source,
        desired=desired,
        before=state,
        after=state,
        expected=Expected.of(live),
        reason=reason,
        hash=EMPTY_HASH,
        blocked=True,
        diagnostics=(_blocking_error(desired, reason, what),),
    )


def _blocking_error(desired: DesiredProject, reason: Reason, what: str) -> Diagnostic:
    match reason:
        case Reason.ARCHIVED:
            return error(
                "archived",
                f"project.{desired.name} is archived on Scale",
                detail="An archived project keeps its name, and no call can bring it back. Unarchive it in Scale's "
                "dashboard, or give the manifest a new name.",
            )
        case Reason.TYPE_DIFFERS:
            return error(
                "type-differs",
                f'type of project.{desired.name} is "{what}" on Scale, "{desired.type}" here',
                detail="A project's type cannot be changed after it was created. Give the manifest a new name, so "
                f'that a new project is created, or write "type: {what}".',
            )
        case Reason.PIPELINE_DIFFERS:
            return error(
                "pipeline-differs",
                f'pipeline of project.{desired.name} is "{what}" on Scale, "{desired.create_only["pipeline"]}" here',
                detail="A project's pipeline cannot be changed after it was created. Give the manifest a new name, so "
                f'that a new project is created, or write "pipeline: {what}".',
            )
        case Reason.ONTOLOGY_UNREADABLE:
            return error(
                "ontology-unreadable",
                f"the ontology of project.{desired.name} cannot be read: {what}",
                detail="What cannot be read is not overwritten. Mend it in Scale's dashboard, or leave the ontology "
                "out of the manifest, so that it is not managed here.",
            )
        case _:
            return error(
                "number-too-large",
                f"project.{desired.name} holds a number on Scale that is too large to be sent back",
                detail=f"{what}. Replace the value in the manifest, or in Scale's dashboard.",
            )
