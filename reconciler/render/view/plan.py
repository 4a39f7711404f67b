"""What is shown of a plan: the projects that differ, what is risky about them, and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.diagnostics import count
from reconciler.model.invocation import Invocation
from reconciler.model.plan import Action, Plan, ProjectChange, Reason, Summary, unit_of
from reconciler.model.project import PERMANENT
from reconciler.model.rebuilding import relative
from reconciler.render.escape import quoted
from reconciler.render.phrases import aged, minute, read_at, snapshot_of
from reconciler.render.signs import MEANING, Sign
from reconciler.render.spelling import compact
from reconciler.render.view.fields import sections
from reconciler.render.view.holds import Groups, held_sentences, held_together, held_verdicts
from reconciler.render.view.keeping import keeping
from reconciler.render.view.parts import (
    Command,
    Mark,
    Name,
    Number,
    ProjectView,
    Quoted,
    Reader,
    Section,
    Sentence,
    Spelled,
    Tone,
    Verdict,
    View,
    names,
    plan_of,
)
from reconciler.render.view.risks import RANK, Edits, Risk, alerts_of, changes_on_scale, risks_of, units_of

if TYPE_CHECKING:
    from reconciler.model.drift import Drift

MOST_NAMED: Final = 10
"""How many projects a command names. For more, it does what it does to all."""

_NO_CHANGES: Final = "No changes. Your projects match the manifests."


def view_plan(plan: Plan, reader: Reader) -> View:
    """What is shown of a plan. Projects are in the plan's order, which is by name."""
    created = tuple(change.name for change in plan.changes if change.action is Action.CREATE and change.writes)
    reverted, kept = plan.reverted, plan.kept
    reverting = {name for name, _ in reverted}
    invocation = reader.invocation.of(plan.target.name, pending=plan.pending_only)
    differing = tuple(change for change in plan.changes if change.blocked or change.action is not Action.NO_OP)
    shown = reader.printed(replace(plan, changes=differing))
    groups = held_together(shown.changes)
    seen = [
        (
            change,
            *_project(change, reader, invocation, groups, reverts=change.name in reverting, alone=len(created) == 1),
        )
        for change in shown.changes
    ]
    projects = tuple(project for _, project, _ in seen)
    meaning = MEANING | ({Sign.ADD: "create"} if any(project.sign is Sign.ADD for project in projects) else {})
    writes = any(change.writes and not change.blocked for change, _, _ in seen)
    counted = _counts(plan.summary)
    forgotten = {change.name for change in plan.changes if change.action is Action.FORGET}
    # A project whose manifest is gone, or has a new name, is shown as such. It needs no other advice.
    footnotes = (
        *held_sentences(groups, invocation),
        *_kept(kept),
        *unmanaged([name for name in plan.unmanaged if name not in forgotten], plan.not_importable, invocation),
    )
    return View(
        title="Plan for",
        target=plan.target.name,
        endpoint=plan.target.endpoint,
        seen=seen_words(plan, reader),
        origin=_manifests(plan, reader) if projects or not plan.complete else "",
        headline=counted or "no changes",
        last=last_line(plan.summary, pending=plan.pending_only, kept=len(kept)),
        columns=("project", "params", "ontology", "manifest"),
        address=reader.address,
        projects=projects,
        intro="Reconciler will perform the following actions:"
        if writes
        else "Reconciler will not write any of these changes:",
        legend=tuple((sign, meaning[sign]) for sign in signs_of(projects)),
        numbers=tuple(_numbers(plan.summary)),
        messages=shown.diagnostics,
        alerts=tuple(alerts_of(seen, reverted)),
        closing=(*_creates(created), *_reverted(plan.changes, reverted, invocation), *footnotes),
        footnotes=footnotes,
        colophon=tuple(_colophon(plan, reader)),
    )


