"""Two ontologies as one tree: what changes, and the choices above it. The rest is hidden and counted.

Every field of the ontology is in the result, so that every planned change is shown. A field that belongs nowhere in the
two trees is `loose`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from itertools import chain

from reconciler.fieldpath import Attribute, FieldPath, format_path
from reconciler.frozen import dataclass
from reconciler.model.plan import Field, Kind
from reconciler.model.renaming import old_path, renamed_choices
from reconciler.model.values import ABSENT, MASKED, Absent, Json, Masked
from reconciler.render.signs import OF_KIND, Sign
from reconciler.render.spelling import compact
from reconciler.render.view.parts import Choice, Row


@dataclass(frozen=True, slots=True)
class Tree:
    """`total` counts the choices after the change. `hidden` counts the ones among them that are not shown.

    `renamed` has the paths of choices that look renamed: the old path, and the new one.
    """

    choices: tuple[Choice, ...] = ()
    order: tuple[Row, ...] = ()
    renamed: Mapping[FieldPath, FieldPath] = field(default_factory=dict)
    total: int = 0
    hidden: int = 0

    @property
    def signs(self) -> Iterator[Sign | None]:
        """One sign for each change. Changing anything of a choice, its name included, changes the choice."""
        yield from (row.sign for row in self.order)
        for choice in self.choices:
            orders = [detail.kind is Kind.REORDER for detail in choice.details]
            if choice.renamed_from is not None:
                yield Sign.CHANGE
            elif choice.sign is not Sign.CHANGE and not (choice.loose and choice.details):
                yield choice.sign
            if choice.sign in (Sign.CHANGE, Sign.MOVE) or choice.loose:
                yield from (Sign.MOVE if order else Sign.CHANGE for order in orders)


def tree(*, before: Json, after: Json, fields: Sequence[Field], full: bool = False) -> Tree:
    """The merged tree. Either side may be None, or masked as a whole. With `full`, it has every choice."""
    merger = _Merger(_choices(before), fields, full)
    choices = list(merger.walk(_choices(before), _choices(after), ("ontology",), ("ontology",), 0))
    order = tuple(map(_named, merger.details(("ontology",))))
    return Tree(
        choices=(*choices, *merger.loose()),
        order=order,
        renamed=merger.renamed,
        total=max(merger.total, sum(field.kind is Kind.ADD and isinstance(field.path[-1], str) for field in fields)),
        hidden=merger.total - sum(choice.sign is not Sign.REMOVE for choice in choices),
    )


def is_hidden(field: Field) -> bool:
    """Whether the field itself is sensitive, and so is the name of its choice."""
    return isinstance(field.before, Masked) or isinstance(field.after, Masked)


@dataclass(slots=True)
class _Merger:
    """A choice that is masked as a whole has no name to merge it by, so its fields are `loose`."""

    before: Sequence[Json]
    fields: Sequence[Field]
    full: bool = False
    total: int = 0
    _left: dict[FieldPath, list[Field]] = field(default_factory=dict)
    """The fields that are not shown yet, by the path of their choice."""

    _touched: set[FieldPath] = field(default_factory=set)
    """The paths of the fields, and of everything above them."""

    _befores: dict[FieldPath, Json] = field(default_factory=dict)
    renamed: dict[FieldPath, FieldPath] = field(default_factory=dict)
    """The paths of choices that only look renamed: the old one, and the new one."""

    _former: dict[FieldPath, FieldPath] = field(default_factory=dict)
    """The old path of each renamed choice, by its new path."""

    _renamed_to: dict[str, str] = field(default_factory=dict)
    """The new name of each choice that is renamed as the manifest declares, and added under that name."""

    _removals: dict[str, FieldPath] = field(default_factory=dict)
    """The paths of these choices before the change."""

    def __post_init__(self) -> None:
        for found in self.fields:
            path = found.path[:-1] if isinstance(found.path[-1], Attribute) else found.path
            self._left.setdefault(path, []).append(found)
            while len(path) > 1 and path not in self._touched:
                self._touched.add(path)
                path = path[:-1]
        declared = [(found, found.renamed) for found in self.fields if found.renamed is not None]
        self._renamed_to = {rename.old: rename.new for found, rename in declared if found.kind is Kind.ADD}
        self._removals = {rename.old: found.path for found, rename in declared if found.kind is Kind.REMOVE}
        self.renamed = renamed_choices(self.fields)
        self._former = {new: old for old, new in self.renamed.items()}
        for found, rename in declared:
            if found.kind is Kind.ADD and rename.old in self._removals:
                self._former[found.path] = self._removals[rename.old]
        if declared or any(found.kind is Kind.MOVE for found in self.fields):
            self._befores = dict(_paths(self.before, ("ontology",)))

    def walk(
        self, befores: Sequence[Json], afters: Sequence[Json], path: FieldPath, above: FieldPath, depth: int
    ) -> Iterator[Choice]:
        """The rows below one parent, in the new order. A removed choice comes after the one that it followed."""
        old = {_name(item): item for item in befores}
        new = [(_name(item), item) for item in afters]
        was_here = ((name, self._former.get((*path, name))) for name, _ in new)
        former = {name: str(was[-1]) for name, was in was_here if was is not None and was[:-1] == above}
        stays = {former.get(name, name) for name, _ in new}
        gone: dict[str | None, list[Json]] = {None: []}
        anchor: str | None = None
        for item in befores:
            name = _name(item)
            if name in stays:
                anchor = name
            else:
                gone.setdefault(anchor, []).append(item)
        for item in gone[None]:
            yield from self._removed(item, above, depth)
        for name, item in new:
            was = former.get(name, name)
            here, there = (*path, name), (*above, was)
            if self.full or here in self._touched or there in self._touched:
                yield from self._kept(item, old.get(was), here, there, depth)
            else:
                self.total += _size(item)
            for lost in gone.pop(was, ()):
                yield from self._removed(lost, above, depth)

    def details(self, path: FieldPath) -> list[Field]:
        """The changes of a choice's attributes and of the order below it."""
        left = self._left.get(path)
        if not left:
            return []
        found = [each for each in left if isinstance(each.path[-1], Attribute) or each.kind is Kind.REORDER]
        left[:] = [each for each in left if each not in found]
        return found

    def loose(self) -> Iterator[Choice]:
        """The fields that the walk has not shown."""
        for shown in chain.from_iterable(self._left.values()):
            name = MASKED if is_hidden(shown) else format_path(shown.path[1:])
            sign = OF_KIND[shown.kind]
            details: tuple[Row, ...] = ()
            if isinstance(shown.path[-1], Attribute) or shown.kind in (Kind.CHANGE, Kind.REORDER):
                details = (_detail(shown, "order" if shown.kind is Kind.REORDER else ""),)
            source = None if sign is Sign.REMOVE else shown.source
            yield Choice(0, name, sign, details, moved_from(shown), source, loose=True)

    def _kept(self, item: Json, old: Json, here: FieldPath, there: FieldPath, depth: int) -> Iterator[Choice]:
        self.total += 1
        shown = self._take(here, Kind.ADD, Kind.MOVE)
        former = None if here[-1] == there[-1] else self._take(there, Kind.REMOVE)
        moved = None
        if shown is not None and former is None and shown.kind is Kind.ADD and shown.renamed is not None:
            was = self._removals.get(shown.renamed.old)
            if was is not None and (former := self._take(was, Kind.REMOVE)) is not None:
                there, old, moved = was, self._befores.get(was), format_path(was[1:-1])
        if shown is not None and shown.kind is Kind.MOVE:
            was = old_path(shown)
            if was == there != here:
                shown = None  # only its parent has a new name
            elif was is not None:
                there, old = was, self._befores.get(was)
        changes = self.details(here)
        details = tuple(map(_named, changes))
        olds, news = _subchoices(old), _subchoices(item)
        below = list(self.walk(olds, news, here, there, depth + 1)) if olds or news else ()
        if shown is not None and former is not None:
            details = (*details, *_reworded(former.before, shown.after))
            old_name = str(there[-1])
            yield Choice(
                depth,
                str(here[-1]),
                Sign.CHANGE,
                details,
                moved,
                shown.source,
                renamed_from=old_name,
                declared=shown.renamed is not None,
            )
        elif shown is not None:
            details = details if shown.kind is Kind.MOVE else (*details, *_described(shown))
            yield Choice(depth, str(here[-1]), OF_KIND[shown.kind], details, moved_from(shown), shown.source)
        elif details or any(choice.sign for choice in below):
            source = changes[0].source if changes else None
            yield Choice(depth, str(here[-1]), Sign.CHANGE, details, None, source)
        elif self.full:
            yield Choice(depth, str(here[-1]), None, tuple(attributes(item)))
        yield from below

    def _removed(self, item: Json, above: FieldPath, depth: int) -> Iterator[Choice]:
        name = _name(item)
        there = (*above, name)
        if self._removals.get(name) == there and name in self._renamed_to:
            return  # shown where it is added
        shown = self._take(there, Kind.REMOVE)
        if shown is None:
            return
        details = tuple(
            replace(row, kind=Kind.REMOVE, sign=Sign.REMOVE, before=row.after, after=ABSENT)
            for row in attributes(shown.before)
        )
        merged = shown.renamed.new if shown.renamed is not None else None
        yield Choice(depth, str(there[-1]), Sign.REMOVE, details, renamed_to=merged)
        if below := _subchoices(item):
            yield from self.walk(below, (), there, there, depth + 1)

    def _take(self, path: FieldPath, *kinds: Kind) -> Field | None:
        for at, each in enumerate(left := self._left.get(path, [])):
            if each.kind in kinds and each.path == path:
                return left.pop(at)
        return None


