"""Numbers with their nouns, and lists that stop before they tire."""

from __future__ import annotations

from collections.abc import Sequence


def count(number: int, noun: str, *, plural: str = "") -> str:
    """`1 project`, `1,204 projects`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listed(items: Sequence[str], *, most: int = 5) -> str:
    """`a, b and 14 more`: all of them where there are at most `most`, else one less and how many are left out."""
    if len(items) <= most:
        return ", ".join(items)
    kept = most - 1
    return f"{', '.join(items[:kept])} and {len(items) - kept:,} more"