def signs_of(projects: Sequence[ProjectView]) -> list[Sign]:
    """The signs in use, in the legend's order."""
    used: set[Sign | None] = set()
    for project in projects:
        used.update((project.sign, *([Sign.HELD] if project.held else [])))
        used.update(sign for section in project.sections for sign in section.signs)
    return [sign for sign in Sign if sign in used]


def seen_words(found: Plan | Drift, reader: Reader) -> str:
    """`42 live projects, read 10:02:11 UTC`, or `…, snapshot of 2026-11-25 10:02 UTC, 3 h ago`."""
    live = "" if found.live_count is None else f"{count(found.live_count, 'live project')}, "
    if found.snapshot_at is not None:
        return live + snapshot_of(found.snapshot_at, reader.now)
    return f"{live}read {read_at(found.made_at, reader.now)}"


def live_words(found: Plan | Drift, reader: Reader) -> str:
    """The same for a text that is read later, with the date: `live state read 2026-11-25 10:02 UTC`."""
    if found.snapshot_at is not None:
        return f"live state from the {snapshot_of(found.snapshot_at, reader.now)}"
    return f"live state read {aged(minute(found.made_at), found.made_at, reader.now)}"


def last_line(summary: Summary, *, pending: bool = False, kept: int = 0) -> str:
    """The line that scripts look for. `kept` counts the changes made on Scale that a plan with --pending keeps."""
    if counted := _counts(summary):
        return f"Plan: {counted}."
    if not pending:
        return _NO_CHANGES
    are = "is" if kept == 1 else "are"
    return "No pending changes." + (f" {count(kept, 'change')} made on Scale {are} kept." if kept else "")


def unmanaged(live: Sequence[str], refused: Mapping[str, str], invocation: Invocation) -> Iterator[Sentence]:
    """Live projects without a manifest, and the command that writes manifests for them. `refused` has the reason for
    those that cannot be imported."""
    if live:
        able = [name for name in live if name not in refused]
        have, it = ("has", "it") if len(live) == 1 else ("have", "them")
        them = it if len(able) == len(live) else "the rest" if able else ""
        command = Command(invocation, "import", *(["--", *able] if len(live) <= MOST_NAMED else ["--all", "--"]))
        for name in live:
            if name in refused:
                yield (Name(name), " cannot be imported: ", Quoted(refused[name]), ".")
        counted = (f"{count(len(live), 'live project')} {have} no manifest (", *names(live))
        yield (*counted, f"). To manage {them}: ", command) if able else (*counted, ").")


def _project(
    change: ProjectChange, reader: Reader, invocation: Invocation, groups: Groups, *, reverts: bool, alone: bool
) -> tuple[ProjectView, tuple[Risk, ...]]:
    """The project, and its risks.

    `reverts`: it would undo a change made on Scale. `alone`: no other project is created.
    """
    shown: list[Section] = []
    sign = Sign.ADD if change.action is Action.CREATE else Sign.CHANGE
    if change.blocked:
        sign = Sign.BLOCKED
    elif change.action is Action.FORGET:
        sign = Sign.FORGET
    else:
        shown = list(sections(change, sign, full=reader.full))
    risks = risks_of(change, sign, shown)
    held = bool(change.held_by) and not change.blocked
    project = ProjectView(
        name=change.name,
        sign=sign,
        location=change.source,
        command=Command(invocation, "plan", "--", change.name),
        full=_full(change, invocation),
        fate="" if change.blocked else _fate(change),
        planned=sign in (Sign.ADD, Sign.CHANGE),
        held=held,
        marks=tuple(_marks(change, sign, shown, reverts=reverts)),
        verdicts=tuple(_verdicts(change, groups, invocation)),
        sections=tuple(shown),
        caution=f"{PERMANENT} Check the name once more." if sign is Sign.ADD and change.writes and alone else "",
        warnings=tuple(diagnostic for diagnostic in change.diagnostics if not diagnostic.is_error),
        cells=tuple(_cells(change, sign, shown)),
        rank=RANK[risks[0]] if risks else len(RANK),
    )
    return project, risks


