"""desired projects × live projects → the plan."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from reconciler.diagnostics import Diagnostic, Severity, warning
from reconciler.fieldpath import Pattern, format_path
from reconciler.model.guards import GuardSettings, Waiver
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
    State,
    Summary,
    TargetInfo,
    unit_of,
)
from reconciler.model.project import DesiredProject, LiveProject, Shown, Source, UnreadableProject
from reconciler.model.record import Entries, RecordedProject
from reconciler.model.values import has_overflow
from reconciler.planning.bases import Base, base_of, kept_base, mover, outside, unseen
from reconciler.planning.blocking import (
    blocked,
    blocked_change,
    not_sendable,
    unreadable,
    unreadable_warning,
)
from reconciler.planning.guards import LIVE_HISTORY, SNAPSHOT_HISTORY, Situation
from reconciler.planning.intent import EMPTY_HASH, Intent, compare, plan_hash
from reconciler.planning.judging import judge
from reconciler.planning.mask import Ignored
from reconciler.planning.threeway import ThreeWay


@dataclass(frozen=True, slots=True)
class Rules:
    """What the guards go by: their settings, the waivers, the guards that `--allow` names, what they must not say."""

    settings: GuardSettings = field(default_factory=GuardSettings)
    waivers: tuple[Waiver, ...] = ()
    allowed: frozenset[str] = frozenset()
    sensitive: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Live:
    """Live state as read. `projects` is by name, with None for one that was asked for and is not there.

    `nameless` are projects of which not even the name can be read. None of them is one that was asked for by its name.

    `whole` is true where the whole account was listed: only then are unmanaged projects and the account known.
    `snapshot_at` is when it was read where that is from a snapshot.
    """

    projects: Mapping[str, Shown | None]
    whole: bool
    snapshot_at: datetime | None = None
    nameless: tuple[UnreadableProject, ...] = ()

    @property
    def listed(self) -> tuple[Shown, ...]:
        """Every project that is there."""
        return (*(project for project in self.projects.values() if project is not None), *self.nameless)


def by_name(projects: Iterable[Shown]) -> dict[str, Shown | None]:
    """Live projects by name. Should an archived name be free for another project, the other one counts.

    That an archived project keeps its name is an assumption ([A] in scale-api.md).
    """
    found: dict[str, Shown | None] = {}
    for project in projects:
        if project.name is None:
            continue
        known = found.get(project.name)
        if known is None or known.archived:
            found[project.name] = project
    return found


def nameless(projects: Iterable[Shown]) -> tuple[UnreadableProject, ...]:
    """The projects that `by_name` leaves out."""
    return tuple(project for project in projects if isinstance(project, UnreadableProject) and project.name is None)


def account_of(projects: Iterable[Shown]) -> str | None:
    """What identifies an account: when its oldest project was made.

    None without one, and if it is not known which is the oldest, because a project's time cannot be read.
    """
    found = list(projects)
    if any(isinstance(project, UnreadableProject) and project.created_at is None for project in found):
        return None
    return min((project.created_at for project in found if project.created_at), default=None)


def is_unmanaged(project: Shown, managed: Collection[str], own_names: Sequence[str] | None) -> bool:
    """Whether a live project that should have a manifest has none; `own_names` are patterns, None for all names."""
    name = project.name
    if name is None or name in managed or project.archived:
        return False
    return own_names is None or any(fnmatchcase(name, pattern) for pattern in own_names)


def unmanaged_in(
    live: Live, managed: Collection[str], own_names: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The live projects without a manifest, by name, and the warning about those that cannot be read.

    They block nothing: no manifest is compared with them.
    """
    found = [project for project in live.listed if is_unmanaged(project, managed, own_names)]
    unread = [project for project in (*found, *live.nameless) if isinstance(project, UnreadableProject)]
    names = sorted(project.name for project in found if project.name is not None)
    return tuple(names), unreadable_warning(unread) if unread else ()


def make_plan(
    desired: Iterable[DesiredProject],
    live: Live,
    *,
    target: TargetInfo,
    commit: Commit,
    made_at: datetime,
    managed_names: frozenset[str],
    own_names: Sequence[str] | None = None,
    complete: bool,
    manifests: str,
    manifest_count: int,
    diagnostics: tuple[Diagnostic, ...] = (),
    known: Entries | None = None,
    gone: Iterable[str] = (),
    pending: bool = False,
    rules: Rules | None = None,
) -> Plan:
    """The plan for the desired projects.

    `managed_names` are all names that stand in a manifest, selected or not: what is live beside them is unmanaged.
    `own_names` are patterns: other live projects belong to others, and are not called unmanaged.
    `made_at` is aware. `known` is the record, None without one; `gone` are the names in it that are to be forgotten.
    With `pending`, what drifted is left alone. `rules` are what the guards go by; without them none is asked.
    Projects are ordered by name.
    """
    section: Entries = known or {}
    history = LIVE_HISTORY if live.snapshot_at is None else SNAPSHOT_HISTORY
    planned = [
        plan_project(
            project,
            live.projects.get(project.name),
            known=section.get(project.name),
            pending=pending,
            history=history,
        )
        for project in desired
    ]
    planned += [_forgotten(name, section[name], live.projects.get(name)) for name in gone]
    changes = tuple(sorted(planned, key=lambda change: change.name))
    if rules is not None:
        changes, verdicts = judge(
            changes,
            Situation(
                live=live.projects,
                listed=live.whole,
                managed_names=managed_names,
                known={**section, **{change.name: change.base for change in changes if change.base is not None}},
                settings=rules.settings,
                waivers=rules.waivers,
                allowed=rules.allowed,
                today=made_at.astimezone(UTC).date(),
                pending=pending,
                sensitive=rules.sensitive,
                history=history,
            ),
        )
        diagnostics += verdicts
    unmanaged, warnings = unmanaged_in(live, managed_names, own_names) if live.whole and complete else ((), ())
    return Plan(
        target=target,
        commit=commit,
        made_at=made_at,
        changes=changes,
        unmanaged=unmanaged,
        diagnostics=(*diagnostics, *warnings),
        complete=complete,
        live_count=len(live.listed) if live.whole else None,
        manifests=manifests,
        manifest_count=manifest_count,
        hash=plan_hash({change.name: change.hash for change in changes}, EMPTY_HASH),
        summary=_summary(changes, unmanaged),
        pending_only=pending,
        snapshot_at=live.snapshot_at,
    )


