"""The guards: what holds a project's change until someone waives it.

Each guard is one function that finds what it would hold; `judge` alone knows of waivers. Pure: today is a value, and so
are the record, the settings and what was allowed. No guard judges what an apply would not write or forget anyway.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Final

from reconciler.diagnostics import Diagnostic, warning
from reconciler.fieldpath import Attribute, format_path
from reconciler.model.ontology import spell, walk
from reconciler.model.plan import Action, Field, FieldClass, Held, Kind, ProjectChange, Waived, unit_of
from reconciler.model.project import LiveProject
from reconciler.model.record import Section
from reconciler.model.values import ABSENT, Absent, Json, canonical_json, equal
from reconciler.planning.normalize import UnreadableOntologyError, read_choices
from reconciler.settings import GuardSettings, Waiver

_FOREVER = "A project on Scale can never be deleted or renamed."
_FEWEST_LETTERS: Final = 5
"""In shorter names one letter is too much of the name to call two of them alike."""
_FEWEST_SELECTED: Final = 10
"""Of fewer selected projects no share says anything."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the guards judge by.

    `live` are the projects by name, None for one that was asked for and is not there; `listed` tells whether the whole
    account was listed. `managed_names` stand in any manifest, selected or not. `known` are the recorded projects of
    this target. `allowed` are the guards that `--allow` names. `today` is the day in UTC. `pending` is `--pending`.
    """

    live: Mapping[str, LiveProject | None]
    listed: bool
    managed_names: frozenset[str]
    known: Section
    settings: GuardSettings
    waivers: tuple[Waiver, ...]
    allowed: frozenset[str]
    today: date
    pending: bool = False

    def warns(self, guard: str) -> bool:
        """Whether that guard is configured to warn rather than to hold."""
        levels = {"near-name": self.settings.near_name, "choice-removal": self.settings.choice_removal}
        return levels.get(guard) == "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a guard would hold a change: a sentence without its full stop, more whole ones, and how to avoid it."""

    change: ProjectChange
    what: str
    more: str = ""
    remedy: str = ""

    @property
    def why(self) -> str:
        return " ".join(filter(None, (f"{self.what}.", self.more)))


Found = Iterator[Finding]


def judge(
    changes: Iterable[ProjectChange], situation: Situation
) -> tuple[tuple[ProjectChange, ...], tuple[Diagnostic, ...]]:
    """The changes with what holds and what waives them, and the plan's warnings about waivers.

    A guard that only warns leaves a warning with the change. For a guard over the whole plan, projects that a waiver
    matches are neither counted nor held. Whether a waiver is idle is told where the plan is of every manifest and the
    guard could judge.
    """
    changes = tuple(changes)
    held: dict[str, list[Held]] = defaultdict(list)
    waived: dict[str, list[Waived]] = defaultdict(list)
    warned: dict[str, list[Diagnostic]] = defaultdict(list)
    used: set[Waiver] = set()
    for guard, find in GUARDS:
        waivers = [waiver for waiver in situation.waivers if waiver.guard == guard and waiver.until >= situation.today]
        matching = {change.name: _matching(waivers, change.name) for change in changes}
        found = list(find(changes, situation))
        if guard in WHOLE_PLAN and found and waivers:
            rest = {finding.change.name: finding for finding in find(_without(changes, matching), situation)}
            found = [
                rest.get(finding.change.name, finding)
                for finding in found
                if finding.change.name in rest or matching[finding.change.name]
            ]
        for finding in found:
            name, unchanged = finding.change.name, finding.change.action is Action.NO_OP
            used.update(matching[name])
            if guard in situation.allowed or matching[name]:
                by = f"--allow {guard}" if guard in situation.allowed else _told(matching[name][0])
                waived[name] += [] if unchanged else [Waived(guard, by)]
            elif unchanged or situation.warns(guard):
                summary = f"project.{name}: {finding.what[0].lower()}{finding.what[1:]}"
                detail = " ".join(filter(None, (finding.more, finding.remedy)))
                warned[name].append(warning(guard, summary, detail=detail))
            else:
                held[name].append(Held(guard, finding.why, finding.remedy))
    judged = tuple(
        replace(
            change,
            held_by=tuple(held[change.name]),
            waived_by=tuple(waived[change.name]),
            diagnostics=(*change.diagnostics, *warned[change.name]),
        )
        for change in changes
    )
    whole = situation.managed_names <= {change.name for change in changes}
    return judged, tuple(_about_waivers(situation, used, whole=whole))


