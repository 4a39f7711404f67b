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
from reconciler.planning.drift import baseline_of, project_drift
from reconciler.planning.live import Live


class Decision(StrEnum):
    """What to do about one unit that differs."""

    ADOPT = "adopt"
    REVERT = "revert"
    """Leave the manifest as it is. The next apply writes git's value."""
    IGNORE = "ignore"
    """Add the unit to the manifest's `reconcile.ignore`."""
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision about a unit. `until` and `reason` are those of an ignore."""

    decision: Decision
    until: date | None = None
    reason: str = ""


Ask = Callable[[Proposal], Choice]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What is adopted, and what is left. `places` has the file that each adopted or ignored unit goes to.

    `conflicts` are left because git has changed them too. `refused` cannot be adopted. A person wants to revert the
    `reverted` ones, and decided nothing about the `skipped` ones. `diagnostics` are errors about projects that cannot
    be compared.
    """

    target: TargetInfo
    adopted: tuple[Proposal, ...]
    ignored: tuple[Proposal, ...]
    conflicts: tuple[Proposal, ...]
    refused: tuple[Proposal, ...]
    reverted: tuple[Proposal, ...]
    skipped: tuple[Proposal, ...]
    places: tuple[str, ...]
    revision: Revision
    baseline: Baseline | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def units(self) -> tuple[Proposal, ...]:
        """What the revision is about, in the order of `places`."""
        return (*self.adopted, *self.ignored)


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


def _choices(
    found: Sequence[Proposal], paths: Sequence[Pattern], ask: Ask | None
) -> Iterator[tuple[Proposal, Choice | None]]:
    """Each unit with the decision about it; None for a conflict that nobody has decided."""
    for proposal in found:
        if paths:
            if is_named(proposal.unit.path, paths):
                yield proposal, Choice(Decision.ADOPT)
        elif proposal.unit.cause is not Cause.PENDING:
            if proposal.refusal or (ask is None and proposal.is_drift):
                yield proposal, Choice(Decision.ADOPT)
            elif ask is not None:
                yield proposal, ask(proposal)
            else:
                yield proposal, None


def _decided(
    session: Session,
    prepared: Prepared,
    account: Account,
    live: Live,
    choices: Iterator[tuple[Proposal, Choice | None]],
    unreadable: tuple[Diagnostic, ...],
) -> Adoption:
    sorted_in: dict[str, list[Proposal]] = {each: [] for each in (*Decision, "conflict", "refused")}
    wanted: list[Wanted] = []
    ignores: list[Wanted] = []
    for proposal, choice in choices:
        name = "conflict" if choice is None else choice.decision.value
        if choice is not None and choice.decision is Decision.ADOPT:
            if proposal.refusal:
                name = "refused"
            else:
                wanted.append(Wanted(proposal.project, proposal.unit.path, proposal.wanted))
        elif choice is not None and choice.decision is Decision.IGNORE:
            ignores.append(Wanted(proposal.project, IGNORE, _ignore(proposal, choice)))
        sorted_in[name].append(proposal)
    assert prepared.manifests is not None
    readable: Mapping[str, LiveProject] = {
        name: project for name, project in live.projects.items() if isinstance(project, LiveProject)
    }
    revision = revise(session.settings, session.target, [*wanted, *ignores], readable, prepared.manifests)
    return Adoption(
        account.target,
        adopted=tuple(sorted_in[Decision.ADOPT]),
        ignored=tuple(sorted_in[Decision.IGNORE]),
        conflicts=tuple(sorted_in["conflict"]),
        refused=tuple(sorted_in["refused"]),
        reverted=tuple(sorted_in[Decision.REVERT]),
        skipped=tuple(sorted_in[Decision.SKIP]),
        places=revision.places,
        revision=revision,
        baseline=baseline_of(account.of(prepared.record)),
        diagnostics=(*unreadable, *map(_refused, sorted_in["refused"])),
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
        f"{proposal.unit.path} of {address_of(proposal.project.name)} cannot be adopted",
        detail=f"{sentence(proposal.refusal)} Change the manifest by hand, or add the path to reconcile.ignore.",
    )


def question(proposal: Proposal, session: Session) -> Drift:
    """What a person has to know to decide about a unit, in the form of a drift."""
    found = ProjectDrift(proposal.project.name, proposal.project.source, (proposal.unit,))
    target = TargetInfo(session.target.name, session.target.endpoint)
    return Drift(target, session.now(), projects=(with_source(found, proposal.project),), complete=False)


def shown(adoption: Adoption, session: Session) -> Adopted:
    """What is shown of an adoption."""
    units: dict[str, list[Proposal]] = {}
    places: dict[str, dict[str, None]] = {}
    for proposal, place in zip(adoption.units, adoption.places, strict=True):
        name = proposal.project.name
        units.setdefault(name, []).append(proposal)
        places.setdefault(name, {})[os.path.relpath(place, session.settings.cwd)] = None
    projects = tuple(
        with_source(
            ProjectDrift(name, each[0].project.source, tuple(proposal.unit for proposal in each)), each[0].project
        )
        for name, each in sorted(units.items())
    )
    return Adopted(
        Drift(
            adoption.target,
            session.now(),
            adoption.baseline,
            projects,
            diagnostics=adoption.diagnostics,
            complete=False,
        ),
        places={name: tuple(files) for name, files in places.items()},
        files=len(adoption.revision.files),
        ignored=len(adoption.ignored),
        conflicts=tuple((each.project.name, each.unit.path) for each in adoption.conflicts),
        reverted=tuple((each.project.name, each.unit.path) for each in adoption.reverted),
        skipped=len(adoption.skipped),
    )