def _forgotten(name: str, known: RecordedProject, found: Shown | None) -> ProjectChange:
    """A project in the record that no longer has a manifest. Nothing is sent, so it need not be readable."""
    live = found if isinstance(found, LiveProject) else None
    source = Source(known.file, 1)
    desired = DesiredProject(name, live.type if live is not None else "", source)
    state = State.of(live) if live is not None else None
    return ProjectChange(
        name=name,
        action=Action.FORGET,
        source=source,
        desired=desired,
        before=state,
        after=state,
        expected=Expected.of(live),
        reason=Reason.MANIFEST_GONE,
        hash=EMPTY_HASH,
    )


def plan_project(
    desired: DesiredProject,
    live: Shown | None,
    *,
    known: RecordedProject | None = None,
    pending: bool = False,
    history: str = LIVE_HISTORY,
) -> ProjectChange:
    """What the plan says of one project; `known` is its entry in the record, `history` what shows its versions."""
    if isinstance(live, UnreadableProject):
        return blocked_change(desired, None, unreadable(desired.name, live))
    base = base_of(known, live)
    change = _planned(desired, live, base, pending=pending, history=history)
    return replace(change, diagnostics=(*_landed(desired, base), *change.diagnostics))


def _planned(
    desired: DesiredProject, live: LiveProject | None, base: Base, *, pending: bool, history: str
) -> ProjectChange:
    if live is not None and (block := blocked(desired, live)):
        return blocked_change(desired, live, block)
    kept: dict[str, int | None] = {}
    found: Mapping[str, Cause] = {}
    intent = compare(desired, live)
    if live is not None and desired.mask.units is None:
        units = {unit for field in intent.fields if (unit := unit_of(field.path)) is not None}
        three = ThreeWay(desired, live, base.known)
        found = {unit: cause for unit in units if (cause := three.unit(unit).cause) is not None}
        if pending:
            drifting = sorted(unit for unit in units if found.get(unit) is Cause.DRIFT)
            kept = {unit: kept_base(base.known, unit) for unit in drifting} if base.known is not None else {}
            mask = replace(desired.mask, units=frozenset(units.difference(kept)))
            desired = replace(desired, mask=mask)
            intent = compare(desired, live)
    unsendable = next((call for call in intent.calls if has_overflow(call.body)), None)
    if unsendable is not None and live is not None:
        return blocked_change(desired, live, not_sendable(desired, unsendable.kind))
    fields = tuple(_classed(intent.fields, found, live))
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
    )


def _classed(fields: Iterable[Field], found: Mapping[str, Cause], live: LiveProject | None) -> Iterator[Field]:
    """The fields of units that were classified, each with its unit's class; all others as they are."""
    if live is None or not found:
        yield from fields
        return
    theirs = (unit for unit, moved in found.items() if moved in (Cause.DRIFT, Cause.CONFLICT))
    movers = {unit: mover(live, unit) for unit in theirs}
    for one in fields:
        unit = unit_of(one.path)
        if unit is None or unit not in found:
            yield one
        else:
            yield Field(one.path, one.kind, one.before, one.after, found[unit], None, movers.get(unit))


def _landed(desired: DesiredProject, base: Base) -> Iterable[Diagnostic]:
    """What a run that never told what became of it is seen to have written."""
    if base.landed:
        calls = " and ".join(f"{kind.value} (version {version})" for kind, version in base.landed)
        yield Diagnostic(
            Severity.NOTE,
            "interrupted-run",
            f"an apply of project.{desired.name} that never ended had written {calls}",
            detail="It is ours, and is taken for it. The next apply records it.",
        )


def _hidden(desired: DesiredProject, units: tuple[str, ...], history: str) -> Iterable[Diagnostic]:
    """What of the record cannot be seen, so that a write may revert an edit of others."""
    if units:
        yield warning(
            "base-not-shown",
            f"nobody can tell who changed {', '.join(units)} of project.{desired.name} since the last apply",
            detail=f"{history} the version that the last apply recorded. An apply makes it as the manifest says, and "
            "may revert an edit of others; with --pending the project is held.",
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
        keys = " and ".join(f'"{key}"' for key in intent.dropped)
        yield warning(
            "ontology-keys-dropped",
            f"setOntology for project.{desired.name} takes away {keys} of its live choices",
            detail="A manifest cannot say these, and the API writes an ontology whole.",
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
                f"{format_path(path)} is ignored, and goes with {format_path(field.path)}, which is removed",
                detail=f"To keep it, declare {format_path(field.path)} in the manifest.",
            )


def _summary(changes: tuple[ProjectChange, ...], unmanaged: tuple[str, ...]) -> Summary:
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
