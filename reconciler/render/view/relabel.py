"""What is shown of the renames between two versions."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diagnostics import count
from reconciler.model.history import Relabel
from reconciler.render.phrases import minute, read_at
from reconciler.render.view.history import made_words
from reconciler.render.view.parts import Reader, Sentence


@dataclass(frozen=True, slots=True)
class RenamingView:
    """`when` is the version, with its time if it has one."""

    old: str
    new: str
    declared: bool
    when: str
    made: Sentence


@dataclass(frozen=True, slots=True)
class RelabelView:
    name: str
    target: str
    endpoint: str
    seen: str
    span: str
    renames: tuple[RenamingView, ...]
    last: str


def view_relabel(relabel: Relabel, reader: Reader) -> RelabelView:
    """What is shown of the renames."""
    found = reader.printed(relabel)
    return RelabelView(
        name=found.name,
        target=found.target.name,
        endpoint=found.target.endpoint,
        seen=f"read {read_at(found.read_at, reader.now)}",
        span=f"{found.part} versions {found.first} to {found.last}",
        renames=tuple(
            RenamingView(
                one.old,
                one.new,
                one.declared,
                f"version {one.version}" + (f", {minute(one.at)}" if one.at is not None else ""),
                tuple(made_words(one.made, found.authors.get(one.made.commit or ""), record=False)),
            )
            for one in found.renames
        ),
        last=f"{count(len(found.renames), 'rename')}." if found.renames else "No renames.",
    )
