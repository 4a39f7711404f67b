"""Plan: read the record, prepare the manifests, read live state, compare, and locate each change in git.

Writes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from reconciler.collection import collector_paused
from reconciler.diagnostics import Diagnostic, Severity, error, merged, quoted
from reconciler.errors import DiagnosedError
from reconciler.manifest.places import locate
from reconciler.manifest.renames import rename_location
from reconciler.model.guards import RENAMED_CHOICE
from reconciler.model.plan import Action, Field, Plan, ProjectChange
from reconciler.model.project import DesiredProject, LiveProject, Source, address_of
from reconciler.model.snapshot import Snapshot
from reconciler.model.values import NodeCount
from reconciler.operations.live import Account, get_projects, not_importable, read_account
from reconciler.operations.preparing import Prepared, prepare
from reconciler.operations.recording import read_record
from reconciler.operations.session import Session
from reconciler.planning.bases import unseen
from reconciler.planning.live import Live
from reconciler.planning.planner import Terms, make_plan
from reconciler.planning.renaming import never_named, warn_of_renamed
from reconciler.planning.situation import Rules
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings

_MOST_REPEATED: Final = 8_000_000


def plan(session: Session, names: Sequence[str] = (), *, pending: bool = False, allowed: Collection[str] = ()) -> Plan:
    """The plan for the projects that `names` select, or for all. With `pending`, only what git changed.

    `allowed` are guards that are waived for this plan.

    Raises:
        DiagnosedError: a selected manifest has an error, there is no manifest, or the changes are too large.
        UsageError: a name matches nothing.
        ScaleError: live state cannot be read.
    """
    prepared = prepare(session, names, read_record(session), pending=pending, allowed=allowed)
    if session.snapshot is not None:
        made = plan_saved(session, session.snapshot, prepared)
    else:
        made = session.ask(lambda client: plan_live(session, client, prepared))
    return replace(made, names=tuple(names))


async def plan_live(session: Session, client: ScaleClient, prepared: Prepared) -> Plan:
    """The plan against live state. Only reads: one list, or one get for each of a few selected projects.

    Raises:
        ScaleError: live state cannot be read.
        DiagnosedError: the changes are too large.
    """
    names = [*(project.name for project in prepared.declared.projects), *prepared.declared.gone]
    few = not prepared.declared.complete
    account, live = await read_account(session, client, names, prepared.record, few=few)
    made = planned_with(session, account, live, prepared)
    # A list may leave out versions that the record names. A get shows all of them.
    hidden = [change.name for change in made.changes if unseen(change.base, change.fields)] if live.whole else []
    if hidden:
        live = replace(live, projects={**live.projects, **await get_projects(client, hidden)})
        made = planned_with(session, account, live, prepared)
    return completed(made, live, session.settings)


def plan_saved(session: Session, snapshot: Snapshot, prepared: Prepared) -> Plan:
    """The plan against a snapshot. Values that are sensitive or were left out are not compared."""
    from reconciler.operations.snapshot import read_saved

    account, live, prepared = read_saved(session.settings, snapshot, prepared)
    return completed(planned_with(session, account, live, prepared), live, session.settings)


def completed(plan: Plan, live: Live, settings: Settings) -> Plan:
    """The plan with what the checks and the renames say about it, and the location of each field."""
    return with_sources(with_warnings(with_rename_notes(plan, live), settings))


def planned_with(session: Session, account: Account, live: Live, prepared: Prepared) -> Plan:
    """The plan against live state that was read, without the location of each field.

    Raises:
        DiagnosedError: the changes are too large to be compared and written out.
    """
    session.step("Comparing")
    declared, settings, section = prepared.declared, session.settings, account.of(prepared.record)
    _check_size(declared.projects, live)
    behind = prepared.check.behind(declared.commit, section) if prepared.check is not None else None
    if prepared.check is not None and behind is not None:
        declared = replace(declared, diagnostics=(*declared.diagnostics, prepared.check.note(behind)))
    older = behind is not None and behind.is_older
    rules = Rules(settings.guards, settings.waivers, prepared.allowed, settings.sensitive, older=older)
    terms = Terms(account.target, session.now(), prepared.pending, rules)
    with collector_paused():
        made = make_plan(declared, live, section.projects, terms)
    return replace(made, section=account.section, not_importable=not_importable(live, made.unmanaged))


def _check_size(desired: Sequence[DesiredProject], live: Live) -> None:
    """Refuse plans that would be too large. With aliases, a few bytes can represent very many values.

    A shared value counts once for each manifest that uses it. What Scale shows as well was sent to it in full, so it
    does not count, whatever its numbers are: `==` is enough here.
    """
    nodes = NodeCount()
    total = 0
    for project in desired:
        found = live.projects.get(project.name)
        now = found if isinstance(found, LiveProject) else None
        if project.params is not None and not (now is not None and project.params == now.params):
            total += nodes.of(project.params)
        if project.ontology is not None and not (now is not None and project.ontology == now.ontology):
            total += nodes.of_choices(project.ontology.choices)
    repeated = total - nodes.distinct
    if repeated > _MOST_REPEATED:
        summary = f"aliases and references repeat {repeated:,} values in these changes"
        detail = (
            f"The limit for one plan is {_MOST_REPEATED:,}. Plan fewer projects at a time: name them in the command."
        )
        raise DiagnosedError("the plan is too large", [error("too-large", summary, detail=detail)])


def with_warnings(plan: Plan, settings: Settings) -> Plan:
    """The plan with the checks' warnings, but not their notes, about projects that change."""
    changing = [change.desired for change in plan.changes if change.action in (Action.CREATE, Action.UPDATE)]
    warnings: list[Diagnostic] = []
    if changing:
        from reconciler.manifest.checks.rules import Checks, check_projects

        found = check_projects(changing, Checks(settings.checks, plan.made_at.date()))
        warnings = merged(diagnostic for diagnostic in found if diagnostic.severity is Severity.WARNING)
    changes = plan.changes
    if settings.checks.get(RENAMED_CHOICE, "warn") == "warn":
        changes = tuple(
            replace(change, diagnostics=(*change.diagnostics, *found))
            if (found := warn_of_renamed(change, settings.sensitive))
            else change
            for change in changes
        )
    return replace(plan, changes=changes, diagnostics=(*plan.diagnostics, *warnings))


