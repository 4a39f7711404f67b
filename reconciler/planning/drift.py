"""desired × live × record → the drift of each project. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, quoted, warning
from reconciler.fieldpath import format_path, parse_path
from reconciler.model.drift import Baseline, BlockedProject, ProjectDrift, Transient, Undeclared, Unit
from reconciler.model.likeness import normal_form
from reconciler.model.ontology import Ontology, Unreadable, read_written
from reconciler.model.plan import Cause, Field, Kind
from reconciler.model.project import DesiredProject, LiveProject, Shown, UnreadableProject, address_of
from reconciler.model.record import RecordedProject, Section
from reconciler.model.values import ABSENT, Absent, Json, equal
from reconciler.planning.bases import ONTOLOGY, base_of, origin_of, part_of, unit_words
from reconciler.planning.blocking import Block, blocked, unreadable
from reconciler.planning.intent import Value, differences
from reconciler.planning.nearness import neighbours, renamed_in_files
from reconciler.planning.threeway import Compared, ThreeWay

_TURNS = 4
"""This many alternating values (A, B, A, B) mean two writers; fewer may be one writer who changed a value back."""


def project_drift(
    desired: DesiredProject, live: Shown | None, known: RecordedProject | None
) -> ProjectDrift | BlockedProject:
    """How a project differs from its last apply or from git, or why it cannot be compared."""
    if live is None:
        return ProjectDrift(desired.name, desired.source, tuple(_to_be_made(desired, known)))
    if isinstance(live, UnreadableProject):
        return _blocked(desired, unreadable(desired.name, live))
    if (block := blocked(desired, live)) is not None:
        return _blocked(desired, block)
    return _compared(desired, live, known)


def _blocked(desired: DesiredProject, block: Block) -> BlockedProject:
    return BlockedProject(desired.name, block.path, block.diagnostic, desired.source)


def _compared(desired: DesiredProject, live: LiveProject, known: RecordedProject | None) -> ProjectDrift:
    three = ThreeWay(desired, live, base_of(known, live).known)
    units: list[Unit] = []
    transient: list[Transient] = []
    for compared in three.units():
        if compared.cause is not None:
            units.append(shown_unit(compared, compared.cause, live))
        elif versions := _others(three, compared, live):
            transient.append(Transient(compared.unit, versions))
    turns = [_turns(desired.name, unit.path, live) for unit in units]
    return ProjectDrift(
        desired.name, desired.source, tuple(units), tuple(transient), tuple(turn for turn in turns if turn is not None)
    )


def shown_unit(compared: Compared, cause: Cause, live: LiveProject) -> Unit:
    """The unit as shown. Ontologies are in the shortest spelling, with their names if the names differ."""
    version, at = origin_of(live, compared.unit) or (None, None)
    sides: tuple[Value, ...] = (compared.base, compared.desired, compared.live)
    if compared.unit == ONTOLOGY:
        names = {side.name for side in sides if side is not ABSENT}
        sides = tuple(side if side is ABSENT else side.spelled if len(names) == 1 else side.written for side in sides)
    base, desired, now = sides
    return with_fields(Unit(compared.unit, cause, base, desired, now, version=version, at=at))


def _others(three: ThreeWay, compared: Compared, live: LiveProject) -> tuple[int, ...]:
    """The versions since the base, without the live one, in which a unit had a different value."""
    if compared.since is None:
        return ()
    history = live.ontology_history if compared.unit == ONTOLOGY else live.params_history
    later = (version for version in history[:-1] if version.number > compared.since.number)
    return tuple(
        version.number
        for version in later
        if (compared.unit != ONTOLOGY or (isinstance(version.content, Ontology) and version.content.choices))
        and not equal(three.at(version, compared.unit), compared.base)
    )


def with_fields(unit: Unit) -> Unit:
    """The unit with the differences to show: from its base to live, or if the base is unknown, from git to live.

    For a pending unit, they are from live to git. There are none if choices cannot be read.
    """
    if unit.cause is Cause.PENDING:
        return replace(unit, fields=_fields(unit.path, unit.live, unit.desired))
    start = unit.desired if unit.cause is Cause.UNKNOWN else unit.base
    in_git = _fields(unit.path, unit.base, unit.desired) if unit.cause is Cause.CONFLICT else ()
    return replace(unit, fields=_fields(unit.path, start, unit.live), in_git=in_git)


def _fields(path: str, start: Json | Absent, end: Json | Absent) -> tuple[Field, ...]:
    if path == ONTOLOGY:
        both = [Ontology(()) if side is ABSENT else read_written(side) for side in (start, end)]
        known = [side for side in both if not isinstance(side, Unreadable)]
        return tuple(differences(path, *known)) if len(known) == len(both) else ()
    if equal(start, end):  # both sides are masked
        return (Field(parse_path(path), Kind.CHANGE, start, end),)
    return tuple(differences(path, start, end))


def baseline_of(section: Section) -> Baseline | None:
    """The last apply in a section: the last completed commit, or the newest entry's commit if it is later."""
    entries = [project for project in section.projects.values() if project.written]
    newest = max(entries, key=lambda project: project.recorded_at, default=None)
    if newest is None or (section.completed_at or "") >= newest.recorded_at:
        return Baseline(section.commit, section.completed_at) if section.completed_at else None
    return Baseline(newest.commit, newest.recorded_at)


