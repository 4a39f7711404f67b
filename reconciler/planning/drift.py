"""desired × live × record → what drifted, project by project. Pure; no write is derived from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reconciler.diagnostics import Diagnostic, warning
from reconciler.fieldpath import format_path, parse_path
from reconciler.model.drift import Baseline, BlockedProject, ProjectDrift, Transient, Unit
from reconciler.model.ontology import Choice, spell
from reconciler.model.plan import Field, FieldClass, Kind
from reconciler.model.project import DesiredProject, LiveProject, ParamsMode, Shown, UnreadableProject, Version
from reconciler.model.record import RecordedProject, Section
from reconciler.model.values import ABSENT, Absent, Json, equal
from reconciler.planning.blocking import Block, blocked, ontology_unreadable, unreadable
from reconciler.planning.classes import ONTOLOGY, base_of, base_version, mover, parameter_in, parameter_of
from reconciler.planning.mask import Ignored, wanted_ontology, wanted_params
from reconciler.planning.nearness import neighbours, normal_form
from reconciler.planning.normalize import UnreadableOntologyError, read_choices
from reconciler.planning.ontology import ontology_fields
from reconciler.planning.params import params_fields

_TURNS = 4
"""So many values in turn (A, B, A, B) are two writers at odds, and no longer somebody who changed their mind."""


def project_drift(
    desired: DesiredProject, live: Shown | None, known: RecordedProject | None
) -> ProjectDrift | BlockedProject:
    """How a project differs from what the last apply left, or from what git now says; or why it cannot be compared."""
    if live is None:
        return ProjectDrift(desired.name, desired.source, tuple(_to_be_made(desired, known)))
    if isinstance(live, UnreadableProject):
        return _blocked(desired, unreadable(desired.name, live))
    if (block := blocked(desired, live)) is not None:
        return _blocked(desired, block)
    try:
        return _compared(desired, live, known)
    except UnreadableOntologyError as problem:
        return _blocked(desired, ontology_unreadable(desired, problem))


def _blocked(desired: DesiredProject, block: Block) -> BlockedProject:
    return BlockedProject(desired.name, block.path, block.diagnostic, desired.source)


def _compared(desired: DesiredProject, live: LiveProject, known: RecordedProject | None) -> ProjectDrift:
    """Raises:
    UnreadableOntologyError: the live choices cannot be read.
    """
    base = base_of(known, live).known
    if base is not None and not base.written:
        base = None
    units = [*_parameters(desired, live, base), *_ontology(desired, live, base)]
    drifted = [unit for unit in units if isinstance(unit, Unit)]
    transient = [unit for unit in units if isinstance(unit, Transient)]
    taking_turns = [_turns(desired.name, unit.path, live) for unit in drifted]
    return ProjectDrift(
        desired.name,
        desired.source,
        tuple(drifted),
        tuple(transient),
        tuple(told for told in taking_turns if told is not None),
    )


def shown_fields(unit: Unit) -> tuple[Field, ...]:
    """The differences that people are shown of a unit: from the base, or what git says, to what is live.

    Of a pending unit from what is live to what git says. Empty where choices cannot be read.
    """
    if unit.field_class is FieldClass.PENDING:
        start, end = unit.live, unit.desired
    else:
        start, end = (unit.desired if unit.field_class is FieldClass.UNKNOWN else unit.base), unit.live
    if unit.path == ONTOLOGY:
        before, after = (_seen(None if side is ABSENT else side) for side in (start, end))
        return () if before is None or after is None else tuple(ontology_fields(before, after))
    path = parse_path(unit.path)
    if _same(start, end):  # as where both sides are masked
        return (Field(path, Kind.CHANGE, start, end),)
    key = str(path[1])
    return tuple(params_fields(_only(key, start), _only(key, end)))


def baseline_of(section: Section) -> Baseline | None:
    """The last apply that a section knows: the commit that it completed, else that of the newest entry."""
    entries = [project for project in section.projects.values() if project.written]
    newest = max(entries, key=lambda project: project.recorded_at, default=None)
    if newest is None or (section.completed_at or "") >= newest.recorded_at:
        return Baseline(section.commit, section.completed_at) if section.completed_at else None
    return Baseline(newest.commit, newest.recorded_at)


def renames(
    vanished: Iterable[tuple[DesiredProject, RecordedProject]], unmanaged: Iterable[LiveProject]
) -> Iterator[Diagnostic]:
    """What vanished projects may be called now: of the same type, with the recorded content or a name one letter away.

    The API shows no identity but the name, so this is a guess, and told as one.
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
                f'project.{desired.name} is probably "{found.name}" on Scale now',
                detail=f"A rename in the dashboard shows as one project gone and another there. If it is one: name the "
                f'manifest "{found.name}".',
            )


def _had_content(project: LiveProject, desired: DesiredProject, known: RecordedProject) -> bool:
    """Whether it has, at the recorded version, the parameters that git says."""
    version = next((version for version in project.params_history if version.number == known.params_version), None)
    return bool(version is not None and desired.params and equal(version.content, dict(desired.params)))


def _to_be_made(desired: DesiredProject, known: RecordedProject | None) -> Iterator[Unit]:
    """The units of a project that is not there. One that an apply has written has vanished, and is told as that."""
    if known is not None and known.written:
        return
    params = dict(desired.params or {})
    for key, value in params.items():
        yield _shown(Unit(format_path(("params", key)), FieldClass.PENDING, ABSENT, value, ABSENT))
    if desired.ontology:
        yield _shown(Unit(ONTOLOGY, FieldClass.PENDING, ABSENT, list(desired.ontology), ABSENT))


