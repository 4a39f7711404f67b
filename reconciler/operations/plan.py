"""Make a plan: load manifests, read live state, compare, say where in git each change comes from. Writes nothing."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from reconciler.diagnostics import Diagnostic, Severity, error, merged, warning
from reconciler.errors import DiagnosedError, GitRefusedError
from reconciler.fieldpath import FieldPath
from reconciler.git.sources import Sources, read_sources
from reconciler.manifest.checking import check_projects
from reconciler.manifest.checks import Checks
from reconciler.manifest.loading import Manifests, load_manifests
from reconciler.manifest.places import Place, files_of, locate_all
from reconciler.model.plan import Action, Commit, Field, Plan, ProjectChange, TargetInfo
from reconciler.model.project import DesiredProject, LiveProject, Shown, Source
from reconciler.model.record import EMPTY_ACCOUNT, Entries, Record, Section, SectionKey
from reconciler.model.values import NodeCount, equal
from reconciler.operations.selection import Recorded, select, usable
from reconciler.operations.targets import sandbox_account
from reconciler.planning.classes import unseen
from reconciler.planning.planner import Live, Rules, account_of, by_name, make_plan, nameless
from reconciler.planning.renaming import CODE as RENAMED_CHOICE
from reconciler.planning.renaming import renamed_choices
from reconciler.scale.client import ScaleClient
from reconciler.settings import Settings, Target

_EXAMPLES = 3
_FEW = 8
"""Up to so many selected projects are got one by one; for more one list of the account is cheaper."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a plan needs of this side: known before anything is sent."""

    manifests: Manifests
    desired: tuple[DesiredProject, ...]
    narrowed: bool
    commit: Commit
    diagnostics: tuple[Diagnostic, ...]
    gone: tuple[str, ...]
    """Selected projects that the record knows and no manifest has any more."""
    unheld: frozenset[str] = frozenset()
    """Projects that were read from a file that the commit does not hold as it was read."""


def prepare(
    settings: Settings,
    names: Sequence[str],
    *,
    target: Target,
    record: Record,
    allowed: Collection[str] = (),
    needs_git: bool = False,
) -> Prepared:
    """Load and check the manifests, and ask git for the commit. Names that only `record` knows count, too.

    A git that refuses, fails or is missing is a warning; with `needs_git` it is an error.

    Raises:
        GitRefusedError: git does not answer, and `needs_git` is set.
        DiagnosedError: an error is left in what a selected project uses, or there is no manifest at all.
        UsageError: the folder is missing, or a name matches nothing.
    """
    manifests = load_manifests(settings.manifests, root=settings.repo_root, overlay=target.overlay)
    recorded = _recorded(settings, manifests, target, record)
    selection = select(manifests, names, folder=settings.cwd, recorded=recorded)
    desired, diagnostics = usable(manifests, selection)
    if not any(entry.is_manifest for entry in manifests.entries) and "no-manifests" not in allowed:
        raise DiagnosedError("no manifests", [_no_manifests(settings)])
    sources = Sources(Commit())
    try:
        sources = _read_sources(settings, target.overlay, desired)
    except GitRefusedError as problem:
        if needs_git:
            raise
        diagnostics = (*diagnostics, warning(problem.code, problem.summary, detail=problem.detail))
    if sources.ignored:
        diagnostics = (*diagnostics, _ignored(sources.ignored, settings.git_root.as_posix()))
    unheld = (project.name for project in desired if sources.unheld and sources.unheld & files_of(project))
    return Prepared(
        manifests,
        tuple(desired),
        selection.narrowed,
        sources.commit,
        diagnostics,
        selection.recorded,
        frozenset(unheld),
    )


def _recorded(settings: Settings, manifests: Manifests, target: Target, record: Record) -> list[Recorded]:
    """The projects that the record knows at this endpoint, from this manifest folder, and no manifest has any more."""
    folder = settings.manifests.as_posix() + "/"
    declared = {entry.name for entry in manifests.entries}
    files = {
        name: (settings.git_root / project.file).as_posix()
        for _, section in record.at(target.endpoint)
        for name, project in section.projects.items()
        if name not in declared
    }
    return [Recorded(name, file) for name, file in sorted(files.items()) if file.startswith(folder)]


async def plan(
    settings: Settings,
    target: Target,
    client: ScaleClient,
    prepared: Prepared,
    *,
    record: Record,
    pending: bool = False,
    allowed: Collection[str] = (),
    now: Callable[[], datetime],
) -> Plan:
    """The plan for what was prepared. Sends reads alone: one list, or a get for each of a few selected projects.

    Raises:
        ScaleError: live state cannot be read.
    """
    names = [project.name for project in prepared.desired]
    live = await read_live(client, [*names, *prepared.gone], few=prepared.narrowed)
    account = await recognize(target, client, live, record)

    def planned(live: Live) -> Plan:
        return planned_with(
            settings, account, live, prepared, record=record, pending=pending, allowed=allowed, made_at=now()
        )

    made = planned(live)
    # A list may leave out the versions that the record names; a get shows all that there are.
    hidden = [change.name for change in made.changes if unseen(change.base, change.fields)] if live.whole else []
    if hidden:
        made = planned(replace(live, projects={**live.projects, **await get_projects(client, hidden)}))
    return with_sources(with_warnings(made, settings))


