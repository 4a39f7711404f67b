"""Two ontologies as one tree: what changes, and the choices above it. The rest is hidden and counted.

Every field of the ontology is in the result, even if the two trees do not show it: one that belongs nowhere in them is
`loose`, so that every planned change is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reconciler.fieldpath import Attribute, FieldPath, format_path, parse_path
from reconciler.model.plan import Field, Kind
from reconciler.model.values import ABSENT, MASKED, Json
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.spelling import compact
from reconciler.render.view.parts import Choice, Reader, Row, SourceLine


@dataclass(frozen=True, slots=True)
class Tree:
    """`total` counts the choices after the change, `hidden` those among them that are not shown."""

    choices: tuple[Choice, ...] = ()
    order: tuple[Row, ...] = ()
    total: int = 0
    hidden: int = 0


def tree(*, before: Sequence[Json], after: Sequence[Json], fields: Sequence[Field], reader: Reader) -> Tree:
    """The merged tree."""
    merger = _Merger(before, [(field, reader.masked(field)) for field in fields], reader)
    choices = list(merger.walk(before, after, ("ontology",), ("ontology",), 0))
    order = merger.details(("ontology",))
    return Tree(
        choices=(*choices, *merger.loose()),
        order=order,
        total=merger.total,
        hidden=merger.total - sum(choice.sign is not Sign.REMOVE for choice in choices),
    )


@dataclass(slots=True)
class _Merger:
    """`fields` are pairs: a field as it is, and as it may be shown."""

    before: Sequence[Json]
    fields: Sequence[tuple[Field, Field]]
    reader: Reader
    total: int = 0
    _at: dict[FieldPath, list[int]] = field(default_factory=dict)
    _touched: set[FieldPath] = field(default_factory=set)
    """The paths of the fields, and of everything above them."""

    _shown: set[int] = field(default_factory=set)
    _befores: dict[FieldPath, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, (real, _) in enumerate(self.fields):
            path = real.path[:-1] if isinstance(real.path[-1], Attribute) else real.path
            self._at.setdefault(path, []).append(number)
            self._touched.update(path[:length] for length in range(2, len(path) + 1))
        if any(real.kind is Kind.MOVE for real, _ in self.fields):
            self._befores = dict(_paths(self.before, ("ontology",)))

    def walk(
        self, befores: Sequence[Json], afters: Sequence[Json], path: FieldPath, old_path: FieldPath, depth: int
    ) -> Iterator[Choice]:
        """The rows below one parent: the new order, with each removed choice after the one that it followed."""
        old = {_name(item): item for item in befores}
        new = [(_name(item), item) for item in afters]
        stays = {name for name, _ in new}
        gone: dict[str | None, list[Json]] = {None: []}
        anchor: str | None = None
        for item in befores:
            name = _name(item)
            if name in stays:
                anchor = name
            else:
                gone.setdefault(anchor, []).append(item)
        for item in gone[None]:
            yield from self._removed(item, old_path, depth)
        for name, item in new:
            here, there = (*path, name), (*old_path, name)
            if here in self._touched or there in self._touched:
                yield from self._kept(item, old.get(name), here, there, depth)
            else:
                self.total += _size(item)
            for lost in gone.pop(name, ()):
                yield from self._removed(lost, old_path, depth)

    def details(self, path: FieldPath) -> tuple[Row, ...]:
        """The changes of a choice's attributes and of the order below it."""
        found: list[Row] = []
        for number in self._at.get(path, ()):
            real, shown = self.fields[number]
            last = real.path[-1]
            if isinstance(last, Attribute):
                found.append(_detail(shown, last.name))
            elif real.kind is Kind.REORDER:
                found.append(_detail(shown, "order"))
            else:
                continue
            self._shown.add(number)
        return tuple(found)

    def loose(self) -> Iterator[Choice]:
        """The fields that the walk has not shown."""
        for number, (real, shown) in enumerate(self.fields):
            if number in self._shown:
                continue
            name = MASKED if self.reader.hides(real.path) else format_path(real.path[1:])
            sign = OF_KIND[real.kind]
            moved = _moved_from(shown) if real.kind is Kind.MOVE else None
            details: tuple[Row, ...] = ()
            if isinstance(real.path[-1], Attribute) or real.kind in (Kind.CHANGE, Kind.REORDER):
                details = (_detail(shown, "order" if real.kind is Kind.REORDER else ""),)
            location = None if sign is Sign.REMOVE else self._location(shown)
            yield Choice(0, name, sign, details, moved, location, loose=True)

    def _kept(self, item: Json, old: Json, here: FieldPath, there: FieldPath, depth: int) -> Iterator[Choice]:
        self.total += 1
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
            yield Choice(depth, self._label(here), OF_KIND[shown.kind], details, moved, self._location(shown))
        elif details or below:
            first = next((self.fields[at][1] for at in self._at.get(here, ()) if at in self._shown), None)
            yield Choice(depth, self._label(here), Sign.CHANGE, details, None, self._location(first))
        yield from below

    def _removed(self, item: Json, old_path: FieldPath, depth: int) -> Iterator[Choice]:
        there = (*old_path, _name(item))
        number = self._take(there, Kind.REMOVE)
        if number is None:
            return
        yield Choice(depth, self._label(there), Sign.REMOVE)
        yield from self.walk(_subchoices(item), (), there, there, depth + 1)

    def _take(self, path: FieldPath, *kinds: Kind) -> int | None:
        for number in self._at.get(path, ()):
            real = self.fields[number][0]
            if real.kind in kinds and real.path == path and number not in self._shown:
                self._shown.add(number)
                return number
        return None

    def _location(self, shown: Field | None) -> SourceLine | None:
        return self.reader.location(shown.source) if shown and shown.source else None

    def _label(self, path: FieldPath) -> str:
        return MASKED if self.reader.hides(path) else str(path[-1])


def _detail(shown: Field, name: str) -> Row:
    return Row(shown.kind, OF_KIND[shown.kind], name, shown.before, shown.after)


def _name(item: Json) -> str:
    name = item.get("choice") if isinstance(item, dict) else item
    return name if isinstance(name, str) else compact(item)


def _subchoices(item: Json) -> Sequence[Json]:
    below = item.get("subchoices") if isinstance(item, dict) else None
    return below if isinstance(below, list | tuple) else ()


def _size(item: Json) -> int:
    """How many choices it is, with those below it."""
    return 1 + sum(map(_size, _subchoices(item)))


def _paths(items: Iterable[Json], path: FieldPath) -> Iterator[tuple[FieldPath, Json]]:
    for item in items:
        here = (*path, _name(item))
        yield here, item
        yield from _paths(_subchoices(item), here)


def _written_path(shown: Field) -> str:
    before = shown.before
    path = before.get("path") if isinstance(before, dict) else before
    return path if isinstance(path, str) else ""


def _old_path(real: Field) -> FieldPath | None:
    try:
        return parse_path(_written_path(real))
    except ValueError:
        return None


def _moved_from(shown: Field) -> str:
    """The path of the old parent below the ontology; empty for the top level."""
    path = _written_path(shown)
    if path == MASKED:
        return MASKED
    try:
        return format_path(parse_path(path)[1:-1])
    except ValueError:
        return path


def _described(shown: Field) -> Iterator[Row]:
    """What an added choice has besides its name."""
    if isinstance(shown.after, dict):
        for name in ("display", "description"):
            if name in shown.after:
                yield Row(Kind.ADD, Sign.ADD, name, ABSENT, shown.after[name])
