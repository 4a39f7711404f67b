"""What is shown of a drift: what changed on Scale, in which version, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from reconciler.diagnostics import count, listed
from reconciler.fieldpath import Attribute, format_path
from reconciler.instants import in_utc, read_instant
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift, Undeclared, Unit
from reconciler.model.invocation import Invocation
from reconciler.model.plan import Cause, Field, Kind
from reconciler.model.project import PERMANENT
from reconciler.model.values import MASKED
from reconciler.render.escape import plain
from reconciler.render.phrases import age, aged, minute
from reconciler.render.signs import MEANING, OF_KIND, Sign
from reconciler.render.spelling import arrow, moved_words, whole
from reconciler.render.view.fields import replaced
from reconciler.render.view.keeping import keeping
from reconciler.render.view.ontology import attributes, is_hidden, moved_from
from reconciler.render.view.pairing import pairs
from reconciler.render.view.parts import (
    Command,
    Mark,
    Name,
    Number,
    ProjectView,
    Quoted,
    Reader,
    Row,
    Section,
    Sentence,
    Spelled,
    Strong,
    Tone,
    Verdict,
    View,
    listing,
    names,
    words,
)
from reconciler.render.view.plan import MOST_NAMED, live_words, seen_words, signs_of, unmanaged

MOST_BLOCKED: Final = 20
"""How many blocked projects get their own alert."""

_WORDS: Final = {Kind.ADD: "added", Kind.REMOVE: "removed", Kind.MOVE: "moved", Kind.REORDER: "reordered"}


def view_drift(drift: Drift, reader: Reader) -> View:
    """What is shown of a drift: the projects that differ, by name, then the blocked ones."""
    found = reader.printed(replace(drift, projects=tuple(filter(_is_shown, drift.projects))))
    shown = found.projects
    invocation = reader.invocation.of(drift.target.name)
    projects = (
        *(_project(project, reader.now, invocation, full=reader.full) for project in shown),
        *(_blocked(project, invocation) for project in found.blocked),
    )
    advice = tuple(_advice(shown, invocation))
    undeclared = {each.name for each in drift.undeclared}
    never_declared = [name for name in drift.unmanaged if name not in undeclared]
    others = (
        *_undeclared(drift.undeclared),
        *unmanaged(never_declared, drift.not_importable, invocation),
        *_terms(drift),
    )
    vanished = tuple(_vanished(drift.vanished))
    live = live_words(drift, reader)
    blocked = f", {len(drift.blocked):,} blocked" if drift.blocked else ""
    return View(
        title="Drift of",
        target=drift.target.name,
        endpoint=drift.target.endpoint,
        seen=seen_words(drift, reader),
        origin=words(_compared_with(drift, reader)),
        headline=(f"drift in {_in_projects(drift)}" if drift.has_drifted else "no drift") + blocked,
        last=last_line(drift),
        columns=("project", "drifted", "since", "pending", "manifest"),
        address=reader.address,
        projects=projects,
        legend=tuple((sign, MEANING[sign]) for sign in signs_of(projects)),
        numbers=tuple(_numbers(drift)),
        messages=found.diagnostics,
        alerts=(*vanished, *_blocked_alerts(drift.blocked)),
        closing=(*advice, *vanished, *others),
        footnotes=(*advice, *others),
        colophon=(*_compared_with(drift, reader), f"{'.' if drift.baseline else ''} {live[0].upper()}{live[1:]}."),
    )


def last_line(drift: Drift) -> str:
    """`No drift. …`, or `Drift: 2 in 1 of 41 projects; …`: first what needs a person's attention, then the rest."""
    summary = drift.summary
    if not drift.has_drifted:
        more = []
        if summary.pending:
            are = "is" if summary.pending == 1 else "are"
            more.append(f"{count(summary.pending, 'unit')} {are} pending: changed in git, not yet applied.")
        if summary.blocked:
            are = "is" if summary.blocked == 1 else "are"
            more.append(f"{count(summary.blocked, 'project')} {are} blocked and cannot be compared.")
        commit = drift.baseline.commit if drift.baseline else None
        of = f" of {commit[:7]}" if commit else ""
        return " ".join(("No drift.", *(more or [f"Your projects match the manifests{of}."])))
    found = [
        (summary.drift, f"{summary.drift:,}"),
        (summary.conflict, count(summary.conflict, "conflict")),
        (summary.unknown, f"{summary.unknown:,} unknown"),
        (len(drift.vanished), f"{len(drift.vanished):,} vanished"),
    ]
    rest = [
        f"{summary.pending:,} pending",
        *(words for number, words in found[1:3] if not number),
        f"{summary.transient:,} transient",
        *([f"{summary.blocked:,} blocked"] if summary.blocked else ()),
    ]
    drifted = ", ".join(words for number, words in found if number)
    return f"Drift: {drifted} in {_in_projects(drift)}; {', '.join(rest)}."


