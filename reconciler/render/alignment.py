"""Aligns two sequences: which items stay, found by Myers' greedy search over edit scripts of growing length.

The work is limited by the number of edits, and by the number of steps along what both sides share.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterator, Sequence
from typing import Final, TypeVar

from reconciler.frozen import dataclass

Item = TypeVar("Item")

MOST_EDITS: Final = 400
REACH: Final = 60
"""Sequences that take more edits are aligned in stretches of this many, each from where the last one ended."""

_MOST_STEPS: Final = 1_000_000
_MOST_STRETCHES: Final = 300


@dataclass(frozen=True, slots=True)
class Alignment:
    """`pairs` are the positions on both sides of the items that stay.

    They reach up to (`left`, `right`). If the alignment is `complete`, that is the end of both sides.
    """

    pairs: list[tuple[int, int]]
    left: int
    right: int
    complete: bool


def common(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The positions of the items that stay: the best alignment, or if that takes too long, one stretch after another.

    After very many stretches, nothing stays in the rest.
    """
    shared = set(old).intersection(new)
    olds = [position for position, item in enumerate(old) if item in shared]
    news = [position for position, item in enumerate(new) if item in shared]
    pairs = _aligned(*_numbered([old[position] for position in olds], [new[position] for position in news]))
    return [(olds[first], news[second]) for first, second in pairs]


def _aligned(left: list[int], right: list[int]) -> list[tuple[int, int]]:
    found = align(left, right, most_edits=MOST_EDITS, most_steps=_MOST_STEPS)
    if found.complete:
        return found.pairs
    pairs: list[tuple[int, int]] = []
    x = y = 0
    for _ in range(_MOST_STRETCHES):
        found = align(left[x:], right[y:], most_edits=REACH, most_steps=_MOST_STEPS)
        pairs += [(x + first, y + second) for first, second in found.pairs]
        x, y = x + found.left, y + found.right
        if found.complete:
            break
    return pairs


def _numbered(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[list[int], list[int]]:
    """Both sequences as small numbers; equal items have equal numbers."""
    numbers: dict[Hashable, int] = {}
    return ([numbers.setdefault(item, len(numbers)) for item in old],
            [numbers.setdefault(item, len(numbers)) for item in new])  # fmt: skip


def align(left: Sequence[int], right: Sequence[int], *, most_edits: int, most_steps: int) -> Alignment:
    """The longest common subsequence, or if that takes too much work, the path that got furthest."""
    old_length, new_length = len(left), len(right)
    furthest = {1: 0}
    trail: list[dict[int, int]] = []
    steps = 0
    for edits in range(min(old_length + new_length, most_edits) + 1):
        trail.append(dict(furthest))
        for diagonal in range(-edits, edits + 1, 2):
            x = _next_start(furthest, diagonal, edits)
            end = min(old_length, new_length + diagonal)
            start = x
            while x < end and left[x] == right[x - diagonal]:
                x += 1
            steps += x - start
            furthest[diagonal] = x
            if diagonal == old_length - new_length and x >= old_length:
                return Alignment(_walk_back(trail, old_length, new_length), old_length, new_length, complete=True)
        if steps > most_steps:
            break
    within = [
        (2 * furthest[diagonal] - diagonal, diagonal)
        for diagonal in range(1 - len(trail), len(trail), 2)
        if furthest[diagonal] <= old_length and furthest[diagonal] - diagonal <= new_length
    ]
    _, best = max(within)
    x = furthest[best]
    return Alignment(_walk_back(trail, x, x - best), x, x - best, complete=False)


def gaps(
    old: Sequence[Item], new: Sequence[Item], pairs: Sequence[tuple[int, int]]
) -> Iterator[tuple[Sequence[Item], Sequence[Item], Sequence[Item]]]:
    """For each item that stays: what is removed before it, what is added before it, and the item. Then the rest."""
    left = right = 0
    for old_position, new_position in [*pairs, (len(old), len(new))]:
        yield old[left:old_position], new[right:new_position], old[old_position : old_position + 1]
        left, right = old_position + 1, new_position + 1


def _next_start(furthest: dict[int, int], diagonal: int, edits: int) -> int:
    if diagonal == -edits or (diagonal != edits and furthest[diagonal - 1] < furthest[diagonal + 1]):
        return furthest[diagonal + 1]
    return furthest[diagonal - 1] + 1


def _walk_back(trail: list[dict[int, int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trail) - 1, -1, -1):
        diagonal = x - y
        start = _next_start(trail[edits], diagonal, edits)
        while x > start:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        if edits:
            came_down = diagonal == -edits or (
                diagonal != edits and trail[edits][diagonal - 1] < trail[edits][diagonal + 1]
            )
            x, y = (x, y - 1) if came_down else (x - 1, y)
    return pairs[::-1]


def common_edges(left: str, right: str) -> tuple[int, int]:
    """How many characters two texts share at their start and at their end. No character is counted twice.

    An edge never falls between a character and the marks drawn over it.
    """
    first = shared_start(left, right)
    while first > 0 and (_is_mark_at(left, first) or _is_mark_at(right, first)):
        first -= 1
    rest = min(len(left), len(right)) - first
    last = shared_start(left[::-1][:rest], right[::-1][:rest])
    return first, last


def _is_mark_at(text: str, position: int) -> bool:
    return position < len(text) and unicodedata.category(text[position]).startswith("M")


def shared_start(left: str, right: str) -> int:
    """The length of the common start, found by bisection, so that the comparisons run at full speed."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