def planned_with(
    settings: Settings,
    account: Account,
    live: Live,
    prepared: Prepared,
    *,
    record: Record,
    pending: bool,
    allowed: Collection[str],
    made_at: datetime,
) -> Plan:
    """The plan against live state that was read; its fields without their places in git. `made_at` is aware.

    Raises:
        DiagnosedError: what would change is too large to be compared and written out.
    """
    _check_size(prepared.desired, live)
    known = account.entries(record)
    made = make_plan(
        prepared.desired,
        live,
        target=account.target,
        commit=prepared.commit,
        made_at=made_at,
        managed_names=frozenset(entry.name for entry in prepared.manifests.entries if entry.name is not None),
        own_names=prepared.manifests.names,
        complete=not prepared.narrowed,
        manifests=Path(os.path.relpath(settings.manifests, settings.repo_root)).as_posix(),
        manifest_count=sum(entry.is_manifest for entry in prepared.manifests.entries),
        diagnostics=prepared.diagnostics,
        known=known,
        gone=[name for name in prepared.gone if name in known],
        pending=pending,
        rules=Rules(settings.guards, settings.waivers, frozenset(allowed), settings.sensitive),
    )
    commit = prepared.commit.commit
    changes = (replace(change, commit=None if change.name in prepared.unheld else commit) for change in made.changes)
    return replace(made, changes=tuple(changes), section=account.section)


def _check_size(desired: Sequence[DesiredProject], live: Live) -> None:
    """A few bytes can hold very many values: shared values count once for each manifest that uses them."""
    nodes = NodeCount()
    total = 0
    for project in desired:
        found = live.projects.get(project.name)
        now = found if isinstance(found, LiveProject) else None
        for declared, there in ((project.params, now and now.params), (project.ontology, now and now.ontology)):
            if declared is not None and not (there is not None and equal(declared, there)):
                total += nodes.of(declared)
    repeated = total - nodes.distinct
    if repeated > _MOST_REPEATED:
        summary = f"the changes repeat {repeated:,} values that aliases and references share"
        detail = f"A plan may repeat {_MOST_REPEATED:,}. Plan some of the projects at a time, by name."
        raise DiagnosedError("the plan is too large", [error("too-large", summary, detail=detail)])


_MOST_REPEATED: Final = 8_000_000


async def read_live(client: ScaleClient, names: Sequence[str], *, few: bool) -> Live:
    """Live state: of the named projects alone where they are few, else of the whole account in one list.

    Should the list leave earlier versions out, the named projects are got one by one beside it: a base is looked for in
    them. And if a project in the list has no readable name, it may be any project that the list does not show; so the
    named projects that it does not show are got, too.
    """
    if few and len(names) <= _FEW:
        return Live(await get_projects(client, names), whole=False)
    listed = await list_account(client)
    projects, unnamed = dict(listed.projects), listed.nameless
    is_cut = any(
        isinstance(one, LiveProject) and one.params_history and one.params_history[0].number for one in listed.listed
    )
    wanted = [name for name in names if (is_cut if projects.get(name) is not None else unnamed)]
    if wanted:
        got = await get_projects(client, wanted)
        if sum(project is not None and projects.get(name) is None for name, project in got.items()) >= len(unnamed):
            unnamed = ()
        projects |= got
    return Live(projects, whole=True, nameless=unnamed)


async def list_account(client: ScaleClient) -> Live:
    """The whole account, in one list."""
    shown = await client.list_projects()
    return Live(by_name(shown), whole=True, nameless=nameless(shown))


async def get_projects(client: ScaleClient, names: Sequence[str]) -> dict[str, Shown | None]:
    """The projects of these names, each got by itself; None for one that is not there."""
    found = await asyncio.gather(*map(client.find_project, names))
    return dict(zip(names, found, strict=True))


@dataclass(frozen=True, slots=True)
class Account:
    """The target as it answered, and the section of the record that belongs to its account, None without one.

    `created` has the `created_at` of the projects that were read, by name.
    """

    target: TargetInfo
    section: SectionKey | None
    created: Mapping[str, str | None] = field(default_factory=dict)

    def entries(self, record: Record) -> Entries:
        """The recorded projects of this account."""
        return self.of(record).projects

    def of(self, record: Record) -> Section:
        """The section of this account; an empty one without a section."""
        return record.sections[self.section] if self.section is not None else Section()