def _parameters(desired: DesiredProject, live: LiveProject, base: RecordedProject | None) -> Iterator[Unit | Transient]:
    if desired.params is None:
        return
    wanted = wanted_params(desired, live)
    keys = dict.fromkeys([*wanted, *live.params])
    if base is not None:
        # A key that came or went since the oldest base of a unit.
        oldest = min(
            (number for number in (base.params_version, *base.older.values()) if number is not None), default=0
        )
        for version in live.params_history:
            if version.number >= oldest and isinstance(version.content, Mapping):
                keys |= dict.fromkeys(version.content)
    ignored = Ignored.of(desired)
    for key in keys:
        foreign = desired.mask.params is ParamsMode.MERGE and key not in desired.params
        if not foreign and not ignored.patterns.covers(("params", key)):
            yield from _parameter(key, desired, wanted, live, base)


def _parameter(
    key: str, desired: DesiredProject, wanted: Mapping[str, Json], live: LiveProject, base: RecordedProject | None
) -> Iterator[Unit | Transient]:
    path = format_path(("params", key))
    now, want = live.params.get(key, ABSENT), wanted.get(key, ABSENT)
    version = base_version(path, live, base) if base is not None else None
    before = parameter_of(version, key, desired, now) if version is not None else ABSENT
    field_class = _class(before, now, want) if version is not None else _unknown(now, want)
    if field_class is not None:
        yield _unit(path, field_class, (before, want, now), live)
    elif version is not None:
        numbers = [
            later.number
            for later in _since(live.params_history, version.number)
            if not _same(parameter_of(later, key, desired, now), before)
        ]
        if numbers:
            yield Transient(path, tuple(numbers))


def _ontology(desired: DesiredProject, live: LiveProject, base: RecordedProject | None) -> Iterator[Unit | Transient]:
    if desired.ontology is None or any(ignore.pattern.text == ONTOLOGY for ignore in desired.mask.ignore):
        return
    now = read_choices(live.ontology) if live.ontology is not None else ()
    want = wanted_ontology(desired, read_choices(desired.ontology), now)
    version = base_version(ONTOLOGY, live, base) if base is not None else None
    seen = _seen(version.content or None) if version is not None else None
    if version is None or seen is None:
        if now != want:
            yield _unit(ONTOLOGY, FieldClass.UNKNOWN, (ABSENT, _spelled(want), _spelled(now)), live)
        return
    before = wanted_ontology(desired, seen, now) if seen else seen
    field_class = _class(_spelled(before), _spelled(now), _spelled(want))
    if field_class is not None:
        yield _unit(ONTOLOGY, field_class, (_spelled(before), _spelled(want), _spelled(now)), live)
        return
    later = ((one.number, _seen(one.content)) for one in _since(live.ontology_history, version.number))
    numbers = [number for number, choices in later if choices and wanted_ontology(desired, choices, now) != before]
    if numbers:
        yield Transient(ONTOLOGY, tuple(numbers))


def _unit(
    path: str,
    field_class: FieldClass,
    sides: tuple[Json | Absent, Json | Absent, Json | Absent],
    live: LiveProject,
) -> Unit:
    moved = mover(live, path)
    version, at = moved if moved is not None else (None, None)
    return _shown(Unit(path, field_class, *sides, version=version, at=at))


def _shown(unit: Unit) -> Unit:
    return replace(unit, fields=shown_fields(unit))


def _class(before: Json | Absent, now: Json | Absent, want: Json | Absent) -> FieldClass | None:
    """None where nobody moved."""
    if _same(now, want):
        return None if _same(before, now) else FieldClass.SAME
    if _same(before, now):
        return FieldClass.PENDING
    return FieldClass.DRIFT if _same(before, want) else FieldClass.CONFLICT


def _unknown(now: Json | Absent, want: Json | Absent) -> FieldClass | None:
    return None if _same(now, want) else FieldClass.UNKNOWN


def _turns(name: str, unit: str, live: LiveProject) -> Diagnostic | None:
    """Two writers who undo each other: the last values of a unit alternate."""
    turns: list[tuple[int, Json | Absent]] = []
    for version in live.ontology_history if unit == ONTOLOGY else live.params_history:
        value = _value_in(version, unit)
        if not turns or not _same(turns[-1][1], value):
            turns.append((version.number, value))
    last = turns[-_TURNS:]
    if len(last) < _TURNS or not (_same(last[0][1], last[2][1]) and _same(last[1][1], last[3][1])):
        return None
    versions = ", ".join(str(number) for number, _ in last)
    return warning(
        "taking-turns",
        f"project.{name}: two writers take turns with {unit} (versions {versions})",
        detail="Each undoes what the other wrote. Agree who owns it: the manifest, or, put under reconcile.ignore, "
        "the other one.",
    )


def _value_in(version: Version, unit: str) -> Json | Absent:
    if unit == ONTOLOGY:
        choices = _seen(version.content)
        return version.content if choices is None else _spelled(choices)
    content = version.content if isinstance(version.content, Mapping) else {}
    return content.get(parameter_in(unit), ABSENT)


def _since(history: tuple[Version, ...], number: int | None) -> Iterator[Version]:
    """The versions after that one, the last one, which is live, not among them."""
    return (version for version in history[:-1] if version.number > (-1 if number is None else number))


def _only(key: str, value: Json | Absent) -> dict[str, Json]:
    return {} if value is ABSENT else {key: value}


def _seen(content: Json) -> tuple[Choice, ...] | None:
    """The choices of a version; None where they cannot be read."""
    try:
        return read_choices(content) if content is not None else ()
    except UnreadableOntologyError:
        return None


def _spelled(choices: tuple[Choice, ...]) -> Json:
    return [spell(choice) for choice in choices]


def _same(left: Json | Absent, right: Json | Absent) -> bool:
    if left is ABSENT or right is ABSENT:
        return left is right
    return equal(left, right)
