"""Adopt: write live values of drifted units back into the manifests. Nothing is written to Scale."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

from reconciler.diagnostics import Diagnostic, error, sentence
from reconciler.errors import UsageError
from reconciler.fieldpath import Pattern
from reconciler.frozen import dataclass
from reconciler.model.adoption import Adopted
from reconciler.model.drift import Baseline, BlockedProject, Drift, ProjectDrift
from reconciler.model.plan import Cause, TargetInfo
from reconciler.model.project import LiveProject, address_of
from reconciler.model.values import Json
from reconciler.operations.drift import with_source
from reconciler.operations.editing import IGNORE, Revision, Wanted, revise
from reconciler.operations.live import Account, read_account
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.planning.adoption import Proposal, is_named, proposals
from reconciler.planning.bases import unit_words
from reconciler.planning.drift import baseline_of, project_drift
from reconciler.planning.live import Live


class Decision(StrEnum):
    """What to do about one unit that differs."""

    ADOPT = "adopt"
    REVERT = "revert"
    """Do not change the manifest. The next apply writes git's value."""
    IGNORE = "ignore"
    """Add the unit to the manifest's `reconcile.ignore`."""
    SKIP = "skip"
    CONFLICT = "conflict"
    """A conflict without a decision: it is not adopted."""
    REFUSED = "refused"
    """It was to be adopted, but cannot be."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision about a unit. `until` and `reason` are those of an ignore."""

    decision: Decision
    until: date | None = None
    reason: str = ""


