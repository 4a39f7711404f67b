"""The guards, each of which can hold a project's change until someone waives the guard.

Each guard is one function that finds what it would hold; `holds` applies the waivers. Pure: today's date, the record,
the settings, and the allowed guards are passed in. A guard only looks at changes that an apply would write or forget.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from reconciler.diagnostics import count, listed, quoted
from reconciler.fieldpath import Attribute, format_path
from reconciler.model.likeness import nearly, normal_form
from reconciler.model.ontology import Ontology, read_ontology, walk
from reconciler.model.plan import Action, Cause, Field, Kind, ProjectChange, unit_of
from reconciler.model.project import PERMANENT, LiveProject, Shown
from reconciler.model.values import ABSENT, Absent, Json, canonical_json, text_digest
from reconciler.planning.bases import unseen
from reconciler.planning.nearness import neighbours, renamed_in_files, twins
from reconciler.planning.situation import Objection, Objections, Situation, effective, removes_choice
from reconciler.tasktypes.parameters import TASK_TYPES

_FEWEST_SELECTED: Final = 10
"""If fewer projects are selected, the share of changed projects means little."""


def value_hash(value: Json | Absent) -> str:
    """SHA-256, in hexadecimal, of a value's canonical JSON, or of the text `absent` if there is no value."""
    text = "absent" if value is ABSENT else canonical_json(value)
    return text_digest(text)