def _full(change: ProjectChange, invocation: Invocation) -> Command:
    if invocation.planfile is not None:
        return Command(invocation, "show", "--full", invocation.planfile)
    return Command(invocation, "plan", "--full", "--", change.name)


def _fate(change: ProjectChange) -> str:
    """`will be created`, or `would be created` if an apply would not do it."""
    if change.action is Action.FORGET:
        return "will no longer be managed"
    would = "would" if change.protected or change.held_by else "will"
    return f"{would} be {'created' if change.action is Action.CREATE else 'updated in-place'}"


def _verdicts(change: ProjectChange, groups: Groups, invocation: Invocation) -> Iterator[Verdict]:
    if change.blocked:
        why, to_do = _blocked(change)
        yield Verdict(why, tuple(to_do), Sign.BLOCKED)
        return
    if change.protected:
        yield Verdict(("Protected by the manifest: changes are shown, but never written.",))
    yield from held_verdicts(change, groups, invocation)
    for waived in change.waived_by:
        yield Verdict(("The guard ", Spelled(waived.guard), " is waived by ", Quoted(waived.by), "."))
    if change.action is Action.FORGET:
        stays = ", and the project stays on Scale" if change.before is not None else ""
        gone = f"project {quoted(change.name)}: no manifest declares it anymore. Nothing is sent{stays}."
        yield Verdict((Quoted(gone),), sign=Sign.FORGET)


def _blocked(change: ProjectChange) -> tuple[Sentence, list[Sentence]]:
    """Why nothing is written to a project, and what a person can do."""
    reported = next((diagnostic for diagnostic in change.diagnostics if diagnostic.is_error), None)
    to_do = [line for line in reported.explanation.split("\n") if line] if reported else []
    match change.reason:
        case Reason.TYPE_DIFFERS:
            live = compact(change.before.type) if change.before else "another"
            here = compact(change.desired.type)
            why = f"its type is {live} on Scale and {here} in the manifest, and a project's type cannot be changed."
            to_do = [f"Set the type in the manifest to {live}, or use a different name."]
        case Reason.PIPELINE_DIFFERS:
            desired = compact(change.desired.create_only.get("pipeline"))
            why = f"its pipeline is not {desired} on Scale, and a project's pipeline cannot be changed."
            to_do = to_do[-1:]
        case Reason.ARCHIVED:
            why = "a project with this name is archived on Scale, and an archived project keeps its name."
            to_do = ["Unarchive the project in Scale's dashboard, or use a different name in the manifest."]
        case _:
            why = f"{reported.summary}." if reported else "reconciler cannot write to this project."
    return (Quoted(why),), [(Quoted(line),) for line in to_do]


def _marks(change: ProjectChange, sign: Sign, shown: Sequence[Section], *, reverts: bool) -> Iterator[Mark]:
    if sign is Sign.BLOCKED:
        yield Mark("blocked", Tone.DANGER)
        return
    yield from (Mark(f"held by {held.guard}", Tone.HELD) for held in change.held_by)
    if change.protected:
        yield Mark("protected", Tone.HELD)
    if sign is Sign.ADD:
        yield Mark("created" if change.writes else "would be created", Tone.ADD)
    if sign is Sign.FORGET:
        yield Mark("forgotten", Tone.HELD)
    for section in reversed(shown):
        if section.removed:
            yield Mark(f"removes {count(len(section.removed), section.noun)}", Tone.DANGER)
        if section.renamed:
            yield Mark(f"{section.renames} {count(len(section.renamed), section.noun)}", Tone.CAUTION)
    if reverts:
        yield Mark("reverts changes made on Scale", Tone.DANGER)


