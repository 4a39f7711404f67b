"""The one view that every format lays out: what is shown of a plan, ordered, counted and masked.

Names and values are raw here; whoever lays them out escapes them. No format counts or sorts by itself, so that all of
them agree with one another and with the plan's own summary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from reconciler.diagnostics import Diagnostic
from reconciler.fieldpath import Attribute, FieldPath, Pattern, covered, format_path
from reconciler.model.plan import Action, CallKind, Field, FieldClass, Kind, Plan, ProjectChange
from reconciler.model.printed import mask_field
from reconciler.model.project import Source
from reconciler.model.values import ABSENT, MASKED, Absent, Json
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.tree import Tree, tree

MOST_ROWS: Final = 200
"""How many changed values of one project a format has to show; what is left out is counted."""

_MOST_LEAVES: Final = 60


@dataclass(frozen=True, slots=True)
class Row:
    """One value that is added, removed, changed or reordered. `path` is below its part of the project.

    `note` says which edit of others is reverted by it.
    """

    kind: Kind
    path: FieldPath
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT
    source: Source | None = None
    note: str = ""

    @property
    def sign(self) -> Sign:
        return OF_KIND[self.kind]

    @property
    def name(self) -> str:
        return format_path(self.path)


@dataclass(frozen=True, slots=True)
class Write:
    """The call that brings a part there, and the version that it goes on from (None: there is none yet)."""

    version: int | None
    patch: bool


@dataclass(frozen=True, slots=True)
class ParamsView:
    """`total` counts parameters (top-level keys) after the change, `hidden` those among them that do not change."""

    sign: Sign
    rows: tuple[Row, ...]
    left_out: int
    total: int
    hidden: int
    removed: int
    write: Write | None


@dataclass(frozen=True, slots=True)
class OntologyView:
    """`tree` holds what changes and what stands above it. `removed` are the names that go."""

    sign: Sign
    tree: Tree
    own: tuple[Row, ...]
    removed: tuple[str, ...]
    write: Write | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ProjectView:
    """One project that a person should look at: to be created or updated, protected or blocked."""

    name: str
    sign: Sign
    change: ProjectChange
    own: tuple[Row, ...] = ()
    params: ParamsView | None = None
    ontology: OntologyView | None = None
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanView:
    """`signs` are those in use, in the legend's order. `created` are the projects that an apply would create.

    `creates` tells whether any project is shown as to be created, protected ones included.
    """

    plan: Plan
    projects: tuple[ProjectView, ...]
    signs: tuple[Sign, ...]
    created: tuple[str, ...]
    creates: bool


def view_plan(plan: Plan, *, sensitive: Sequence[Pattern] = ()) -> PlanView:
    """What is shown of `plan`. Projects keep the plan's order, which is by name."""
    projects = tuple(
        view_project(change, sensitive=sensitive)
        for change in plan.changes
        if change.blocked or change.action is not Action.NO_OP
    )
    used = {sign for project in projects for sign in _signs(project)}
    return PlanView(
        plan=plan,
        projects=projects,
        signs=tuple(sign for sign in Sign if sign in used),
        created=tuple(change.name for change in plan.changes if change.action is Action.CREATE and change.writes),
        creates=any(project.sign is Sign.ADD for project in projects),
    )


def view_project(change: ProjectChange, *, sensitive: Sequence[Pattern] = ()) -> ProjectView:
    """What is shown of one project."""
    warnings = tuple(diagnostic for diagnostic in change.diagnostics if not diagnostic.is_error)
    if change.blocked:
        return ProjectView(change.name, Sign.BLOCKED, change, warnings=warnings)
    if change.action is Action.FORGET:
        return ProjectView(change.name, Sign.FORGET, change, warnings=warnings)
    sign = Sign.ADD if change.action is Action.CREATE else Sign.CHANGE
    fields = [_unplaced(field, change) for field in change.fields] if sign is Sign.ADD else change.fields
    own = [field for field in fields if field.path[0] not in ("params", "ontology")]
    params = [field for field in fields if field.path[0] == "params"]
    ontology = [field for field in fields if field.path[0] == "ontology"]
    return ProjectView(
        name=change.name,
        sign=sign,
        change=change,
        own=tuple(rows(own, sensitive=sensitive)),
        params=_view_params(change, params, sign, sensitive) if params else None,
        ontology=_view_ontology(change, ontology, sign, sensitive) if ontology else None,
        warnings=warnings,
    )


def _unplaced(field: Field, change: ProjectChange) -> Field:
    """All of a new project is new: of its fields only those from another file need to say where they come from."""
    same = field.source is not None and field.source.file == change.source.file
    return replace(field, source=None) if same else field