def value_hash(value: Json | Absent) -> str:
    """SHA-256, in hexadecimal, of a value's one text; that of no value at all is of the text `absent`."""
    text = "absent" if value is ABSENT else canonical_json(value)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _matching(waivers: Iterable[Waiver], name: str) -> list[Waiver]:
    return [waiver for waiver in waivers if fnmatchcase(name, waiver.project)]


def _without(changes: Iterable[ProjectChange], matching: Mapping[str, list[Waiver]]) -> tuple[ProjectChange, ...]:
    return tuple(change for change in changes if not matching[change.name])


def _told(waiver: Waiver) -> str:
    return f"the waiver until {waiver.until.isoformat()}: {waiver.reason}"


def _about_waivers(situation: Situation, used: set[Waiver], *, whole: bool) -> Iterator[Diagnostic]:
    silent = {"conflict": not situation.pending, "near-name": not situation.listed}
    for waiver in situation.waivers:
        which = f'the waiver of {waiver.guard} for "{waiver.project}"'
        if waiver.until < situation.today:
            detail = f"It waives nothing any more ({waiver.reason}). Take it out, or give it a later day."
            yield warning("waiver-void", f"{which} ended on {waiver.until.isoformat()}", detail=detail)
        elif whole and waiver not in used and not silent.get(waiver.guard, False):
            detail = f"The guard holds no project that it matches ({waiver.reason}). Take it out if its work is done."
            yield warning("waiver-idle", f"{which} waives nothing", detail=detail)


def _judged(changes: Iterable[ProjectChange], *actions: Action) -> list[ProjectChange]:
    """Those that an apply would write or forget. A blocked one is a no-op."""
    return [change for change in changes if change.action in actions and not change.blocked and not change.protected]


def near_name(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """A create that is, by its name or its content, a live project without a manifest; an archived one counts too.

    Names are alike where they are the same but for case, Unicode form, invisible characters, `-`, `_` and spaces, or
    are then one edit apart (a letter more, less or other, or two neighbours swapped), with at least five characters
    that are no digits in both and the same numbers in the same order.
    """
    creates = _judged(changes, Action.CREATE)
    if not creates or not situation.listed:
        return
    live = sorted((project for project in situation.live.values() if project is not None), key=lambda p: p.name)
    others = [project for project in live if project.name not in situation.managed_names]
    names = (*(change.name for change in creates), *(project.name for project in others))
    forms = {name: normal_form(name) for name in names}
    by_form: dict[str, list[LiveProject]] = defaultdict(list)
    for project in others:
        by_form[forms[project.name]].append(project)
    neighbours = _neighbours({forms[change.name] for change in creates}, by_form)
    twins = _twins(creates, others)
    for change in creates:
        form = forms[change.name]
        kinds = (
            (_SAME_NAME, by_form.get(form, [])),
            ("A name that is one letter away is", neighbours.get(form, [])),
            ("The same type, params and ontology are", twins.get(change.name, [])),
        )
        what, near = next(((what, near) for what, near in kinds if near), ("", []))
        if near:
            shown = [f'"{project.name}"' + (" (archived)" if project.archived else "") for project in near[:3]]
            yield Finding(
                change,
                f"{what} on Scale without a manifest: {_listed(shown, len(near))}",
                _FOREVER,
                f'To manage the live project instead: rename the manifest to "{near[0].name}".',
            )


_SAME_NAME = 'The same name, but for case, Unicode form, invisible characters, "-", "_" and spaces, is'
_PASSED_OVER: Final = frozenset(
    [
        *"-_\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0",
        *map(chr, (*range(0x20), 0x7F, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))),
    ]
)
"""Separators, controls, and what leaves no ink though it is neither a space nor a format character."""
_DROPPED: Final = dict.fromkeys((ord(character) for character in _PASSED_OVER | {" "}), None)
_NUMBER: Final = re.compile(r"\d+")


