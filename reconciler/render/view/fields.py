"""The fields of a plan as the rows and sections of a view."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.fieldpath import Attribute, FieldPath, format_path
from reconciler.model.plan import CallKind, Field, Kind, ProjectChange, Rename
from reconciler.model.values import MASKED, Json, Masked, canonical_json
from reconciler.render.phrases import minute
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.spelling import moved_words
from reconciler.render.view.ontology import is_hidden, tree
from reconciler.render.view.pairing import pairs
from reconciler.render.view.parts import Row, Section

_MOST_LEAVES: Final = 60
_COUNTED: Final = (Sign.ADD, Sign.REMOVE, Sign.MOVE, Sign.CHANGE)


def sections(change: ProjectChange, sign: Sign, *, full: bool = False) -> Iterator[Section]:
    """What is shown of a create or an update: the project's own values, then params, then the ontology.

    With `full`, what is unchanged is shown, too.
    """
    fields = list(_without_locations(change)) if sign is Sign.ADD else change.fields
    own = [field for field in fields if field.path[0] not in ("params", "ontology")]
    params = [field for field in fields if field.path[0] == "params"]
    ontology = [field for field in fields if field.path[0] == "ontology"]
    if own:
        yield Section("", sign, tuple(rows(own, created=sign is Sign.ADD)), created=sign is Sign.ADD, full=full)
    if params:
        yield _params(change, params, sign, full)
    if ontology:
        yield _ontology(change, ontology, sign, full)


def _without_locations(change: ProjectChange) -> Iterator[Field]:
    """In a new project, only fields from another file show their location: everything is new."""
    for field in change.fields:
        same = field.source is not None and field.source.file == change.source.file
        yield replace(field, source=None) if same else field


def rows(fields: Sequence[Field], *, below: int = 0, created: bool = False) -> Iterator[Row]:
    """Fields as rows, named without the first `below` parts. In a new project, an object becomes one row per leaf."""
    for removal, field in pairs(fields):
        path = field.path[below:]
        row = Row(
            field.kind, OF_KIND[field.kind], format_path(path), field.before, field.after, field.source, note_of(field)
        )
        if removal is not None:
            yield replaced(row, removal, below=below)
        elif created and field.kind is Kind.ADD:
            yield from _leaves(row, path)
        else:
            yield row


def replaced(row: Row, removal: Field, *, below: int = 0) -> Row:
    """An added value that replaces a removed one: moved if both are the same."""
    declared = "renamed" if removal.renamed is not None else ""
    notes = list(dict.fromkeys(filter(None, (declared, row.note, note_of(removal)))))
    if canonical_json(removal.before) == canonical_json(row.after):
        where = moved_words(format_path(removal.path[below:]))
        return replace(row, kind=Kind.MOVE, sign=OF_KIND[Kind.MOVE], note=", ".join([where, *notes]))
    return replace(row, kind=Kind.CHANGE, sign=OF_KIND[Kind.CHANGE], before=removal.before, note=", ".join(notes))


def note_of(field: Field) -> str:
    """`drift: version 8, 2026-11-24 09:12 UTC` if the value was changed on Scale; otherwise empty."""
    if not field.cause.on_scale:
        return ""
    if field.moved_by is None:
        return field.cause.value
    version, at = field.moved_by
    return f"{field.cause.value}: version {version}" + (f", {minute(at)}" if at else "")


def _leaves(row: Row, path: FieldPath) -> Iterator[Row]:
    """An added object as its innermost values, unless there are too many or one of its objects is empty.

    All of them come from the object's own location in git, so only the first one shows it.
    """
    found: list[Row] = []
    waiting = [(row, path)]
    while waiting:
        current, here = waiting.pop()
        value = current.after
        if not isinstance(value, dict):
            found.append(current)
        elif not value or len(found) + len(waiting) + len(value) > _MOST_LEAVES:
            yield row
            return
        else:
            for key in reversed(value):
                inner = (*here, key)
                waiting.append((replace(current, name=format_path(inner), after=value[key]), inner))
    yield from (leaf if leaf is found[0] else replace(leaf, location=None, note="") for leaf in found)


def _params(change: ProjectChange, fields: Sequence[Field], sign: Sign, full: bool) -> Section:
    shown = list(rows(fields, below=1, created=sign is Sign.ADD))
    touched = {field.path[1] for field in fields if len(field.path) > 1}
    after: Json = change.after.params if change.after else {}
    if isinstance(after, Masked):
        after = touched
    same = [key for key in after if key not in touched] if sign is not Sign.ADD else []
    if full and change.after is not None:
        shown += [Row(None, None, format_path((key,)), after=change.after.params[key]) for key in same]
    removed = tuple(str(field.path[1]) for field in fields if field.kind is Kind.REMOVE and len(field.path) == 2)
    versions = _versions(change, CallKind.SET_PARAMS, change.expected.params_version)
    created = sign is Sign.ADD
    call = f"{versions}, {_params_call(change, len(removed))}{_kept_names(fields)}"
    return Section(
        "params",
        sign,
        tuple(shown),
        created=created,
        call="" if created or not versions else call,
        tally=tally(row.sign for row in shown),
        versions=versions,
        total=len(after),
        hidden=0 if full else len(same),
        removed=removed,
        full=full,
    )


def _ontology(change: ProjectChange, fields: Sequence[Field], sign: Sign, full: bool) -> Section:
    own = [field for field in fields if len(field.path) == 2 and isinstance(field.path[1], Attribute)]
    merged = tree(
        before=change.before.ontology if change.before else None,
        after=change.after.ontology if change.after else None,
        fields=[field for field in fields if field not in own],  # the ontology's own attributes are not choices
        full=full,
    )
    own_rows = tuple(rows(own, below=1))
    versions = _versions(change, CallKind.SET_ONTOLOGY, change.expected.ontology_version)
    created = sign is Sign.ADD
    return Section(
        "ontology",
        sign,
        own_rows,
        merged.order,
        merged.choices,
        created=created,
        call="" if created or not versions else f"{versions}; reaches work in flight{_kept_names(fields)}",
        note="" if created else next(filter(None, map(note_of, fields)), ""),
        tally=tally([*(Sign.CHANGE for _ in own_rows), *merged.signs]),
        versions=versions,
        total=merged.total,
        hidden=0 if created else merged.hidden,
        full=full,
        removed=tuple(
            MASKED if is_hidden(field) else str(field.path[-1])
            for field in fields
            if field.kind is Kind.REMOVE and isinstance(field.path[-1], str)
            if field.renamed is None and field.path not in merged.renamed
        ),
        renamed=(
            *(field.renamed for field in fields if field.kind is Kind.REMOVE and field.renamed is not None),
            *(Rename(str(old[-1]), str(new[-1])) for old, new in merged.renamed.items()),
        ),
        guessed=bool(merged.renamed),
    )


def _versions(change: ProjectChange, kind: CallKind, version: int | None) -> str:
    """`version 3 -> 4` if the change makes a call of this kind; `version` is the live one, None if there is none."""
    if not any(call.kind is kind for call in change.calls):
        return ""
    return "first version" if version is None else f"version {version} -> {version + 1}"


def _params_call(change: ProjectChange, removed: int) -> str:
    """`patch`, or why all parameters are sent."""
    if any(call.kind is CallKind.SET_PARAMS and call.body.get("patch") is True for call in change.calls):
        return "patch"
    if not removed:
        return "all parameters sent"
    return f"all parameters sent: {'a parameter is' if removed == 1 else f'{removed:,} parameters are'} removed"


def _kept_names(fields: Sequence[Field]) -> str:
    """What a declared rename does not change."""
    old = {field.renamed.old for field in fields if field.renamed is not None}
    return f"; finished tasks keep the old {'name' if len(old) == 1 else 'names'}" if old else ""


def tally(signs: Iterable[Sign | None]) -> str:
    """`+1 −2 ~1`: how many changes have each sign."""
    numbers = Counter(signs)
    shown = ((sign, numbers[sign]) for sign in _COUNTED if numbers[sign])
    return " ".join(f"{'−' if sign is Sign.REMOVE else sign}{number:,}" for sign, number in shown)
