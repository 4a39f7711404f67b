"""Why a project is blocked: what no call can fix, where the API's answer shows it, and what a person can do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, error, quoted, warning
from reconciler.errors import UnreadableAnswerError
from reconciler.frozen import dataclass
from reconciler.model.ontology import Unreadable
from reconciler.model.plan import Action, CallKind, Expected, ProjectChange, Reason, State
from reconciler.model.project import DesiredProject, LiveProject, UnreadableProject, address_of
from reconciler.planning.intent import EMPTY_HASH

_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Block:
    """Why a project is blocked. `path` leads to the value in the API's answer; `diagnostic` is an error."""

    reason: Reason
    path: str
    diagnostic: Diagnostic


def blocked(desired: DesiredProject, live: LiveProject) -> Block | None:
    """Why a project is blocked, or None. The API does not show `rapid`, `studio` and `consensus_attempts` ([A])."""
    name = desired.name
    if live.archived:
        reported = error(
            "archived",
            f"{address_of(name)} is archived on Scale",
            detail="The API cannot unarchive a project. Unarchive the project in Scale's dashboard, or use a different "
            "name in the manifest: an archived project keeps its name.",
        )
        return Block(Reason.ARCHIVED, "archived", reported)
    if desired.type != live.type:
        return Block(Reason.TYPE_DIFFERS, "type", _differs(name, "type", live.type, desired.type))
    pipeline = desired.create_only.get("pipeline")
    if pipeline is not None and live.pipeline is not None and pipeline != live.pipeline:
        reported = _differs(name, "pipeline", live.pipeline, pipeline)
        return Block(Reason.PIPELINE_DIFFERS, "pipelineName", reported)
    if desired.ontology is not None and isinstance(live.ontology, Unreadable):
        return _ontology_unreadable(name, live.ontology)
    return None


def unreadable(name: str, live: UnreadableProject) -> Block:
    """The block for a project whose live state cannot be read."""
    reported = error(
        "unreadable",
        f"the live state of {address_of(name)} cannot be read: {live.why}",
        detail=unreadable_remedy(),
    )
    return Block(Reason.UNREADABLE, live.path, reported)


def readable_project(name: str, live: LiveProject | UnreadableProject) -> LiveProject:
    """The project. Raises UnreadableAnswerError if its live state cannot be read."""
    if isinstance(live, UnreadableProject):
        why = unreadable(name, live).diagnostic
        raise UnreadableAnswerError(why.summary, why.detail)
    return live


def not_sendable(desired: DesiredProject, call: CallKind) -> Block:
    """The block for a project whose live state has a number that the call must send back but cannot."""
    reported = error(
        "number-too-large",
        f"{address_of(desired.name)} has a number on Scale that is too large to send back",
        detail=f"{call.value} would have to send it. Set a smaller number in the manifest or in Scale's dashboard.",
    )
    return Block(Reason.NOT_SENDABLE, "ontology" if call is CallKind.SET_ONTOLOGY else "params", reported)


def blocked_change(
    desired: DesiredProject, live: LiveProject | None, block: Block, commit: str | None = None
) -> ProjectChange:
    """The plan of a blocked project. `live` is None if it cannot be read."""
    change = unsent(desired, live, block.reason, Action.NO_OP, commit)
    return replace(change, blocked=True, diagnostics=(block.diagnostic,))


def unsent(
    desired: DesiredProject, live: LiveProject | None, reason: Reason, action: Action, commit: str | None = None
) -> ProjectChange:
    """The plan of a project that needs no request."""
    state = State.of(live) if live is not None else None
    return ProjectChange(
        name=desired.name,
        action=action,
        source=desired.source,
        desired=desired,
        before=state,
        after=state,
        expected=Expected.of(live),
        reason=reason,
        hash=EMPTY_HASH,
        commit=commit,
    )


def unreadable_warning(projects: Sequence[UnreadableProject]) -> tuple[Diagnostic, ...]:
    """The warning about unmanaged projects that cannot be read. There must be at least one."""
    are = "1 live project" if len(projects) == 1 else f"{len(projects):,} live projects"
    reported = warning("unreadable", f"{are} without a manifest cannot be read", detail=unreadable_advice(projects))
    return (reported,)


def unreadable_remedy(number: int = 1) -> str:
    """What to do about live projects that cannot be read."""
    them, values, it = ("this project", "the value", "it") if number == 1 else ("these projects", "the values", "them")
    return f"Reconciler cannot compare or import {them}. Fix {values} on Scale, or report {it} to Scale's support."


def unreadable_advice(projects: Sequence[UnreadableProject]) -> str:
    """A line for each of the first few projects, and what to do."""
    lines = [_line(project) for project in projects[:_EXAMPLES]]
    if len(projects) > _EXAMPLES:
        lines.append(f"… and {len(projects) - _EXAMPLES:,} more")
    return "\n".join((*lines, unreadable_remedy(len(projects))))


def _line(project: UnreadableProject) -> str:
    return f"{quoted(project.name)}: {project.why}" if project.name is not None else project.why


def _differs(name: str, what: str, live: str, here: str) -> Diagnostic:
    return error(
        f"{what}-differs",
        f"{address_of(name)} has a different {what} on Scale",
        detail=f"The {what} is {quoted(live)} on Scale and {quoted(here)} in the manifest. A project's {what} cannot "
        f'be changed.\nTo keep this project, write "{what}: {live}" in the manifest. To create a new project, use a '
        "different name.",
    )


def _ontology_unreadable(name: str, ontology: Unreadable) -> Block:
    reported = error(
        "ontology-unreadable",
        f"the ontology of {address_of(name)} cannot be read: {ontology.why}",
        detail="Reconciler never overwrites a value that it cannot read. Fix the ontology on Scale, or report it to "
        "Scale's support. To stop managing the ontology, remove it from the manifest.",
    )
    return Block(Reason.ONTOLOGY_UNREADABLE, ontology.path, reported)