def normal_form(name: str) -> str:
    """What of a name is compared: NFKC and casefold, without invisible characters, `-`, `_` and spaces."""
    if name.isascii():
        return name.translate(_DROPPED).lower()
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", _seen(name)).casefold())
    return _seen(text)


def _seen(text: str) -> str:
    return "".join(character for character in text if not _is_passed_over(character))


def _is_passed_over(character: str) -> bool:
    return character in _PASSED_OVER or character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _neighbours(wanted: set[str], live: Mapping[str, list[LiveProject]]) -> dict[str, list[LiveProject]]:
    """The live projects one edit away from each wanted form.

    Two texts that are one edit apart are equal once at most one character is taken out of each; so few pairs are
    compared at all.
    """
    index: dict[str, list[str]] = defaultdict(list)
    numbers = {form: _NUMBER.findall(form) for form in wanted if _has_letters(form)}
    known = {tuple(found) for found in numbers.values()}
    for form in numbers:
        for key in _shortened(form):
            index[key].append(form)
    found: dict[str, list[LiveProject]] = defaultdict(list)
    for form, projects in live.items():
        own = _NUMBER.findall(form)
        if tuple(own) in known and _has_letters(form):
            candidates = {candidate for key in _shortened(form) for candidate in index.get(key, ())}
            for candidate in candidates - {form}:
                if numbers[candidate] == own and _one_edit(candidate, form):
                    found[candidate] += projects
    return found


def _has_letters(form: str) -> bool:
    return len(_NUMBER.sub("", form)) >= _FEWEST_LETTERS


def _shortened(form: str) -> set[str]:
    return {form, *(form[:at] + form[at + 1 :] for at in range(len(form)))}


def _one_edit(left: str, right: str) -> bool:
    """Whether one edit makes two different texts, whose lengths differ by one at most, the same."""
    left, right = sorted((left, right), key=len)
    at = next((at for at, (one, other) in enumerate(zip(left, right, strict=False)) if one != other), len(left))
    if len(left) < len(right):
        return left[at:] == right[at + 1 :]
    swapped = left[at : at + 2] == right[at : at + 2][::-1] and left[at + 2 :] == right[at + 2 :]
    return swapped or left[at + 1 :] == right[at + 1 :]


@dataclass(frozen=True, slots=True)
class _Content:
    """What two projects share that are the same but for their names. `ontology` is in the shortest spelling."""

    type: str
    params: dict[str, Json]
    ontology: list[Json]

    @property
    def shape(self) -> tuple[str, frozenset[str]]:
        return self.type, frozenset(self.params)

    @property
    def digest(self) -> int:
        """The same for the same contents, and hardly ever for others."""
        return hash((self.type, _digest(self.params), _digest(self.ontology)))

    def same(self, other: _Content) -> bool:
        return self.type == other.type and equal(self.params, other.params) and equal(self.ontology, other.ontology)


def _twins(creates: Iterable[ProjectChange], others: Iterable[LiveProject]) -> dict[str, list[LiveProject]]:
    """The live projects with the content of each create, by its name; none for one without any content."""
    wanted: dict[str, _Content] = {}
    for change in creates:
        assert change.after is not None
        content = _content(change.after.type, change.after.params, change.after.ontology)
        if content is not None and (content.params or content.ontology):
            wanted[change.name] = content
    shapes = {content.shape for content in wanted.values()}
    digests = {_digest(content.params) for content in wanted.values()}
    groups: dict[int, list[tuple[_Content, list[LiveProject]]]] = defaultdict(list)
    for project in others:
        if project.ontology_problem is not None or (project.type, frozenset(project.params)) not in shapes:
            continue
        if _digest(dict(project.params)) not in digests:
            continue
        content = _content(project.type, project.params, project.ontology)
        if content is not None:
            _group(groups[content.digest], content).append(project)
    return {name: _group(groups[content.digest], content) for name, content in wanted.items()}


