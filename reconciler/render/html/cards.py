"""One project as the page shows it: a heading with marks of risk, verdicts, values side by side, the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reconciler.diagnostics import Diagnostic
from reconciler.model.plan import Action, ProjectChange
from reconciler.render import sentences
from reconciler.render.counting import count
from reconciler.render.escape import plain
from reconciler.render.html.branches import Branch, Change, branches, change_of
from reconciler.render.html.places import Links, Where, where
from reconciler.render.html.sides import Room, Sides, sides
from reconciler.render.rows import MOST_CHOICES, MOST_CREATED, name_text, path_text, shown_choices
from reconciler.render.signs import Sign
from reconciler.render.view import OntologyView, ParamsView, ProjectView, Row


@dataclass(frozen=True, slots=True)
class Mark:
    """A word about what is risky or stands in the way. `tone` is one of the style sheet's classes."""

    text: str
    tone: str


@dataclass(frozen=True, slots=True)
class Value:
    """One row of a table. `note` says which edit of others it reverts, or which version brought it."""

    sign: Sign
    name: str
    sides: Sides
    where: Where | None = None
    note: str = ""
    removes: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """`params`, `ontology`, or what belongs to neither (no title). `told` is about the call, `left_out` ends it."""

    title: str
    sign: Sign
    told: str = ""
    values: tuple[Value, ...] = ()
    order: tuple[Change, ...] = ()
    branches: tuple[Branch, ...] = ()
    left_out: tuple[str, ...] = ()
    hidden: str = ""
    new: bool = False
    folded: bool = False
    column: str = "Parameter"
    before: str = "Before"
    after: str = "After"
    last: str = "Where in git"

    @property
    def removes(self) -> bool:
        return any(value.removes for value in self.values) or any(branch.removes for branch in self.branches)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a project, or part of it, is not written: what holds it, why, and what a person can do."""

    sign: Sign
    headline: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """All of one project. `notes` and `warnings` are sentences, a warning's further lines behind it."""

    anchor: str
    sign: Sign
    name: str
    fate: str
    where: Where
    marks: tuple[Mark, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    warnings: tuple[tuple[str, ...], ...] = ()
    asides: tuple[str, ...] = ()
    removes: bool = False
    instead: str = ""

    def brief(self, instead: str) -> Card:
        """The same without its values, for a page that is full; `instead` is the command that shows them."""
        return replace(self, parts=(), asides=(), instead=instead)


def card(
    project: ProjectView, number: int, *, base: str, links: Links | None, room: Room, reverts: bool, alone: bool
) -> Card:
    """`reverts` tells that an edit of others would be undone by it, `alone` that it is the plan's only create."""
    change = project.change
    blank = Card(
        anchor=f"project-{number}",
        sign=project.sign,
        name=name_text(change.name),
        fate=sentences.fate(change),
        where=where(change.source, base, links),
        warnings=told(project.warnings),
    )
    if project.sign is Sign.BLOCKED:
        why, to_do = sentences.blocked(change)
        verdict = Verdict(Sign.BLOCKED, why, tuple(to_do))
        return replace(blank, fate="", marks=(Mark("blocked", "danger"),), verdicts=(verdict,))
    notes = [sentences.PROTECTED] if change.protected else []
    notes += [sentences.waived(waived) for waived in change.waived_by]
    if project.sign is Sign.FORGET:
        notes.append(sentences.forgotten(change))
    if project.sign is Sign.ADD and change.writes and alone:
        notes.append(f"{sentences.FOREVER} Check the name once more.")
    parts = tuple(_parts(project, base, links, room))
    return replace(
        blank,
        marks=tuple(_marks(project, reverts)),
        verdicts=tuple(_verdicts(change)),
        notes=tuple(notes),
        parts=parts,
        removes=any(part.removes for part in parts),
    )


def told(diagnostics: Sequence[Diagnostic]) -> tuple[tuple[str, ...], ...]:
    """Warnings, escaped: the sentence, then the lines that explain it."""
    return tuple(
        (
            f"{diagnostic.severity.capitalize()}: {plain(diagnostic.summary)}",
            *(plain(line) for line in diagnostic.detail.split("\n") if line),
        )
        for diagnostic in diagnostics
    )


def _marks(project: ProjectView, reverts: bool) -> list[Mark]:
    change = project.change
    marks = [Mark(f"held by {held.guard}", "held") for held in change.held_by]
    if change.protected:
        marks.append(Mark("protected", "held"))
    if change.action is Action.CREATE:
        marks.append(Mark("created" if change.writes else "would be created", "add"))
    if project.sign is Sign.FORGET:
        marks.append(Mark("forgotten", "held"))
    if project.ontology and project.ontology.removed:
        marks.append(Mark(f"removes {count(len(project.ontology.removed), 'choice')}", "danger"))
    if project.params and project.params.removed:
        marks.append(Mark(f"removes {count(project.params.removed, 'parameter')}", "danger"))
    if reverts:
        marks.append(Mark("reverts edits of others", "danger"))
    return marks


def _verdicts(change: ProjectChange) -> list[Verdict]:
    return [
        Verdict(
            Sign.HELD,
            f"held by {held.guard}: {plain(held.why)}",
            (*([plain(held.remedy)] if held.remedy else []), sentences.to_allow(held)),
        )
        for held in change.held_by
    ]


def _parts(project: ProjectView, base: str, links: Links | None, room: Room) -> list[Part]:
    new = project.sign is Sign.ADD
    parts: list[Part] = []
    if project.own:
        parts.append(Part("", project.sign, values=_values(project.own, base, links, room), new=new, column="Setting"))
    if project.params:
        parts.append(_params(project.params, base, links, room, new))
    if project.ontology:
        parts.append(_ontology(project.ontology, base, links, room, new))
    return parts


def _params(params: ParamsView, base: str, links: Links | None, room: Room, new: bool) -> Part:
    return Part(
        title="params",
        sign=params.sign,
        told=count(params.total, "parameter") if new else _call(sentences.params_call(params)),
        values=_values(params.rows, base, links, room),
        left_out=(f"… {params.left_out:,} more",) if params.left_out else (),
        hidden=f"{count(params.hidden, 'unchanged parameter')} hidden" if params.hidden and not new else "",
        new=new,
    )


def _ontology(ontology: OntologyView, base: str, links: Links | None, room: Room, new: bool) -> Part:
    tree = ontology.tree
    shown, left_out = shown_choices(tree, most=MOST_CHOICES)
    call = [_call(sentences.ontology_call(ontology)), ontology.note]
    return Part(
        title="ontology",
        sign=ontology.sign,
        told=count(tree.total, "choice") if new else ", ".join(filter(None, call)),
        values=_values(ontology.own, base, links, room),
        order=tuple(change_of(detail, room) for detail in tree.order),
        branches=tuple(branches(shown, room, lambda source: where(source, base, links))),
        left_out=(left_out,) if left_out else (),
        hidden=f"{count(tree.hidden, 'unchanged choice')} hidden" if tree.hidden and not new else "",
        new=new,
        folded=new and len(shown) > MOST_CREATED,
        column="Attribute",
    )


def _values(rows: Sequence[Row], base: str, links: Links | None, room: Room) -> tuple[Value, ...]:
    return tuple(
        Value(
            sign=row.sign,
            name=path_text(row.path),
            sides=sides(row.kind, row.before, row.after, room),
            where=where(row.source, base, links) if row.source else None,
            note=row.note,
            removes=row.sign is Sign.REMOVE,
        )
        for row in rows
    )


def _call(words: str) -> str:
    return words.strip("()").replace("->", "→")
