"""Two ontologies as one tree: what changes, with what stands above it. The rest is hidden and counted.

Every field of the ontology is in the result, whatever the two trees look like: one that belongs nowhere in them stands
in `loose`, so that no change is ever planned and not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.fieldpath import Attribute, FieldPath, format_path, parse_path
from reconciler.model.plan import Field, Kind
from reconciler.model.project import Source
from reconciler.model.values import ABSENT, MASKED, Absent, Json
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.values import compact


@dataclass(frozen=True, slots=True)
class Detail:
    """A change within a choice: of an attribute, or (`name` is "order") of the order of its subchoices."""

    kind: Kind
    name: str
    before: Json | Absent = ABSENT
    after: Json | Absent = ABSENT

    @property
    def sign(self) -> Sign:
        return OF_KIND[self.kind]


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    """A choice at its depth below the root. `moved_from` is the path of the parent that it left.

    Of a `loose` one, `name` is its path below the ontology.
    """

    depth: int
    name: str
    sign: Sign
    details: tuple[Detail, ...] = ()
    moved_from: str | None = None
    source: Source | None = None
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Tree:
    """`total` counts the choices after the change, `hidden` those among them that no row shows."""

    rows: tuple[ChoiceRow, ...] = ()
    order: tuple[Detail, ...] = ()
    loose: tuple[ChoiceRow, ...] = ()
    total: int = 0
    hidden: int = 0

    @property
    def signs(self) -> Iterator[Sign]:
        for row in (*self.rows, *self.loose):
            yield row.sign
            if row.sign is not Sign.ADD:
                yield from (detail.sign for detail in row.details)
        yield from (detail.sign for detail in self.order)


def tree(
    *,
    before: Sequence[Json],
    after: Sequence[Json],
    fields: Sequence[tuple[Field, Field]],
    hide: Callable[[FieldPath], bool],
) -> Tree:
    """The merged tree. Each field comes as it is and as it may be shown; `hide` tells which names may not be."""
    merger = _Merger(before, fields, hide)
    rows = list(merger.walk(before, after, ("ontology",), ("ontology",), 0))
    order = merger.details(("ontology",))
    return Tree(
        rows=tuple(rows),
        order=order,
        loose=tuple(merger.loose()),
        total=merger.total,
        hidden=merger.total - sum(row.sign is not Sign.REMOVE for row in rows),
    )


@dataclass(slots=True)
class _Merger:
    before: Sequence[Json]
    fields: Sequence[tuple[Field, Field]]
    hide: Callable[[FieldPath], bool]
    total: int = 0
    _at: dict[FieldPath, list[int]] = field(default_factory=dict)
    _shown: set[int] = field(default_factory=set)
    _befores: dict[FieldPath, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, (real, _) in enumerate(self.fields):
            path = real.path[:-1] if isinstance(real.path[-1], Attribute) else real.path
            self._at.setdefault(path, []).append(number)
        self._befores = dict(_paths(self.before, ("ontology",)))

    def walk(
        self, befores: Sequence[Json], afters: Sequence[Json], path: FieldPath, old_path: FieldPath, depth: int
    ) -> Iterator[ChoiceRow]:
        """The rows below one parent: the new order, with each removed choice behind the one that it stood behind."""
        stays = {_name(item) for item in afters}
        gone: dict[str | None, list[Json]] = {None: []}
        anchor: str | None = None
        for item in befores:
            if _name(item) in stays:
                anchor = _name(item)
            else:
                gone.setdefault(anchor, []).append(item)
        for item in gone[None]:
            yield from self._removed(item, old_path, depth)
        old = {_name(item): item for item in befores}
        for item in afters:
            yield from self._kept(item, old.get(_name(item)), path, old_path, depth)
            for lost in gone.pop(_name(item), ()):
                yield from self._removed(lost, old_path, depth)

    def details(self, path: FieldPath) -> tuple[Detail, ...]:
        """The changes of a choice's attributes and of the order below it."""
        found: list[Detail] = []
        for number in self._at.get(path, ()):
            real, shown = self.fields[number]
            last = real.path[-1]
            if isinstance(last, Attribute):
                found.append(Detail(real.kind, last.name, shown.before, shown.after))
            elif real.kind is Kind.REORDER:
                found.append(Detail(real.kind, "order", shown.before, shown.after))
            else:
                continue
            self._shown.add(number)
        return tuple(found)

    def loose(self) -> Iterator[ChoiceRow]:
        """The fields that no row of the walk stands for."""
        for number, (real, shown) in enumerate(self.fields):
            if number in self._shown:
                continue
            name = MASKED if self.hide(real.path) else format_path(real.path[1:])
            sign = OF_KIND[real.kind]
            moved = _moved_from(shown) if real.kind is Kind.MOVE else None
            details: tuple[Detail, ...] = ()
            if isinstance(real.path[-1], Attribute) or real.kind in (Kind.CHANGE, Kind.REORDER):
                details = (Detail(real.kind, "order" if real.kind is Kind.REORDER else "", shown.before, shown.after),)
            yield ChoiceRow(0, name, sign, details, moved, shown.source, loose=True)

    def _kept(self, item: Json, old: Json, path: FieldPath, old_path: FieldPath, depth: int) -> Iterator[ChoiceRow]:
        self.total += 1
        here = (*path, _name(item))
        there = (*old_path, _name(item))
        number = self._take(here, Kind.ADD, Kind.MOVE)
        shown = None if number is None else self.fields[number][1]
        if number is not None and self.fields[number][0].kind is Kind.MOVE:
            there = _old_path(self.fields[number][0]) or there
            old = self._befores.get(there)
        details = self.details(here)
        below = list(self.walk(_subchoices(old), _subchoices(item), here, there, depth + 1))
        if shown is not None:
            moved = _moved_from(shown) if shown.kind is Kind.MOVE else None
            details = details if shown.kind is Kind.MOVE else (*details, *_described(shown))
            yield ChoiceRow(depth, self._label(here), OF_KIND[shown.kind], details, moved, shown.source)
        elif details or below:
            first = next((self.fields[at][1] for at in self._at.get(here, ()) if at in self._shown), None)
            yield ChoiceRow(depth, self._label(here), Sign.CHANGE, details, None, first.source if first else None)
        yield from below

    def _removed(self, item: Json, old_path: FieldPath, depth: int) -> Iterator[ChoiceRow]:
        there = (*old_path, _name(item))
        number = self._take(there, Kind.REMOVE)
        if number is None:
            return
        yield ChoiceRow(depth, self._label(there), Sign.REMOVE, source=self.fields[number][0].source)
        yield from self.walk(_subchoices(item), (), there, there, depth + 1)

    def _take(self, path: FieldPath, *kinds: Kind) -> int | None:
        for number in self._at.get(path, ()):
            real = self.fields[number][0]
            if real.kind in kinds and real.path == path and number not in self._shown:
                self._shown.add(number)
                return number
        return None

    def _label(self, path: FieldPath) -> str:
        return MASKED if self.hide(path) else str(path[-1])