def _group(groups: list[tuple[_Content, list[LiveProject]]], content: _Content) -> list[LiveProject]:
    group = next((projects for known, projects in groups if known.same(content)), None)
    if group is None:
        groups.append((content, group := []))
    return group


def _content(kind: str, params: Mapping[str, Json], ontology: Sequence[Json] | None) -> _Content | None:
    """None where the choices cannot be read."""
    try:
        return _Content(kind, dict(params), [spell(choice) for choice in read_choices(list(ontology or ()))])
    except UnreadableOntologyError:
        return None


def _digest(value: Json) -> int:
    if isinstance(value, dict):
        return hash(frozenset((key, _digest(inner)) for key, inner in value.items()))
    return hash(tuple(map(_digest, value)) if isinstance(value, list) else value)


def _listed(names: Sequence[str], total: int = 0) -> str:
    """The first three, and how many more there are in all."""
    more = max(total, len(names)) - 3
    return ", ".join(names[:3]) + (f" and {more:,} more" if more > 0 else "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _would(changes: Sequence[ProjectChange], what: str) -> str:
    return f"{_count(len(changes), 'project')} would be {what} ({_listed([change.name for change in changes])})"


def vanished(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """A create of a project that an apply is known to have written."""
    for change in _judged(changes, Action.CREATE):
        known = situation.known.get(change.name)
        if known is not None and known.written:
            yield Finding(
                change,
                "The record knows this project, and Scale no longer shows it",
                "A create would make a new one beside it where it was renamed in the dashboard.",
                "If it was renamed: give the manifest its new name.",
            )


def takeover(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """An update that takes from a project what no apply is known to have written."""
    for change in _judged(changes, Action.UPDATE):
        known = situation.known.get(change.name)
        if (known is None or not known.written) and (clauses := list(_taken(change, pending=situation.pending))):
            (has, loses), *others = clauses
            what = f"Scale's side has {has} that no apply of this repository has seen, {loses}"
            what += "".join(f"; {has}, {loses}" for has, loses in others)
            yield Finding(change, what, remedy="To keep them, write them into the manifest.")


def _taken(change: ProjectChange, *, pending: bool) -> Iterator[tuple[str, str]]:
    """What there is, and how much of it would go or change."""
    assert change.before is not None
    if params := [str(field.path[1]) for field in change.fields if _removes_parameter(field)]:
        yield _lost(_count(len(change.before.params), "parameter"), params)
    if choices := _removed_choices(change):
        yield _lost(_count(sum(1 for _ in walk(read_choices(list(change.before.ontology or ())))), "choice"), choices)
    if pending:
        changed = [
            format_path(field.path)
            for field in change.fields
            if field.kind is not Kind.ADD and not (_removes_parameter(field) or _removes_choice(field))
        ]
        if changed:
            yield "values", f"{len(changed):,} of them would change ({_listed(changed)})"


def _lost(has: str, names: list[str]) -> tuple[str, str]:
    return has, f"{len(names):,} of them would go ({_listed(names)})"


def not_kept(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """An update that writes again what Scale is known not to keep."""
    for change in _judged(changes, Action.UPDATE):
        noted = situation.known[change.name].not_kept if change.name in situation.known else {}
        paths = {format_path(field.path): field.after for field in change.fields}
        again = [path for path, value in paths.items() if path in noted and noted[path] == value_hash(value)]
        if again:
            yield Finding(
                change,
                f"Scale did not keep {_count(len(again), 'value')} as last written, and the manifest still "
                f"declares the same: {_listed(again)}",
                remedy="Declare the value that Scale keeps, or put the path under reconcile.ignore.",
            )


def choice_removal(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """An update that takes choices away."""
    for change in _judged(changes, Action.UPDATE):
        if names := _removed_choices(change):
            yield Finding(
                change,
                f"The ontology loses {_count(len(names), 'choice')}: {_listed(names)}",
                "Work in flight loses what goes at once.",
            )


def _removed_choices(change: ProjectChange) -> list[str]:
    return [str(field.path[-1]) for field in change.fields if _removes_choice(field)]


def _removes_choice(field: Field) -> bool:
    return field.kind is Kind.REMOVE and field.path[0] == "ontology" and not isinstance(field.path[-1], Attribute)


def _removes_parameter(field: Field) -> bool:
    return field.kind is Kind.REMOVE and field.path[0] == "params" and len(field.path) == 2


def conflict(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """With `--pending`, an update of a unit that both sides moved."""
    for change in _judged(changes, Action.UPDATE) if situation.pending else ():
        fields = [field for field in change.fields if field.field_class is FieldClass.CONFLICT]
        units = list(dict.fromkeys(unit_of(field.path) or "" for field in fields))
        if units:
            yield Finding(
                change,
                f"Git and Scale's side both changed {_listed(units)} since the last apply, differently",
                remedy="To keep Scale's side, write it into the manifest.",
            )


def expired_ignore(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """A project with an `ignore` past its day; one without a change, which nothing can hold, is found too."""
    unchanged = [change for change in _judged(changes, Action.NO_OP) if not change.desired.protect]
    for change in (*_judged(changes, Action.CREATE, Action.UPDATE), *unchanged):
        expired = [
            f"{ignore.pattern.text} (until {ignore.until.isoformat()})"
            for ignore in change.desired.mask.ignore
            if ignore.until is not None and ignore.until < situation.today
        ]
        if expired:
            yield Finding(
                change,
                f"Past its day, and still ignored: {_listed(expired)}",
                remedy="Take it out of the manifest, or give it a later day.",
            )


def max_creates(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """Every create, where there are more than so many."""
    creates = _judged(changes, Action.CREATE)
    most = situation.settings.max_creates
    if len(creates) > most:
        what = f"{_would(creates, 'created')}, more than max_creates = {most}"
        yield from (Finding(change, what, _FOREVER) for change in creates)


def max_change_ratio(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """Every update, where they are more than so great a part of the selected managed projects."""
    updates = _judged(changes, Action.UPDATE)
    selected = sum(change.action is not Action.FORGET for change in changes)
    ratio = situation.settings.max_change_ratio
    if selected >= _FEWEST_SELECTED and len(updates) > Decimal(str(ratio)) * selected:
        what = f"{_would(updates, 'updated')} of {selected:,} selected, more than max_change_ratio = {ratio}"
        yield from (Finding(change, what) for change in updates)


def max_forgets(changes: Sequence[ProjectChange], situation: Situation) -> Found:
    """Every project that would no longer be managed, where they are more than so many."""
    forgets = _judged(changes, Action.FORGET)
    most = situation.settings.max_forgets
    if len(forgets) > most:
        what = f"{_would(forgets, 'forgotten')}, more than max_forgets = {most}"
        remedy = "If their manifests are gone by mistake: bring them back."
        yield from (Finding(change, what, remedy=remedy) for change in forgets)


GUARDS: Final[tuple[tuple[str, Callable[[Sequence[ProjectChange], Situation], Found]], ...]] = (
    ("near-name", near_name),
    ("vanished", vanished),
    ("takeover", takeover),
    ("not-kept", not_kept),
    ("choice-removal", choice_removal),
    ("conflict", conflict),
    ("expired-ignore", expired_ignore),
    ("max-creates", max_creates),
    ("max-change-ratio", max_change_ratio),
    ("max-forgets", max_forgets),
)

WHOLE_PLAN: Final = frozenset({"max-creates", "max-change-ratio", "max-forgets"})
"""The guards that count over the whole plan."""