async def recognize(
    target: Target, client: ScaleClient, live: Live, record: Record, *, must_know: bool = False
) -> Account:
    """The account that was read. If only some of its projects were, and the record recognizes none, it is listed.

    With `must_know`, it is listed too if there is nothing in the record to recognize.
    """
    account = account_in(target, live)
    section = record.find(target.endpoint, account, _created(live))
    if account is None and section is None and (must_know or any(record.at(target.endpoint))):
        live = await list_account(client)
        account = account_in(target, live)
        section = record.find(target.endpoint, account, _created(live))
    return Account(TargetInfo(target.name, target.endpoint, account), section, _created(live))


def account_from(target: TargetInfo, live: Live, record: Record) -> Account:
    """The account of a snapshot."""
    return Account(target, record.find(target.endpoint, target.account, _created(live)))


def _created(live: Live) -> dict[str, str | None]:
    return {name: project.created_at for name, project in live.projects.items() if project is not None}


def account_in(target: Target, live: Live) -> str | None:
    """What identifies this account: a sandbox's own ID, else its oldest project; None if it was not listed."""
    if target.sandbox is not None:
        return sandbox_account(target.sandbox) or EMPTY_ACCOUNT
    if not live.whole:
        return None
    return account_of(live.listed) if live.listed else EMPTY_ACCOUNT


def with_warnings(plan: Plan, settings: Settings) -> Plan:
    """The plan with what the checks that know the field warn of in the projects that change; notes are left out."""
    checks = Checks(settings.checks, plan.made_at.date())
    changing = [change.desired for change in plan.changes if change.action in (Action.CREATE, Action.UPDATE)]
    told = merged(
        diagnostic
        for diagnostic in check_projects(changing, checks, root=settings.repo_root.as_posix())
        if diagnostic.severity is Severity.WARNING
    )
    changes = plan.changes
    if settings.checks.get(RENAMED_CHOICE, "warn") == "warn":
        changes = tuple(
            replace(change, diagnostics=(*change.diagnostics, *renamed_choices(change, settings.sensitive)))
            for change in changes
        )
    return replace(plan, changes=changes, diagnostics=(*plan.diagnostics, *told))


def with_sources(plan: Plan) -> Plan:
    """The plan with the line in git that each field comes from. Reads the files of the projects that change."""
    changes = plan.changes
    in_files = sorted((change for change in changes if change.fields), key=lambda change: change.source.file)
    places = locate_all((change.desired, {field.path for field in change.fields}) for change in in_files)
    locations = {change.name: found for change, found in zip(in_files, places, strict=True)}
    located = (_with_source(change, locations[change.name]) if change.fields else change for change in changes)
    return replace(plan, changes=tuple(located))


def _with_source(change: ProjectChange, places: Mapping[FieldPath, Place]) -> ProjectChange:
    def source(field: Field) -> Source:
        place = places[field.path]
        if place.text is not None:
            return Source(place.text, _first_difference(field))
        return Source(place.location.file, place.location.line)

    return replace(change, fields=tuple(replace(field, source=source(field)) for field in change.fields))


def _first_difference(field: Field) -> int:
    """The line of a text, counted from 1, where it starts to differ from what is live."""
    if not isinstance(field.before, str) or not isinstance(field.after, str):
        return 1
    before, after = field.before.split("\n"), field.after.split("\n")
    same = next((i for i, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(before))
    return min(same, len(after) - 1) + 1


def _read_sources(settings: Settings, overlay: Path | None, desired: Sequence[DesiredProject]) -> Sources:
    """What git reports about everything that the plan reads."""
    config = [settings.config_file] if settings.config_file else []
    files = {file for project in desired for file in files_of(project)}
    folder = settings.manifests.as_posix() + "/"
    elsewhere = (Path(file) for file in sorted(files) if not file.startswith(folder))
    paths = [settings.manifests, *([overlay] if overlay else []), *config, *elsewhere]
    return read_sources(settings.repo_root, paths, [*files, *(file.as_posix() for file in config)])


def _ignored(files: Sequence[str], base: str) -> Diagnostic:
    """One warning for all files that git ignores."""
    names = [Path(os.path.relpath(file, base)).as_posix() for file in files]
    more = f" and {len(names) - _EXAMPLES:,} more" if len(names) > _EXAMPLES else ""
    return warning(
        "git-ignored",
        f"git ignores {names[0] if len(names) == 1 else f'{len(names):,} files'}, which this plan reads",
        detail=f"Other clones do not have {'it' if len(names) == 1 else 'them'}, so their plans differ: "
        f"{', '.join(names[:_EXAMPLES])}{more}.\nIf the manifests need these files, add them with git add --force.",
    )


def _no_manifests(settings: Settings) -> Diagnostic:
    return error(
        "no-manifests",
        f"there is no manifest in {settings.manifests}",
        detail="A plan without manifests is refused: an empty checkout looks the same. Manifests are files that end "
        "in .yaml or .yml, and whose names do not start with _ or a dot.",
    )