def near_name(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """A create with the name or content of a live project that has no manifest, even an archived one.

    Names are compared without regard to case, Unicode form, invisible characters, `-`, `_` and spaces. Two names
    match if they are then equal or one edit apart: one letter added, removed, or replaced, or two neighbors swapped. To
    be one edit apart, both need at least five characters other than digits, and the same numbers in the same order.
    """
    creates = effective(changes, Action.CREATE)
    if not creates or not situation.listed:
        return
    others = {
        name: project
        for name, project in sorted(situation.live.items(), key=lambda item: item[0])
        if project is not None and name not in situation.managed
    }
    forms = {name: normal_form(name) for name in (*(change.name for change in creates), *others)}
    by_form: dict[str, list[Shown]] = defaultdict(list)
    for name, project in others.items():
        by_form[forms[name]].append(project)
    similar = neighbours({forms[change.name] for change in creates}, by_form)
    same_content = twins(creates, (one for one in others.values() if isinstance(one, LiveProject)))
    for change in creates:
        form = forms[change.name]
        kinds: tuple[tuple[str, str, Sequence[Shown]], ...] = (
            (f"has a name that differs {_ONLY_IN}", f"have names that differ {_ONLY_IN}", by_form.get(form, [])),
            ("has a similar name", "have similar names", similar.get(form, [])),
            (f"has {_SAME_CONTENT}", f"have {_SAME_CONTENT}", same_content.get(change.name, [])),
        )
        one, many, near = next((kind for kind in kinds if kind[-1]), ("", "", ()))
        if near:
            shown = [quoted(str(project.name)) + (" (archived)" if project.archived else "") for project in near[:3]]
            which = "A live project without a manifest " + one
            if len(near) > 1:
                which = f"{len(near):,} live projects without a manifest {many}"
            yield Objection(change, f"{which}: {listed(shown, total=len(near))}", PERMANENT, _use_instead(near))


_ONLY_IN: Final = 'only in case, Unicode form, invisible characters, "-", "_", or spaces'
_SAME_CONTENT: Final = "the same type, params, and ontology"


def _use_instead(near: Sequence[Shown]) -> str:
    """How to use a live project instead of creating one. An archived project cannot be managed."""
    [able, *_] = [*(project for project in near if not project.archived), near[0]]
    if able.archived:
        return (
            f"To use {quoted(str(able.name))} instead, unarchive it in Scale's dashboard, and change the name in the "
            "manifest to that name."
        )
    return f"To manage {quoted(str(able.name))} instead, change the name in the manifest to that name."


def _would(changes: Sequence[ProjectChange], what: str, number: str = "") -> str:
    number = number or count(len(changes), "project")
    return f"{number} would be {what} ({listed([change.name for change in changes])})"


def near_type(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """A create with an unknown type that differs from a known one only in case, `-`, `_`, spaces, or one edit."""
    for change in effective(changes, Action.CREATE):
        wanted = change.desired.type
        if wanted not in TASK_TYPES and (meant := nearly(wanted, TASK_TYPES)):
            yield Objection(
                change,
                f"{quoted(wanted)} is not a known task type, but {quoted(meant)} is",
                "The API can neither change a project's type nor delete a project.",
                f'If {quoted(wanted)} is a typo, write "type: {meant}".',
            )


def vanished(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """A create of a project that an apply has already written, according to the record."""
    for change in effective(changes, Action.CREATE):
        known = situation.known.get(change.name)
        if known is not None and known.written:
            yield Objection(
                change,
                "An earlier apply wrote this project, but it no longer exists on Scale",
                "If the project was renamed in the dashboard, this apply would create a second project.",
                "If the project was renamed, use the new name in the manifest.",
            )


def takeover(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """An update that removes something from a project that no apply has written, according to the record."""
    for change in effective(changes, Action.UPDATE):
        known = situation.known.get(change.name)
        if (known is None or not known.written) and (clauses := list(_taken(change, situation))):
            what = f"The first apply to this project would {'; '.join(clauses)}"
            more = "According to the record, no apply has written the project yet."
            remedy = "To keep the values on Scale, write them to the manifest with reconciler adopt."
            yield Objection(change, what, more, remedy)


def _taken(change: ProjectChange, situation: Situation) -> Iterator[str]:
    """The clauses about what would be removed or changed."""
    assert change.before is not None
    if params := [str(field.path[1]) for field in change.fields if _removes_parameter(field)]:
        yield f"remove {len(params):,} of {count(len(change.before.params), 'parameter')} ({listed(params)})"
    removed, renamed_names = situation.choices_gone(change)
    if removed or renamed_names:
        before = read_ontology(list(change.before.ontology or ()))
        assert isinstance(before, Ontology)
        total = count(sum(1 for _ in walk(before.choices)), "choice")
        for verb, names in (("remove", removed), ("probably rename", renamed_names)):
            if names:
                yield f"{verb} {len(names):,} of {total} ({listed(names)})"
    if situation.pending:
        changed = [
            situation.path(field)
            for field in change.fields
            if field.kind is not Kind.ADD and not (_removes_parameter(field) or removes_choice(field))
        ]
        if changed:
            yield f"change {count(len(changed), 'value')} ({listed(changed)})"


def not_kept(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """An update that writes a value again that Scale did not keep."""
    for change in effective(changes, Action.UPDATE):
        noted = situation.known[change.name].not_kept if change.name in situation.known else {}
        again = [
            field
            for field in (change.fields if noted else ())
            if (path := format_path(field.path)) in noted and noted[path] == value_hash(field.after)
        ]
        if again:
            yield Objection(
                change,
                f"Scale did not keep {count(len(again), 'value')} that an earlier apply wrote: "
                f"{listed([situation.path(field) for field in again])}",
                f"The manifest still declares {'the same value' if len(again) == 1 else 'the same values'}.",
                f"Declare what Scale keeps, or add {listed(_to_ignore(again, situation))} to reconcile.ignore.",
            )


def _to_ignore(fields: Sequence[Field], situation: Situation) -> list[str]:
    """The patterns that cover these fields. In an ontology, only some patterns can be ignored."""
    found: dict[str, None] = {}
    for field in fields:
        path, last = situation.path(field), field.path[-1]
        if field.path[0] == "ontology":
            is_text = isinstance(last, Attribute) and last.name in ("description", "display")
            path = f"ontology.**.@{last.name}" if isinstance(last, Attribute) and is_text else "ontology"
        found[path] = None
    return list(found)


def choice_removal(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """An update that removes choices, even if they look renamed."""
    for change in effective(changes, Action.UPDATE):
        removed, renamed_names = situation.choices_gone(change)
        clauses = [f"removes {count(len(removed), 'choice')} from the ontology: {listed(removed)}"] if removed else []
        more = ["Work in flight loses removed choices immediately."] if removed else []
        if renamed_names:
            clauses.append(
                f"probably renames {count(len(renamed_names), 'choice')} in the ontology: {listed(renamed_names)}"
            )
            name = "name" if len(renamed_names) == 1 else "names"
            more.append(f"Work in flight loses the old {name} immediately, and finished tasks keep the old {name}.")
        if clauses:
            yield Objection(change, f"The update {'; it '.join(clauses)}", " ".join(more))


def _removes_parameter(field: Field) -> bool:
    return field.kind is Kind.REMOVE and field.path[0] == "params" and len(field.path) == 2


def conflict(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """With `--pending`, an update of a unit that both sides changed, or might have changed if its base is not shown."""
    for change in effective(changes, Action.UPDATE) if situation.pending else ():
        fields = [field for field in change.fields if field.cause is Cause.CONFLICT]
        both = list(dict.fromkeys(unit_of(field.path) or "" for field in fields))
        hidden = unseen(situation.known.get(change.name), change.fields)
        changed = f"Git and Scale have both changed {listed(both)} since the last apply"
        unknown = f"Reconciler cannot determine whether {listed(hidden)} changed on Scale since the last apply"
        why = f"{situation.history} the version that the last apply recorded."
        remedy = "To keep the values on Scale, write them to the manifest with reconciler adopt."
        if both:
            yield Objection(change, changed, f"{unknown}. {why}" if hidden else "", remedy)
        elif hidden:
            yield Objection(change, unknown, why, remedy)


def expired_ignore(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """A project with an expired `ignore`, even if the project has no change that could be held."""
    unchanged = [change for change in effective(changes, Action.NO_OP) if not change.desired.protect]
    for change in (*effective(changes, Action.CREATE, Action.UPDATE), *unchanged):
        expired = [
            f"{ignore.pattern.text} (until {ignore.until.isoformat()})"
            for ignore in change.desired.mask.ignore
            if ignore.until is not None and ignore.until < situation.today
        ]
        if len(expired) == 1:
            remedy = "Remove the ignore, or set until to a later date."
            yield Objection(change, f"An expired ignore still applies: {expired[0]}", remedy=remedy)
        elif expired:
            remedy = "Remove the ignores, or set until to later dates."
            yield Objection(change, f"Expired ignores still apply: {listed(expired)}", remedy=remedy)


def renamed(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """A create and a forget that look like one renamed project.

    Either exactly one recorded name in a manifest file was replaced by one new name, or the create has the content that
    is live under a name that is no longer declared.
    """
    changed = effective(changes, Action.CREATE, Action.FORGET)
    gone = {name: file for name, file in situation.undeclared.items() if name in situation.known}
    if not changed or not gone:
        return
    fresh = {name: file for name, file in situation.managed.items() if name not in situation.known}
    pairs = renamed_in_files(gone, fresh).items()
    partners = {name: pair for pair in pairs if situation.live.get(pair[1]) is None for name in pair}
    left = (live for name in sorted(gone) if isinstance(live := situation.live.get(name), LiveProject))
    same = twins([change for change in changed if change.action is Action.CREATE], left)
    for change in changed:
        if change.name in partners:
            was, now = partners[change.name]
            what = f"The manifest file that declared {quoted(was)} now declares {quoted(now)}"
        elif twin := same.get(change.name):
            was = twin[0].name
            what = f"The project has the same content as {quoted(was)}, which no longer has a manifest"
        else:
            continue
        yield Objection(
            change,
            what,
            f"{quoted(was)} stays on Scale: {PERMANENT[0].lower()}{PERMANENT[1:]}",
            f"If both names refer to the same project, rename {quoted(was)} to the new name in the dashboard, then "
            "plan again.",
        )


def max_creates(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """Every create, if there are more than `max_creates`."""
    creates = effective(changes, Action.CREATE)
    most = situation.rules.settings.max_creates
    if len(creates) > most:
        what = f"{_would(creates, 'created')}, which exceeds max_creates ({most})"
        yield from (Objection(change, what, PERMANENT) for change in creates)


def max_change_ratio(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """Every update, if their share of the selected projects is more than `max_change_ratio`."""
    updates = effective(changes, Action.UPDATE)
    selected = sum(change.action is not Action.FORGET for change in changes)
    ratio = situation.rules.settings.max_change_ratio
    if selected >= _FEWEST_SELECTED and len(updates) > Decimal(str(ratio)) * selected:
        number = f"{len(updates):,} of {selected:,} selected projects"
        what = f"{_would(updates, 'updated', number)}, which exceeds max_change_ratio ({ratio})"
        yield from (Objection(change, what) for change in updates)


def max_forgets(changes: Sequence[ProjectChange], situation: Situation) -> Objections:
    """Every project that would no longer be managed, if there are more than `max_forgets`."""
    forgets = effective(changes, Action.FORGET)
    most = situation.rules.settings.max_forgets
    if len(forgets) > most:
        what = f"{_would(forgets, 'forgotten')}, which exceeds max_forgets ({most})"
        were = "manifest was" if len(forgets) == 1 else "manifests were"
        remedy = f"If the {were} removed by mistake, restore {'it' if len(forgets) == 1 else 'them'}."
        yield from (Objection(change, what, remedy=remedy) for change in forgets)


GUARDS: Final[tuple[tuple[str, Callable[[Sequence[ProjectChange], Situation], Objections]], ...]] = (
    ("near-name", near_name),
    ("near-type", near_type),
    ("vanished", vanished),
    ("takeover", takeover),
    ("not-kept", not_kept),
    ("choice-removal", choice_removal),
    ("conflict", conflict),
    ("expired-ignore", expired_ignore),
    ("renamed", renamed),
    ("max-creates", max_creates),
    ("max-change-ratio", max_change_ratio),
    ("max-forgets", max_forgets),
)

WHOLE_PLAN: Final = frozenset({"max-creates", "max-change-ratio", "max-forgets"})
"""The guards that count the changes in the whole plan."""
