"""The bounds of references: chains that are too long or circular, and values that are too large or too deep in full."""

from __future__ import annotations

from typing import Final

from reconciler.keys.faults import RefusedError
from reconciler.manifest.codes import Code
from reconciler.manifest.findings import MAX_DEPTH, MAX_NODES
from reconciler.manifest.located import display
from reconciler.model.values import Json

_LONGEST_CHAIN: Final = 20
"""The maximum number of references in one chain."""

Target = tuple[str, str]
"""An absolute path and a pointer into that file."""


class AbandonedError(RefusedError):
    """A reference that cannot be resolved, no matter how it is reached. It is reported at the outermost reference."""


def extended(chain: tuple[Target, ...], target: Target, root: str) -> tuple[Target, ...]:
    """The chain with one more reference. Messages show paths relative to `root`.

    Raises:
        AbandonedError: it would be circular or too long.
    """
    if target in chain:
        cycle = [_shown(step, root) for step in (*chain[chain.index(target) :], target)]
        detail = (
            "The file refers to itself. Remove the reference."
            if len(cycle) == 2
            else f"The references form a cycle: {' -> '.join(cycle)}. Remove one of them."
        )
        raise AbandonedError(Code.REFERENCE_CIRCLE, "this reference is circular", detail)
    if len(chain) == _LONGEST_CHAIN:
        steps = " -> ".join(_shown(step, root) for step in chain)
        raise AbandonedError(
            Code.REFERENCE_CHAIN,
            f"this chain has more than {_LONGEST_CHAIN} references",
            f"The chain is {steps}. Refer directly to the file that has the value.",
        )
    return (*chain, target)


def _shown(target: Target, root: str) -> str:
    file, pointer = target
    shown = display(file, root)
    return f"{shown}#{pointer}" if pointer else shown


def check_depth(depth: int) -> None:
    """Raises AbandonedError for a value at this depth that is too deep."""
    if depth > MAX_DEPTH:
        summary = f"the nesting is more than {MAX_DEPTH} levels deep, counting references"
        raise AbandonedError(Code.TOO_DEEP, summary, "Reduce the nesting.")


def check_size(nodes: int) -> None:
    """Raises AbandonedError for so many values in a document."""
    if nodes > MAX_NODES:
        raise AbandonedError(
            Code.TOO_LARGE,
            f"this reference brings the document to more than {MAX_NODES:,} values",
            "Each reference counts in full. Use fewer references, or refer to smaller values.",
        )


class Sizes:
    """The sizes of values, counting references in full. Those that are kept are measured once, and stay in memory."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[int, int]] = {}

    def keep(self, value: Json) -> tuple[int, int]:
        """The number of nodes and levels of a value."""
        size = self._kept[id(value)] = self._measure(value)
        return size

    def _measure(self, value: Json) -> tuple[int, int]:
        if not isinstance(value, dict | list):
            return 1, 0
        known = self._kept.get(id(value))
        if known is not None:
            return known
        nodes, height = 1, 0
        for inner in value.values() if isinstance(value, dict) else value:
            if isinstance(inner, dict | list):
                more, below = self._measure(inner)
                nodes, height = nodes + more, max(height, below)
            else:
                nodes += 1
        if isinstance(value, dict):
            nodes += len(value)
        return nodes, height + 1
