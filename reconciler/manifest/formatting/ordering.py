"""The order of the keys that `schema.py` defines. Parameters keep their order."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from functools import cached_property

from reconciler.manifest.compose import MERGE
from reconciler.manifest.schema import CHOICE, DEFAULTS, IGNORE, ONTOLOGY, OVERLAY, PROJECT, RECONCILE
from reconciler.manifest.sourcetree.tree import Child, Document, Kind, Node


class FileKind(Enum):
    """The kind of a file, which decides the order of its keys. OTHER is YAML that other files refer to."""

    MANIFEST = PROJECT.names
    DEFAULTS = DEFAULTS.names
    OVERLAY = OVERLAY.names
    OTHER = ()


def arrange(document: Document, kind: FileKind) -> set[int]:
    """Sort keys. Returns the identities of the collections that must not be written in brackets."""
    root = document.root
    order = _Order(document)
    order.opened.add(id(root))
    if root.kind is not Kind.MAPPING or not root.children:
        return order.opened
    first = root.children[0]
    document.head += first.leading
    first.leading = []
    if kind is FileKind.OTHER:
        return order.opened
    order.sort(root, kind.value)
    for child in root.children:
        match child.name:
            case "params":
                order.opened.add(id(child.value))
            case "reconcile":
                order.opened.add(id(child.value))
                order.reconcile(child.value)
            case "ontology":
                order.ontology(child.value)
    return order.opened


class _Order:
    def __init__(self, document: Document) -> None:
        self.opened: set[int] = set()
        self._document = document

    @cached_property
    def _anchors(self) -> Counter[str]:
        return Counter(node.anchor for node in _nodes(self._document.root) if node.anchor is not None)

    def _is_fixed(self, node: Node) -> bool:
        """Whether the order of a mapping's keys has a meaning."""
        return self._document.fixed or any(count > 1 for count in self._anchors.values()) or _is_divided(node)

    def sort(self, node: Node, keys: Sequence[str]) -> None:
        """Known keys in their order, `<<` after the first of them, then the other keys in their old order.

        An anchor stays before the aliases that refer to it. If an anchor is defined twice, the order decides what an
        alias means, so nothing is moved. Neither are keys with a line between them that divides them when it is no
        longer commented out.
        """
        if node.kind is not Kind.MAPPING or not node.children:
            return
        ranks: dict[str | None, float] = {key: rank for rank, key in enumerate(keys)}
        ranks[MERGE] = 0.5
        wanted = sorted(node.children, key=lambda child: ranks.get(child.name, len(keys)))
        if all(map(operator.is_, wanted, node.children)) or self._is_fixed(node):
            return
        was_first = node.children[0]
        node.children = _anchors_first(node.children, wanted) if self._anchors else wanted
        is_first = node.children[0]
        was_first.blank_lines, is_first.blank_lines = is_first.blank_lines, was_first.blank_lines

    def reconcile(self, node: Node) -> None:
        self.sort(node, RECONCILE.names)
        for child in node.children:
            if child.name == "ignore":
                for item in child.value.children:
                    self.sort(item.value, IGNORE.names)

    def ontology(self, node: Node) -> None:
        if node.kind is Kind.MAPPING:
            self.sort(node, ONTOLOGY.names)
            for child in node.children:
                if child.name == "choices":
                    self.opened.add(id(node))
                    self._choices(child.value)
        else:
            self._choices(node)

    def _choices(self, node: Node) -> None:
        if node.kind is not Kind.SEQUENCE:
            return
        for item in node.children:
            self.sort(item.value, CHOICE.names)
            if item.value.kind is Kind.MAPPING:
                self.opened.add(id(node))
                for child in item.value.children:
                    if child.name == "subchoices":
                        self._choices(child.value)


def _anchors_first(children: Sequence[Child], wanted: Sequence[Child]) -> list[Child]:
    """The children in the order that is wanted, except that an anchor comes before the aliases that refer to it."""
    homes = {anchor: child for child in children for anchor in _anchors(child)}
    placed: dict[int, Child] = {}

    def place(child: Child) -> None:
        if id(child) in placed:
            return
        for name in _aliases(child):
            home = homes.get(name)
            if home is not None and home is not child:
                place(home)
        placed[id(child)] = child

    for child in wanted:
        place(child)
    return list(placed.values())


def _is_divided(node: Node) -> bool:
    comments = [comment for child in node.children for comment in (*child.leading, *child.tail) if comment.is_code]
    homes = [home for comment in comments if comment.placed for home, _ in comment.placed.parts]
    return any(home.block < node.start for home in homes)


def _nodes(*nodes: Node) -> list[Node]:
    """Nodes, and all keys and values below them."""
    found = [*nodes]
    for node in found:
        for child in node.children:
            if child.key is not None:
                found.append(child.key)
            found.append(child.value)
    return found


def _child_nodes(child: Child) -> list[Node]:
    return _nodes(child.value) if child.key is None else _nodes(child.key, child.value)


def _anchors(child: Child) -> list[str]:
    return [node.anchor for node in _child_nodes(child) if node.anchor is not None]


def _aliases(child: Child) -> list[str]:
    return [node.value for node in _child_nodes(child) if node.kind is Kind.ALIAS]
