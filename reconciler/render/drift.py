"""Drift as people read it: what changed behind git's back, by which version, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from reconciler.fieldpath import Attribute, Pattern, covered
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift, Unit
from reconciler.model.plan import Field, FieldClass, Kind
from reconciler.model.printed import mask_field
from reconciler.model.values import MASKED
from reconciler.render.counting import count, listed
from reconciler.render.escape import plain
from reconciler.render.layout import Line, lay_out
from reconciler.render.moments import age, in_utc
from reconciler.render.paint import Ink, Paint
from reconciler.render.places import command, place
from reconciler.render.rows import name_text, path_text, value_lines
from reconciler.render.sentences import seen
from reconciler.render.signs import Sign
from reconciler.render.view import MOST_ROWS

WORDS: Final = {
    Kind.ADD: "added",
    Kind.REMOVE: "removed",
    Kind.MOVE: "moved",
    Kind.REORDER: "reordered",
}
_SHOWN: Final = (FieldClass.DRIFT, FieldClass.CONFLICT, FieldClass.UNKNOWN, FieldClass.PENDING)


def render_drift(
    drift: Drift, *, base: str, now: datetime, colour: bool = False, sensitive: Sequence[Pattern] = ()
) -> str:
    """The whole of it; the last line is fixed for scripts. The diagnostics of the run are not part of this text."""
    paint = Paint(colour)
    shown = [project for project in drift.projects if is_shown(project)]
    lines = [*_head(drift, now)]
    for project in shown:
        lines += ["", *lay_out(_headed(project, base, now, sensitive), colour=colour)]
    for blocked in drift.blocked:
        lines += ["", *lay_out(_blocked(blocked, base), colour=colour)]
    told = [paint(line, Ink.YELLOW) for line in closing(drift, shown)]
    if told:
        lines += ["", *told]
    if shown or told or drift.blocked:
        lines.append("")
    last = last_line(drift)
    lines.append(paint(last, Ink.BOLD_GREEN if last.startswith("No ") else Ink.BOLD))
    return "\n".join(lines) + "\n"


def last_line(drift: Drift) -> str:
    """`No drift. …`, or `Drift: 2 in 1 of 41 projects; …`."""
    summary = drift.summary
    if not drift.has_drifted:
        more = []
        if summary.pending:
            are = "is" if summary.pending == 1 else "are"
            more.append(f"{count(summary.pending, 'unit')} {are} pending: changed in git, not yet applied.")
        if summary.blocked:
            are = "is" if summary.blocked == 1 else "are"
            more.append(f"{count(summary.blocked, 'project')} {are} blocked and cannot be compared.")
        if more:
            return " ".join(("No drift.", *more))
        commit = drift.baseline.commit if drift.baseline else None
        of = f"the manifests of {commit[:7]}" if commit else "the manifests"
        return f"No drift. Your projects are as {of} say."
    numbers = (
        f"{summary.pending:,} pending",
        count(summary.conflict, "conflict"),
        f"{summary.unknown:,} unknown",
        f"{summary.transient:,} transient",
        *([f"{len(drift.vanished):,} vanished"] if drift.vanished else ()),
        *([f"{summary.blocked:,} blocked"] if summary.blocked else ()),
    )
    return f"Drift: {summary.drift:,} in {in_projects(drift)}; {', '.join(numbers)}."


def in_projects(drift: Drift) -> str:
    """`2 of 41 projects`: those that somebody should look at."""
    drifted = sum(
        any(unit.field_class in (FieldClass.DRIFT, FieldClass.CONFLICT, FieldClass.UNKNOWN) for unit in project.units)
        for project in drift.projects
    )
    return f"{drifted:,} of {count(drift.project_count, 'project')}"


def is_shown(project: ProjectDrift) -> bool:
    """Whether a person should look at it."""
    noted = bool(project.diagnostics or project.transient)
    return noted or any(unit.field_class in _SHOWN for unit in project.units)


def _head(drift: Drift, now: datetime) -> Iterator[str]:
    where = f"{plain(drift.target.name)}  {plain(drift.target.endpoint)}"
    yield f"Target: {where}  ({seen(drift, now)})"
    yield compared_with(drift, now)


def compared_with(drift: Drift, now: datetime) -> str:
    """What the drift is counted from."""
    if drift.baseline is None:
        return "There is no record of an apply: what differs is of unknown origin."
    commit = plain(drift.baseline.commit[:7]) if drift.baseline.commit else "of manifests in no commit"
    return f"Compared with the last apply: {commit}" + _ago(drift.baseline.recorded_at, now)


def _ago(recorded_at: str, now: datetime) -> str:
    try:
        passed = age(datetime.fromisoformat(recorded_at), now)
    except ValueError:
        return ""
    return f", {passed}" if passed else ""


def _headed(project: ProjectDrift, base: str, now: datetime, sensitive: Sequence[Pattern]) -> Iterator[Line]:
    yield Line(
        f"# project.{plain(project.name)} {what_happened(project)}", None, -1, place(project.source, base), Ink.BOLD
    )
    yield from project_lines(project, base=base, now=now, sensitive=sensitive)
    for diagnostic in project.diagnostics:
        yield Line(f"{diagnostic.severity.capitalize()}: {plain(diagnostic.summary)}", ink=Ink.YELLOW)
        yield Line(plain(diagnostic.detail), None, 1)


def _blocked(project: BlockedProject, base: str) -> Iterator[Line]:
    yield Line(f"# project.{plain(project.name)} is blocked", None, -1, place(project.source, base), Ink.BOLD)
    yield Line(plain(project.diagnostic.summary), Sign.BLOCKED)
    yield Line(plain(project.diagnostic.detail), None, 1)


def project_lines(
    project: ProjectDrift, *, base: str, now: datetime, sensitive: Sequence[Pattern] = ()
) -> Iterator[Line]:
    """What differs in a project, and what changed and changed back."""
    rows, left_out = shown_fields(project)
    for unit, field in rows:
        yield from _field(unit, field, base, now, sensitive)
    if left_out:
        yield Line(f"… {left_out:,} more")
    yield from (Line(words, None, 0, "", Ink.DIM) for words in changed_back(project))


def what_happened(project: ProjectDrift) -> str:
    """Who moved, in a few words."""
    moved = any(unit.field_class is not FieldClass.PENDING for unit in project.units) or project.transient
    return "has changed outside of git" if moved else "is not yet as git says"


def shown_fields(project: ProjectDrift) -> tuple[list[tuple[Unit, Field]], int]:
    """The differences to show, each with its unit, and how many more there are."""
    rows = [(unit, field) for unit in project.units if unit.field_class in _SHOWN for field in unit.fields]
    return rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS)


def changed_back(project: ProjectDrift) -> Iterator[str]:
    """The units that somebody changed and changed back, a line each."""
    for transient in project.transient:
        versions = "version" if len(transient.versions) == 1 else "versions"
        numbers = listed([str(version) for version in transient.versions])
        yield f"changed and changed back: {name_text(transient.path)} ({versions} {numbers})"


def _field(unit: Unit, field: Field, base: str, now: datetime, sensitive: Sequence[Pattern]) -> Iterator[Line]:
    pending = unit.field_class is FieldClass.PENDING
    remark = remark_of(unit, field, now)
    masked = mask_field(field, sensitive)
    sign = None if pending else Sign.DRIFTED
    if is_choice(field):
        yield Line(f"{field_name(field, sensitive)} {WORDS[field.kind]}", sign or Sign.CHANGE, 0, remark)
        return
    lines = value_lines(field.kind, path_text(field.path), masked.before, masked.after, depth=0, base=base)
    for number, line in enumerate(lines):
        if number == 0:
            line = replace(line, sign=sign or line.sign, remark=remark)
        yield line


def is_choice(field: Field) -> bool:
    """Whether a choice comes, goes or moves, of which the name says all."""
    return field.path[0] == "ontology" and field.kind in WORDS and not isinstance(field.path[-1], Attribute)


def field_name(field: Field, sensitive: Sequence[Pattern]) -> str:
    """The name of what differs, escaped; that of a choice may be sensitive itself."""
    hidden = is_choice(field) and covered(field.path, sensitive)
    return f"ontology {MASKED}" if hidden else path_text(field.path)


def remark_of(unit: Unit, field: Field, now: datetime) -> str:
    """Which version brought it, when, and whose it is where that is not plain drift."""
    if unit.field_class is FieldClass.PENDING:
        return "pending: changed in git, not yet applied"
    words = []
    if unit.field_class is FieldClass.CONFLICT:
        words.append("conflict: git moved, too")
    if unit.field_class is FieldClass.UNKNOWN:
        words.append("unknown: no record of it")
    if field.path[0] == "params" and field.kind in (Kind.ADD, Kind.REMOVE):
        words.append(WORDS[field.kind])
    if unit.version is not None:
        words.append(f"version {unit.version}")
    if unit.at is not None:
        words.append(f"{in_utc(unit.at):%Y-%m-%d %H:%M} UTC")
        words += [passed] if (passed := age(unit.at, now)) else []
    return ", ".join(words)


def closing(drift: Drift, shown: Iterable[ProjectDrift]) -> Iterator[str]:
    """What to do about it, and what is on one side alone."""
    drifted = [
        project.name
        for project in shown
        if any(unit.field_class in (FieldClass.DRIFT, FieldClass.CONFLICT) for unit in project.units)
    ]
    if len(drifted) == 1:
        yield f"To keep it, write it into the manifest. To undo it: {command('apply', drifted[0])}"
    elif drifted:
        yield "To keep it, write it into the manifests. To undo it: reconciler apply"
    if drift.vanished:
        names = listed([plain(name) for name in drift.vanished])
        them = "it" if len(drift.vanished) == 1 else "them"
        yield f"Gone from Scale: {names}. An apply has written {them}, and Scale no longer shows {them}."
    if drift.unmanaged:
        names = listed([plain(name) for name in drift.unmanaged])
        have = "has" if len(drift.unmanaged) == 1 else "have"
        yield f"{count(len(drift.unmanaged), 'live project')} {have} no manifest ({names})."