def rows(fields: Iterable[Field], *, below: int = 0, sensitive: Sequence[Pattern] = ()) -> Iterator[Row]:
    """Fields as rows, masked, named from the part after the first `below` ones on; an added object leaf by leaf."""
    for field in fields:
        masked = mask_field(field, sensitive)
        row = Row(field.kind, field.path[below:], masked.before, masked.after, field.source, note_of(field))
        if field.kind is Kind.ADD:
            yield from _leaves(row)
        else:
            yield row


def note_of(field: Field) -> str:
    """`drift: version 8, 2026-11-24 09:12 UTC` where somebody else moved the value; else nothing."""
    if field.field_class not in (FieldClass.DRIFT, FieldClass.CONFLICT):
        return ""
    if field.moved_by is None:
        return field.field_class.value
    version, at = field.moved_by
    return f"{field.field_class.value}: version {version}" + (f", {at:%Y-%m-%d %H:%M} UTC" if at else "")


def _leaves(row: Row) -> Iterator[Row]:
    """An added object as its innermost values, where no object in it is empty; else the row as it is.

    All come from the object's own place in git: the first tells it.
    """
    found: list[Row] = []
    waiting = [row]
    while waiting:
        current = waiting.pop()
        value = current.after
        if not isinstance(value, dict):
            found.append(current)
        elif not value or len(found) + len(waiting) + len(value) > _MOST_LEAVES:
            yield row
            return
        else:
            waiting += [replace(current, path=(*current.path, key), after=value[key]) for key in reversed(value)]
    yield from (leaf if leaf is found[0] else replace(leaf, source=None, note="") for leaf in found)


def _view_params(change: ProjectChange, fields: list[Field], sign: Sign, sensitive: Sequence[Pattern]) -> ParamsView:
    every = list(rows(fields, below=1, sensitive=sensitive))
    shown = _most_telling(every)
    touched = {field.path[1] for field in fields if len(field.path) > 1}
    after = change.after.params if change.after else {}
    return ParamsView(
        sign=sign,
        rows=tuple(shown),
        left_out=len(every) - len(shown),
        total=len(after),
        hidden=sum(key not in touched for key in after),
        removed=sum(field.kind is Kind.REMOVE and len(field.path) == 2 for field in fields),
        write=_write(change, CallKind.SET_PARAMS, change.expected.params_version),
    )


def _most_telling(every: list[Row]) -> list[Row]:
    """All rows while there are not too many; else removals before anything else, in their old order."""
    if len(every) <= MOST_ROWS:
        return every
    ranked = sorted(range(len(every)), key=lambda position: every[position].kind is not Kind.REMOVE)
    return [every[position] for position in sorted(ranked[:MOST_ROWS])]


def _view_ontology(
    change: ProjectChange, fields: list[Field], sign: Sign, sensitive: Sequence[Pattern]
) -> OntologyView:
    own = [field for field in fields if len(field.path) == 2 and isinstance(field.path[1], Attribute)]
    return OntologyView(
        sign=sign,
        tree=tree(
            before=(change.before.ontology if change.before else None) or (),
            after=(change.after.ontology if change.after else None) or (),
            fields=[
                (field, mask_field(field, sensitive))
                for field in fields
                if field not in own  # the ontology's own attributes are no choices
            ],
            hide=lambda path: covered(path, sensitive),
        ),
        own=tuple(rows(own, below=1, sensitive=sensitive)),
        removed=tuple(
            MASKED if covered(field.path, sensitive) else str(field.path[-1])
            for field in fields
            if field.kind is Kind.REMOVE and isinstance(field.path[-1], str)
        ),
        write=_write(change, CallKind.SET_ONTOLOGY, change.expected.ontology_version),
        note=next(filter(None, map(note_of, fields)), ""),
    )


def changes_alone(fields: Sequence[Field], *, sensitive: Sequence[Pattern] = ()) -> Tree:
    """Fields of an ontology without the trees that they belong to, each named by its path."""
    pairs = [(field, mask_field(field, sensitive)) for field in fields]
    return tree(before=(), after=(), fields=pairs, hide=lambda path: covered(path, sensitive))


def _write(change: ProjectChange, kind: CallKind, version: int | None) -> Write | None:
    for call in change.calls:
        if call.kind is kind:
            return Write(version, call.body.get("patch") is True)
    return None


def _signs(project: ProjectView) -> Iterator[Sign]:
    yield project.sign
    if project.change.held_by:
        yield Sign.HELD
    yield from (row.sign for row in project.own)
    if project.params:
        yield from (row.sign for row in project.params.rows)
    if project.ontology:
        yield from (row.sign for row in project.ontology.own)
        yield from project.ontology.tree.signs