def _in_projects(drift: Drift) -> str:
    """`2 of 41 projects`: how many need a person's attention."""
    drifted = {project.name for project in drift.projects if _drifted(project)}.union(drift.vanished)
    return f"{len(drifted):,} of {count(drift.project_count, 'project')}"


def _is_shown(project: ProjectDrift) -> bool:
    noted = bool(project.diagnostics or project.transient)
    return noted or any(unit.cause is not Cause.SAME for unit in project.units)


def _drifted(project: ProjectDrift) -> list[Unit]:
    return [unit for unit in project.units if unit.cause.drifted]


def _compared_with(drift: Drift, reader: Reader) -> Sentence:
    if drift.baseline is None:
        return ("There is no record of an apply, so the cause of any difference is unknown.",)
    commit = Spelled(drift.baseline.commit[:7]) if drift.baseline.commit else "uncommitted manifests"
    recorded_at = read_instant(drift.baseline.recorded_at)
    passed = age(recorded_at, reader.now) if recorded_at else ""
    return ("Compared with the last apply: ", commit, f", {passed}" if passed else "")


def _project(project: ProjectDrift, now: datetime, invocation: Invocation, *, full: bool) -> ProjectView:
    drifted = _drifted(project)
    classes = {unit.cause for unit in project.units}
    fate = "has changes in git that are not yet applied"
    if classes - {Cause.PENDING, Cause.UNKNOWN} or project.transient:
        fate = "has changed outside git"
    elif Cause.UNKNOWN in classes:
        fate = "differs from git"
    rows = tuple(
        row
        for unit in project.units
        if unit.cause is not Cause.SAME
        for row in (*_rows(unit, now), *_rows_in_git(unit, now))
    )
    sign = Sign.DRIFTED if drifted or project.transient else Sign.CHANGE
    section = Section("", sign, rows, full=full)
    marks = [Mark("conflict", Tone.DANGER)] if Cause.CONFLICT in classes else []
    marks += [Mark("pending", Tone.HELD)] if Cause.PENDING in classes else []
    return ProjectView(
        name=project.name,
        sign=sign,
        location=project.source,
        command=Command(invocation, "drift", "--", project.name),
        fate=fate,
        marks=tuple(marks),
        sections=(section,) if rows else (),
        warnings=project.diagnostics,
        asides=tuple(_changed_back(project)),
        cells=tuple(_cells(project, drifted, now)),
        rank=0 if drifted else 1,
    )


def _rows(unit: Unit, now: datetime) -> Iterator[Row]:
    yield from (_row(unit, removal, field, now) for removal, field in pairs(unit.fields))


def _rows_in_git(unit: Unit, now: datetime) -> Iterator[Row]:
    """What git has changed in a unit that is in conflict."""
    pending = replace(unit, cause=Cause.PENDING, fields=unit.in_git)
    yield from (replace(row, note="conflict: changed in git, not yet applied") for row in _rows(pending, now))


def _row(unit: Unit, removal: Field | None, field: Field, now: datetime) -> Row:
    """A difference. If a choice is added, removed, or moved, it is one line."""
    choice = field.path[0] == "ontology" and field.kind in _WORDS and not isinstance(field.path[-1], Attribute)
    pending = unit.cause is Cause.PENDING
    row = Row(
        kind=field.kind,
        sign=Sign.DRIFTED if not pending else Sign.CHANGE if choice else OF_KIND[field.kind],
        name=f"ontology {MASKED}" if choice and is_hidden(field) else format_path(field.path),
        before=field.before,
        after=field.after,
        location=unit.source,
        note=_note(unit, field, now),
        said=_said(field) if choice else "",
    )
    return row if removal is None else replace(replaced(row, removal), sign=row.sign)


def _said(field: Field) -> str:
    """What happened to a choice, with the values that it is added or removed with."""
    if is_hidden(field):
        return _WORDS[field.kind]
    if field.kind is Kind.REORDER:
        return f"reordered: {arrow(field.kind, field.before, field.after)}"
    if field.kind is Kind.MOVE:
        return f"moved: {moved_words(moved_from(field) or '')}"
    words = ", ".join(
        f"{row.name} {whole(row.after)}"
        for row in attributes(field.before if field.kind is Kind.REMOVE else field.after)
    )
    return f"{_WORDS[field.kind]}{f': {words}' if words else ''}"


def _note(unit: Unit, field: Field, now: datetime) -> str:
    """Which version made the change, and when; the cause, unless it is plain drift."""
    if unit.cause is Cause.PENDING:
        return "pending: changed in git, not yet applied"
    pieces = []
    if unit.cause is Cause.CONFLICT:
        pieces.append("conflict: git changed too")
    if unit.cause is Cause.UNKNOWN:
        pieces.append("unknown: not in the record")
    if field.path[0] == "params" and field.kind in (Kind.ADD, Kind.REMOVE):
        pieces.append(_WORDS[field.kind])
    if unit.version is not None:
        pieces.append(f"version {unit.version}")
    if unit.at is not None:
        pieces.append(aged(minute(unit.at), unit.at, now))
    return ", ".join(pieces)


