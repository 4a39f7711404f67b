"""How two ontologies differ, as trees keyed by `choice`.

A choice is unique in the whole tree ([D] in scale-api.md), so a choice in a different place has moved; it was not
removed and added. Each kind of change is one field:

    add      path of the choice; `after` is {"choice", "index" among its siblings, "display" and "description" if any}
    remove   path of the choice; `before` has the same form
    move     the new path; `before` is {"path"}, `after` is {"path", "index"}
    reorder  path of the parent; `before` and `after` list its choices that stay
    add, remove, change at `….@display`, `….@description`, `ontology.@name`
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.fieldpath import Attribute, FieldPath, format_path
from reconciler.frozen import dataclass
from reconciler.model.ontology import Choice, Ontology, spell_alone, walk
from reconciler.model.plan import Field, Kind
from reconciler.model.values import Json


@dataclass(frozen=True, slots=True)
class _Node:
    parents: tuple[str, ...]
    index: int
    choice: Choice

    @property
    def path(self) -> FieldPath:
        return ("ontology", *self.parents, self.choice.choice)

    @property
    def parent(self) -> str | None:
        return self.parents[-1] if self.parents else None

    def described(self) -> dict[str, Json]:
        spelled = spell_alone(self.choice)
        return {"choice": self.choice.choice, "index": self.index, **(spelled if isinstance(spelled, dict) else {})}


def ontology_fields(before: Ontology, after: Ontology) -> Iterator[Field]:
    """The differences, in this order: the name, the new tree's choices, the old tree's removed choices, reorderings."""
    yield from _attribute(("ontology",), "name", before.name, after.name)
    old_nodes = _nodes(before.choices)
    old = {node.choice.choice: node for node in reversed(old_nodes)}
    new = {node.choice.choice: node for node in _nodes(after.choices)}
    for name, node in new.items():
        if name in old:
            yield from _changed(old[name], node)
        else:
            yield Field(node.path, Kind.ADD, after=node.described())
    for node in old_nodes:
        name = node.choice.choice
        if name not in new or old[name] is not node:
            yield Field(node.path, Kind.REMOVE, before=node.described())
    yield from _reordered(old, new)


def _attribute(path: FieldPath, name: str, before: str | None, after: str | None) -> Iterator[Field]:
    """The difference of one attribute, if there is one. None means that the attribute is absent."""
    if before == after:
        return
    path = (*path, Attribute(name))
    if before is None:
        yield Field(path, Kind.ADD, after=after)
    elif after is None:
        yield Field(path, Kind.REMOVE, before=before)
    else:
        yield Field(path, Kind.CHANGE, before, after)


def _nodes(choices: tuple[Choice, ...]) -> list[_Node]:
    return [_Node(parents, index, choice) for parents, index, choice in walk(choices)]


def _changed(old: _Node, new: _Node) -> Iterator[Field]:
    if old.parent != new.parent:
        yield Field(
            new.path,
            Kind.MOVE,
            {"path": format_path(old.path)},
            {"path": format_path(new.path), "index": new.index},
        )
    yield from _attribute(new.path, "display", old.choice.display, new.choice.display)
    yield from _attribute(new.path, "description", old.choice.description, new.choice.description)


def _reordered(old: dict[str, _Node], new: dict[str, _Node]) -> Iterator[Field]:
    children: dict[str | None, list[str]] = {}
    for name, node in new.items():
        if name in old and old[name].parent == node.parent:
            children.setdefault(node.parent, []).append(name)
    for parent, staying in children.items():
        before = sorted(staying, key=lambda name: old[name].index)
        if before != staying:
            path: FieldPath = ("ontology",) if parent is None else new[parent].path
            yield Field(path, Kind.REORDER, before, staying)
