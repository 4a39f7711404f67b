"""What guards hold in a plan, and how to allow it. What is the same for several projects is said once, at the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from reconciler.diagnostics import count
from reconciler.frozen import dataclass
from reconciler.model.invocation import Invocation
from reconciler.model.plan import Cause, Field, Held, Kind, ProjectChange, unit_of
from reconciler.render.signs import Sign
from reconciler.render.view.keeping import keeping
from reconciler.render.view.parts import Quoted, Sentence, Spelled, Verdict, allowing, listing, names

_MOST_NAMED: Final = 100
"""The most projects that are named in a command."""

_KEEPING: Final = ("takeover", "conflict")
"""The guards that hold a change that an adopt avoids."""


@dataclass(frozen=True, slots=True)
class Group:
    """Several projects that the same guards hold, and the verdicts that all of them have in common."""

    changes: Sequence[ProjectChange]
    shared: Sequence[Held]


Groups = Mapping[tuple[str, ...], Group]
"""By the names of the guards."""


def held_together(changes: Sequence[ProjectChange]) -> Groups:
    held: dict[tuple[str, ...], list[ProjectChange]] = defaultdict(list)
    for change in changes:
        if change.held_by and not change.blocked:
            held[_guards(change)].append(change)
    return {guards: Group(projects, _shared(projects)) for guards, projects in held.items() if len(projects) > 1}


def held_verdicts(change: ProjectChange, groups: Groups, invocation: Invocation) -> Iterator[Verdict]:
    """What holds a project, and if it is the only one that these guards hold, how to allow it."""
    group = groups.get(_guards(change))
    shared = group.shared if group else ()
    for held in change.held_by:
        reason: Sentence = () if held in shared else (": ", Quoted(held.why))
        lines = [] if held in shared else list(_remedy(held, [change], invocation))
        if held is change.held_by[-1] and group is None:
            lines.append(
                (
                    "To allow the change, add a waiver to reconciler.toml. To allow it once: ",
                    _allow([change], invocation),
                )
            )
        yield Verdict(("held by ", Spelled(held.guard), *reason), tuple(lines), Sign.HELD)


def held_sentences(groups: Groups, invocation: Invocation) -> Iterator[Sentence]:
    """About each group: what holds it, and how to allow it."""
    for guards, group in groups.items():
        by = listing([(Spelled(guard),) for guard in guards])
        reason: Sentence = (": ", Quoted(" ".join(held.why for held in group.shared))) if group.shared else (".",)
        projects = names([change.name for change in group.changes])
        yield (f"{count(len(group.changes), 'project')} (", *projects, ") are held by ", *by, *reason)
        for held in group.shared:
            yield from _remedy(held, group.changes, invocation)
        yield (
            "To allow the changes, add a waiver to reconciler.toml. To allow them once: ",
            _allow(group.changes, invocation),
        )


def _remedy(held: Held, changes: Sequence[ProjectChange], invocation: Invocation) -> Iterator[Sentence]:
    """How to avoid the hold. What only Scale has can be kept by a command."""
    if held.guard in _KEEPING:
        lost = [(change, field) for change in changes for field in change.fields if _is_lost(field, held, invocation)]
        units = [(change.name, unit_of(field.path) or "", field.cause) for change, field in lost]
        units = units or [(change.name, "", Cause.UNKNOWN) for change in changes]
        yield from keeping(units, "the values on Scale", invocation)
    elif held.remedy:
        yield (Quoted(held.remedy),)


def _is_lost(field: Field, held: Held, invocation: Invocation) -> bool:
    """Whether the guard holds the change because of this field."""
    if held.guard == "conflict":
        return field.cause in (Cause.CONFLICT, Cause.UNKNOWN)
    whole = field.path[0] == "ontology" or len(field.path) == 2
    return field.kind is not Kind.ADD if invocation.pending else field.kind is Kind.REMOVE and whole


def _guards(change: ProjectChange) -> tuple[str, ...]:
    return tuple(held.guard for held in change.held_by)


def _shared(changes: Sequence[ProjectChange]) -> list[Held]:
    return [held for held in changes[0].held_by if all(held in change.held_by for change in changes)]


def _allow(changes: Sequence[ProjectChange], invocation: Invocation) -> str:
    held_names = [change.name for change in changes]
    return allowing(invocation, _guards(changes[0]), *(held_names if len(held_names) <= _MOST_NAMED else ()))