def _name(item: Json) -> str:
    name = item.get("choice") if isinstance(item, dict) else item
    return name if isinstance(name, str) else compact(item)


def _subchoices(item: Json) -> Sequence[Json]:
    below = item.get("subchoices") if isinstance(item, dict) else None
    return below if isinstance(below, list | tuple) else ()


def _paths(items: Iterable[Json], path: FieldPath) -> Iterator[tuple[FieldPath, Json]]:
    for item in items:
        here = (*path, _name(item))
        yield here, item
        yield from _paths(_subchoices(item), here)


def _told_path(shown: Field) -> str:
    before = shown.before
    told = before.get("path") if isinstance(before, dict) else before
    return told if isinstance(told, str) else ""


def _old_path(real: Field) -> FieldPath | None:
    try:
        return parse_path(_told_path(real))
    except ValueError:
        return None


def _moved_from(shown: Field) -> str:
    """The path of the old parent below the ontology; empty for the top level."""
    told = _told_path(shown)
    if told == MASKED:
        return MASKED
    try:
        return format_path(parse_path(told)[1:-1])
    except ValueError:
        return told


def _described(shown: Field) -> Iterator[Detail]:
    """What an added choice brings along besides its name."""
    if isinstance(shown.after, dict):
        for name in ("display", "description"):
            if name in shown.after:
                yield Detail(Kind.ADD, name, ABSENT, shown.after[name])