def _named(shown: Field) -> Row:
    """A change of an attribute, or of the order below a choice."""
    last = shown.path[-1]
    return _detail(shown, last.name if isinstance(last, Attribute) else "order")


def _detail(shown: Field, name: str) -> Row:
    return Row(shown.kind, OF_KIND[shown.kind], name, shown.before, shown.after)


def _name(item: Json) -> str:
    name = item.get("choice") if isinstance(item, dict) else item
    return name if isinstance(name, str) else compact(item)


def _choices(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def _subchoices(item: Json) -> Sequence[Json]:
    return _choices(item.get("subchoices")) if isinstance(item, dict) else ()


def _size(item: Json) -> int:
    """How many choices this is, including those below it."""
    return 1 + sum(map(_size, _subchoices(item)))


def _paths(items: Iterable[Json], path: FieldPath) -> Iterator[tuple[FieldPath, Json]]:
    for item in items:
        here = (*path, _name(item))
        yield here, item
        yield from _paths(_subchoices(item), here)


def moved_from(shown: Field) -> str | None:
    """The path of the old parent below the ontology; empty for the top level, None if the choice is not moved."""
    if shown.kind is not Kind.MOVE:
        return None
    before = shown.before
    written = before.get("path") if isinstance(before, dict) else before
    old = None if written == MASKED else old_path(shown)
    return format_path(old[1:-1]) if old is not None else written if isinstance(written, str) else ""


def _described(shown: Field) -> Iterator[Row]:
    """What an added choice has besides its name."""
    for row in attributes(shown.after):
        yield replace(row, kind=Kind.ADD, sign=Sign.ADD)


def _reworded(before: Json | Absent, after: Json | Absent) -> Iterator[Row]:
    """How the attributes of a renamed choice differ."""
    old, new = ({row.name: row.after for row in attributes(item)} for item in (before, after))
    for name in dict.fromkeys((*new, *old)):
        left, right = old.get(name, ABSENT), new.get(name, ABSENT)
        if left != right:
            kind = Kind.ADD if left is ABSENT else Kind.REMOVE if right is ABSENT else Kind.CHANGE
            yield Row(kind, OF_KIND[kind], name, left, right)


def attributes(item: Json | Absent) -> Iterator[Row]:
    """What a choice has besides its name, as unchanged rows."""
    if isinstance(item, dict):
        yield from (Row(None, None, name, ABSENT, item[name]) for name in ("display", "description") if name in item)
