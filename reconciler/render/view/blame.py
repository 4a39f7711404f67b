"""What is shown of a blame: each live value, its version with the time, and what made that version."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from reconciler.diagnostics import count
from reconciler.fieldpath import Attribute, format_path
from reconciler.model.history import Blame, Blamed, Maker
from reconciler.model.values import MASKED, Json, Masked
from reconciler.render.phrases import minute, read_at
from reconciler.render.view.history import made_words
from reconciler.render.view.parts import Reader, Sentence


@dataclass(frozen=True, slots=True)
class BlamedView:
    """A live value. A choice has no value besides its name. `when` is `version 7, 2026-11-24 11:00 UTC`."""

    name: str
    value: Json
    has_value: bool
    when: str
    made: Sentence
    on_scale: bool


@dataclass(frozen=True, slots=True)
class BlameView:
    """The live values of a project. `last` sums them up."""

    name: str
    target: str
    endpoint: str
    seen: str
    fields: tuple[BlamedView, ...]
    last: str


def view_blame(blame: Blame, reader: Reader) -> BlameView:
    """What is shown of a blame."""
    found = reader.printed(blame)
    numbers = Counter(field.made.by for field in found.fields)
    made = f"{numbers[Maker.APPLY]:,} by applies, {numbers[Maker.SCALE]:,} on Scale"
    older = f", {numbers[Maker.UNKNOWN]:,} before the record" if numbers[Maker.UNKNOWN] else ""
    return BlameView(
        name=found.name,
        target=found.target.name,
        endpoint=found.target.endpoint,
        seen=f"read {read_at(found.read_at, reader.now)}",
        fields=tuple(_field(found, field) for field in found.fields),
        last=f"{count(len(found.fields), 'value')}: {made}{older}.",
    )


def _field(blame: Blame, field: Blamed) -> BlamedView:
    is_choice = field.path[0] == "ontology" and not isinstance(field.path[-1], Attribute)
    when = f"version {field.version}{' or earlier' if field.or_earlier else ''}"
    return BlamedView(
        name=f"ontology {MASKED}" if is_choice and isinstance(field.value, Masked) else format_path(field.path),
        value=field.value,
        has_value=not is_choice,
        when=f"{when}, {minute(field.at)}" if field.at is not None else when,
        made=tuple(made_words(field.made, blame.authors.get(field.made.commit or ""), record=False)),
        on_scale=field.made.by is Maker.SCALE,
    )
