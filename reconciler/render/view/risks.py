"""What is risky about a plan: the risks of each project, and the sentences that put them first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Final

from reconciler.diagnostics import count
from reconciler.model.plan import ProjectChange, Rename
from reconciler.model.project import PERMANENT
from reconciler.render.signs import Sign
from reconciler.render.spelling import both_names
from reconciler.render.view.parts import Name, ProjectView, Quoted, Section, Sentence, Spelled, Strong, listing, names

_MOST: Final = 8
"""How many projects with the same risk get their own sentence."""


class Risk(StrEnum):
    """What a reader has to know about a project, the worst first."""

    BLOCKED = "blocked"
    HELD = "held"
    CHOICES_REMOVED = "choices removed"
    CHOICES_RENAMED = "choices renamed"
    PARAMS_DROPPED = "parameters removed"
    """All parameters are sent, except one that Scale has."""
    REVERTS = "reverting"
    """A change made on Scale would be undone."""
    CREATED = "created"
    """A project on Scale is permanent."""
    REACHES_WORK = "reaching work in flight"
    """Work in flight sees a change of the ontology immediately."""


_MORE: Final = {
    Risk.BLOCKED: ("is blocked", "are blocked"),
    Risk.HELD: ("is held", "are held"),
    Risk.CHOICES_REMOVED: ("loses choices", "lose choices"),
    Risk.CHOICES_RENAMED: ("has renamed choices", "have renamed choices"),
    Risk.PARAMS_DROPPED: ("loses parameters", "lose parameters"),
}
"""What is said of one more project with a risk, and of several."""

RANK: Final = {risk: rank for rank, risk in enumerate(Risk)}
Edits = Sequence[tuple[str, str]]
"""Changes made on Scale, each as the name of a project and a unit."""

Risky = tuple[ProjectChange, ProjectView]
Seen = tuple[ProjectChange, ProjectView, tuple[Risk, ...]]


def risks_of(change: ProjectChange, sign: Sign, shown: Sequence[Section]) -> tuple[Risk, ...]:
    """What a reader has to know, the worst first. The only risk of a protected project is that it is held."""
    if sign is Sign.BLOCKED:
        return (Risk.BLOCKED,)
    found = [Risk.HELD] if change.held_by else []
    if change.protected:
        return tuple(found)
    of = {section.title: section for section in shown}
    params, ontology = of.get("params"), of.get("ontology")
    if ontology and ontology.removed:
        found.append(Risk.CHOICES_REMOVED)
    if ontology and ontology.renamed:
        found.append(Risk.CHOICES_RENAMED)
    if params and params.removed and params.versions:
        found.append(Risk.PARAMS_DROPPED)
    if any(cause.on_scale for cause in {field.cause for field in change.fields}):
        found.append(Risk.REVERTS)
    if sign is Sign.ADD:
        found.append(Risk.CREATED)
    elif ontology and ontology.versions:
        found.append(Risk.REACHES_WORK)
    return tuple(found)


def alerts_of(seen: Sequence[Seen], reverted: Edits) -> Iterator[Sentence]:
    """The risks, the worst first, with one sentence for each project or for all of them together."""
    risky: dict[Risk, list[Risky]] = {risk: [] for risk in Risk}
    for change, project, risks in seen:
        for risk in risks:
            risky[risk].append((change, project))
    say: dict[Risk, Callable[[Sequence[Risky]], Iterable[tuple[Sentence, int]]]] = {
        Risk.BLOCKED: partial(_each, _blocked_alert),
        Risk.HELD: _held_alerts,
        Risk.CHOICES_REMOVED: partial(_each, _choices_alert),
        Risk.CHOICES_RENAMED: partial(_each, _renames_alert),
        Risk.PARAMS_DROPPED: partial(_each, _params_alert),
    }
    for risk, sentences in say.items():
        left_out = len(risky[risk])
        for sentence, number in islice(sentences(risky[risk]), _MOST):
            yield sentence
            left_out -= number
        if left_out:
            yield (f"{count(left_out, 'more project')} {_MORE[risk][left_out > 1]}.",)
    if reverted:
        yield (Strong(f"{changes_on_scale(len(reverted))} would be reverted"), " (", *units_of(reverted), ").")
    created, reached = ([project.name for _, project in risky[risk]] for risk in (Risk.CREATED, Risk.REACHES_WORK))
    if created:
        are = "is" if len(created) == 1 else "are"
        yield (*names(created), f" {are} ", Strong("created"), f": {PERMANENT[0].lower()}{PERMANENT[1:]}")
    if reached:
        yield (
            "The ontology of " if len(reached) == 1 else "The ontologies of these projects change: ",
            *names(reached),
            " changes. " if len(reached) == 1 else ". ",
            Strong("Work in flight"),
            " sees the change immediately.",
        )


def _blocked_alert(change: ProjectChange, project: ProjectView) -> Sentence:
    [verdict] = project.verdicts
    to_do = [piece for line in verdict.lines for piece in (" ", *line)]
    return (Name(change.name), " is ", Strong("blocked"), ": ", *verdict.headline, *to_do)


def _each(
    sentence: Callable[[ProjectChange, ProjectView], Sentence], risky: Sequence[Risky]
) -> Iterator[tuple[Sentence, int]]:
    return ((sentence(*one), 1) for one in risky)


def _held_alerts(risky: Sequence[Risky]) -> Iterator[tuple[Sentence, int]]:
    """A sentence for each reason, about all projects that the same guards hold for it, and their number."""
    held: dict[tuple[str, ...], list[str]] = {}
    for change, _ in risky:
        held.setdefault((change.held_by[0].why, *(each.guard for each in change.held_by)), []).append(change.name)
    for (why, *guards), names_held in held.items():
        by = listing([(Spelled(guard),) for guard in guards])
        are = " is " if len(names_held) == 1 else " are "
        yield (*names(names_held), are, Strong("held"), " by ", *by, ": ", Quoted(why)), len(names_held)


def _choices_alert(change: ProjectChange, project: ProjectView) -> Sentence:
    removed = project.sections[-1].removed
    what = "the choice" if len(removed) == 1 else f"{len(removed):,} choices"
    return (Name(change.name), " ", Strong(f"loses {what}"), " ", *names(removed), ".")


def _renames_alert(change: ProjectChange, project: ProjectView) -> Sentence:
    section = project.sections[-1]
    renamed = section.renamed
    what, name = ("a choice", "name") if len(renamed) == 1 else (f"{len(renamed):,} choices", "names")
    pairs = listing([*map(_both_names, renamed)])
    return (
        Name(change.name),
        " ",
        Strong(f"{section.renames} {what}"),
        " ",
        *pairs,
        f". Finished tasks keep the old {name}.",
    )


def _both_names(rename: Rename) -> Sentence:
    old, new = both_names(rename.old, rename.new)
    return (Spelled(old), " -> ", Spelled(new))


def _params_alert(change: ProjectChange, project: ProjectView) -> Sentence:
    removed = next(section.removed for section in project.sections if section.title == "params")
    what = "a parameter" if len(removed) == 1 else f"{len(removed):,} parameters"
    return (Name(change.name), " ", Strong(f"loses {what}"), ". All other parameters are sent again.")


def changes_on_scale(number: int) -> str:
    return f"{count(number, 'change')} made on Scale"


def units_of(edits: Edits) -> Sentence:
    """`a: params.x, b: ontology, and 3 more`."""
    return listing([(Name(name), ": ", Spelled(unit)) for name, unit in edits])