def renames(
    vanished: Iterable[tuple[DesiredProject, RecordedProject]], unmanaged: Iterable[LiveProject]
) -> Iterator[Diagnostic]:
    """Warnings about vanished projects that may have been renamed.

    A candidate has the same type, and the recorded content or a similar name (one edit away). The API identifies a
    project by its name only, so this is a guess, and is reported as one.
    """
    others = list(unmanaged)
    by_form: dict[str, list[LiveProject]] = {}
    for project in others:
        by_form.setdefault(normal_form(project.name), []).append(project)
    for desired, known in vanished:
        form = normal_form(desired.name)
        near = [*by_form.get(form, []), *neighbours({form}, by_form).get(form, [])]
        candidates = [*(project for project in others if _had_content(project, desired, known)), *near]
        found = next((project for project in candidates if project.type == desired.type), None)
        if found is not None:
            yield warning(
                "probable-rename",
                f"{address_of(desired.name)} has probably been renamed to {quoted(found.name)} on Scale",
                detail="A rename in Scale's dashboard does not change the manifest. If the project was renamed, change "
                f"the name in the manifest to {quoted(found.name)}.",
            )


def _had_content(project: LiveProject, desired: DesiredProject, known: RecordedProject) -> bool:
    """Whether the project's recorded version has the parameters that the manifest declares."""
    version = next((version for version in project.params_history if version.number == known.params_version), None)
    return bool(version is not None and desired.params and equal(version.content, dict(desired.params)))


def _to_be_made(desired: DesiredProject, known: RecordedProject | None) -> Iterator[Unit]:
    """The units of a project that does not exist yet. None if an apply has written it: it has then vanished."""
    if known is not None and known.written:
        return
    params = dict(desired.params or {})
    for key, value in params.items():
        yield with_fields(Unit(format_path(("params", key)), Cause.PENDING, ABSENT, value, ABSENT))
    if desired.ontology is not None:
        yield with_fields(Unit(ONTOLOGY, Cause.PENDING, ABSENT, desired.ontology.spelled, ABSENT))


def _turns(name: str, unit: str, live: LiveProject) -> Diagnostic | None:
    """A warning about two writers who overwrite each other: the last values of a unit alternate."""
    turns: list[tuple[int, Json | Absent]] = []
    for version in live.ontology_history if unit == ONTOLOGY else live.params_history:
        value = part_of(version, unit)
        if not turns or not equal(turns[-1][1], value):
            turns.append((version.number, value))
    last = turns[-_TURNS:]
    if len(last) < _TURNS or not (equal(last[0][1], last[2][1]) and equal(last[1][1], last[3][1])):
        return None
    versions = ", ".join(str(number) for number, _ in last)
    return warning(
        "taking-turns",
        f"two writers seem to keep overwriting {unit_words(unit)} of {address_of(name)}",
        detail=f"Versions {versions} alternate between two values. Decide which writer owns the value. If that is not "
        "the manifest, add the path to reconcile.ignore.",
    )


def undeclared_in(
    unmanaged: Iterable[str], known: Container[str], managed: Mapping[str, str], undeclared: Mapping[str, str]
) -> tuple[Undeclared, ...]:
    """The unmanaged projects that are in the record, each with the name that has replaced it in its file.

    `managed` has the names in all manifests, and `undeclared` the recorded names without one, each with its file.
    """
    gone = {name: undeclared[name] for name in unmanaged if name in known and name in undeclared}
    fresh = {name: file for name, file in managed.items() if name not in known}
    renamed = renamed_in_files(gone, fresh)
    return tuple(Undeclared(name, renamed.get(name)) for name in gone)
