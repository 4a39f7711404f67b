"""Drift as a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from reconciler.fieldpath import Pattern
from reconciler.model.drift import BlockedProject, Drift, ProjectDrift, Unit
from reconciler.model.plan import Field, FieldClass
from reconciler.model.printed import mask_field
from reconciler.render import drift as text
from reconciler.render import sentences
from reconciler.render.escape import plain
from reconciler.render.html.cards import Card, Mark, Part, Value, Verdict, told
from reconciler.render.html.frame import Meaning, Number, Page, draw, draw_cards, tell
from reconciler.render.html.places import Links, where
from reconciler.render.html.sides import Room, Sides, sides
from reconciler.render.html.words import Effort
from reconciler.render.places import command
from reconciler.render.rows import name_text
from reconciler.render.signs import MEANING, OF_KIND, Sign


def render_drift_page(
    drift: Drift, *, base: str, now: datetime, links: Links | None = None, sensitive: Sequence[Pattern] = ()
) -> str:
    """What changed on Scale's side, with the diagnostics of the run, as one HTML file that needs no other.

    The parameters are those of `render_page`.
    """
    shown = [project for project in drift.projects if text.is_shown(project)]
    total = len(shown)
    entries: list[Card] = []
    signs: set[Sign] = set()

    def cards() -> Iterator[Card]:
        effort = Effort()
        for number, project in enumerate(shown, start=1):
            made = _card(project, number, base=base, now=now, links=links, sensitive=sensitive, room=Room(effort))
            signs.update(value.sign for part in made.parts for value in part.values)
            signs.add(made.sign)
            entries.append(made.brief(command("drift", project.name)))
            yield made
        for number, blocked in enumerate(drift.blocked, start=total + 1):
            made = _blocked(blocked, number, base=base, links=links)
            signs.add(made.sign)
            entries.append(made.brief(command("drift", blocked.name)))
            yield made

    drawn = draw_cards(cards(), lambda position: entries[position])
    diagnostics, more = tell(drift.diagnostics, base=base, links=links)
    page = Page(
        title="Drift of",
        target=plain(drift.target.name),
        endpoint=plain(drift.target.endpoint),
        seen=sentences.seen(drift, now),
        origin=text.compared_with(drift, now),
        verdict=text.last_line(drift),
        numbers=tuple(_numbers(drift)),
        legend=tuple(Meaning(sign, MEANING[sign]) for sign in Sign if sign in signs),
        diagnostics=diagnostics,
        more_diagnostics=more,
        closing=tuple(text.closing(drift, shown)),
        entries=tuple(entries),
    )
    return draw(page, drawn)


def _numbers(drift: Drift) -> Iterator[Number]:
    summary = drift.summary
    yield Number(f"{summary.drift:,}", "drifted", Sign.DRIFTED)
    rest = (
        (summary.pending, "pending", Sign.CHANGE),
        (summary.conflict, "in conflict", Sign.DRIFTED),
        (summary.unknown, "unknown", Sign.DRIFTED),
        (summary.transient, "changed back", None),
        (summary.blocked, "blocked", Sign.BLOCKED),
    )
    yield from (Number(f"{number:,}", words, sign) for number, words, sign in rest if number)


def _card(
    project: ProjectDrift,
    number: int,
    *,
    base: str,
    now: datetime,
    links: Links | None,
    sensitive: Sequence[Pattern],
    room: Room,
) -> Card:
    rows, left_out = text.shown_fields(project)
    values = tuple(_value(unit, field, base, now, links, sensitive, room) for unit, field in rows)
    classes = {unit.field_class for unit in project.units}
    marks = [Mark("conflict", "danger")] if FieldClass.CONFLICT in classes else []
    part = Part(
        title="",
        sign=Sign.DRIFTED,
        values=values,
        left_out=(f"… {left_out:,} more",) if left_out else (),
        column="What",
    )
    return Card(
        anchor=f"project-{number}",
        sign=Sign.DRIFTED if classes - {FieldClass.PENDING, FieldClass.SAME} or project.transient else Sign.CHANGE,
        name=name_text(project.name),
        fate=text.what_happened(project),
        where=where(project.source, base, links),
        marks=(*marks, *([Mark("pending", "held")] if FieldClass.PENDING in classes else [])),
        parts=(part,) if values else (),
        warnings=told(project.diagnostics),
        asides=tuple(text.changed_back(project)),
        removes=any(value.removes for value in values),
    )


def _blocked(project: BlockedProject, number: int, *, base: str, links: Links | None) -> Card:
    why = project.diagnostic
    return Card(
        anchor=f"project-{number}",
        sign=Sign.BLOCKED,
        name=name_text(project.name),
        fate="",
        where=where(project.source, base, links),
        marks=(Mark("blocked", "danger"),),
        verdicts=(Verdict(Sign.BLOCKED, plain(f"{why.summary}."), (plain(why.detail),)),),
    )


def _value(
    unit: Unit,
    field: Field,
    base: str,
    now: datetime,
    links: Links | None,
    sensitive: Sequence[Pattern],
    room: Room,
) -> Value:
    kind = OF_KIND[field.kind]
    masked = mask_field(field, sensitive)
    shown = sides(field.kind, masked.before, masked.after, room)
    if text.is_choice(field):
        shown = Sides(said=text.WORDS[field.kind])
    return Value(
        sign=(Sign.CHANGE if text.is_choice(field) else kind)
        if unit.field_class is FieldClass.PENDING
        else Sign.DRIFTED,
        name=text.field_name(field, sensitive),
        sides=shown,
        where=where(unit.source, base, links) if unit.source else None,
        note=text.remark_of(unit, field, now),
        removes=kind is Sign.REMOVE,
    )