def _changed_back(project: ProjectDrift) -> Iterator[str]:
    """One line for each unit that was changed on Scale and changed back."""
    for transient in project.transient:
        versions = "version" if len(transient.versions) == 1 else "versions"
        numbers = listed([str(version) for version in transient.versions], 5)
        yield f"changed and changed back: {plain(transient.path)} ({versions} {numbers})"


def _cells(project: ProjectDrift, drifted: Sequence[Unit], now: datetime) -> Iterator[Sentence]:
    """The columns `drifted`, `since` (when the first unit drifted) and `pending`."""
    conflicts = sum(unit.cause is Cause.CONFLICT for unit in drifted)
    more = f" ({count(conflicts, 'conflict')})" if conflicts else ""
    yield (*listing([(Spelled(unit.path),) for unit in drifted]), more)
    first = min((in_utc(unit.at) for unit in drifted if unit.at is not None), default=None)
    yield (aged(minute(first), first, now),) if first else ()
    pending = sum(unit.cause is Cause.PENDING for unit in project.units)
    yield (f"{pending:,}",) if pending else ()


def _blocked(project: BlockedProject, invocation: Invocation) -> ProjectView:
    why = project.diagnostic
    return ProjectView(
        name=project.name,
        sign=Sign.BLOCKED,
        location=project.source,
        command=Command(invocation, "drift", "--", project.name),
        fate="is blocked",
        marks=(Mark("blocked", Tone.DANGER),),
        verdicts=(Verdict((Quoted(f"{why.summary}."),), ((Quoted(why.explanation),),), Sign.BLOCKED),),
    )


def _blocked_alerts(blocked: Sequence[BlockedProject]) -> Iterator[Sentence]:
    for project in blocked[:MOST_BLOCKED]:
        why = project.diagnostic
        summary, detail = Quoted(f"{why.summary}."), Quoted(why.explanation)
        yield (Name(project.name), " is ", Strong("blocked"), ": ", summary, " ", detail)
    if len(blocked) > MOST_BLOCKED:
        yield (f"… and {count(len(blocked) - MOST_BLOCKED, 'more blocked project')}.",)


def _advice(shown: Sequence[ProjectDrift], invocation: Invocation) -> Iterator[Sentence]:
    edited = [project.name for project in shown if any(unit.cause.on_scale for unit in project.units)]
    if edited:
        units = ((each.name, unit.path, unit.cause) for each in shown for unit in each.units if unit.cause.on_scale)
        yield from keeping(units, "the changes made on Scale", invocation)
        some = edited if len(edited) <= MOST_NAMED else invocation.names
        yield ("To undo the changes: ", Command(invocation, "apply", "--", *some))


def _undeclared(projects: Sequence[Undeclared]) -> Iterator[Sentence]:
    """Live projects whose manifest is gone or has a new name."""
    for each in projects:
        if each.renamed_to is not None:
            yield (
                "The manifest of ",
                Name(each.name),
                " now declares ",
                Name(each.renamed_to),
                f". The old project stays on Scale: {PERMANENT[0].lower()}{PERMANENT[1:]} If both names refer to the "
                "same project, rename the old project in the dashboard.",
            )
    if gone := [each.name for each in projects if each.renamed_to is None]:
        have, it, they = ("has", "it", "it stays") if len(gone) == 1 else ("have", "them", "they stay")
        yield (
            f"{count(len(gone), 'live project')} no longer {have} a manifest (",
            *names(gone),
            f"). The next apply stops managing {it}, and {they} on Scale.",
        )


def _terms(drift: Drift) -> Iterator[Sentence]:
    """Where the words are explained that no other tool uses."""
    summary = drift.summary
    words = [f'"{word}"' for word, number in (("unknown", summary.unknown), ("transient", summary.transient)) if number]
    if words:
        yield (f"For the meaning of {' and '.join(words)}, see docs/concepts.md.",)


def _vanished(vanished: Sequence[str]) -> Iterator[Sentence]:
    if vanished:
        have, it, if_renamed = "has", "it", "If it was renamed, use the new name in git."
        if len(vanished) > 1:
            have, it, if_renamed = "have", "them", "If they were renamed, use the new names in git."
        reason = f": an apply wrote {it}, but Scale no longer lists {it}. {if_renamed}"
        yield (*names(vanished), f" {have} ", Strong("vanished"), reason)


def _numbers(drift: Drift) -> Iterator[Number]:
    summary = drift.summary
    yield Number(summary.drift, "drifted", Sign.DRIFTED)
    rest = (
        (summary.pending, "pending", Sign.CHANGE),
        (summary.conflict, "in conflict", Sign.DRIFTED),
        (summary.unknown, "unknown", Sign.DRIFTED),
        (summary.transient, "changed back", None),
        (summary.blocked, "blocked", Sign.BLOCKED),
    )
    yield from (Number(number, words, sign) for number, words, sign in rest if number)
