"""Places in git, as a page names them: text, and a link where somebody can tell one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.model.project import Source
from reconciler.render.places import place

Links = Callable[[Source], str | None]
"""The address of a line on the web, None where it has none."""


@dataclass(frozen=True, slots=True)
class Where:
    """`text` is escaped; `address` goes to http or https and nowhere else."""

    text: str
    address: str | None = None


def where(source: Source, base: str, links: Links | None) -> Where:
    """A line of a file."""
    address = links(source) if links else None
    safe = address is not None and address.startswith(("https://", "http://"))
    return Where(place(source, base), address if safe else None)