def with_rename_notes(plan: Plan, live: Live) -> Plan:
    """The plan with a note for each rename in a manifest whose old name no version of the project had."""
    noted = (_noted(change, live) if change.desired.renames else change for change in plan.changes)
    return replace(plan, changes=tuple(noted))


def _noted(change: ProjectChange, live: Live) -> ProjectChange:
    found = live.projects.get(change.name)
    if not isinstance(found, LiveProject):
        return change
    notes = [
        Diagnostic(
            Severity.NOTE,
            "old-name-unknown",
            f"{address_of(change.name)}: no version on Scale had a choice or label {quoted(old)}",
            "The rename has no effect. Check the old name, or remove the rename.",
            location,
        )
        for old in never_named(change.desired.renames, found)
        if (location := rename_location(change.desired, old)) is not None
    ]
    return replace(change, diagnostics=(*change.diagnostics, *notes))


def with_sources(plan: Plan) -> Plan:
    """The plan with the line in git that each field comes from."""
    return replace(plan, changes=tuple(_with_source(change) if change.fields else change for change in plan.changes))


def _with_source(change: ProjectChange) -> ProjectChange:
    places = locate(change.desired, {field.path for field in change.fields})

    def source(field: Field) -> Source:
        place = places[field.path]
        if place.text is not None:
            return Source(place.text, _first_difference(field))
        return place.source

    return replace(change, fields=tuple(field.at(source(field)) for field in change.fields))


def _first_difference(field: Field) -> int:
    """The line of a text, counted from 1, where it starts to differ from the live text."""
    if not isinstance(field.before, str) or not isinstance(field.after, str):
        return 1
    before, after = field.before.split("\n"), field.after.split("\n")
    same = next((i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    return min(same, len(after) - 1) + 1