def _cells(change: ProjectChange, sign: Sign, shown: Sequence[Section]) -> Iterator[Sentence]:
    """The columns `params` and `ontology`."""
    cells: dict[str, Sentence] = {"params": (), "ontology": ()}
    for section in shown:
        if section.title and sign is Sign.ADD:
            cells[section.title] = (f"{section.total:,} set" if section.title == "params" else section.total_words,)
        elif section.title:
            versions = f", {section.versions.replace('->', '→')}" if section.versions else ""
            cells[section.title] = (Spelled(section.tally), versions)
    if sign is Sign.BLOCKED:
        cells["params"] = ("blocked",)
    elif sign is Sign.FORGET:
        cells["params"] = ("no longer managed; nothing is sent",)
    elif change.protected:
        cells["params"] = (*cells["params"], ", protected") if cells["params"] else ("protected",)
    yield from cells.values()


def _creates(created: Sequence[str]) -> Iterator[Sentence]:
    """What creating several projects means, said once for all of them."""
    if len(created) > 1:
        yield (
            f"{len(created):,} projects would be created (",
            *names(created),
            f"). {PERMANENT} Check the names once more.",
        )


def _reverted(changes: Sequence[ProjectChange], edits: Edits, invocation: Invocation) -> Iterator[Sentence]:
    if edits:
        units = (
            (change.name, unit_of(field.path) or "", field.cause)
            for change in changes
            if change.writes
            for field in change.fields
            if field.cause.on_scale
        )
        first, *others = keeping(units, "it" if len(edits) == 1 else "them", invocation)
        yield (f"{changes_on_scale(len(edits))} would be reverted (", *units_of(edits), "). ", *first)
        yield from others


def _kept(edits: Edits) -> Iterator[Sentence]:
    if edits:
        are = "is" if len(edits) == 1 else "are"
        yield (f"{changes_on_scale(len(edits))} {are} kept (", *units_of(edits), ").")


def _counts(summary: Summary) -> str:
    """`1 to add, 2 to change, 0 to destroy, 1 held`; empty if all of them are zero."""
    if not any(number.number for number in _numbers(summary)):
        return ""
    return ", ".join(f"{number.number} {number.words}" for number in _numbers(summary))


def _numbers(summary: Summary) -> Iterator[Number]:
    """The first three always; the others only if they are not zero."""
    yield Number(summary.add, "to add", Sign.ADD)
    yield Number(summary.change, "to change", Sign.CHANGE)
    yield Number(summary.destroy, "to destroy", Sign.REMOVE)
    rest = (
        (summary.forget, "to forget", Sign.FORGET),
        (summary.held, "held", Sign.HELD),
        (summary.blocked, "blocked", Sign.BLOCKED),
        (summary.protected, "protected", None),
    )
    yield from (Number(number, words, sign) for number, words, sign in rest if number)


def _manifests(plan: Plan, reader: Reader) -> str:
    """`Manifests: projects/ at 3f2c1ab, 41 projects`."""
    folder = relative(plan.manifests, reader.base) if plan.manifests else ""
    where = f"{folder.rstrip('/')}/ " if folder else ""
    commit = f"at {plan.commit.commit[:7]} " if plan.commit.commit else ""
    dirty = "with uncommitted changes " if plan.commit.commit and plan.commit.dirty else ""
    line = f"Manifests: {where}{commit}{dirty}".rstrip()
    line += f"{',' if where or commit else ''} {count(plan.manifest_count, 'project')}"
    return line if plan.complete else f"{line}, narrowed to {len(plan.changes):,}"


def _colophon(plan: Plan, reader: Reader) -> Iterator[str]:
    """Which plan this is, and what it was made from."""
    yield from plan_of(plan.hash, plan.commit)
    yield f", {live_words(plan, reader)}."
    if not plan.complete:
        yield f" It was narrowed to {len(plan.changes):,} of {count(plan.manifest_count, 'project')}."
    if plan.pending_only:
        yield " Merging writes the changes shown here. Changes made on Scale are kept."