Ask = Callable[[Proposal], Choice]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is adopted, and what is left: the units by what was decided about them. `revision` is about those that are
    adopted or ignored, in this order. `diagnostics` are errors about projects that cannot be compared, and about
    refused units.
    """

    target: TargetInfo
    decided: Mapping[Decision, Sequence[Proposal]]
    revision: Revision
    baseline: Baseline | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def adopt(session: Session, names: Sequence[str], paths: Sequence[Pattern], ask: Ask | None = None) -> Adoption:
    """What adopting would change for the projects that `names` select, or for all. Nothing is written.

    `paths` are the units to adopt, whatever their cause. Without them, they are those that changed on Scale alone, and
    those without a record. `ask` decides about each of these and about each conflict.

    Raises:
        RecordError, GitRefusedError: the record or the commit is unavailable.
        DiagnosedError: a selected manifest has an error, or a value cannot be declared.
        UsageError: a name or a path matches nothing.
        ScaleError: live state cannot be read.
    """
    prepared = prepare(session, names, read_record(session, required=True), needs_git=True)
    names = [project.name for project in prepared.declared.projects]
    # The whole account is read, because a file may be shared with any project.
    account, live = session.ask(lambda client: read_account(session, client, names, prepared.record, few=False))
    known = account.of(prepared.record).projects
    found: list[Proposal] = []
    unreadable: list[Diagnostic] = []
    for project in sorted(prepared.declared.projects, key=lambda project: project.name):
        shown = live.projects.get(project.name)
        compared = project_drift(project, shown, known.get(project.name))
        if isinstance(compared, BlockedProject):
            unreadable.append(compared.diagnostic)
        elif isinstance(shown, LiveProject):
            found += proposals(project, shown, known.get(project.name), sensitive=session.settings.sensitive)
    if paths:
        _check_paths(paths, found)
    return _decided(session, prepared, account, live, _choices(found, paths, ask), tuple(unreadable))


def _check_paths(paths: Sequence[Pattern], found: Sequence[Proposal]) -> None:
    for pattern in paths:
        if not any(is_named(each.unit.path, [pattern]) for each in found):
            different = ", ".join(sorted({each.unit.path for each in found})) or "none"
            raise UsageError(
                f"no difference matches {pattern.text}",
                "A path is ontology or the path of a parameter, such as params.instruction. "
                f"Paths that differ: {different}.",
            )


def _choices(found: Sequence[Proposal], paths: Sequence[Pattern], ask: Ask | None) -> Iterator[tuple[Proposal, Choice]]:
    """The units, each with its decision."""
    for proposal in found:
        if paths:
            if is_named(proposal.unit.path, paths):
                yield proposal, _adopted(proposal)
        elif proposal.unit.cause is not Cause.PENDING:
            if proposal.refusal or (ask is None and proposal.is_drift):
                yield proposal, _adopted(proposal)
            else:
                yield proposal, ask(proposal) if ask is not None else Choice(Decision.CONFLICT)


def _adopted(proposal: Proposal) -> Choice:
    return Choice(Decision.REFUSED if proposal.refusal else Decision.ADOPT)


def _decided(
    session: Session,
    prepared: Prepared,
    account: Account,
    live: Live,
    choices: Iterator[tuple[Proposal, Choice]],
    unreadable: tuple[Diagnostic, ...],
) -> Adoption:
    decided: dict[Decision, list[Proposal]] = {decision: [] for decision in Decision}
    wanted: list[Wanted] = []
    ignores: list[Wanted] = []
    for proposal, choice in choices:
        decided[choice.decision].append(proposal)
        if choice.decision is Decision.ADOPT:
            wanted.append(Wanted(proposal.project, proposal.unit.path, proposal.wanted))
        elif choice.decision is Decision.IGNORE:
            ignores.append(Wanted(proposal.project, IGNORE, _ignore(proposal, choice)))
    assert prepared.manifests is not None
    readable: Mapping[str, LiveProject] = {
        name: project for name, project in live.projects.items() if isinstance(project, LiveProject)
    }
    return Adoption(
        account.target,
        decided,
        revise(session.settings, session.target, [*wanted, *ignores], readable, prepared.manifests),
        baseline_of(account.of(prepared.record)),
        diagnostics=(*unreadable, *map(_refused, decided[Decision.REFUSED])),
    )


def _ignore(proposal: Proposal, choice: Choice) -> Json:
    item: dict[str, Json] = {"path": proposal.unit.path}
    if choice.reason:
        item["reason"] = choice.reason
    if choice.until is not None:
        item["until"] = choice.until.isoformat()
    return item if len(item) > 1 else proposal.unit.path


def _refused(proposal: Proposal) -> Diagnostic:
    return error(
        "not-adopted",
        f"{unit_words(proposal.unit.path)} of {address_of(proposal.project.name)} cannot be adopted",
        detail=f"{sentence(proposal.refusal)} Change the manifest by hand, or add the path to reconcile.ignore.",
    )


def question(proposal: Proposal, session: Session) -> Drift:
    """The information that a person needs to decide about a unit, as a drift."""
    target = TargetInfo(session.target.name, session.target.endpoint)
    return Drift(target, session.now(), projects=(_shown([proposal]),), complete=False)


def shown(adoption: Adoption, session: Session, *, left: Sequence[Proposal] = ()) -> Adopted:
    """The view of an adoption, including the units that are `left`."""
    decided = adoption.decided
    revised = [*decided[Decision.ADOPT], *decided[Decision.IGNORE]]
    units: dict[str, list[Proposal]] = {}
    for proposal in (*revised, *left):
        units.setdefault(proposal.project.name, []).append(proposal)
    places: dict[str, dict[str, None]] = {}
    for proposal, place in zip(revised, adoption.revision.places, strict=True):
        places.setdefault(proposal.project.name, {})[os.path.relpath(place, session.settings.cwd)] = None
    projects = tuple(_shown(each) for _, each in sorted(units.items()))
    found = Drift(
        adoption.target, session.now(), adoption.baseline, projects, diagnostics=adoption.diagnostics, complete=False
    )
    return Adopted(
        found,
        places={name: tuple(files) for name, files in places.items()},
        files=len(adoption.revision.files),
        ignored=len(decided[Decision.IGNORE]),
        conflicts=tuple((each.project.name, each.unit.path) for each in decided[Decision.CONFLICT]),
        reverted=tuple((each.project.name, each.unit.path) for each in decided[Decision.REVERT]),
        skipped=len(decided[Decision.SKIP]),
    )


def _shown(proposals: Sequence[Proposal]) -> ProjectDrift:
    """Units of one project."""
    project = proposals[0].project
    found = ProjectDrift(project.name, project.source, tuple(proposal.unit for proposal in proposals))
    return with_source(found, project)
