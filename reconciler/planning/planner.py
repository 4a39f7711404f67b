"""desired projects × live projects → the plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime

from reconciler.diagnostics import Diagnostic, Severity, listed, named, warning
from reconciler.fieldpath import format_path
from reconciler.frozen import dataclass
from reconciler.model.plan import (
    Action,
    CallKind,
    Cause,
    Commit,
    Expected,
    Field,
    Kind,
    Plan,
    ProjectChange,
    Reason,
    Summary,
    TargetInfo,
    unit_of,
)
from reconciler.model.project import DesiredProject, LiveProject, Shown, Source, UnreadableProject, address_of
from reconciler.model.record import Entries, RecordedProject
from reconciler.model.values import has_overflow
from reconciler.planning.bases import Base, base_of, origin_of, outside, unseen
from reconciler.planning.blocking import blocked, blocked_change, not_sendable, unreadable, unsent
from reconciler.planning.holds import with_holds
from reconciler.planning.intent import EMPTY_HASH, Intent, compare, plan_hash
from reconciler.planning.live import Live, unmanaged_in
from reconciler.planning.mask import Ignored
from reconciler.planning.renaming import with_renames
from reconciler.planning.situation import LIVE_HISTORY, SNAPSHOT_HISTORY, Rules, Situation
from reconciler.planning.threeway import ThreeWay


@dataclass(frozen=True, slots=True)
class Declared:
    """What git declares. `projects` are the selected ones; `complete` is false if names narrowed them.

    `managed` has the names in all manifests, selected or not, each with its file: other live projects are unmanaged.
    `own_names` are patterns, None for all names: live projects with other names are not reported as unmanaged.
    `undeclared` has the recorded names that have no manifest anymore, each with the file that it was in; `gone` are the
    selected ones. `folder` is the folder of the manifests, and `manifest_count` their number.
    `unheld` are the projects with a file whose content is not in the commit.
    """

    projects: Sequence[DesiredProject]
    managed: Mapping[str, str]
    folder: str
    manifest_count: int
    commit: Commit = field(default_factory=Commit)
    own_names: Sequence[str] | None = None
    complete: bool = True
    gone: Sequence[str] = ()
    undeclared: Mapping[str, str] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    unheld: frozenset[str] = frozenset()

    def commit_of(self, name: str) -> str | None:
        """The commit that holds everything that was read for a project, None if there is none."""
        return None if name in self.unheld else self.commit.commit


@dataclass(frozen=True, slots=True)
class Terms:
    """How to plan. `made_at` is timezone-aware. With `pending`, units that drifted keep their live values.

    Without `rules`, no guard is checked.
    """

    target: TargetInfo
    made_at: datetime
    pending: bool = False
    rules: Rules | None = None


def make_plan(declared: Declared, live: Live, known: Entries, terms: Terms) -> Plan:
    """The plan, with its projects ordered by name. `known` holds the projects in the record."""
    history = LIVE_HISTORY if live.snapshot_at is None else SNAPSHOT_HISTORY
    planned = [
        plan_project(
            project,
            live.projects.get(project.name),
            known=known.get(project.name),
            pending=terms.pending,
            history=history,
            commit=declared.commit_of(project.name),
        )
        for project in declared.projects
    ]
    planned += [
        _forgotten(name, known[name], live.projects.get(name), declared.commit_of(name))
        for name in declared.gone
        if name in known
    ]
    changes = tuple(sorted(planned, key=lambda change: change.name))
    diagnostics = declared.diagnostics
    if terms.rules is not None:
        changes, verdicts = with_holds(
            changes,
            Situation(
                live=live.projects,
                listed=live.whole,
                managed=declared.managed,
                known={**known, **{change.name: change.base for change in changes if change.base is not None}},
                rules=terms.rules,
                today=terms.made_at.astimezone(UTC).date(),
                pending=terms.pending,
                history=history,
                undeclared=declared.undeclared,
            ),
        )
        diagnostics += verdicts
    is_whole = live.whole and declared.complete
    unmanaged, warnings = unmanaged_in(live, declared.managed, declared.own_names) if is_whole else ((), ())
    return Plan(
        target=terms.target,
        commit=declared.commit,
        made_at=terms.made_at,
        changes=changes,
        unmanaged=unmanaged,
        diagnostics=(*diagnostics, *warnings, *_with_taxonomy(declared.projects, live)),
        complete=declared.complete,
        live_count=len(live.listed) if live.whole else None,
        manifests=declared.folder,
        manifest_count=declared.manifest_count,
        hash=plan_hash({change.name: change.hash for change in changes}, EMPTY_HASH),
        summary=summary_of(changes, unmanaged),
        pending_only=terms.pending,
        snapshot_at=live.snapshot_at,
    )


def _with_taxonomy(projects: Sequence[DesiredProject], live: Live) -> Iterator[Diagnostic]:
    """The note about projects whose tasks may take other labels than those in their params."""
    shown = (live.projects.get(project.name) for project in projects)
    names = sorted(each.name for each in shown if isinstance(each, LiveProject) and each.taxonomy)
    if names:
        have, their = ("has a taxonomy", "its") if len(names) == 1 else ("have taxonomies", "their")
        yield Diagnostic(
            Severity.NOTE,
            "taxonomy-service",
            f"{named(names)} {have} on Scale",
            f"Labels that were published in Scale's Taxonomy Service override those in {their} params, so labelers "
            "might see labels that differ from the manifest. Check the taxonomy in Scale's dashboard.",
        )


def _forgotten(name: str, known: RecordedProject, found: Shown | None, commit: str | None) -> ProjectChange:
    """A project in the record that no longer has a manifest. Nothing is sent, so it does not have to be readable."""
    live = found if isinstance(found, LiveProject) else None
    desired = DesiredProject(name, live.type if live is not None else "", Source(known.file, 1))
    return unsent(desired, live, Reason.MANIFEST_GONE, Action.FORGET, commit)


def plan_project(
    desired: DesiredProject,
    live: Shown | None,
    *,
    known: RecordedProject | None = None,
    pending: bool = False,
    history: str = LIVE_HISTORY,
    commit: str | None = None,
) -> ProjectChange:
    """The plan of one project. `known` is its entry in the record, `history` as in `Situation`, `commit` as in the
    change."""
    if isinstance(live, UnreadableProject):
        return blocked_change(desired, None, unreadable(desired.name, live), commit)
    base = base_of(known, live)
    change = _planned(desired, live, base, pending=pending, history=history, commit=commit)
    landed = tuple(_landed(desired, base))
    return replace(change, diagnostics=(*landed, *change.diagnostics)) if landed else change


def _planned(
    desired: DesiredProject, live: LiveProject | None, base: Base, *, pending: bool, history: str, commit: str | None
) -> ProjectChange:
    if live is not None and (block := blocked(desired, live)):
        return blocked_change(desired, live, block, commit)
    kept: dict[str, int | None] = {}
    found: Mapping[str, Cause] = {}
    intent = compare(desired, live)
    if live is not None and not intent.fields and not pending:
        return _unchanged(desired, live, base.known, intent, commit)
    if live is not None and desired.mask.units is None:
        units = {unit for field in intent.fields if (unit := unit_of(field.path)) is not None}
        three = ThreeWay(desired, live, base.known)
        found = {unit: cause for unit in units if (cause := three.unit(unit).cause) is not None}
        if pending:
            drifting = sorted(unit for unit in units if found.get(unit) is Cause.DRIFT)
            kept = {unit: base.known.base(unit) for unit in drifting} if base.known is not None else {}
            mask = replace(desired.mask, units=frozenset(units.difference(kept)))
            desired = replace(desired, mask=mask)
            intent = compare(desired, live)
    unsendable = next((call for call in intent.calls if has_overflow(call.body)), None)
    if unsendable is not None and live is not None:
        return blocked_change(desired, live, not_sendable(desired, unsendable.kind), commit)
    fields = tuple(with_renames(_with_causes(intent.fields, found, live), desired))
    return ProjectChange(
        name=desired.name,
        action=_action(intent, live),
        source=desired.source,
        desired=desired,
        before=intent.before,
        after=intent.after,
        expected=Expected.of(live),
        reason=_reason(intent),
        fields=fields,
        calls=intent.calls,
        hash=intent.hash if intent.fields else EMPTY_HASH,
        kept=kept,
        outside=outside(desired, live, base.known),
        base=base.known,
        diagnostics=(*_hidden(desired, unseen(base.known, fields), history), *_warnings(desired, live, intent)),
        commit=commit,
    )


def _unchanged(
    desired: DesiredProject, live: LiveProject, known: RecordedProject | None, intent: Intent, commit: str | None
) -> ProjectChange:
    """The plan of a project that is as the manifest says. Most are, so nothing else is computed for it."""
    return ProjectChange(
        name=desired.name,
        action=Action.NO_OP,
        source=desired.source,
        desired=desired,
        before=intent.before,
        after=intent.after,
        expected=Expected.of(live),
        hash=EMPTY_HASH,
        outside=outside(desired, live, known),
        base=known,
        commit=commit,
    )


def _with_causes(fields: Iterable[Field], found: Mapping[str, Cause], live: LiveProject | None) -> Iterator[Field]:
    """The fields, each with the cause of its unit if the cause is known."""
    if live is None or not found:
        yield from fields
        return
    on_scale = (unit for unit, cause in found.items() if cause.on_scale)
    origins = {unit: origin_of(live, unit) for unit in on_scale}
    for one in fields:
        unit = unit_of(one.path)
        if unit is None or (cause := found.get(unit, one.cause)) is one.cause:
            yield one
        else:
            yield Field(one.path, one.kind, one.before, one.after, cause, None, origins.get(unit))


def _landed(desired: DesiredProject, base: Base) -> Iterable[Diagnostic]:
    """Writes left by an interrupted apply."""
    if base.landed:
        calls = " and ".join(f"{kind.value} (version {version})" for kind, version in base.landed)
        yield Diagnostic(
            Severity.NOTE,
            "interrupted-run",
            f"an interrupted apply already wrote {address_of(desired.name)}",
            detail=f"The interrupted apply completed {calls}. The next apply adds the result to the record.",
        )


def _hidden(desired: DesiredProject, units: tuple[str, ...], history: str) -> Iterable[Diagnostic]:
    """A warning about units whose recorded version cannot be seen: a write may revert a change made on Scale."""
    if units:
        yield warning(
            "base-not-shown",
            f"cannot determine who changed {address_of(desired.name)} since the last apply",
            detail=f"{history} the version of {listed(units)} that the last apply recorded. An apply writes the "
            "manifest's values and might revert a change made on Scale. With --pending, the project is held.",
        )


def _action(intent: Intent, live: LiveProject | None) -> Action:
    if live is None:
        return Action.CREATE
    return Action.UPDATE if intent.fields else Action.NO_OP


def _reason(intent: Intent) -> Reason | None:
    kinds = {call.kind: call for call in intent.calls}
    if CallKind.CREATE in kinds:
        return Reason.NOT_ON_SCALE
    if CallKind.SET_PARAMS in kinds:
        return Reason.PARAMS_CHANGED if kinds[CallKind.SET_PARAMS].body["patch"] else Reason.PARAMS_KEYS_REMOVED
    return Reason.ONTOLOGY_CHANGED if kinds else None


def _warnings(desired: DesiredProject, live: LiveProject | None, intent: Intent) -> Iterable[Diagnostic]:
    if intent.dropped:
        keys = named(intent.dropped)
        yield warning(
            "ontology-keys-dropped",
            f"setOntology would remove {keys} from the choices of {address_of(desired.name)}",
            detail=f"A manifest cannot declare {keys}, and the API replaces the whole ontology. To keep {keys}, stop "
            "managing the ontology: remove it from the manifest.",
        )
    ignored = Ignored.of(desired)
    if live is not None and ignored.patterns:
        for field in intent.fields:
            yield from _taken_along(ignored, field)


def _taken_along(ignored: Ignored, field: Field) -> Iterable[Diagnostic]:
    if field.kind is Kind.REMOVE and field.path[0] == "params":
        for path in ignored.held_in(field.before, field.path):
            yield warning(
                "ignored-removed",
                f"removing {format_path(field.path)} also removes {format_path(path)}, which is ignored",
                detail=f"To keep {format_path(path)}, declare {format_path(field.path)} in the manifest.",
            )


def summary_of(changes: tuple[ProjectChange, ...], unmanaged: tuple[str, ...]) -> Summary:
    """How many projects there are of each kind."""

    def count(action: Action) -> int:
        return sum(change.action is action and change.writes for change in changes)

    return Summary(
        add=count(Action.CREATE),
        change=count(Action.UPDATE),
        unchanged=sum(change.action is Action.NO_OP and not change.blocked for change in changes),
        blocked=sum(change.blocked for change in changes),
        forget=sum(change.forgets for change in changes),
        held=sum(bool(change.held_by) for change in changes),
        protected=sum(change.protected for change in changes),
        unmanaged=len(unmanaged),
    )
