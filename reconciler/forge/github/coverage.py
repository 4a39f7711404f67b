"""Which projects a run looked at: the marker remembers them, so that a run changes only comments about them.

Two jobs may show parts of one configuration. What they cover distinguishes their comments. If a job's list of names
changes, what it covers still overlaps, and its comment is found again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from reconciler.forge.github.marker import short_hash
from reconciler.forge.github.shown import MORE, PROJECTS
from reconciler.model.values import Json

COVERED: Final = "covers"
"""The marker's key for short hashes of the projects, at most `MOST_COVERED`; null for all projects."""

MOST_COVERED: Final = 200


@dataclass(frozen=True, slots=True)
class Coverage:
    """Short hashes of the projects, or with `complete`, every project of the configuration."""

    hashes: frozenset[str]
    complete: bool = False

    @classmethod
    def of(cls, names: Iterable[str], *, complete: bool = False) -> Self:
        return cls(frozenset(map(short_hash, names)), complete)

    def remembered(self) -> Json:
        """For the marker. Of very many projects, those with the lowest hashes are remembered, so that sets compare."""
        return None if self.complete else sorted(self.hashes)[:MOST_COVERED]

    def meets(self, data: Mapping[str, Json]) -> bool:
        """Whether a marker remembers a project of these, or does not know its projects."""
        known = _known(data)
        return known is None or any(self.complete or one in self.hashes for one in known)

    def includes(self, data: Mapping[str, Json]) -> bool:
        """Whether a marker remembers these projects and no others. If it is for all, those count that it shows."""
        shown = data.get(PROJECTS)
        known = _known(data)
        if known is None and isinstance(shown, dict) and not data.get(MORE):
            known = frozenset(shown)
        return self.complete or (known is not None and known <= self.hashes)


def _known(data: Mapping[str, Json]) -> frozenset[str] | None:
    known = data.get(COVERED)
    return frozenset(one for one in known if isinstance(one, str)) if isinstance(known, list) else None
